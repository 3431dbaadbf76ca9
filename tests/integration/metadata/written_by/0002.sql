UPDATE jobs SET duration_seconds = 7.5, processing_seconds = 1.5;
INSERT INTO dead_letters (dead_letter_id, tenant, stream, durable, subject, reason_code, reason_detail,
    deliveries, traceback, headers, payload, dead_at) VALUES ('00000000-0000-4000-8000-000000000002', 'acme', 'WORK', 'asr-bulk',
    'transcription.requested.v1.bulk', 'undecodable', 'No.', 1, '', '{}', '\x00', '2026-01-04Z');
