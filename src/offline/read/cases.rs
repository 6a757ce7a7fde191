//! Questions about small databases, and the SQL that they are read as.

use crate::offline::fixture::Fixture;

fn check(fixture: &Fixture, cases: &[(&str, &str)]) {
    let told: Vec<(&str, String)> = cases.iter().map(|(q, _)| (*q, fixture.sql(q))).collect();
    let wanted: Vec<(&str, String)> = cases
        .iter()
        .map(|(q, sql)| (*q, (*sql).to_owned()))
        .collect();
    assert_eq!(told, wanted);
}

/// Towns and rivers as they often are: no key declared, a river once for each province that it crosses.
fn map() -> Fixture {
    Fixture::new(
        "province(!province_name text, population bigint, area numeric, density numeric, seat text)
         town(town_name text, population bigint, ~province_name text)
         stream(~stream_name text, length bigint, ~crosses text)
         frontier(~province_name text, ~neighbour text)",
    )
    .within("town.province_name", "province.province_name")
    .within("stream.crosses", "province.province_name")
    .within("frontier.province_name", "province.province_name")
    .within("frontier.neighbour", "province.province_name")
    .holds("province.province_name", &["lur", "ost"])
    .holds("town.province_name", &["lur", "ost"])
    .holds("town.town_name", &["brill"])
    .holds("stream.stream_name", &["vey"])
    .holds("stream.crosses", &["lur"])
}

#[test]
fn reads_lookups_and_superlatives_without_any_key() {
    check(
        &map(),
        &[
            (
                "how many people live in brill",
                "SELECT t1.population FROM town AS t1 WHERE t1.town_name = 'brill'",
            ),
            (
                "how long is the vey",
                "SELECT s1.length FROM stream AS s1 WHERE s1.stream_name = 'vey'",
            ),
            (
                "what is the largest town in lur",
                "SELECT t1.town_name FROM town AS t1 WHERE t1.province_name = 'lur' ORDER BY t1.population DESC NULLS LAST LIMIT 1",
            ),
            (
                "which provinces have a population density greater than 50",
                "SELECT p1.province_name FROM province AS p1 WHERE p1.density > 50",
            ),
            (
                "which provinces have more than 3 towns",
                "SELECT p1.province_name FROM province AS p1 WHERE (SELECT count(*) FROM town AS t2 WHERE t2.province_name = p1.province_name) > 3",
            ),
            (
                "which streams run through lur",
                "SELECT s1.stream_name FROM stream AS s1 WHERE s1.crosses = 'lur'",
            ),
            (
                "what is the average population of towns in each province",
                "SELECT p2.province_name, avg(t1.population) AS average_population FROM town AS t1 JOIN province AS p2 ON t1.province_name = p2.province_name GROUP BY p2.province_name",
            ),
            ("which provinces are nice", "[nice?]"),
        ],
    );
}

/// Papers and their authors, joined by short ids that nothing declares.
fn library() -> Fixture {
    Fixture::new(
        "author(!aid bigint, !name text, ~oid bigint)
         organization(!oid bigint, name text, continent text)
         publication(!pid bigint, !title text, year bigint, citation_num bigint, ~jid bigint)
         journal(!jid bigint, name text)
         writes(~aid bigint, ~pid bigint)",
    )
    .holds("organization.continent", &["Europe"])
    .holds("journal.name", &["Nature", "Science"])
}

#[test]
fn joins_tables_by_ids_that_nothing_declares() {
    check(
        &library(),
        &[
            (
                "Which authors are from Europe?",
                "SELECT a1.name FROM author AS a1 JOIN organization AS o2 ON a1.oid = o2.oid WHERE o2.continent = 'Europe'",
            ),
            (
                "Which author has written the most papers?",
                "SELECT a3.name FROM publication AS p1 JOIN writes AS w2 ON w2.pid = p1.pid JOIN author AS a3 ON w2.aid = a3.aid GROUP BY a3.name, a3.aid ORDER BY count(DISTINCT p1.pid) DESC NULLS LAST LIMIT 1",
            ),
            (
                "What is the title of the publication with the highest number of citations?",
                "SELECT p1.title FROM publication AS p1 ORDER BY p1.citation_num DESC NULLS LAST LIMIT 1",
            ),
            (
                "What is the ratio of publications to authors?",
                "SELECT CAST((SELECT count(*) AS count FROM publication AS p1) AS numeric) / nullif((SELECT count(*) AS count FROM author AS a1), 0) AS ratio",
            ),
            (
                "How many publications are there in Nature or Science?",
                "SELECT count(*) AS count FROM publication AS p1 JOIN journal AS j2 ON p1.jid = j2.jid WHERE j2.name IN ('Nature', 'Science')",
            ),
            (
                "Which authors are not part of any organization?",
                "SELECT a1.name FROM author AS a1 WHERE NOT (EXISTS (SELECT 1 FROM organization AS o2 WHERE a1.oid = o2.oid))",
            ),
        ],
    );
}

