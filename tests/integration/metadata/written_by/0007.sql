INSERT INTO audit (audit_id, at, tenant, request_id, action, target, status)
    VALUES ('00000000-0000-4000-8000-000000000002', now(), 'acme', 'r', 'POST /v1/keys', '/v1/keys', 201);
