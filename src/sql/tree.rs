//! The second reading: `sqlparser`'s tree with the PostgreSQL dialect, walked with an allow-list.
//! What is not known is refused, in every position.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, Function, ObjectName, Query, Select, SelectFlavor, SetExpr, Statement, TableFactor,
    Visit, Visitor,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::{Policy, Refusal, functions};

pub fn check(sql: &str, policy: &Policy) -> Result<(), Refusal> {
    let statements = Parser::parse_sql(&PostgreSqlDialect {}, sql).map_err(|e| {
        Refusal::new(format!("cannot be read with certainty: {e}"))
            .hint("write it as one plain SELECT")
    })?;
    let [statement] = statements.as_slice() else {
        return Err(Refusal::new("more than one statement"));
    };
    match statement.visit(&mut Guard { policy }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(refusal) => Err(refusal),
    }
}

struct Guard<'a> {
    policy: &'a Policy,
}

type Flow = ControlFlow<Refusal>;

fn refuse(what: impl std::fmt::Display) -> Flow {
    ControlFlow::Break(Refusal::new(what))
}

impl Guard<'_> {
    fn function(&self, name: &ObjectName) -> Flow {
        let parts: Vec<String> = name
            .0
            .iter()
            .filter_map(|part| part.as_ident())
            .map(|ident| match ident.quote_style {
                Some(_) => ident.value.clone(),
                None => ident.value.to_lowercase(),
            })
            .collect();
        let full = parts.join(".");
        let known = match parts.as_slice() {
            _ if self.policy.allowed_functions.contains(&full) => true,
            _ if parts.len() != name.0.len() => false,
            [name] => self.policy.analytics || functions::is_allowed(name),
            [schema, name] => {
                schema == "pg_catalog" && !self.policy.analytics && functions::is_allowed(name)
            }
            _ => false,
        };
        if known {
            return Flow::Continue(());
        }
        ControlFlow::Break(
            Refusal::new(format!(
                "the function {full} is not on the list of harmless functions"
            ))
            .hint(format!(
                "if it only reads, allow it with `--allow-function {full}`"
            )),
        )
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

impl Visitor for Guard<'_> {
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
        let foreign = select.top.is_some()
            || select.select_modifiers.is_some()
            || select.exclude.is_some()
            || !select.lateral_views.is_empty()
            || select.prewhere.is_some()
            || !select.connect_by.is_empty()
            || !select.cluster_by.is_empty()
            || !select.distribute_by.is_empty()
            || !select.sort_by.is_empty()
            || select.qualify.is_some()
            || select.value_table_mode.is_some()
            || select.flavor != SelectFlavor::Standard;
        if foreign && !self.policy.analytics {
            return refuse("a clause that PostgreSQL does not have");
        }
        Flow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> Flow {
        let name = relation
            .0
            .last()
            .and_then(|part| part.as_ident())
            .map(|ident| ident.value.to_lowercase());
        match name {
            Some(name) if functions::is_secret_relation(&name) => {
                refuse(format!("{relation} may hold secrets"))
            }
            Some(_) => Flow::Continue(()),
            None => refuse(format!("{relation} is no plain name")),
        }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Flow {
        match factor {
            TableFactor::Table {
                name,
                args,
                with_hints,
                version,
                partitions,
                json_path,
                index_hints,
                ..
            } => {
                if !with_hints.is_empty()
                    || version.is_some()
                    || !partitions.is_empty()
                    || json_path.is_some()
                    || !index_hints.is_empty()
                {
                    return refuse(format!(
                        "{name} with a clause that PostgreSQL does not have"
                    ));
                }
                match args {
                    // The analytics engine's table functions read files.
                    Some(_) if self.policy.analytics => {
                        refuse(format!("{name}(…) is no step's table"))
                    }
                    Some(args) if args.settings.is_some() => refuse(format!(
                        "{name} with a clause that PostgreSQL does not have"
                    )),
                    Some(_) => self.function(name),
                    None => Flow::Continue(()),
                }
            }
            TableFactor::Function { name, .. } if self.policy.analytics => {
                refuse(format!("{name}(…) is no step's table"))
            }
            TableFactor::Function { name, .. } => self.function(name),
            TableFactor::Derived { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::JsonTable { .. }
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
                self.function(name)
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
