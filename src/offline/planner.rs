//! [`OfflinePlanner`]: the catalog, the values and the reading put together as a [`Planner`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::answer::Words;
use super::facts::{self, Facts};
use super::lexicon::Lexicon;
use super::pieces::{NotUnderstood, Piece, pieces};
use super::read::{Unsure, read};
use super::sql::{arranged, told_apart};
use super::words::{self, Token};
use super::{follow, reply, say, values};
use crate::agent::{Plan, PlanRequest, Planned, Planner};
use crate::config::OFFLINE;
use crate::db::{Database, Pool};
use crate::error::{Error, Result};
use crate::schema::{Catalog, Exclusions};
use crate::session::Turn;

/// The catalog is read again after this long.
const FRESH: Duration = Duration::from_secs(30);
/// Tables that a hint names.
const NAMED: usize = 6;

/// Plans from the schema's words and the data's values, without a model.
pub struct OfflinePlanner {
    pool: Pool,
    database: Arc<dyn Database>,
    excluded: Exclusions,
    kept: Mutex<Option<Kept>>,
}

/// What is known of a schema, for as long as it stays so.
struct Kept {
    catalog: Arc<Catalog>,
    read: Instant,
    lexicon: Arc<Lexicon>,
}

impl OfflinePlanner {
    /// `pool` reads the catalog of what `database` queries, where retrieval has not; what is excluded is
    /// not looked at.
    pub fn new(pool: Pool, database: Arc<dyn Database>, excluded: Exclusions) -> Self {
        Self {
            pool,
            database,
            excluded,
            kept: Mutex::new(None),
        }
    }

    /// The words of the schema and what its rows say, which are looked at again only when the schema is
    /// another.
    async fn lexicon(&self, read: Option<&Arc<Catalog>>) -> Result<Arc<Lexicon>> {
        let catalog = match read {
            Some(catalog) => Arc::clone(catalog),
            None => match self.known(|kept| kept.read.elapsed() < FRESH) {
                Some(lexicon) => return Ok(lexicon),
                None => Arc::new(Catalog::read(&self.pool, &self.excluded).await?),
            },
        };
        let same = |kept: &Kept| Arc::ptr_eq(&kept.catalog, &catalog) || kept.catalog == catalog;
        let lexicon = match self.known(same) {
            Some(lexicon) => lexicon,
            None => {
                let facts = facts::look(self.database.as_ref(), &catalog).await;
                Arc::new(Lexicon::new(&catalog, &facts))
            }
        };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept {
            catalog,
            read: Instant::now(),
            lexicon: Arc::clone(&lexicon),
        });
        Ok(lexicon)
    }

    fn known(&self, holds: impl Fn(&Kept) -> bool) -> Option<Arc<Lexicon>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.as_ref().filter(|kept| holds(kept))?;
        Some(Arc::clone(&kept.lexicon))
    }

    /// The pieces of one text; words that nothing accounts for may be misspelt values.
    async fn understood(
        &self,
        lexicon: &Lexicon,
        question: &str,
        tokens: &[Token],
    ) -> Result<Vec<Piece>> {
        let database = self.database.as_ref();
        let mut hits = values::find(database, lexicon, question, tokens).await?;
        let unknown = match pieces(lexicon, question, tokens, &hits) {
            Ok(found) => return Ok(found),
            Err(NotUnderstood(words)) => words,
        };
        hits.extend(values::near(database, lexicon, tokens, &unknown).await?);
        pieces(lexicon, question, tokens, &hits).map_err(|NotUnderstood(words)| {
            let words: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
            Error::failed(format!(
                "the offline planner does not understand {}",
                words.join(", ")
            ))
            .with_hint(hint(lexicon))
        })
    }

    /// The pieces of a question; of a follow-up, with those of the questions that it goes on from.
    async fn pieces(
        &self,
        lexicon: &Lexicon,
        question: &str,
        history: &[Turn],
    ) -> Result<Vec<Piece>> {
        let mut questions = reply::without_choices(history);
        questions.push(question);
        let starts = |q: &&str| follow::addition(&words::tokens(q)).is_none();
        let first = questions
            .iter()
            .rposition(starts)
            .unwrap_or(questions.len() - 1);
        let mut known: Option<Vec<Piece>> = None;
        for question in &questions[first..] {
            let tokens = words::tokens(question);
            let added = match known {
                Some(_) => follow::addition(&tokens).unwrap_or(&tokens),
                None => &tokens,
            };
            let found = self.understood(lexicon, question, added).await?;
            known = Some(match known {
                Some(before) => follow::joined(&before, found),
                None => found,
            });
        }
        Ok(known.unwrap_or_default())
    }
}

