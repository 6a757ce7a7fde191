//! Knowing the schema, on a real Postgres.

use std::sync::Arc;

use pgagent::config::Secret;
use pgagent::db::Pool;
use pgagent::llm::LocalEmbedding;
use pgagent::schema::{Exclusions, PgSchemaIndex, SchemaIndex, index, setup};

use crate::support::TestDatabase;

const CLINIC: &str = r#"
CREATE SCHEMA clinic;
SET search_path = clinic;
CREATE TYPE severity AS ENUM ('mild', 'severe');
COMMENT ON TYPE severity IS 'how bad it was';
CREATE DOMAIN phone AS text;
CREATE TABLE patient (patient_id int PRIMARY KEY, "fullName" text, ph phone, note text);
CREATE TABLE physician (id int PRIMARY KEY, name text, dept text);
CREATE TABLE appt (id int PRIMARY KEY, patient_id int REFERENCES patient, physician_id int REFERENCES physician, dt date, status text);
CREATE TABLE reaction (id int PRIMARY KEY, appt_id int REFERENCES appt, severity severity, details jsonb);
CREATE TABLE invoice (id int PRIMARY KEY, appt_id int REFERENCES appt, amt numeric);
CREATE TABLE warehouse (id int PRIMARY KEY, region text);
CREATE VIEW busy AS SELECT physician_id, count(*) AS visits FROM appt GROUP BY 1;
COMMENT ON VIEW busy IS 'visits of each physician';
"#;

const QUESTIONS: [&str; 6] = [
    "Which doctors have the most appointments?",
    "How many severe reactions were there?",
    "total invoiced amount by department",
    "names of patients without a phone number",
    "custmers in each warehose region",
    "visits of each physician",
];

struct Indexed {
    db: TestDatabase,
    pool: Pool,
}

impl Indexed {
    async fn create(sql: &str) -> Option<Self> {
        let db = TestDatabase::create(sql).await?;
        let pool = Pool::new(&Secret::new(db.url.clone()), 2).unwrap();
        let report = setup(&pool).await.unwrap();
        assert_eq!(report.problems, []);
        let indexed = Self { db, pool };
        indexed.index().await;
        Some(indexed)
    }

    async fn index(&self) -> pgagent::schema::IndexReport {
        let embedder: Arc<dyn pgagent::llm::EmbeddingModel> = Arc::new(LocalEmbedding);
        index(
            &self.pool,
            &self.pool,
            Some(&embedder),
            &Exclusions::default(),
            |_| {},
        )
        .await
        .unwrap()
    }

    fn retrieval(&self) -> PgSchemaIndex {
        let embedder: Arc<dyn pgagent::llm::EmbeddingModel> = Arc::new(LocalEmbedding);
        PgSchemaIndex::new(self.pool.clone(), self.pool.clone(), Some(embedder), 4_000)
    }

    async fn drop(self) {
        self.pool.close().await;
        self.db.drop().await;
    }
}

#[tokio::test]
async fn both_rankings_agree() {
    let Some(indexed) = Indexed::create(CLINIC).await else {
        return;
    };
    for question in QUESTIONS {
        let live = indexed.retrieval().retrieve(question).await.unwrap();
        let searched = indexed.retrieval().reading_at_most(0);
        let searched = searched.retrieve(question).await.unwrap();
        assert!(live.whole && !searched.whole);
        assert!(!searched.tables.is_empty(), "{question}");
        for (live, searched) in live.tables.iter().zip(&searched.tables) {
            assert_eq!(
                (&live.name, &live.via),
                (&searched.name, &searched.via),
                "{question}"
            );
            assert!(
                (live.score - searched.score).abs() < 1e-3,
                "{question}: {live:?} {searched:?}"
            );
        }
        for chunk in &searched.chunks {
            assert!(
                live.chunks.iter().any(|c| c.content == chunk.content),
                "{}",
                chunk.name
            );
        }
    }
    let found = indexed.retrieval().retrieve(QUESTIONS[0]).await.unwrap();
    let first: Vec<&str> = found
        .tables
        .iter()
        .take(4)
        .map(|t| t.name.as_str())
        .collect();
    assert!(
        first.contains(&"physician") && first.contains(&"appt"),
        "{first:?}"
    );
    indexed.drop().await;
}

#[tokio::test]
async fn an_unchanged_schema_is_not_embedded_again() {
    let Some(indexed) = Indexed::create(CLINIC).await else {
        return;
    };
    let report = indexed.index().await;
    assert_eq!((report.changed, report.embedded, report.removed), (0, 0, 0));
    indexed.drop().await;
}
