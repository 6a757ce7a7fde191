-- Sample data: a chain of film-rental stores, 2022 to 2024. Every value follows from md5 and plain
-- arithmetic, so every server makes the same rows; nothing depends on the date, the zone or random().

CREATE TYPE film_rating AS ENUM ('G', 'PG', 'PG-13', 'R', 'NC-17');
CREATE TYPE membership AS ENUM ('basic', 'plus', 'premium');
CREATE TYPE staff_role AS ENUM ('manager', 'clerk', 'trainee');
CREATE TYPE copy_format AS ENUM ('DVD', 'Blu-ray', '4K');
CREATE TYPE payment_kind AS ENUM ('rental', 'late fee', 'replacement');
CREATE TYPE payment_method AS ENUM ('cash', 'card', 'online');

CREATE TABLE country (
  country_id integer PRIMARY KEY,
  name text NOT NULL UNIQUE,
  continent text NOT NULL
);
CREATE TABLE city (
  city_id integer PRIMARY KEY,
  name text NOT NULL,
  country_id integer NOT NULL REFERENCES country,
  population integer
);
CREATE TABLE address (
  address_id integer PRIMARY KEY,
  street text NOT NULL,
  postal_code text,
  city_id integer NOT NULL REFERENCES city,
  phone text
);
CREATE TABLE store (
  store_id integer PRIMARY KEY,
  name text NOT NULL UNIQUE,
  address_id integer NOT NULL REFERENCES address,
  opened_on date NOT NULL,
  closed_on date,
  floor_area integer NOT NULL
);
CREATE TABLE staff (
  staff_id integer PRIMARY KEY,
  first_name text NOT NULL,
  last_name text NOT NULL,
  email text NOT NULL,
  store_id integer NOT NULL REFERENCES store,
  role staff_role NOT NULL,
  reports_to integer REFERENCES staff,
  hired_on date NOT NULL,
  salary numeric(8,2)
);
CREATE TABLE customer (
  customer_id integer PRIMARY KEY,
  first_name text NOT NULL,
  last_name text NOT NULL,
  full_name text GENERATED ALWAYS AS (first_name || ' ' || last_name) STORED,
  email text,
  birth_date date,
  store_id integer NOT NULL REFERENCES store,
  address_id integer NOT NULL REFERENCES address,
  membership membership NOT NULL,
  joined_on date NOT NULL,
  active boolean NOT NULL
);
CREATE TABLE language (
  language_id integer PRIMARY KEY,
  name text NOT NULL UNIQUE
);
CREATE TABLE category (
  category_id integer PRIMARY KEY,
  name text NOT NULL UNIQUE
);
CREATE TABLE film (
  film_id integer PRIMARY KEY,
  title text NOT NULL UNIQUE,
  description text,
  release_year integer NOT NULL,
  language_id integer NOT NULL REFERENCES language,
  rating film_rating,
  length integer,
  rental_rate numeric(4,2) NOT NULL,
  allowed_days integer NOT NULL,
  replacement_cost numeric(5,2) NOT NULL
);
CREATE TABLE actor (
  actor_id integer PRIMARY KEY,
  first_name text NOT NULL,
  last_name text NOT NULL,
  birth_date date
);
CREATE TABLE film_actor (
  film_id integer NOT NULL REFERENCES film,
  actor_id integer NOT NULL REFERENCES actor,
  billing integer NOT NULL,
  PRIMARY KEY (film_id, actor_id)
);
CREATE TABLE film_category (
  film_id integer NOT NULL REFERENCES film,
  category_id integer NOT NULL REFERENCES category,
  PRIMARY KEY (film_id, category_id)
);
CREATE TABLE inventory (
  inventory_id integer PRIMARY KEY,
  film_id integer NOT NULL REFERENCES film,
  store_id integer NOT NULL REFERENCES store,
  format copy_format NOT NULL,
  acquired_on date NOT NULL
);
CREATE TABLE rental (
  rental_id integer PRIMARY KEY,
  inventory_id integer NOT NULL REFERENCES inventory,
  customer_id integer NOT NULL REFERENCES customer,
  store_id integer NOT NULL REFERENCES store,
  staff_id integer REFERENCES staff,
  rented_at timestamp NOT NULL,
  due_on date NOT NULL,
  returned_at timestamp,
  rental_length integer GENERATED ALWAYS AS (returned_at::date - rented_at::date) STORED
);
CREATE TABLE payment (
  payment_id integer PRIMARY KEY,
  rental_id integer NOT NULL REFERENCES rental,
  customer_id integer NOT NULL REFERENCES customer,
  store_id integer NOT NULL REFERENCES store,
  kind payment_kind NOT NULL,
  method payment_method NOT NULL,
  amount numeric(6,2) NOT NULL CHECK (amount > 0),
  paid_at timestamp NOT NULL
);
CREATE TABLE review (
  review_id integer PRIMARY KEY,
  film_id integer NOT NULL REFERENCES film,
  customer_id integer NOT NULL REFERENCES customer,
  stars integer NOT NULL CHECK (stars BETWEEN 1 AND 5),
  comment text,
  written_on date NOT NULL,
  UNIQUE (film_id, customer_id)
);

