//! Whether two results are the same answer, as the public benchmarks compare them: columns by position
//! or in any order, names ignored, rows in order only where the question asks for one, numbers with a
//! tolerance.

use crate::db::{Cell, Table};

/// Numbers that differ by less than this share are the same.
const TOLERANCE: f64 = 1e-4;
/// Orders of the columns that are tried for results of more columns than this are cut short.
const MOST_COLUMNS: usize = 7;
/// Rows that are matched one by one where sorting does not bring them together.
const MOST_ROWS_MATCHED: usize = 1_000;

/// One value, made comparable.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    Null,
    /// A count is right or wrong; no tolerance.
    Whole(i64),
    Number(f64),
    Text(String),
}

impl Value {
    fn of(cell: Cell<'_>) -> Self {
        let text = match cell {
            Cell::Null => return Self::Null,
            Cell::Int(n) => return Self::Whole(n),
            Cell::Bool(b) => return Self::Text(b.to_string()),
            Cell::Text(text) => text.trim(),
        };
        let digits = text.trim_start_matches('-');
        // Digits that begin with a zero are a code: 007 is not 7.
        let is_code = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
        if let Ok(n) = text.parse::<i64>()
            && !is_code
        {
            return Self::Whole(n);
        }
        match text.parse::<f64>() {
            Ok(n) if n.is_finite() && !is_code => Self::Number(n),
            // A day is the same whether it is written with a midnight or not.
            _ => Self::Text(
                text.strip_suffix(" 00:00:00+00")
                    .or_else(|| text.strip_suffix(" 00:00:00"))
                    .unwrap_or(text)
                    .to_owned(),
            ),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(n) => Some(*n as f64),
            Self::Number(n) => Some(*n),
            Self::Null | Self::Text(_) => None,
        }
    }

