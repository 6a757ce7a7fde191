//! Retrieval from the index of 10,000 tables with 200,000 columns, and the ranking of a schema that is read:
//! `scripts/with-servers cargo bench --bench retrieval`. Making the tables and the index takes a minute.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use pgagent::config::Secret;
use pgagent::db::Pool;
use pgagent::llm::{EmbeddingModel, LocalEmbedding};
use pgagent::schema::{Exclusions, PgSchemaIndex, SchemaIndex, index, setup};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::runtime::Runtime;

const DATABASE: &str = "bench_retrieval";
const QUESTION: &str =
    "What is the total amount of unpaid invoices per customer and region last month?";

/// Names of two entities and a kind, each combination once, with twenty columns.
const TABLES: &str = r#"
DO $$
DECLARE
    entities text[] := string_to_array('customer order invoice payment product supplier warehouse employee department project task ticket asset vehicle driver route shipment parcel contract vendor account ledger budget campaign lead store region sensor session policy claim patient doctor visit lab course student teacher book hotel', ' ');
    kinds text[] := string_to_array('daily monthly archived current pending line header', ' ');
    columns text[] := string_to_array('name code status type amount quantity price currency created_at start_date category priority owner city phone weight level total discount balance due_date reason channel source version', ' ');
    made int := 0;
BEGIN
    FOR k IN 1..7 LOOP FOR a IN 1..40 LOOP FOR b IN 1..40 LOOP
        EXIT WHEN made = 10000;
        EXECUTE format('CREATE TABLE %I (id int, %s)', concat_ws('_', entities[a], entities[b], kinds[k]),
            (SELECT string_agg(format('%I text', columns[1 + (n * 7 + a + b * 3) % 25] || CASE WHEN n > 12 THEN '_' || n ELSE '' END || '_' || n), ', ')
             FROM generate_series(1, 19) AS n));
        made := made + 1;
        IF made % 500 = 0 THEN COMMIT; END IF;
    END LOOP; END LOOP; END LOOP;
END $$"#;

async fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
}

fn retrieval(c: &mut Criterion) {
    let Ok(admin) = std::env::var("PGAGENT_TEST_DATABASE_URL") else {
        eprintln!("skipped: PGAGENT_TEST_DATABASE_URL is not set (scripts/with-servers sets it)");
        return;
    };
    let (server, _) = admin.rsplit_once('/').unwrap();
    let url = format!("{server}/{DATABASE}");
    let runtime = Runtime::new().unwrap();
    let embedder: Arc<dyn EmbeddingModel> = Arc::new(LocalEmbedding);
    let pool = Pool::new(&Secret::new(url.clone()), 2).unwrap();
    runtime.block_on(async {
        execute(&admin, &format!("CREATE DATABASE {DATABASE}")).await;
        execute(&url, TABLES).await;
        setup(&pool).await.unwrap();
        index(
            &pool,
            &pool,
            Some(&embedder),
            &Exclusions::default(),
            |_| {},
        )
        .await
        .unwrap();
    });
    let schema = PgSchemaIndex::new(pool.clone(), pool.clone(), Some(embedder), 8_000);
    c.bench_function("retrieval/10,000 tables", |b| {
        b.iter(|| runtime.block_on(schema.retrieve(QUESTION)).unwrap());
    });
    runtime.block_on(async {
        pool.close().await;
        execute(&admin, &format!("DROP DATABASE {DATABASE} WITH (FORCE)")).await;
    });
}

fn embedding(c: &mut Criterion) {
    c.bench_function("local embedding/question", |b| {
        b.iter(|| LocalEmbedding::embed_one(QUESTION).unwrap());
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(10));
    targets = embedding, retrieval
}
criterion_main!(benches);
