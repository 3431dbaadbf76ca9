INSERT INTO transcripts (recording_id, revision, tenant, job_id, kind, generation, model, engine, language,
    language_probability, text, created_at)
    VALUES ('00000000-0000-4000-8000-000000000004', 1, 'other', NULL, 'machine', 0, 'small', '{}', 'en', 0.9, 'He runs.', '2026-01-08Z');
INSERT INTO segments (recording_id, revision, place, segment_id, tenant, etag, start_seconds, end_seconds, text, words)
    VALUES ('00000000-0000-4000-8000-000000000004', 1, 0, '00000000-0000-4000-8000-000000000006', 'other', 'g', 0, 1, 'He runs.', '[]');
UPDATE recordings SET current_revision = 1, language = 'en' WHERE recording_id = '00000000-0000-4000-8000-000000000004';
