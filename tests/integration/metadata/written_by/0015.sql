INSERT INTO erasures (recording_id, tenant, next_life, publication, erased_at, remains)
    VALUES ('00000000-0000-4000-8000-000000000099', 'other', 1, 1, '2026-01-09Z', '{"keys": ["other/audio/99"]}');
INSERT INTO retention (tenant, days, set_at, set_by) VALUES ('acme', 30, '2026-01-09Z', 'anna');
UPDATE dead_letters SET stream_position = 1;
