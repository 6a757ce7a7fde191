//! SQL in colour.

use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, Tokenizer, Whitespace};

/// The query with keywords, literals and comments in colour; as it is where it cannot be read.
pub fn highlighted(sql: &str) -> String {
    let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize_with_location() else {
        return sql.to_owned();
    };
    let lines: Vec<usize> = std::iter::once(0)
        .chain(sql.match_indices('\n').map(|(at, _)| at + 1))
        .collect();
    let offset = |at: Location| -> Option<usize> {
        let line = *lines.get(usize::try_from(at.line).ok()?.checked_sub(1)?)?;
        let characters = usize::try_from(at.column).ok()?.checked_sub(1)?;
        let rest = sql.get(line..)?;
        Some(
            line + rest
                .char_indices()
                .nth(characters)
                .map_or(rest.len(), |(i, _)| i),
        )
    };
    let mut out = String::with_capacity(sql.len() * 2);
    let mut done = 0;
    for token in &tokens {
        let Some(color) = color(&token.token) else {
            continue;
        };
        let (Some(start), Some(end)) = (offset(token.span.start), offset(token.span.end)) else {
            continue;
        };
        if let (Some(before), Some(text)) = (sql.get(done..start), sql.get(start..end)) {
            out.push_str(before);
            out.push_str(color);
            out.push_str(text);
            out.push_str("\x1b[0m");
            done = end;
        }
    }
    out.push_str(&sql[done..]);
    out
}

fn color(token: &Token) -> Option<&'static str> {
    match token {
        Token::Word(word) if word.quote_style.is_none() && word.keyword != Keyword::NoKeyword => {
            Some("\x1b[34m")
        }
        Token::Number(..) => Some("\x1b[35m"),
        Token::SingleQuotedString(_)
        | Token::DollarQuotedString(_)
        | Token::EscapedStringLiteral(_)
        | Token::NationalStringLiteral(_) => Some("\x1b[32m"),
        Token::Whitespace(
            Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_),
        ) => Some("\x1b[2m"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_colour_is_added() {
        for sql in [
            "SELECT 'a''b', \"Größe\" -- note\nFROM t WHERE x = 1.5 AND y = $$z$$",
            "SELECT 'unfinished",
            "/* ü */ SELECT\n\n1",
        ] {
            let colored = highlighted(sql);
            let plain = ["\x1b[34m", "\x1b[35m", "\x1b[32m", "\x1b[2m", "\x1b[0m"]
                .iter()
                .fold(colored, |text, code| text.replace(code, ""));
            assert_eq!(plain, sql);
        }
        assert_eq!(
            highlighted("SELECT 1"),
            "\x1b[34mSELECT\x1b[0m \x1b[35m1\x1b[0m"
        );
    }
}
