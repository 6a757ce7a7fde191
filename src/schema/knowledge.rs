//! What people taught: verified questions with their SQL, and notes. Both live in `pgagent.long_term_memory`.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlparser::ast::visit_relations;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlx::PgConnection;

use super::memory;
use super::words::question_words;
use crate::db::{Database, DbError, Pool};
use crate::error::{Error, Result};
use crate::llm::{LocalEmbedding, estimate_tokens};
use crate::sql::{self, Policy};

/// Examples that are put before the planner.
const MAX_EXAMPLES: usize = 3;
/// Notes beside those that are always on.
const MAX_NOTES: usize = 3;
/// Tokens of notes in all.
const NOTE_TOKENS: usize = 2_000;
/// Likeness from which an example or a note has to do with a question.
const LIKE: f64 = 0.45;
/// Rows of one kind that are looked at for a question.
const MAX_ROWS: i64 = 5_000;

/// A question with SQL that a person vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    #[serde(default)]
    pub id: i64,
    pub question: String,
    pub sql: String,
    /// The tables that the SQL names.
    #[serde(default)]
    pub objects: Vec<String>,
    /// Why it is set aside, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A rule or a definition in the owner's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub name: String,
    pub text: String,
    /// Put before the planner whatever the question is.
    #[serde(default)]
    pub always: bool,
}

/// What of it has to do with a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recalled {
    pub examples: Vec<Example>,
    /// The example that asks just this.
    pub verified: Option<Example>,
    pub notes: Vec<Note>,
    pub notices: Vec<String>,
}

/// Examples and notes about one database.
#[derive(Clone)]
pub struct Knowledge {
    memory: Pool,
    source: String,
    database: Arc<dyn Database>,
    policy: Policy,
}

impl Knowledge {
    /// `database` is the one they are about, `target` its pool and `memory` that of pgagent's own tables.
    pub fn new(memory: Pool, target: &Pool, database: Arc<dyn Database>, policy: Policy) -> Self {
        Self {
            memory,
            source: target.identity(),
            database,
            policy,
        }
    }

    /// Keeps a question with its SQL; one that is there already is replaced.
    ///
    /// # Errors
    /// SQL that the guard or the database does not take, and no tables of pgagent's own.
    pub async fn add_example(&self, question: &str, sql: &str) -> Result<Example> {
        let key = same_question(question);
        if key.is_empty() {
            return Err(Error::usage("the question is empty")
                .with_hint("write the question that the SQL answers"));
        }
        let sql = sql.trim().trim_end_matches(';').trim_end();
        let checked = sql::check(sql, &self.policy)?;
        self.database.prepare(&checked).await?;
        let mut example = Example {
            id: 0,
            question: question.trim().to_owned(),
            sql: sql.to_owned(),
            objects: objects(sql),
            problem: None,
        };
        let metadata =
            json!({"question": example.question, "sql": example.sql, "objects": example.objects});
        example.id = self
            .put("example", &key, &example.question, &metadata)
            .await?;
        Ok(example)
    }

    /// # Errors
    /// No tables of pgagent's own.
    pub async fn examples(&self) -> Result<Vec<Example>> {
        Ok(self.required().await?.0)
    }

    /// Whether it was there.
    ///
    /// # Errors
    /// No tables of pgagent's own.
    pub async fn remove_example(&self, id: i64) -> Result<bool> {
        self.remove("example", "id::text", &id.to_string()).await
    }

    /// Has the database prepare every example; what fails is set aside and what holds again is taken back.
    /// Gives those that are set aside.
    ///
    /// # Errors
    /// The database is out of reach.
    pub async fn recheck(&self) -> Result<Vec<Example>> {
        let mut examples = match self.load().await? {
            Some(_) => self.recheck_all().await?,
            None => Vec::new(),
        };
        examples.retain(|example| example.problem.is_some());
        Ok(examples)
    }

    /// All examples, prepared now, with what keeps those that are set aside.
    ///
    /// # Errors
    /// As [`Knowledge::recheck`], and no tables of pgagent's own.
    pub async fn recheck_all(&self) -> Result<Vec<Example>> {
        let mut checked = Vec::new();
        for example in self.examples().await? {
            checked.push(self.rechecked(example).await?);
        }
        Ok(checked)
    }

    async fn rechecked(&self, mut example: Example) -> Result<Example> {
        let problem = match sql::check(&example.sql, &self.policy) {
            Err(refusal) => Some(refusal.to_string()),
            Ok(checked) => match self.database.prepare(&checked).await {
                Ok(_) => None,
                Err(DbError::Server(error)) => Some(error.message),
                Err(error) => return Err(error.into()),
            },
        };
        if problem != example.problem {
            example.problem = problem;
            self.set_problem(&example).await?;
        }
        Ok(example)
    }

