, by_vector AS (
    SELECT m.id
    FROM pgagent.long_term_memory AS m
    WHERE m.source = $1 AND m.kind = 'table' AND m.embedding_model = $11
    ORDER BY m.embedding <=> $10
    LIMIT 50
)
