//! Groups in an order that a person can read, where the question asks for none: along the calendar or
//! the scale that they are of, else the largest number first.

use super::super::lexicon::{Lexicon, ValueKind};
use super::super::query::{Output, Query, Unit};
use super::tree::{Expr, Select};

/// Puts the groups of `select`, which was built from `query`, in order.
pub fn arranged(lexicon: &Lexicon, query: &Query, mut select: Select) -> Select {
    let grouped = !select.group.is_empty() && query.is_aggregated();
    if !grouped || !select.order.is_empty() || select.distinct {
        return select;
    }
    let (mut scales, mut numbers, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for (output, (expr, _)) in query.outputs.iter().zip(&select.columns) {
        match output {
            Output::Bucket(Unit::Weekday, _) => scales.extend(weekday(expr)),
            Output::Bucket(..) => scales.push(expr.clone()),
            Output::Column(c) => match lexicon.column(*c).kind {
                ValueKind::Number | ValueKind::Date if select.group.contains(expr) => {
                    scales.push(expr.clone());
                }
                ValueKind::Text => names.push(expr.clone()),
                _ => {}
            },
            Output::Measure(_) => numbers.push(expr.clone()),
            Output::Share | Output::Ratio(_) => {}
        }
    }
    let Some(number) = numbers.into_iter().next() else {
        return select;
    };
    let alone = names.is_empty() && !scales.is_empty();
    select.order.extend(scales.into_iter().map(|e| (e, false)));
    if alone {
        return select;
    }
    select.order.push((number, true));
    // Equal numbers in the same order on every day.
    select.order.extend(names.into_iter().map(|e| (e, false)));
    select
}

/// Monday to Sunday, where the names are the groups.
fn weekday(name: &Expr) -> Option<Expr> {
    let Expr::Call(_, arguments) = name else {
        return None;
    };
    let number = Expr::Extract("isodow", Box::new(arguments.first()?.clone()));
    Some(Expr::Call("min", vec![number]))
}
