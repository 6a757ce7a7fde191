//! Conditions as expressions.

use std::collections::BTreeSet;

use super::super::joins::{self, Hop, NoWay};
use super::super::lexicon::{ColumnId, ValueKind};
use super::super::query::{Condition, Moment, Operator, Period, Unit};
use super::measures::unit_name;
use super::tree::{Expr, Select};
use super::{Builder, Scope};

impl Builder<'_> {
    /// A condition on how many, or no, rows of another table belong to a row of the entity.
    pub(super) fn apart(
        &mut self,
        entity: usize,
        condition: &Condition,
        scope: &Scope,
    ) -> Result<Expr, NoWay> {
        let (table, inner_conditions) = match condition {
            Condition::Rows(table, _, _, inner)
            | Condition::Lacks(table, inner)
            | Condition::Also(table, inner) => (*table, inner.clone()),
            _ => return Err(NoWay::Unconnected),
        };
        let mut wanted: BTreeSet<usize> = inner_conditions.iter().map(Condition::table).collect();
        wanted.insert(table);
        let hops = joins::tree(&self.lexicon.edges, entity, &wanted, self.prefer)?;
        let mut firsts = hops.iter().filter(|h| h.from == entity);
        let (Some(first), None) = (firsts.next(), firsts.next()) else {
            return Err(NoWay::Unconnected);
        };
        let outer = scope
            .aliases
            .iter()
            .find(|(t, _)| *t == entity)
            .map(|(_, a)| a.clone())
            .ok_or(NoWay::Unconnected)?;
        let alias = self.alias(first.to);
        let mut inner = Select {
            from: Some((
                self.lexicon.tables[first.to].sql_name.clone(),
                alias.clone(),
            )),
            filters: vec![self.on(first, &outer, &alias)],
            ..Select::default()
        };
        let mut inner_scope = Scope {
            aliases: vec![(first.to, alias)],
        };
        let all: BTreeSet<usize> = BTreeSet::from([table]);
        self.grow(
            first.to,
            &hops,
            &all,
            &inner_conditions,
            &mut inner,
            &mut inner_scope,
            &mut false,
        )?;
        Ok(match condition {
            Condition::Rows(_, operator, n, _) => {
                inner.columns.push((Expr::CountRows, None));
                Expr::Subquery(Box::new(inner))
                    .binary(symbol(*operator), Expr::Number(n.to_string()))
            }
            Condition::Also(..) => {
                inner.columns.push((Expr::Number("1".to_owned()), None));
                Expr::Exists(Box::new(inner))
            }
            _ => {
                inner.columns.push((Expr::Number("1".to_owned()), None));
                Expr::Not(Box::new(Expr::Exists(Box::new(inner))))
            }
        })
    }

    pub(super) fn condition(
        &mut self,
        condition: &Condition,
        scope: &Scope,
    ) -> Result<Option<Expr>, NoWay> {
        let lexicon = self.lexicon;
        let texts = |values: &[String]| -> Vec<Expr> {
            values.iter().map(|v| Expr::Text(v.clone())).collect()
        };
        Ok(Some(match condition {
            Condition::Has(_) => return Ok(None),
            Condition::Compare(c, operator, value) => scope
                .column(lexicon, *c)?
                .binary(symbol(*operator), Expr::Number(value.clone())),
            Condition::Between(c, low, high) => {
                let column = scope.column(lexicon, *c)?;
                Expr::All(vec![
                    column.clone().binary(">=", Expr::Number(low.clone())),
                    column.binary("<=", Expr::Number(high.clone())),
                ])
            }
            Condition::In(c, values) | Condition::NotIn(c, values) => {
                let column = scope.column(lexicon, *c)?;
                let is = matches!(condition, Condition::In(..));
                match values.as_slice() {
                    [one] => column.binary(if is { "=" } else { "<>" }, Expr::Text(one.clone())),
                    many => {
                        column.binary(if is { "IN" } else { "NOT IN" }, Expr::List(texts(many)))
                    }
                }
            }
            Condition::Contains(c, text) => {
                self.like(scope.column(lexicon, *c)?, &format!("%{}%", escaped(text)))
            }
            Condition::Affix(c, text, begins) => {
                let pattern = if *begins {
                    format!("{}%", escaped(text))
                } else {
                    format!("%{}", escaped(text))
                };
                self.like(scope.column(lexicon, *c)?, &pattern)
            }
            Condition::True(c, yes) => {
                let column = scope.column(lexicon, *c)?;
                if let Some([true_text, false_text]) = &lexicon.column(*c).flag {
                    let text = if *yes { true_text } else { false_text };
                    column.binary("=", Expr::Text(text.clone()))
                } else if *yes {
                    column
                } else {
                    Expr::Not(Box::new(column))
                }
            }
            Condition::Missing(c, yes) => Expr::IsNull(Box::new(scope.column(lexicon, *c)?), *yes),
            Condition::During(c, period) => self.during(*c, period, scope.column(lexicon, *c)?)?,
            Condition::Average(c, operator) => {
                let alias = self.alias(c.table);
                let inner = Select {
                    columns: vec![(
                        Expr::Call(
                            "avg",
                            vec![Expr::Column(alias.clone(), lexicon.column(*c).name.clone())],
                        ),
                        None,
                    )],
                    from: Some((lexicon.tables[c.table].sql_name.clone(), alias)),
                    ..Select::default()
                };
                scope
                    .column(lexicon, *c)?
                    .binary(symbol(*operator), Expr::Subquery(Box::new(inner)))
            }
            Condition::Extreme {
                table,
                by,
                descending,
                within,
            } => {
                if by.table != *table {
                    return Err(NoWay::Unconnected);
                }
                let alias = self.alias(*table);
                let column = lexicon.column(*by).name.clone();
                let function = if *descending { "max" } else { "min" };
                let own = Scope {
                    aliases: vec![(*table, alias.clone())],
                };
                let mut filters = Vec::new();
                for condition in within {
                    filters.extend(self.condition(condition, &own)?);
                }
                let inner = Select {
                    filters,
                    columns: vec![(
                        Expr::Call(function, vec![Expr::Column(alias.clone(), column)]),
                        None,
                    )],
                    from: Some((lexicon.tables[*table].sql_name.clone(), alias)),
                    ..Select::default()
                };
                scope
                    .column(lexicon, *by)?
                    .binary("=", Expr::Subquery(Box::new(inner)))
            }
            Condition::Via(table, edge, inner) => self.via(*table, *edge, inner, scope)?,
            Condition::Rows(..) | Condition::Lacks(..) | Condition::Also(..) => {
                return Err(NoWay::Unconnected);
            }
        }))
    }

    /// Conditions on the row that one key points to, and on what that row points to.
    fn via(
        &mut self,
        table: usize,
        edge: usize,
        conditions: &[Condition],
        scope: &Scope,
    ) -> Result<Expr, NoWay> {
        let to = self.lexicon.edges[edge].to;
        let wanted: BTreeSet<usize> = conditions.iter().map(Condition::table).collect();
        let hops = joins::tree(&self.lexicon.edges, to, &wanted, self.prefer)?;
        let (_, outer) = scope
            .aliases
            .iter()
            .find(|(t, _)| *t == table)
            .ok_or(NoWay::Unconnected)?;
        let alias = self.alias(to);
        let hop = Hop {
            edge,
            upward: true,
            single: true,
            from: table,
            to,
        };
        let mut inner = Select {
            columns: vec![(Expr::Number("1".to_owned()), None)],
            from: Some((self.lexicon.tables[to].sql_name.clone(), alias.clone())),
            filters: vec![self.on(&hop, outer, &alias)],
            ..Select::default()
        };
        let mut inner_scope = Scope {
            aliases: vec![(to, alias)],
        };
        self.grow(
            to,
            &hops,
            &BTreeSet::new(),
            conditions,
            &mut inner,
            &mut inner_scope,
            &mut false,
        )?;
        Ok(Expr::Exists(Box::new(inner)))
    }

    pub(super) fn like(&self, column: Expr, pattern: &str) -> Expr {
        column.binary("ILIKE", Expr::Text(pattern.to_owned()))
    }

    pub(super) fn during(
        &self,
        id: ColumnId,
        period: &Period,
        column: Expr,
    ) -> Result<Expr, NoWay> {
        let mut bounds = Vec::new();
        let column = self.day(id, column);
        match self.lexicon.column(id).kind {
            ValueKind::Date => {
                bounds.extend(
                    period
                        .from
                        .as_ref()
                        .map(|m| column.clone().binary(">=", moment(m))),
                );
                bounds.extend(
                    period
                        .until
                        .as_ref()
                        .map(|m| column.clone().binary("<", moment(m))),
                );
            }
            _ => {
                let Some((first, last)) = period.years else {
                    return Err(NoWay::Unconnected);
                };
                let text = self.lexicon.column(id).kind == ValueKind::Text;
                let year = |y: i64| {
                    if text {
                        Expr::Text(y.to_string())
                    } else {
                        Expr::Number(y.to_string())
                    }
                };
                if let (Some(a), Some(b)) = (first, last)
                    && a == b
                {
                    return Ok(column.binary("=", year(a)));
                }
                bounds.extend(first.map(|y| column.clone().binary(">=", year(y))));
                bounds.extend(last.map(|y| column.clone().binary("<=", year(y))));
            }
        }
        Ok(Expr::All(bounds))
    }
}

