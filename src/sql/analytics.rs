//! SQL for the analytics engine, which reads with `sqlparser` itself: its tree, walked with an
//! allow-list. Functions are the engine's own; tables are earlier steps' results and nothing else.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Function, ObjectName, Query, Select, SetExpr, Statement, TableFactor, Visit, Visitor,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::Refusal;

pub fn check(sql: &str) -> Result<(), Refusal> {
    let statements = Parser::parse_sql(&PostgreSqlDialect {}, sql).map_err(|e| {
        Refusal::new(format!("cannot be read with certainty: {e}"))
            .hint("write it as one plain SELECT")
    })?;
    let [statement] = statements.as_slice() else {
        return Err(Refusal::new("more than one statement"));
    };
    match statement.visit(&mut Guard) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(refusal) => Err(refusal),
    }
}

struct Guard;

type Flow = ControlFlow<Refusal>;

fn refuse(what: impl std::fmt::Display) -> Flow {
    ControlFlow::Break(Refusal::new(what))
}

impl Guard {
    /// The engine has no schemas, and no function that writes.
    fn function(name: &ObjectName) -> Flow {
        match name.0.as_slice() {
            [part] if part.as_ident().is_some() => Flow::Continue(()),
            _ => refuse(format!("{name} is no function of the analytics engine")),
        }
    }

    fn body(body: &SetExpr) -> Flow {
        match body {
            SetExpr::Select(_) | SetExpr::Values(_) | SetExpr::Table(_) => Flow::Continue(()),
            // A nested query is visited itself.
            SetExpr::Query(_) => Flow::Continue(()),
            SetExpr::SetOperation { left, right, .. } => {
                Self::body(left)?;
                Self::body(right)
            }
            SetExpr::Insert(_) => refuse("INSERT writes"),
            SetExpr::Update(_) => refuse("UPDATE writes"),
            SetExpr::Delete(_) => refuse("DELETE writes"),
            SetExpr::Merge(_) => refuse("MERGE writes"),
        }
    }
}

impl Visitor for Guard {
    type Break = Refusal;

    fn pre_visit_statement(&mut self, statement: &Statement) -> Flow {
        match statement {
            Statement::Query(_) => Flow::Continue(()),
            other => {
                let text = other.to_string();
                let verb = text.split_whitespace().next().unwrap_or("this").to_owned();
                ControlFlow::Break(
                    Refusal::new(format!("{verb} is not a query"))
                        .hint("only SELECT, WITH … SELECT and VALUES are run"),
                )
            }
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> Flow {
        if let Some(lock) = query.locks.first() {
            return refuse(format!("{lock} locks rows"));
        }
        if query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty()
        {
            return refuse("a clause that PostgreSQL does not have");
        }
        Self::body(&query.body)
    }

    fn pre_visit_select(&mut self, select: &Select) -> Flow {
        if select.into.is_some() {
            return refuse("SELECT INTO creates a table");
        }
        Flow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> Flow {
        match relation.0.as_slice() {
            [part] if part.as_ident().is_some() => Flow::Continue(()),
            _ => refuse(format!("{relation} is no step's table")),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Flow {
        match factor {
            // The engine's table functions read files.
            TableFactor::Table { name, args, .. } if args.is_some() => {
                refuse(format!("{name}(…) is no step's table"))
            }
            TableFactor::Table { .. } => Flow::Continue(()),
            TableFactor::Derived { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::NestedJoin { .. } => Flow::Continue(()),
            other => refuse(format!("{other} is not known to be harmless")),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Flow {
        match expr {
            Expr::Function(function) => {
                let Function {
                    name,
                    uses_odbc_syntax,
                    ..
                } = function;
                if *uses_odbc_syntax {
                    return refuse("an ODBC call");
                }
                Self::function(name)
            }
            Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::CompoundFieldAccess { .. }
            | Expr::JsonAccess { .. }
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsUnknown(_)
            | Expr::IsNotUnknown(_)
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::IsNormalized { .. }
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::InUnnest { .. }
            | Expr::Between { .. }
            | Expr::BinaryOp { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. }
            | Expr::SimilarTo { .. }
            | Expr::AnyOp { .. }
            | Expr::AllOp { .. }
            | Expr::UnaryOp { .. }
            | Expr::Cast { .. }
            | Expr::AtTimeZone { .. }
            | Expr::Extract { .. }
            | Expr::Ceil { .. }
            | Expr::Floor { .. }
            | Expr::Position { .. }
            | Expr::Substring { .. }
            | Expr::Trim { .. }
            | Expr::Overlay { .. }
            | Expr::Collate { .. }
            | Expr::Nested(_)
            | Expr::Value(_)
            | Expr::TypedString(_)
            | Expr::Case { .. }
            | Expr::Exists { .. }
            | Expr::Subquery(_)
            | Expr::GroupingSets(_)
            | Expr::Cube(_)
            | Expr::Rollup(_)
            | Expr::Tuple(_)
            | Expr::Array(_)
            | Expr::Interval(_)
            | Expr::Wildcard(_)
            | Expr::QualifiedWildcard(..)
            | Expr::Named { .. } => Flow::Continue(()),
            other => refuse(format!("`{other}` is not known to be harmless")),
        }
    }
}
