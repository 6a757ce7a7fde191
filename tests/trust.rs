//! Answers one can trust: budgets that stop cleanly, assumptions that are told, worse plans that are dropped,
//! and plans that mean no good.

use serde_json::{Value, json};

use crate::support::model_server::{ModelServer, Reply};
use crate::support::{
    Running, SHOP, TestDatabase, gemini, pgagent, plan, server, stderr, stdout, steps, verdict,
};

const COUNT: &str = "SELECT count(*) AS n FROM customer";
const ASK: [&str; 4] = ["ask", "How many customers?", "--format", "json"];

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn with<'a>(args: &[&'a str]) -> Vec<&'a str> {
    ASK.iter().chain(args).copied().collect()
}

#[tokio::test]
async fn a_budget_of_tokens_stops_with_what_there_is() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    let env = gemini(&db, &model);
    model.reply(plan(COUNT));
    model.reply(verdict("There are 3."));
    let whole = json_of(&stdout(&pgagent(&ASK, &env)));
    let planned = &whole["usage"]["stages"]["plan"];
    let tokens = ["input_tokens", "output_tokens"]
        .iter()
        .map(|key| planned[key].as_u64().unwrap())
        .sum::<u64>();

    // Not even the first call is made.
    let before = model.chat_requests().len();
    let output = pgagent(&with(&["--max-tokens", "50"]), &env);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("budget of 50 tokens"));
    assert!(stderr(&output).contains("--max-tokens"));
    assert_eq!(model.chat_requests().len(), before);

    // What was executed is answered, and nobody judges it.
    let bound = (tokens + 20).to_string();
    let mut bounded = env.clone();
    bounded.push(("PGAGENT_MAX_TOKENS", &bound));
    model.reply(plan(COUNT));
    let output = pgagent(&ASK, &bounded);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("not judged"),
        "{}",
        stderr(&output)
    );
    let answer = json_of(&stdout(&output));
    assert_eq!(answer["steps"][0]["rows"], json!([[3]]));
    assert_eq!(answer["critique"], Value::Null);
    assert_eq!(answer["usage"]["model_calls"], 1);

    // No second plan; what is good of the first is told.
    model.reply(steps(json!([
        {"id": "1", "type": "SQL", "tool_input": {"query": COUNT}},
        {"id": "2", "type": "SQL", "tool_input": {"query": "SELECT 1 / (amount - amount) FROM payment"}}
    ])));
    let output = pgagent(&ASK, &bounded);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("division by zero"));
    assert!(stderr(&output).contains("tokens does not suffice"));
    let answer = json_of(&stdout(&output));
    assert_eq!(answer["steps"][0]["rows"], json!([[3]]));

    bounded.push(("PGAGENT_MAX_TOKENS", "many"));
    let output = pgagent(&ASK, &bounded);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    db.drop().await;
}

/// A critic that does not come to an end costs the verdict, not the answer.
#[tokio::test]
async fn time_that_is_up_leaves_the_answer_unjudged() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    model.reply(plan(COUNT));
    model.reply(Reply::Hang);
    let output = pgagent(&with(&["--timeout", "3"]), &gemini(&db, &model));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("not judged: the time is up"),
        "{}",
        stderr(&output)
    );
    assert_eq!(json_of(&stdout(&output))["steps"][0]["rows"], json!([[3]]));
    db.drop().await;
}

#[tokio::test]
async fn money_is_counted_by_ones_own_prices_and_by_stage() {
    let (Some(db), Some(redis)) = (
        TestDatabase::create(SHOP).await,
        server("PGAGENT_TEST_REDIS_URL"),
    ) else {
        return;
    };
    let model = ModelServer::start();
    let mut env = gemini(&db, &model);
    env.retain(|(name, _)| *name != "PGAGENT_EMBEDDING_MODEL");
    env.push(("REDIS_URL", &redis));
    assert_eq!(pgagent(&["setup"], &env).status.code(), Some(0));
    assert_eq!(pgagent(&["index"], &env).status.code(), Some(0));
    let output = pgagent(&with(&["--max-usd", "0.1"]), &env);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("PGAGENT_PRICES"));

    env.push((
        "PGAGENT_PRICES",
        "gemini-3.8=1000/2000,gemini-embedding-001=0/0",
    ));
    let session = format!("money-{}", std::process::id());
    model.reply(plan(COUNT));
    model.reply(verdict("There are 3."));
    let args = with(&["--session", &session, "--max-usd", "1000"]);
    let output = pgagent(&args, &env);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let usage = &json_of(&stdout(&output))["usage"];
    let number = |pointer: &str| usage.pointer(pointer).unwrap().as_f64().unwrap();
    let cost = (number("/input_tokens") * 1000.0 + number("/output_tokens") * 2000.0) / 1e6;
    assert!(
        (number("/cost_usd") - cost).abs() < 1e-9 && cost > 0.0,
        "{usage}"
    );
    for (stage, calls) in [
        ("retrieve", 1.0),
        ("plan", 1.0),
        ("search", 0.0),
        ("critique", 1.0),
    ] {
        assert_eq!(number(&format!("/stages/{stage}/calls")), calls, "{usage}");
    }
    let sum = number("/stages/plan/input_tokens") + number("/stages/critique/input_tokens");
    assert_eq!(sum, number("/input_tokens"));

    // The session's total goes on in another process.
    let mut chat = Running::start(&["chat", "--session", &session], &env);
    chat.line("/cost");
    let told = stderr(&chat.finish());
    assert!(
        told.contains(&format!(
            "2 calls to gemini-3.8-flash, {} tokens in",
            number("/input_tokens")
        )),
        "{told}"
    );
    assert!(told.contains("  critique: 1 calls, "), "{told}");

    // A cent is less than the first prompt costs.
    let before = model.chat_requests().len();
    let output = pgagent(&with(&["--max-usd", "0.01"]), &env);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("budget of $0.01"));
    assert_eq!(model.chat_requests().len(), before);
    db.drop().await;
}

