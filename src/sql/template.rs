//! `{{id.column}}` in a planned query: an earlier step's values, bound as parameters and never spliced in.

use super::Refusal;
use super::lexer::{self, Kind, Token};

/// A column of an earlier step's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub step: String,
    pub column: String,
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{{{{{}.{}}}}}", self.step, self.column)
    }
}

/// How many values a place takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One value.
    Scalar,
    /// All values of the column, as an array.
    List,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Scalar,
    /// `= ANY({{…}})`
    Array,
    /// `IN ({{…}})`
    InList,
    /// Inside a string constant: the text before and after it.
    InString(String, String),
}

#[derive(Debug, Clone)]
struct Hole {
    start: usize,
    end: usize,
    reference: Reference,
    place: Place,
}

/// A planned query and the places in it that earlier steps fill.
#[derive(Debug, Clone)]
pub struct Template {
    sql: String,
    holes: Vec<Hole>,
}

impl Template {
    /// Finds the references in `sql`.
    ///
    /// # Errors
    /// SQL that cannot be read lexically, or a reference that is not `{{id.column}}`.
    pub fn parse(sql: &str) -> Result<Self, Refusal> {
        if sql.len() > super::MAX_BYTES {
            return Err(Refusal::new(format!(
                "the query has more than {} bytes",
                super::MAX_BYTES
            )));
        }
        let tokens = lexer::tokens(sql)?;
        let mut holes = Vec::new();
        let mut i = 0;
        while let Some(token) = tokens.get(i) {
            match token.kind {
                Kind::String if token.text(sql).contains("{{") => {
                    holes.push(in_string(sql, token)?);
                    i += 1;
                }
                Kind::Punctuation(b'{') if tokens.get(i + 1).is_some_and(|t| t.is(b'{')) => {
                    let last = (i..tokens.len().saturating_sub(1))
                        .find(|&n| tokens[n].is(b'}') && tokens[n + 1].is(b'}'))
                        .ok_or_else(|| unreadable(sql, token))?;
                    let (start, end) = (token.start, tokens[last + 1].end);
                    holes.push(Hole {
                        start,
                        end,
                        reference: reference(&sql[start + 2..end - 2])
                            .ok_or_else(|| unreadable(sql, token))?,
                        place: place(sql, &tokens[..i], tokens.get(last + 2)),
                    });
                    i = last + 2;
                }
                _ => i += 1,
            }
        }
        Ok(Self {
            sql: sql.to_owned(),
            holes,
        })
    }

    /// The references in the order of their parameters (`$1`, `$2`, …) with what each place takes.
    pub fn references(&self) -> impl Iterator<Item = (&Reference, Shape)> {
        self.holes.iter().map(|hole| {
            let shape = match hole.place {
                Place::Array | Place::InList => Shape::List,
                Place::Scalar | Place::InString(..) => Shape::Scalar,
            };
            (&hole.reference, shape)
        })
    }

    /// The query with parameters in the places of references. `type_of` names each reference's
    /// Postgres type; values travel as text and are cast on the server.
    pub fn render(&self, type_of: impl Fn(&Reference) -> String) -> String {
        let mut out = String::with_capacity(self.sql.len() + 32 * self.holes.len());
        let mut at = 0;
        for (n, hole) in self.holes.iter().enumerate() {
            let n = n + 1;
            let sql_type = type_of(&hole.reference);
            out.push_str(&self.sql[at..hole.start]);
            at = hole.end;
            match &hole.place {
                Place::Scalar => out.push_str(&format!("CAST(CAST(${n} AS text) AS {sql_type})")),
                Place::Array => {
                    out.push_str(&format!("CAST(CAST(${n} AS text[]) AS {sql_type}[])"))
                }
                Place::InList => out.push_str(&format!(
                    "SELECT unnest(CAST(CAST(${n} AS text[]) AS {sql_type}[]))"
                )),
                Place::InString(before, after) if before.is_empty() && after.is_empty() => {
                    out.push_str(&format!("CAST(CAST(${n} AS text) AS {sql_type})"));
                }
                Place::InString(before, after) => out.push_str(&format!(
                    "concat({}, CAST(${n} AS text), {})",
                    quote_literal(before),
                    quote_literal(after)
                )),
            }
        }
        out.push_str(&self.sql[at..]);
        out
    }
}

