-- $2 and $3: the question's words, and for each a form of it. BM25's weights were worked out by the index.
asked AS (
    SELECT word, form FROM unnest($2::text[], $3::text[]) AS a(word, form)
), known AS (
    SELECT a.word, w.chunks, w.weights, 1.0::real AS factor
    FROM asked AS a JOIN pgagent.long_term_word AS w ON w.source = $1 AND w.word = a.form
), meant AS (
    SELECT * FROM known
    /* misspelt */
), by_words AS (
    -- The best of a word's forms counts, not their sum.
    SELECT id, sum(weight) AS score
    FROM (SELECT m.word, u.id, max(u.weight * m.factor) AS weight
          FROM meant AS m CROSS JOIN unnest(m.chunks, m.weights) AS u(id, weight)
          GROUP BY m.word, u.id) AS weighed
    GROUP BY id
), by_text AS (
    SELECT id FROM by_words ORDER BY score DESC LIMIT 50
)
