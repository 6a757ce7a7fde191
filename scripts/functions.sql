-- Makes src/sql/functions.txt, the functions that the guard lets through, from a server's own catalog:
--   psql -AtX -f scripts/functions.sql > src/sql/functions.txt
-- Every immutable or stable function that takes and returns ordinary values, less those that read
-- settings, files, other sessions or run SQL from text, plus the harmless volatile ones. A function
-- is left out when any overload of its name fails the test.
CREATE EXTENSION IF NOT EXISTS vector;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS intarray;
CREATE EXTENSION IF NOT EXISTS ltree;
CREATE EXTENSION IF NOT EXISTS cube;
CREATE EXTENSION IF NOT EXISTS earthdistance;
WITH candidate AS (
  SELECT p.proname, bool_and(
           p.provolatile <> 'v'
           AND NOT EXISTS (
             SELECT FROM unnest(p.proargtypes::oid[] || p.prorettype) AS t(oid)
             WHERE t.oid IN ('internal'::regtype, 'cstring'::regtype, 'trigger'::regtype, 'event_trigger'::regtype,
                             'language_handler'::regtype, 'fdw_handler'::regtype, 'index_am_handler'::regtype,
                             'tsm_handler'::regtype, 'table_am_handler'::regtype, 'refcursor'::regtype))) AS harmless
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
  WHERE p.prokind IN ('f', 'a', 'w')
    AND (n.nspname = 'pg_catalog'
         OR EXISTS (SELECT FROM pg_depend AS d
                    WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
  GROUP BY p.proname
), allowed AS (
  SELECT proname FROM candidate
  WHERE harmless
    AND proname !~ '^(pg_|lo_|loread|lowrite|txid_|binary_upgrade|brin_|gin_|gist_|spg_|RI_|inet_(client|server)|_)'
    AND proname !~ '_to_xml|xmlschema|^(ts_stat|ts_rewrite|ts_parse|ts_debug|ts_token_type|current_setting|set_limit|set_config|cursor_|xpath_table|connectby|crosstab|row_security|mxid_|mxid|getdatabaseencoding|amvalidate)'
    AND proname !~ '(recv|send|typmodin|typmodout|_handler|_validator|sel|joinsel)$'
  UNION SELECT unnest(ARRAY[
    -- volatile and harmless
    'random', 'random_normal', 'gen_random_uuid', 'uuidv4', 'uuidv7', 'clock_timestamp', 'timeofday',
    'array_sample', 'array_shuffle', 'pg_relation_size', 'pg_table_size', 'pg_total_relation_size',
    'pg_indexes_size', 'pg_database_size', 'pg_partition_tree', 'pg_partition_ancestors',
    -- pg_…, and harmless
    'pg_typeof', 'pg_size_pretty', 'pg_size_bytes', 'pg_column_size', 'pg_get_viewdef', 'pg_get_constraintdef',
    'pg_get_indexdef', 'pg_get_expr', 'pg_get_userbyid', 'pg_get_partkeydef', 'pg_partition_root',
    'pg_table_is_visible', 'pg_type_is_visible', 'pg_function_is_visible', 'pg_encoding_to_char',
    'pg_collation_for', 'pg_postmaster_start_time', 'pg_input_is_valid', 'pg_timezone_names',
    -- grammar, not catalog
    'coalesce', 'greatest', 'least', 'nullif', 'grouping', 'normalize', 'extract', 'trim', 'overlay', 'xmlelement',
    'xmlforest', 'xmlconcat', 'xmlagg', 'xmlserialize', 'merge_action', 'row', 'array', 'any', 'some', 'all', 'exists',
    'json', 'json_scalar', 'json_serialize', 'json_object', 'json_array', 'json_objectagg', 'json_arrayagg',
    'json_exists', 'json_value', 'json_query', 'current_date', 'current_time', 'current_timestamp', 'localtime',
    'localtimestamp', 'current_role', 'current_catalog', 'user', 'ceil', 'floor', 'treat', 'cast', 'position', 'substring', 'collation'])
)
SELECT DISTINCT lower(proname) AS name FROM allowed WHERE lower(proname) NOT IN ('collation', 'merge_action') ORDER BY 1;
