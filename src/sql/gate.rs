//! The first reading: what the tokens alone tell, without any parser. One statement, balanced, not
//! deep; no word that writes or locks where a query could have it; and every name before a parenthesis
//! is part of the grammar, a known function, or provably an alias.

use std::collections::BTreeSet;

use super::functions::{self, Known};
use super::keywords;
use super::lexer::{Kind, Token};
use super::names::{Callee, Names};
use super::{Policy, Refusal};

/// Parentheses, brackets and CASE within each other.
const MAX_DEPTH: usize = 200;
/// Operators and NOTs in a row: parsers recurse on each.
const MAX_PREFIXES: usize = 100;

/// The text of the only statement, without what follows its last token, and its tokens.
///
/// # Errors
/// No statement, or several.
pub fn single_statement<'a, 't>(
    sql: &'a str,
    tokens: &'t [Token],
) -> Result<(&'a str, &'t [Token]), Refusal> {
    let count = tokens
        .iter()
        .position(|t| t.is(b';'))
        .unwrap_or(tokens.len());
    let (statement, rest) = tokens.split_at(count);
    let Some(last) = statement.last() else {
        return Err(Refusal::new("there is no statement").hint("write one SELECT"));
    };
    if let Some(second) = rest.iter().find(|t| !t.is(b';')) {
        return Err(Refusal::new("more than one statement")
            .in_text(sql, second.start)
            .hint("send one query at a time"));
    }
    Ok((&sql[..last.end], statement))
}

/// For every parenthesis the place of its other one.
///
/// # Errors
/// Unbalanced, or nested too deeply.
fn balanced(sql: &str, tokens: &[Token]) -> Result<Vec<usize>, Refusal> {
    let mut partners = vec![usize::MAX; tokens.len()];
    let mut open: Vec<usize> = Vec::new();
    let mut cases = 0usize;
    let mut prefixes = 0usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Punctuation(b'(' | b'[') => {
                open.push(at);
                prefixes = 0;
            }
            Kind::Punctuation(b @ (b')' | b']')) => {
                let wanted = if b == b')' { b'(' } else { b'[' };
                let opened = open
                    .pop()
                    .filter(|&opened| tokens[opened].is(wanted))
                    .ok_or_else(|| {
                        Refusal::new("a closing parenthesis without its opening one")
                            .in_text(sql, token.start)
                    })?;
                partners[opened] = at;
                partners[at] = opened;
                prefixes = 0;
            }
            Kind::Punctuation(_) => prefixes += 1,
            Kind::Word if token.is_word(sql, "not") => prefixes += 1,
            Kind::Word if token.is_word(sql, "case") => {
                cases += 1;
                prefixes = 0;
            }
            Kind::Word if token.is_word(sql, "end") => {
                cases = cases.saturating_sub(1);
                prefixes = 0;
            }
            _ => prefixes = 0,
        }
        if open.len() + cases > MAX_DEPTH || prefixes > MAX_PREFIXES {
            return Err(Refusal::new("nested too deeply")
                .in_text(sql, token.start)
                .hint("write it with WITH queries, or as several steps"));
        }
    }
    if open.is_empty() {
        return Ok(partners);
    }
    Err(Refusal::new("an opening parenthesis without a closing one"))
}

/// Judges the statement's words; names that only the catalog can judge go into `names`.
///
/// # Errors
/// [`Refusal`] for the first word that has no place in a query that only reads.
pub fn check(
    sql: &str,
    tokens: &[Token],
    policy: &Policy,
    names: &mut Names,
) -> Result<(), Refusal> {
    let partners = balanced(sql, tokens)?;
    let gate = Gate {
        sql,
        tokens,
        policy,
        partners,
    };
    gate.first_word()?;
    if policy.catalog {
        names.operators = gate.operators();
    }
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Word => gate.word(at)?,
            Kind::Quoted => gate.quoted(at)?,
            Kind::Number | Kind::Parameter => gate.number(at)?,
            Kind::Punctuation(b'(') if at > 0 => gate.before_parenthesis(at - 1, names)?,
            _ => {}
        }
    }
    Ok(())
}

