//! What can go wrong, on the binary: each a clear error with its hint and exit code.

use std::net::TcpListener;
use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::model_server::{Embeddings, ModelServer, Reply};
use crate::support::{
    ENDLESS, Running, SHOP, TestDatabase, gemini, pgagent, plan, stderr, stdout, steps, verdict,
};

/// The exit code, and that stderr says all of `says` and how to go on.
fn fails_with(output: &Output, code: i32, says: &[&str]) {
    let told = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert!(
        told.starts_with("error: ") || told.contains("\nerror: "),
        "{told}"
    );
    assert!(told.contains("hint: "), "{told}");
    for word in says {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert!(!told.contains("hunter2"), "{told}");
}

#[tokio::test]
async fn connections_that_cannot_be_made_are_told_apart() {
    let Some(db) = TestDatabase::create("").await else {
        return;
    };
    let (base, _) = db.url.rsplit_once('/').unwrap();
    for (url, says) in [
        (
            db.url_as("pgagent_test", "hunter2"),
            vec!["pgagent_test", "password"],
        ),
        (db.url_as("nobody_at_all", "hunter2"), vec!["nobody_at_all"]),
        (
            format!("{base}/no_such_database"),
            vec!["no_such_database", "psql -l"],
        ),
        (
            format!("{}?sslmode=require", db.url),
            vec!["TLS", "sslmode"],
        ),
        (
            "postgres://u:hunter2@no-such-host.invalid/x".to_owned(),
            vec!["no-such-host.invalid"],
        ),
        (
            "postgres://u:hunter2@127.0.0.1:1/x".to_owned(),
            vec!["127.0.0.1:1", "connection refused"],
        ),
    ] {
        for args in [
            &["sql", "SELECT 1"][..],
            &["setup"],
            &["index"],
            &["search", "x"],
        ] {
            let output = pgagent(args, &[("DATABASE_URL", &url)]);
            fails_with(&output, 1, &says);
        }
    }
    db.drop().await;
}

/// A server that takes connections and never speaks, as behind a wrong port or a dead load balancer.
#[test]
fn a_server_that_never_answers_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://u:hunter2@{}/x", silent.local_addr().unwrap());
    let output = pgagent(&["sql", "SELECT 1"], &[("DATABASE_URL", &url)]);
    fails_with(&output, 1, &["no answer within"]);
}

#[tokio::test]
async fn model_errors_are_told_apart() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    for (reply, calls, says) in [
        (Reply::status(400), 1, vec!["400"]),
        (Reply::status(401), 1, vec!["401", "key"]),
        (Reply::status(403), 1, vec!["403", "key"]),
        (Reply::status(404), 1, vec!["no such model", "--model"]),
        (Reply::Blocked, 1, vec!["blocked"]),
        (
            Reply::status(429).with_header("retry-after", "3600"),
            1,
            vec!["too many requests"],
        ),
        // What another try may mend is asked for again, with feedback.
        (Reply::Empty, 3, vec!["empty"]),
        (Reply::NotJson, 3, vec!["not what the provider documents"]),
        (
            Reply::Text("I would rather talk.".to_owned()),
            3,
            vec!["no plan"],
        ),
        (
            Reply::CutOff("{\"reasoning\": \"r".to_owned()),
            3,
            vec!["cut off"],
        ),
    ] {
        let model = ModelServer::start();
        for _ in 0..calls {
            model.reply(reply.clone());
        }
        let output = pgagent(&["ask", "How many?"], &gemini(&db, &model));
        fails_with(&output, 1, &says);
        assert_eq!(model.chat_requests().len(), calls, "{reply:?}");
    }
    db.drop().await;
}

