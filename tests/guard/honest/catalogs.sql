SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2
SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = 'customer' ORDER BY ordinal_position
SELECT relname, relkind, pg_size_pretty(pg_total_relation_size(oid)) IS NOT NULL FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY relname
SELECT a.attname, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum) FROM pg_attribute a WHERE a.attrelid = 'orders'::regclass AND a.attnum > 0 ORDER BY a.attnum
SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'orders'::regclass ORDER BY 1
SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1
SELECT viewname, pg_get_viewdef(viewname::regclass) FROM pg_views WHERE schemaname = 'public' ORDER BY 1
SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1
SELECT schemaname, relname, n_live_tup >= 0 FROM pg_stat_user_tables ORDER BY 2
SELECT tablename, attname, n_distinct FROM pg_stats WHERE schemaname = 'public' ORDER BY 1, 2 LIMIT 5
SELECT t.typname, e.enumlabel FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid ORDER BY 1, e.enumsortorder
SELECT proname, pg_get_function_arguments(oid) FROM pg_proc WHERE proname = 'net'
SELECT rolname, rolsuper FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1 LIMIT 3
SELECT has_table_privilege('orders', 'SELECT'), has_schema_privilege('public', 'USAGE'), pg_has_role(current_user, 'MEMBER')
SELECT extname, extversion IS NOT NULL FROM pg_extension ORDER BY 1
SELECT datname, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()
SELECT obj_description('orders'::regclass, 'pg_class'), shobj_description(1, 'pg_database')
SELECT inhrelid::regclass FROM pg_inherits ORDER BY 1
SELECT relid FROM pg_partition_tree('event') ORDER BY 1
SELECT constraint_name FROM information_schema.referential_constraints ORDER BY 1
SELECT kcu.column_name, ccu.table_name FROM information_schema.key_column_usage kcu JOIN information_schema.constraint_column_usage ccu USING (constraint_name) WHERE kcu.table_name = 'orders' ORDER BY 1, 2
SELECT locktype IS NOT NULL FROM pg_locks LIMIT 1
SELECT name FROM pg_timezone_names WHERE name = 'UTC'
SELECT sequencename FROM pg_sequences ORDER BY 1
