//! The parts as a library: a Supervisor over a real Postgres, with a model and a database that are watched.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use pgagent::agent::Supervisor;
use pgagent::config::{AskConfig, CriticMode, Secret};
use pgagent::db::{Clock, ColumnInfo, Database, DbError, Limits, Param, Postgres, Table};
use pgagent::llm::{ChatModel, ChatReply, ChatRequest, ModelError};
use pgagent::schema::PgSchemaIndex;
use pgagent::session::{MemoryStore, SessionId};
use pgagent::sql::CheckedSelect;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::{SHOP, TestDatabase};

/// A model that is a function.
struct Scripted<F>(F);

#[async_trait]
impl<F: Fn(&ChatRequest) -> String + Send + Sync> ChatModel for Scripted<F> {
    fn name(&self) -> &str {
        "scripted"
    }

    async fn chat(&self, request: &ChatRequest) -> Result<ChatReply, ModelError> {
        Ok(ChatReply {
            text: (self.0)(request),
            ..ChatReply::default()
        })
    }
}

/// A database that keeps what runs on it.
struct Watched {
    database: Postgres,
    ran: Mutex<Vec<String>>,
}

#[async_trait]
impl Database for Watched {
    async fn clock(&self) -> Result<Clock, DbError> {
        self.database.clock().await
    }

    async fn prepare(&self, query: &CheckedSelect) -> Result<Vec<ColumnInfo>, DbError> {
        self.database.prepare(query).await
    }

    async fn query(
        &self,
        query: &CheckedSelect,
        columns: &[ColumnInfo],
        params: &[Param],
        limits: &Limits,
        cancel: &CancellationToken,
    ) -> Result<Table, DbError> {
        self.ran.lock().unwrap().push(query.text().to_owned());
        self.database
            .query(query, columns, params, limits, cancel)
            .await
    }

    fn max_connections(&self) -> usize {
        self.database.max_connections()
    }
}

fn supervised(
    db: &TestDatabase,
    model: impl Fn(&ChatRequest) -> String + Send + Sync + 'static,
) -> (Supervisor, Arc<Watched>) {
    let database = Postgres::new(&Secret::new(&db.url), 5).unwrap();
    let pool = database.pool().clone();
    let watched = Arc::new(Watched {
        database,
        ran: Mutex::default(),
    });
    let supervisor = Supervisor::new(
        Arc::new(Scripted(model)),
        Arc::new(PgSchemaIndex::new(pool.clone(), pool, None, 8_000)),
        watched.clone(),
        Arc::new(MemoryStore::default()),
    );
    (supervisor, watched)
}

fn plan(queries: &[&str]) -> String {
    let steps: Vec<_> = queries
        .iter()
        .enumerate()
        .map(|(i, query)| json!({"id": i + 1, "type": "SQL", "tool_input": {"query": query}}))
        .collect();
    json!({"steps": steps}).to_string()
}

fn is_plan(request: &ChatRequest) -> bool {
    request.schema.as_ref().is_some_and(|s| s.name == "plan")
}

#[tokio::test]
async fn a_statement_that_failed_is_never_run_again() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    const FAILS: &str = "SELECT 1 / (amount - amount) FROM payment";
    let asked = Mutex::new(0);
    let (supervisor, watched) = supervised(&db, move |_| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        match *asked {
            1 => plan(&[FAILS]),
            // Laid out in another way, it is the same.
            2 => plan(&["SELECT 1 /  (amount - amount)\nFROM payment ;"]),
            _ => plan(&["SELECT count(*) AS n FROM payment"]),
        }
    });
    let settings = AskConfig {
        critic: CriticMode::Never,
        ..AskConfig::default()
    };
    let supervisor = supervisor.with_settings(settings);
    let answer = supervisor
        .answer("How many?", &SessionId::random())
        .await
        .unwrap();
    assert_eq!(answer.attempts, 3);
    let ran = watched.ran.lock().unwrap().clone();
    let divisions = ran.iter().filter(|sql| sql.contains("1 /")).count();
    assert_eq!(divisions, 1, "{ran:?}");
    db.drop().await;
}

/// One Supervisor, five connections, a hundred questions: each gets its own answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_questions_at_once_do_not_mix() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let (supervisor, watched) = supervised(&db, |request| {
        let (_, after) = request
            .user
            .split_once("<question>\nWhat is number ")
            .unwrap();
        let number: u64 = after.split('?').next().unwrap().parse().unwrap();
        if is_plan(request) {
            let second = format!("SELECT {{{{1.n}}}} * 1000 AS thousands, {number} AS n");
            plan(&[&format!("SELECT {number} AS n"), &second])
        } else {
            assert!(
                request
                    .user
                    .contains(&format!("\n{} | {number}\n", number * 1000))
            );
            json!({"answer": format!("It is {number}."), "answers_question": true,
                "confidence": 1.0, "reason": "r"})
            .to_string()
        }
    });
    let supervisor = Arc::new(supervisor);
    let session = SessionId::random();
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..100 {
        let supervisor = Arc::clone(&supervisor);
        // Half of them in one session, half each in its own.
        let session = match number % 2 {
            0 => session.clone(),
            _ => SessionId::random(),
        };
        asking.spawn(async move {
            let question = format!("What is number {number}?");
            let answer = supervisor.answer(&question, &session).await.unwrap();
            assert_eq!(answer.answer, format!("It is {number}."));
            let rows = serde_json::to_string(&answer.table().unwrap().json_rows(9)).unwrap();
            assert_eq!(rows, format!("[[{},{number}]]", number * 1000));
        });
    }
    let answered = asking.join_all().await.len();
    assert_eq!(answered, 100);
    assert_eq!(watched.ran.lock().unwrap().len(), 200);
    db.drop().await;
}

/// The server sends no more rows than the cap and one: the rest is neither sent nor thrown away here.
#[tokio::test]
async fn a_million_rows_are_cut_on_the_server() {
    let Some(db) = TestDatabase::create("").await else {
        return;
    };
    let database = Postgres::new(&Secret::new(&db.url), 1).unwrap();
    let sql = "SELECT i, 1 / (1001 - i) AS x FROM generate_series(1, 1000000) AS i";
    let query = pgagent::sql::check(sql, &pgagent::sql::Policy::default()).unwrap();
    let columns = database.prepare(&query).await.unwrap();
    let run = async |max_rows| {
        let limits = Limits {
            max_rows,
            ..Limits::default()
        };
        let cancel = CancellationToken::new();
        database
            .query(&query, &columns, &[], &limits, &cancel)
            .await
    };
    // The row after the next but one divides by zero: it is never computed.
    let table = run(999).await.unwrap();
    assert_eq!((table.row_count(), table.is_truncated()), (999, true));
    assert!(matches!(run(1_000).await, Err(DbError::Server(e)) if e.sqlstate == "22012"));
    db.drop().await;
}
