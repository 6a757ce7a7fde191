-- The most common values of text columns. The types of the lists differ, their text does not.
SELECT s.schemaname::text, s.tablename::text, s.attname::text, s.most_common_vals::text::text[]
FROM pg_catalog.pg_stats AS s
JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.schemaname
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.tablename
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = s.attname
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
WHERE s.schemaname NOT IN ('information_schema', 'pgagent') AND s.schemaname !~ '^pg_'
  AND t.typcategory = 'S' AND s.most_common_vals IS NOT NULL AND s.avg_width <= 80
