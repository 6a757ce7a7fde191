//! Sessions on the binary: follow-ups, interruption, death and return.

use serde_json::Value;

use crate::support::model_server::{ModelServer, Reply};
use crate::support::{
    ENDLESS, Running, SHOP, TestDatabase, gemini, pgagent, plan, server, stderr, stdout, verdict,
};

#[tokio::test]
async fn a_follow_up_in_chat_sees_the_turn_before() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    let mut chat = Running::start(&["chat"], &gemini(&db, &model));
    model.reply(plan("SELECT name FROM customer WHERE customer_id = 2"));
    model.reply(verdict("It is Björn."));
    chat.line("Who is customer two?");
    model.reply(plan(
        "SELECT sum(amount) FROM payment WHERE customer_id = 2",
    ));
    model.reply(verdict("99.99 in all."));
    chat.line("And what did they pay?");
    chat.line("sql");
    chat.line("help");
    let output = chat.finish();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for said in ["It is Björn.", "99.99 in all.", "sum(amount)"] {
        assert!(stdout(&output).contains(said), "{}", stdout(&output));
    }
    let second = &model.chat_requests()[2].user;
    for known in [
        "Who is customer two?",
        "SELECT name FROM customer WHERE customer_id = 2",
        "Björn",
    ] {
        assert!(second.contains(known), "{known}: {second}");
    }
    assert_eq!(model.violations(), Vec::<String>::new());
    db.drop().await;
}

#[tokio::test]
async fn ctrl_c_stops_the_query_on_the_server_too() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    model.reply(plan(ENDLESS));
    let ask = Running::start(&["ask", "Count"], &gemini(&db, &model));
    db.until_endless(1).await;
    ask.signal("INT");
    let output = ask.finish();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    db.until_endless(0).await;
    db.drop().await;
}

#[tokio::test]
async fn ctrl_c_while_the_model_thinks_ends_at_once() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    model.reply(Reply::Hang);
    let ask = Running::start(&["ask", "Count"], &gemini(&db, &model));
    while model.chat_requests().is_empty() {
        tokio::task::yield_now().await;
    }
    ask.signal("INT");
    let output = ask.finish();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    db.drop().await;
}

#[tokio::test]
async fn ctrl_c_in_chat_keeps_the_session() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    model.reply(plan("SELECT count(*) FROM customer"));
    model.reply(verdict("There are 3."));
    let mut chat = Running::start(&["chat"], &gemini(&db, &model));
    chat.line("How many customers?");
    model.reply(plan(ENDLESS));
    chat.line("And the grains of sand?");
    db.until_endless(1).await;
    chat.signal("INT");
    db.until_endless(0).await;
    model.reply(plan("SELECT count(*) FROM payment"));
    model.reply(verdict("3 payments."));
    chat.line("And payments?");
    let output = chat.finish();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("interrupted"),
        "{}",
        stderr(&output)
    );
    assert!(stdout(&output).contains("3 payments."));
    let last = &model.chat_requests()[3].user;
    assert!(last.contains("How many customers?"), "{last}");
    assert!(!last.contains("grains of sand"), "{last}");
    db.drop().await;
}

/// The session of a process that was killed in the middle of a question goes on without half a turn.
#[tokio::test]
async fn a_session_in_redis_outlives_kill_9() {
    let (Some(db), Some(redis)) = (
        TestDatabase::create(SHOP).await,
        server("PGAGENT_TEST_REDIS_URL"),
    ) else {
        return;
    };
    let model = ModelServer::start();
    let openai = format!("{}/v1", model.url());
    let of_openai = vec![
        ("DATABASE_URL", db.url.as_str()),
        ("OPENAI_API_KEY", "k"),
        ("OPENAI_BASE_URL", openai.as_str()),
        ("PGAGENT_MODEL", "gpt-4o"),
        ("PGAGENT_EMBEDDING_MODEL", "none"),
    ];
    for mut env in [gemini(&db, &model), of_openai] {
        env.push(("REDIS_URL", &redis));
        let session = format!("killed-{}-{}", std::process::id(), env[1].0);
        let before = model.chat_requests().len();
        model.reply(plan("SELECT name FROM customer WHERE customer_id = 1"));
        model.reply(verdict("It is Ada."));
        let mut chat = Running::start(&["chat", "--session", &session], &env);
        chat.line("Who is the first customer?");
        model.reply(plan(ENDLESS));
        chat.line("How many grains of sand?");
        db.until_endless(1).await;
        chat.signal("KILL");
        let killed = chat.finish();
        assert_eq!(killed.status.code(), None);
        assert!(
            stdout(&killed).contains("It is Ada."),
            "{} {}",
            stdout(&killed),
            stderr(&killed)
        );

        // The server does not notice at once that the client is gone.
        db.value("SELECT count(pg_terminate_backend(pid, 5000))::text FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pgagent'").await;

        model.reply(plan(
            "SELECT sum(amount) FROM payment WHERE customer_id = 1",
        ));
        model.reply(verdict("14.75."));
        let args = [
            "ask",
            "What did she pay?",
            "--session",
            &session,
            "--format",
            "json",
        ];
        let output = pgagent(&args, &env);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(answer["session_id"], session.as_str());
        let third = &model.chat_requests()[before + 3].user;
        assert!(third.contains("Who is the first customer?"), "{third}");
        assert!(!third.contains("grains of sand"), "{third}");
    }
    assert_eq!(model.violations(), Vec::<String>::new());
    db.drop().await;
}

#[tokio::test]
async fn a_redis_that_is_down_is_a_warning_unless_it_was_asked_for() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    let nowhere = "redis://:hunter2@127.0.0.1:1/";
    let mut env = gemini(&db, &model);
    let output = pgagent(&["--redis", nowhere, "ask", "How many?"], &env);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("hint:"), "{}", stderr(&output));
    assert_eq!(model.chat_requests().len(), 0);
    env.push(("REDIS_URL", nowhere));
    model.reply(plan("SELECT count(*) FROM customer"));
    model.reply(verdict("There are 3."));
    let warned = pgagent(&["ask", "How many?"], &env);
    assert_eq!(warned.status.code(), Some(0), "{}", stderr(&warned));
    assert!(stderr(&warned).contains("Redis"), "{}", stderr(&warned));
    for output in [output, warned] {
        assert!(!stderr(&output).contains("hunter2"));
    }
    db.drop().await;
}
