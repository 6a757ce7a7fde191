//! PostgreSQL's lexical rules, read independently of the parser: comments, strings, dollar quotes,
//! quoted names. Source: the PostgreSQL manual, "Lexical Structure".

use super::Refusal;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A bare name or keyword.
    Word,
    /// A name in double quotes.
    Quoted,
    /// A string constant of any form, with its prefix and quotes.
    String,
    Number,
    /// `$1`
    Parameter,
    /// One character of punctuation or of an operator.
    Punctuation(u8),
}

#[derive(Debug, Clone, Copy)]
pub struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

impl Token {
    pub fn text<'a>(&self, sql: &'a str) -> &'a str {
        &sql[self.start..self.end]
    }

    pub fn is(&self, punctuation: u8) -> bool {
        self.kind == Kind::Punctuation(punctuation)
    }

    pub fn is_word(&self, sql: &str, word: &str) -> bool {
        self.kind == Kind::Word && self.text(sql).eq_ignore_ascii_case(word)
    }
}

/// All tokens but comments and white space.
///
/// # Errors
/// NUL bytes, anything left open, and `U&` escapes, which no second reader understands alike.
pub fn tokens(sql: &str) -> Result<Vec<Token>, Refusal> {
    let mut lexer = Lexer {
        sql,
        bytes: sql.as_bytes(),
        at: 0,
    };
    let mut tokens = Vec::with_capacity(sql.len() / 4);
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

/// The text of the only statement, without what follows its last token.
///
/// # Errors
/// No statement, several, or unbalanced parentheses.
pub fn single_statement<'a>(sql: &'a str, tokens: &[Token]) -> Result<&'a str, Refusal> {
    let mut depth = 0usize;
    let mut ended = false;
    let mut end = None;
    for token in tokens {
        if token.is(b';') {
            ended = true;
            continue;
        }
        if ended && end.is_some() {
            return Err(Refusal::new("more than one statement")
                .in_text(sql, token.start)
                .hint("send one query at a time"));
        }
        match token.kind {
            Kind::Punctuation(b'(') => depth += 1,
            Kind::Punctuation(b')') => {
                depth = depth.checked_sub(1).ok_or_else(|| {
                    Refusal::new("a closing parenthesis without an opening one")
                        .in_text(sql, token.start)
                })?;
            }
            _ => {}
        }
        end = Some(token.end);
    }
    if depth > 0 {
        return Err(Refusal::new("an opening parenthesis without a closing one"));
    }
    end.map(|end| &sql[..end])
        .ok_or_else(|| Refusal::new("there is no statement").hint("write one SELECT"))
}

struct Lexer<'a> {
    sql: &'a str,
    bytes: &'a [u8],
    at: usize,
}

/// Bytes above 127 are letters to PostgreSQL's scanner.
fn starts_word(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b >= 0x80
}

