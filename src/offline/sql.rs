//! From the reading to SQL: a small syntax tree, built over the join tree and printed with every
//! identifier and literal quoted.

use std::collections::BTreeSet;
use std::fmt::{self, Display};

use super::joins::{self, Hop, NoWay};
use super::lexicon::{ColumnId, Lexicon, ValueKind};
use super::query::{
    Aggregate, Condition, Key, Literal, Measure, Moment, Operator, Output, Period, Query, Unit,
};
use crate::sql::quote_ident;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    Column(String, String),
    Number(String),
    Text(String),
    /// A type's name before its text: `DATE '2022-01-01'`.
    Typed(&'static str, String),
    Word(&'static str),
    Call(&'static str, Vec<Expr>),
    /// `count(*)`, `count(DISTINCT x)`.
    CountRows,
    Distinct(Box<Expr>),
    Binary(Box<Expr>, &'static str, Box<Expr>),
    Cast(Box<Expr>, &'static str),
    Extract(&'static str, Box<Expr>),
    List(Vec<Expr>),
    Not(Box<Expr>),
    All(Vec<Expr>),
    Any(Vec<Expr>),
    Subquery(Box<Select>),
    Exists(Box<Select>),
    IsNull(Box<Expr>, bool),
}

impl Expr {
    fn binary(self, operator: &'static str, right: Self) -> Self {
        Self::Binary(Box::new(self), operator, Box::new(right))
    }
}

/// A joined table: name, alias, condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    table: String,
    alias: String,
    on: Expr,
}

/// One SELECT.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Select {
    distinct: bool,
    columns: Vec<(Expr, Option<String>)>,
    from: Option<(String, String)>,
    joins: Vec<Join>,
    filters: Vec<Expr>,
    group: Vec<Expr>,
    order: Vec<(Expr, bool)>,
    limit: Option<u64>,
}

/// A string constant that is neither an escape nor a reference to a step.
fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    let plain = if text.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    };
    // `{{…}}` in a plan stands for an earlier step's value.
    if text.contains("{{") {
        format!(
            "replace({}, '{{ {{', '{{' || '{{')",
            plain.replace("{{", "{ {")
        )
    } else {
        plain
    }
}

fn list(f: &mut fmt::Formatter<'_>, items: &[Expr], between: &str) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(between)?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

impl Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(alias, name) => write!(f, "{alias}.{}", quote_ident(name)),
            Self::Number(text) => f.write_str(text),
            Self::Text(text) => f.write_str(&literal(text)),
            Self::Typed(type_name, text) => write!(f, "{type_name} {}", literal(text)),
            Self::Word(word) => f.write_str(word),
            Self::Call(name, arguments) => {
                write!(f, "{name}(")?;
                list(f, arguments, ", ")?;
                f.write_str(")")
            }
            Self::CountRows => f.write_str("count(*)"),
            Self::Distinct(inner) => write!(f, "DISTINCT {inner}"),
            Self::Binary(left, operator, right) => {
                for (i, side) in [left, right].into_iter().enumerate() {
                    if i == 1 {
                        write!(f, " {operator} ")?;
                    }
                    if matches!(side.as_ref(), Self::Binary(..)) {
                        write!(f, "({side})")?;
                    } else {
                        write!(f, "{side}")?;
                    }
                }
                Ok(())
            }
            Self::Cast(inner, type_name) => write!(f, "CAST({inner} AS {type_name})"),
            Self::Extract(field, inner) => write!(f, "extract({field} FROM {inner})"),
            Self::List(items) => {
                f.write_str("(")?;
                list(f, items, ", ")?;
                f.write_str(")")
            }
            Self::Not(inner) => write!(f, "NOT ({inner})"),
            Self::All(items) => list(f, items, " AND "),
            Self::Any(items) => {
                f.write_str("(")?;
                list(f, items, " OR ")?;
                f.write_str(")")
            }
            Self::Subquery(select) => write!(f, "({select})"),
            Self::Exists(select) => write!(f, "EXISTS ({select})"),
            Self::IsNull(inner, yes) => {
                write!(f, "{inner} IS {}NULL", if *yes { "" } else { "NOT " })
            }
        }
    }
}

