by_text AS (
    SELECT id, 'text' AS via, row_number() OVER (ORDER BY relevance DESC, id) AS rank
    FROM (SELECT m.id, ts_rank_cd(m.search, q.query, 1) AS relevance
          FROM pgagent.long_term_memory AS m, to_tsquery('english', $3) AS q(query)
          WHERE m.source = $1 AND m.kind = 'table' AND m.search @@ q.query) AS matching
    ORDER BY relevance DESC, id
    LIMIT 50
)
