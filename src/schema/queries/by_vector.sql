by_vector AS (
    SELECT id, 'vector' AS via, row_number() OVER (ORDER BY distance) AS rank
    FROM (SELECT m.id, m.embedding <=> $4 AS distance
          FROM pgagent.long_term_memory AS m
          WHERE m.source = $1 AND m.kind = 'table' AND m.embedding_model = $5
          ORDER BY m.embedding <=> $4
          LIMIT 50) AS nearest
)
