//! From the reading to SQL: a small syntax tree, built over the join tree.

mod arrange;
mod conditions;
mod measures;
mod names;
mod tree;

use std::collections::BTreeSet;

use super::joins::{self, Hop, NoWay};
use super::lexicon::{ColumnId, Lexicon};
use super::query::{Condition, Key, Measure, Output, Query};
pub use arrange::arranged;
pub use measures::unit_name;
pub use names::told_apart;
pub use tree::Select;
use tree::{Expr, Join};

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

/// One number by another, both read by themselves.
pub fn ratio(part: Select, whole: Select) -> Select {
    let number = |select: Select| Expr::Subquery(Box::new(select));
    let whole = Expr::Call("nullif", vec![number(whole), Expr::Number("0".to_owned())]);
    let part = Expr::Cast(Box::new(number(part)), "numeric");
    Select {
        columns: vec![(part.binary("/", whole), Some("ratio".to_owned()))],
        ..Select::default()
    }
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
    pub(super) fn column(&self, lexicon: &Lexicon, id: ColumnId) -> Result<Expr, NoWay> {
        let (_, alias) = self
            .aliases
            .iter()
            .find(|(t, _)| *t == id.table)
            .ok_or(NoWay::Unconnected)?;
        Ok(Expr::Column(alias.clone(), lexicon.column(id).name.clone()))
    }
}

impl Builder<'_> {
    pub(super) fn alias(&mut self, table: usize) -> String {
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
                Output::Share | Output::Ratio(_) => {}
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
            .unwrap_or_else(|| self.shown(query));
        let mut wanted = inline.clone();
        wanted.extend(
            query
                .conditions
                .iter()
                .filter(|c| !c.is_apart())
                .map(Condition::table),
        );
        wanted.extend(&query.mentioned);
        let hops = self.way(root, &inline, &wanted, &query.mentioned)?;
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
                    self.bucket(*unit, self.day(*c, scope.column(self.lexicon, *c)?)),
                    Some(unit_name(*unit).to_owned()),
                ),
                Output::Measure(m) => (
                    self.measure(m, root, fans_out, &scope)?,
                    Some(self.measure_name(m)),
                ),
                Output::Ratio(_) => return Err(NoWay::Unconnected),
                Output::Share => (
                    Expr::Share(self.part(root, query, &scope)?),
                    Some("percentage".to_owned()),
                ),
            };
            if aggregated && !matches!(output, Output::Measure(_) | Output::Share) {
                select.group.push(expr.clone());
            }
            select.columns.push((expr, name));
        }
        let groups = query
            .group
            .iter()
            .filter(|t| aggregated && !self.lexicon.is_tag(**t));
        for &table in groups {
            for &column in &self.lexicon.tables[table].key {
                let expr = scope.column(self.lexicon, ColumnId { table, column })?;
                if !select.group.contains(&expr) {
                    select.group.push(expr);
                }
            }
        }
        for (measure, operator, n) in &query.having {
            let number = self.measure(measure, root, fans_out, &scope)?;
            let than = Expr::Number(n.clone());
            select
                .having
                .push(number.binary(conditions::symbol(*operator), than));
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
                Key::Bucket(unit, c) => {
                    self.bucket(*unit, self.day(*c, scope.column(self.lexicon, *c)?))
                }
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

    /// What the rows of a percentage fulfil; a join would leave rows out of the whole.
    fn part(&mut self, root: usize, query: &Query, scope: &Scope) -> Result<Vec<Expr>, NoWay> {
        let hops = Vec::new();
        let mut part = Select::default();
        let mut own = Scope {
            aliases: scope.aliases.clone(),
        };
        let own_row = |c: &&Condition| !c.is_apart() && c.table() == root;
        let plain: Vec<Condition> = query.part.iter().filter(own_row).cloned().collect();
        self.grow(
            root,
            &hops,
            &BTreeSet::new(),
            &plain,
            &mut part,
            &mut own,
            &mut false,
        )?;
        for condition in query.part.iter().filter(|c| !own_row(c)) {
            let belongs = match condition.is_apart() {
                true => condition.clone(),
                false => Condition::Also(condition.table(), vec![condition.clone()]),
            };
            part.filters.push(self.apart(root, &belongs, scope)?);
        }
        if part.filters.is_empty() || !part.joins.is_empty() {
            return Err(NoWay::Unconnected);
        }
        Ok(part.filters)
    }

    /// The way to all tables of a query. What is only mentioned rather stands between others than at an end,
    /// where it would say no more than that there is some: "products that Ann has ordered".
    fn way(
        &self,
        root: usize,
        inline: &BTreeSet<usize>,
        wanted: &BTreeSet<usize>,
        mentioned: &[usize],
    ) -> Result<Vec<Hop>, NoWay> {
        let edges = &self.lexicon.edges;
        let plain = joins::tree(edges, root, wanted, self.prefer);
        let ends = |hops: &[Hop]| {
            let end = |t: &&usize| hops.iter().all(|h| h.from != **t);
            mentioned.iter().filter(end).count()
        };
        let first: BTreeSet<usize> = inline.iter().chain(mentioned).copied().collect();
        let through = joins::tree(edges, root, &first, self.prefer)
            .and_then(|hops| joins::extended(edges, root, hops, wanted, self.prefer));
        match (plain, through) {
            (Ok(plain), Ok(through))
                if through.len() <= plain.len() && ends(&through) < ends(&plain) =>
            {
                Ok(through)
            }
            (plain, _) => plain,
        }
    }

    /// The table whose rows are shown: the entity, or the one below it that all columns shown are of.
    fn shown(&self, query: &Query) -> usize {
        let mut tables = query.outputs.iter().map(|o| match o {
            Output::Column(c) => Some(c.table),
            _ => None,
        });
        let Some(Some(first)) = tables.next() else {
            return query.entity;
        };
        let alone = tables.all(|t| t == Some(first)) && query.group.is_empty();
        let up = |from: usize, to: usize| {
            joins::tree(
                &self.lexicon.edges,
                from,
                &BTreeSet::from([to]),
                self.prefer,
            )
            .is_ok_and(|hops| hops.iter().all(|h| h.single))
        };
        if alone && first != query.entity && up(first, query.entity) && !up(query.entity, first) {
            first
        } else {
            query.entity
        }
    }

    /// Adds what hangs on `at`: joins for what is shown and for what there is one of, EXISTS for the rest.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one SELECT under construction"
    )]
    pub(super) fn grow(
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
            if hop.single || shown {
                *fans_out |= !hop.single && !self.lexicon.is_link(hop.to);
                self.bridged |= !hop.single;
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

    pub(super) fn on(&self, hop: &Hop, outer: &str, inner: &str) -> Expr {
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
