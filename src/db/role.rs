//! What the role that pgagent connects as may do, and the statements for one that can only read.

use sqlx::Row;

use super::{DbError, Pool};
use crate::sql::quote_ident;

/// The role of a connection and what it may do beyond reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    pub name: String,
    /// In words; empty for a role that can only read.
    pub problems: Vec<String>,
}

impl Role {
    /// # Errors
    /// Any [`DbError`] of connecting and asking.
    pub async fn of(pool: &Pool) -> Result<Self, DbError> {
        let mut connection = pool.get().await?;
        let row = sqlx::raw_sql(include_str!("queries/role.sql"))
            .fetch_one(connection.as_mut()?)
            .await?;
        let role = Self {
            name: row.try_get("role")?,
            problems: Self::problems(
                row.try_get("superuser")?,
                row.try_get("bypassrls")?,
                row.try_get("creates")?,
                row.try_get("roles")?,
                row.try_get("tables")?,
            ),
        };
        connection.give_back();
        Ok(role)
    }

    fn problems(
        superuser: bool,
        bypassrls: bool,
        creates: bool,
        roles: Vec<String>,
        tables: Vec<String>,
    ) -> Vec<String> {
        // A superuser can do everything else, too.
        if superuser {
            return vec!["it is a superuser".to_owned()];
        }
        let mut problems = Vec::new();
        if bypassrls {
            problems.push("it bypasses row-level security".to_owned());
        }
        if creates {
            problems.push("it may create roles or databases, or replicate".to_owned());
        }
        if !roles.is_empty() {
            problems.push(format!("it is a member of {}", roles.join(", ")));
        }
        if !tables.is_empty() {
            problems.push(format!("it may write to {}", tables.join(", ")));
        }
        problems
    }

    /// # Errors
    /// [`DbError::Role`] when it can do more than read.
    pub fn must_be_readonly(self) -> Result<(), DbError> {
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(DbError::Role {
            role: self.name,
            problems: self.problems,
        })
    }
}

/// The statements that make `name` a role that can read every schema of the database and nothing else.
///
/// # Errors
/// Any [`DbError`] of connecting and asking for the schemas.
pub async fn readonly_role(pool: &Pool, name: &str) -> Result<Vec<String>, DbError> {
    let mut connection = pool.get().await?;
    let rows = sqlx::query(
        "SELECT current_database()::text AS database, nspname::text AS schema FROM pg_namespace
         WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY nspname",
    )
    .persistent(false)
    .fetch_all(connection.as_mut()?)
    .await?;
    connection.give_back();
    let role = quote_ident(name);
    let mut statements = vec![
        format!(
            "CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
        ),
        format!("ALTER ROLE {role} SET default_transaction_read_only = on"),
        format!("ALTER ROLE {role} SET statement_timeout = '60s'"),
    ];
    for (n, row) in rows.iter().enumerate() {
        if n == 0 {
            let database: String = row.try_get("database")?;
            statements.push(format!(
                "GRANT CONNECT ON DATABASE {} TO {role}",
                quote_ident(&database)
            ));
        }
        let schema = quote_ident(&row.try_get::<String, _>("schema")?);
        statements.push(format!("GRANT USAGE ON SCHEMA {schema} TO {role}"));
        statements.push(format!(
            "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}"
        ));
        statements.push(format!(
            "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {role}"
        ));
    }
    Ok(statements)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_a_role_may_do() {
        let none = Role::problems(false, false, false, vec![], vec![]);
        assert_eq!(none, Vec::<String>::new());
        let all = Role::problems(
            false,
            true,
            true,
            vec!["pg_write_all_data".into()],
            vec!["t".into()],
        );
        assert_eq!(all.len(), 4);
        assert_eq!(
            Role::problems(true, true, true, vec![], vec!["t".into()]),
            ["it is a superuser"]
        );
    }
}