fn eateries() -> Fixture {
    Fixture::new(
        "eatery(*id integer, name text, cuisine text, city text, stars numeric, is_open boolean)
         visit(*id integer, eatery_id integer, guest_id integer, visited date, bill numeric)
         guest(*id integer, first_name text, last_name text, age integer, born date)",
    )
    .key("visit.eatery_id", "eatery.id")
    .key("visit.guest_id", "guest.id")
    .holds("eatery.cuisine", &["thai", "greek"])
    .holds("eatery.city", &["Porto"])
}

#[test]
fn reads_conditions_groups_and_what_was_said_before() {
    check(
        &eateries(),
        &[
            (
                "Which cities have more than 5 eateries?",
                "SELECT e1.city FROM eatery AS e1 GROUP BY e1.city HAVING count(*) > 5",
            ),
            (
                "How many eateries are open in Porto?",
                "SELECT count(*) AS count FROM eatery AS e1 WHERE e1.is_open AND e1.city = 'Porto'",
            ),
            (
                "What is the best eatery in Porto?",
                "SELECT e1.name FROM eatery AS e1 WHERE e1.city = 'Porto' ORDER BY e1.stars DESC NULLS LAST LIMIT 1",
            ),
            (
                "Which guests are above age 30?",
                "SELECT g1.first_name, g1.last_name FROM guest AS g1 WHERE g1.age > 30",
            ),
            (
                "Which guests visited both thai and greek eateries?",
                "SELECT g1.first_name, g1.last_name FROM guest AS g1 WHERE EXISTS (SELECT 1 FROM visit AS v2 JOIN eatery AS e3 ON v2.eatery_id = e3.id WHERE v2.guest_id = g1.id AND e3.cuisine = 'thai') AND EXISTS (SELECT 1 FROM visit AS v4 JOIN eatery AS e5 ON v4.eatery_id = e5.id WHERE v4.guest_id = g1.id AND e5.cuisine = 'greek')",
            ),
            (
                "List the first and last name of guests with more than 3 visits in 2022",
                "SELECT g1.first_name, g1.last_name FROM guest AS g1 WHERE (SELECT count(*) FROM visit AS v2 WHERE v2.guest_id = g1.id AND v2.visited >= DATE '2022-01-01' AND v2.visited < DATE '2023-01-01') > 3",
            ),
            (
                "Which eateries have more stars than the average stars of all eateries?",
                "SELECT e1.name FROM eatery AS e1 WHERE e1.stars > (SELECT avg(e2.stars) FROM eatery AS e2)",
            ),
            (
                "How many guests were born before 1950 and after 1980?",
                "[conditions that no row can fulfil]",
            ),
            // Thai and Greek at once is no eatery, or either of them.
            (
                "Which eateries are thai and greek?",
                "[\"and\" between values of one column may mean both or either]",
            ),
        ],
    );
}

/// Sales of a shop, whose invoices carry their sum under its own name.
#[test]
fn reads_a_total_that_is_a_column_and_adjectives_of_averages() {
    let shop = Fixture::new(
        "client(*id integer, name text, country text)
         invoice(*id integer, client_id integer, issued date, country text, total numeric)
         line(*id integer, invoice_id integer, track_id integer, unit_price numeric, quantity integer)
         track(*id integer, name text, genre_id integer, milliseconds integer, unit_price numeric)
         genre(*id integer, name text)",
    )
    .key("invoice.client_id", "client.id")
    .key("line.invoice_id", "invoice.id")
    .key("line.track_id", "track.id")
    .key("track.genre_id", "genre.id");
    check(
        &shop,
        &[
            (
                "Which invoice has the highest total?",
                "SELECT i1.id FROM invoice AS i1 ORDER BY i1.total DESC NULLS LAST LIMIT 1",
            ),
            (
                "What is the total invoice amount per country?",
                "SELECT i1.country, sum(i1.total) AS total_total FROM invoice AS i1 GROUP BY i1.country",
            ),
            (
                "Which genre has the longest average track?",
                "SELECT g2.name FROM track AS t1 JOIN genre AS g2 ON t1.genre_id = g2.id GROUP BY g2.name, g2.id ORDER BY avg(t1.milliseconds) DESC NULLS LAST LIMIT 1",
            ),
            (
                "How many tracks cost more than 1 dollar?",
                "SELECT count(*) AS count FROM track AS t1 WHERE t1.unit_price > 1",
            ),
        ],
    );
}

