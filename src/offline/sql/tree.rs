//! The syntax tree of the SQL that readings come to, printed with every identifier and literal quoted.

use std::fmt::{self, Display};

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
    CountRows,
    /// The percentage of the rows for which all of these hold.
    Share(Vec<Expr>),
    Distinct(Box<Expr>),
    Binary(Box<Expr>, &'static str, Box<Expr>),
    Cast(Box<Expr>, &'static str),
    Extract(&'static str, Box<Expr>),
    List(Vec<Expr>),
    Not(Box<Expr>),
    All(Vec<Expr>),
    Subquery(Box<Select>),
    Exists(Box<Select>),
    IsNull(Box<Expr>, bool),
}

impl Expr {
    pub fn binary(self, operator: &'static str, right: Self) -> Self {
        Self::Binary(Box::new(self), operator, Box::new(right))
    }
}

/// A joined table: name, alias, condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    pub table: String,
    pub alias: String,
    pub on: Expr,
}

/// One SELECT.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Select {
    pub distinct: bool,
    pub columns: Vec<(Expr, Option<String>)>,
    pub from: Option<(String, String)>,
    pub joins: Vec<Join>,
    pub filters: Vec<Expr>,
    pub group: Vec<Expr>,
    pub having: Vec<Expr>,
    pub order: Vec<(Expr, bool)>,
    pub limit: Option<u64>,
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
            Self::Share(conditions) => {
                f.write_str("100.0 * count(*) FILTER (WHERE ")?;
                list(f, conditions, " AND ")?;
                f.write_str(") / nullif(count(*), 0)")
            }
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
        if !self.having.is_empty() {
            f.write_str(" HAVING ")?;
            list(f, &self.having, " AND ")?;
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
