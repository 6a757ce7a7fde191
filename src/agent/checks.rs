//! What the data says about a result, by cheap queries of our own: filters that no row meets, with what
//! the column does hold, and joins that repeat rows under a sum. They pass the guard like any other.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Duration;

use sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, JoinConstraint,
    JoinOperator, Query, Select, SelectItem, TableFactor, Value, Visit, Visitor, visit_expressions,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use tokio_util::sync::CancellationToken;

use super::planner::shortened;
use super::step::StepRecord;
use crate::config::Share;
use crate::db::{Cell, Limits, Table};
use crate::sql::masked;
use crate::tools::SqlTool;

/// Filters and sums that are looked into, a statement.
const MOST_PROBES: usize = 6;
/// Different values of a column that are compared with a literal.
const MOST_VALUES: usize = 500;
/// Rows that those values are looked for in.
const MOST_ROWS: usize = 100_000;
/// Values that are shown.
const SHOWN: usize = 3;

/// What was found, for the planner, the critic and the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub message: String,
    /// The same for a model that sees no rows, and for one that sees no value at all.
    bare: String,
    masked: String,
    /// Whether another plan can do better for knowing it.
    pub mendable: bool,
}

impl Finding {
    /// One that tells nothing but counts.
    pub fn plain(message: String) -> Self {
        Self {
            bare: message.clone(),
            masked: message.clone(),
            message,
            mendable: false,
        }
    }

    /// The same, told in these words to a model that sees no rows.
    pub fn hiding(self, bare: String) -> Self {
        Self {
            masked: bare.clone(),
            bare,
            ..self
        }
    }

    /// What a model is told that sees so much of the data.
    pub fn told(&self, share: Share) -> &str {
        match share {
            Share::Rows => &self.message,
            Share::Shape => &self.bare,
            Share::None => &self.masked,
        }
    }
}

/// A condition on one table, as it stands in the query.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Filter {
    /// The table with its alias, as in FROM.
    from: String,
    table: String,
    condition: String,
    column: String,
    literal: String,
}

/// A sum over one table's column in a join, without its grouping.
#[derive(Debug, Clone, PartialEq, Eq)]
struct JoinedSum {
    sum: String,
    table: String,
    alias: String,
    /// FROM and WHERE.
    rest: String,
}

/// Looks into the SQL steps: their filters when nothing was found, their sums over joins always.
pub async fn findings(
    sql: &SqlTool,
    records: &[StepRecord],
    cancel: &CancellationToken,
) -> Vec<Finding> {
    let limits = Limits {
        max_rows: MOST_VALUES,
        timeout: Duration::from_secs(2),
        ..Limits::default()
    };
    let mut found = Vec::new();
    for record in records {
        let (Some(text), Some(table)) = (&record.sql, &record.table) else {
            continue;
        };
        let read = read(text);
        if says_nothing(table) {
            for filter in read.filters.iter().take(MOST_PROBES) {
                found.extend(unmet(sql, filter, &limits, cancel).await);
            }
        } else {
            for sum in read.sums.iter().take(MOST_PROBES) {
                found.extend(repeated(sql, sum, &limits, cancel).await);
            }
        }
    }
    found
}

/// Whether a result is empty, or one row of nulls and zeros, as an aggregate over nothing gives.
fn says_nothing(table: &Table) -> bool {
    table.is_empty()
        || (table.row_count() == 1
            && table
                .row(0)
                .all(|cell| matches!(cell, Cell::Null | Cell::Int(0) | Cell::Text("0"))))
}

/// A probe's result; nothing when it is refused, fails or takes too long: no finding is better than none
/// of the answer.
async fn ask(
    sql: &SqlTool,
    query: &str,
    limits: &Limits,
    cancel: &CancellationToken,
) -> Option<Table> {
    sql.query(query, limits, cancel).await.ok()
}