/// Journeys between two places, and two people in one row.
#[test]
fn reads_which_of_two_keys_is_meant() {
    let flights = Fixture::new(
        "airport(*code text, name text, city text)
         flight(*id integer, number text, from_airport text, to_airport text, departed date, miles integer)
         department(*dept_id integer, dept_name text, head_id integer)
         employee(*emp_id integer, first_name text, last_name text, dept_id integer, salary integer, hired date)",
    )
    .key("flight.from_airport", "airport.code")
    .key("flight.to_airport", "airport.code")
    .key("department.head_id", "employee.emp_id")
    .key("employee.dept_id", "department.dept_id")
    .holds("airport.city", &["Porto", "Bergen"])
    .holds("department.dept_name", &["Legal"]);
    check(
        &flights,
        &[
            (
                "Show the flights from Porto to Bergen",
                "SELECT f1.number FROM flight AS f1 WHERE EXISTS (SELECT 1 FROM airport AS a2 WHERE f1.from_airport = a2.code AND a2.city = 'Porto') AND EXISTS (SELECT 1 FROM airport AS a3 WHERE f1.to_airport = a3.code AND a3.city = 'Bergen')",
            ),
            (
                "How many flights arrive in Bergen?",
                "SELECT count(*) AS count FROM flight AS f1 WHERE EXISTS (SELECT 1 FROM airport AS a2 WHERE f1.to_airport = a2.code AND a2.city = 'Bergen')",
            ),
            (
                "How many flights serve Bergen?",
                "[its tables do not hang together in one plain way]",
            ),
            (
                "Who is the head of the Legal department?",
                "SELECT e2.first_name, e2.last_name FROM department AS d1 JOIN employee AS e2 ON d1.head_id = e2.emp_id WHERE d1.dept_name = 'Legal'",
            ),
            (
                "What is the average salary per department?",
                "SELECT d2.dept_name, avg(e1.salary) AS average_salary FROM employee AS e1 JOIN department AS d2 ON e1.dept_id = d2.dept_id GROUP BY d2.dept_name, d2.dept_id",
            ),
            (
                "Who was hired first?",
                "SELECT e1.first_name, e1.last_name FROM employee AS e1 WHERE e1.hired IS NOT NULL ORDER BY e1.hired LIMIT 1",
            ),
        ],
    );
}

/// Letters that stand for words, and days that are written as text.
#[test]
fn reads_codes_as_what_they_stand_for() {
    let clinic = Fixture::new(
        "patient(*id integer, forename text, surname text, sex text, smoker text, born date, status text)
         visit(*id integer, patient_id integer, doctor_id integer, seen_on date, fee numeric)
         doctor(*id integer, name text, specialty text)",
    )
    .key("visit.patient_id", "patient.id")
    .key("visit.doctor_id", "doctor.id")
    .typical("patient.sex", &["F", "M"])
    .typical("patient.smoker", &["N", "Y"])
    .typical("patient.status", &["A", "D"])
    .comment("patient.status", "A = admitted, D = discharged")
    .holds("doctor.specialty", &["Cardiology"]);
    check(
        &clinic,
        &[
            (
                "How many female patients are there?",
                "SELECT count(*) AS count FROM patient AS p1 WHERE p1.sex = 'F'",
            ),
            (
                "List the names of women who smoke",
                "SELECT p1.forename, p1.surname FROM patient AS p1 WHERE p1.sex = 'F' AND p1.smoker = 'Y'",
            ),
            (
                "How many non-smokers are admitted?",
                "SELECT count(*) AS count FROM patient AS p1 WHERE p1.smoker = 'N' AND p1.status = 'A'",
            ),
            (
                "What percentage of patients are female?",
                "SELECT 100.0 * count(*) FILTER (WHERE p1.sex = 'F') / nullif(count(*), 0) AS percentage FROM patient AS p1",
            ),
            (
                "What percentage of women among the patients are smokers?",
                "[a percentage that may be of two things]",
            ),
            (
                "Who is the oldest patient?",
                "SELECT p1.forename, p1.surname FROM patient AS p1 ORDER BY p1.born LIMIT 1",
            ),
            (
                "Which patients have more than 2 visits in 2023?",
                "SELECT p1.forename, p1.surname FROM patient AS p1 WHERE (SELECT count(*) FROM visit AS v2 WHERE v2.patient_id = p1.id AND v2.seen_on >= DATE '2023-01-01' AND v2.seen_on < DATE '2024-01-01') > 2",
            ),
            (
                "Which patients were seen only once?",
                "[a number of times of nothing that is known]",
            ),
            (
                "How many patients were born in the 1950s?",
                "SELECT count(*) AS count FROM patient AS p1 WHERE p1.born >= DATE '1950-01-01' AND p1.born < DATE '1960-01-01'",
            ),
        ],
    );
}

