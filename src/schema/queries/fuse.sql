
-- Every measure for every candidate, fused by weight ($5 text, $6 name, $7 vector, $8 and $9 neighbours); a table has the best of its
-- parts. Then the neighbours by foreign key of the strongest, and the relationships among all.
, measured AS (
    SELECT m.id, m.metadata ->> 'schema' AS schema_name, m.metadata ->> 'name' AS table_name,
           coalesce(w.score, 0)::float8 AS text, /* name */::float8 AS name, /* vector */::float8 AS vector
    FROM candidate AS c
    JOIN pgagent.long_term_memory AS m USING (id)
    LEFT JOIN by_words AS w USING (id)
), part AS (
    SELECT id, schema_name, table_name,
           $5 * text / greatest(max(text) OVER (), 1e-9) + $6 * name
             + $7 * vector / greatest(max(vector) OVER (), 1e-9) AS score,
           array_remove(ARRAY[CASE WHEN vector > 0 THEN 'vector' END, CASE WHEN name >= 0.3 THEN 'trigram' END,
                              CASE WHEN text > 0 THEN 'text' END], NULL) AS via
    FROM measured
), best AS (
    SELECT DISTINCT ON (schema_name, table_name) schema_name, table_name, score, via
    FROM part ORDER BY schema_name, table_name, score DESC
), strongest AS (
    SELECT schema_name || '.' || table_name AS name, score FROM best ORDER BY score DESC LIMIT 3
), neighbour AS (
    -- A neighbour beyond the sixtieth of a hub says nothing.
    SELECT name, max(score) AS score
    FROM (SELECT r.metadata ->> 'to' AS name, s.score
          FROM strongest AS s
          JOIN pgagent.long_term_memory AS r
            ON r.source = $1 AND r.kind = 'relationship' AND r.metadata ->> 'from' = s.name
           AND r.metadata ->> 'to' <> s.name
          UNION ALL
          SELECT r.metadata ->> 'from', s.score
          FROM strongest AS s
          JOIN pgagent.long_term_memory AS r
            ON r.source = $1 AND r.kind = 'relationship' AND r.metadata ->> 'to' = s.name
           AND r.metadata ->> 'from' <> s.name) AS n
    GROUP BY name
    ORDER BY 2 DESC
    LIMIT 60
), tables AS (
    SELECT coalesce(b.schema_name || '.' || b.table_name, n.name) AS name,
           greatest(coalesce(b.score, 0) + $8 * coalesce(n.score, 0), $9 * coalesce(n.score, 0)) AS score,
           coalesce(b.via, '{}') || CASE WHEN n.name IS NULL THEN '{}'::text[] ELSE '{foreign_key}' END AS via
    FROM best AS b FULL JOIN neighbour AS n ON n.name = b.schema_name || '.' || b.table_name
)
SELECT 'table' AS kind, m.name, m.content, m.metadata ->> 'schema', m.metadata ->> 'name',
       t.score, t.via, coalesce(p.score, 0)::float8, /* bare */
FROM tables AS t
JOIN pgagent.long_term_memory AS first ON first.source = $1 AND first.kind = 'table' AND first.name = t.name
JOIN pgagent.long_term_memory AS m
  ON m.source = $1 AND m.kind = 'table'
 AND m.metadata ->> 'schema' = first.metadata ->> 'schema' AND m.metadata ->> 'name' = first.metadata ->> 'name'
LEFT JOIN part AS p ON p.id = m.id
UNION ALL
SELECT 'relationship', r.name, r.content, r.metadata ->> 'from', r.metadata ->> 'to', least(a.score, b.score), '{}', 0, r.content
FROM tables AS a
JOIN pgagent.long_term_memory AS r
  ON r.source = $1 AND r.kind = 'relationship' AND r.metadata ->> 'from' = a.name
JOIN tables AS b ON b.name = r.metadata ->> 'to'
ORDER BY 1 DESC, 6 DESC, 4, 5, 8 DESC, 2
