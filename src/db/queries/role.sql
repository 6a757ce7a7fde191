-- What the current role may do beyond reading. pgagent's own schema is its to write.
SELECT current_user::text AS role,
       r.rolsuper AS superuser,
       r.rolbypassrls AS bypassrls,
       r.rolcreaterole OR r.rolcreatedb OR r.rolreplication AS creates,
       ARRAY(SELECT g.rolname::text FROM pg_roles AS g
             WHERE g.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program',
                                 'pg_write_all_data', 'pg_signal_backend', 'pg_checkpoint', 'pg_maintain',
                                 'pg_create_subscription', 'pg_database_owner')
               AND NOT r.rolsuper AND pg_has_role(current_user, g.oid, 'MEMBER')
             ORDER BY 1) AS roles,
       ARRAY(SELECT c.oid::regclass::text
             FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p', 'f', 'v') AND c.oid >= 16384 AND n.nspname <> 'pgagent' AND n.nspname !~ '^pg_'
               AND NOT r.rolsuper
               AND (has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
                    OR has_any_column_privilege(c.oid, 'INSERT, UPDATE'))
             LIMIT 3) AS tables
FROM pg_roles AS r WHERE r.rolname = current_user
