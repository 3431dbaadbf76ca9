UPDATE recordings SET peak_dbfs = -1.5 WHERE tenant = 'acme';
UPDATE sources SET replaced_at = now();
