    -- Words that the schema does not have stand for those that are spelt alike.
    UNION ALL
    SELECT a.word, w.chunks, w.weights, similarity(w.word, a.word)
    FROM (SELECT DISTINCT word FROM asked
          WHERE length(word) >= 4 AND word NOT IN (SELECT word FROM known)) AS a
    JOIN pgagent.long_term_word AS w ON w.source = $1 AND w.word % a.word
