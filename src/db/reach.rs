//! What only the server's catalog can tell about a query: which functions its operators, casts, domains,
//! views and attribute notation call, and whether functions that no list knows may be called.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Row};

use super::DbError;
use crate::sql::{self, Known, Names, Refusal};

/// How long a verdict is believed; as long as the schema is cached elsewhere.
const FRESH: Duration = Duration::from_secs(300);
const CAPACITY: usize = 1_000;
/// Views on views on views.
const MAX_ROUNDS: usize = 8;

/// Extensions whose immutable and stable functions only compute, in any version.
const TRUSTED_EXTENSIONS: &[&str] = &[
    "address_standardizer",
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "dict_int",
    "earthdistance",
    "fuzzystrmatch",
    "h3",
    "hll",
    "hstore",
    "intarray",
    "ip4r",
    "isn",
    "ltree",
    "pg_trgm",
    "pgcrypto",
    "postgis",
    "postgis_topology",
    "seg",
    "semver",
    "tdigest",
    "tsm_system_rows",
    "tsm_system_time",
    "unaccent",
    "unit",
    "uuid-ossp",
    "vector",
    "vectorscale",
];

/// Verdicts about names, so that asking again costs nothing.
#[derive(Debug, Default)]
pub struct Verdicts {
    known: Mutex<HashMap<Names, (Instant, Option<Refusal>)>>,
}

impl Verdicts {
    /// Asks the catalog, or remembers.
    ///
    /// # Errors
    /// [`DbError::Refused`] for what the query reaches and may not; what the server says otherwise.
    pub async fn check(&self, connection: &mut PgConnection, names: &Names) -> Result<(), DbError> {
        if names.is_empty() {
            return Ok(());
        }
        let remembered = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known
                .get(names)
                .filter(|(since, _)| since.elapsed() < FRESH)
                .map(|(_, verdict)| verdict.clone())
        };
        let verdict = match remembered {
            Some(verdict) => verdict,
            None => {
                let verdict = ask(connection, names).await?;
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                if known.len() >= CAPACITY {
                    known.clear();
                }
                known.insert(names.clone(), (Instant::now(), verdict.clone()));
                verdict
            }
        };
        verdict.map_or(Ok(()), |refusal| Err(DbError::Refused(refusal)))
    }
}

/// Follows views and domains until nothing new is reached.
async fn ask(connection: &mut PgConnection, names: &Names) -> Result<Option<Refusal>, DbError> {
    let mut asked: BTreeSet<String> = BTreeSet::new();
    let mut todo = vec![(None, names.clone())];
    for _ in 0..MAX_ROUNDS {
        let mut next = Vec::new();
        for (inside, names) in todo {
            for row in reached(connection, &names).await? {
                let verdict = match Reached::of(&row)? {
                    Reached::Function(function) => function.judge(&names),
                    Reached::Text { what, definition } => {
                        if !asked.insert(what.clone()) {
                            continue;
                        }
                        match sql::names_in_definition(&definition, &names.vouched) {
                            Ok(names) => {
                                next.push((Some(what), names));
                                Ok(())
                            }
                            Err(refusal) => Err(Refusal::new(format!("{what}: {}", refusal.what))),
                        }
                    }
                };
                if let Err(refusal) = verdict {
                    return Ok(Some(within(inside.as_deref(), refusal)));
                }
            }
        }
        if next.is_empty() {
            return Ok(None);
        }
        todo = next;
    }
    Ok(Some(Refusal::new(
        "its views are built on each other too deeply to be checked",
    )))
}

fn within(definition: Option<&str>, mut refusal: Refusal) -> Refusal {
    if let Some(what) = definition {
        refusal.what = format!("{what}: {}", refusal.what);
    }
    refusal
}

async fn reached(connection: &mut PgConnection, names: &Names) -> Result<Vec<PgRow>, DbError> {
    let (function_schemas, functions) = split(&names.functions);
    let (relation_schemas, relations) = split(&names.relations);
    let (type_schemas, types) = split(&names.types);
    Ok(
        sqlx::query(AssertSqlSafe(include_str!("queries/reached.sql")))
            .persistent(false)
            .bind(function_schemas)
            .bind(functions)
            .bind(relation_schemas)
            .bind(relations)
            .bind(type_schemas)
            .bind(types)
            .bind(names.attributes.iter().cloned().collect::<Vec<_>>())
            .bind(names.operators.iter().cloned().collect::<Vec<_>>())
            .fetch_all(connection)
            .await?,
    )
}

/// Schemas (empty where there is none) and names. A longer path begins with the database.
fn split(paths: &BTreeSet<Vec<String>>) -> (Vec<String>, Vec<String>) {
    paths
        .iter()
        .filter_map(|path| {
            let (name, before) = path.split_last()?;
            Some((before.last().cloned().unwrap_or_default(), name.clone()))
        })
        .unzip()
}

enum Reached {
    Function(Function),
    /// A view's query or a domain's check.
    Text {
        what: String,
        definition: String,
    },
}

struct Function {
    schema: String,
    name: String,
    via: String,
    volatile: bool,
    language: String,
    extension: Option<String>,
}

impl Reached {
    fn of(row: &PgRow) -> Result<Self, DbError> {
        let text = |column: &str| {
            row.try_get::<Option<String>, _>(column)
                .map(Option::unwrap_or_default)
        };
        let (kind, name) = (text("kind")?, text("name")?);
        if kind != "function" {
            return Ok(Self::Text {
                what: format!("the {kind} {name}"),
                definition: text("definition")?,
            });
        }
        Ok(Self::Function(Function {
            schema: text("schema")?,
            name,
            via: text("via")?,
            volatile: text("volatility")? == "v",
            language: text("language")?,
            extension: row.try_get("extension")?,
        }))
    }
}

impl Function {
    /// Immutable or stable, in SQL or PL/pgSQL, or of an extension that is known to be harmless.
    fn judge(&self, names: &Names) -> Result<(), Refusal> {
        let full = format!("{}.{}", self.schema, self.name);
        if names.vouched.contains(&full) || names.vouched.contains(&self.name) {
            return Ok(());
        }
        let called = self.via == "called";
        let why = match &self.extension {
            Some(extension) => match sql::known(&self.name) {
                // What stands behind an extension's own operators and casts has no name to be listed by.
                _ if !called
                    && !self.volatile
                    && TRUSTED_EXTENSIONS.contains(&extension.as_str()) =>
                {
                    return Ok(());
                }
                Known::Harmless | Known::HarmlessExtension => return Ok(()),
                Known::Unknown
                    if !self.volatile && TRUSTED_EXTENSIONS.contains(&extension.as_str()) =>
                {
                    return Ok(());
                }
                _ => format!(
                    "it belongs to the extension {extension} and is not known to be harmless"
                ),
            },
            None if self.volatile => "it is VOLATILE, so it may write".to_owned(),
            None if matches!(self.language.as_str(), "sql" | "plpgsql") => return Ok(()),
            None => format!(
                "it is written in {}, which no transaction holds back",
                self.language
            ),
        };
        let via = if called {
            String::new()
        } else {
            format!(", {}", self.via)
        };
        Err(Refusal::new(format!("the function {full}{via}: {why}")).hint(format!(
            "if it only reads, allow it with `--allow-function {full}`, or have its owner mark it STABLE"
        )))
    }
}