    fn same(&self, other: &Self) -> bool {
        match (self.number(), other.number()) {
            _ if matches!((self, other), (Self::Whole(_), Self::Whole(_))) => self == other,
            (Some(a), Some(b)) => (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(1e-9),
            _ => self == other,
        }
    }

    /// Sorts equal values together, near ones beside each other.
    fn key(&self) -> (u8, f64, &str) {
        match self {
            Self::Null => (0, 0.0, ""),
            Self::Whole(n) => (1, *n as f64, ""),
            Self::Number(n) => (1, *n, ""),
            Self::Text(text) => (2, 0.0, text),
        }
    }
}

fn compare_rows(a: &[Value], b: &[Value]) -> std::cmp::Ordering {
    for (x, y) in a.iter().zip(b) {
        let ((xk, xn, xt), (yk, yn, yt)) = (x.key(), y.key());
        let order = xk
            .cmp(&yk)
            .then_with(|| xn.total_cmp(&yn))
            .then_with(|| xt.cmp(yt));
        if order.is_ne() {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

fn columns(table: &Table) -> Vec<Vec<Value>> {
    table
        .columns()
        .iter()
        .map(|c| {
            (0..table.row_count())
                .map(|row| Value::of(c.cell(row)))
                .collect()
        })
        .collect()
}

/// Whether `answer` holds what `gold` does; `ordered` when the rows' order is part of the answer.
pub fn same(answer: &Table, gold: &Table, ordered: bool) -> bool {
    if answer.row_count() != gold.row_count() || answer.columns().len() != gold.columns().len() {
        return false;
    }
    if gold.row_count() == 0 {
        return true;
    }
    let (answer, gold) = (columns(answer), columns(gold));
    let mut assigned = Vec::new();
    arrange(&answer, &gold, ordered, &mut assigned)
}

/// Tries the orders of the columns whose values can be the same at all.
fn arrange(
    answer: &[Vec<Value>],
    gold: &[Vec<Value>],
    ordered: bool,
    assigned: &mut Vec<usize>,
) -> bool {
    if assigned.len() == gold.len() {
        return rows_same(answer, gold, ordered, assigned);
    }
    let wanted = &gold[assigned.len()];
    for candidate in 0..answer.len() {
        if assigned.contains(&candidate) || !column_same(&answer[candidate], wanted, ordered) {
            continue;
        }
        assigned.push(candidate);
        if arrange(answer, gold, ordered, assigned) {
            return true;
        }
        assigned.pop();
        if gold.len() > MOST_COLUMNS {
            return false;
        }
    }
    false
}

fn column_same(a: &[Value], b: &[Value], ordered: bool) -> bool {
    if ordered {
        return a.iter().zip(b).all(|(x, y)| x.same(y));
    }
    let sorted = |values: &[Value]| {
        let mut all: Vec<[Value; 1]> = values.iter().map(|v| [v.clone()]).collect();
        all.sort_by(|x, y| compare_rows(x, y));
        all
    };
    sorted(a)
        .iter()
        .zip(&sorted(b))
        .all(|(x, y)| x[0].same(&y[0]))
}

fn rows_same(
    answer: &[Vec<Value>],
    gold: &[Vec<Value>],
    ordered: bool,
    assigned: &[usize],
) -> bool {
    let count = gold.first().map_or(0, Vec::len);
    let rows = |columns: &mut dyn FnMut(usize) -> Vec<Value>| -> Vec<Vec<Value>> {
        let mut rows: Vec<Vec<Value>> = (0..count).map(columns).collect();
        if !ordered {
            rows.sort_by(|a, b| compare_rows(a, b));
        }
        rows
    };
    let ours = rows(&mut |row| assigned.iter().map(|&c| answer[c][row].clone()).collect());
    let theirs = rows(&mut |row| gold.iter().map(|c| c[row].clone()).collect());
    let row_same = |a: &[Value], b: &[Value]| a.iter().zip(b).all(|(x, y)| x.same(y));
    if ours.iter().zip(&theirs).all(|(a, b)| row_same(a, b)) {
        return true;
    }
    // Numbers that differ within the tolerance may have sorted their rows apart.
    !ordered && count <= MOST_ROWS_MATCHED && {
        let mut left = theirs;
        ours.iter().all(|row| {
            let found = left.iter().position(|other| row_same(row, other));
            found.map(|at| left.swap_remove(at)).is_some()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Column, ColumnInfo, Values};

    fn table(columns: &[&[Option<&str>]]) -> Table {
        Table::new(
            columns
                .iter()
                .map(|values| Column {
                    info: ColumnInfo {
                        name: "c".into(),
                        type_name: "text".into(),
                    },
                    values: Values::Text(values.iter().map(|v| v.map(Into::into)).collect()),
                })
                .collect(),
            false,
        )
    }

    #[test]
    fn rows_are_a_bag_unless_order_is_asked_for() {
        let a = table(&[&[Some("x"), Some("y")], &[Some("1"), Some("2.00001")]]);
        let b = table(&[&[Some("2"), Some("1")], &[Some("y"), Some("x")]]);
        assert!(same(&a, &b, false));
        assert!(!same(&a, &b, true));
    }

    #[test]
    fn other_values_rows_and_columns_are_another_answer() {
        let a = table(&[&[Some("x"), Some("y")], &[Some("1"), Some("2")]]);
        for other in [
            table(&[&[Some("x"), Some("y")], &[Some("2"), Some("1")]]),
            table(&[&[Some("x"), Some("y")]]),
            table(&[&[Some("x")], &[Some("1")]]),
            table(&[&[Some("x"), None], &[Some("1"), Some("2")]]),
        ] {
            assert!(!same(&a, &other, false));
        }
    }

    #[test]
    fn counts_are_exact_and_measures_nearly_so() {
        let one = |value: &'static str| table(&[&[Some(value)]]);
        for (a, b, expected) in [
            ("1000000", "1000050", false),
            ("1000000.0", "1000050", true),
            ("33.333333", "33.3333", true),
            ("33.3", "33.4", false),
            ("0", "0.0", true),
            ("7", "007", false),
            ("2024-01-05", "2024-01-05 00:00:00+00", true),
            ("A+00", "A", false),
            ("1e3", "1000", true),
        ] {
            assert_eq!(same(&one(a), &one(b), false), expected, "{a} {b}");
        }
    }

    #[test]
    fn rows_that_the_tolerance_sorts_apart_still_match() {
        let a = table(&[&[Some("1.00001"), Some("1.00002")], &[Some("b"), Some("a")]]);
        let b = table(&[&[Some("1.00001"), Some("1.00002")], &[Some("a"), Some("b")]]);
        assert!(same(&a, &b, false));
        let c = table(&[&[Some("1.00001"), Some("1.00002")], &[Some("a"), Some("a")]]);
        assert!(!same(&a, &c, false));
    }
}
