//! Fills a plan's `{{value:…}}` with values as the data spells them, on this machine: whoever wrote the
//! plan has not seen them.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::plan::{Plan, Work};
use crate::db::{Cell, Limits};
use crate::schema::{Binding, SchemaIndex};
use crate::sql::{Template, ValueName, quote_ident, quote_literal};
use crate::tools::{SqlTool, StepError};

/// The values that a plan names, as they were found.
#[derive(Debug, Default)]
pub struct Literals(HashMap<ValueName, Binding>);

/// Where values are looked for.
pub struct Finder<'a> {
    /// What the question's words mean, in the order that the planner was told.
    pub bindings: &'a [Binding],
    pub index: &'a dyn SchemaIndex,
    pub sql: &'a SqlTool,
    pub cancel: &'a CancellationToken,
}

impl Literals {
    /// The value's text.
    ///
    /// # Errors
    /// One that the question has not.
    pub fn check(&self, template: &Template) -> Result<(), StepError> {
        match template.values().find(|name| !self.0.contains_key(name)) {
            None => Ok(()),
            Some(name) => Err(StepError::plan(format!(
                "{name}: there is no value of that number; write {{{{value:table.column:words}}}}"
            ))),
        }
    }

    pub fn text(&self, name: &ValueName) -> String {
        let found = self.0.get(name);
        found.map(|b| b.value.clone()).unwrap_or_default()
    }

    pub fn into_bindings(self) -> impl Iterator<Item = Binding> {
        self.0.into_values()
    }
}

impl Finder<'_> {
    /// Finds what a plan names; numbers that there are not stay open.
    pub async fn find(&self, plan: &Plan) -> Literals {
        let mut found = HashMap::new();
        for name in named(plan) {
            let value = match &name {
                ValueName::Number(number) => number
                    .checked_sub(1)
                    .and_then(|at| self.bindings.get(at))
                    .cloned(),
                ValueName::Words { column, words } => Some(self.value(column, words).await),
            };
            found.extend(value.map(|value| (name, value)));
        }
        Literals(found)
    }

    /// The value of a column that words mean: by the index, by the column itself, or the words as they are.
    async fn value(&self, column: &[String], words: &str) -> Binding {
        if let Some(binding) = self.index.value(column, words).await {
            return binding;
        }
        let mut place = column.iter().rev().cloned();
        let (last, table) = (place.next(), place.next());
        let value = self.in_column(column, words).await;
        Binding {
            phrase: words.to_owned(),
            schema: place.next().unwrap_or_default(),
            table: table.unwrap_or_default(),
            column: last.unwrap_or_default(),
            similarity: if value.is_some() { 1.0 } else { 0.0 },
            value: value.unwrap_or_else(|| words.to_owned()),
        }
    }

    /// Spelt alike but for case, or else the one value that holds the words.
    async fn in_column(&self, column: &[String], words: &str) -> Option<String> {
        let (last, table) = column.split_last()?;
        let table: Vec<String> = table.iter().map(|name| quote_ident(name)).collect();
        let (table, column) = (table.join("."), quote_ident(last));
        let words = quote_literal(words);
        for (condition, most) in [
            (format!("lower({column}::text) = lower({words})"), 1),
            (
                format!("strpos(lower({column}::text), lower({words})) > 0"),
                2,
            ),
        ] {
            let query = format!(
                "SELECT DISTINCT v FROM (SELECT {column}::text AS v FROM {table} WHERE {condition} LIMIT 1000) AS s LIMIT {most}"
            );
            let limits = Limits {
                timeout: Duration::from_secs(5),
                ..Limits::default()
            };
            let found = self.sql.query(&query, &limits, self.cancel).await.ok()?;
            if let (1, Some(Cell::Text(value))) =
                (found.row_count(), found.column("v").map(|v| v.cell(0)))
            {
                return Some(value.to_owned());
            }
        }
        None
    }
}

/// What the plan's queries and their fallbacks name.
fn named(plan: &Plan) -> HashSet<ValueName> {
    let mut names = HashSet::new();
    for step in &plan.steps {
        if let Work::Sql(template) = &step.work {
            names.extend(template.values().cloned());
        }
        if let Some(template) = &step.fallback {
            names.extend(template.values().cloned());
        }
    }
    names
}
