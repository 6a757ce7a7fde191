-- What a query reaches that its text does not show. Parameters: schemas ('' for none) and names of the
-- functions it calls ($1, $2), the relations it reads ($3, $4) and the types it casts to ($5, $6); names
-- after a dot ($7); runs of operator characters ($8).
-- Gives the functions that are not PostgreSQL's own, and the text of views and of domains' checks.
WITH visible AS (
  SELECT oid FROM pg_namespace WHERE nspname = ANY (current_schemas(true))
), relation AS (
  SELECT c.oid, c.relkind, c.relnamespace
  FROM unnest($3::text[], $4::text[]) AS r(schema, name)
  JOIN pg_class AS c ON c.relname = r.name
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.oid >= 16384 AND (n.nspname = r.schema OR r.schema = '' AND n.oid IN (SELECT oid FROM visible))
), type AS (
  SELECT t.oid, t.typtype, true AS named
  FROM unnest($5::text[], $6::text[]) AS r(schema, name)
  JOIN pg_type AS t ON t.typname = r.name
  JOIN pg_namespace AS n ON n.oid = t.typnamespace
  WHERE n.nspname = r.schema OR r.schema = '' AND n.oid IN (SELECT oid FROM visible)
  UNION
  SELECT t.oid, t.typtype, false
  FROM relation AS r JOIN pg_attribute AS a ON a.attrelid = r.oid JOIN pg_type AS t ON t.oid = a.atttypid
  WHERE a.attnum > 0
  UNION
  -- A table's name stands for its whole row, too.
  SELECT t.oid, t.typtype, false FROM relation AS r JOIN pg_type AS t ON t.typrelid = r.oid
), reached(via, oid) AS (
  SELECT 'called', p.oid
  FROM unnest($1::text[], $2::text[]) AS c(schema, name)
  JOIN pg_proc AS p ON p.proname = c.name
  JOIN pg_namespace AS n ON n.oid = p.pronamespace
  WHERE n.nspname = c.schema OR c.schema = '' AND n.oid IN (SELECT oid FROM visible)
  UNION
  SELECT 'called by a name after a dot', p.oid
  FROM pg_proc AS p JOIN pg_type AS t ON t.oid = p.proargtypes[0]
  WHERE p.proname = ANY ($7::text[]) AND p.pronargs - p.pronargdefaults <= 1
    AND t.typtype IN ('c', 'p', 'd') AND p.pronamespace IN (SELECT oid FROM visible)
  UNION
  SELECT 'called by the operator ' || o.oprname, o.oprcode
  FROM pg_operator AS o
  WHERE o.oid >= 16384 AND EXISTS (SELECT FROM unnest($8::text[]) AS run WHERE position(o.oprname in run) > 0)
  UNION
  SELECT 'called by a cast', c.castfunc
  FROM pg_cast AS c
  WHERE c.oid >= 16384 AND c.castfunc <> 0
    AND c.castsource IN (SELECT oid FROM type)
    AND (c.castcontext <> 'e' OR c.casttarget IN (SELECT oid FROM type WHERE named))
), with_aggregates(via, oid) AS (
  SELECT via, oid FROM reached
  UNION
  SELECT 'called by an aggregate', step
  FROM reached AS r JOIN pg_aggregate AS a ON a.aggfnoid = r.oid,
       unnest(ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]::oid[]) AS step
  WHERE step <> 0
)
SELECT 'function' AS kind, n.nspname::text AS schema, p.proname::text AS name, f.via, p.provolatile::text AS volatility,
       l.lanname::text AS language, x.extname::text AS extension, NULL AS definition
FROM with_aggregates AS f
JOIN pg_proc AS p ON p.oid = f.oid
JOIN pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_language AS l ON l.oid = p.prolang
LEFT JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
LEFT JOIN pg_extension AS x ON x.oid = d.refobjid
WHERE p.oid >= 16384 AND p.prokind <> 'a'
UNION ALL
SELECT 'view', n.nspname::text, c.relname::text, NULL, NULL, NULL, NULL, pg_get_viewdef(c.oid)
FROM relation AS r JOIN pg_class AS c ON c.oid = r.oid JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE r.relkind = 'v'
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
UNION ALL
SELECT 'domain', NULL, t.oid::regtype::text, NULL, NULL, NULL, NULL, 'SELECT ' || pg_get_expr(k.conbin, 0)
FROM type AS t JOIN pg_constraint AS k ON k.contypid = t.oid
WHERE t.named AND t.oid >= 16384 AND k.conbin IS NOT NULL
