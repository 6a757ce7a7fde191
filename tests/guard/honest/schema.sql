-- What the honest queries ask: a shop, with a few rows of every type.
CREATE EXTENSION IF NOT EXISTS vector;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS ltree;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;
CREATE EXTENSION IF NOT EXISTS intarray;
CREATE EXTENSION IF NOT EXISTS cube;
CREATE EXTENSION IF NOT EXISTS earthdistance;
CREATE EXTENSION IF NOT EXISTS tsm_system_rows;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE address AS (street text, city text, zip text);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE country (code char(2) PRIMARY KEY, name text NOT NULL, area numeric);
CREATE TABLE customer (customer_id int PRIMARY KEY, first_name text NOT NULL, last_name text, email citext UNIQUE,
  country char(2) REFERENCES country, birthday date, created_at timestamptz NOT NULL, mood mood, home address,
  tags text[], scores int[], props jsonb, attributes hstore, ip inet, mac macaddr, token uuid, active boolean DEFAULT true);
CREATE TABLE product (product_id int PRIMARY KEY, name text NOT NULL, price numeric(10,2), category ltree, parent_id int,
  description text, search tsvector GENERATED ALWAYS AS (to_tsvector('english', coalesce(description, ''))) STORED,
  embedding vector(3), validity daterange, photo bytea, flags bit(4), weight float8, location point);
CREATE TABLE orders (order_id int PRIMARY KEY, customer_id int REFERENCES customer, ordered_at timestamp NOT NULL,
  shipped_at timestamp, status text NOT NULL, total numeric(12,2), discount real, during tstzrange, details json);
CREATE TABLE order_item (order_id int REFERENCES orders, product_id int REFERENCES product, quantity int NOT NULL,
  unit_price numeric(10,2), PRIMARY KEY (order_id, product_id));
CREATE TABLE employee (id int PRIMARY KEY, name text, manager_id int REFERENCES employee, salary int, department text, hired date);
CREATE TABLE reading (sensor int, at timestamptz, value float8);
CREATE SCHEMA "Mixed Case";
CREATE TABLE "Mixed Case"."Table" ("Id" int, "Select" text, "größe" int, "a""b" int);
CREATE VIEW recent_order AS SELECT o.*, c.first_name FROM orders o JOIN customer c USING (customer_id);
CREATE MATERIALIZED VIEW sales AS SELECT product_id, sum(quantity * unit_price) AS revenue FROM order_item GROUP BY 1;
CREATE TABLE event (id int, at date, kind text) PARTITION BY RANGE (at);
CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE FUNCTION net(gross numeric) RETURNS numeric IMMUTABLE LANGUAGE sql AS 'SELECT gross / 1.19';
INSERT INTO country VALUES ('DE', 'Germany', 357592), ('FR', 'France', 543940), ('JP', 'Japan', 377975), ('NO', 'Norway', NULL);
INSERT INTO customer SELECT n, 'First' || n, 'Last' || n % 7, 'user' || n || '@example.org', (ARRAY['DE','FR','JP'])[n % 3 + 1],
  date '1970-01-01' + n * 97, timestamptz '2024-01-01 00:00+00' + n * interval '1 day 3 hours', (ARRAY['sad','ok','happy'])[n % 3 + 1]::mood,
  ROW('Street ' || n, 'City', lpad(n::text, 5, '0'))::address, ARRAY['a', 't' || n % 4], ARRAY[n, n * 2],
  jsonb_build_object('level', n % 5, 'langs', jsonb_build_array('en', 'de'), 'address', jsonb_build_object('city', 'C' || n % 3)),
  hstore('color', 'c' || n % 3), ('10.0.0.' || n)::inet, '08:00:2b:01:02:03', ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, n % 4 <> 0
  FROM generate_series(1, 40) AS n;
INSERT INTO product (product_id, name, price, category, parent_id, description, embedding, validity, photo, flags, weight, location)
  SELECT n, 'Product ' || n, n * 3.5, ('top.c' || n % 3)::ltree, nullif(n / 2, 0), 'A fine running shoe number ' || n,
  ARRAY[n, n % 3, 1]::vector, daterange(date '2024-01-01' + n, date '2024-06-01' + n), decode('00ff', 'hex'), B'0101', n / 3.0, point(n, -n) FROM generate_series(1, 20) AS n;
INSERT INTO orders SELECT n, n % 40 + 1, timestamp '2024-01-15' + n * interval '13 hours', CASE WHEN n % 5 <> 0 THEN timestamp '2024-01-16' + n * interval '13 hours' END,
  (ARRAY['new','paid','shipped','returned'])[n % 4 + 1], n * 10.25, n / 100.0, tstzrange('2024-01-01+00', timestamptz '2024-01-02+00' + n * interval '1 hour'),
  json_build_object('channel', (ARRAY['web','store'])[n % 2 + 1], 'items', json_build_array(n, n + 1)) FROM generate_series(1, 120) AS n;
INSERT INTO order_item SELECT o, p, o % 3 + 1, p * 3.5 FROM generate_series(1, 120) AS o, generate_series(1, 20) AS p WHERE (o + p) % 7 = 0;
INSERT INTO employee VALUES (1, 'Ada', NULL, 9000, 'eng', '2010-01-01'), (2, 'Bob', 1, 7000, 'eng', '2012-05-01'), (3, 'Cy', 1, 6500, 'ops', '2015-03-01'),
  (4, 'Di', 2, 5000, 'eng', '2018-07-01'), (5, 'Ed', 3, 4000, 'ops', '2020-02-01');
INSERT INTO reading SELECT n % 4, timestamptz '2024-03-01 00:00+00' + n * interval '7 minutes', sin(n) FROM generate_series(1, 200) AS n;
INSERT INTO "Mixed Case"."Table" VALUES (1, 'x', 42, 7);
INSERT INTO event VALUES (1, '2024-02-02', 'click'), (2, '2024-03-03', 'view');
REFRESH MATERIALIZED VIEW sales;
ANALYZE;
