//! Results as charts: chosen from the columns' types, drawn in the terminal or into a file.

mod file;
mod terminal;

pub use file::write as chart_file;
pub use terminal::draw as chart;

use crate::db::{Cell, Column, Table};
use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bar,
    Line,
    Scatter,
    Histogram,
}

/// What is drawn. `labels` and each series have one entry a row.
#[derive(Debug, Clone, PartialEq)]
struct Chart {
    kind: Kind,
    labels: Vec<String>,
    series: Vec<Series>,
}

#[derive(Debug, Clone, PartialEq)]
struct Series {
    name: String,
    values: Vec<Option<f64>>,
}

impl Chart {
    /// A time and measures make lines, labels and a measure bars, two measures points, one alone a
    /// histogram.
    fn of(table: Option<&Table>) -> Result<Self> {
        let table = table
            .filter(|table| !table.is_empty())
            .ok_or_else(|| cannot("there are no rows"))?;
        let (mut measures, others): (Vec<&Column>, Vec<&Column>) =
            table.columns().iter().partition(|c| c.is_numeric());
        // A year or a month that comes first is when, not how much.
        let mut axis = others
            .iter()
            .find(|c| is_time(c))
            .or(others.first())
            .copied();
        if axis.is_none() && measures.len() > 1 && is_period(measures[0]) {
            axis = Some(measures.remove(0));
        }
        // Keys are not measures, unless there is nothing else.
        if measures.iter().any(|c| !is_key(c)) {
            measures.retain(|c| !is_key(c));
        }
        let kind = match (axis, measures.len()) {
            (_, 0) => return Err(cannot("no column holds numbers")),
            (Some(axis), _) if is_time(axis) || is_period(axis) => Kind::Line,
            (Some(_), _) => Kind::Bar,
            (None, 1) if table.row_count() == 1 => return Err(cannot("it is a single number")),
            (None, 1) => Kind::Histogram,
            (None, _) => Kind::Scatter,
        };
        let labels = (0..table.row_count())
            .map(|row| match axis.map(|axis| axis.cell(row)) {
                Some(Cell::Null) => "null".to_owned(),
                Some(cell) => super::clean(&cell.to_string()).replace('\n', " "),
                None => (row + 1).to_string(),
            })
            .collect();
        let series = measures.into_iter().map(|column| Series {
            name: super::clean(&column.info.name),
            values: (0..table.row_count())
                .map(|row| number(column.cell(row)))
                .collect(),
        });
        Ok(Self {
            kind,
            labels,
            series: series.collect(),
        })
    }
}

fn cannot(why: &str) -> Error {
    Error::failed(format!("there is nothing to draw: {why}"))
        .with_hint("ask for a number by something, for example \"payments by month\"")
}

fn number(cell: Cell<'_>) -> Option<f64> {
    let n = match cell {
        Cell::Int(n) => n as f64,
        Cell::Text(text) => text.parse().ok()?,
        Cell::Null | Cell::Bool(_) => return None,
    };
    n.is_finite().then_some(n)
}

fn is_time(column: &Column) -> bool {
    column.info.type_name == "date" || column.info.type_name.starts_with("timestamp")
}

fn is_period(column: &Column) -> bool {
    let name = column.info.name.to_lowercase();
    ["year", "quarter", "month", "week", "day", "hour"]
        .iter()
        .any(|period| name == *period || name.ends_with(&format!("_{period}")))
}

fn is_key(column: &Column) -> bool {
    let name = column.info.name.to_lowercase();
    name == "id" || name.ends_with("_id")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{ColumnInfo, Values};

    fn table(columns: &[(&str, &str, &[&str])]) -> Table {
        let columns = columns.iter().map(|(name, type_name, values)| Column {
            info: ColumnInfo {
                name: (*name).into(),
                type_name: (*type_name).into(),
            },
            values: Values::Text(values.iter().map(|v| Some((*v).into())).collect()),
        });
        Table::new(columns.collect(), false)
    }

    #[test]
    fn the_columns_choose_the_chart() {
        let two: &[&str] = &["1", "2"];
        for (columns, kind, measures) in [
            (
                vec![("name", "text", two), ("n", "bigint", two)],
                Kind::Bar,
                1,
            ),
            (
                vec![
                    ("customer_id", "integer", two),
                    ("name", "text", two),
                    ("n", "numeric", two),
                ],
                Kind::Bar,
                1,
            ),
            (
                vec![
                    ("day", "date", two),
                    ("n", "integer", two),
                    ("m", "real", two),
                ],
                Kind::Line,
                2,
            ),
            (
                vec![("rental_year", "integer", two), ("n", "integer", two)],
                Kind::Line,
                1,
            ),
            (
                vec![("a", "integer", two), ("b", "real", two)],
                Kind::Scatter,
                2,
            ),
            (vec![("amount", "numeric(5,2)", two)], Kind::Histogram, 1),
        ] {
            let chart = Chart::of(Some(&table(&columns))).unwrap();
            assert_eq!(
                (chart.kind, chart.series.len()),
                (kind, measures),
                "{columns:?}"
            );
        }
        for nothing in [
            vec![("name", "text", two)],
            vec![("n", "integer", &["1"][..])],
            vec![("n", "integer", &[][..])],
        ] {
            assert!(
                Chart::of(Some(&table(&nothing)))
                    .unwrap_err()
                    .hint()
                    .is_some()
            );
        }
    }
}
