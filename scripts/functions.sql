-- Makes src/sql/functions.txt, what the guard knows of functions, from a server's own catalog:
--   psql -AtqX -f scripts/functions.sql > src/sql/functions.txt
-- Run it on the newest PostgreSQL with its contrib modules. A line is one name:
--   name   built in, harmless: immutable or stable, takes and returns ordinary values
--   +name  the same, of a usual extension
--   !name  everything else that PostgreSQL or one of its extensions has: never let through, whatever its schema
-- A name is harmless only when all its overloads are.
SET client_min_messages = error;
DO $$
DECLARE e text;
BEGIN
  FOR e IN SELECT name FROM pg_available_extensions WHERE name NOT LIKE 'pl%' LOOP
    EXECUTE format('CREATE EXTENSION IF NOT EXISTS %I CASCADE', e);
  END LOOP;
END $$;
WITH usual(extension) AS (
  VALUES ('vector'), ('pg_trgm'), ('fuzzystrmatch'), ('unaccent'), ('hstore'), ('citext'), ('intarray'), ('ltree'),
         ('cube'), ('earthdistance'), ('isn'), ('seg'), ('btree_gin'), ('btree_gist'), ('uuid-ossp')
), known AS (
  SELECT lower(p.proname) AS name, x.extname AS extension,
         (p.provolatile <> 'v' OR p.proname LIKE 'pg_stat_get_%')
         AND NOT EXISTS (
           SELECT FROM unnest(p.proargtypes::oid[] || p.prorettype) AS t(oid)
           WHERE t.oid IN ('internal'::regtype, 'cstring'::regtype, 'trigger'::regtype, 'event_trigger'::regtype,
                           'language_handler'::regtype, 'fdw_handler'::regtype, 'index_am_handler'::regtype,
                           'tsm_handler'::regtype, 'table_am_handler'::regtype, 'refcursor'::regtype))
         -- Those that look at settings, files and other sessions, run SQL from text, or change the session.
         AND p.proname !~ '^(pg_(?!stat_get_(tuples|live|dead|numscans|blocks|last|vacuum|analyze|auto|mod_since|ins_since|total|db_|function|xact_|snapshot))|lo_|loread|lowrite|txid_current$|binary_upgrade|brin_|gin_|gist_|spg_|RI_|inet_(client|server)|_)'
         AND p.proname !~ '_to_xml|xmlschema|^(ts_stat|ts_rewrite|current_setting|set_limit|set_config|cursor_|xpath_table|connectby|crosstab|mxid_|amvalidate|lastval|currval)'
         AND p.proname !~ '(typmodin|typmodout|_handler|_validator)$'
         AND (x.extname IS NULL OR x.extname IN (SELECT extension FROM usual)) AS harmless
  FROM pg_proc AS p
  LEFT JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  LEFT JOIN pg_extension AS x ON x.oid = d.refobjid
  WHERE p.pronamespace = 'pg_catalog'::regnamespace OR x.oid IS NOT NULL
), by_name AS (
  SELECT name, bool_and(harmless) AS harmless, bool_and(extension IS NOT NULL) AS extension
  FROM known GROUP BY name
), exempt(name, extension) AS (
  SELECT unnest(ARRAY[
    -- volatile and harmless
    'random', 'random_normal', 'gen_random_uuid', 'uuidv4', 'uuidv7', 'clock_timestamp', 'timeofday',
    'array_sample', 'array_shuffle', 'pg_relation_size', 'pg_table_size', 'pg_total_relation_size',
    'pg_indexes_size', 'pg_database_size', 'pg_tablespace_size', 'pg_partition_tree', 'pg_partition_ancestors',
    -- pg_…, and harmless
    'pg_typeof', 'pg_basetype', 'pg_size_pretty', 'pg_size_bytes', 'pg_column_size', 'pg_column_compression',
    'pg_column_toast_chunk_id', 'pg_get_viewdef', 'pg_get_constraintdef', 'pg_get_indexdef', 'pg_get_expr',
    'pg_get_userbyid', 'pg_get_partkeydef', 'pg_get_ruledef', 'pg_get_triggerdef', 'pg_get_functiondef',
    'pg_get_function_arguments', 'pg_get_function_identity_arguments', 'pg_get_function_result',
    'pg_get_function_arg_default', 'pg_get_function_sqlbody', 'pg_get_partition_constraintdef',
    'pg_get_statisticsobjdef', 'pg_get_statisticsobjdef_columns', 'pg_get_statisticsobjdef_expressions',
    'pg_get_serial_sequence', 'pg_get_keywords', 'pg_get_object_address', 'pg_get_catalog_foreign_keys',
    'pg_identify_object', 'pg_identify_object_as_address', 'pg_describe_object', 'pg_options_to_table',
    'pg_partition_root', 'pg_table_is_visible', 'pg_type_is_visible', 'pg_function_is_visible',
    'pg_operator_is_visible', 'pg_opclass_is_visible', 'pg_opfamily_is_visible', 'pg_collation_is_visible',
    'pg_conversion_is_visible', 'pg_statistics_obj_is_visible', 'pg_ts_config_is_visible',
    'pg_ts_dict_is_visible', 'pg_ts_parser_is_visible', 'pg_ts_template_is_visible',
    'pg_index_column_has_property', 'pg_index_has_property', 'pg_indexam_has_property',
    'pg_relation_is_updatable', 'pg_column_is_updatable', 'pg_relation_is_publishable', 'pg_has_role',
    'pg_char_to_encoding', 'pg_encoding_to_char', 'pg_encoding_max_length', 'pg_client_encoding',
    'pg_collation_for', 'pg_collation_actual_version', 'pg_postmaster_start_time', 'pg_input_is_valid',
    'pg_input_error_info', 'pg_timezone_names', 'pg_timezone_abbrevs', 'pg_wal_lsn_diff', 'pg_lsn', 'pg_backend_pid',
    'pg_is_other_temp_schema', 'pg_my_temp_schema', 'pg_sequence_parameters', 'pg_filenode_relation',
    'pg_relation_filenode', 'pg_current_snapshot', 'pg_snapshot_xip', 'pg_snapshot_xmax', 'pg_snapshot_xmin',
    'pg_visible_in_snapshot', 'pg_jit_available', 'pg_is_in_recovery', 'pg_trigger_depth', 'pg_settings_get_flags',
    'pg_ndistinct', 'pg_mcv_list_items', 'pg_lsn_cmp', 'pg_lsn_eq', 'pg_lsn_ge', 'pg_lsn_gt', 'pg_lsn_hash', 'pg_lsn_larger',
    'pg_lsn_le', 'pg_lsn_lt', 'pg_lsn_mi', 'pg_lsn_mii', 'pg_lsn_ne', 'pg_lsn_pli', 'pg_lsn_smaller',
    'pg_snapshot_send', 'pg_lsn_send', 'pg_lsn_hash_extended', 'pg_get_acl', 'pg_split_walfile_name', 'pg_listening_channels',
    'pg_notification_queue_usage', 'pg_numa_available', 'pg_xact_status', 'txid_status', 'pg_current_xact_id_if_assigned',
    'pg_stat_have_stats', 'current_query']), false
  UNION ALL SELECT unnest(ARRAY[
    -- of usual extensions that this server may lack, or that are volatile and harmless
    'uuid_generate_v1', 'uuid_generate_v1mc', 'uuid_generate_v3', 'uuid_generate_v4', 'uuid_generate_v5', 'uuid_nil',
    'uuid_ns_dns', 'uuid_ns_url', 'uuid_ns_oid', 'uuid_ns_x500', 'digest', 'hmac', 'crypt', 'gen_salt',
    'gen_random_bytes', 'normal_rand', 'time_bucket', 'time_bucket_gapfill', 'locf', 'interpolate', 'histogram',
    'first', 'last', 'geometry', 'geography', 'geometrytype', 'box2d', 'box3d', 'find_srid', 'postgis_version',
    'postgis_full_version', 'postgis_lib_version', 'postgis_geos_version', 'postgis_proj_version']), true
  -- A type's name called like a function is a cast.
  UNION SELECT t.typname, NOT EXISTS (SELECT FROM pg_type AS c WHERE c.oid = t.oid AND c.typnamespace = 'pg_catalog'::regnamespace)
  FROM pg_type AS t
  LEFT JOIN pg_depend AS d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
  LEFT JOIN pg_extension AS x ON x.oid = d.refobjid
  WHERE t.typtype IN ('b', 'r', 'm') AND t.typname !~ '^_'
    AND (t.typnamespace = 'pg_catalog'::regnamespace OR x.extname IN (SELECT extension FROM usual))
    AND NOT EXISTS (SELECT FROM by_name AS b WHERE b.name = t.typname)
), lines(line) AS (
  SELECT CASE WHEN e.name IS NULL AND NOT b.harmless THEN '!' WHEN coalesce(e.extension, b.extension) THEN '+' ELSE '' END
         || coalesce(e.name, b.name)
  FROM by_name AS b FULL JOIN exempt AS e ON e.name = b.name
)
SELECT line FROM lines ORDER BY line COLLATE "C";
