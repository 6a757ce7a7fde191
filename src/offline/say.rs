//! A reading in words: the line that says how a question was read.

use super::lexicon::{ColumnId, Lexicon, ValueKind};
use super::query::{Aggregate, Condition, Key, Measure, Operator, Output, Query};
use super::sql::unit_name;

pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub fn column(lexicon: &Lexicon, id: ColumnId) -> String {
    lexicon.column(id).name.replace('_', " ")
}

fn table(lexicon: &Lexicon, at: usize) -> String {
    lexicon.tables[at].name.replace('_', " ")
}

fn measure(lexicon: &Lexicon, measure: &Measure) -> String {
    match measure {
        Measure::Rows(t) => format!("number of rows in {}", table(lexicon, *t)),
        Measure::Different(c) => format!("number of different values of {}", full(lexicon, *c)),
        Measure::Of(aggregate, c) => {
            format!("{} {}", aggregate_name(*aggregate), full(lexicon, *c))
        }
    }
}

pub fn aggregate_name(aggregate: Aggregate) -> &'static str {
    match aggregate {
        Aggregate::Sum => "total",
        Aggregate::Average => "average",
        Aggregate::Minimum => "lowest",
        Aggregate::Maximum => "highest",
    }
}

fn full(lexicon: &Lexicon, id: ColumnId) -> String {
    format!("{} of {}", column(lexicon, id), table(lexicon, id.table))
}

fn operator(operator: Operator) -> &'static str {
    match operator {
        Operator::Equal => "is",
        Operator::NotEqual => "is not",
        Operator::Less => "is below",
        Operator::LessOrEqual => "is at most",
        Operator::Greater => "is above",
        Operator::GreaterOrEqual => "is at least",
    }
}

fn condition(lexicon: &Lexicon, c: &Condition) -> String {
    match c {
        Condition::Compare(id, op, value) => {
            format!("{} {} {}", full(lexicon, *id), operator(*op), value)
        }
        Condition::Between(id, low, high) => {
            format!("{} is from {} to {}", full(lexicon, *id), low, high)
        }
        Condition::In(id, values) => format!("{} is {}", full(lexicon, *id), values.join(" or ")),
        Condition::NotIn(id, values) => {
            format!("{} is not {}", full(lexicon, *id), values.join(" or "))
        }
        Condition::Contains(id, text) => format!("{} contains \"{text}\"", full(lexicon, *id)),
        Condition::Affix(id, text, true) => {
            format!("{} begins with \"{text}\"", full(lexicon, *id))
        }
        Condition::Affix(id, text, false) => format!("{} ends with \"{text}\"", full(lexicon, *id)),
        Condition::True(id, yes) => format!("{} is {yes}", full(lexicon, *id)),
        Condition::Missing(id, yes) => format!(
            "{} is {}known",
            full(lexicon, *id),
            if *yes { "un" } else { "" }
        ),
        Condition::During(id, period) => {
            format!("{} {}", full(lexicon, *id), months(&period.text))
        }
        Condition::Average(id, op) => {
            format!("{} {} its average", full(lexicon, *id), operator(*op))
        }
        Condition::Extreme { by, descending, .. } => {
            format!(
                "{} is the {}",
                full(lexicon, *by),
                if *descending { "highest" } else { "lowest" }
            )
        }
        Condition::Rows(t, op, n, inner) => format!(
            "the number of its rows in {}{} {} {n}",
            table(lexicon, *t),
            such(lexicon, inner),
            operator(*op)
        ),
        Condition::Via(t, edge, inner) => {
            let column = ColumnId {
                table: *t,
                column: lexicon.edges[*edge].columns[0],
            };
            let inner: Vec<String> = inner.iter().map(|c| condition(lexicon, c)).collect();
            format!("by {}: {}", full(lexicon, column), inner.join(" and "))
        }
        Condition::Also(t, inner) => {
            format!(
                "there is a row in {}{}",
                table(lexicon, *t),
                such(lexicon, inner)
            )
        }
        Condition::Has(t) => format!("there is a row in {}", table(lexicon, *t)),
        Condition::Lacks(t, inner) => {
            format!(
                "there is no row in {}{}",
                table(lexicon, *t),
                such(lexicon, inner)
            )
        }
    }
}

/// Months by their whole names, however they were typed.
fn months(text: &str) -> String {
    let whole = |word: &str| {
        let same = |month: &&&str| {
            month.eq_ignore_ascii_case(word) || month[..3].eq_ignore_ascii_case(word)
        };
        MONTHS
            .iter()
            .find(same)
            .map_or(word, |month| *month)
            .to_owned()
    };
    text.split(' ').map(whole).collect::<Vec<_>>().join(" ")
}

fn such(lexicon: &Lexicon, conditions: &[Condition]) -> String {
    if conditions.is_empty() {
        return String::new();
    }
    let all: Vec<String> = conditions.iter().map(|c| condition(lexicon, c)).collect();
    format!(" where {}", all.join(" and "))
}

/// One line: how the question was read.
pub fn reading(lexicon: &Lexicon, query: &Query) -> String {
    let outputs: Vec<String> = query
        .outputs
        .iter()
        .map(|o| match o {
            Output::Column(c) => full(lexicon, *c),
            Output::Bucket(unit, c) => format!("{} of {}", unit_name(*unit), full(lexicon, *c)),
            Output::Measure(m) => measure(lexicon, m),
            Output::Share => format!("percentage of {}", table(lexicon, query.entity)),
            Output::Ratio(parts) => {
                let (part, whole) = parts.as_ref();
                format!(
                    "({}) divided by ({})",
                    reading(lexicon, part),
                    reading(lexicon, whole)
                )
            }
        })
        .collect();
    let mut line = outputs.join(", ");
    let mut conditions: Vec<String> = query
        .mentioned
        .iter()
        .map(|t| format!("there is a row in {}", table(lexicon, *t)))
        .collect();
    conditions.extend(query.conditions.iter().map(|c| condition(lexicon, c)));
    conditions.extend(
        query
            .having
            .iter()
            .map(|(m, op, n)| format!("the {} {} {n}", measure(lexicon, m), operator(*op))),
    );
    if !conditions.is_empty() {
        line.push_str("; where ");
        line.push_str(&conditions.join(" and "));
    }
    for order in &query.order {
        line.push_str("; ");
        line.push_str(&ordered(lexicon, &order.by, order.descending));
    }
    match query.limit {
        Some(1) => line.push_str("; only the first"),
        Some(limit) => line.push_str(&format!("; only the first {limit}")),
        None => {}
    }
    line
}

fn ordered(lexicon: &Lexicon, by: &Key, descending: bool) -> String {
    let (by, kind) = match by {
        Key::Column(c) => (full(lexicon, *c), lexicon.column(*c).kind),
        Key::Measure(m) => (measure(lexicon, m), ValueKind::Number),
        Key::Bucket(unit, c) => (
            format!("{} of {}", unit_name(*unit), full(lexicon, *c)),
            ValueKind::Date,
        ),
    };
    match (kind, descending) {
        (ValueKind::Date, false) => format!("earliest {by} first"),
        (ValueKind::Date, true) => format!("latest {by} first"),
        (ValueKind::Text, false) => format!("{by} from A to Z"),
        (ValueKind::Text, true) => format!("{by} from Z to A"),
        (_, false) => format!("lowest {by} first"),
        (_, true) => format!("highest {by} first"),
    }
}
