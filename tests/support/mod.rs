//! What the tests share: the binary, a database of their own, a model that says what it is told.

pub mod model_server;

use std::io::Write;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

use model_server::{ModelServer, Reply};

/// The address of a test server, or nothing, said aloud.
pub fn server(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok();
    if url.is_none() {
        eprintln!("skipped: {variable} is not set (scripts/test sets it)");
    }
    url
}

/// A database of its own for one test.
pub struct TestDatabase {
    pub url: String,
    admin: String,
    name: String,
}

impl TestDatabase {
    pub async fn create(sql: &str) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let admin = server("PGAGENT_TEST_DATABASE_URL")?;
        let name = format!(
            "t{}_{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        run(&admin, &format!("CREATE DATABASE {name}")).await;
        let (base, _) = admin.rsplit_once('/').unwrap();
        let url = format!("{base}/{name}");
        run(&url, sql).await;
        Some(Self { url, admin, name })
    }

    pub async fn run(&self, sql: &str) {
        run(&self.url, sql).await;
    }

    /// The text of one value.
    pub async fn value(&self, sql: &str) -> Option<String> {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let value = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
        value
    }

    /// Asks the server until `sql`, one boolean, is true.
    pub async fn until(&self, sql: &str) {
        let start = Instant::now();
        while self
            .value(&format!("SELECT ({sql})::text"))
            .await
            .as_deref()
            != Some("true")
        {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "never true: {sql}"
            );
        }
    }

    /// Waits until this many of [`ENDLESS`] run here.
    pub async fn until_endless(&self, count: usize) {
        self.until(&format!(
            "SELECT count(*) = {count} FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name = 'pgagent' \
               AND state = 'active' AND query LIKE '%generate\\_series(1, 1000000) a%'"
        ))
        .await;
    }

    /// The address for another role.
    pub fn url_as(&self, user: &str, password: &str) -> String {
        let (_, rest) = self.url.split_once('@').unwrap();
        format!("postgres://{user}:{password}@{rest}")
    }

    pub async fn drop(self) {
        run(
            &self.admin,
            &format!("DROP DATABASE {} WITH (FORCE)", self.name),
        )
        .await;
    }
}

async fn run(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

pub const SHOP: &str = "
CREATE TABLE customer (customer_id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE payment (payment_id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, amount numeric(8,2) NOT NULL);
INSERT INTO customer VALUES (1, 'Ada'), (2, 'Björn'), (3, 'Chloé');
INSERT INTO payment VALUES (1, 1, 10.50), (2, 1, 4.25), (3, 2, 99.99);
COMMENT ON TABLE payment IS 'What customers paid';";

/// A query that runs until it is stopped.
// The planner cannot see how many rows it has, or the cost budget would not let it run.
pub const ENDLESS: &str =
    "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, (SELECT 1000000)) b";

/// A plan of one SQL step.
pub fn plan(sql: &str) -> Reply {
    steps(
        json!([{"id": "1", "type": "SQL", "description": "d", "depends_on": [],
                  "tool_input": {"query": sql}, "fallback": null}]),
    )
}

pub fn steps(steps: Value) -> Reply {
    Reply::Json(json!({"reasoning": "r", "clarification": null, "steps": steps}))
}

pub fn verdict(answer: &str) -> Reply {
    Reply::Json(
        json!({"answer": answer, "answers_question": true, "confidence": 0.9, "reason": "r", "suggestion": null}),
    )
}

/// The database and Gemini at the model server, without embeddings.
pub fn gemini<'a>(db: &'a TestDatabase, server: &'a ModelServer) -> Vec<(&'static str, &'a str)> {
    vec![
        ("DATABASE_URL", &db.url),
        ("GEMINI_API_KEY", "k"),
        ("GOOGLE_GEMINI_BASE_URL", server.url()),
        ("PGAGENT_EMBEDDING_MODEL", "none"),
    ]
}

fn command(args: &[&str], env: &[(&str, &str)]) -> (Command, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgagent"));
    command
        .args(args)
        .env_clear()
        .env("HOME", folder.path())
        .envs(env.iter().copied())
        .current_dir(folder.path());
    (command, folder)
}

/// The binary with nothing of the environment but what is given.
pub fn pgagent(args: &[&str], env: &[(&str, &str)]) -> Output {
    let (mut command, _folder) = command(args, env);
    command.stdin(Stdio::null()).output().unwrap()
}

/// The binary under way.
pub struct Running {
    child: Child,
    stdin: ChildStdin,
    _folder: TempDir,
}

impl Running {
    pub fn start(args: &[&str], env: &[(&str, &str)]) -> Self {
        let (mut command, folder) = command(args, env);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        Self {
            child,
            stdin,
            _folder: folder,
        }
    }

    pub fn line(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Ends its input and waits for its end.
    pub fn finish(self) -> Output {
        drop(self.stdin);
        self.child.wait_with_output().unwrap()
    }
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
