//! Operations over rows in their order and over groups: shares, growth, running totals, moving averages,
//! percentiles, ranks and pivots.

use polars::prelude::*;

use super::{Failure, aggregation, of_polars};
use crate::tools::StepError;

/// The names that [`run`] knows.
pub const OPERATIONS: [&str; 7] = [
    "percentile",
    "share",
    "growth",
    "cumulative",
    "moving_average",
    "rank",
    "pivot",
];

/// Rows of a moving average when the plan does not say.
const WINDOW: usize = 3;
/// Columns that a pivot may make.
const MOST_COLUMNS: usize = 200;

/// Runs one of [`OPERATIONS`] on the numbers of `target`, within each of `groups`. `parameter` is the
/// percentile (0 to 1, or 0 to 100) or the window's rows.
pub fn run(
    operation: &str,
    frame: DataFrame,
    target: &str,
    groups: &[String],
    parameter: Option<&str>,
    how: Option<&str>,
) -> Result<DataFrame, Failure> {
    let dtype = frame.column(target)?.dtype();
    if !dtype.is_numeric() {
        return Err(StepError::plan(format!(
            "`{operation}` needs numbers, and the column `{target}` holds {dtype}"
        ))
        .into());
    }
    let keys: Vec<Expr> = groups.iter().map(col).collect();
    let number = col(target).cast(DataType::Float64);
    let within = |expr: Expr| -> Result<Expr, Failure> {
        Ok(if keys.is_empty() {
            expr
        } else {
            expr.over(keys.clone())?
        })
    };
    let added = match operation {
        "percentile" => {
            let q = percentile(parameter)?;
            let expr = number
                .quantile(lit(q), QuantileMethod::Linear)
                .alias(format!("p{}_{target}", q * 100.0));
            return Ok(if keys.is_empty() {
                frame.lazy().select([expr]).collect()?
            } else {
                frame.lazy().group_by_stable(keys).agg([expr]).collect()?
            });
        }
        "pivot" => return pivot(frame, target, groups, how.unwrap_or("sum")),
        "share" => (number.clone() / within(number.sum())?).alias(format!("share_{target}")),
        "growth" => {
            let before = within(number.clone().shift(lit(1)))?;
            // The first has nothing before it, and nothing grows from zero by a factor.
            when(before.clone().neq(lit(0.0)))
                .then(number / before - lit(1.0))
                .otherwise(lit(NULL))
                .alias(format!("growth_{target}"))
        }
        "cumulative" => within(col(target).cum_sum(false))?.alias(format!("cumulative_{target}")),
        "moving_average" => {
            let options = RollingOptionsFixedWindow {
                window_size: window(parameter)?,
                min_periods: 1,
                ..Default::default()
            };
            within(number.rolling_mean(options))?.alias(format!("moving_average_{target}"))
        }
        "rank" => {
            let options = RankOptions {
                method: RankMethod::Min,
                descending: true,
            };
            within(number.rank(options, None))?
                .cast(DataType::Int64)
                .alias(format!("rank_{target}"))
        }
        other => {
            return Err(StepError::plan(format!("there is no operation `{other}`")).into());
        }
    };
    Ok(frame.lazy().with_columns([added]).collect()?)
}

fn percentile(parameter: Option<&str>) -> Result<f64, StepError> {
    let text = parameter.unwrap_or("0.5").trim().trim_end_matches('%');
    let wrong =
        || StepError::plan("`percentile` wants its `expression` to be a number such as 0.9 or 90");
    let value: f64 = text.parse().map_err(|_| wrong())?;
    let value = if value > 1.0 { value / 100.0 } else { value };
    (0.0..=1.0)
        .contains(&value)
        .then_some(value)
        .ok_or_else(wrong)
}

fn window(parameter: Option<&str>) -> Result<usize, StepError> {
    match parameter.map(str::trim).filter(|text| !text.is_empty()) {
        None => Ok(WINDOW),
        Some(text) => text
            .parse()
            .ok()
            .filter(|n| (1..=10_000).contains(n))
            .ok_or_else(|| {
                StepError::plan(
                    "`moving_average` wants its `expression` to be a number of rows such as 7",
                )
            }),
    }
}

/// A row for each value of the first group, a column for each value of the second.
fn pivot(
    frame: DataFrame,
    target: &str,
    groups: &[String],
    how: &str,
) -> Result<DataFrame, Failure> {
    let [rows, columns] = groups else {
        return Err(StepError::plan(
            "`pivot` needs two columns in `group_by`: one for the rows, one for the columns",
        )
        .into());
    };
    let names = frame.column(columns)?.cast(&DataType::String)?;
    let names = names.unique_stable()?;
    if names.len() > MOST_COLUMNS {
        return Err(StepError::plan(format!(
            "`pivot` would make {} columns of `{columns}`, and {MOST_COLUMNS} are allowed",
            names.len()
        ))
        .into());
    }
    let mut cells = Vec::with_capacity(names.len());
    for name in names.str()?.iter() {
        let label = name.unwrap_or("null");
        if label == rows {
            return Err(
                StepError::plan(format!("`{columns}` has a value named as `{rows}`")).into(),
            );
        }
        let here = match name {
            Some(name) => col(columns).cast(DataType::String).eq(lit(name)),
            None => col(columns).is_null(),
        };
        let picked = aggregation(how, Some(target), &frame)?;
        let picked = picked.map_leaf(|leaf| leaf.filter(here.clone()));
        cells.push(picked.alias(label));
    }
    frame
        .lazy()
        .group_by_stable([col(rows)])
        .agg(cells)
        .collect()
        .map_err(|e| of_polars(&e).into())
}

trait MapLeaf {
    fn map_leaf(self, change: impl Fn(Expr) -> Expr) -> Expr;
}

impl MapLeaf for Expr {
    /// Changes the columns that an expression reads.
    fn map_leaf(self, change: impl Fn(Expr) -> Expr) -> Expr {
        self.map_expr(|expr| match expr {
            column @ Expr::Column(_) => change(column),
            other => other,
        })
    }
}
