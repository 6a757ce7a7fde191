//! The second reading: a tree in PostgreSQL's grammar, made by `squawk-parser`, walked with an
//! allow-list of node kinds. Its tokens must be the lexer's: two readers that cut the text differently
//! cannot both be right.

use std::borrow::Cow;

use smallvec::SmallVec;
use squawk_parser::{EntryPoint, LexedStr, StrStep, SyntaxKind};

use super::lexer::{self, Token};
use super::names::{Callee, Names};
use super::{Policy, Refusal, functions, kinds};

/// # Errors
/// [`Refusal`] for the first thing that is not known to be harmless.
pub fn check(
    sql: &str,
    tokens: &[Token],
    policy: &Policy,
    names: &mut Names,
) -> Result<(), Refusal> {
    let lexed = LexedStr::new(sql);
    if let Some((range, message)) = lexed.errors().next() {
        return Err(unreadable(message).in_text(sql, range.start as usize));
    }
    let output = EntryPoint::SourceFile.parse(&lexed.to_input());
    let mut walker = Walker {
        sql,
        tokens,
        policy,
        names,
        offset: 0,
        next: 0,
        nodes: Vec::new(),
        paths: Vec::new(),
        statements: 0,
        refusal: None,
    };
    lexed.intersperse_trivia(&output, &mut |step| walker.step(step));
    match walker.refusal {
        Some(refusal) => Err(refusal),
        None if walker.next < tokens.len() => Err(unreadable("it has an end of its own")),
        None => Ok(()),
    }
}

fn unreadable(why: &str) -> Refusal {
    Refusal::new(format!("cannot be read with certainty: {why}"))
        .hint("write it as one plain SELECT")
}

/// Most names have no part more, and most are in the text as they are meant.
type Parts<'a> = SmallVec<[Cow<'a, str>; 3]>;

/// A name that is being read: of a function, a relation or a type.
struct Path<'a> {
    /// How many nodes were open when it began.
    depth: usize,
    kind: SyntaxKind,
    start: usize,
    parts: Parts<'a>,
    /// Other things than names and dots stand in it.
    mixed: bool,
}

struct Walker<'a> {
    sql: &'a str,
    tokens: &'a [Token],
    policy: &'a Policy,
    names: &'a mut Names,
    offset: usize,
    /// The first token of the lexer that this reader has not come to.
    next: usize,
    nodes: Vec<SyntaxKind>,
    paths: Vec<Path<'a>>,
    statements: usize,
    refusal: Option<Refusal>,
}

impl<'a> Walker<'a> {
    fn step(&mut self, step: StrStep<'_>) {
        if self.refusal.is_some() {
            return;
        }
        let done = match step {
            StrStep::Enter { kind } => self.enter(kind),
            StrStep::Exit => self.exit(),
            StrStep::Token { kind, text } => self.token(kind, text),
            StrStep::Error { msg, pos } => Err(unreadable(msg).in_text(self.sql, pos)),
        };
        if let Err(refusal) = done {
            self.refusal = Some(match refusal.position {
                Some(_) => refusal,
                None => refusal.in_text(self.sql, self.offset),
            });
        }
    }

    fn enter(&mut self, kind: SyntaxKind) -> Result<(), Refusal> {
        let parent = self.nodes.last().copied();
        match parent {
            None => {}
            Some(SyntaxKind::SOURCE_FILE) => self.statement(kind)?,
            Some(_) if kinds::is_harmless(kind) => {}
            Some(_) => return Err(refused(kind)),
        }
        if parent == Some(SyntaxKind::CALL_EXPR) && kind == SyntaxKind::ARG_LIST {
            self.call()?;
        }
        self.nodes.push(kind);
        match kind {
            SyntaxKind::CALL_EXPR
            | SyntaxKind::RELATION_NAME_REF
            | SyntaxKind::PATH_TYPE
            | SyntaxKind::OP => {
                self.begin(kind);
            }
            SyntaxKind::FIELD_EXPR if parent != Some(SyntaxKind::FIELD_EXPR) => self.begin(kind),
            // Arguments, subscripts and the like are no part of the name they follow.
            SyntaxKind::NAME_REF
            | SyntaxKind::FIELD_EXPR
            | SyntaxKind::PATH_REF
            | SyntaxKind::PATH_SEGMENT_REF => {}
            _ => {
                if let Some(path) = self.paths.last_mut() {
                    path.mixed = true;
                }
            }
        }
        Ok(())
    }

    fn begin(&mut self, kind: SyntaxKind) {
        self.paths.push(Path {
            depth: self.nodes.len(),
            kind,
            start: self.tokens.get(self.next).map_or(self.offset, |t| t.start),
            parts: Parts::new(),
            mixed: false,
        });
    }

    fn statement(&mut self, kind: SyntaxKind) -> Result<(), Refusal> {
        self.statements += 1;
        if self.statements > 1 {
            return Err(Refusal::new("more than one statement").hint("send one query at a time"));
        }
        match kind {
            SyntaxKind::SELECT
            | SyntaxKind::COMPOUND_SELECT
            | SyntaxKind::PAREN_SELECT
            | SyntaxKind::VALUES
            | SyntaxKind::TABLE => Ok(()),
            _ => Err(refused(kind)),
        }
    }

