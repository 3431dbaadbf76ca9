INSERT INTO jobs (job_id, recording_id, tenant, generation, status, lane, requested_at)
    VALUES ('00000000-0000-4000-8000-000000000014', '00000000-0000-4000-8000-000000000004', 'other', 0, 'completed', 'bulk', '2026-01-08Z');
INSERT INTO transcripts (recording_id, revision, tenant, job_id, kind, generation, model, engine, language, language_probability, text, created_at, duration_seconds, speech_seconds, second_hearings)
    VALUES ('00000000-0000-4000-8000-000000000004', 2, 'other', '00000000-0000-4000-8000-000000000014', 'machine', 0, 'small', '{}', 'nl', 0.9, 'Ja.', '2026-01-08Z', 2, 1.5, '[{"start": 1, "end": 1.5, "doubts": ["low_confidence"], "kept": false, "speaker": null}]');
INSERT INTO segments (recording_id, revision, place, segment_id, tenant, etag, start_seconds, end_seconds, text, words, avg_logprob)
    VALUES ('00000000-0000-4000-8000-000000000004', 2, 0, '00000000-0000-4000-8000-000000000014', 'other', 'e', 0, 1, 'Ja.', '[]', -0.5);
UPDATE recordings SET current_revision = 2, language = 'nl', status = 'transcribed' WHERE recording_id = '00000000-0000-4000-8000-000000000004';
