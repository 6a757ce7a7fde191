//! What the layers behind the guard hold when an attack would pass it: every attack runs wrapped, in the
//! transaction that pgagent opens, as a role that can only read and as a superuser; then the server is
//! searched for traces.

use std::path::Path;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use tokio::sync::Mutex;

use super::corpus;
use crate::support::TestDatabase;

pub const SCHEMA: &str = "
CREATE TABLE target (a int);
INSERT INTO target VALUES (1);
CREATE SEQUENCE counter;
GRANT SELECT ON target TO PUBLIC;
GRANT USAGE ON SEQUENCE counter TO PUBLIC;";

/// As a superuser these reach out of the transaction, and only the guard stops them.
const ONLY_THE_GUARD_STOPS: &[&str] = &["SELECT pg_create_physical_replication_slot('made')"];

/// Replication slots are the whole server's: one search for traces at a time.
pub static ALONE: Mutex<()> = Mutex::const_new(());

/// Of this database and of what all databases share: objects, rows, sequences, roles, settings, locks.
const TRACES: &str = "
SELECT concat_ws(' ',
  (SELECT string_agg(a::text, ',' ORDER BY a) FROM target),
  (SELECT concat(last_value, is_called) FROM counter),
  (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_type),
  (SELECT count(*) FROM pg_namespace), (SELECT count(*) FROM pg_extension), (SELECT count(*) FROM pg_collation),
  (SELECT count(*) FROM pg_largeobject_metadata), (SELECT count(*) FROM pg_db_role_setting WHERE setrole = 0),
  (SELECT count(*) FROM pg_replication_slots), (SELECT count(*) FROM pg_replication_origin),
  (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())),
  (SELECT count(*) FROM pg_prepared_xacts),
  (SELECT relacl::text FROM pg_class WHERE relname = 'target'))";

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

pub async fn traces(connection: &mut PgConnection) -> String {
    let on_disk = Path::new("/tmp/pgagent_attack").exists();
    let here: String = sqlx::query_scalar(TRACES)
        .fetch_one(connection)
        .await
        .unwrap();
    format!("{here} {on_disk}")
}

/// As pgagent does it: READ ONLY, wrapped, by the extended protocol, rolled back, reset.
pub async fn attack(connection: &mut PgConnection, statement: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql("BEGIN READ ONLY; SET LOCAL statement_timeout = 40; SET LOCAL lock_timeout = 40; SET LOCAL standard_conforming_strings = on")
        .execute(&mut *connection)
        .await?;
    let wrapped = format!("SELECT * FROM (\n{statement}\n) AS q LIMIT 1000");
    // An error is what we hope for.
    let _ = sqlx::query(AssertSqlSafe(wrapped))
        .persistent(false)
        .fetch_all(&mut *connection)
        .await;
    sqlx::raw_sql("ROLLBACK; SELECT pg_advisory_unlock_all(); DISCARD SEQUENCES")
        .execute(&mut *connection)
        .await?;
    Ok(())
}

async fn those_that_leave_traces(admin: &mut PgConnection, url: &str) -> Vec<String> {
    let mut connection = connect(url).await;
    let before = traces(admin).await;
    let mut left = Vec::new();
    for statement in corpus::load("attacks").into_values().flatten() {
        if attack(&mut connection, &statement).await.is_err() {
            connection = connect(url).await;
        }
        if traces(admin).await != before {
            left.push(statement);
            let _ = std::fs::remove_file("/tmp/pgagent_attack");
            let _ = sqlx::query("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'made'")
                .execute(&mut *admin)
                .await;
            assert_eq!(traces(admin).await, before, "after {left:?}");
        }
    }
    let _ = connection.close().await;
    left
}

#[tokio::test]
async fn attacks_that_would_pass_the_guard_leave_nothing_behind() {
    let _alone = ALONE.lock().await;
    let Some(database) = TestDatabase::create(SCHEMA).await else {
        return;
    };
    let mut admin = connect(&database.url).await;
    let role = format!("guard_reader_{}", std::process::id());
    sqlx::raw_sql(AssertSqlSafe(format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'reader'"
    )))
    .execute(&mut admin)
    .await
    .unwrap();
    let (_, at_host) = database.url.rsplit_once('@').unwrap();
    let as_reader = format!("postgres://{role}:reader@{at_host}");
    assert_eq!(
        those_that_leave_traces(&mut admin, &as_reader).await,
        Vec::<String>::new()
    );
    let as_superuser = those_that_leave_traces(&mut admin, &database.url).await;
    assert_eq!(as_superuser, ONLY_THE_GUARD_STOPS);
    sqlx::raw_sql(AssertSqlSafe(format!("DROP ROLE {role}")))
        .execute(&mut admin)
        .await
        .unwrap();
    admin.close().await.unwrap();
    database.drop().await;
}
