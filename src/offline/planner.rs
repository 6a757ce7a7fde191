//! [`OfflinePlanner`]: the catalog, the values and the reading put together as a [`Planner`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::lexicon::Lexicon;
use super::pieces::{NotUnderstood, pieces};
use super::read::{Reading, Unsure, read};
use super::{say, values, words};
use crate::agent::{Plan, PlanRequest, Planned, Planner};
use crate::config::OFFLINE;
use crate::db::{Database, Pool};
use crate::error::{Error, Result};
use crate::schema::Catalog;

/// The catalog is read again after this long.
const FRESH: Duration = Duration::from_secs(30);
const HINT: &str = "use the words of the tables and columns (`pgagent search \"…\"` shows them), or configure a model with `--model` and its key";

/// Plans from the schema's words and the data's values, without a model.
pub struct OfflinePlanner {
    pool: Pool,
    database: Arc<dyn Database>,
    lexicon: Mutex<Option<(Instant, Arc<Lexicon>)>>,
}

impl OfflinePlanner {
    /// `pool` reads the catalog of what `database` queries.
    pub fn new(pool: Pool, database: Arc<dyn Database>) -> Self {
        Self {
            pool,
            database,
            lexicon: Mutex::new(None),
        }
    }

    async fn lexicon(&self) -> Result<Arc<Lexicon>> {
        let known = self
            .lexicon
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((at, lexicon)) = known
            && at.elapsed() < FRESH
        {
            return Ok(lexicon);
        }
        let lexicon = Arc::new(Lexicon::new(&Catalog::read(&self.pool).await?));
        *self.lexicon.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), Arc::clone(&lexicon)));
        Ok(lexicon)
    }

    async fn reading(
        &self,
        lexicon: &Lexicon,
        question: &str,
    ) -> Result<Result<Reading, Unsure>, Error> {
        let tokens = words::tokens(question);
        let hits = values::find(self.database.as_ref(), lexicon, question, &tokens).await?;
        match pieces(lexicon, question, &tokens, &hits) {
            Ok(pieces) => Ok(read(lexicon, &pieces)),
            Err(NotUnderstood(words)) => {
                let words: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
                Err(Error::failed(format!(
                    "the offline planner does not understand {}",
                    words.join(", ")
                ))
                .with_hint(HINT))
            }
        }
    }
}

#[async_trait]
impl Planner for OfflinePlanner {
    fn name(&self) -> &str {
        OFFLINE
    }

    async fn plan(&self, request: &PlanRequest<'_>) -> Result<Planned> {
        let lexicon = self.lexicon().await?;
        let read = self.reading(&lexicon, request.question).await?;
        let (plan, reading) = match read {
            Ok(found) => {
                let reading = say::reading(&lexicon, &found.query);
                let plan =
                    Plan::of_query(&reading, &reading, &found.sql.to_string()).map_err(|e| {
                        Error::failed(format!(
                            "the reading gave no plan that can be carried out: {e}"
                        ))
                    })?;
                (plan, reading)
            }
            Err(Unsure::Tie(queries)) => {
                let ways: Vec<String> = queries
                    .iter()
                    .take(3)
                    .map(|q| say::reading(&lexicon, q))
                    .collect();
                let question = format!(
                    "It can be read in several ways; which is meant?\n- {}",
                    ways.join("\n- ")
                );
                (
                    Plan::clarification("several readings are as good as each other", &question),
                    String::new(),
                )
            }
            Err(Unsure::Shape(why)) => {
                return Err(Error::failed(format!(
                    "the offline planner is not sure how to read the question: {why}"
                ))
                .with_hint(HINT));
            }
        };
        Ok(Planned {
            plan,
            prose: Arc::new(say::Words { reading }),
        })
    }
}