#[tokio::test]
async fn passing_faults_of_a_provider_are_tried_again() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    for fault in [
        Reply::status(429).with_header("retry-after", "0"),
        Reply::status(500),
        Reply::status(503),
        Reply::Disconnect,
    ] {
        let model = ModelServer::start();
        model.reply(fault.clone());
        model.reply(plan("SELECT count(*) FROM customer"));
        model.reply(verdict("There are 3."));
        let output = pgagent(&["ask", "How many?"], &gemini(&db, &model));
        assert_eq!(
            output.status.code(),
            Some(0),
            "{fault:?}: {}",
            stderr(&output)
        );
        assert_eq!(model.chat_requests().len(), 3, "{fault:?}");
        // Told in words, and no colours where there is no terminal.
        assert!(
            stderr(&output).contains("trying again"),
            "{}",
            stderr(&output)
        );
        assert!(!stderr(&output).contains('\x1b'), "{}", stderr(&output));
    }
    db.drop().await;
}

#[tokio::test]
async fn an_endpoint_that_is_down_is_named() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let env = [
        ("DATABASE_URL", db.url.as_str()),
        ("GEMINI_API_KEY", "hunter2hunter2"),
        ("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1"),
    ];
    fails_with(
        &pgagent(&["ask", "How many?"], &env),
        1,
        &["cannot reach the provider"],
    );
    db.drop().await;
}

#[tokio::test]
async fn a_model_that_hangs_ends_with_the_timeout() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    model.reply(Reply::Hang);
    let output = pgagent(
        &["ask", "How many?", "--timeout", "1"],
        &gemini(&db, &model),
    );
    fails_with(&output, 1, &["no answer within 1 s", "--timeout"]);
    model.reply(plan(ENDLESS));
    let output = pgagent(
        &["ask", "How many?", "--timeout", "2"],
        &gemini(&db, &model),
    );
    fails_with(&output, 1, &["no answer within 2 s"]);
    db.until_endless(0).await;
    db.drop().await;
}

#[tokio::test]
async fn a_plan_that_cannot_be_carried_out_goes_back_with_its_fault() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let sql = |id: &str, on: &[&str]| json!({"id": id, "type": "SQL", "depends_on": on, "tool_input": {"query": "SELECT 1"}});
    for (faulty, says) in [
        (json!([sql("1", &["2"]), sql("2", &["1"])]), "in a circle"),
        (json!([sql("1", &["1"])]), "itself"),
        (json!([sql("1", &[]), sql("1", &[])]), "used by two steps"),
        (json!([sql("1", &["7"])]), "depends on 7"),
        (
            json!([{"id": "1", "type": "SQL", "tool_input": {"query": " "}}]),
            "empty",
        ),
        (
            json!([{"id": "1", "type": "DROP", "tool_input": {}}]),
            "DROP",
        ),
        (json!([]), "no steps"),
    ] {
        let model = ModelServer::start();
        model.reply(steps(faulty.clone()));
        model.reply(plan("SELECT count(*) FROM customer"));
        model.reply(verdict("There are 3."));
        let output = pgagent(&["ask", "How many?"], &gemini(&db, &model));
        assert_eq!(
            output.status.code(),
            Some(0),
            "{faulty}: {}",
            stderr(&output)
        );
        let feedback = &model.chat_requests()[1].user;
        assert!(feedback.contains(says), "{says}: {feedback}");
    }
    db.drop().await;
}

#[tokio::test]
async fn a_fallback_runs_when_its_step_fails() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    model.reply(steps(json!([{"id": "1", "type": "SQL",
        "tool_input": {"query": "SELECT 1 / (amount - amount) FROM payment"},
        "fallback": {"query": "SELECT count(*) AS n FROM payment"}}])));
    let args = ["ask", "How many?", "--critic", "never", "--format", "json"];
    let output = pgagent(&args, &gemini(&db, &model));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(answer["steps"][0]["rows"], json!([[3]]));
    assert_eq!(
        answer["steps"][0]["sql"],
        "SELECT count(*) AS n FROM payment"
    );
    db.drop().await;
}