COMMENT ON TABLE country IS 'Countries in which customers live';
COMMENT ON TABLE city IS 'Cities in which stores stand and customers live';
COMMENT ON COLUMN city.population IS 'Inhabitants; unknown for a few';
COMMENT ON TABLE address IS 'Postal addresses of stores and customers';
COMMENT ON COLUMN address.phone IS 'Telephone number, if one is known';
COMMENT ON TABLE store IS 'Shops that rent films out';
COMMENT ON COLUMN store.closed_on IS 'Day on which the store was closed for good; empty while it is open';
COMMENT ON COLUMN store.floor_area IS 'Size of the shop in square metres';
COMMENT ON TABLE staff IS 'Employees of the stores';
COMMENT ON COLUMN staff.reports_to IS 'Superior; empty for the managers';
COMMENT ON COLUMN staff.salary IS 'Yearly salary in US dollars; trainees are not on the payroll yet';
COMMENT ON TABLE customer IS 'People who rent films';
COMMENT ON COLUMN customer.store_id IS 'Home store';
COMMENT ON COLUMN customer.membership IS 'Level of membership: plus pays 10 % less for a rental, premium 20 %';
COMMENT ON COLUMN customer.joined_on IS 'Day on which the customer signed up';
COMMENT ON COLUMN customer.active IS 'False for customers who left';
COMMENT ON TABLE language IS 'Languages that films are spoken in';
COMMENT ON TABLE category IS 'Genres';
COMMENT ON TABLE film IS 'Films (movies) that the chain knows, whether or not it owns a copy';
COMMENT ON COLUMN film.rating IS 'Age rating; empty for unrated films';
COMMENT ON COLUMN film.length IS 'Running time in minutes';
COMMENT ON COLUMN film.rental_rate IS 'Price of one rental in US dollars';
COMMENT ON COLUMN film.allowed_days IS 'Days after which a rental is late';
COMMENT ON COLUMN film.replacement_cost IS 'What a customer pays for a lost copy, in US dollars';
COMMENT ON TABLE actor IS 'Actors and actresses';
COMMENT ON TABLE film_actor IS 'Who plays in which film';
COMMENT ON COLUMN film_actor.billing IS 'Place on the poster, 1 for the lead';
COMMENT ON TABLE film_category IS 'The genres of each film, one or two';
COMMENT ON TABLE inventory IS 'Copies of films that the stores own';
COMMENT ON COLUMN inventory.store_id IS 'Store to which the copy belongs';
COMMENT ON TABLE rental IS 'One copy lent to one customer once';
COMMENT ON COLUMN rental.store_id IS 'Store that rented the copy out';
COMMENT ON COLUMN rental.staff_id IS 'Who served the customer; empty at the self-service kiosk';
COMMENT ON COLUMN rental.due_on IS 'Day on which the copy should be back';
COMMENT ON COLUMN rental.returned_at IS 'Empty while the copy is out, or when it was lost';
COMMENT ON COLUMN rental.rental_length IS 'Days from renting to returning';
COMMENT ON TABLE payment IS 'Money that customers paid, in US dollars';
COMMENT ON COLUMN payment.store_id IS 'Store that took the money';
COMMENT ON COLUMN payment.kind IS 'What was paid for';
COMMENT ON COLUMN payment.amount IS 'US dollars';
COMMENT ON TABLE review IS 'What customers thought of films';
COMMENT ON COLUMN review.stars IS '1 is worst, 5 is best';
