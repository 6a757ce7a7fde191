//! The whole path of a question: a real Postgres, and a model server that checks every request.

use serde_json::{Value, json};

use crate::support::model_server::{ModelServer, Reply};
use crate::support::{SHOP, TestDatabase, gemini, pgagent, plan, stderr, stdout, verdict};

const TOTALS: &str = "SELECT c.name, sum(p.amount) AS total FROM customer c JOIN payment p USING (customer_id) GROUP BY c.name ORDER BY total DESC";

#[tokio::test]
async fn sets_up_indexes_and_answers() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let server = ModelServer::start();
    let openai = format!("{}/v1", server.url());
    let gemini = vec![
        ("DATABASE_URL", db.url.as_str()),
        ("GEMINI_API_KEY", "secret-key"),
        ("GOOGLE_GEMINI_BASE_URL", server.url()),
    ];
    let setup = pgagent(&["setup"], &gemini);
    assert_eq!(setup.status.code(), Some(0), "{}", stderr(&setup));
    let again = pgagent(&["setup"], &gemini);
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));

    let mut settings = vec![gemini.clone()];
    settings.push(vec![
        ("DATABASE_URL", db.url.as_str()),
        ("OPENAI_API_KEY", "secret-key"),
        ("OPENAI_BASE_URL", openai.as_str()),
        ("PGAGENT_MODEL", "gpt-4o"),
        ("PGAGENT_EMBEDDING_MODEL", "text-embedding-3-small"),
    ]);
    for env in &settings {
        server.reply(plan(TOTALS));
        server.reply(verdict("Björn paid the most, 99.99; Ada paid 14.75."));
        let output = pgagent(
            &["--index", "ask", "Who paid most?", "--format", "json"],
            env,
        );
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(
            answer["steps"][0]["rows"],
            json!([["Björn", 99.99], ["Ada", 14.75]]),
            "{answer}"
        );
        assert_eq!(
            answer["steps"][0]["columns"][1],
            json!({"name": "total", "type": "numeric"})
        );
        assert_eq!(answer["critique"]["unsourced_numbers"], json!([]));
        assert_eq!(answer["attempts"], 1);
        assert!(!stderr(&output).contains("secret-key"));
    }
    assert_eq!(server.violations(), Vec::<String>::new());
    // The second index run had another embedding model; a third has nothing to embed.
    let before = server.embedding_requests().len();
    let unchanged = pgagent(&["index"], &settings[1]);
    assert_eq!(unchanged.status.code(), Some(0), "{}", stderr(&unchanged));
    assert_eq!(server.embedding_requests().len(), before);

    let search = pgagent(
        &["search", "payments of customers", "--format", "json"],
        &settings[1],
    );
    let found: Value = serde_json::from_str(&stdout(&search)).unwrap();
    assert_eq!(found["tables"][0]["name"], "payment", "{found}");
    db.drop().await;
}

#[tokio::test]
async fn a_wrong_column_is_mended() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let server = ModelServer::start();
    let env = gemini(&db, &server);
    server.reply(plan("SELECT nam FROM customer"));
    server.reply(plan("SELECT name FROM customer ORDER BY 1"));
    server.reply(verdict("Ada, Björn and Chloé."));
    let output = pgagent(&["ask", "Who are the customers?", "--format", "json"], &env);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(answer["attempts"], 2);
    let second = &server.chat_requests()[1];
    for told in ["42703", "customer.name", "SELECT nam FROM customer"] {
        assert!(second.user.contains(told), "{told}: {}", second.user);
    }
    assert_eq!(server.violations(), Vec::<String>::new());
    db.drop().await;
}

