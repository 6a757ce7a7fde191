-- Indexes, views and statistics, when the rows are there.

CREATE INDEX ON city (country_id);
CREATE INDEX ON address (city_id);
CREATE INDEX ON customer (store_id);
CREATE INDEX ON film_actor (actor_id);
CREATE INDEX ON film_category (category_id);
CREATE INDEX ON inventory (film_id);
CREATE INDEX ON rental (inventory_id);
CREATE INDEX ON rental (customer_id);
CREATE INDEX ON rental (rented_at);
CREATE INDEX ON payment (customer_id);
CREATE INDEX ON payment (rental_id);
CREATE INDEX ON review (customer_id);

CREATE VIEW film_catalog AS
SELECT f.film_id, f.title, f.release_year, f.rating, f.length, l.name AS language,
       (SELECT string_agg(c.name, ', ' ORDER BY c.category_id) FROM film_category JOIN category AS c USING (category_id) WHERE film_id = f.film_id) AS categories,
       (SELECT count(*) FROM inventory WHERE film_id = f.film_id) AS copies
FROM film AS f JOIN language AS l USING (language_id);
COMMENT ON VIEW film_catalog IS 'Films as customers browse them: with language, genres and number of copies';

CREATE MATERIALIZED VIEW monthly_revenue AS
SELECT s.store_id, s.name AS store, date_trunc('month', p.paid_at)::date AS month, count(*) AS payments, sum(p.amount) AS revenue
FROM payment AS p JOIN store AS s USING (store_id)
GROUP BY s.store_id, s.name, date_trunc('month', p.paid_at)::date;
COMMENT ON MATERIALIZED VIEW monthly_revenue IS 'What each store took each month, in US dollars';

DROP TABLE culture, plan, joining, living, genre, genre_slot, making, demand, habit, ticket, shelf, visit, wanted, wish;
DROP FUNCTION pg_temp.pick(text, text), pg_temp.chance(text);
ANALYZE;