pub(super) fn symbol(operator: Operator) -> &'static str {
    match operator {
        Operator::Equal => "=",
        Operator::NotEqual => "<>",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

fn moment(when: &Moment) -> Expr {
    let moved = |base: Expr, unit: Unit, by: i64| match by {
        0 => base,
        by => {
            let (sign, n) = if by < 0 { ("-", -by) } else { ("+", by) };
            let (n, name) = if unit == Unit::Quarter {
                (n * 3, "month")
            } else {
                (n, unit_name(unit))
            };
            base.binary(sign, Expr::Typed("INTERVAL", format!("{n} {name}")))
        }
    };
    match when {
        Moment::Day(day) => Expr::Typed("DATE", day.clone()),
        Moment::Start(Unit::Day, by) | Moment::Ago(Unit::Day, by) => {
            moved(Expr::Word("CURRENT_DATE"), Unit::Day, *by)
        }
        Moment::Start(unit, by) => moved(
            Expr::Call(
                "date_trunc",
                vec![
                    Expr::Text(unit_name(*unit).to_owned()),
                    Expr::Word("CURRENT_DATE"),
                ],
            ),
            *unit,
            *by,
        ),
        Moment::Ago(unit, by) => moved(Expr::Word("CURRENT_DATE"), *unit, *by),
    }
}