#[tokio::test]
async fn what_was_taken_for_granted_is_told() {
    let Some(db) = TestDatabase::create(
        "CREATE TABLE patient (patient_id int PRIMARY KEY, name text);
         CREATE TABLE variant (id int PRIMARY KEY, patient_id int NOT NULL, kind text);
         INSERT INTO patient SELECT i, 'p' || i FROM generate_series(1, 50) AS i;
         INSERT INTO variant SELECT i, i % 50 + 1, CASE WHEN i % 2 = 0 THEN 'GERMLINE' ELSE 'SOMATIC' END FROM generate_series(1, 100) AS i;",
    )
    .await
    else {
        return;
    };
    let model = ModelServer::start();
    let env = gemini(&db, &model);
    let assumed = [
        "Last month is October 2026.",
        "\"germline\" means 'GERMLINE' in variant.kind",
        "variant.patient_id refers to patient.patient_id, though no foreign key says so",
    ];
    let query = "SELECT count(DISTINCT p.name) AS n FROM variant v JOIN patient p ON p.patient_id = v.patient_id WHERE v.kind = 'GERMLINE'";
    for format in ["json", "markdown", "table"] {
        model.reply(Reply::Json(
            json!({"reasoning": "r", "clarification": null, "assumptions": [assumed[0], " ", 7],
            "steps": [{"id": "1", "type": "SQL", "tool_input": {"query": query}}]}),
        ));
        model.reply(verdict("There are 25."));
        let args = [
            "ask",
            "How many patients have germline variants?",
            "--format",
            format,
        ];
        let output = pgagent(&args, &env);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let said = stdout(&output);
        if format == "json" {
            let expected = json!([assumed[0], "7", assumed[1], assumed[2]]);
            assert_eq!(json_of(&said)["assumptions"], expected);
        } else {
            let list = format!(
                "There are 25.\n\nAssumed:\n- {}\n- 7\n- {}\n- {}\n\n",
                assumed[0], assumed[1], assumed[2]
            );
            assert!(said.starts_with(&list), "{said}");
        }
    }
    // Nothing is assumed where words are as they stand in the data and no join was guessed.
    model.reply(plan(
        "SELECT count(*) AS n FROM variant WHERE kind = 'GERMLINE'",
    ));
    model.reply(verdict("There are 50."));
    let args = ["ask", "How many GERMLINE variants?", "--format", "json"];
    let answer = json_of(&stdout(&pgagent(&args, &env)));
    assert_eq!(answer["assumptions"], json!([]));
    db.drop().await;
}

#[tokio::test]
async fn a_worse_plan_gives_way_to_the_better_one_before() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    let env = gemini(&db, &model);
    let doubt = |answer: &str, confidence: f64| {
        Reply::Json(
            json!({"answer": answer, "answers_question": false, "confidence": confidence,
            "reason": "not sure", "suggestion": null}),
        )
    };
    model.reply(plan(COUNT));
    model.reply(doubt("There are 3.", 0.4));
    model.reply(plan("SELECT count(*) AS n FROM payment WHERE amount > 50"));
    model.reply(doubt("There is 1.", 0.1));
    let answer = json_of(&stdout(&pgagent(&ASK, &env)));
    assert_eq!(answer["answer"], "There are 3.");
    assert_eq!(answer["steps"][0]["sql"], COUNT);
    assert_eq!(answer["critique"]["confidence"], 0.4);
    assert_eq!(answer["attempts"], 2);

    let sql =
        |id: &str, query: &str| json!({"id": id, "type": "SQL", "tool_input": {"query": query}});
    let divided = "SELECT 1 / (amount - amount) FROM payment";
    model.reply(steps(json!([sql("1", COUNT), sql("2", divided)])));
    model.reply(steps(json!([
        sql("1", "SELECT nam FROM customer"),
        sql("2", "SELECT x FROM payment")
    ])));
    model.reply(steps(json!([
        sql("1", "SELECT nam FROM customer"),
        sql("2", "SELECT y FROM payment")
    ])));
    let output = pgagent(&ASK, &env);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("division by zero"),
        "{}",
        stderr(&output)
    );
    let answer = json_of(&stdout(&output));
    assert_eq!(answer["steps"][0]["rows"], json!([[3]]), "{answer}");
    let third = &model.chat_requests().pop().unwrap().user;
    let (better, worse) = third.split_once("Another plan was worse").unwrap();
    assert!(
        better.contains("division by zero") && worse.contains("42703"),
        "{third}"
    );
    db.drop().await;
}

