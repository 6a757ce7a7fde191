//! What the tests share: the binary, a database of their own, a model that says what it is told.

pub mod model_server;

use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

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

/// The binary with nothing of the environment but what is given.
pub fn pgagent(args: &[&str], env: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_pgagent"))
        .args(args)
        .env_clear()
        .env("HOME", folder.path())
        .envs(env.iter().copied())
        .current_dir(folder.path())
        .output()
        .unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
