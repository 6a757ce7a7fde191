//! Numbers computed over rows, and units of the calendar, as expressions.

use super::super::joins::NoWay;
use super::super::lexicon::ColumnId;
use super::super::query::{Aggregate, Measure, Unit};
use super::tree::Expr;
use super::{Builder, Scope};

impl Builder<'_> {
    /// A date column as one, where it holds days as texts.
    pub(super) fn day(&self, id: ColumnId, column: Expr) -> Expr {
        match self.lexicon.column(id).is_written {
            true => Expr::Cast(Box::new(column), "date"),
            false => column,
        }
    }

    pub(super) fn bucket(&self, unit: Unit, column: Expr) -> Expr {
        match unit {
            Unit::Year => Expr::Cast(Box::new(Expr::Extract("year", Box::new(column))), "integer"),
            Unit::Hour => Expr::Cast(Box::new(Expr::Extract("hour", Box::new(column))), "integer"),
            Unit::Weekday => Expr::Call("to_char", vec![column, Expr::Text("FMDay".to_owned())]),
            Unit::Day => Expr::Cast(Box::new(column), "date"),
            other => Expr::Cast(
                Box::new(Expr::Call(
                    "date_trunc",
                    vec![Expr::Text(unit_name(other).to_owned()), column],
                )),
                "date",
            ),
        }
    }

    pub(super) fn measure(
        &self,
        measure: &Measure,
        root: usize,
        fans_out: bool,
        scope: &Scope,
    ) -> Result<Expr, NoWay> {
        let lexicon = self.lexicon;
        Ok(match measure {
            Measure::Rows(table) => match lexicon.tables[*table].key.as_slice() {
                [key] if fans_out || self.bridged || *table != root => {
                    let column = scope.column(
                        lexicon,
                        ColumnId {
                            table: *table,
                            column: *key,
                        },
                    )?;
                    Expr::Call("count", vec![Expr::Distinct(Box::new(column))])
                }
                _ if fans_out || self.bridged || *table != root => return Err(NoWay::Unconnected),
                _ => Expr::CountRows,
            },
            Measure::Different(c) => Expr::Call(
                "count",
                vec![Expr::Distinct(Box::new(scope.column(lexicon, *c)?))],
            ),
            Measure::Of(aggregate, c) => {
                let extreme = matches!(aggregate, Aggregate::Minimum | Aggregate::Maximum);
                if !extreme && (fans_out || c.table != root) {
                    return Err(NoWay::Several);
                }
                let name = match aggregate {
                    Aggregate::Sum => "sum",
                    Aggregate::Average => "avg",
                    Aggregate::Minimum => "min",
                    Aggregate::Maximum => "max",
                };
                Expr::Call(name, vec![scope.column(lexicon, *c)?])
            }
        })
    }

    pub(super) fn measure_name(&self, measure: &Measure) -> String {
        let name = |c: &ColumnId| self.lexicon.column(*c).name.clone();
        match measure {
            Measure::Rows(_) => "count".to_owned(),
            Measure::Different(c) => format!("different_{}", name(c)),
            Measure::Of(Aggregate::Sum, c) => format!("total_{}", name(c)),
            Measure::Of(Aggregate::Average, c) => format!("average_{}", name(c)),
            Measure::Of(Aggregate::Minimum, c) => format!("minimum_{}", name(c)),
            Measure::Of(Aggregate::Maximum, c) => format!("maximum_{}", name(c)),
        }
    }
}

pub fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Year => "year",
        Unit::Quarter => "quarter",
        Unit::Month => "month",
        Unit::Week => "week",
        Unit::Day => "day",
        Unit::Weekday => "weekday",
        Unit::Hour => "hour",
    }
}
