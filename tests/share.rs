//! What leaves the house: no value of the data reaches a model that may see none, on any way.

use serde_json::{Value, json};

use crate::support::model_server::{ModelServer, Reply};
use crate::support::{TestDatabase, gemini, pgagent, plan, server, stderr, stdout, steps, verdict};

/// Every value is one that stands nowhere else, so that it is found wherever it slips through.
const VALUES: &str = "
CREATE TYPE mood AS ENUM ('moodglad', 'moodgloomy');
CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL, city text, mood mood, facts jsonb, born date, code text, email text);
CREATE TABLE visit (id int PRIMARY KEY, person_id int NOT NULL REFERENCES person, cost numeric(12,2));
CREATE VIEW resident AS SELECT id, name FROM person WHERE city = 'Zanzibarra';
INSERT INTO person VALUES
    (880001, 'Quillfeather', 'ZANZIBARRA', 'moodglad', '{\"jsonkey\": \"jsonvalue\"}', '1871-02-03', 'codeword-one', 'Quill@Mail.Example'),
    (880002, 'Brambleworth', 'Timbuktoo', 'moodgloomy', '{\"jsonkey\": 770077}', '1872-03-04', 'codeword-two', 'bram@mail.example');
INSERT INTO visit VALUES (880101, 880001, 918273.45), (880102, 880001, 827364.55), (880103, 880002, 736455.66);
COMMENT ON TABLE person IS 'Who comes';
ANALYZE;";

/// What of [`VALUES`] is data.
const SECRETS: [&str; 20] = [
    "mail.example",
    "moodglad",
    "moodgloomy",
    "Zanzibarra",
    "Timbuktoo",
    "Quillfeather",
    "Brambleworth",
    "jsonkey",
    "jsonvalue",
    "770077",
    "1871",
    "1872",
    "codeword",
    "88000",
    "88010",
    "918273",
    "827364",
    "736455",
    // Sums of them, and a number of rows that the statistics tell.
    "1745638",
    "(about",
];

fn told(model: &ModelServer) -> Vec<String> {
    let requests = model.requests();
    let bodies = requests.iter();
    bodies.map(|r| format!("{} {}", r.query, r.body)).collect()
}

fn nothing_slips_through(model: &ModelServer, secrets: &[&str]) {
    for body in told(model) {
        for secret in secrets {
            let found = body.to_lowercase().find(&secret.to_lowercase());
            let around = |at: usize| body.chars().skip(at.saturating_sub(200)).take(400);
            assert!(
                found.is_none(),
                "{secret}: … {}",
                around(found.unwrap_or(0)).collect::<String>()
            );
        }
    }
}

