SELECT rolpassword FROM pg_authid
SELECT * FROM pg_catalog.pg_authid
SELECT * FROM "pg_authid"
SELECT * FROM PG_AUTHID
SELECT * FROM U&"pg\005Fauthid"
SELECT passwd FROM pg_shadow
TABLE pg_shadow
TABLE pg_catalog.pg_shadow
SELECT * FROM ONLY pg_authid
SELECT * FROM (SELECT * FROM pg_authid) x
WITH x AS (TABLE pg_authid) SELECT * FROM x
SELECT (SELECT rolpassword FROM pg_authid LIMIT 1)
SELECT 1 WHERE EXISTS (SELECT FROM pg_authid WHERE rolpassword LIKE 'md5%')
SELECT a.* FROM target, pg_authid AS a
SELECT a.* FROM target LEFT JOIN pg_authid a ON true
SELECT 1 UNION SELECT length(rolpassword) FROM pg_authid
SELECT umoptions FROM pg_user_mapping
SELECT umoptions FROM pg_user_mappings
SELECT * FROM information_schema.user_mapping_options
SELECT * FROM information_schema._pg_user_mappings
SELECT srvoptions FROM pg_foreign_server
SELECT * FROM information_schema.foreign_server_options
SELECT subconninfo FROM pg_subscription
SELECT * FROM pg_hba_file_rules
SELECT * FROM pg_ident_file_mappings
SELECT * FROM pg_file_settings
SELECT name, setting FROM pg_settings
SELECT setconfig FROM pg_db_role_setting
SELECT * FROM pg_largeobject
SELECT query FROM pg_stat_activity
SELECT query FROM pg_stat_statements
SELECT conninfo FROM pg_stat_wal_receiver
SELECT client_addr FROM pg_stat_replication
SELECT * FROM pg_statistic
SELECT * FROM pg_statistic_ext_data
SELECT * FROM pg_config
SELECT * FROM pg_stat_ssl
SELECT * FROM pg_stat_gssapi