fn continues_word(b: u8) -> bool {
    starts_word(b) || b.is_ascii_digit() || b == b'$'
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn refuse(&self, what: &str, byte: usize) -> Refusal {
        Refusal::new(what).in_text(self.sql, byte)
    }

    fn next(&mut self) -> Result<Option<Token>, Refusal> {
        self.skip_blank()?;
        let start = self.at;
        let Some(&byte) = self.bytes.get(start) else {
            return Ok(None);
        };
        let kind = match byte {
            0 => return Err(self.refuse("a NUL byte", start)),
            b'\'' => self.string(false)?,
            b'"' => self.quoted_name()?,
            b'$' if self.peek(1).is_ascii_digit() => {
                self.at += 1;
                self.take_while(|b| b.is_ascii_digit());
                Kind::Parameter
            }
            b'$' => self.dollar_quote()?,
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_ascii_digit() => self.number(),
            b if starts_word(b) => self.word()?,
            b => {
                self.at += 1;
                Kind::Punctuation(b)
            }
        };
        Ok(Some(Token {
            kind,
            start,
            end: self.at,
        }))
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) {
        while self.bytes.get(self.at).copied().is_some_and(&wanted) {
            self.at += 1;
        }
    }

    fn skip_blank(&mut self) -> Result<(), Refusal> {
        loop {
            match (self.peek(0), self.peek(1)) {
                (b' ' | b'\t' | b'\n' | b'\r' | 0x0c | 0x0b, _) => self.at += 1,
                (b'-', b'-') => self.take_while(|b| b != b'\n' && b != b'\r'),
                (b'/', b'*') => self.block_comment()?,
                _ => return Ok(()),
            }
        }
    }

    /// Block comments nest in PostgreSQL.
    fn block_comment(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        let mut depth = 0usize;
        while self.at < self.bytes.len() {
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                (0, _) => return Err(self.refuse("a NUL byte", self.at)),
                _ => self.at += 1,
            }
        }
        Err(self.refuse("a comment that is not closed", start))
    }

    /// At the opening quote. Only `E''` strings know backslash escapes.
    fn string(&mut self, escapes: bool) -> Result<Kind, Refusal> {
        let start = self.at;
        self.at += 1;
        while let Some(&b) = self.bytes.get(self.at) {
            match b {
                0 => return Err(self.refuse("a NUL byte", self.at)),
                b'\\' if escapes => self.at += 2,
                b'\'' if self.peek(1) == b'\'' => self.at += 2,
                b'\'' => {
                    self.at += 1;
                    return Ok(Kind::String);
                }
                _ => self.at += 1,
            }
        }
        Err(self.refuse("a string that is not closed", start))
    }

    fn quoted_name(&mut self) -> Result<Kind, Refusal> {
        let start = self.at;
        self.at += 1;
        while let Some(&b) = self.bytes.get(self.at) {
            match b {
                0 => return Err(self.refuse("a NUL byte", self.at)),
                b'"' if self.peek(1) == b'"' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    return Ok(Kind::Quoted);
                }
                _ => self.at += 1,
            }
        }
        Err(self.refuse("a quoted name that is not closed", start))
    }

    fn dollar_quote(&mut self) -> Result<Kind, Refusal> {
        let start = self.at;
        self.at += 1;
        if starts_word(self.peek(0)) {
            self.take_while(|b| continues_word(b) && b != b'$');
        }
        if self.peek(0) != b'$' {
            self.at = start + 1;
            return Ok(Kind::Punctuation(b'$'));
        }
        self.at += 1;
        let tag = &self.sql[start..self.at];
        let rest = &self.sql[self.at..];
        let length = rest
            .find(tag)
            .ok_or_else(|| self.refuse("a dollar-quoted string that is not closed", start))?;
        if rest[..length].contains('\0') {
            return Err(self.refuse("a NUL byte", start));
        }
        self.at += length + tag.len();
        Ok(Kind::String)
    }

    fn number(&mut self) -> Kind {
        while let Some(&b) = self.bytes.get(self.at) {
            let exponent_sign = (b == b'+' || b == b'-')
                && matches!(self.bytes[self.at - 1], b'e' | b'E')
                && self.peek(1).is_ascii_digit();
            if b.is_ascii_alphanumeric() || b == b'_' || b == b'.' || exponent_sign {
                self.at += 1;
            } else {
                break;
            }
        }
        Kind::Number
    }

    fn word(&mut self) -> Result<Kind, Refusal> {
        let start = self.at;
        self.take_while(continues_word);
        let next = self.peek(0);
        match &self.bytes[start..self.at] {
            [b'e' | b'E'] if next == b'\'' => self.string(true),
            [b'b' | b'B' | b'x' | b'X' | b'n' | b'N'] if next == b'\'' => self.string(false),
            [b'u' | b'U'] if next == b'&' && matches!(self.peek(1), b'\'' | b'"') => Err(self
                .refuse("a U& escape, which hides what is named", start)
                .hint("write the characters themselves")),
            _ => Ok(Kind::Word),
        }
    }
}
