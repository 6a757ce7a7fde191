//! ANALYZE steps on polars: typed operations and SQL over step results. No code from a model runs, and
//! nothing but the step tables is in reach.

mod series;

use std::sync::Arc;

use polars::prelude::*;
use polars::sql::{SQLContext, sql_expr};
use serde::Deserialize;

use super::StepError;
use super::frame::{to_frame, to_table};
use crate::db::Table;
use crate::sql::{self, Policy};

/// The input of an ANALYZE step.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Analysis {
    pub operation: String,
    pub target_column: Option<String>,
    #[serde(deserialize_with = "one_or_many")]
    pub group_by: Vec<String>,
    pub aggregation: Option<String>,
    pub expression: Option<String>,
    pub query: Option<String>,
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
        None(()),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(name) => vec![name],
        OneOrMany::Many(names) => names,
        OneOrMany::None(()) => Vec::new(),
    })
}

/// An earlier step's result by its id.
pub type Input = (String, Arc<Table>);

/// Runs the analysis over the results it depends on, keeping at most `max_rows` rows. Takes processor time:
/// call it off the async threads.
///
/// # Errors
/// A message that the planner can use.
pub fn analyze(analysis: &Analysis, inputs: &[Input], max_rows: usize) -> Result<Table, StepError> {
    let result = match analysis.operation.trim().to_lowercase().as_str() {
        "sql" => run_sql(analysis, inputs),
        "" if analysis.query.is_some() => run_sql(analysis, inputs),
        operation => {
            let (_, table) = inputs
                .first()
                .ok_or_else(|| StepError::plan("ANALYZE has no result to work on"))?;
            run_operation(operation, analysis, table)
        }
    };
    let frame = result.map_err(|e| match e {
        Failure::Polars(e) => of_polars(&e),
        Failure::Step(e) => *e,
    })?;
    let truncated = frame.height() > max_rows || inputs.iter().any(|(_, t)| t.is_truncated());
    to_table(&frame.head(Some(max_rows)), truncated).map_err(|e| of_polars(&e))
}

/// Polars quotes values in some of its messages, and appends the whole query plan to others.
pub(super) fn of_polars(error: &PolarsError) -> StepError {
    let message = error.to_string();
    let bare = match error {
        PolarsError::ColumnNotFound(_) | PolarsError::SchemaFieldNotFound(_) => {
            "there is no such column"
        }
        PolarsError::Duplicate(_) => "two columns have the same name",
        PolarsError::InvalidOperation(_) | PolarsError::SchemaMismatch(_) => {
            "the operation does not fit the columns' types"
        }
        PolarsError::SQLInterface(_) | PolarsError::SQLSyntax(_) => {
            "the SQL is not what the analysis understands"
        }
        _ => "the analysis fails on these values",
    };
    StepError::plan(message.lines().next().unwrap_or(&message)).hiding(bare)
}

enum Failure {
    Polars(PolarsError),
    Step(Box<StepError>),
}

impl From<PolarsError> for Failure {
    fn from(error: PolarsError) -> Self {
        Self::Polars(error)
    }
}

impl From<StepError> for Failure {
    fn from(error: StepError) -> Self {
        Self::Step(Box::new(error))
    }
}

fn run_sql(analysis: &Analysis, inputs: &[Input]) -> Result<DataFrame, Failure> {
    let query = analysis
        .query
        .as_deref()
        .or(analysis.expression.as_deref())
        .unwrap_or_default();
    // The engine's own SQL could read files; the guard leaves it the step tables.
    let checked = sql::check(query, &Policy::analytics()).map_err(StepError::from)?;
    let mut context = SQLContext::new();
    for (id, table) in inputs {
        context.register(&format!("step_{id}"), to_frame(table)?.lazy());
    }
    Ok(context.execute(checked.text())?.collect()?)
}