#[tokio::test]
async fn a_rejection_leads_to_one_new_plan_and_strict_tells() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    let doubt = || {
        Reply::Json(json!({"answer": "There are 3.", "answers_question": false,
            "confidence": 0.2, "reason": "that counts customers", "suggestion": "count payments"}))
    };
    for _ in 0..2 {
        model.reply(plan("SELECT count(*) FROM customer"));
        model.reply(doubt());
    }
    let args = ["ask", "How many payments?", "--strict", "--format", "json"];
    let output = pgagent(&args, &gemini(&db, &model));
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("that counts customers"),
        "{}",
        stderr(&output)
    );
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(answer["attempts"], 2);
    assert_eq!(answer["critique"]["answers_question"], false);
    assert!(model.chat_requests()[2].user.contains("count payments"));

    model.reply(plan("SELECT count(*) FROM customer"));
    model.reply(verdict("There are 42."));
    let output = pgagent(&args, &gemini(&db, &model));
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert!(stderr(&output).contains("42"), "{}", stderr(&output));
    db.drop().await;
}

#[tokio::test]
async fn an_empty_schema_is_said() {
    let Some(db) = TestDatabase::create("").await else {
        return;
    };
    let model = ModelServer::start();
    let output = pgagent(&["ask", "How many?"], &gemini(&db, &model));
    fails_with(&output, 1, &["no table here"]);
    assert_eq!(model.chat_requests().len(), 0);
    db.drop().await;
}

#[tokio::test]
async fn a_role_without_rights_learns_what_it_lacks() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let role = format!("guest_{}", std::process::id());
    db.run(&format!("CREATE ROLE {role} LOGIN PASSWORD 'guest'"))
        .await;
    let url = db.url_as(&role, "guest");
    let model = ModelServer::start();
    let mut env = gemini(&db, &model);
    env[0].1 = &url;

    let setup = pgagent(&["setup"], &env);
    fails_with(
        &setup,
        1,
        &[
            "CREATE EXTENSION vector;",
            &format!(
                "GRANT CREATE ON DATABASE {} TO {role};",
                url.rsplit_once('/').unwrap().1
            ),
        ],
    );
    let output = pgagent(&["ask", "How many?"], &env);
    fails_with(&output, 1, &["SELECT"]);

    // With rights to read alone it answers; nothing needs to be set up.
    db.run(&format!(
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    ))
    .await;
    model.reply(plan("SELECT count(*) FROM customer"));
    model.reply(verdict("There are 3."));
    let output = pgagent(&["ask", "How many?"], &env);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    db.run(&format!(
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}; DROP ROLE {role}"
    ))
    .await;
    db.drop().await;
}

#[tokio::test]
async fn a_failed_index_keeps_the_old_one_and_a_new_column_is_found() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    let env = [
        ("DATABASE_URL", db.url.as_str()),
        ("GEMINI_API_KEY", "k"),
        ("GOOGLE_GEMINI_BASE_URL", model.url()),
    ];
    assert_eq!(pgagent(&["setup"], &env).status.code(), Some(0));
    assert_eq!(pgagent(&["index"], &env).status.code(), Some(0));
    let index = "SELECT string_agg(id::text || content_hash::text || updated_at::text, ',' ORDER BY id) FROM pgagent.long_term_memory";
    let before = db.value(index).await;

    db.run("ALTER TABLE customer ADD COLUMN shoe_size int; COMMENT ON COLUMN customer.shoe_size IS 'Paris points'").await;
    model.embeddings(Embeddings::Fail(400));
    fails_with(&pgagent(&["index"], &env), 1, &["400"]);
    assert_eq!(db.value(index).await, before);

    // Dying in the middle changes nothing either.
    model.embeddings(Embeddings::Hang);
    let asked = model.embedding_requests().len();
    let indexing = Running::start(&["index"], &env);
    while model.embedding_requests().len() == asked {
        tokio::task::yield_now().await;
    }
    indexing.signal("KILL");
    indexing.finish();
    assert_eq!(db.value(index).await, before);

    model.embeddings(Embeddings::default());
    let output = pgagent(&["index"], &env);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let found = pgagent(&["search", "shoe size", "--format", "json"], &env);
    let found: Value = serde_json::from_str(&stdout(&found)).unwrap();
    assert_eq!(found["tables"][0]["name"], "customer");
    assert!(
        found["context"].as_str().unwrap().contains("shoe_size"),
        "{found}"
    );

    // Two at once: both end well, and the index is whole.
    db.run("ALTER TABLE payment ADD COLUMN note text").await;
    let both = [
        Running::start(&["index"], &env),
        Running::start(&["index"], &env),
    ];
    let [one, other] = both.map(Running::finish);
    for (indexing, beside) in [(&one, &other), (&other, &one)] {
        if indexing.status.code() != Some(0) {
            fails_with(indexing, 1, &["another `pgagent index`"]);
            assert_eq!(beside.status.code(), Some(0), "{}", stderr(beside));
        }
    }
    let twins = "SELECT count(*)::text FROM (SELECT 1 FROM pgagent.long_term_memory GROUP BY kind, name HAVING count(*) > 1) AS t";
    assert_eq!(db.value(twins).await.as_deref(), Some("0"));
    db.drop().await;
}

