INSERT INTO webhooks (webhook_id, tenant, url, events, secret, created_at, created_by, given_up_in_a_row)
    VALUES ('70000000-0000-4000-8000-000000000001', 'acme', 'https://hooks.example.org/ai2text', '{recording.transcribed,transcription.failed}', 'secret', '2026-01-06Z', 'someone', 1);
INSERT INTO webhook_deliveries (delivery_id, webhook_id, tenant, event_id, kind, document, created_at, attempts, attempted_at, status_code, error, next_attempt_at)
    VALUES ('71000000-0000-4000-8000-000000000001', '70000000-0000-4000-8000-000000000001', 'acme', '72000000-0000-4000-8000-000000000001', 'recording.transcribed', '{"type": "recording.transcribed"}', '2026-01-06Z', 1, '2026-01-06Z', 500, 'The answer was 500, and only 2xx counts.', '2026-01-07Z');
