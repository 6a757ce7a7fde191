//! VERIFY steps: assertions about earlier results. A false one is a failed step.

use std::collections::HashSet;
use std::sync::Arc;

use polars::prelude::IntoLazy;
use serde::Deserialize;

use super::StepError;
use super::analytics::{expression_of, of_polars};
use super::frame::to_frame;
use crate::agent::text_of;
use crate::db::{Cell, Column, Table};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    NotEmpty,
    SingleRow,
    NoNulls,
    Unique,
    Expression,
}

/// One assertion about one step's result.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Check {
    #[serde(deserialize_with = "step_id")]
    pub step: String,
    pub check: CheckKind,
    #[serde(default)]
    pub column: Option<String>,
    #[serde(default)]
    pub expression: Option<String>,
}

fn step_id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let id = text_of(Some(&value)).ok_or_else(|| serde::de::Error::custom("`step` is no id"))?;
    Ok(id.strip_prefix("step_").unwrap_or(&id).to_owned())
}

/// Makes all checks.
///
/// # Errors
/// The first that does not hold, with what was found.
pub fn verify(
    checks: &[Check],
    table_of: impl Fn(&str) -> Option<Arc<Table>>,
) -> Result<(), StepError> {
    for check in checks {
        let table = table_of(&check.step).ok_or_else(|| {
            StepError::plan(format!(
                "there is no result of step {} to verify",
                check.step
            ))
        })?;
        one(check, &table).map_err(|e| {
            let of = |text: &str| format!("step {}: {text}", check.step);
            StepError::plan(of(&e.message)).hiding(of(e.bare.as_deref().unwrap_or(&e.message)))
        })?;
    }
    Ok(())
}

fn one(check: &Check, table: &Table) -> Result<(), StepError> {
    let rows = table.row_count();
    let failed = |message: String| Err(StepError::plan(message));
    match check.check {
        CheckKind::NotEmpty if rows == 0 => failed("the result is empty".to_owned()),
        CheckKind::SingleRow if rows != 1 => Err(StepError::plan(format!(
            "the result has {rows} rows, not one"
        ))
        .hiding("the result has not one row")),
        CheckKind::NotEmpty | CheckKind::SingleRow => Ok(()),
        CheckKind::NoNulls => {
            for column in columns(check, table)? {
                let nulls = (0..rows)
                    .filter(|&row| column.cell(row) == Cell::Null)
                    .count();
                if nulls > 0 {
                    let name = &column.info.name;
                    let message = format!("{nulls} of {rows} values of `{name}` are null");
                    return Err(StepError::plan(message).hiding(format!(
                        "some values of `{}` are null",
                        check.column.as_deref().unwrap_or("a column")
                    )));
                }
            }
            Ok(())
        }
        CheckKind::Unique => {
            let columns = columns(check, table)?;
            let mut seen = HashSet::with_capacity(rows);
            for row in 0..rows {
                let key: Vec<Option<String>> =
                    columns.iter().map(|c| c.cell(row).to_param()).collect();
                if !seen.insert(key.clone()) {
                    let shown: Vec<String> = key
                        .into_iter()
                        .map(|v| v.unwrap_or_else(|| "null".to_owned()))
                        .collect();
                    let message = format!("{} is there more than once", shown.join(", "));
                    return Err(StepError::plan(message).hiding("a row is there more than once"));
                }
            }
            Ok(())
        }
        CheckKind::Expression => holds(check.expression.as_deref().unwrap_or_default(), table),
    }
}

/// The column that is named, or all.
fn columns<'a>(check: &Check, table: &'a Table) -> Result<Vec<&'a Column>, StepError> {
    match check.column.as_deref() {
        None => Ok(table.columns().iter().collect()),
        Some(name) => table
            .column(name)
            .map(|column| vec![column])
            .ok_or_else(|| StepError::plan(format!("there is no column `{name}`"))),
    }
}

/// The expression must be true of every row; null is not true.
fn holds(expression: &str, table: &Table) -> Result<(), StepError> {
    let expr = expression_of(expression)?;
    let polars = |e: polars::prelude::PolarsError| of_polars(&e);
    let frame = to_frame(table).map_err(polars)?;
    let values = frame.lazy().select([expr]).collect().map_err(polars)?;
    let column = values
        .columns()
        .first()
        .ok_or_else(|| StepError::plan("the `expression` gives nothing"))?;
    let truths = column.bool().map_err(|_| {
        StepError::plan(format!(
            "`{expression}` gives {}, not true or false",
            column.dtype()
        ))
    })?;
    let broken = truths.iter().filter(|truth| *truth != Some(true)).count();
    if broken > 0 {
        return Err(StepError::plan(format!(
            "`{expression}` does not hold for {broken} of {} rows",
            truths.len()
        ))
        .hiding(format!("`{expression}` does not hold for every row")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::db::{ColumnInfo, Values};

    fn numbers(values: &[Option<i64>]) -> Arc<Table> {
        Arc::new(Table::new(
            vec![Column {
                info: ColumnInfo {
                    name: "n".to_owned(),
                    type_name: "bigint".to_owned(),
                },
                values: Values::Int(values.to_vec()),
            }],
            false,
        ))
    }

    #[test]
    fn tells_what_does_not_hold() {
        let some = numbers(&[Some(1), Some(2), Some(2), None]);
        let none = numbers(&[]);
        let one = numbers(&[Some(5)]);
        for (table, check, says) in [
            (
                &none,
                json!({"step":1,"check":"not_empty"}),
                Some("is empty"),
            ),
            (&some, json!({"step":"1","check":"not_empty"}), None),
            (
                &some,
                json!({"step":"1","check":"single_row"}),
                Some("4 rows"),
            ),
            (&one, json!({"step":"step_1","check":"single_row"}), None),
            (
                &some,
                json!({"step":"1","check":"no_nulls","column":"n"}),
                Some("1 of 4"),
            ),
            (
                &some,
                json!({"step":"1","check":"unique","column":"N"}),
                Some("2 is there more than once"),
            ),
            (&one, json!({"step":"1","check":"unique"}), None),
            (
                &one,
                json!({"step":"1","check":"expression","expression":"n > 4"}),
                None,
            ),
            (
                &some,
                json!({"step":"1","check":"expression","expression":"n > 1"}),
                Some("2 of 4 rows"),
            ),
            (
                &one,
                json!({"step":"1","check":"expression","expression":"n + 1"}),
                Some("not true or false"),
            ),
            (
                &one,
                json!({"step":"1","check":"no_nulls","column":"x"}),
                Some("no column"),
            ),
            (
                &one,
                json!({"step":"2","check":"not_empty"}),
                Some("no result of step 2"),
            ),
        ] {
            let checks = [serde_json::from_value::<Check>(check.clone()).unwrap()];
            let outcome = verify(&checks, |id| (id == "1").then(|| Arc::clone(table)));
            match says {
                None => assert_eq!(outcome, Ok(()), "{check}"),
                Some(says) => assert!(outcome.unwrap_err().message.contains(says), "{check}"),
            }
        }
    }
}
