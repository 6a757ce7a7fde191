//! The ranking in SQL, for a schema that is too large to be read for every question: vector, trigram and text
//! over their indexes, fused and closed over foreign keys, in one statement.

use pgvector::Vector;
use sqlx::{AssertSqlSafe, PgConnection};

use super::Via;
use super::chunk::ChunkKind;
use super::lexical;
use super::memory::MemoryState;
use super::rank::{FUSION, Found};
use super::values::{KnownValue, Phrase};
use super::words::words;
use crate::config::Share;
use crate::db::DbError;

type FoundRow = (
    String,
    String,
    String,
    String,
    String,
    f64,
    Vec<String>,
    f64,
    Option<String>,
);

/// The best tables of a database with their neighbours, then the relationships among them.
pub async fn search(
    db: &mut PgConnection,
    source: &str,
    question: &str,
    state: MemoryState,
    vector: Option<(Vector, String)>,
    share: Share,
) -> Result<Vec<Found>, DbError> {
    let asked = lexical::asked(question);
    let (words_asked, forms): (Vec<&str>, Vec<&str>) = asked
        .iter()
        .flat_map(|asked| {
            asked
                .forms
                .iter()
                .map(|form| (asked.word.as_str(), form.as_str()))
        })
        .unzip();
    let mut query =
        sqlx::query_as::<_, FoundRow>(AssertSqlSafe(statement(state, vector.is_some(), share)))
            .persistent(false)
            .bind(source)
            .bind(words_asked)
            .bind(forms)
            .bind(words(question))
            .bind(FUSION.text)
            .bind(FUSION.name)
            .bind(FUSION.vector)
            .bind(FUSION.neighbour)
            .bind(FUSION.joined);
    if let Some((vector, model)) = vector {
        query = query.bind(vector).bind(model);
    }
    let rows = query.fetch_all(&mut *db).await?;
    Ok(rows
        .into_iter()
        .map(
            |(kind, name, content, schema, table, score, via, part_score, bare)| Found {
                kind: match kind.as_str() {
                    "table" => ChunkKind::Table,
                    _ => ChunkKind::Relationship,
                },
                name,
                content,
                bare,
                schema,
                table,
                score,
                part_score,
                via: via.iter().filter_map(|v| via_from(v)).collect(),
            },
        )
        .collect())
}

/// The statement for what this memory can do.
fn statement(state: MemoryState, with_vector: bool, share: Share) -> String {
    let misspelt = if state.trigrams {
        include_str!("queries/misspelt.sql")
    } else {
        ""
    };
    let name = if state.trigrams {
        "word_similarity(m.metadata ->> 'words', $4)"
    } else {
        "(strpos($4, m.metadata ->> 'words') > 0)::int"
    };
    let (by_vector, candidate, vector) = if with_vector {
        (
            include_str!("queries/by_vector.sql"),
            "SELECT id FROM by_text UNION SELECT id FROM by_vector",
            "CASE WHEN m.embedding_model = $11 THEN greatest(0, 1 - (m.embedding <=> $10)) ELSE 0 END",
        )
    } else {
        ("", "SELECT id FROM by_text", "0")
    };
    let bare = match share {
        Share::None => "m.bare",
        Share::Rows | Share::Shape => "NULL::text",
    };
    let by_text = include_str!("queries/by_text.sql").replace("/* misspelt */", misspelt);
    let fuse = include_str!("queries/fuse.sql")
        .replace("/* name */", name)
        .replace("/* vector */", vector)
        .replace("/* bare */", bare);
    format!("WITH {by_text}{by_vector}, candidate AS ({candidate}){fuse}")
}

fn via_from(name: &str) -> Option<Via> {
    match name {
        "vector" => Some(Via::Vector),
        "trigram" => Some(Via::Trigram),
        "text" => Some(Via::Text),
        "foreign_key" => Some(Via::ForeignKey),
        _ => None,
    }
}

/// The cosine of every chunk's vector to the question's, by the chunk's name.
pub async fn cosines(
    db: &mut PgConnection,
    source: &str,
    vector: Vector,
    model: &str,
) -> Result<Vec<(String, f64)>, DbError> {
    let rows = sqlx::query_as(
        "SELECT name, 1 - (embedding <=> $2) FROM pgagent.long_term_memory \
         WHERE source = $1 AND kind = 'table' AND embedding_model = $3",
    )
    .persistent(false)
    .bind(source)
    .bind(vector)
    .bind(model)
    .fetch_all(&mut *db)
    .await?;
    Ok(rows)
}

/// Values of the index that a question's phrases may mean.
pub async fn values(
    db: &mut PgConnection,
    source: &str,
    phrases: &[Phrase],
    state: MemoryState,
) -> Result<Vec<KnownValue>, DbError> {
    let exact: Vec<&str> = phrases.iter().map(|p| p.folded.as_str()).collect();
    let fuzzy: Vec<&str> = phrases
        .iter()
        .filter(|p| p.fuzzy)
        .map(|p| p.folded.as_str())
        .collect();
    let columns = "schema_name, table_name, column_name, value, folded";
    let mut sql = format!(
        "(SELECT {columns} FROM pgagent.long_term_value WHERE source = $1 AND folded = ANY ($2) LIMIT 500)"
    );
    if state.trigrams {
        sql.push_str(&format!(
            " UNION (SELECT {columns} FROM unnest($3::text[]) AS f(phrase) \
             CROSS JOIN LATERAL (SELECT * FROM pgagent.long_term_value AS v WHERE v.source = $1 AND v.folded % f.phrase \
                                 ORDER BY similarity(v.folded, f.phrase) DESC LIMIT 10) AS v)"
        ));
    }
    let mut query =
        sqlx::query_as::<_, (String, String, String, String, String)>(AssertSqlSafe(sql))
            .persistent(false)
            .bind(source)
            .bind(exact);
    if state.trigrams {
        query = query.bind(fuzzy);
    }
    let rows = query.fetch_all(&mut *db).await?;
    Ok(rows
        .into_iter()
        .map(|(schema, table, column, value, folded)| KnownValue {
            schema,
            table,
            column,
            value,
            folded,
        })
        .collect())
}