async fn unmet(
    sql: &SqlTool,
    filter: &Filter,
    limits: &Limits,
    cancel: &CancellationToken,
) -> Option<Finding> {
    let Filter {
        from,
        table,
        condition,
        column,
        literal,
    } = filter;
    let met = format!("SELECT EXISTS (SELECT 1 FROM {from} WHERE {condition})");
    if ask(sql, &met, limits, cancel)
        .await?
        .column("exists")?
        .cell(0)
        != Cell::Bool(false)
    {
        return None;
    }
    let nothing = format!("no row of {table} has {condition}");
    let bare_condition = masked(condition);
    let masked = format!("no row of {table} has {bare_condition}");
    let ordered = literal.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    if ordered {
        let range = format!("SELECT min({column})::text, max({column})::text FROM {from}");
        let range = ask(sql, &range, limits, cancel).await?;
        let mut ends = range.row(0).map(|cell| cell.to_string());
        let (least, most) = (ends.next()?, ends.next()?);
        let message = if least.is_empty() {
            format!("{nothing}; {column} is null everywhere")
        } else {
            format!("{nothing}; {column} runs from {least} to {most}")
        };
        return Some(Finding {
            message,
            bare: nothing,
            masked,
            mendable: false,
        });
    }
    let values = format!(
        "SELECT DISTINCT v FROM (SELECT {column}::text AS v FROM {from} WHERE {column} IS NOT NULL LIMIT {MOST_ROWS}) AS s LIMIT {MOST_VALUES}"
    );
    let values = ask(sql, &values, limits, cancel).await?;
    let values = values.column("v")?;
    let known = (0..values.len()).filter_map(|row| match values.cell(row) {
        Cell::Text(text) => Some(text),
        _ => None,
    });
    let wanted = literal.trim_matches('%').to_lowercase();
    let mut near: Vec<(f64, &str)> = known
        .map(|value| (alike(&wanted, &value.to_lowercase()), value))
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let is_near = near.first().is_some_and(|(score, _)| *score >= 0.8);
    let shown: Vec<String> = near
        .iter()
        .filter(|(score, _)| !is_near || *score >= 0.8)
        .take(SHOWN)
        .map(|(_, value)| format!("'{}'", shortened(value)))
        .collect();
    Some(Finding {
        message: match (is_near, shown.is_empty()) {
            (_, true) => format!("{nothing}; {column} is null everywhere"),
            (true, _) => format!("{nothing}; {column} holds {}", shown.join(", ")),
            (false, _) => format!(
                "{nothing}; {column} holds values such as {}",
                shown.join(", ")
            ),
        },
        bare: match is_near {
            true => format!("{nothing}, but {column} has a value that is spelt much alike"),
            false => nothing,
        },
        masked: match is_near {
            true => format!(
                "{masked}, but {column} has a value that is spelt much alike: name it as {{{{value:table.column:words}}}}"
            ),
            false => masked,
        },
        mendable: is_near,
    })
}

/// 1 for the same word, near it where one holds the other or the spelling differs little.
fn alike(wanted: &str, value: &str) -> f64 {
    let spelt = strsim::jaro_winkler(wanted, value);
    if wanted.len() > 2 && value.len() > 2 && (value.contains(wanted) || wanted.contains(value)) {
        spelt.max(0.9)
    } else {
        spelt
    }
}

async fn repeated(
    sql: &SqlTool,
    sum: &JoinedSum,
    limits: &Limits,
    cancel: &CancellationToken,
) -> Option<Finding> {
    let JoinedSum {
        sum,
        table,
        alias,
        rest,
    } = sum;
    // A row's place tells it from every other.
    let query = format!(
        "SELECT count(*) AS joined, count(DISTINCT {alias}.ctid) AS rows {rest} AND {alias}.ctid IS NOT NULL"
    );
    let counted = ask(sql, &query, limits, cancel).await?;
    let (Cell::Int(joined), Cell::Int(rows)) = (
        counted.column("joined")?.cell(0),
        counted.column("rows")?.cell(0),
    ) else {
        return None;
    };
    (joined > rows).then(|| Finding {
        message: format!(
            "the join repeats rows of {table} ({joined} from {rows}), and {sum} counts each of them again"
        ),
        bare: format!("the join repeats rows of {table}, and {sum} counts each of them again"),
        masked: format!(
            "the join repeats rows of {table}, and {} counts each of them again",
            masked(sum)
        ),
        mendable: true,
    })
}

#[derive(Default)]
struct Read {
    filters: Vec<Filter>,
    sums: Vec<JoinedSum>,
    /// Names that WITH gives to queries: they are no tables.
    named: Vec<String>,
}