/// What is counted, ranked and narrowed is what the words say, or nothing.
#[test]
fn reads_what_was_done_and_by_whom() {
    let films = Fixture::new(
        "film(*id integer, title text, rental_rate numeric, release_year integer, length integer)
         rental(*id integer, film_id integer, customer_id integer, rented_on date, returned_on date)
         customer(*id integer, name text, city text, joined_on date)
         rating(*film_id integer, stars numeric, votes integer)
         region(*id integer, name text)
         town(*id integer, name text, region_id integer, country text, population integer)",
    )
    .key("rental.film_id", "film.id")
    .key("rental.customer_id", "customer.id")
    .key("rating.film_id", "film.id")
    .key("town.region_id", "region.id")
    .holds("film.title", &["Night Boat"])
    .holds("town.country", &["Peru"]);
    check(
        &films,
        &[
            (
                "What is the most rented film?",
                "SELECT f2.title FROM rental AS r1 JOIN film AS f2 ON r1.film_id = f2.id GROUP BY f2.title, f2.id ORDER BY count(*) DESC NULLS LAST LIMIT 1",
            ),
            (
                "Who rented Night Boat?",
                "SELECT c1.name FROM customer AS c1 WHERE EXISTS (SELECT 1 FROM rental AS r2 JOIN film AS f3 ON r2.film_id = f3.id WHERE r2.customer_id = c1.id AND f3.title = 'Night Boat')",
            ),
            (
                "Which films were never rented?",
                "SELECT f1.title FROM film AS f1 WHERE NOT (EXISTS (SELECT 1 FROM rental AS r2 WHERE r2.film_id = f1.id))",
            ),
            (
                "Which 3 films were rented the most in 2023?",
                "SELECT f2.title FROM rental AS r1 JOIN film AS f2 ON r1.film_id = f2.id WHERE r1.rented_on >= DATE '2023-01-01' AND r1.rented_on < DATE '2024-01-01' GROUP BY f2.title, f2.id ORDER BY count(*) DESC NULLS LAST LIMIT 3",
            ),
            (
                "How many rentals were not returned?",
                "SELECT count(*) AS count FROM rental AS r1 WHERE r1.returned_on IS NULL",
            ),
            (
                "rentals per film",
                "SELECT f2.title, count(*) AS count FROM rental AS r1 JOIN film AS f2 ON r1.film_id = f2.id GROUP BY f2.title, f2.id",
            ),
            (
                "top 3 films by number of votes",
                "SELECT f1.title FROM film AS f1 JOIN rating AS r2 ON r2.film_id = f1.id ORDER BY r2.votes DESC NULLS LAST LIMIT 3",
            ),
            (
                "Which films are longer than the average film?",
                "SELECT f1.title FROM film AS f1 WHERE f1.length > (SELECT avg(f2.length) FROM film AS f2)",
            ),
            (
                "Which films have more votes than the average?",
                "SELECT f1.title FROM film AS f1 JOIN rating AS r2 ON r2.film_id = f1.id WHERE r2.votes > (SELECT avg(r3.votes) FROM rating AS r3)",
            ),
            (
                "In which region is the largest town in Peru?",
                "SELECT r1.name FROM region AS r1 WHERE EXISTS (SELECT 1 FROM town AS t2 WHERE t2.region_id = r1.id AND t2.population = (SELECT max(t3.population) FROM town AS t3 WHERE t3.country = 'Peru') AND t2.country = 'Peru')",
            ),
            (
                "the longest film of each region",
                "[the first of each group]",
            ),
            (
                "What was the first rental?",
                "SELECT r1.id FROM rental AS r1 ORDER BY r1.rented_on LIMIT 1",
            ),
            (
                "Who was Night Boat?",
                "SELECT c1.name FROM customer AS c1 WHERE EXISTS (SELECT 1 FROM rental AS r2 JOIN film AS f3 ON r2.film_id = f3.id WHERE r2.customer_id = c1.id AND f3.title = 'Night Boat')",
            ),
            (
                "How many films called Night Boat are there?",
                "SELECT count(*) AS count FROM film AS f1 WHERE f1.title = 'Night Boat'",
            ),
        ],
    );
}

