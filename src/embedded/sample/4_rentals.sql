-- Rentals, payments and reviews: customers come and go, winters and weekends are busy, the chain grows.

-- How often a customer comes, until when, and when one who came back was away.
CREATE TEMP TABLE habit AS
SELECT customer_id, store_id, membership, joined_on,
       1 + floor(pg_temp.chance('keen' || customer_id) * pg_temp.chance('keen' || customer_id) * 9)::integer
         + CASE WHEN pg_temp.chance('fan' || customer_id) < 0.025 THEN 9 ELSE 0 END AS weight,
       least(s.closed_on + 1, CASE WHEN pg_temp.chance('leaves' || customer_id) < 0.34 THEN joined_on + 60 + floor(pg_temp.chance('stays' || customer_id) * 700)::integer
            ELSE date '2025-01-01' END) AS left_on,
       joined_on + 120 + floor(pg_temp.chance('pause' || customer_id) * 300)::integer AS away_on,
       CASE WHEN pg_temp.chance('pauses' || customer_id) < 0.2 THEN 90 + floor(pg_temp.chance('absent' || customer_id) * 200)::integer ELSE 0 END AS away_days
FROM customer AS c JOIN store AS s USING (store_id)
-- A few signed up and never rented anything.
WHERE customer_id % 61 <> 29;

CREATE TEMP TABLE ticket AS
SELECT row_number() OVER (ORDER BY greatest(joined_on, date '2022-01-01'), customer_id, n)::integer - 1 AS ticket, h.*
FROM habit AS h, generate_series(1, weight) AS n;

CREATE TEMP TABLE shelf AS
SELECT store_id, row_number() OVER (PARTITION BY store_id ORDER BY acquired_on, inventory_id, n)::integer - 1 AS place,
       inventory_id, film_id, acquired_on, kept
FROM inventory JOIN demand USING (film_id), generate_series(1, weight) AS n;

-- One line a wish: a ticket of those sold by that day asks for a copy of those on its store's shelf.
CREATE TEMP TABLE visit AS
WITH days AS MATERIALIZED ( -- not counted again for every line
  SELECT day::date, (SELECT count(*) FROM ticket WHERE joined_on <= day)::integer AS tickets,
         0.0118 * (ARRAY[1.22, 1.08, 1.0, 0.93, 0.84, 0.78, 0.72, 0.76, 0.88, 1.05, 1.16, 1.42])[extract(month FROM day)::integer]
           * (ARRAY[0.72, 0.7, 0.78, 0.92, 1.4, 1.55, 1.05])[extract(isodow FROM day)::integer] AS rate
  FROM generate_series(timestamp '2022-01-01', timestamp '2024-12-31', interval '1 day') AS day
)
SELECT day, key, floor(pg_temp.chance('who' || key) * tickets)::integer AS ticket
FROM days, generate_series(1, (tickets * rate)::integer) AS n, LATERAL (SELECT to_char(day, 'YYYYMMDD') || '/' || n AS key) AS k;
ANALYZE ticket, shelf, visit;

CREATE TEMP TABLE wanted AS
SELECT v.day, v.key, t.customer_id, t.store_id, floor(pg_temp.chance('what' || v.key) * size.places)::integer AS place,
       v.day + make_interval(hours => 10 + floor((pg_temp.chance('hour' || v.key) + pg_temp.chance('later' || v.key)) * 6)::integer,
                             mins => floor(pg_temp.chance('minute' || v.key) * 60)::integer) AS rented_at
FROM visit AS v JOIN ticket AS t USING (ticket)
JOIN (SELECT store_id, count(*)::integer AS places FROM shelf GROUP BY store_id) AS size USING (store_id)
WHERE v.day < t.left_on AND NOT (v.day >= t.away_on AND v.day < t.away_on + t.away_days);
ANALYZE wanted;

CREATE TEMP TABLE wish AS
SELECT w.day, w.key, w.customer_id, w.store_id, w.rented_at, s.inventory_id, s.film_id, s.kept
FROM wanted AS w JOIN shelf AS s USING (store_id, place)
WHERE s.acquired_on <= w.day;
ANALYZE wish;

