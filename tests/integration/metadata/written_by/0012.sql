INSERT INTO transcripts (recording_id, revision, tenant, kind, parent, base, author, change, generation, model, engine, language, language_probability, preview, revision_key, created_at)
    VALUES ('00000000-0000-4000-8000-000000000001', 2, 'acme', 'human', 1, 1, 'anna', 'edit', 0, 'small', '{}', 'de', 0.9, 'Ja!', 'acme/revisions/00000000-0000-4000-8000-000000000001/000002.json', '2026-01-07Z');
UPDATE segments SET until = 2 WHERE recording_id = '00000000-0000-4000-8000-000000000001' AND segment_id = '00000000-0000-4000-8000-000000000002';
INSERT INTO segments (recording_id, revision, since, place, segment_id, tenant, etag, start_seconds, end_seconds, text, words)
    VALUES ('00000000-0000-4000-8000-000000000001', 1, 2, 0.5, '00000000-0000-4000-8000-000000000002', 'acme', 'f', 0, 1, 'Ja!', '[]');