/// What to do about a question that is not understood.
fn hint(lexicon: &Lexicon) -> String {
    let mut tables: Vec<usize> = (0..lexicon.tables.len())
        .filter(|t| !lexicon.is_link(*t) && !lexicon.tables[*t].is_view)
        .collect();
    let rows = |t: &usize| lexicon.tables[*t].rows.unwrap_or(0.0);
    tables.sort_by(|a, b| rows(b).total_cmp(&rows(a)));
    let names: Vec<&str> = tables
        .iter()
        .take(NAMED)
        .map(|t| lexicon.tables[*t].name.as_str())
        .collect();
    let such = match names.as_slice() {
        [] => String::new(),
        names => format!(", such as {}", names.join(", ")),
    };
    format!(
        "ask in English, in the words of the tables and columns{such}; or configure a model with \
         `--model` and its key"
    )
}

/// Reads questions about one schema without any database, and so without the data's values.
pub struct Reader {
    lexicon: Lexicon,
}

impl Reader {
    pub fn new(catalog: &Catalog) -> Self {
        Self {
            lexicon: Lexicon::new(catalog, &Facts::default()),
        }
    }

    /// The SQL of a question that names no value, if it is sure.
    pub fn sql(&self, question: &str) -> Option<String> {
        let tokens = words::tokens(question);
        let pieces = pieces(&self.lexicon, question, &tokens, &[]).ok()?;
        let reading = read(&self.lexicon, &pieces).ok()?;
        Some(reading.sql.to_string())
    }
}

#[async_trait]
impl Planner for OfflinePlanner {
    fn name(&self) -> &str {
        OFFLINE
    }

    async fn plan(&self, request: &PlanRequest<'_>) -> Result<Planned> {
        let lexicon = self.lexicon(request.catalog).await?;
        let reading = match reply::chosen(request.question, request.history) {
            Some((at, question, history)) => {
                let pieces = self.pieces(&lexicon, question, history).await?;
                reply::reading(read(&lexicon, &pieces), at)
            }
            None => {
                let pieces = self
                    .pieces(&lexicon, request.question, request.history)
                    .await?;
                read(&lexicon, &pieces)
            }
        };
        let (plan, words) = match reading {
            Ok(found) => {
                let reading = say::reading(&lexicon, &found.query);
                let sql = arranged(&lexicon, &found.query, found.sql);
                let sql = told_apart(&lexicon, &found.query, sql);
                let plan = Plan::of_query(&reading, &reading, &sql.to_string()).map_err(|e| {
                    Error::failed(format!(
                        "the reading gave no plan that can be carried out: {e}"
                    ))
                })?;
                (plan, Words::new(&lexicon, &found.query, reading))
            }
            Err(Unsure::Tie(queries)) => {
                let question = reply::question(&lexicon, &queries);
                (
                    Plan::clarification("several readings are as good as each other", &question),
                    Words::none(),
                )
            }
            Err(Unsure::Shape(why)) => {
                return Err(Error::failed(format!(
                    "the offline planner is not sure how to read the question: {why}"
                ))
                .with_hint(hint(&lexicon)));
            }
        };
        Ok(Planned {
            plan,
            prose: Arc::new(words),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;
    use crate::db::Postgres;
    use crate::offline::fixture::Fixture;

    #[tokio::test]
    async fn what_retrieval_read_is_not_read_again() {
        let nowhere = Secret::new("postgres://127.0.0.1:1/none");
        let database = Arc::new(Postgres::new(&nowhere, 1).unwrap());
        let pool = database.pool().clone();
        let planner = OfflinePlanner::new(pool, database, Exclusions::default());
        let catalog = |columns: &str| {
            let tables = format!("film(*id integer, {columns})");
            Some(Arc::new(Fixture::new(&tables).catalog))
        };
        let (first, same, other) = (catalog("a text"), catalog("a text"), catalog("b text"));
        let kept = planner.lexicon(first.as_ref()).await.unwrap();
        for known in [first, same, None] {
            let again = planner.lexicon(known.as_ref()).await.unwrap();
            assert!(Arc::ptr_eq(&kept, &again));
        }
        let changed = planner.lexicon(other.as_ref()).await.unwrap();
        assert_eq!(changed.tables[0].columns[1].name, "b");
    }
}