-- A copy that is out cannot be rented again.
INSERT INTO rental (rental_id, inventory_id, customer_id, store_id, staff_id, rented_at, due_on, returned_at)
SELECT row_number() OVER (ORDER BY rented_at, inventory_id), inventory_id, customer_id, store_id,
       CASE WHEN pg_temp.chance('kiosk' || key) > 0.06 + (day - date '2022-01-01') * 0.00016
            THEN (store_id - 1) * 5 + 1 + floor(pg_temp.chance('clerk' || key) * 3)::integer END,
       rented_at, rented_at::date + allowed_days, CASE WHEN back_at < timestamp '2025-01-01' THEN back_at END
FROM (SELECT *, max(coalesce(back_at, timestamp '9999-01-01')) OVER (PARTITION BY inventory_id ORDER BY rented_at, key
                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS out_until
      FROM (SELECT w.*, f.allowed_days,
                   -- One in two hundred is lost.
                   CASE WHEN pg_temp.chance('lost' || key) > 0.005 THEN
                     day + 1 + floor((pg_temp.chance('keep' || key) + pg_temp.chance('longer' || key) * pg_temp.chance('much' || key) * 2) * kept)::integer
                     + make_interval(hours => 9 + floor(pg_temp.chance('brought' || key) * 12)::integer, mins => floor(pg_temp.chance('exactly' || key) * 60)::integer) END AS back_at
            FROM wish AS w JOIN film AS f USING (film_id)) AS lent) AS lent
WHERE out_until IS NULL OR out_until < rented_at;

INSERT INTO payment
SELECT row_number() OVER (ORDER BY paid_at, rental_id, kind), rental_id, customer_id, store_id, kind,
       CASE WHEN pg_temp.chance('method' || rental_id || kind) < 0.14 + rental_id * 0.00002 THEN 'online'
            WHEN pg_temp.chance('method' || rental_id || kind) < 0.82 THEN 'card' ELSE 'cash' END::payment_method,
       amount, paid_at
FROM (SELECT r.rental_id, r.customer_id, r.store_id, 'rental'::payment_kind AS kind, r.rented_at AS paid_at,
             round(f.rental_rate * CASE c.membership WHEN 'premium' THEN 0.8 WHEN 'plus' THEN 0.9 ELSE 1 END, 2) AS amount
      FROM rental AS r JOIN inventory USING (inventory_id) JOIN film AS f USING (film_id) JOIN customer AS c USING (customer_id)
      -- A few never paid.
      WHERE r.rental_id % 83 <> 50
      UNION ALL
      SELECT r.rental_id, r.customer_id, r.store_id, 'late fee', r.returned_at, least(1.25 * (r.returned_at::date - r.due_on), f.replacement_cost)
      FROM rental AS r JOIN inventory USING (inventory_id) JOIN film AS f USING (film_id)
      WHERE r.returned_at::date > r.due_on
      UNION ALL
      SELECT r.rental_id, r.customer_id, r.store_id, 'replacement', r.rented_at + interval '30 days', f.replacement_cost
      FROM rental AS r JOIN inventory USING (inventory_id) JOIN film AS f USING (film_id)
      WHERE r.returned_at IS NULL AND r.rented_at < timestamp '2024-12-01') AS due
WHERE paid_at < timestamp '2025-01-01';

-- The first time someone returns a film, one in five says what it was like.
INSERT INTO review
SELECT row_number() OVER (ORDER BY written_on, film_id, customer_id), film_id, customer_id, stars,
       CASE WHEN film_id * 7 % 5 < 2 THEN pg_temp.pick(
         (ARRAY['Fell asleep halfway.,Not for me.,A waste of an evening.', 'Too long.,Expected more.,The ending ruins it.',
                'Fine for a rainy day.,Good cast and weak script.,Watchable.', 'Very good.,Would rent again.,Better than the poster.',
                'A masterpiece.,The whole family loved it.,Watched it twice.'])[stars], 'said' || film_id || '/' || customer_id) END,
       written_on
FROM (SELECT film_id, customer_id, min(returned_at)::date + 1 AS written_on,
             greatest(1, least(5, 1 + floor(pg_temp.chance('liked' || film_id) * 2.2 + pg_temp.chance('stars' || film_id || '/' || customer_id) * 3.4)::integer)) AS stars
      FROM rental JOIN inventory USING (inventory_id)
      WHERE returned_at < timestamp '2024-12-30'
      GROUP BY film_id, customer_id) AS s
WHERE pg_temp.chance('review' || film_id || '/' || customer_id) < 0.2;

-- Who left is no longer active; so are those of the closed store.
UPDATE customer AS c SET active = false FROM habit AS h WHERE h.customer_id = c.customer_id AND h.left_on < date '2025-01-01';