#[tokio::test]
async fn later_steps_use_earlier_values() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let server = ModelServer::start();
    let env = gemini(&db, &server);
    server.reply(Reply::Json(json!({"steps": [
        {"id": 1, "type": "sql", "tool_input": {"query": "SELECT customer_id FROM payment WHERE amount > 5"}},
        {"id": 2, "type": "SQL", "tool_input": {"query": "SELECT name FROM customer WHERE customer_id IN ({{1.customer_id}}) ORDER BY 1"}},
        {"id": 3, "type": "ANALYZE", "depends_on": [2], "tool_input": {"operation": "count"}},
        {"id": 4, "type": "VERIFY", "tool_input": {"checks": [{"step": 3, "check": "expression", "expression": "count = 2"}]}}
    ]})));
    let args = [
        "ask",
        "Who paid over 5?",
        "--format",
        "json",
        "--critic",
        "never",
        "--pattern",
        "parallel",
    ];
    let output = pgagent(&args, &env);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(answer["steps"][1]["rows"], json!([["Ada"], ["Björn"]]));
    assert_eq!(answer["steps"][2]["rows"], json!([[2]]));
    assert_eq!(answer["steps"][3]["status"], "ok");
    assert_eq!(answer["usage"]["model_calls"], 1);
    db.drop().await;
}

#[tokio::test]
async fn what_writes_is_refused_and_what_cannot_be_answered_says_so() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let server = ModelServer::start();
    let env = gemini(&db, &server);
    for _ in 0..3 {
        server.reply(plan("DELETE FROM payment"));
    }
    let output = pgagent(&["ask", "Delete all payments"], &env);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    server.reply(Reply::Blocked);
    let output = pgagent(&["ask", "Who?"], &env);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("hint:"), "{}", stderr(&output));
    server.reply(Reply::Json(
        json!({"clarification": "Which year?", "steps": []}),
    ));
    let output = pgagent(&["ask", "How many?"], &env);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output).trim(), "Which year?");
    db.drop().await;
}

#[tokio::test]
async fn every_value_is_what_postgres_prints() {
    let Some(db) = TestDatabase::create("CREATE TYPE mood AS ENUM ('happy', 'sad')").await else {
        return;
    };
    let query = "SELECT 12345678901234567890.0123456789::numeric AS n, NULL::text AS nothing, '' AS empty, \
        interval '1 day 2 hours' AS i, '{1,2}'::int[] AS a, '10.0.0.1'::inet AS ip, 'sad'::mood AS mood, \
        true AS b, 1e20::float8 AS f, '\\x0a'::bytea AS y, ROW(1, 'a b') AS r, 'x'::char(3) AS c, '{\"k\": 1.0}'::jsonb AS j";
    let output = pgagent(
        &["sql", query, "--format", "json"],
        &[("DATABASE_URL", db.url.as_str())],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stdout(&output).contains(
            r#"[[12345678901234567890.0123456789,null,"","1 day 02:00:00","{1,2}","10.0.0.1","sad",true,1e+20,"\\x0a","(1,\"a b\")","x  ",{"k": 1.0}]]"#
        ),
        "{}",
        stdout(&output)
    );
    db.drop().await;
}

#[tokio::test]
async fn a_thousand_tables_take_ten_requests_and_unchanged_ones_none() {
    let tables: Vec<String> = (0..1_000)
        .map(|i| format!("CREATE TABLE t{i} (id int PRIMARY KEY, note_{i} text);"))
        .collect();
    let Some(db) = TestDatabase::create(&tables.concat()).await else {
        return;
    };
    let server = ModelServer::start();
    let env = [
        ("DATABASE_URL", db.url.as_str()),
        ("GEMINI_API_KEY", "k"),
        ("GOOGLE_GEMINI_BASE_URL", server.url()),
    ];
    assert_eq!(pgagent(&["setup"], &env).status.code(), Some(0));
    let requests_of_index = || {
        let before = server.embedding_requests().len();
        let indexed = pgagent(&["index"], &env);
        assert_eq!(indexed.status.code(), Some(0), "{}", stderr(&indexed));
        server.embedding_requests().len() - before
    };
    assert_eq!(requests_of_index(), 10);
    assert_eq!(requests_of_index(), 0);
    db.run("ALTER TABLE t7 ADD COLUMN later int").await;
    assert_eq!(requests_of_index(), 1);
    db.drop().await;
}
