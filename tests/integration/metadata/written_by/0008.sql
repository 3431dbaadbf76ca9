INSERT INTO dataset_versions (tenant, name, version, version_key, rows, duration_seconds, assembled_at)
    VALUES ('acme', 'speech', 1, 'k', 1, 7.5, now());
INSERT INTO dataset_references (tenant, name, version, recording_id, revision, job_id)
    VALUES ('acme', 'speech', 1, '00000000-0000-4000-8000-000000000001', 1, '00000000-0000-4000-8000-000000000002');