fn quote_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn unreadable(sql: &str, token: &Token) -> Refusal {
    Refusal::new("a reference that is not {{step.column}}")
        .in_text(sql, token.start)
        .hint("write {{1.customer_id}} for the column customer_id of step 1")
}

fn reference(inner: &str) -> Option<Reference> {
    let (step, column) = inner.trim().split_once('.')?;
    let clean = |s: &str| s.trim().trim_matches('"').to_owned();
    // Models like to write step_1.column, after the tables of ANALYZE.
    let step = clean(step);
    let step = step.strip_prefix("step_").unwrap_or(&step).to_owned();
    let column = clean(column);
    (!step.is_empty() && !column.is_empty()).then_some(Reference { step, column })
}

/// What surrounds the reference tells how many values it stands for.
fn place(sql: &str, before: &[Token], after: Option<&Token>) -> Place {
    let closed = after.is_some_and(|t| t.is(b')'));
    match before {
        [.., word, open] if open.is(b'(') && closed => {
            if word.is_word(sql, "in") {
                Place::InList
            } else if ["any", "all", "some", "unnest"]
                .iter()
                .any(|w| word.is_word(sql, w))
            {
                Place::Array
            } else {
                Place::Scalar
            }
        }
        _ => Place::Scalar,
    }
}

/// Models quote references: `'{{1.name}}'`, `'%{{1.name}}%'`.
fn in_string(sql: &str, token: &Token) -> Result<Hole, Refusal> {
    let text = token.text(sql);
    let plain = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\''));
    let parsed = plain.and_then(|inner| {
        let (before, rest) = inner.split_once("{{")?;
        let (name, after) = rest.split_once("}}")?;
        let one = !after.contains("{{");
        one.then(|| (before.to_owned(), name.to_owned(), after.to_owned()))
    });
    let (before, name, after) = parsed.ok_or_else(|| unreadable(sql, token))?;
    Ok(Hole {
        start: token.start,
        end: token.end,
        reference: reference(&name).ok_or_else(|| unreadable(sql, token))?,
        place: Place::InString(before.replace("''", "'"), after.replace("''", "'")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(sql: &str) -> String {
        Template::parse(sql)
            .unwrap()
            .render(|_| "integer".to_owned())
    }

    #[test]
    fn binds_by_what_surrounds_a_reference() {
        for (sql, expected) in [
            ("SELECT 1", "SELECT 1"),
            (
                "SELECT * FROM t WHERE a = {{1.id}}",
                "SELECT * FROM t WHERE a = CAST(CAST($1 AS text) AS integer)",
            ),
            (
                "a = ANY({{ 1.id }})",
                "a = ANY(CAST(CAST($1 AS text[]) AS integer[]))",
            ),
            (
                "a NOT IN ({{1.id}})",
                "a NOT IN (SELECT unnest(CAST(CAST($1 AS text[]) AS integer[])))",
            ),
            (
                "a IN ({{1.id}}, 2)",
                "a IN (CAST(CAST($1 AS text) AS integer), 2)",
            ),
            ("a = '{{1.name}}'", "a = CAST(CAST($1 AS text) AS integer)"),
            (
                "a LIKE '%o''{{1.name}}%'",
                "a LIKE concat('%o''', CAST($1 AS text), '%')",
            ),
            (
                "-- {{1.x}}\nSELECT {{step_a.\"B c\"}}",
                "-- {{1.x}}\nSELECT CAST(CAST($1 AS text) AS integer)",
            ),
        ] {
            assert_eq!(rendered(sql), expected);
        }
    }

    #[test]
    fn names_the_step_and_the_column() {
        let template = Template::parse("SELECT {{2.total}}, {{step_a.\"B c\"}}").unwrap();
        let references: Vec<String> = template.references().map(|(r, _)| r.to_string()).collect();
        assert_eq!(references, ["{{2.total}}", "{{a.B c}}"]);
    }

    #[test]
    fn refuses_what_is_no_reference() {
        for sql in [
            "{{1}}",
            "{{}}",
            "SELECT {{1.a",
            "'{{1.a}} {{2.b}}'",
            "{{.a}}",
            "{{1.}}",
        ] {
            assert!(Template::parse(sql).is_err(), "{sql}");
        }
    }
}