    /// Keeps a note; one of the same name is replaced.
    ///
    /// # Errors
    /// No tables of pgagent's own.
    pub async fn add_note(&self, note: &Note) -> Result<()> {
        if note.name.trim().is_empty() || note.text.trim().is_empty() {
            return Err(Error::usage("a note needs a name and a text")
                .with_hint("`pgagent notes add --name NAME \"TEXT\"`"));
        }
        let metadata = json!({"always": note.always});
        self.put("note", note.name.trim(), note.text.trim(), &metadata)
            .await?;
        Ok(())
    }

    /// # Errors
    /// No tables of pgagent's own.
    pub async fn notes(&self) -> Result<Vec<Note>> {
        Ok(self.required().await?.1)
    }

    /// Whether it was there.
    ///
    /// # Errors
    /// No tables of pgagent's own.
    pub async fn remove_note(&self, name: &str) -> Result<bool> {
        self.remove("note", "name", name).await
    }

    /// What has to do with a question. Examples are prepared on the database first: those that the schema has
    /// left behind are set aside.
    ///
    /// # Errors
    /// The database is out of reach.
    pub async fn recall(&self, question: &str) -> Result<Recalled> {
        let mut recalled = Recalled::default();
        let Some((examples, notes)) = self.load().await? else {
            return Ok(recalled);
        };
        let key = same_question(question);
        let near = nearest(question, examples, |e| &e.question);
        for (likeness, example) in near.into_iter().take(MAX_EXAMPLES) {
            let is_same = same_question(&example.question) == key;
            if likeness < LIKE && !is_same {
                continue;
            }
            let was_good = example.problem.is_none();
            let example = self.rechecked(example).await?;
            match &example.problem {
                Some(problem) if was_good || is_same => recalled.notices.push(format!(
                    "the verified example \"{}\" is set aside: {problem}",
                    example.question
                )),
                Some(_) => {}
                None => {
                    if is_same {
                        recalled.verified = Some(example.clone());
                    }
                    recalled.examples.push(example);
                }
            }
        }
        let (mut chosen, others): (Vec<Note>, Vec<Note>) =
            notes.into_iter().partition(|n| n.always);
        let near = nearest(question, others, |n| &n.text);
        chosen.extend(
            near.into_iter()
                .filter(|(l, _)| *l >= LIKE)
                .take(MAX_NOTES)
                .map(|(_, n)| n),
        );
        let mut tokens = 0;
        for note in chosen {
            tokens += estimate_tokens(&note.text);
            if tokens > NOTE_TOKENS && !recalled.notes.is_empty() {
                recalled.notices.push(format!(
                    "the note \"{}\" and those after it do not fit",
                    note.name
                ));
                break;
            }
            recalled.notes.push(note);
        }
        Ok(recalled)
    }

    async fn required(&self) -> Result<(Vec<Example>, Vec<Note>)> {
        self.load().await?.ok_or_else(no_tables)
    }

    /// All of it; nothing when there are no tables of pgagent's own.
    async fn load(&self) -> Result<Option<(Vec<Example>, Vec<Note>)>> {
        let mut connection = self.memory.get().await?;
        let db = connection.as_mut()?;
        if !memory::begin(db, "BEGIN READ ONLY").await?.tables {
            end(db, "ROLLBACK").await?;
            connection.give_back();
            return Ok(None);
        }
        let rows: Vec<(i64, String, String, String, String)> = sqlx::query_as(
            "SELECT id, kind, name, content, metadata::text FROM pgagent.long_term_memory \
             WHERE source = $1 AND kind IN ('example', 'note') ORDER BY id LIMIT $2",
        )
        .bind(&self.source)
        .bind(MAX_ROWS)
        .persistent(false)
        .fetch_all(&mut *db)
        .await
        .map_err(DbError::from)?;
        end(db, "ROLLBACK").await?;
        connection.give_back();
        let (mut examples, mut notes) = (Vec::new(), Vec::new());
        for (id, kind, name, content, metadata) in rows {
            let mut metadata: Value = serde_json::from_str(&metadata).unwrap_or_default();
            if kind == "note" {
                notes.push(Note {
                    name,
                    text: content,
                    always: metadata["always"] == true,
                });
            } else if let Ok(example) = serde_json::from_value::<Example>(metadata.take()) {
                examples.push(Example { id, ..example });
            }
        }
        Ok(Some((examples, notes)))
    }

    async fn put(&self, kind: &str, name: &str, content: &str, metadata: &Value) -> Result<i64> {
        let mut connection = self.memory.get().await?;
        let db = connection.as_mut()?;
        if !memory::begin(db, "BEGIN").await?.tables {
            return Err(no_tables());
        }
        let id = sqlx::query_scalar(
            "INSERT INTO pgagent.long_term_memory AS m (source, kind, name, content, terms, content_hash, metadata) \
             VALUES ($1, $2, $3, $4, $4, '', $5::jsonb) \
             ON CONFLICT (source, kind, name) DO UPDATE SET content = excluded.content, terms = excluded.terms, \
               metadata = excluded.metadata, updated_at = now() \
             RETURNING id",
        )
        .bind(&self.source)
        .bind(kind)
        .bind(name)
        .bind(content)
        .bind(metadata.to_string())
        .persistent(false)
        .fetch_one(&mut *db)
        .await
        .map_err(DbError::from)?;
        end(db, "COMMIT").await?;
        connection.give_back();
        Ok(id)
    }

