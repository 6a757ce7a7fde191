//! Between our tables and polars' frames, types kept: whole numbers, decimals, dates and times.

use polars::prelude::*;

use crate::db::{Column as TableColumn, ColumnInfo, Table, Values};

type Result<T> = std::result::Result<T, PolarsError>;

/// A frame with the table's columns.
pub fn to_frame(table: &Table) -> Result<DataFrame> {
    let mut names = std::collections::HashSet::new();
    let mut columns = Vec::with_capacity(table.columns().len());
    for (i, column) in table.columns().iter().enumerate() {
        // A frame's names differ; a query's may not.
        let mut name = column.info.name.clone();
        if !names.insert(name.clone()) {
            name = format!("{name}_{}", i + 1);
            names.insert(name.clone());
        }
        columns.push(to_series(column, &name)?.into_column());
    }
    DataFrame::new(table.row_count(), columns)
}

fn to_series(column: &TableColumn, name: &str) -> Result<Series> {
    let name = PlSmallStr::from_str(name);
    let texts = match &column.values {
        Values::Bool(values) => return Ok(Series::new(name, values.as_slice())),
        Values::Int(values) => return Ok(Series::new(name, values.as_slice())),
        Values::Text(values) => values,
    };
    let type_name = column.info.type_name.as_str();
    let base = type_name.split('(').next().unwrap_or(type_name);
    let strings = || {
        Series::new(
            name.clone(),
            texts.iter().map(|t| t.as_deref()).collect::<Vec<_>>(),
        )
    };
    match base {
        "real" | "double precision" => {
            let numbers: Vec<Option<f64>> = texts
                .iter()
                .map(|t| t.as_deref().and_then(|t| t.parse().ok()))
                .collect();
            Ok(Series::new(name, numbers))
        }
        "numeric" => match decimal_scale(texts) {
            Some(scale) => strings().strict_cast(&DataType::Decimal(38, scale)),
            // NaN, infinity, or more digits than a decimal holds.
            None => {
                let numbers: Vec<Option<f64>> = texts
                    .iter()
                    .map(|t| t.as_deref().and_then(|t| t.parse().ok()))
                    .collect();
                Ok(Series::new(name, numbers))
            }
        },
        "date" => strings()
            .strict_cast(&DataType::Date)
            .or_else(|_| Ok(strings())),
        "timestamp without time zone" | "timestamp with time zone" => {
            let local: Vec<Option<&str>> = texts
                .iter()
                .map(|t| t.as_deref().map(without_offset))
                .collect();
            Series::new(name.clone(), local)
                .strict_cast(&DataType::Datetime(TimeUnit::Microseconds, None))
                .or_else(|_| Ok(strings()))
        }
        _ => Ok(strings()),
    }
}

/// The digits after the point that all values need, if a decimal of 38 digits holds them.
fn decimal_scale(texts: &[Option<Box<str>>]) -> Option<usize> {
    let (mut whole, mut scale) = (0, 0);
    for text in texts.iter().flatten() {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
        if !before
            .bytes()
            .chain(after.bytes())
            .all(|b| b.is_ascii_digit())
        {
            return None;
        }
        whole = whole.max(before.len());
        scale = scale.max(after.len());
    }
    // Room for sums.
    (whole + scale <= 30).then_some(scale)
}

/// `2024-05-01 12:00:00+02` in the session's zone, as local time.
fn without_offset(text: &str) -> &str {
    match text.get(10..).and_then(|time| time.find(['+', '-'])) {
        Some(at) => &text[..10 + at],
        None => text,
    }
}

/// A table with the frame's columns.
pub fn to_table(frame: &DataFrame, truncated: bool) -> Result<Table> {
    let columns = frame
        .columns()
        .iter()
        .map(to_column)
        .collect::<Result<Vec<_>>>()?;
    Ok(Table::new(columns, truncated))
}

fn to_column(column: &Column) -> Result<TableColumn> {
    let series = column.as_materialized_series();
    let (type_name, values) = match series.dtype() {
        DataType::Boolean => ("boolean", Values::Bool(series.bool()?.iter().collect())),
        dtype if dtype.is_integer() => {
            let whole = series.strict_cast(&DataType::Int64)?;
            ("bigint", Values::Int(whole.i64()?.iter().collect()))
        }
        dtype if dtype.is_float() => {
            let numbers = series.cast(&DataType::Float64)?;
            let texts = numbers
                .f64()?
                .iter()
                .map(|n| n.map(|n| float_text(n).into()))
                .collect();
            ("double precision", Values::Text(texts))
        }
        dtype => {
            let type_name = match dtype {
                DataType::Decimal(..) => "numeric",
                DataType::Date => "date",
                DataType::Datetime(..) => "timestamp without time zone",
                DataType::Time => "time without time zone",
                _ => "text",
            };
            let texts = series.cast(&DataType::String)?;
            let texts = texts.str()?.iter();
            let texts = match type_name {
                "timestamp without time zone" => {
                    texts.map(|t| t.map(|t| trimmed(t).into())).collect()
                }
                _ => texts.map(|t| t.map(Into::into)).collect(),
            };
            (type_name, Values::Text(texts))
        }
    };
    Ok(TableColumn {
        info: ColumnInfo {
            name: column.name().to_string(),
            type_name: type_name.to_owned(),
        },
        values,
    })
}

/// As Postgres prints it: no point for whole numbers, `NaN` and `Infinity` by name.
pub fn float_text(n: f64) -> String {
    if n.is_nan() {
        "NaN".to_owned()
    } else if n.is_infinite() {
        if n > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        n.to_string()
    }
}

/// A time without zeros at the end of its fraction.
fn trimmed(text: &str) -> &str {
    match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.'),
        None => text,
    }
}