fn run_operation(
    operation: &str,
    analysis: &Analysis,
    table: &Table,
) -> Result<DataFrame, Failure> {
    let frame = to_frame(table)?;
    let named = |name: &str| column_name(&frame, name);
    let target = || -> Result<String, Failure> {
        let name = analysis
            .target_column
            .as_deref()
            .filter(|name| !name.trim().is_empty())
            .ok_or_else(|| StepError::plan(format!("`{operation}` needs a `target_column`")))?;
        Ok(named(name)?)
    };
    let groups = analysis
        .group_by
        .iter()
        .map(|name| named(name))
        .collect::<Result<Vec<_>, _>>()?;
    match operation {
        "groupby" | "group_by" => {
            let how = analysis.aggregation.as_deref().unwrap_or("count");
            if groups.is_empty() {
                return Err(StepError::plan("`groupby` needs `group_by`").into());
            }
            let what = if is_count(how) && analysis.target_column.is_none() {
                None
            } else {
                Some(target()?)
            };
            grouped(frame, &groups, how, what.as_deref())
        }
        "describe" => describe(
            &frame,
            analysis.target_column.as_deref().map(named).transpose()?,
        ),
        "correlation" | "corr" => {
            let first = analysis.target_column.as_deref().map(named).transpose()?;
            correlation(&frame, first.into_iter().chain(groups).collect())
        }
        "calculate" => calculate(frame, analysis.expression.as_deref().unwrap_or_default()),
        name if series::OPERATIONS.contains(&name) => {
            let parameter = analysis.expression.as_deref();
            let how = analysis.aggregation.as_deref();
            let target = target()?;
            series::run(name, frame, &target, &groups, parameter, how)
        }
        how => {
            let what = if is_count(how) && analysis.target_column.is_none() {
                None
            } else {
                Some(target()?)
            };
            if groups.is_empty() {
                let expr = aggregation(how, what.as_deref(), &frame)?;
                Ok(frame.lazy().select([expr]).collect()?)
            } else {
                grouped(frame, &groups, how, what.as_deref())
            }
        }
    }
}

fn is_count(how: &str) -> bool {
    how.trim().eq_ignore_ascii_case("count")
}

/// The frame's own spelling of a column's name.
fn column_name(frame: &DataFrame, name: &str) -> Result<String, StepError> {
    let name = name.trim().trim_matches('"');
    let names = frame.get_column_names();
    names
        .iter()
        .find(|n| n.as_str() == name)
        .or_else(|| names.iter().find(|n| n.eq_ignore_ascii_case(name)))
        .map(|n| n.to_string())
        .ok_or_else(|| {
            let there: Vec<&str> = names.iter().map(|n| n.as_str()).collect();
            StepError::plan(format!(
                "there is no column `{name}`; the result has {}",
                there.join(", ")
            ))
            .hiding(format!("there is no column `{name}`"))
        })
}

fn aggregation(how: &str, target: Option<&str>, frame: &DataFrame) -> Result<Expr, Failure> {
    let how = how.trim().to_lowercase();
    let Some(target) = target else {
        return Ok(len().cast(DataType::Int64).alias("count"));
    };
    let dtype = frame.column(target)?.dtype().clone();
    let number = || -> Result<Expr, StepError> {
        if dtype.is_numeric() {
            Ok(col(target))
        } else {
            Err(StepError::plan(format!(
                "`{how}` needs numbers, and the column `{target}` holds {dtype}"
            )))
        }
    };
    let float = || number().map(|e| e.cast(DataType::Float64));
    let expr = match how.as_str() {
        "sum" => number()?.sum(),
        "mean" | "avg" | "average" => float()?.mean(),
        "median" => float()?.median(),
        // The sample's deviation, as Postgres' stddev.
        "std" | "stddev" => float()?.std(1),
        "min" => col(target).min(),
        "max" => col(target).max(),
        "count" => col(target).count().cast(DataType::Int64),
        other => {
            return Err(StepError::plan(format!(
                "the operation `{other}` is none of sum, mean, median, min, max, count, std, describe, groupby, correlation, calculate, sql, {}",
                series::OPERATIONS.join(", ")
            ))
            .into());
        }
    };
    Ok(expr.alias(format!("{how}_{target}")))
}

fn grouped(
    frame: DataFrame,
    groups: &[String],
    how: &str,
    target: Option<&str>,
) -> Result<DataFrame, Failure> {
    let expr = aggregation(how, target, &frame)?;
    let keys: Vec<Expr> = groups.iter().map(col).collect();
    Ok(frame.lazy().group_by_stable(keys).agg([expr]).collect()?)
}

