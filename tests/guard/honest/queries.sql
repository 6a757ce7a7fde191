WITH t AS (SELECT 1 AS a) SELECT a FROM t
WITH big AS (SELECT * FROM orders WHERE total > 500), small AS (SELECT * FROM orders WHERE total <= 500) SELECT (SELECT count(*) FROM big), (SELECT count(*) FROM small)
WITH t (a, b) AS (VALUES (1, 'x'), (2, 'y')) SELECT * FROM t ORDER BY a
WITH a AS MATERIALIZED (SELECT * FROM orders), b AS NOT MATERIALIZED (SELECT * FROM a) SELECT count(*) FROM b
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT sum(i) FROM n
WITH RECURSIVE chain AS (SELECT id, name, manager_id, 1 AS depth, name AS path FROM employee WHERE manager_id IS NULL UNION ALL SELECT e.id, e.name, e.manager_id, c.depth + 1, c.path || '/' || e.name FROM employee e JOIN chain c ON e.manager_id = c.id) SELECT * FROM chain ORDER BY path
WITH RECURSIVE t(id, name) AS (SELECT id, name FROM employee WHERE id = 1 UNION ALL SELECT e.id, e.name FROM employee e, t WHERE e.manager_id = t.id) SEARCH DEPTH FIRST BY id SET ordering SELECT name FROM t ORDER BY ordering
WITH RECURSIVE t(id, name) AS (SELECT id, name FROM employee WHERE id = 1 UNION ALL SELECT e.id, e.name FROM employee e, t WHERE e.manager_id = t.id) SEARCH BREADTH FIRST BY id, name SET ordering SELECT name FROM t ORDER BY ordering
WITH RECURSIVE t(id) AS (SELECT 1 UNION ALL SELECT e.id FROM employee e, t WHERE e.manager_id = t.id) CYCLE id SET is_cycle USING path SELECT id, is_cycle, path FROM t ORDER BY id
WITH RECURSIVE t(id) AS (SELECT 1 UNION ALL SELECT e.id FROM employee e, t WHERE e.manager_id = t.id) CYCLE id SET looped TO 'Y' DEFAULT 'N' USING path SELECT id, looped FROM t ORDER BY id
WITH RECURSIVE fib(a, b) AS (VALUES (0::numeric, 1::numeric) UNION ALL SELECT b, a + b FROM fib WHERE b < 1000) SELECT a FROM fib ORDER BY a
SELECT 1 UNION SELECT 2 ORDER BY 1
SELECT 1 UNION ALL SELECT 1
SELECT status FROM orders INTERSECT SELECT 'new'
SELECT status FROM orders EXCEPT SELECT 'new' ORDER BY 1
(SELECT 1 AS a) UNION ALL (SELECT 2 ORDER BY 1 LIMIT 1) ORDER BY a DESC
((SELECT 1)) UNION (SELECT 2 INTERSECT SELECT 2) ORDER BY 1
SELECT 1 EXCEPT ALL SELECT 2 UNION DISTINCT SELECT 3 ORDER BY 1
VALUES (1, 'a'), (2, 'b') ORDER BY 1 DESC
VALUES (1), (2), (3) LIMIT 2
TABLE country ORDER BY code
(TABLE country) ORDER BY code LIMIT 1
SELECT * FROM (VALUES (1, 'one'), (2, 'two')) AS t (n, word) ORDER BY n
SELECT * FROM (SELECT 1 AS a) AS x, (SELECT 2 AS b) y
SELECT * FROM (SELECT 1) ORDER BY 1
SELECT c.first_name, l.total FROM customer c CROSS JOIN LATERAL (SELECT total FROM orders o WHERE o.customer_id = c.customer_id ORDER BY total DESC LIMIT 1) AS l ORDER BY 1
SELECT c.customer_id, x.n FROM customer c LEFT JOIN LATERAL (SELECT count(*) AS n FROM orders o WHERE o.customer_id = c.customer_id) x ON true ORDER BY 1
SELECT c.customer_id, t FROM customer c, unnest(c.tags) AS t ORDER BY 1, 2
SELECT c.customer_id, t.tag, t.n FROM customer c, LATERAL unnest(c.tags) WITH ORDINALITY AS t(tag, n) ORDER BY 1, 3
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) AS u(n, s) ORDER BY 2
SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['a', 'b'])) AS t(n, s) ORDER BY n
SELECT * FROM ROWS FROM (generate_series(1, 2), json_to_record('{"a":1}') AS (a int)) WITH ORDINALITY AS z ORDER BY ordinality
SELECT * FROM generate_series(1, 5) AS g
SELECT * FROM generate_series(timestamp '2024-01-01', '2024-01-05', interval '1 day') AS day
SELECT d::date, count(o.order_id) FROM generate_series(date '2024-01-15', date '2024-02-15', '1 day') AS d LEFT JOIN orders o ON o.ordered_at::date = d GROUP BY d ORDER BY d
SELECT generate_series(1, 3), 'x'
SELECT (SELECT max(total) FROM orders), (SELECT min(total) FROM orders)
SELECT ARRAY(SELECT order_id FROM orders ORDER BY 1 LIMIT 3)
SELECT
SELECT FROM country
SELECT 1;
SELECT 1 -- with a comment
/* before */ SELECT /* in /* the */ middle */ 1 /* after */
-- a comment first
 SELECT 1
SELECT 1 /* ; DROP TABLE x */ AS one
SELECT * FROM customer TABLESAMPLE BERNOULLI (100) ORDER BY 1
SELECT count(*) FROM customer TABLESAMPLE SYSTEM (100) REPEATABLE (42)
SELECT count(*) FROM customer TABLESAMPLE system_rows(10)
SELECT c.* FROM customer AS c (id, fn) ORDER BY id LIMIT 1
SELECT (c).* FROM customer c ORDER BY 1 LIMIT 1
SELECT c FROM country c ORDER BY code
SELECT (c.home).city, (c).home FROM customer c ORDER BY customer_id LIMIT 2
SELECT row(1, 'a'), ROW(1, 2) = ROW(1, 2), (1, 2) < (1, 3)
SELECT t.a, t.b FROM (SELECT 1, 2) AS t(a, b)
SELECT * FROM json_to_recordset('[{"a":1,"b":"x"}]') AS x(a int, b text)
SELECT * FROM jsonb_to_record('{"a":1.5,"b":"2024-01-01"}') AS x(a numeric(10, 2), b date)
SELECT a.x, b.x FROM (SELECT 1 x) a JOIN (SELECT 1 x) b ON a.x = b.x WHERE a.x IN (1) OR (b.x) IN (2)
SELECT 1 AS "into", 2 AS "for", 3 AS "update"
SELECT 1 AS into_, 2 AS for_update
SELECT max(order_id) AS delete, min(order_id) AS insert FROM orders
SELECT * FROM orders ORDER BY total USING > LIMIT 3
SELECT * FROM orders ORDER BY shipped_at DESC NULLS LAST, order_id ASC LIMIT 5
SELECT * FROM orders ORDER BY 1 + 1, order_id LIMIT (SELECT 2) OFFSET (1 + 1)
SELECT last_name COLLATE "C" FROM customer ORDER BY last_name COLLATE "C" DESC, 1 LIMIT 4
