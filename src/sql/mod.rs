//! The guard: turns SQL text from anywhere (a model, a person) into a [`CheckedSelect`], or refuses it.
//!
//! Pure: no connection, no IO. Two independent readings of the same bytes must agree that it is one
//! harmless query: the tokens by themselves (`lexer`, `gate`), and a tree in PostgreSQL's grammar
//! (`tree`). The server is the third: the text is never printed from a tree but sent as it was, wrapped
//! so that its grammar accepts nothing but a query there (see [`CheckedSelect::wrapped`]).

mod analytics;
mod functions;
mod gate;
mod keywords;
mod kinds;
mod lexer;
mod masked;
mod names;
mod template;
mod tree;

use std::collections::BTreeSet;
use std::fmt;

pub use functions::{Known, known};
pub use masked::masked;
pub use names::Names;
pub use template::{Reference, Shape, Template, ValueName, quote_literal};

/// The longest statement that is read, in bytes.
pub const MAX_BYTES: usize = 100 * 1024;

const STACK_FOR_LONG: usize = 256 << 20;

/// What the guard lets through beyond its built-in lists.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Functions that the owner of the database vouches for, as `name` or `schema.name`.
    pub allowed_functions: BTreeSet<String>,
    /// Functions that no list knows are put down for the database's catalog instead of refused; the
    /// database asks it before it runs the query.
    pub catalog: bool,
    /// A view's or a domain's own text: its owner decided what it reads.
    pub(crate) definition: bool,
    /// Read for the analytics engine rather than for Postgres: its own functions, no catalogs.
    pub(crate) analytics: bool,
}

impl Policy {
    /// Lets the database's catalog judge functions that no list knows, before the query runs.
    #[must_use]
    pub fn with_catalog(mut self) -> Self {
        self.catalog = true;
        self
    }

    /// For SQL over step results in memory, where functions are the engine's own.
    pub fn analytics() -> Self {
        Self {
            analytics: true,
            ..Self::default()
        }
    }
}

/// One query that passed the guard. Only [`check`] makes one, and the database runs nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedSelect {
    text: String,
    names: Box<Names>,
}

impl CheckedSelect {
    /// The statement as it was written, without a closing semicolon.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What only the database's catalog can judge, where the policy leaves that to it.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The statement that is sent: the text as the only thing in a subquery, cut to `limit` rows.
    ///
    /// The line break keeps a closing comment from swallowing the parenthesis.
    pub fn wrapped(&self, limit: u64) -> String {
        format!("SELECT * FROM (\n{}\n) AS q LIMIT {limit}", self.text)
    }
}

/// Why a statement was refused: what was found, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}{}", self.at())]
pub struct Refusal {
    /// What was found, in words for a person and for the planner.
    pub what: String,
    /// What to write instead, where there is something.
    pub hint: Option<String>,
    /// Where it begins, counted in characters from 1.
    pub position: Option<usize>,
}

impl Refusal {
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self {
            what: what.to_string(),
            hint: None,
            position: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    pub(crate) fn in_text(mut self, sql: &str, byte: usize) -> Self {
        self.position = sql.get(..byte).map(|before| before.chars().count() + 1);
        self
    }

    fn at(&self) -> String {
        self.position
            .map_or_else(String::new, |p| format!(" (at character {p})"))
    }
}

/// Checks that `sql` is one query that only reads.
///
/// # Errors
/// [`Refusal`] when it is anything else, or cannot be read with certainty.
pub fn check(sql: &str, policy: &Policy) -> Result<CheckedSelect, Refusal> {
    if sql.len() > MAX_BYTES {
        return Err(Refusal::new(format!(
            "the statement has {} bytes; at most {MAX_BYTES} are read",
            sql.len()
        )));
    }
    let tokens = lexer::tokens(sql)?;
    let (text, tokens) = gate::single_statement(sql, &tokens)?;
    let mut names = Names::default();
    if policy.catalog {
        names.vouched = policy.allowed_functions.clone();
    }
    if !policy.analytics {
        gate::check(text, tokens, policy, &mut names)?;
    }
    with_enough_stack(tokens.len(), || {
        if policy.analytics {
            analytics::check(text)
        } else {
            tree::check(text, tokens, policy, &mut names)
        }
    })?;
    Ok(CheckedSelect {
        text: text.to_owned(),
        names: Box::new(names),
    })
}

/// The names in a view's query or a domain's check, which the database's owner wrote. Settings are
/// read there for the rights of tenants; everything else is held to the same lists.
pub(crate) fn names_in_definition(sql: &str, vouched: &BTreeSet<String>) -> Result<Names, Refusal> {
    let mut policy = Policy {
        allowed_functions: vouched.clone(),
        catalog: true,
        definition: true,
        ..Policy::default()
    };
    policy
        .allowed_functions
        .insert("current_setting".to_owned());
    check(sql, &policy).map(|checked| *checked.names)
}

/// Parsers recurse, some for every operator of a chain: a long statement gets a stack of its own, so
/// that no input can overflow ours. Only what is used of it becomes memory.
fn with_enough_stack(
    tokens: usize,
    read: impl FnOnce() -> Result<(), Refusal> + Send,
) -> Result<(), Refusal> {
    if tokens <= 1_000 {
        return read();
    }
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(STACK_FOR_LONG)
            .spawn_scoped(scope, read)
            .map_err(|e| Refusal::new(format!("no thread to read the statement in: {e}")))?
            .join()
            .unwrap_or_else(|_| Err(Refusal::new("the statement could not be read")))
    })
}

