//! What was taken for granted on the way to an answer: by the plan, in the meaning of words, and in joins
//! that nobody declared.

use std::collections::HashMap;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, JoinConstraint, JoinOperator, Select, TableFactor, Visit, Visitor,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::step::StepRecord;
use crate::schema::{Binding, RetrievedChunk};
use crate::sql::quote_literal;

/// One short list: what the plan says, then what was found in the SQL that ran.
pub fn assumptions(
    planned: &[String],
    records: &[StepRecord],
    bindings: &[Binding],
    chunks: &[RetrievedChunk],
) -> Vec<String> {
    let statements: Vec<&str> = records.iter().filter_map(|r| r.sql.as_deref()).collect();
    let mut found: Vec<String> = planned.to_vec();
    found.extend(
        bindings
            .iter()
            .filter_map(|b| meaning(b, bindings, &statements)),
    );
    let inferred: Vec<Key> = chunks.iter().filter_map(Key::inferred).collect();
    if !inferred.is_empty() {
        let joins: Vec<Joins> = statements.iter().map(|sql| Joins::read(sql)).collect();
        found.extend(
            inferred
                .iter()
                .filter(|key| joins.iter().any(|joins| joins.have(key)))
                .map(|key| {
                    let [from, to] = &key.0;
                    format!(
                        "{}.{} refers to {}.{}, though no foreign key says so",
                        from.0, from.1, to.0, to.1
                    )
                }),
        );
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|assumption| seen.insert(assumption.clone()));
    found
}

/// That words mean a value, where the SQL has it and it is not just what was said.
fn meaning(binding: &Binding, all: &[Binding], statements: &[&str]) -> Option<String> {
    let Binding {
        phrase,
        table,
        column,
        value,
        similarity,
        ..
    } = binding;
    let literal = quote_literal(value);
    let is_used = |sql: &&&str| sql.contains(&literal) && sql.contains(column.as_str());
    statements.iter().find(is_used)?;
    if *similarity == 0.0 {
        return Some(format!(
            "no value of {table}.{column} was found for \"{phrase}\"; it was compared as it is"
        ));
    }
    let has_other_meaning = all
        .iter()
        .any(|other| other.phrase == *phrase && other.column != *column);
    (phrase != value || has_other_meaning)
        .then(|| format!("\"{phrase}\" means {literal} in {table}.{column}"))
}

/// Two columns that are joined, each by the name of its table, without the schema.
struct Key([(String, String); 2]);

impl Key {
    /// Of a relationship's chunk, `schema.table(column) -> schema.table(column)`, that nobody declared.
    fn inferred(chunk: &RetrievedChunk) -> Option<Self> {
        if chunk.kind != "relationship" || !chunk.content.ends_with(crate::schema::INFERRED) {
            return None;
        }
        let side = |text: &str| {
            let (table, column) = text.strip_suffix(')')?.rsplit_once('(')?;
            let (_, table) = table.split_once('.')?;
            Some((table.to_owned(), column.to_owned()))
        };
        let (from, to) = chunk.name.split_once(" -> ")?;
        Some(Self([side(from)?, side(to)?]))
    }
}

/// A column as a query writes it: its table's name or alias, where there is one.
type Written = (Option<String>, String);

/// What a statement joins on.
#[derive(Default)]
struct Joins {
    /// Tables by the names that columns call them.
    tables: HashMap<String, String>,
    equal: Vec<[Written; 2]>,
}

impl Joins {
    fn read(sql: &str) -> Self {
        let mut joins = Self::default();
        if let Ok(statements) = Parser::parse_sql(&PostgreSqlDialect {}, sql) {
            let _ = statements.visit(&mut joins);
        }
        joins
    }

    fn have(&self, Key([from, to]): &Key) -> bool {
        let is = |written: &Written, column: &(String, String)| {
            written.1 == column.1
                && match &written.0 {
                    Some(name) => self.tables.get(name) == Some(&column.0),
                    // Whose it is, only the catalog tells; the table is there.
                    None => self.tables.values().any(|table| *table == column.0),
                }
        };
        self.equal
            .iter()
            .any(|[a, b]| (is(a, from) && is(b, to)) || (is(b, from) && is(a, to)))
    }
}

