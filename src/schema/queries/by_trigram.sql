by_trigram AS (
    SELECT id, 'trigram' AS via, row_number() OVER (ORDER BY similarity DESC, id) AS rank
    FROM (SELECT m.id, greatest(word_similarity(m.metadata ->> 'name', $2),
                                word_similarity($2, m.terms)) AS similarity
          FROM pgagent.long_term_memory AS m
          WHERE m.source = $1 AND m.kind = 'table') AS similar_ones
    WHERE similarity > 0.25
    ORDER BY similarity DESC, id
    LIMIT 50
)