/// `name` as an identifier that Postgres reads back unchanged: quoted where it must be.
pub fn quote_ident(name: &str) -> String {
    let plain = name
        .bytes()
        .enumerate()
        .all(|(i, b)| b == b'_' || b.is_ascii_lowercase() || (i > 0 && b.is_ascii_digit()))
        && !name.is_empty()
        && !keywords::is_reserved(name);
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(sql: &str) {
        if let Err(refusal) = check(sql, &Policy::default()) {
            panic!("refused `{sql}`: {refusal}");
        }
    }

    fn refuses(sql: &str) {
        assert!(check(sql, &Policy::default()).is_err(), "accepted `{sql}`");
    }

    #[test]
    fn accepts_honest_queries() {
        for sql in [
            "SELECT 1",
            "select * from customer;",
            "SELECT count(*) FROM \"Mixed Case\".\"Table\" -- a comment",
            "/* lead */ SELECT 1 /* a /* nested */ comment */ ;",
            "WITH t AS (SELECT 1 AS a) SELECT a FROM t ORDER BY a LIMIT 5",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT * FROM n",
            "SELECT 'DROP TABLE x; DELETE FROM y' AS words",
            "SELECT $$ it's; fine $$",
            "SELECT E'it\\'s'",
            "SELECT a.b, sum(c) FILTER (WHERE d > 1) OVER (PARTITION BY e ORDER BY f) FROM a GROUP BY 1 HAVING count(*) > 2",
            "VALUES (1, 'a'), (2, 'b')",
            "SELECT * FROM a JOIN LATERAL (SELECT * FROM b WHERE b.x = a.x LIMIT 1) AS l ON true",
            "SELECT date_trunc('month', t AT TIME ZONE 'UTC'), extract(year FROM t) FROM x",
            "SELECT x::numeric(10,2), CAST(y AS text), DATE '2020-01-01' + INTERVAL '1 day' FROM z",
            "SELECT data->>'a', data #>> '{b,c}', data @> '{\"a\":1}' FROM j",
            "SELECT * FROM generate_series(1, 3) AS g(n)",
            "SELECT ARRAY[1,2], ARRAY(SELECT 1), (ARRAY[1,2])[1]",
            "SELECT * FROM t WHERE name ILIKE '%x%' AND id = ANY(ARRAY[1,2]) AND x IN (SELECT y FROM z)",
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) FROM payment",
            "SELECT coalesce(a, b), nullif(a, b), greatest(a, b) FROM t",
            "SELECT embedding <=> '[1,2]' FROM items ORDER BY 1",
            "(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1",
            "SELECT a FROM t GROUP BY ROLLUP (a), CUBE (b), GROUPING SETS ((a), ())",
            "SELECT row_number() OVER w FROM t WINDOW w AS (ORDER BY a)",
            "SELECT current_date, now(), current_user",
            "SELECT updated, deleted_at FROM \"insert\" WHERE \"update\" = 1",
            "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b DESC NULLS LAST OFFSET 2 FETCH FIRST 3 ROWS ONLY",
        ] {
            accepts(sql);
        }
    }

    #[test]
    fn refuses_what_is_no_query() {
        for sql in [
            "",
            "   ",
            ";",
            "-- nothing",
            "DELETE FROM t",
            "INSERT INTO t VALUES (1)",
            "UPDATE t SET a = 1",
            "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE",
            "DROP TABLE t",
            "CREATE TABLE t AS SELECT 1",
            "SELECT 1; DELETE FROM t",
            "SELECT 1;; SELECT 2",
            "COPY t TO PROGRAM 'id'",
            "SET ROLE postgres",
            "EXPLAIN ANALYZE DELETE FROM t",
            "DO $$ BEGIN END $$",
            "CALL p()",
            "VACUUM",
            "LISTEN x",
            "BEGIN",
        ] {
            refuses(sql);
        }
    }

    #[test]
    fn refuses_writes_hidden_in_a_query() {
        for sql in [
            "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
            "WITH a AS (WITH d AS (UPDATE t SET x = 1 RETURNING *) SELECT * FROM d) SELECT * FROM a",
            "SELECT * FROM (INSERT INTO t VALUES (1) RETURNING *) AS x",
            "SELECT * INTO t FROM x",
            "SELECT a INTO TEMP t FROM x",
            "SELECT * FROM t FOR UPDATE",
            "SELECT * FROM (SELECT * FROM t FOR SHARE) AS x",
            "SELECT 1) AS q; DELETE FROM t; SELECT * FROM (SELECT 1",
            "SELECT pg_sleep(10)",
            "SELECT pg_catalog.pg_sleep(10)",
            "SELECT \"pg_sleep\"(10)",
            "SELECT U&\"\\0070g_sleep\"(0)",
            "SELECT set_config('a.b', 'c', false)",
            "SELECT nextval('s')",
            "SELECT * FROM pg_read_file('/etc/passwd')",
            "SELECT * FROM dblink('x', 'y') AS t(a int)",
            "SELECT lo_import('/etc/passwd')",
            "SELECT query_to_xml('delete from t', true, true, '')",
            "SELECT my_function(1)",
            "SELECT public.lower('x')",
            "SELECT rolpassword FROM pg_authid",
            "SELECT * FROM pg_catalog.pg_shadow",
            "SELECT 1 \0",
            "SELECT 'open",
            "SELECT /* open",
            "SELECT $x$ open $y$",
            "SELECT 1from t",
            "SELECT $1a",
            "SELECT 0b1z",
            "SELECT 1e5x",
            "SELECT 1E'x'",
        ] {
            refuses(sql);
        }
    }

    #[test]
    fn survives_whatever_comes() {
        refuses(&"(".repeat(50_000));
        refuses(&format!("SELECT {}", "(".repeat(20_000)));
        refuses(&format!(
            "SELECT {}1{}",
            "(".repeat(5_000),
            ")".repeat(5_000)
        ));
        refuses(&"SELECT 1 ".repeat(20_000));
        accepts(&format!("SELECT 1{}", " + 1".repeat(20_000)));
        accepts(&format!("SELECT {}1{}", "(".repeat(190), ")".repeat(190)));
        accepts(&format!(
            "SELECT {}1{}",
            "(SELECT ".repeat(190),
            ")".repeat(190)
        ));
        accepts(&format!(
            "SELECT {}1{}",
            "CASE WHEN true THEN ".repeat(190),
            " END".repeat(190)
        ));
        accepts(&format!("SELECT 1{}", " UNION SELECT 1".repeat(6_000)));
        accepts(&format!(
            "SELECT 1 FROM a{}",
            " JOIN a ON true".repeat(6_000)
        ));
        accepts(&format!("SELECT true{}", " AND NOT true".repeat(6_000)));
        accepts(&format!("SELECT 1{}", "::int".repeat(15_000)));
        refuses(&format!("SELECT {}1", "EXISTS ".repeat(10_000)));
        refuses(&format!("SELECT 1 FROM {}a", "LATERAL ".repeat(10_000)));
        refuses(&format!("WITH {}", "a AS MATERIALIZED ".repeat(5_000)));
        refuses(&format!("SELECT {}1", "- ".repeat(40_000)));
    }

    #[test]
    fn says_what_and_where() {
        let refusal = check("SELECT pg_sleep(1)", &Policy::default()).unwrap_err();
        assert!(refusal.to_string().contains("pg_sleep"), "{refusal}");
        let refusal = check("SELECT 1; DROP TABLE t", &Policy::default()).unwrap_err();
        assert_eq!(refusal.position, Some(11));
    }

    #[test]
    fn functions_that_are_vouched_for_pass() {
        let policy = Policy {
            allowed_functions: ["my_function".to_owned(), "app.f".to_owned()].into(),
            ..Policy::default()
        };
        assert!(check("SELECT my_function(1), app.f(2)", &policy).is_ok());
        assert!(check("SELECT app.g(2)", &policy).is_err());
    }

    #[test]
    fn runs_the_bytes_as_they_were() {
        let checked = check("  SELECT 0b101 -- five\n ; -- end", &Policy::default()).unwrap();
        assert_eq!(checked.text(), "  SELECT 0b101");
        assert_eq!(
            checked.wrapped(6),
            "SELECT * FROM (\n  SELECT 0b101\n) AS q LIMIT 6"
        );
    }

    #[test]
    fn quotes_only_what_needs_it() {
        for (name, quoted) in [
            ("customer", "customer"),
            ("Customer", "\"Customer\""),
            ("order", "\"order\""),
            ("a b", "\"a b\""),
            ("a\"b", "\"a\"\"b\""),
            ("1a", "\"1a\""),
            ("größe", "\"größe\""),
            ("", "\"\""),
        ] {
            assert_eq!(quote_ident(name), quoted);
        }
    }
}