    /// The arguments of a call begin: what was read before them is its name.
    fn call(&mut self) -> Result<(), Refusal> {
        let Some(position) = self
            .paths
            .iter()
            .rposition(|path| path.depth == self.nodes.len())
        else {
            return Err(unreadable("a call without a name"));
        };
        let start = self.paths[position].start;
        let mut parts = Vec::new();
        for path in self.paths.drain(position..) {
            // `(a.b).c(…)`: not a name.
            if path.mixed || !matches!(path.kind, SyntaxKind::CALL_EXPR | SyntaxKind::FIELD_EXPR) {
                return Err(
                    unreadable("a call of something that is no name").in_text(self.sql, path.start)
                );
            }
            parts.extend(path.parts.into_iter().map(Cow::into_owned));
        }
        let callee = Callee(parts);
        let sampled = self.nodes.iter().rev().nth(1) == Some(&SyntaxKind::TABLESAMPLE_CLAUSE);
        if sampled && callee.0.len() == 1 && functions::is_sampling_method(callee.name()) {
            return Ok(());
        }
        callee
            .judge(self.policy, self.names)
            .map_err(|refusal| refusal.in_text(self.sql, start))
    }

    fn exit(&mut self) -> Result<(), Refusal> {
        let depth = self.nodes.len();
        self.nodes.pop();
        let Some(path) = self.paths.pop_if(|path| path.depth == depth) else {
            return Ok(());
        };
        match path.kind {
            SyntaxKind::RELATION_NAME_REF => {
                let name = path.parts.last().map_or("", AsRef::as_ref);
                if !self.policy.definition && functions::is_secret_relation(name) {
                    return Err(Refusal::new(format!("{name} may hold secrets"))
                        .in_text(self.sql, path.start));
                }
                if self.policy.catalog {
                    self.names.relations.insert(owned(path.parts));
                }
            }
            SyntaxKind::PATH_TYPE if self.policy.catalog && !path.parts.is_empty() => {
                self.names.types.insert(owned(path.parts));
            }
            SyntaxKind::FIELD_EXPR => {
                // Inside a call's name it is part of that.
                if let Some(outer) = self.paths.last_mut()
                    && outer.kind == SyntaxKind::CALL_EXPR
                    && outer.depth + 1 == depth
                {
                    outer.mixed |= path.mixed;
                    outer.parts.extend(path.parts);
                } else if self.policy.catalog
                    && let Some(last) = path.parts.into_iter().next_back()
                {
                    self.names.attributes.insert(last.into_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn token(&mut self, kind: SyntaxKind, text: &str) -> Result<(), Refusal> {
        let start = self.offset;
        self.offset += text.len();
        if matches!(kind, SyntaxKind::WHITESPACE | SyntaxKind::COMMENT) {
            return Ok(());
        }
        self.same_cut(start)?;
        let Some(path) = self.paths.last_mut() else {
            return Ok(());
        };
        let named = matches!(
            self.nodes.last(),
            Some(SyntaxKind::NAME_REF | SyntaxKind::PATH_SEGMENT_REF)
        );
        // A type's modifiers are no part of its name.
        if !named || (path.kind == SyntaxKind::PATH_TYPE && path.mixed) {
            return Ok(());
        }
        match lexer::name_of(&self.sql[start..self.offset]) {
            Some(name) => path.parts.push(name),
            None => path.mixed = true,
        }
        Ok(())
    }

    /// The token that ends at `offset` is one of the lexer's, or several marks that make an operator.
    fn same_cut(&mut self, start: usize) -> Result<(), Refusal> {
        let differs = || unreadable("its words can be told apart in two ways");
        let first = self.tokens.get(self.next).ok_or_else(differs)?;
        if first.start != start {
            return Err(differs());
        }
        let mut end = first.end;
        self.next += 1;
        while end < self.offset {
            let token = self.tokens.get(self.next).ok_or_else(differs)?;
            if token.start != end || !matches!(token.kind, lexer::Kind::Punctuation(_)) {
                return Err(differs());
            }
            end = token.end;
            self.next += 1;
        }
        if end == self.offset {
            Ok(())
        } else {
            Err(differs())
        }
    }
}

fn owned(parts: Parts<'_>) -> Vec<String> {
    parts.into_iter().map(Cow::into_owned).collect()
}

/// `DELETE`, `SELECT_INTO`, `CREATE_TABLE_AS`: the parser's names say what it is.
fn refused(kind: SyntaxKind) -> Refusal {
    let name = format!("{kind:?}").replace('_', " ");
    match kind {
        SyntaxKind::SELECT_INTO | SyntaxKind::INTO_CLAUSE => {
            Refusal::new("SELECT INTO creates a table")
        }
        SyntaxKind::LOCKING_CLAUSE => Refusal::new("FOR UPDATE and FOR SHARE lock rows"),
        SyntaxKind::INSERT | SyntaxKind::UPDATE | SyntaxKind::DELETE | SyntaxKind::MERGE => {
            Refusal::new(format!("{name} writes"))
        }
        _ => Refusal::new(format!("{name} is not part of a query that only reads"))
            .hint("only SELECT, WITH … SELECT, VALUES and TABLE are run"),
    }
}
