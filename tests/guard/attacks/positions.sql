SELECT 1, pg_sleep(5)
SELECT * FROM pg_sleep(5)
SELECT * FROM pg_sleep(5) AS x
SELECT * FROM pg_sleep(5) WITH ORDINALITY
SELECT * FROM LATERAL pg_sleep(5)
SELECT * FROM ROWS FROM (pg_sleep(5), generate_series(1, 2))
SELECT 1 FROM target WHERE pg_sleep(5) IS NULL
SELECT 1 FROM target JOIN target t ON pg_sleep(5) IS NULL
SELECT 1 FROM target CROSS JOIN LATERAL (SELECT pg_sleep(5)) x
SELECT a FROM target GROUP BY a, pg_sleep(5)
SELECT a FROM target GROUP BY a HAVING pg_sleep(5) IS NULL
SELECT a FROM target ORDER BY pg_sleep(5)
SELECT a FROM target GROUP BY GROUPING SETS ((a), (pg_sleep(5)))
SELECT a FROM target LIMIT length(pg_sleep(5)::text)
SELECT a FROM target OFFSET length(pg_sleep(5)::text)
SELECT a FROM target FETCH FIRST (length(pg_sleep(5)::text)) ROWS ONLY
SELECT DISTINCT ON (pg_sleep(5)) a FROM target
SELECT DISTINCT ON (a) pg_sleep(5) FROM target
SELECT CASE WHEN pg_sleep(5) IS NULL THEN 1 END
SELECT CASE pg_sleep(5)::text WHEN 'x' THEN 1 ELSE 2 END
SELECT CASE 1 WHEN 1 THEN pg_sleep(5) END
SELECT coalesce(pg_sleep(5)::text, 'x')
SELECT nullif(pg_sleep(5)::text, 'x')
SELECT greatest(pg_sleep(5)::text)
SELECT ARRAY[pg_sleep(5)]
SELECT ARRAY(SELECT pg_sleep(5))
SELECT ROW(pg_sleep(5))
SELECT (SELECT pg_sleep(5))
SELECT (ARRAY[1])[length(pg_sleep(5)::text)]
SELECT EXISTS (SELECT pg_sleep(5))
SELECT 1 WHERE 1 IN (SELECT length(pg_sleep(5)::text))
SELECT 1 = ANY (SELECT length(pg_sleep(5)::text))
SELECT count(*) FILTER (WHERE pg_sleep(5) IS NULL) FROM target
SELECT count(*) OVER (PARTITION BY pg_sleep(5)) FROM target
SELECT count(*) OVER w FROM target WINDOW w AS (ORDER BY pg_sleep(5))
SELECT sum(a) OVER (ORDER BY a ROWS length(pg_sleep(5)::text) PRECEDING) FROM target
SELECT array_agg(a ORDER BY pg_sleep(5)) FROM target
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY length(pg_sleep(5)::text)) FROM target
SELECT lower(upper(pg_sleep(5)::text))
SELECT CAST(pg_sleep(5) AS text)
SELECT pg_sleep(5)::text
SELECT NOT pg_sleep(5) IS NULL
SELECT - length(pg_sleep(5)::text)
SELECT 'a' || pg_sleep(5)
SELECT 'a' LIKE pg_sleep(5)::text
SELECT 'a' LIKE 'b' ESCAPE pg_sleep(5)::text
SELECT 1 BETWEEN 0 AND length(pg_sleep(5)::text)
SELECT now() AT TIME ZONE pg_sleep(5)::text
SELECT extract(epoch FROM now() + pg_sleep(5)::text::interval)
SELECT substring('abc' FROM length(pg_sleep(5)::text) FOR 1)
SELECT overlay('abc' PLACING pg_sleep(5)::text FROM 1)
SELECT position(pg_sleep(5)::text IN 'abc')
SELECT trim(both pg_sleep(5)::text FROM 'abc')
SELECT xmlelement(name a, pg_sleep(5))
SELECT xmlforest(pg_sleep(5) AS a)
SELECT JSON_OBJECT('a': pg_sleep(5)::text)
SELECT JSON_ARRAY(pg_sleep(5)::text)
SELECT JSON_VALUE(pg_sleep(5)::text::jsonb, '$')
SELECT * FROM JSON_TABLE(pg_sleep(5)::text::jsonb, '$' COLUMNS (a int PATH '$')) j
SELECT JSON_VALUE('1', '$' DEFAULT length(pg_sleep(5)::text) ON EMPTY)
SELECT * FROM XMLTABLE('/a' PASSING pg_sleep(5)::text::xml COLUMNS a int PATH 'a') x
SELECT * FROM target TABLESAMPLE BERNOULLI (length(pg_sleep(5)::text))
SELECT * FROM target TABLESAMPLE SYSTEM (1) REPEATABLE (length(pg_sleep(5)::text))
SELECT * FROM generate_series(1, length(pg_sleep(5)::text))
WITH x AS (SELECT pg_sleep(5)) SELECT * FROM x
WITH x AS MATERIALIZED (SELECT pg_sleep(5)) SELECT 1 FROM x
WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE pg_sleep(5) IS NULL) SELECT * FROM r
VALUES (pg_sleep(5))
VALUES (1), (length(pg_sleep(5)::text))
SELECT 1 UNION ALL SELECT length(pg_sleep(5)::text)
(SELECT pg_sleep(5))
SELECT make_interval(secs => length(pg_sleep(5)::text))
SELECT format('%s', VARIADIC ARRAY[pg_sleep(5)::text])
SELECT (ROW(pg_sleep(5))).*
SELECT a OPERATOR(pg_catalog.+) length(pg_sleep(5)::text) FROM target
SELECT t.* FROM target AS t (x) WHERE t.x = length(pg_sleep(5)::text)
SELECT (VALUES (pg_sleep(5)))
SELECT $1::text || pg_sleep(5)
