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

/// A value of the data that the plan's author has not seen: `{{value:…}}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ValueName {
    /// `{{value:1}}`: by its number among the values that the question's words mean.
    Number(usize),
    /// `{{value:customer.city:new york}}`: a column, and words for a value of it.
    Words { column: Vec<String>, words: String },
}

impl ValueName {
    fn parse(inner: &str) -> Option<Self> {
        let name = inner.trim();
        if let Ok(number) = name.parse() {
            return Some(Self::Number(number));
        }
        let mut quoted = false;
        let colon = name.find(|c| {
            quoted ^= c == '"';
            c == ':' && !quoted
        })?;
        let column = lexer::tokens(&name[..colon]).ok()?;
        let column: Vec<String> = column
            .iter()
            .filter(|token| !token.is(b'.'))
            .map(|token| Some(token.name(name)?.into_owned()))
            .collect::<Option<_>>()?;
        let words = name[colon + 1..].trim().trim_matches(['\'', '"']).trim();
        // A table and its column, with the schema or without.
        ((2..=3).contains(&column.len()) && !words.is_empty()).then(|| Self::Words {
            column,
            words: words.to_owned(),
        })
    }
}

impl std::fmt::Display for ValueName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{{{{value:{number}}}}}"),
            Self::Words { column, words } => {
                write!(f, "{{{{value:{}:{words}}}}}", column.join("."))
            }
        }
    }
}

/// What a placeholder of a value begins with.
const VALUE: &str = "value:";

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
    filling: Filling,
    place: Place,
}

#[derive(Debug, Clone)]
enum Filling {
    Step(Reference),
    Value(ValueName),
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
        let (sql, values) = numbered(sql)?;
        let sql = sql.as_str();
        let tokens = lexer::tokens(sql)?;
        let mut holes = Vec::new();
        let mut i = 0;
        while let Some(token) = tokens.get(i) {
            match token.kind {
                Kind::String if token.text(sql).contains("{{") => {
                    holes.push(in_string(sql, token, &values)?);
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
                        filling: filling(&sql[start + 2..end - 2], &values)
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
        self.holes.iter().filter_map(|hole| {
            let shape = match hole.place {
                Place::Array | Place::InList => Shape::List,
                Place::Scalar | Place::InString(..) => Shape::Scalar,
            };
            match &hole.filling {
                Filling::Step(reference) => Some((reference, shape)),
                Filling::Value(_) => None,
            }
        })
    }

    /// The values of the data that it names.
    pub fn values(&self) -> impl Iterator<Item = &ValueName> {
        self.holes.iter().filter_map(|hole| match &hole.filling {
            Filling::Step(_) => None,
            Filling::Value(name) => Some(name),
        })
    }

    /// The query with parameters in the places of references. `type_of` names each reference's
    /// Postgres type; values travel as text and are cast on the server. `value_of` gives the values that
    /// are named: they become constants, which the guard reads like any other, so that a person can run
    /// the query as it is.
    pub fn render(
        &self,
        type_of: impl Fn(&Reference) -> String,
        value_of: impl Fn(&ValueName) -> String,
    ) -> String {
        let mut out = String::with_capacity(self.sql.len() + 32 * self.holes.len());
        let mut at = 0;
        let mut n = 0;
        for hole in &self.holes {
            out.push_str(&self.sql[at..hole.start]);
            at = hole.end;
            let reference = match &hole.filling {
                Filling::Step(reference) => reference,
                Filling::Value(name) => {
                    let value = value_of(name);
                    out.push_str(&match &hole.place {
                        Place::Scalar | Place::InList => quote_literal(&value),
                        Place::Array => format!("ARRAY[{}]", quote_literal(&value)),
                        Place::InString(before, after) => {
                            quote_literal(&format!("{before}{value}{after}"))
                        }
                    });
                    continue;
                }
            };
            n += 1;
            let sql_type = type_of(reference);
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

/// `text` as a string constant, with `standard_conforming_strings` on, as every session of ours has it.
pub fn quote_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn unreadable(sql: &str, token: &Token) -> Refusal {
    Refusal::new("a reference that is not {{step.column}}")
        .in_text(sql, token.start)
        .hint("write {{1.customer_id}} for the column customer_id of step 1")
}

/// The query with values by their place among them instead of their words, which may hold anything.
fn numbered(sql: &str) -> Result<(String, Vec<ValueName>), Refusal> {
    let mut out = String::with_capacity(sql.len());
    let mut values = Vec::new();
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("{{value:") {
        let named = after
            .split_once("}}")
            .and_then(|(inner, after)| Some((ValueName::parse(inner)?, after)));
        let (name, after) = named.ok_or_else(|| {
            Refusal::new("a value that is not {{value:table.column:words}}")
                .in_text(sql, sql.len() - rest.len() + before.len())
                .hint("write {{value:customer.city:new york}} for the value of customer.city that \"new york\" means")
        })?;
        out.push_str(&format!("{before}{{{{{VALUE}{}}}}}", values.len()));
        values.push(name);
        rest = after;
    }
    out.push_str(rest);
    Ok((out, values))
}

fn filling(inner: &str, values: &[ValueName]) -> Option<Filling> {
    match inner.trim().strip_prefix(VALUE) {
        Some(at) => {
            let at: usize = at.parse().ok()?;
            Some(Filling::Value(values.get(at)?.clone()))
        }
        None => reference(inner).map(Filling::Step),
    }
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
fn in_string(sql: &str, token: &Token, values: &[ValueName]) -> Result<Hole, Refusal> {
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
        filling: filling(&name, values).ok_or_else(|| unreadable(sql, token))?,
        place: Place::InString(before.replace("''", "'"), after.replace("''", "'")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(sql: &str) -> String {
        Template::parse(sql)
            .unwrap()
            .render(|_| "integer".to_owned(), |name| format!("<{name}>"))
    }

    #[test]
    fn values_that_are_named_become_constants() {
        for (sql, expected) in [
            ("a = {{value:1}}", "a = '<{{value:1}}>'"),
            (
                "a = {{ 1.x }} AND b = {{value: t.b : new york }} AND c = {{2.y}}",
                "a = CAST(CAST($1 AS text) AS integer) AND b = '<{{value:t.b:new york}}>' AND c = CAST(CAST($2 AS text) AS integer)",
            ),
            (
                "b IN ({{value:t.b:o'neill}}, {{value:S.\"T:x\".b:2}})",
                "b IN ('<{{value:t.b:o''neill}}>', '<{{value:s.T:x.b:2}}>')",
            ),
            (
                "b = ANY({{value:t.b:x}}) OR b LIKE '%{{value:t.b:it's}}%'",
                "b = ANY(ARRAY['<{{value:t.b:x}}>']) OR b LIKE '%<{{value:t.b:it''s}}>%'",
            ),
        ] {
            assert_eq!(rendered(sql), expected);
        }
        // What a value holds is never read again.
        let template = Template::parse("a = '{{value:1}}'").unwrap();
        let hostile = "'; DROP TABLE t --{{1.x}}\\";
        assert_eq!(
            template.render(|_| String::new(), |_| hostile.to_owned()),
            "a = '''; DROP TABLE t --{{1.x}}\\'"
        );
        for sql in [
            "{{value:}}",
            "{{value:x}}",
            "{{value:a:b}}",
            "{{value:a.b.c.d:e}}",
            "{{value:1",
        ] {
            assert!(Template::parse(sql).is_err(), "{sql}");
        }
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