fn plain(ident: &sqlparser::ast::Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    }
}

fn written(expr: &Expr) -> Option<Written> {
    match expr {
        Expr::Identifier(column) => Some((None, plain(column))),
        Expr::CompoundIdentifier(parts) => match parts.as_slice() {
            [.., table, column] => Some((Some(plain(table)), plain(column))),
            _ => None,
        },
        Expr::Nested(inner) => written(inner),
        _ => None,
    }
}

impl Visitor for Joins {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, alias, .. } = factor
            && let Some(last) = name.0.last().and_then(|part| part.as_ident())
        {
            let table = plain(last);
            let called = alias
                .as_ref()
                .map_or_else(|| table.clone(), |a| plain(&a.name));
            self.tables.insert(called, table);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        for join in select.from.iter().flat_map(|from| &from.joins) {
            if let JoinOperator::Join(JoinConstraint::Using(names))
            | JoinOperator::Inner(JoinConstraint::Using(names))
            | JoinOperator::Left(JoinConstraint::Using(names))
            | JoinOperator::LeftOuter(JoinConstraint::Using(names)) = &join.join_operator
            {
                for name in names.iter().filter_map(|n| n.0.last()?.as_ident()) {
                    self.equal.push([(None, plain(name)), (None, plain(name))]);
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq,
            right,
        } = expr
            && let (Some(left), Some(right)) = (written(left), written(right))
        {
            self.equal.push([left, right]);
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_join_is_known_however_it_is_written() {
        let key = Key([
            ("orders".to_owned(), "customer_id".to_owned()),
            ("Customer".to_owned(), "id".to_owned()),
        ]);
        for (sql, has) in [
            (
                "SELECT 1 FROM shop.orders o JOIN \"Customer\" c ON o.customer_id = c.id",
                true,
            ),
            (
                "SELECT 1 FROM orders, \"Customer\" WHERE (id) = orders.CUSTOMER_ID AND true",
                true,
            ),
            (
                "SELECT 1 FROM orders WHERE customer_id IN (SELECT id FROM \"Customer\" AS c WHERE c.id = orders.customer_id)",
                true,
            ),
            (
                "SELECT 1 FROM orders o JOIN \"Customer\" c ON o.id = c.id",
                false,
            ),
            (
                "SELECT 1 FROM orders o JOIN other c ON o.customer_id = c.id",
                false,
            ),
            ("no SQL", false),
        ] {
            assert_eq!(Joins::read(sql).have(&key), has, "{sql}");
        }
        let same = Key([
            ("a".to_owned(), "x".to_owned()),
            ("b".to_owned(), "x".to_owned()),
        ]);
        assert!(Joins::read("SELECT 1 FROM a LEFT JOIN b USING (x)").have(&same));
    }

    #[test]
    fn a_meaning_is_told_when_it_is_used_and_not_just_what_was_said() {
        let bound = |phrase: &str, column: &str, value: &str| Binding {
            phrase: phrase.to_owned(),
            schema: "public".to_owned(),
            table: "t".to_owned(),
            column: column.to_owned(),
            value: value.to_owned(),
            similarity: 1.0,
        };
        let all = [
            bound("germline", "kind", "GERMLINE"),
            bound("Roma", "city", "Roma"),
            bound("York", "city", "York"),
            bound("York", "county", "York"),
            bound("unused", "kind", "UNUSED"),
        ];
        let sql = "SELECT 1 FROM t WHERE kind = 'GERMLINE' AND city IN ('Roma', 'York')";
        let told: Vec<String> = all
            .iter()
            .filter_map(|b| meaning(b, &all, &[sql]))
            .collect();
        assert_eq!(
            told,
            [
                "\"germline\" means 'GERMLINE' in t.kind",
                "\"York\" means 'York' in t.city"
            ]
        );
    }
}
