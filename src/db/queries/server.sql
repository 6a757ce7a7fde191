-- The server's version, and how this connection is encrypted.
SELECT current_setting('server_version') AS version,
       (SELECT CASE WHEN s.ssl THEN concat(s.version, ', ', s.cipher) END
        FROM pg_catalog.pg_stat_ssl AS s WHERE s.pid = pg_backend_pid()) AS tls