#[tokio::test]
async fn embeddings_that_do_not_fit_are_said_and_search_goes_on() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    let env = [
        ("DATABASE_URL", db.url.as_str()),
        ("GEMINI_API_KEY", "k"),
        ("GOOGLE_GEMINI_BASE_URL", model.url()),
    ];
    assert_eq!(pgagent(&["setup"], &env).status.code(), Some(0));
    model.embeddings(Embeddings::Deterministic {
        dimensions: Some(1_536),
    });
    fails_with(&pgagent(&["index"], &env), 1, &["1536", "768"]);

    model.embeddings(Embeddings::default());
    assert_eq!(pgagent(&["index"], &env).status.code(), Some(0));
    // The endpoint is gone: trigrams and text still find the table.
    model.embeddings(Embeddings::Fail(400));
    let output = pgagent(&["search", "payments", "--format", "json"], &env);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("note: "), "{}", stderr(&output));
    let found: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(found["tables"][0]["name"], "payment", "{found}");
    // An index made with another model is not compared with this one's vectors.
    model.embeddings(Embeddings::default());
    let mut other = env.to_vec();
    other.push(("PGAGENT_EMBEDDING_MODEL", "gemini-embedding-2"));
    let output = pgagent(&["search", "payments", "--format", "json"], &other);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("gemini-embedding-001"),
        "{}",
        stderr(&output)
    );
    db.drop().await;
}

/// Sequential steps never overlap, parallel ones do.
#[tokio::test]
async fn the_pattern_decides_what_runs_at_the_same_time() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    let clock = "SELECT min(extract(epoch FROM clock_timestamp())) AS a, max(extract(epoch FROM clock_timestamp())) AS b FROM generate_series(1, 50000)";
    let two = |sql: &str| {
        steps(
            json!([{"id": "1", "type": "SQL", "tool_input": {"query": sql}},
                     {"id": "2", "type": "SQL", "tool_input": {"query": sql}}]),
        )
    };
    model.reply(two(clock));
    let args = ["ask", "When?", "--critic", "never", "--format", "json"];
    let output = pgagent(&args, &gemini(&db, &model));
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let time =
        |step: usize, column: usize| answer["steps"][step]["rows"][0][column].as_f64().unwrap();
    assert!(
        time(0, 1) < time(1, 0) || time(1, 1) < time(0, 0),
        "{answer}"
    );

    model.reply(two(ENDLESS));
    let asking = Running::start(
        &["ask", "How many?", "--pattern", "parallel"],
        &gemini(&db, &model),
    );
    db.until_endless(2).await;
    asking.signal("INT");
    assert_eq!(asking.finish().status.code(), Some(130));
    db.until_endless(0).await;
    db.drop().await;
}

/// A backend that is terminated under a query, as on a restart or a failover: the query runs again.
#[tokio::test]
async fn a_connection_that_breaks_is_made_anew() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    model.reply(plan(ENDLESS));
    model.reply(plan("SELECT count(*) FROM customer"));
    model.reply(verdict("There are 3."));
    let asking = Running::start(
        &["ask", "How many?", "--timeout", "20"],
        &gemini(&db, &model),
    );
    for _ in 0..2 {
        db.until_endless(1).await;
        db.value("SELECT count(pg_terminate_backend(pid, 5000))::text FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pgagent'").await;
    }
    db.until_endless(1).await;
    asking.signal("INT");
    let output = asking.finish();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    db.drop().await;
}

