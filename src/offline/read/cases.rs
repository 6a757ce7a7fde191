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
                "[more than?]",
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
