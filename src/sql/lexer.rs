//! PostgreSQL's lexical rules, read independently of the parser: comments, strings, dollar quotes,
//! quoted names. Source: the PostgreSQL manual, "Lexical Structure".

use std::borrow::Cow;

use super::Refusal;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A bare name or keyword.
    Word,
    /// A name in double quotes, plain or `U&`.
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
        self.kind == Kind::Word
            && self.end - self.start == word.len()
            && self.text(sql).eq_ignore_ascii_case(word)
    }

    /// The name that Postgres reads here: folded to lower case, or unquoted; nothing for other tokens
    /// and for escapes that cannot be decoded.
    pub fn name<'a>(&self, sql: &'a str) -> Option<Cow<'a, str>> {
        match self.kind {
            Kind::Word | Kind::Quoted => name_of(self.text(sql)),
            _ => None,
        }
    }
}

/// The name that Postgres reads in a bare, quoted or `U&` identifier.
pub fn name_of(text: &str) -> Option<Cow<'_, str>> {
    let quoted = |text: &str| {
        Some(
            text.strip_prefix('"')?
                .strip_suffix('"')?
                .replace("\"\"", "\""),
        )
    };
    if text.starts_with('"') {
        return quoted(text).map(Cow::Owned);
    }
    if let Some(escaped) = text
        .strip_prefix(['u', 'U'])
        .and_then(|rest| rest.strip_prefix('&'))
    {
        return quoted(escaped)
            .and_then(|text| unescape(&text))
            .map(Cow::Owned);
    }
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Some(Cow::Owned(text.to_ascii_lowercase()));
    }
    Some(Cow::Borrowed(text))
}

/// `\XXXX`, `\+XXXXXX` and `\\`, as in the manual's "Identifiers and Key Words".
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('\\') {
            out.push('\\');
            rest = after;
            continue;
        }
        let (digits, after) = match after.strip_prefix('+') {
            Some(after) => (after.get(..6)?, after.get(6..)?),
            None => (after.get(..4)?, after.get(4..)?),
        };
        out.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// All tokens but comments and white space.
///
/// # Errors
/// NUL bytes and anything left open.
pub fn tokens(sql: &str) -> Result<Vec<Token>, Refusal> {
    let mut lexer = Lexer {
        sql,
        bytes: sql.as_bytes(),
        at: 0,
        continues_escapes: false,
    };
    let mut tokens = Vec::with_capacity(sql.len() / 4);
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Lexer<'a> {
    sql: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// The last token was an `E''` string, or continued one.
    continues_escapes: bool,
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
        let end_of_last = self.at;
        self.skip_blank()?;
        let start = self.at;
        // A string after a line break continues the one before it, and keeps its escapes.
        let continued =
            self.continues_escapes && self.sql[end_of_last..start].contains(['\n', '\r']);
        self.continues_escapes = false;
        let Some(&byte) = self.bytes.get(start) else {
            return Ok(None);
        };
        let kind = match byte {
            0 => return Err(self.refuse("a NUL byte", start)),
            b'\'' => self.string(continued)?,
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
                    self.continues_escapes = escapes;
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

    /// Digits of any base with underscores, a fraction, an exponent.
    fn number(&mut self) -> Kind {
        let based =
            self.peek(0) == b'0' && matches!(self.peek(1), b'x' | b'X' | b'o' | b'O' | b'b' | b'B');
        if based {
            self.at += 2;
            self.take_while(|b| b.is_ascii_hexdigit() || b == b'_');
        } else {
            self.take_while(|b| b.is_ascii_digit() || b == b'_');
            // `1..2` is a range in no query, but two dots are never one number.
            if self.peek(0) == b'.' && self.peek(1) != b'.' {
                self.at += 1;
                self.take_while(|b| b.is_ascii_digit() || b == b'_');
            }
            if matches!(self.peek(0), b'e' | b'E') {
                let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
                if self.peek(1 + sign).is_ascii_digit() {
                    self.at += 1 + sign;
                    self.take_while(|b| b.is_ascii_digit() || b == b'_');
                }
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
            [b'u' | b'U'] if next == b'&' && matches!(self.peek(1), b'\'' | b'"') => {
                self.at += 1;
                if self.peek(0) == b'\'' {
                    self.string(false)
                } else {
                    self.quoted_name()
                }
            }
            _ => Ok(Kind::Word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_tokens_as_postgres_does() {
        for (sql, expected) in [
            ("a/*b/*c*/d*/e", &["a", "e"][..]),
            ("a--b\nc", &["a", "c"]),
            ("E'it\\'s' x", &["E'it\\'s'", "x"]),
            ("E'a'\n'\\'b' x", &["E'a'", "'\\'b'", "x"]),
            ("'a'\n'\\' x", &["'a'", "'\\'", "x"]),
            ("'a''b'", &["'a''b'"]),
            ("$a$ ' $$ $a$ $1", &["$a$ ' $$ $a$", "$1"]),
            ("1.5e-3+.5", &["1.5e-3", "+", ".5"]),
            ("0x1F 1_000", &["0x1F", "1_000"]),
            ("u&'\\0041' U&\"\\0041\"", &["u&'\\0041'", "U&\"\\0041\""]),
            ("a$1 é", &["a$1", "é"]),
        ] {
            let tokens = tokens(sql).unwrap();
            let texts: Vec<&str> = tokens.iter().map(|token| token.text(sql)).collect();
            assert_eq!(texts, expected, "{sql}");
        }
    }

    #[test]
    fn refuses_what_is_left_open() {
        for sql in ["'a", "\"a", "/* /* */", "$a$ $b$", "\0"] {
            assert!(tokens(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn names_are_what_postgres_makes_of_them() {
        for (text, name) in [
            ("Pg_Sleep", Some("pg_sleep")),
            ("\"Pg\"\"x\"", Some("Pg\"x")),
            ("U&\"\\0070g_sleep\"", Some("pg_sleep")),
            ("u&\"\\+000070g\\\\\"", Some("pg\\")),
            ("U&\"\\D83D\"", None),
            ("U&\"\\00\"", None),
        ] {
            assert_eq!(name_of(text).as_deref(), name, "{text}");
        }
    }
}