impl Display for Select {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.distinct {
            "SELECT DISTINCT "
        } else {
            "SELECT "
        })?;
        for (i, (expr, name)) in self.columns.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{expr}")?;
            if let Some(name) = name {
                write!(f, " AS {}", quote_ident(name))?;
            }
        }
        if let Some((table, alias)) = &self.from {
            write!(f, " FROM {table} AS {alias}")?;
        }
        for join in &self.joins {
            write!(f, " JOIN {} AS {} ON {}", join.table, join.alias, join.on)?;
        }
        if !self.filters.is_empty() {
            f.write_str(" WHERE ")?;
            list(f, &self.filters, " AND ")?;
        }
        if !self.group.is_empty() {
            f.write_str(" GROUP BY ")?;
            list(f, &self.group, ", ")?;
        }
        for (i, (expr, descending)) in self.order.iter().enumerate() {
            f.write_str(if i == 0 { " ORDER BY " } else { ", " })?;
            write!(
                f,
                "{expr}{}",
                if *descending { " DESC NULLS LAST" } else { "" }
            )?;
        }
        if let Some(limit) = self.limit {
            write!(f, " LIMIT {limit}")?;
        }
        Ok(())
    }
}

/// Builds the SELECT of a reading.
///
/// # Errors
/// [`NoWay`] when its tables do not hang together in exactly one nearest way.
pub fn build(
    lexicon: &Lexicon,
    query: &Query,
    prefer: &dyn Fn(usize) -> bool,
) -> Result<Select, NoWay> {
    Builder {
        lexicon,
        prefer,
        aliases: 0,
        bridged: false,
    }
    .query(query)
}

struct Builder<'a> {
    lexicon: &'a Lexicon,
    prefer: &'a dyn Fn(usize) -> bool,
    aliases: usize,
    /// Whether rows of the root may stand several times in the result.
    bridged: bool,
}

/// The tables of one SELECT and what they are called there.
#[derive(Default)]
struct Scope {
    aliases: Vec<(usize, String)>,
}

impl Scope {
    fn column(&self, lexicon: &Lexicon, id: ColumnId) -> Result<Expr, NoWay> {
        let (_, alias) = self
            .aliases
            .iter()
            .find(|(t, _)| *t == id.table)
            .ok_or(NoWay::Unconnected)?;
        Ok(Expr::Column(alias.clone(), lexicon.column(id).name.clone()))
    }
}

