SELECT order_id, row_number() OVER (ORDER BY total DESC) FROM orders ORDER BY order_id LIMIT 10
SELECT order_id, rank() OVER w, dense_rank() OVER w, percent_rank() OVER w, cume_dist() OVER w FROM orders WINDOW w AS (PARTITION BY status ORDER BY total) ORDER BY 1
SELECT order_id, sum(total) OVER (PARTITION BY customer_id ORDER BY ordered_at ROWS UNBOUNDED PRECEDING) AS running FROM orders ORDER BY 1
SELECT order_id, avg(total) OVER (ORDER BY ordered_at ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) FROM orders ORDER BY 1
SELECT order_id, sum(total) OVER (ORDER BY ordered_at RANGE BETWEEN INTERVAL '7 days' PRECEDING AND CURRENT ROW) FROM orders ORDER BY 1
SELECT order_id, count(*) OVER (ORDER BY status GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM orders ORDER BY 1
SELECT order_id, sum(total) OVER (ORDER BY order_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE TIES) FROM orders ORDER BY 1
SELECT order_id, lag(total) OVER (ORDER BY order_id), lead(total, 2, 0) OVER (ORDER BY order_id) FROM orders ORDER BY 1
SELECT order_id, first_value(total) OVER w, last_value(total) OVER w, nth_value(total, 2) OVER w FROM orders WINDOW w AS (ORDER BY order_id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) ORDER BY 1
SELECT ntile(4) OVER (ORDER BY total) AS quartile, total FROM orders ORDER BY total
SELECT status, sum(sum(total)) OVER (ORDER BY status) FROM orders GROUP BY status ORDER BY status
SELECT order_id, count(*) FILTER (WHERE total > 100) OVER (PARTITION BY status) FROM orders ORDER BY 1
SELECT * FROM (SELECT o.*, row_number() OVER (PARTITION BY customer_id ORDER BY total DESC) AS rn FROM orders o) t WHERE rn = 1 ORDER BY order_id
SELECT order_id, total - lag(total) OVER (PARTITION BY customer_id ORDER BY ordered_at) AS delta FROM orders ORDER BY 1
SELECT order_id, sum(total) OVER w2 FROM orders WINDOW w AS (PARTITION BY status), w2 AS (w ORDER BY order_id) ORDER BY 1
SELECT order_id, max(total) OVER (w RANGE BETWEEN 100 PRECEDING AND 100 FOLLOWING) FROM orders WINDOW w AS (ORDER BY total) ORDER BY 1
SELECT order_id, sum(total) OVER (ORDER BY order_id ROWS BETWEEN 2 FOLLOWING AND 4 FOLLOWING EXCLUDE NO OTHERS) FROM orders ORDER BY 1
SELECT sensor, at, value, avg(value) OVER (PARTITION BY sensor ORDER BY at RANGE BETWEEN '1 hour' PRECEDING AND '1 hour' FOLLOWING EXCLUDE GROUP) FROM reading ORDER BY sensor, at
WITH gaps AS (SELECT order_id, order_id - row_number() OVER (ORDER BY order_id) AS island FROM orders WHERE order_id % 5 <> 0) SELECT min(order_id), max(order_id), count(*) FROM gaps GROUP BY island ORDER BY 1
SELECT department, name, salary, salary - avg(salary) OVER (PARTITION BY department) AS above FROM employee ORDER BY name
