-- The relations that some views read.
SELECT r.ev_class::int8, array_agg(DISTINCT d.refobjid::int8)
FROM pg_catalog.pg_rewrite AS r
JOIN pg_catalog.pg_depend AS d
  ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
 AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> r.ev_class
WHERE r.ev_class = ANY ($1::int8[]::oid[])
GROUP BY r.ev_class