impl Builder<'_> {
    fn alias(&mut self, table: usize) -> String {
        self.aliases += 1;
        let initial = self.lexicon.tables[table]
            .name
            .chars()
            .next()
            .filter(char::is_ascii_alphabetic);
        format!(
            "{}{}",
            initial.unwrap_or('t').to_ascii_lowercase(),
            self.aliases
        )
    }

    fn query(mut self, query: &Query) -> Result<Select, NoWay> {
        let shown = |id: &ColumnId| id.table;
        let mut inline: BTreeSet<usize> = BTreeSet::from([query.entity]);
        inline.extend(&query.group);
        for output in &query.outputs {
            match output {
                Output::Column(c) | Output::Bucket(_, c) => inline.extend([shown(c)]),
                Output::Measure(m) => inline.extend([measured(m)]),
                Output::Share { .. } => {}
            }
        }
        for order in &query.order {
            inline.insert(match &order.by {
                Key::Column(c) | Key::Bucket(_, c) => c.table,
                Key::Measure(m) => measured(m),
            });
        }
        // What is counted or summed is the root, so that nothing is counted twice.
        let root = query
            .measures()
            .map(measured)
            .next()
            .unwrap_or(query.entity);
        let mut wanted = inline.clone();
        wanted.extend(
            query
                .conditions
                .iter()
                .filter(|c| !c.is_apart())
                .map(Condition::table),
        );
        wanted.extend(&query.mentioned);
        let hops = joins::tree(&self.lexicon.edges, root, &wanted, self.prefer)?;
        let mut select = Select {
            distinct: query.distinct,
            limit: query.limit,
            ..Select::default()
        };
        let mut scope = Scope::default();
        let alias = self.alias(root);
        select.from = Some((self.lexicon.tables[root].sql_name.clone(), alias.clone()));
        scope.aliases.push((root, alias));
        let mut fans_out = false;
        self.grow(
            root,
            &hops,
            &inline,
            &query.conditions,
            &mut select,
            &mut scope,
            &mut fans_out,
        )?;
        for condition in query.conditions.iter().filter(|c| c.is_apart()) {
            let expr = self.apart(query.entity, condition, &scope)?;
            select.filters.push(expr);
        }
        // A row shown once for each row of another table is no answer.
        if (fans_out || self.bridged) && !query.is_aggregated() && query.order.is_empty() {
            select.distinct = true;
        }
        let aggregated = query.is_aggregated();
        for output in &query.outputs {
            let (expr, name) = match output {
                Output::Column(c) => (scope.column(self.lexicon, *c)?, None),
                Output::Bucket(unit, c) => (
                    self.bucket(*unit, scope.column(self.lexicon, *c)?),
                    Some(unit_name(*unit).to_owned()),
                ),
                Output::Measure(m) => (
                    self.measure(m, root, fans_out, &scope)?,
                    Some(self.measure_name(m)),
                ),
                Output::Share { .. } => return Err(NoWay::Unconnected),
            };
            if aggregated && !matches!(output, Output::Measure(_)) {
                select.group.push(expr.clone());
            }
            select.columns.push((expr, name));
        }
        for &table in query.group.iter().filter(|_| aggregated) {
            for &column in &self.lexicon.tables[table].key {
                let expr = scope.column(self.lexicon, ColumnId { table, column })?;
                if !select.group.contains(&expr) {
                    select.group.push(expr);
                }
            }
        }
        for order in &query.order {
            let expr = match &order.by {
                Key::Column(c) => {
                    let expr = scope.column(self.lexicon, *c)?;
                    if aggregated && !select.group.contains(&expr) {
                        select.group.push(expr.clone());
                    }
                    expr
                }
                Key::Bucket(unit, c) => self.bucket(*unit, scope.column(self.lexicon, *c)?),
                Key::Measure(m) => self.measure(m, root, fans_out, &scope)?,
            };
            select.order.push((expr, order.descending));
        }
        if select.distinct {
            // DISTINCT sorts only by what is shown.
            let hidden = select
                .order
                .iter()
                .any(|(e, _)| !select.columns.iter().any(|(c, _)| c == e));
            if hidden {
                select.distinct = false;
            }
        }
        Ok(select)
    }

    /// Adds what hangs on `at`: joins for what is shown and for what there is one of, EXISTS for the rest.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one SELECT under construction"
    )]
    fn grow(
        &mut self,
        at: usize,
        hops: &[Hop],
        inline: &BTreeSet<usize>,
        conditions: &[Condition],
        select: &mut Select,
        scope: &mut Scope,
        fans_out: &mut bool,
    ) -> Result<(), NoWay> {
        for condition in conditions
            .iter()
            .filter(|c| !c.is_apart() && c.table() == at)
        {
            if let Some(expr) = self.condition(condition, scope)? {
                select.filters.push(expr);
            }
        }
        for hop in hops.iter().filter(|h| h.from == at) {
            let alias = self.alias(hop.to);
            let table = self.lexicon.tables[hop.to].sql_name.clone();
            let outer = scope
                .aliases
                .iter()
                .find(|(t, _)| *t == at)
                .map(|(_, a)| a.clone())
                .ok_or(NoWay::Unconnected)?;
            let on = self.on(hop, &outer, &alias);
            let shown = below(hop.to, hops).iter().any(|t| inline.contains(t));
            if hop.upward || shown {
                *fans_out |= !hop.upward && !self.is_bridge(hop.to);
                self.bridged |= !hop.upward;
                select.joins.push(Join {
                    table,
                    alias: alias.clone(),
                    on,
                });
                scope.aliases.push((hop.to, alias));
                self.grow(hop.to, hops, inline, conditions, select, scope, fans_out)?;
            } else {
                let mut inner = Select {
                    columns: vec![(Expr::Number("1".to_owned()), None)],
                    from: Some((table, alias.clone())),
                    filters: vec![on],
                    ..Select::default()
                };
                let mut inner_scope = Scope {
                    aliases: vec![(hop.to, alias)],
                };
                self.grow(
                    hop.to,
                    hops,
                    inline,
                    conditions,
                    &mut inner,
                    &mut inner_scope,
                    &mut false,
                )?;
                select.filters.push(Expr::Exists(Box::new(inner)));
            }
        }
        Ok(())
    }

    /// Whether a table only pairs rows of others: what it leads to is what the rows are grouped by.
    fn is_bridge(&self, table: usize) -> bool {
        let key = &self.lexicon.tables[table].key;
        key.len() >= 2
            && key
                .iter()
                .all(|&column| self.lexicon.is_foreign_key(ColumnId { table, column }))
    }

    fn on(&self, hop: &Hop, outer: &str, inner: &str) -> Expr {
        let edge = &self.lexicon.edges[hop.edge];
        let name =
            |table: usize, column: usize| self.lexicon.tables[table].columns[column].name.clone();
        let pairs = edge
            .columns
            .iter()
            .zip(&edge.to_columns)
            .map(|(&from, &to)| {
                let (many, one) = if hop.upward {
                    (outer, inner)
                } else {
                    (inner, outer)
                };
                let mut left = Expr::Column(many.to_owned(), name(edge.from, from));
                let mut right = Expr::Column(one.to_owned(), name(edge.to, to));
                if self.lexicon.tables[edge.from].columns[from].kind
                    != self.lexicon.tables[edge.to].columns[to].kind
                {
                    left = Expr::Cast(Box::new(left), "text");
                    right = Expr::Cast(Box::new(right), "text");
                }
                left.binary("=", right)
            });
        Expr::All(pairs.collect())
    }

    /// A condition on how many, or no, rows of another table belong to a row of the entity.
    fn apart(
        &mut self,
        entity: usize,
        condition: &Condition,
        scope: &Scope,
    ) -> Result<Expr, NoWay> {
        let (table, inner_conditions) = match condition {
            Condition::Rows(table, ..) => (*table, Vec::new()),
            Condition::Lacks(table, inner) => (*table, inner.clone()),
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
            Condition::Rows(_, operator, n) => {
                inner.columns.push((Expr::CountRows, None));
                Expr::Subquery(Box::new(inner))
                    .binary(symbol(*operator), Expr::Number(n.to_string()))
            }
            _ => {
                inner.columns.push((Expr::Number("1".to_owned()), None));
                Expr::Not(Box::new(Expr::Exists(Box::new(inner))))
            }
        })
    }

    fn condition(&mut self, condition: &Condition, scope: &Scope) -> Result<Option<Expr>, NoWay> {
        let lexicon = self.lexicon;
        let texts = |values: &[String]| -> Vec<Expr> {
            values.iter().map(|v| Expr::Text(v.clone())).collect()
        };
        Ok(Some(match condition {
            Condition::Has(_) => return Ok(None),
            Condition::Compare(c, operator, value) => scope
                .column(lexicon, *c)?
                .binary(symbol(*operator), value_expr(value)),
            Condition::Between(c, low, high) => {
                let column = scope.column(lexicon, *c)?;
                Expr::All(vec![
                    column.clone().binary(">=", value_expr(low)),
                    column.binary("<=", value_expr(high)),
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
                if *yes {
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
            } => {
                if by.table != *table {
                    return Err(NoWay::Unconnected);
                }
                let alias = self.alias(*table);
                let column = lexicon.column(*by).name.clone();
                let function = if *descending { "max" } else { "min" };
                let inner = Select {
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
            Condition::Either(all) => {
                let mut any = Vec::new();
                for one in all {
                    any.extend(self.condition(one, scope)?);
                }
                Expr::Any(any)
            }
            Condition::Rows(..) | Condition::Lacks(..) => return Err(NoWay::Unconnected),
        }))
    }

    fn like(&self, column: Expr, pattern: &str) -> Expr {
        column.binary("ILIKE", Expr::Text(pattern.to_owned()))
    }

    fn during(&self, id: ColumnId, period: &Period, column: Expr) -> Result<Expr, NoWay> {
        let mut bounds = Vec::new();
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

    fn bucket(&self, unit: Unit, column: Expr) -> Expr {
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

    fn measure(
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
                if fans_out && !extreme || c.table != root && !extreme {
                    return Err(NoWay::Several);
                }
                let name = match aggregate {
                    Aggregate::Count => "count",
                    Aggregate::Sum => "sum",
                    Aggregate::Average => "avg",
                    Aggregate::Minimum => "min",
                    Aggregate::Maximum => "max",
                };
                Expr::Call(name, vec![scope.column(lexicon, *c)?])
            }
        })
    }

    fn measure_name(&self, measure: &Measure) -> String {
        let name = |c: &ColumnId| self.lexicon.column(*c).name.clone();
        match measure {
            Measure::Rows(_) => "count".to_owned(),
            Measure::Different(c) => format!("different_{}", name(c)),
            Measure::Of(Aggregate::Count, c) => format!("count_{}", name(c)),
            Measure::Of(Aggregate::Sum, c) => format!("total_{}", name(c)),
            Measure::Of(Aggregate::Average, c) => format!("average_{}", name(c)),
            Measure::Of(Aggregate::Minimum, c) => format!("minimum_{}", name(c)),
            Measure::Of(Aggregate::Maximum, c) => format!("maximum_{}", name(c)),
        }
    }
}

fn measured(measure: &Measure) -> usize {
    match measure {
        Measure::Rows(table) => *table,
        Measure::Different(c) | Measure::Of(_, c) => c.table,
    }
}

/// A table and everything that hangs on it.
fn below(table: usize, hops: &[Hop]) -> Vec<usize> {
    let mut all = vec![table];
    for hop in hops.iter().filter(|h| h.from == table) {
        all.extend(below(hop.to, hops));
    }
    all
}

fn symbol(operator: Operator) -> &'static str {
    match operator {
        Operator::Equal => "=",
        Operator::NotEqual => "<>",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
    }
}

fn value_expr(value: &Literal) -> Expr {
    match value {
        Literal::Number(text) => Expr::Number(text.clone()),
        Literal::Text(text) => Expr::Text(text.clone()),
        Literal::Date(when) => moment(when),
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
