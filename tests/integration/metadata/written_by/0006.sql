INSERT INTO api_keys (key_id, tenant, name, scopes, secret_sha256, created_by)
    VALUES ('abcd1234', 'acme', 'nightly', '{admin}', 'ff', 'cli');
INSERT INTO quotas (tenant, audio_seconds_per_month) VALUES ('acme', 3600);