fn describe(frame: &DataFrame, target: Option<String>) -> Result<DataFrame, Failure> {
    let names: Vec<String> = match target {
        Some(name) => vec![name],
        None => frame
            .columns()
            .iter()
            .filter(|c| c.dtype().is_numeric())
            .map(|c| c.name().to_string())
            .collect(),
    };
    if names.is_empty() {
        return Err(StepError::plan("`describe` found no column of numbers").into());
    }
    let mut rows = Vec::with_capacity(names.len());
    for name in names {
        let numeric = frame.column(&name)?.dtype().is_numeric();
        let number = || col(&name).cast(DataType::Float64);
        let mut exprs = vec![
            lit(name.clone()).alias("column"),
            col(&name).count().cast(DataType::Int64).alias("count"),
            col(&name).null_count().cast(DataType::Int64).alias("nulls"),
        ];
        let quartile = |q: f64| number().quantile(lit(q), QuantileMethod::Linear);
        let statistics: [(&str, Expr); 7] = [
            ("mean", number().mean()),
            ("std", number().std(1)),
            ("min", number().min()),
            ("p25", quartile(0.25)),
            ("median", number().median()),
            ("p75", quartile(0.75)),
            ("max", number().max()),
        ];
        exprs.extend(statistics.into_iter().map(|(label, expr)| {
            let expr = if numeric {
                expr
            } else {
                lit(NULL).cast(DataType::Float64)
            };
            expr.alias(label)
        }));
        rows.push(frame.clone().lazy().select(exprs));
    }
    Ok(concat(rows, UnionArgs::default())?.collect()?)
}

/// Pearson's coefficient of each pair; all columns of numbers when none are named.
fn correlation(frame: &DataFrame, mut names: Vec<String>) -> Result<DataFrame, Failure> {
    if names.len() < 2 {
        let first = names.first().cloned();
        names = frame
            .columns()
            .iter()
            .filter(|c| c.dtype().is_numeric())
            .map(|c| c.name().to_string())
            .collect();
        if let Some(first) = first {
            names.retain(|name| *name != first);
            names.insert(0, first);
        }
    }
    if names.len() < 2 {
        return Err(StepError::plan("`correlation` needs two columns of numbers").into());
    }
    let mut rows = Vec::new();
    for (i, a) in names.iter().enumerate() {
        for b in &names[i + 1..] {
            let (x, y) = (
                col(a).cast(DataType::Float64),
                col(b).cast(DataType::Float64),
            );
            rows.push(frame.clone().lazy().select([
                lit(a.clone()).alias("column_a"),
                lit(b.clone()).alias("column_b"),
                polars::prelude::pearson_corr(x, y).alias("correlation"),
            ]));
        }
    }
    Ok(concat(rows, UnionArgs::default())?.collect()?)
}

/// An SQL expression over each row, beside the columns that are there; alone when it aggregates.
fn calculate(frame: DataFrame, expression: &str) -> Result<DataFrame, Failure> {
    let expr = expression_of(expression)?;
    let rows = frame.height();
    let alone = frame.clone().lazy().select([expr.clone()]).collect()?;
    if alone.height() != rows || rows == 0 {
        return Ok(alone);
    }
    Ok(frame.lazy().with_columns([expr]).collect()?)
}

