INSERT INTO recordings (recording_id, tenant, sha256, audio_key, duration_seconds, tags, status, language, created_at, listed_at)
    VALUES ('00000000-0000-4000-8000-000000000004', 'other', 'bb', 'other/audio/bb', 2, '{calls,late}', 'queued', NULL, '2026-01-04Z', '2026-01-05Z');
UPDATE recordings SET tags = '{calls,heard}' WHERE tenant = 'acme';