/// Reads a statement's filters and sums; nothing from one that cannot be read, or has parameters.
fn read(sql: &str) -> Read {
    let mut read = Read::default();
    let Ok(statements) = Parser::parse_sql(&PostgreSqlDialect {}, sql) else {
        return read;
    };
    let has_parameters = visit_expressions(&statements, |expr| match expr {
        Expr::Value(value) if matches!(value.value, Value::Placeholder(_)) => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    if has_parameters.is_continue() {
        let _ = statements.visit(&mut read);
    }
    read
}

impl Visitor for Read {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        self.named
            .extend(ctes.map(|cte| cte.alias.name.value.clone()));
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        let tables = self.tables(select);
        let mut conditions = Vec::new();
        if let Some(selection) = &select.selection {
            conjuncts(selection, &mut conditions);
        }
        for join in select.from.iter().flat_map(|from| &from.joins) {
            if let Some(on) = inner_condition(&join.join_operator) {
                conjuncts(on, &mut conditions);
            }
        }
        for condition in conditions {
            self.filters.extend(filter(condition, &tables));
        }
        self.sums.extend(joined_sums(select, &tables));
        ControlFlow::Continue(())
    }
}

/// Tables of one FROM by the name that columns call them.
type Tables = HashMap<String, (String, String)>;

impl Read {
    fn tables(&self, select: &Select) -> Tables {
        let mut tables = Tables::new();
        let joined = |from: &sqlparser::ast::TableWithJoins| {
            let mut factors = vec![from.relation.clone()];
            factors.extend(from.joins.iter().map(|join| join.relation.clone()));
            factors
        };
        for factor in select.from.iter().flat_map(joined) {
            let text = factor.to_string();
            if let TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            } = factor
            {
                let last = name.0.last().map(ToString::to_string).unwrap_or_default();
                if name.0.len() == 1 && self.named.contains(&last) {
                    continue;
                }
                let called = alias.map_or(last, |alias| alias.name.to_string());
                tables.insert(called, (name.to_string(), text));
            }
        }
        tables
    }
}

fn inner_condition(join: &JoinOperator) -> Option<&Expr> {
    match join {
        JoinOperator::Join(JoinConstraint::On(on))
        | JoinOperator::Inner(JoinConstraint::On(on)) => Some(on),
        _ => None,
    }
}

/// The conditions that all must hold.
fn conjuncts<'a>(expr: &'a Expr, found: &mut Vec<&'a Expr>) {
    match expr {
        Expr::Nested(inner) => conjuncts(inner, found),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => {
            conjuncts(left, found);
            conjuncts(right, found);
        }
        condition => found.push(condition),
    }
}

/// The condition as a filter, if it holds one table's column against a literal and asks nothing else.
fn filter(condition: &Expr, tables: &Tables) -> Option<Filter> {
    let mut columns: Vec<(Option<String>, String)> = Vec::new();
    let mut literal = None;
    let plain = visit_expressions(condition, |expr| {
        match expr {
            Expr::Identifier(_) => columns.push((None, expr.to_string())),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, _] => columns.push((Some(table.to_string()), expr.to_string())),
                _ => return ControlFlow::Break(()),
            },
            Expr::Value(value) => match &value.value {
                Value::SingleQuotedString(text) => literal = literal.take().or(Some(text.clone())),
                Value::Number(text, _) => literal = literal.take().or(Some(text.to_string())),
                _ => {}
            },
            Expr::Subquery(_) | Expr::InSubquery { .. } | Expr::Exists { .. } => {
                return ControlFlow::Break(());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    });
    if plain.is_break() {
        return None;
    }
    columns.dedup();
    let [(qualifier, column)] = columns.as_slice() else {
        return None;
    };
    let (name, from) = match qualifier {
        Some(qualifier) => tables.get(qualifier)?,
        // Without a qualifier it is certain only where there is one table.
        None if tables.len() == 1 => tables.values().next()?,
        None => return None,
    };
    Some(Filter {
        from: from.clone(),
        table: name.clone(),
        condition: condition.to_string(),
        column: column.clone(),
        literal: literal?,
    })
}

