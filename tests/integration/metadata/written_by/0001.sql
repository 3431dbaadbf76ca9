INSERT INTO recordings (recording_id, tenant, sha256, audio_key, duration_seconds, tags, status,
    current_revision, created_at) VALUES
    ('00000000-0000-4000-8000-000000000001', 'acme', 'aa', 'acme/audio/aa', 7.5, '{calls}', 'transcribed', 1, '2026-01-02Z'),
    ('00000000-0000-4000-8000-000000000003', 'other', NULL, NULL, NULL, '{}', 'rejected', NULL, '2026-01-01Z');
INSERT INTO sources (recording_id, source_id, tenant, kind, place, name)
    VALUES ('00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000001', 'acme', 'hot_folder', 'inbox', 'Gespräch.mp3');
INSERT INTO jobs (job_id, recording_id, tenant, generation, status, lane, requested_at)
    VALUES ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001', 'acme', 0, 'completed', 'bulk', '2026-01-03Z');
INSERT INTO transcripts (recording_id, revision, tenant, job_id, kind, generation, model, engine, language,
    language_probability, text, created_at)
    VALUES ('00000000-0000-4000-8000-000000000001', 1, 'acme', '00000000-0000-4000-8000-000000000002', 'machine', 0, 'small', '{}', 'de', 0.9, 'Ja.', '2026-01-03Z');
INSERT INTO segments (recording_id, revision, place, segment_id, tenant, etag, start_seconds, end_seconds,
    text, words) VALUES ('00000000-0000-4000-8000-000000000001', 1, 0, '00000000-0000-4000-8000-000000000002', 'acme', 'e', 0, 1, 'Ja.', '[]');
INSERT INTO outbox (subject, payload) VALUES ('transcript.persisted.v1', '{}');
