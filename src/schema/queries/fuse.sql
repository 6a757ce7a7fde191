-- Reciprocal rank fusion (Cormack, Clarke and Büttcher 2009, k = 60), then the foreign-key neighbours of
-- the best and the relationships among all that were found.
, fused AS (
    SELECT id, sum(1.0 / (60 + rank))::float8 AS score, array_agg(DISTINCT via) AS via
    FROM found GROUP BY id
), best AS (
    SELECT m.name, m.content, m.metadata, f.score, f.via
    FROM fused AS f JOIN pgagent.long_term_memory AS m USING (id)
    ORDER BY f.score DESC, m.name
    LIMIT 40
), strongest AS (
    SELECT name, score FROM best ORDER BY score DESC, name LIMIT 8
), neighbour AS (
    SELECT n.name, max(n.score) AS score
    FROM (SELECT r.metadata ->> 'to' AS name, s.score * 0.5 AS score
          FROM pgagent.long_term_memory AS r JOIN strongest AS s ON s.name = r.metadata ->> 'from'
          WHERE r.source = $1 AND r.kind = 'relationship'
          UNION ALL
          SELECT r.metadata ->> 'from', s.score * 0.5
          FROM pgagent.long_term_memory AS r JOIN strongest AS s ON s.name = r.metadata ->> 'to'
          WHERE r.source = $1 AND r.kind = 'relationship') AS n
    GROUP BY n.name
), tables AS (
    SELECT m.name, m.content, m.metadata,
           greatest(coalesce(b.score, 0), coalesce(n.score, 0)) AS score,
           coalesce(b.via, '{}') || CASE WHEN n.name IS NULL THEN '{}'::text[] ELSE '{foreign_key}' END AS via
    FROM pgagent.long_term_memory AS m
    LEFT JOIN best AS b ON b.name = m.name
    LEFT JOIN neighbour AS n ON n.name = m.name
    WHERE m.source = $1 AND m.kind = 'table' AND (b.name IS NOT NULL OR n.name IS NOT NULL)
)
SELECT 'table' AS kind, name, content, metadata ->> 'schema' AS schema_name, metadata ->> 'name' AS table_name,
       score, via
FROM tables
UNION ALL
SELECT 'relationship', r.name, r.content, r.metadata ->> 'from', r.metadata ->> 'to',
       least(a.score, b.score), '{}'
FROM pgagent.long_term_memory AS r
JOIN tables AS a ON a.name = r.metadata ->> 'from'
JOIN tables AS b ON b.name = r.metadata ->> 'to'
WHERE r.source = $1 AND r.kind = 'relationship'
ORDER BY 1 DESC, score DESC, name
