INSERT INTO attempts (job_id, number, tenant, worker, started_at)
    VALUES ('00000000-0000-4000-8000-000000000002', 1, 'acme', 'gpu-1/4711', '2026-01-03Z');