#[tokio::test]
async fn names_and_values_of_any_script_come_through() {
    let Some(db) = TestDatabase::create(
        "CREATE SCHEMA \"Größe\"; CREATE TABLE \"Größe\".\"Order Items\" (\"Ünï códe\" text, \"select\" int); \
         INSERT INTO \"Größe\".\"Order Items\" VALUES ('東京 \u{1f418}', 1), (E'tab\\tquote\"', 2)",
    )
    .await
    else {
        return;
    };
    let model = ModelServer::start();
    model.reply(plan(
        "SELECT \"Ünï códe\", \"select\" FROM \"Größe\".\"Order Items\" ORDER BY \"select\"",
    ));
    model.reply(verdict("Two."));
    let output = pgagent(
        &["ask", "Was gibt es?", "--format", "json"],
        &gemini(&db, &model),
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(
        answer["steps"][0]["rows"],
        json!([["東京 \u{1f418}", 1], ["tab\tquote\"", 2]])
    );
    assert!(
        model.chat_requests()[0]
            .prompt
            .contains("\"Größe\".\"Order Items\"")
    );
    db.drop().await;
}

#[tokio::test]
async fn rows_stop_at_the_cap_and_a_closed_pipe_is_no_error() {
    let Some(db) = TestDatabase::create("").await else {
        return;
    };
    let env = [("DATABASE_URL", db.url.as_str())];
    let million = "SELECT i, repeat('x', 100) AS x FROM generate_series(1, 1000000) AS i LIMIT ALL";
    let output = pgagent(
        &["sql", million, "--max-rows", "5", "--format", "csv"],
        &env,
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output).lines().count(), 6);
    assert!(stderr(&output).contains("5"), "{}", stderr(&output));

    let piped = std::process::Command::new("bash")
        .args([
            "-c",
            "set -o pipefail; \"$0\" sql \"$1\" --max-rows 100000 --format csv | head -n 1",
        ])
        .args([env!("CARGO_BIN_EXE_pgagent"), million])
        .envs(env)
        .output()
        .unwrap();
    assert_eq!(stdout(&piped), "i,x\r\n");
    assert_eq!(piped.status.code(), Some(0), "{}", stderr(&piped));
    db.drop().await;
}

#[tokio::test]
async fn a_search_step_has_sources_and_is_off_unless_configured() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    let mut env = gemini(&db, &model);
    let search = || {
        steps(json!([{"id": "1", "type": "SEARCH", "tool_input": {"query": "rate of the euro"}}]))
    };
    model.reply(search());
    let args = [
        "ask",
        "Rate?",
        "--critic",
        "never",
        "--retries",
        "0",
        "--format",
        "json",
    ];
    let output = pgagent(&args, &env);
    fails_with(&output, 1, &["SEARCH"]);
    assert!(!model.chat_requests()[0].prompt.contains("SEARCH"));

    env.push(("PGAGENT_WEB_SEARCH", "1"));
    model.reply(search());
    model.reply(Reply::Grounded {
        text: "1.08 dollars".to_owned(),
        sources: vec![("https://example.org/euro".to_owned(), "Euro".to_owned())],
    });
    let output = pgagent(&args, &env);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("https://example.org/euro"),
        "{}",
        stdout(&output)
    );
    assert_eq!(model.violations(), Vec::<String>::new());
    db.drop().await;
}