/// The same text on other values is another statement.
#[tokio::test]
async fn a_step_that_failed_on_other_values_is_run_again() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    let sql =
        |id: &str, query: &str| json!({"id": id, "type": "SQL", "tool_input": {"query": query}});
    let second = sql(
        "2",
        "SELECT name FROM customer WHERE customer_id = {{1.customer_id}}",
    );
    model.reply(steps(json!([
        sql("1", "SELECT customer_id FROM customer"),
        second
    ])));
    model.reply(steps(json!([
        sql("1", "SELECT customer_id FROM customer ORDER BY 1 LIMIT 1"),
        second
    ])));
    let output = pgagent(&with(&["--critic", "never"]), &gemini(&db, &model));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let answer = json_of(&stdout(&output));
    assert_eq!(answer["steps"][1]["rows"], json!([["Ada"]]));
    assert_eq!(answer["attempts"], 2);
    db.drop().await;
}

/// Whatever a model replies, it is told what is wrong with it, or it is read for what it is.
#[tokio::test]
async fn hostile_plans_are_fed_back() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let step = |id: usize| json!({"id": id.to_string(), "type": "SQL", "tool_input": {"query": "SELECT 1"}});
    let one = |query: &str| {
        json!({"steps": [{"id": "1", "type": "SQL", "tool_input": {"query": query}}]}).to_string()
    };
    let many: Vec<Value> = (0..5_000).map(step).collect();
    for (reply, says) in [
        (json!({"steps": many}).to_string(), "the plan has 5000 steps; at most 20 are run"),
        (one(&format!("SELECT '{}'", "x".repeat(1 << 20))), "bytes"),
        (one(&"(".repeat(90_000)), "refused"),
        (one("SELECT {{1.x}}"), "depends on itself"),
        (one("SELECT \0 1"), "NUL"),
        (one("SELECT 1e999999::float8"), "SQLSTATE"),
        (one("SELECT 99999999999999999999999::int"), "22003"),
        ("[".repeat(200_000), "not a JSON object"),
        (format!("{{\"steps\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000)), "not a JSON object"),
        ("{\"steps\": [{\"id\": 1e400}]}".to_owned(), "not a JSON object"),
        (json!({"steps": [{"id": -1e300, "type": "SQL", "tool_input": {"query": "SELECT 1"}}]}).to_string(), "the id"),
        // OpenAI's tool calls, LangChain's agents, an MCP request.
        (
            json!({"tool_calls": [{"id": "c", "type": "function", "function": {"name": "sql", "arguments": "{\"query\": \"SELECT 1\"}"}}]}).to_string(),
            "no steps, but tool_calls",
        ),
        (json!({"action": "sql_db_query", "action_input": "SELECT 1"}).to_string(), "no steps, but action"),
        (json!({"jsonrpc": "2.0", "method": "tools/call", "params": {}}).to_string(), "no steps, but jsonrpc"),
        ("Thought: I should count.\nAction: sql_db_query\nAction Input: SELECT 1".to_owned(), "not a JSON object"),
        ("SELECT count(*) FROM customer;".to_owned(), "not a JSON object"),
        (
            json!({"steps": [{"id": "1", "type": "SQL", "depends_on": [{}], "tool_input": {"query": "SELECT 1"}}]}).to_string(),
            "no id",
        ),
        (
            json!({"steps": [{"id": "1", "type": "VERIFY", "tool_input": {"checks": [{"step": "1", "check": "not_empty"}]}}]}).to_string(),
            "depends on itself",
        ),
    ] {
        let shown: String = reply.chars().take(80).collect();
        let model = ModelServer::start();
        model.reply(Reply::Text(reply));
        model.reply(plan(COUNT));
        let output = pgagent(&with(&["--critic", "never"]), &gemini(&db, &model));
        assert_eq!(output.status.code(), Some(0), "{shown}: {}", stderr(&output));
        let requests = model.chat_requests();
        let feedback = requests[1].user.split_once("<feedback>").unwrap().1;
        assert!(feedback.contains(says), "{shown}: {says}: {feedback}");
        // What is sent back is not as long as what came.
        assert!(requests[1].user.len() < 200_000, "{shown}");
    }
    db.drop().await;
}
