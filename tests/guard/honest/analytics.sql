SELECT count(*) FROM customer
SELECT * FROM customer ORDER BY customer_id LIMIT 10
SELECT * FROM orders ORDER BY order_id LIMIT ALL
SELECT order_id FROM orders ORDER BY order_id FETCH FIRST 5 ROWS ONLY
SELECT order_id FROM orders ORDER BY order_id OFFSET 5 ROWS FETCH NEXT ROW ONLY
SELECT status, total FROM orders ORDER BY total DESC FETCH FIRST 3 ROWS WITH TIES
SELECT order_id FROM orders ORDER BY 1 LIMIT 5 OFFSET 10;
SELECT status, count(*) AS n, sum(total), avg(total), min(total), max(total) FROM orders GROUP BY status ORDER BY n DESC, status
SELECT c.first_name, sum(o.total) AS spent FROM customer c JOIN orders o ON o.customer_id = c.customer_id GROUP BY c.customer_id ORDER BY spent DESC, 1 LIMIT 5
SELECT c.first_name, o.order_id FROM customer AS c LEFT JOIN orders AS o USING (customer_id) WHERE o.order_id IS NULL
SELECT * FROM customer NATURAL JOIN orders ORDER BY order_id LIMIT 3
SELECT a.customer_id, b.customer_id FROM customer a CROSS JOIN customer b WHERE a.customer_id < b.customer_id AND a.country = b.country ORDER BY 1, 2 LIMIT 20
SELECT coalesce(c.name, 'none'), count(k.customer_id) FROM country c FULL OUTER JOIN customer k ON k.country = c.code GROUP BY 1 ORDER BY 1
SELECT * FROM (customer c JOIN orders o USING (customer_id)) JOIN order_item i USING (order_id) ORDER BY order_id, product_id LIMIT 3
SELECT x.* FROM customer JOIN orders USING (customer_id) AS x ORDER BY 1 LIMIT 2
SELECT date_trunc('month', ordered_at) AS month, sum(total) FROM orders GROUP BY 1 ORDER BY 1
SELECT extract(year FROM ordered_at) AS y, extract(month FROM ordered_at) AS m, count(*) FROM orders GROUP BY y, m ORDER BY y, m
SELECT date_part('dow', ordered_at) AS dow, count(*) FROM orders GROUP BY dow ORDER BY dow
SELECT count(*) FILTER (WHERE status = 'paid') AS paid, count(*) FILTER (WHERE status = 'new') AS fresh FROM orders
SELECT status, count(DISTINCT customer_id) FROM orders GROUP BY status HAVING count(*) > 5 ORDER BY status
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM orders
SELECT percentile_disc(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY total) AS quartiles FROM orders
SELECT mode() WITHIN GROUP (ORDER BY status) FROM orders
SELECT rank(500) WITHIN GROUP (ORDER BY total) FROM orders
SELECT status, extract(month FROM ordered_at) AS m, sum(total) FROM orders GROUP BY ROLLUP (status, extract(month FROM ordered_at)) ORDER BY 1, 2
SELECT status, customer_id, count(*) FROM orders GROUP BY CUBE (status, customer_id) ORDER BY 1, 2 LIMIT 50
SELECT status, customer_id, grouping(status, customer_id), sum(total) FROM orders GROUP BY GROUPING SETS ((status), (customer_id), ()) ORDER BY 3, 1, 2
SELECT status, count(*) FROM orders GROUP BY DISTINCT ROLLUP (status), ROLLUP (status) ORDER BY 1
SELECT DISTINCT status FROM orders ORDER BY status
SELECT DISTINCT ON (customer_id) customer_id, order_id, total FROM orders ORDER BY customer_id, ordered_at DESC
SELECT ALL status FROM orders ORDER BY status LIMIT 2
SELECT CASE WHEN total > 1000 THEN 'big' WHEN total > 100 THEN 'medium' ELSE 'small' END AS size, count(*) FROM orders GROUP BY 1 ORDER BY 1
SELECT CASE status WHEN 'new' THEN 0 WHEN 'paid' THEN 1 ELSE NULL END FROM orders ORDER BY order_id LIMIT 4
SELECT sum(CASE WHEN shipped_at IS NULL THEN 1 ELSE 0 END)::float / count(*) AS unshipped FROM orders
SELECT round(100.0 * count(*) / sum(count(*)) OVER (), 2) AS share, status FROM orders GROUP BY status ORDER BY status
SELECT corr(total, discount), regr_slope(total, discount), covar_pop(total, discount) FROM orders
SELECT stddev(total), stddev_pop(total), variance(total), var_samp(total) FROM orders
SELECT bool_and(total > 0), bool_or(total > 1000), every(total > 0) FROM orders
SELECT string_agg(first_name, ', ' ORDER BY first_name DESC) FROM customer WHERE customer_id < 5
SELECT array_agg(DISTINCT status ORDER BY status) FROM orders
SELECT width_bucket(total, 0, 1300, 5) AS bucket, count(*) FROM orders GROUP BY bucket ORDER BY bucket
SELECT bit_and(customer_id), bit_or(customer_id), bit_xor(customer_id) FROM customer
SELECT any_value(status) IS NOT NULL FROM orders
SELECT * FROM sales ORDER BY revenue DESC LIMIT 3
SELECT * FROM recent_order ORDER BY order_id LIMIT 3
SELECT kind, count(*) FROM event GROUP BY kind ORDER BY kind
SELECT tableoid::regclass, id FROM event ORDER BY id
SELECT * FROM ONLY event_2024 ORDER BY id
SELECT * FROM event * ORDER BY id
SELECT first_name || ' ' || last_name AS full_name FROM customer ORDER BY customer_id LIMIT 3
SELECT o.* FROM orders o WHERE o.total > (SELECT avg(total) FROM orders) ORDER BY order_id
SELECT * FROM customer c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.customer_id AND o.total > 1000) ORDER BY 1
SELECT * FROM customer c WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.customer_id) ORDER BY 1
SELECT * FROM customer WHERE customer_id IN (SELECT customer_id FROM orders WHERE status = 'returned') ORDER BY 1
SELECT * FROM customer WHERE (country, active) IN (VALUES ('DE', true), ('FR', false)) ORDER BY 1
SELECT * FROM customer WHERE (first_name, last_name) = ('First1', 'Last1')
SELECT * FROM orders WHERE total BETWEEN 100 AND 200 AND status NOT IN ('new', 'paid') ORDER BY 1
SELECT * FROM orders WHERE total BETWEEN SYMMETRIC 200 AND 100 ORDER BY 1
SELECT * FROM orders WHERE total > ALL (SELECT total FROM orders WHERE status = 'new' AND order_id < 50) ORDER BY 1
SELECT * FROM orders WHERE customer_id = ANY (ARRAY[1, 2, 3]) ORDER BY 1
SELECT * FROM orders WHERE customer_id = SOME (SELECT customer_id FROM customer WHERE country = 'JP') ORDER BY 1
SELECT * FROM orders WHERE shipped_at IS DISTINCT FROM ordered_at ORDER BY order_id LIMIT 5
SELECT * FROM orders WHERE (shipped_at IS NULL) IS NOT TRUE AND total NOTNULL ORDER BY order_id LIMIT 5
SELECT * FROM orders WHERE shipped_at ISNULL AND NOT (total < 5 OR status = 'new') ORDER BY order_id
SELECT updated, deleted, "insert" FROM (VALUES (1, 2, 3)) AS t(updated, deleted, "insert")