/// Reads one SQL expression, behind the guard.
pub(super) fn expression_of(expression: &str) -> Result<Expr, StepError> {
    if expression.trim().is_empty() {
        return Err(StepError::plan("the `expression` is empty"));
    }
    sql::check(&format!("SELECT {expression}"), &Policy::analytics())?;
    let expr = sql_expr(expression).map_err(|e| of_polars(&e))?;
    Ok(match expr {
        named @ Expr::Alias(..) => named,
        other => other.alias("result"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::db::{Column as TableColumn, ColumnInfo, Values};

    fn sales() -> Input {
        let text = |name: &str, type_name: &str, values: [Option<&str>; 4]| TableColumn {
            info: ColumnInfo {
                name: name.to_owned(),
                type_name: type_name.to_owned(),
            },
            values: Values::Text(values.map(|v| v.map(Into::into)).to_vec()),
        };
        let units = TableColumn {
            info: ColumnInfo {
                name: "units".to_owned(),
                type_name: "integer".to_owned(),
            },
            values: Values::Int(vec![Some(1), Some(2), Some(3), None]),
        };
        let table = Table::new(
            vec![
                text(
                    "Store",
                    "text",
                    [Some("a"), Some("b"), Some("a"), Some("b")],
                ),
                text(
                    "amount",
                    "numeric",
                    [Some("0.10"), Some("0.20"), Some("10.05"), None],
                ),
                units,
                text(
                    "day",
                    "date",
                    [
                        Some("2024-01-31"),
                        Some("2024-02-01"),
                        None,
                        Some("2024-02-01"),
                    ],
                ),
            ],
            false,
        );
        ("1".to_owned(), Arc::new(table))
    }

    fn run(input: serde_json::Value) -> Result<String, StepError> {
        let analysis: Analysis = serde_json::from_value(input).unwrap();
        let table = analyze(&analysis, &[sales()], 100)?;
        let header: Vec<String> = table
            .infos()
            .map(|c| format!("{}:{}", c.name, c.type_name))
            .collect();
        let rows = serde_json::to_string(&table.json_rows(100)).unwrap();
        Ok(format!("{} {rows}", header.join(",")))
    }

    #[test]
    fn operations_give_what_sql_would() {
        for (input, expected) in [
            (
                json!({"operation":"sum","target_column":"amount"}),
                r#"sum_amount:numeric [[10.35]]"#,
            ),
            (
                json!({"operation":"SUM","target_column":"units"}),
                r#"sum_units:bigint [[6]]"#,
            ),
            (
                json!({"operation":"mean","target_column":"units"}),
                r#"mean_units:double precision [[2]]"#,
            ),
            (
                json!({"operation":"median","target_column":"amount"}),
                r#"median_amount:double precision [[0.2]]"#,
            ),
            (json!({"operation":"count"}), r#"count:bigint [[4]]"#),
            (
                json!({"operation":"count","target_column":"amount"}),
                r#"count_amount:bigint [[3]]"#,
            ),
            (
                json!({"operation":"max","target_column":"day"}),
                r#"max_day:date [["2024-02-01"]]"#,
            ),
            (
                json!({"operation":"std","target_column":"units"}),
                r#"std_units:double precision [[1]]"#,
            ),
            (
                json!({"operation":"groupby","group_by":["store"],"aggregation":"sum","target_column":"amount"}),
                r#"Store:text,sum_amount:numeric [["a",10.15],["b",0.20]]"#,
            ),
            (
                json!({"operation":"groupby","group_by":"Store"}),
                r#"Store:text,count:bigint [["a",2],["b",2]]"#,
            ),
            (
                json!({"operation":"calculate","expression":"units * 2 AS twice"}),
                r#"Store:text,amount:numeric,units:bigint,day:date,twice:bigint [["a",0.10,1,"2024-01-31",2],["b",0.20,2,"2024-02-01",4],["a",10.05,3,null,6],["b",null,null,"2024-02-01",null]]"#,
            ),
            (
                json!({"operation":"calculate","expression":"sum(units) / 2.0"}),
                r#"result:double precision [[3]]"#,
            ),
            (
                json!({"operation":"sql","query":"SELECT Store, sum(units) AS n FROM step_1 GROUP BY Store ORDER BY n DESC"}),
                r#"Store:text,n:bigint [["a",4],["b",2]]"#,
            ),
            (
                json!({"operation":"percentile","target_column":"units","expression":"90"}),
                r#"p90_units:double precision [[2.8]]"#,
            ),
            (
                json!({"operation":"percentile","target_column":"amount","group_by":["store"]}),
                r#"Store:text,p50_amount:double precision [["a",5.075],["b",0.2]]"#,
            ),
            (
                json!({"operation":"pivot","target_column":"units","group_by":["day","store"],"aggregation":"sum"}),
                r#"day:date,a:bigint,b:bigint [["2024-01-31",1,0],["2024-02-01",0,2],[null,3,0]]"#,
            ),
            (
                json!({"operation":"correlation","target_column":"units","group_by":["amount"]}),
                r#"column_a:text,column_b:text,correlation:double precision [["units","amount",0.870258507579324]]"#,
            ),
        ] {
            let got = run(input.clone()).unwrap_or_else(|e| panic!("{input}: {e}"));
            if input["operation"] == "correlation" {
                assert!(got.starts_with(&expected[..70]), "{got}");
            } else {
                assert_eq!(got, expected, "{input}");
            }
        }
    }

    /// The last column of the result.
    fn added(input: serde_json::Value) -> String {
        let analysis: Analysis = serde_json::from_value(input).unwrap();
        let table = analyze(&analysis, &[sales()], 100).unwrap();
        let column = table.columns().last().unwrap();
        let cells: Vec<String> = (0..table.row_count())
            .map(|row| column.cell(row).to_string())
            .collect();
        format!("{} {}", column.info.name, cells.join(" "))
    }

    #[test]
    fn operations_over_rows_add_a_column() {
        for (input, expected) in [
            (
                json!({"operation":"share","target_column":"units","group_by":["Store"]}),
                "share_units 0.25 1 0.75 ",
            ),
            (
                json!({"operation":"growth","target_column":"units"}),
                "growth_units  1 0.5 ",
            ),
            (
                json!({"operation":"cumulative","target_column":"amount"}),
                "cumulative_amount 0.10 0.30 10.35 ",
            ),
            (
                json!({"operation":"cumulative","target_column":"units","group_by":["Store"]}),
                "cumulative_units 1 2 4 ",
            ),
            (
                json!({"operation":"moving_average","target_column":"units","expression":"2"}),
                "moving_average_units 1 1.5 2.5 3",
            ),
            (
                json!({"operation":"rank","target_column":"units"}),
                "rank_units 3 2 1 ",
            ),
        ] {
            assert_eq!(added(input.clone()), expected, "{input}");
        }
    }

    #[test]
    fn describes_every_column_of_numbers() {
        let text = run(json!({"operation":"describe"})).unwrap();
        assert!(
            text.contains(r#"["units",3,1,2,1,1,1.5,2,2.5,3]"#),
            "{text}"
        );
        assert!(text.contains(r#"["amount",3,1,"#), "{text}");
    }

    #[test]
    fn errors_are_for_the_planner() {
        for (input, says) in [
            (
                json!({"operation":"sum","target_column":"nope"}),
                "there is no column `nope`",
            ),
            (
                json!({"operation":"sum","target_column":"Store"}),
                "needs numbers",
            ),
            (json!({"operation":"sum"}), "needs a `target_column`"),
            (
                json!({"operation":"explode","target_column":"units"}),
                "is none of",
            ),
            (
                json!({"operation":"groupby","target_column":"units"}),
                "needs `group_by`",
            ),
            (
                json!({"operation":"sql","query":"SELECT nope FROM step_1"}),
                "nope",
            ),
            (
                json!({"operation":"sql","query":"SELECT * FROM step_2"}),
                "step_2",
            ),
            (json!({"operation":"calculate","expression":" "}), "empty"),
            (
                json!({"operation":"percentile","target_column":"units","expression":"150"}),
                "0.9 or 90",
            ),
            (
                json!({"operation":"moving_average","target_column":"units","expression":"0"}),
                "number of rows",
            ),
            (
                json!({"operation":"pivot","target_column":"units","group_by":["Store"]}),
                "two columns",
            ),
            (
                json!({"operation":"share","target_column":"Store"}),
                "needs numbers",
            ),
        ] {
            let error = run(input.clone()).unwrap_err();
            assert!(error.message.contains(says), "{input}: {error}");
            assert!(!error.message.contains('\n'), "{error}");
        }
    }

    #[test]
    fn nothing_but_the_step_tables_is_in_reach() {
        for query in [
            "SELECT * FROM read_csv('/etc/passwd')",
            "SELECT * FROM read_parquet('http://example.com/x')",
            "SELECT * FROM '/etc/passwd'",
            "CREATE TABLE t AS SELECT * FROM step_1",
            "DROP TABLE step_1",
            "SELECT * FROM step_1; SELECT 1",
        ] {
            assert!(
                run(json!({"operation":"sql","query":query})).is_err(),
                "{query}"
            );
        }
    }
}