#[tokio::test]
async fn every_provider_answers() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    for env in [
        [
            ("PGAGENT_MODEL", "claude-sonnet-4-5"),
            ("ANTHROPIC_API_KEY", "k"),
            ("ANTHROPIC_BASE_URL", model.url()),
        ],
        [
            ("PGAGENT_MODEL", "llama3.2"),
            ("OLLAMA_HOST", model.url()),
            ("PGAGENT_EMBEDDING_MODEL", "none"),
        ],
    ] {
        let mut env = env.to_vec();
        env.push(("DATABASE_URL", db.url.as_str()));
        model.reply(plan("SELECT count(*) AS n FROM customer").after(Duration::from_millis(1)));
        model.reply(verdict("There are 3."));
        let output = pgagent(&["ask", "How many?", "--format", "json"], &env);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(answer["steps"][0]["rows"], json!([[3]]));
        assert_eq!(answer["answer"], "There are 3.");
        assert!(
            answer["usage"]["input_tokens"].as_u64().unwrap() > 0,
            "{answer}"
        );
    }
    assert_eq!(model.violations(), Vec::<String>::new());
    db.drop().await;
}

#[tokio::test]
async fn the_doctor_names_a_mend_for_all_that_lacks() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let states = |env: &[(&str, &str)]| {
        let output = pgagent(&["doctor", "--format", "json"], env);
        let checks: Vec<Value> = serde_json::from_str(&stdout(&output)).unwrap();
        for check in &checks {
            let is_well = check["state"] == "ok";
            assert_eq!(check["mend"].is_null(), is_well, "{check}");
        }
        let states = checks.iter().map(|check| {
            let text = |key: &str| check[key].as_str().unwrap().to_owned();
            format!("{} {}", text("name"), text("state"))
        });
        (output.status.code(), states.collect::<Vec<_>>())
    };
    let model = ModelServer::start();
    model.reply(Reply::Text("ready".to_owned()));
    let env = gemini(&db, &model);
    assert_eq!(pgagent(&["setup"], &env).status.code(), Some(0));
    assert_eq!(pgagent(&["index"], &env).status.code(), Some(0));
    let (code, healthy) = states(&env);
    assert_eq!(code, Some(0));
    let expected = [
        "database ok",
        "role warning",
        "setup ok",
        "index ok",
        "model ok",
        "embeddings ok",
        "sessions ok",
        "cache ok",
    ];
    assert_eq!(healthy, expected);
    db.run("CREATE TABLE later (id int)").await;
    assert_eq!(states(&[("DATABASE_URL", &db.url)]).1[3], "index warning");

    let nowhere = [
        ("DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/x"),
        ("REDIS_URL", "redis://:hunter2@127.0.0.1:1/"),
    ];
    let (code, states) = states(&nowhere);
    assert_eq!(code, Some(1));
    let expected = [
        "database failed",
        "model warning",
        "embeddings ok",
        "sessions failed",
        "cache ok",
    ];
    assert_eq!(states, expected);
    db.drop().await;
}

/// Someone on the server cancels the query: the planner is told, and may ask for less.
#[tokio::test]
async fn a_query_that_an_administrator_cancels_goes_back_to_the_planner() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    model.reply(plan(ENDLESS));
    model.reply(plan("SELECT count(*) AS n FROM customer"));
    model.reply(verdict("There are 3."));
    let asking = Running::start(&["ask", "How many?"], &gemini(&db, &model));
    db.until_endless(1).await;
    db.value("SELECT count(pg_cancel_backend(pid))::text FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pgagent'").await;
    let output = asking.finish();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("There are 3."));
    let told = &model.chat_requests()[1].user;
    assert!(
        told.contains("57014") && told.contains("canceling statement"),
        "{told}"
    );
    db.drop().await;
}

#[tokio::test]
async fn a_server_without_a_free_connection_says_so() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let role = format!("crowded_{}", std::process::id());
    db.run(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'crowded' CONNECTION LIMIT 0; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    ))
    .await;
    let url = db.url_as(&role, "crowded");
    let model = ModelServer::start();
    let mut env = gemini(&db, &model);
    env[0].1 = &url;
    for args in [&["ask", "How many?"][..], &["sql", "SELECT 1"]] {
        let output = pgagent(args, &env);
        fails_with(
            &output,
            1,
            &["53300", "too many connections", "try again later"],
        );
    }
    assert_eq!(model.chat_requests().len(), 0);
    db.run(&format!(
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}; DROP ROLE {role}"
    ))
    .await;
    db.drop().await;
}