struct Gate<'a> {
    sql: &'a str,
    tokens: &'a [Token],
    policy: &'a Policy,
    partners: Vec<usize>,
}

impl Gate<'_> {
    fn is(&self, at: usize, word: &str) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|t| t.is_word(self.sql, word))
    }

    fn punctuation(&self, at: usize, byte: u8) -> bool {
        self.tokens.get(at).is_some_and(|t| t.is(byte))
    }

    fn refuse(&self, what: impl std::fmt::Display, at: usize) -> Refusal {
        let start = self.tokens.get(at).map_or(0, |t| t.start);
        Refusal::new(what).in_text(self.sql, start)
    }

    /// Runs of operator characters that stand together.
    fn operators(&self) -> BTreeSet<String> {
        let sign =
            |t: &Token| matches!(t.kind, Kind::Punctuation(b) if b"+-*/<>=~!@#%^&|`?".contains(&b));
        self.tokens
            .chunk_by(|a, b| sign(a) && sign(b) && a.end == b.start)
            .filter(|run| run.first().is_some_and(sign))
            .filter_map(|run| self.sql.get(run.first()?.start..run.last()?.end))
            .map(str::to_owned)
            .collect()
    }

    fn first_word(&self) -> Result<(), Refusal> {
        let begins = self.tokens.iter().position(|t| !t.is(b'('));
        let at = begins.unwrap_or(0);
        if ["select", "with", "values", "table"]
            .iter()
            .any(|word| self.is(at, word))
        {
            return Ok(());
        }
        let verb = self.tokens.get(at).map_or("", |t| t.text(self.sql));
        let verb: String = verb.chars().take(30).collect();
        Err(self
            .refuse(format!("{} is not a query", verb.to_uppercase()), at)
            .hint("only SELECT, WITH … SELECT, VALUES and TABLE are run"))
    }

    /// Words that make a query write or lock. As a label they follow AS or a dot.
    fn word(&self, at: usize) -> Result<(), Refusal> {
        let labelled = at > 0 && (self.is(at - 1, "as") || self.punctuation(at - 1, b'.'));
        if self.is(at, "into") && !labelled {
            return Err(self.refuse("INTO creates a table", at));
        }
        if self.is(at, "for")
            && !labelled
            && ["update", "share", "no", "key"]
                .iter()
                .any(|w| self.is(at + 1, w))
        {
            // `substring(a for share)` is spelt alike, with a column of that name; it does not happen.
            return Err(self.refuse("FOR UPDATE and FOR SHARE lock rows", at));
        }
        let writes = ["insert", "update", "delete", "merge"]
            .iter()
            .any(|w| self.is(at, w));
        // A WITH query's body: after its parenthesis, or after a WITH clause of its own.
        if writes && at > 0 && (self.punctuation(at - 1, b'(') || self.punctuation(at - 1, b')')) {
            let named = self
                .tokens
                .get(at + 1)
                .is_some_and(|t| matches!(t.kind, Kind::Word | Kind::Quoted));
            let after_as = at > 1 && (self.is(at - 2, "as") || self.is(at - 2, "materialized"));
            if named
                && (after_as || !self.is(at + 1, "from") || self.punctuation(at - 1, b')'))
                && !labelled
            {
                let verb = self.tokens[at].text(self.sql).to_uppercase();
                return Err(self.refuse(format!("{verb} writes"), at));
            }
        }
        Ok(())
    }

    /// Older servers read what follows a number directly as a word of its own, newer ones refuse it.
    fn number(&self, at: usize) -> Result<(), Refusal> {
        let end = self.tokens[at].end;
        let runs_on = self.tokens.get(at + 1).is_some_and(|next| {
            next.start == end && !matches!(next.kind, Kind::Punctuation(_) | Kind::Quoted)
        });
        if runs_on && !self.sql[end..].starts_with('\'') {
            return Err(self
                .refuse("a number that runs into a word", at)
                .hint("put a space between them"));
        }
        Ok(())
    }

    /// `U&` names with an escape character of their own are not decoded.
    fn quoted(&self, at: usize) -> Result<(), Refusal> {
        if self.tokens[at].name(self.sql).is_none() || self.is(at + 1, "uescape") {
            return Err(self
                .refuse("a U& name that cannot be read with certainty", at)
                .hint("write the characters themselves"));
        }
        Ok(())
    }

    /// The token at `at` stands before a parenthesis.
    fn before_parenthesis(&self, at: usize, names: &mut Names) -> Result<(), Refusal> {
        let token = &self.tokens[at];
        let Some(name) = token.name(self.sql) else {
            return Ok(());
        };
        if token.kind == Kind::Word && keywords::may_precede_parenthesis(&name) {
            return Ok(());
        }
        let mut parts = vec![name.into_owned()];
        let mut first = at;
        while first >= 2 && self.punctuation(first - 1, b'.') {
            let Some(part) = self.tokens[first - 2].name(self.sql) else {
                break;
            };
            parts.insert(0, part.into_owned());
            first -= 2;
        }
        let simple = parts.len() == 1;
        let callee = Callee(parts);
        let last = callee.name();
        if simple
            && (self
                .tokens
                .get(first.wrapping_sub(1))
                .is_some_and(|t| t.is_word(self.sql, "tablesample"))
                && functions::is_sampling_method(last))
        {
            return Ok(());
        }
        if first >= 2 && self.punctuation(first - 1, b':') && self.punctuation(first - 2, b':') {
            return Ok(()); // a type with modifiers
        }
        if functions::known(last) != Known::Denied && simple && self.is_alias(at) {
            return Ok(());
        }
        callee
            .judge(self.policy, names)
            .map_err(|refusal| refusal.in_text(self.sql, token.start))
    }

    /// Whether the name is an alias or a WITH query with a list of columns: nothing that could be an
    /// argument stands in the parentheses, and what stands before it cannot introduce a call.
    fn is_alias(&self, at: usize) -> bool {
        let close = self.partners[at + 1];
        let inside = &self.tokens[at + 2..close];
        if inside.is_empty() || !inside.iter().all(|t| self.is_column_definition(t)) {
            return false;
        }
        let Some(before) = at.checked_sub(1).map(|b| &self.tokens[b]) else {
            return false;
        };
        match before.kind {
            Kind::Word if before.is_word(self.sql, "recursive") => true,
            Kind::Word => before
                .name(self.sql)
                .is_some_and(|word| keywords::may_precede_alias(&word)),
            Kind::Quoted => true,
            Kind::Punctuation(b')') => self.closes_table(at - 1),
            // The next WITH query: `, t(a) AS (SELECT …`
            Kind::Punctuation(b',') => self.is(close + 1, "as") && self.begins_query(close + 2),
            _ => false,
        }
    }

    fn is_column_definition(&self, token: &Token) -> bool {
        match token.kind {
            Kind::Word | Kind::Quoted | Kind::Number => true,
            Kind::Punctuation(b) => matches!(b, b',' | b'.' | b'[' | b']' | b'(' | b')'),
            _ => false,
        }
    }

    /// `AS [NOT] [MATERIALIZED] (SELECT`
    fn begins_query(&self, mut at: usize) -> bool {
        while self.is(at, "not") || self.is(at, "materialized") {
            at += 1;
        }
        while self.punctuation(at, b'(') {
            at += 1;
        }
        ["select", "with", "values", "table"]
            .iter()
            .any(|word| self.is(at, word))
    }

    /// The parenthesis that closes at `at` does not end `DISTINCT ON (…)` or `OPERATOR(…)`, after
    /// which an expression comes.
    fn closes_table(&self, at: usize) -> bool {
        let before = self.partners[at].wrapping_sub(1);
        !(self.is(before, "operator") || self.is(before, "on"))
    }
}