/// What looks like one thing and is another is refused.
#[test]
fn refuses_what_would_lose_a_word() {
    let map = Fixture::new(
        "country(*id integer, name text)
         state(*id integer, name text, country_id integer, area integer)
         city(*id integer, name text, state_id integer, population integer)
         building(*id integer, name text, city_id integer, height integer)
         store(*id integer, name text, city_id integer, is_open boolean, sales numeric)
         shopper(*id integer, name text, city_id integer, store_id integer)
         product(*id integer, name text, store_id integer, price numeric)",
    )
    .key("state.country_id", "country.id")
    .key("city.state_id", "state.id")
    .key("building.city_id", "city.id")
    .key("store.city_id", "city.id")
    .key("shopper.city_id", "city.id")
    .key("shopper.store_id", "store.id")
    .key("product.store_id", "store.id")
    .holds("country.name", &["Austria"])
    .holds("city.name", &["Graz"]);
    check(
        &map,
        &[
            (
                "How much is the price of each product?",
                "[how much of several things]",
            ),
            (
                "How much do the products cost?",
                "[how much of something that is no one amount]",
            ),
            (
                "List the sales of stores in descending order",
                "SELECT s1.sales FROM store AS s1 ORDER BY s1.sales DESC NULLS LAST",
            ),
            (
                "What are the sales of stores in Graz?",
                "SELECT sum(s1.sales) AS total_sales FROM store AS s1 JOIN city AS c2 ON s1.city_id = c2.id WHERE c2.name = 'Graz'",
            ),
            (
                "How many cities are in the largest state of Austria?",
                "[the largest of rows that another table narrows]",
            ),
            (
                "Which 3 cities have the tallest buildings?",
                "[a number of which nothing is said]",
            ),
            (
                "What percentage of stores are open in each city?",
                "[a percentage beside something else]",
            ),
            (
                "Which stores have more than 100 shoppers in Graz?",
                "[a condition that may be of two things]",
            ),
        ],
    );
}

/// Whatever is asked, it is read or refused.
#[test]
fn no_words_in_any_order_break_it() {
    const WORDS: &[&str] = &[
        "how",
        "many",
        "much",
        "which",
        "who",
        "where",
        "when",
        "what",
        "is",
        "are",
        "the",
        "a",
        "of",
        "in",
        "by",
        "per",
        "each",
        "most",
        "least",
        "first",
        "last",
        "top",
        "5",
        "2020",
        "1950s",
        "more",
        "than",
        "average",
        "not",
        "never",
        "no",
        "and",
        "or",
        "with",
        "without",
        "between",
        "only",
        "once",
        "times",
        "%",
        ",",
        ".",
        "?",
        "'lur'",
        "province",
        "provinces",
        "towns",
        "stream",
        "length",
        "population",
        "density",
        "lur",
        "brill",
        "largest",
        "longest",
        "from",
        "to",
        "percentage",
        "number",
        "total",
        "order",
        "alphabetical",
        "month",
        "oldest",
        "border",
        "un",
        "unlur",
        "one",
        "e-mail",
        "m",
        "people",
        "since",
        "q3",
        "ratio",
        "both",
        "than the average",
        "in reverse alphabetical order",
    ];
    let map = map();
    let mut state = 7_usize;
    for _ in 0..1_500 {
        let mut question = Vec::new();
        for _ in 0..(3 + state % 9) {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            question.push(WORDS[(state >> 33) % WORDS.len()]);
        }
        assert!(!map.sql(&question.join(" ")).is_empty());
    }
}