fn answered(args: &[&str], env: &[(&str, &str)]) -> Value {
    let output = pgagent(args, env);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

fn sql(id: &str, query: &str) -> Value {
    json!({"id": id, "type": "SQL", "tool_input": {"query": query}})
}

/// What a prompt says after a plan that failed, and the plan that it gets.
const MENDED: &str = "The last plan did not work";
const MENDS: &str = "SELECT name, cost FROM person JOIN visit ON person_id = person.id";

/// Plans that fail or give nothing in ways that quote what the rows hold.
fn ways_to_slip() -> Vec<Value> {
    let people = sql("1", "SELECT * FROM person");
    vec![
        // The server quotes the row's value.
        json!([sql("1", "SELECT name::int FROM person")]),
        json!([sql("1", "SELECT to_date(name, 'YYYY') FROM person")]),
        json!([
            people,
            sql("2", "SELECT id FROM visit WHERE person_id = {{1.name}}")
        ]),
        json!([
            sql("1", "SELECT min(name) AS name FROM person"),
            sql(
                "2",
                "SELECT id FROM visit WHERE person_id = {{1.name}}::int"
            )
        ]),
        // VERIFY and ANALYZE do.
        json!([people, sql("3", "SELECT person_id FROM visit"), {"id": "2", "type": "VERIFY", "tool_input":
            {"checks": [{"step": "3", "check": "unique", "column": "person_id"}]}}]),
        json!([people, {"id": "2", "type": "ANALYZE", "depends_on": ["1"], "tool_input":
            {"operation": "sql", "query": "SELECT CAST(name AS INTEGER) FROM step_1"}}]),
        // Names of columns are values.
        json!([sql("1", "SELECT name, city, born FROM person"),
            {"id": "2", "type": "ANALYZE", "depends_on": ["1"], "tool_input":
                {"operation": "pivot", "group_by": ["name", "city"], "target_column": "born", "aggregation": "count"}},
            {"id": "3", "type": "ANALYZE", "depends_on": ["2"], "tool_input":
                {"operation": "sum", "target_column": "nowhere"}}]),
        // And a finding tells them.
        json!([sql("1", "SELECT id, born::text AS born, NULL::int AS nothing FROM person"),
            {"id": "2", "type": "ANALYZE", "depends_on": ["1"], "tool_input":
                {"operation": "pivot", "group_by": ["id", "born"], "target_column": "nothing", "aggregation": "max"}}]),
        // The data contradicts the filter, and what it holds would mend it.
        json!([sql(
            "1",
            "SELECT name FROM person WHERE code = 'codeword-tw'"
        )]),
        json!([sql(
            "1",
            "SELECT name FROM person WHERE born > '1990-01-01'"
        )]),
        // The join repeats rows.
        json!([sql(
            "1",
            "SELECT p.city, sum(p.id) AS total FROM person p JOIN visit v ON v.person_id = p.id GROUP BY 1"
        )]),
    ]
}

#[tokio::test]
async fn no_value_reaches_a_model_that_may_see_none() {
    let (Some(db), Some(redis)) = (
        TestDatabase::create(VALUES).await,
        server("PGAGENT_TEST_REDIS_URL"),
    ) else {
        return;
    };
    let model = ModelServer::start();
    let mut env = gemini(&db, &model);
    env.retain(|(name, _)| *name != "PGAGENT_EMBEDDING_MODEL");
    env.extend([("PGAGENT_SHARE", "none"), ("REDIS_URL", &redis)]);
    assert_eq!(pgagent(&["setup"], &env).status.code(), Some(0));
    assert_eq!(pgagent(&["index"], &env).status.code(), Some(0));
    let known = [
        "examples",
        "add",
        "Who lives in the capital?",
        "SELECT name FROM person WHERE city = 'ZANZIBARRA' AND id > 880000",
    ];
    assert_eq!(pgagent(&known, &env).status.code(), Some(0));
    assert!(!model.embedding_requests().is_empty());

    let session = format!("share-{}", std::process::id());
    let ask = |question| {
        [
            "ask",
            question,
            "--session",
            &session,
            "--format",
            "json",
            "--retries",
            "1",
        ]
        .map(str::to_owned)
    };
    model.when(MENDED, plan(MENDS));
    for faulty in ways_to_slip() {
        model.reply(steps(faulty));
        let args = ask("Who lives in the town, and for how much?");
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = pgagent(&args, &env);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    // One call a plan, none for a critic, and all but the empty results were mended.
    assert_eq!(model.chat_requests().len(), 2 * ways_to_slip().len() - 2);
    // What a model wrote itself, it may be told again.
    let secrets: Vec<&str> = SECRETS.into_iter().filter(|s| *s != "codeword").collect();
    nothing_slips_through(&model, &secrets);
    for body in told(&model) {
        assert!(
            !body.contains("codeword-one") && !body.contains("codeword-two"),
            "{body}"
        );
    }
    assert!(told(&model).iter().any(|body| body.contains("Who comes")));

    // Values are filled in here: by number, by words that the index or else the column itself has, or the words
    // as they are; and the prose is a template's.
    model.reply(plan(
        "SELECT name FROM person WHERE city = {{value:1}} OR name = {{value:person.name:quillfeather}} \
         OR mood = {{value:person.mood:MoodGlad}} OR email = {{value:public.person.email:QUILL@mail.example}} \
         OR email LIKE '{{value:person.email:quill}}' OR code = {{value:person.code:nothing's like it}}",
    ));
    let asked = ["ask", "Who lives in zanzibara?", "--format", "json"];
    let answer = answered(&asked, &env);
    assert_eq!(
        answer["steps"][0]["sql"],
        "SELECT name FROM person WHERE city = 'ZANZIBARRA' OR name = 'Quillfeather' \
         OR mood = 'moodglad' OR email = 'Quill@Mail.Example' \
         OR email LIKE 'Quill@Mail.Example' OR code = 'nothing''s like it'"
    );
    let unknown =
        "no value of person.code was found for \"nothing's like it\"; it was compared as it is";
    let assumed = answer["assumptions"].as_array().unwrap();
    assert!(assumed.contains(&json!(unknown)), "{answer}");
    assert_eq!(answer["answer"], "The answer is Quillfeather.");
    let last = &model.chat_requests().pop().unwrap().user;
    assert!(
        last.contains("\"zanzibara\" may be a value of public.person.city: {{value:1}}"),
        "{last}"
    );

    // A session that was less private before tells its SQL without values.
    let mut open = env.clone();
    open.retain(|(name, _)| *name != "PGAGENT_SHARE");
    let mixed = format!("mixed-{}", std::process::id());
    let args = ["ask", "How much?", "--session", &mixed, "--format", "json"];
    model.reply(plan(
        "SELECT sum(cost) AS total FROM visit WHERE id <> 4711",
    ));
    model.reply(verdict("It is 2482093.66 in all."));
    answered(&args, &open);
    let before = told(&model).len();
    model.reply(plan("SELECT count(*) AS n FROM visit"));
    answered(&args, &env);
    let after = told(&model).split_off(before).concat();
    for secret in ["2482093", "4711"] {
        assert!(!after.contains(secret), "{secret}: {after}");
    }
    assert!(after.contains("WHERE id <> …"), "{after}");
    assert_eq!(model.violations(), Vec::<String>::new());
    db.drop().await;
}

#[tokio::test]
async fn a_model_that_sees_shapes_is_told_no_result() {
    let (Some(db), Some(redis)) = (
        TestDatabase::create(VALUES).await,
        server("PGAGENT_TEST_REDIS_URL"),
    ) else {
        return;
    };
    let model = ModelServer::start();
    let mut env = gemini(&db, &model);
    env.extend([("PGAGENT_SHARE", "shape"), ("REDIS_URL", &redis)]);
    let session = format!("shape-{}", std::process::id());
    let args = [
        "ask",
        "Who comes how often?",
        "--session",
        &session,
        "--format",
        "json",
        "--retries",
        "1",
    ];
    model.when(MENDED, plan(MENDS));
    model.when(
        "You judge whether",
        verdict("This is not written by the critic: 4712."),
    );
    for faulty in ways_to_slip() {
        model.reply(steps(faulty));
        let answer = answered(&args, &env);
        let prose = answer["answer"].as_str().unwrap();
        assert!(!prose.contains("4712"), "{answer}");
    }
    // Typical values stand in the schema; what results hold beyond them does not.
    let secrets = [
        "88000", "88010", "918273", "827364", "736455", "1745638", "1871-02", "1872-03",
    ];
    nothing_slips_through(&model, &secrets);
    let requests = model.chat_requests();
    let critics: Vec<&String> = requests
        .iter()
        .filter(|r| r.system.contains("The rows are not shown"))
        .map(|r| &r.user)
        .collect();
    assert!(
        critics
            .iter()
            .any(|user| user.contains("3 rows; columns: name text, cost numeric")),
        "{critics:?}"
    );
    assert!(!critics.iter().any(|user| user.contains("Quillfeather")));
    db.drop().await;
}

/// A schema that is searched in the index is told without values, too, and an index that cannot be is not used.
#[tokio::test]
async fn a_large_schema_is_told_without_values() {
    let tables: Vec<String> = (0..120)
        .map(|i| format!("CREATE TABLE filler_{i} (id int PRIMARY KEY);"))
        .collect();
    let Some(db) = TestDatabase::create(&(tables.concat() + VALUES)).await else {
        return;
    };
    let model = ModelServer::start();
    let env = gemini(&db, &model);
    assert_eq!(pgagent(&["setup"], &env).status.code(), Some(0));
    assert_eq!(pgagent(&["index"], &env).status.code(), Some(0));
    let args = [
        "--share",
        "none",
        "ask",
        "Which person lives in zanzibara?",
        "--format",
        "json",
    ];
    let query = plan("SELECT count(*) AS n FROM person WHERE city = {{value:1}}");
    model.reply(query.clone());
    let answer = answered(&args, &env);
    assert_eq!(answer["steps"][0]["rows"], json!([[1]]));
    db.run("UPDATE pgagent.long_term_memory SET bare = NULL")
        .await;
    model.reply(query.clone());
    let output = pgagent(&args, &env);
    assert!(
        stderr(&output).contains("`pgagent index` renews it"),
        "{}",
        stderr(&output)
    );
    nothing_slips_through(&model, &SECRETS);
    // With more shared, the same schema shows what it holds.
    model.reply(query);
    model.reply(verdict("One."));
    pgagent(&args[2..], &env);
    assert!(told(&model).concat().contains("moodglad"));
    db.drop().await;
}

#[test]
fn what_is_shared_is_not_guessed() {
    let output = pgagent(&["search", "x"], &[("PGAGENT_SHARE", "nothing")]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("rows, shape or none"));
}

#[tokio::test]
async fn the_model_that_searches_the_web_is_told_only_the_query() {
    let Some(db) = TestDatabase::create(VALUES).await else {
        return;
    };
    let model = ModelServer::start();
    let mut env = gemini(&db, &model);
    env.extend([("PGAGENT_WEB_SEARCH", "model"), ("PGAGENT_SHARE", "none")]);
    let events = tempfile::NamedTempFile::new().unwrap();
    let events = events.path().to_str().unwrap();
    model.reply(steps(json!([
        sql("1", "SELECT name FROM person"),
        {"id": "2", "type": "SEARCH", "depends_on": ["1"], "tool_input": {"query": "who is {{1.name}}"}}
    ])));
    model.reply(Reply::Grounded {
        text: "Nobody knows.".to_owned(),
        sources: vec![("https://example.org".to_owned(), "Who".to_owned())],
    });
    let args = [
        "ask",
        "Who?",
        "--format",
        "json",
        "--events",
        events,
        "--prompts",
    ];
    answered(&args, &env);
    nothing_slips_through(&model, &SECRETS);
    // All that was sent is in the events.
    let log = std::fs::read_to_string(events).unwrap();
    for request in model.chat_requests() {
        let user = serde_json::to_string(&request.user).unwrap();
        assert!(log.contains(user.trim_matches('"')), "{user}: {log}");
    }
    db.drop().await;
}