    async fn remove(&self, kind: &str, column: &'static str, value: &str) -> Result<bool> {
        let mut connection = self.memory.get().await?;
        let db = connection.as_mut()?;
        if !memory::begin(db, "BEGIN").await?.tables {
            return Err(no_tables());
        }
        let sql = format!(
            "DELETE FROM pgagent.long_term_memory WHERE source = $1 AND kind = $2 AND {column} = $3"
        );
        let removed = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(&self.source)
            .bind(kind)
            .bind(value)
            .persistent(false)
            .execute(&mut *db)
            .await
            .map_err(DbError::from)?;
        end(db, "COMMIT").await?;
        connection.give_back();
        Ok(removed.rows_affected() > 0)
    }

    /// A memory that may not be written keeps its old mark; the example is not used all the same.
    async fn set_problem(&self, example: &Example) -> Result<()> {
        let mut connection = self.memory.get().await?;
        let db = connection.as_mut()?;
        memory::begin(db, "BEGIN").await?;
        let written = sqlx::query(
            "UPDATE pgagent.long_term_memory SET metadata = jsonb_strip_nulls(metadata || jsonb_build_object('problem', $3::text)), \
               updated_at = now() WHERE source = $1 AND id = $2",
        )
        .bind(&self.source)
        .bind(example.id)
        .bind(&example.problem)
        .persistent(false)
        .execute(&mut *db)
        .await;
        match written.map_err(DbError::from) {
            Ok(_) => end(db, "COMMIT").await?,
            Err(DbError::Server(error)) => {
                tracing::debug!(%error.message, "the example is not marked");
                end(db, "ROLLBACK").await?;
            }
            Err(error) => return Err(error.into()),
        }
        connection.give_back();
        Ok(())
    }
}

async fn end(db: &mut PgConnection, how: &'static str) -> Result<(), DbError> {
    sqlx::raw_sql(how).execute(&mut *db).await?;
    Ok(())
}

fn no_tables() -> Error {
    Error::failed("there are no tables to keep it in").with_hint("run `pgagent setup` first")
}

/// What two questions share that differ only in case, punctuation and spaces.
fn same_question(question: &str) -> String {
    let words = question
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase);
    words.collect::<Vec<_>>().join(" ")
}

/// The tables that a statement names.
fn objects(sql: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    for statement in Parser::parse_sql(&PostgreSqlDialect {}, sql).unwrap_or_default() {
        let _ = visit_relations(&statement, |name| {
            found.insert(name.to_string());
            ControlFlow::<()>::Continue(())
        });
    }
    found.into_iter().collect()
}

/// Items with how much their text is like the question, the most alike first: meaning and shared words.
fn nearest<T>(question: &str, items: Vec<T>, text: impl Fn(&T) -> &String) -> Vec<(f64, T)> {
    let asked = question_words(question);
    let vector = LocalEmbedding::embed_one(question).unwrap_or_default();
    let likeness = |item: &T| {
        let words = question_words(text(item));
        let shared = asked.iter().filter(|word| words.contains(word)).count();
        let share = shared as f64 / asked.len().max(1) as f64;
        let other = LocalEmbedding::embed_one(text(item)).unwrap_or_default();
        let cosine: f32 = vector.iter().zip(&other).map(|(a, b)| a * b).sum();
        (share + f64::from(cosine)) / 2.0
    };
    let mut found: Vec<(f64, T)> = items
        .into_iter()
        .map(|item| (likeness(&item), item))
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_punctuation_make_no_other_question() {
        assert_eq!(
            same_question("How many  films, per year?"),
            same_question("how many films per year")
        );
        assert_ne!(
            same_question("films of 2005"),
            same_question("films of 2006")
        );
    }

    #[test]
    fn the_tables_of_a_statement_are_found() {
        let sql = "SELECT * FROM a JOIN s.\"B\" ON true WHERE x IN (SELECT y FROM c)";
        assert_eq!(objects(sql), ["a", "c", "s.\"B\""]);
    }

    #[test]
    fn the_most_alike_comes_first() {
        let items = [
            "Revenue by month",
            "Which vocalists are from France?",
            "Stock per warehouse",
        ];
        let items = items.map(str::to_owned).to_vec();
        let near = nearest("How many singers come from France?", items, |text| text);
        assert!(
            near[0].1.starts_with("Which vocalists") && near[0].0 > LIKE,
            "{near:?}"
        );
        assert!(near[1].0 < LIKE, "{near:?}");
    }
}