fn joined_sums(select: &Select, tables: &Tables) -> Vec<JoinedSum> {
    let [from] = select.from.as_slice() else {
        return Vec::new();
    };
    if from.joins.is_empty() || select.distinct.is_some() {
        return Vec::new();
    }
    let condition = match &select.selection {
        Some(selection) => selection.to_string(),
        None => "true".to_owned(),
    };
    let rest = format!("FROM {from} WHERE ({condition})");
    let mut found: Vec<JoinedSum> = Vec::new();
    for item in &select.projection {
        let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else {
            continue;
        };
        let _ = visit_expressions(expr, |expr| -> ControlFlow<()> {
            let sum = summed(expr, tables).map(|(alias, table)| JoinedSum {
                sum: expr.to_string(),
                table,
                alias,
                rest: rest.clone(),
            });
            found.extend(sum.filter(|sum| found.iter().all(|f| f.alias != sum.alias)));
            ControlFlow::Continue(())
        });
    }
    found
}

/// The alias and table whose columns `sum(…)` or `avg(…)` takes, when they are all of one.
fn summed(expr: &Expr, tables: &Tables) -> Option<(String, String)> {
    let Expr::Function(function) = expr else {
        return None;
    };
    let name = function.name.to_string().to_lowercase();
    if !matches!(name.as_str(), "sum" | "avg") || function.over.is_some() {
        return None;
    }
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    let ([FunctionArg::Unnamed(FunctionArgExpr::Expr(of))], None) =
        (list.args.as_slice(), &list.duplicate_treatment)
    else {
        return None;
    };
    let mut aliases = Vec::new();
    let _ = visit_expressions(of, |expr| -> ControlFlow<()> {
        match expr {
            Expr::CompoundIdentifier(parts) if parts.len() == 2 => {
                aliases.push(parts[0].to_string());
            }
            // Whose it is, only the catalog tells.
            Expr::Identifier(_) => aliases.push(String::new()),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    aliases.dedup();
    let [alias] = aliases.as_slice() else {
        return None;
    };
    let (table, _) = tables.get(alias)?;
    Some((alias.clone(), table.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(sql: &str) -> Vec<(String, String, String)> {
        let found = read(sql).filters.into_iter();
        found.map(|f| (f.from, f.condition, f.literal)).collect()
    }

    #[test]
    fn a_filter_is_one_column_against_a_literal() {
        for (sql, expected) in [
            (
                "SELECT * FROM customer AS c JOIN city ON c.city_id = city.id AND city.name = 'Roma' WHERE c.active AND (c.name ILIKE 'an%' AND c.age > 3)",
                vec![
                    ("customer AS c", "c.name ILIKE 'an%'", "an%"),
                    ("customer AS c", "c.age > 3", "3"),
                    ("city", "city.name = 'Roma'", "Roma"),
                ],
            ),
            (
                "WITH x AS (SELECT * FROM a WHERE kind IN ('b', 'c')) SELECT * FROM x WHERE x.kind = 'd'",
                vec![("a", "kind IN ('b', 'c')", "b")],
            ),
            ("SELECT * FROM a WHERE x = 1 OR y = 2", vec![]),
            ("SELECT * FROM a, b WHERE x = 'unqualified'", vec![]),
            ("SELECT * FROM a WHERE x IN (SELECT y FROM b)", vec![]),
            ("SELECT * FROM a WHERE x = $1", vec![]),
            ("not SQL", vec![]),
        ] {
            let found = filters(sql);
            let found: Vec<(&str, &str, &str)> = found
                .iter()
                .map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str()))
                .collect();
            assert_eq!(found, expected, "{sql}");
        }
    }

    #[test]
    fn a_sum_over_a_join_is_looked_into() {
        let sums = |sql: &str| -> Vec<String> {
            read(sql)
                .sums
                .into_iter()
                .map(|s| format!("{} of {}", s.sum, s.table))
                .collect()
        };
        assert_eq!(
            sums(
                "SELECT o.city, sum(o.total) / 2, avg(i.price) FROM shop.orders o JOIN items i ON i.order_id = o.id GROUP BY 1"
            ),
            ["sum(o.total) of shop.orders", "avg(i.price) of items"]
        );
        for none in [
            "SELECT sum(o.total) FROM orders o",
            "SELECT sum(DISTINCT o.total) FROM orders o JOIN items i ON true",
            "SELECT sum(o.total * i.n) FROM orders o JOIN items i ON true",
            "SELECT count(*) FROM orders o JOIN items i ON true",
        ] {
            assert_eq!(sums(none), Vec::<String>::new(), "{none}");
        }
    }
}
