//! SQL in colour.

use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, Tokenizer, Whitespace};
use unicode_width::UnicodeWidthStr;

/// The query with keywords, literals and comments in colour; as it is where it cannot be read.
pub fn highlighted(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() * 2);
    let mut done = 0;
    for (token, start, end) in tokens(sql) {
        let Some(color) = color(&token) else {
            continue;
        };
        out.push_str(&sql[done..start]);
        out.push_str(color);
        out.push_str(&sql[start..end]);
        out.push_str("\x1b[0m");
        done = end;
    }
    out.push_str(&sql[done..]);
    out
}

/// The query in lines of at most `width` columns, broken where spaces stand between its tokens: texts and
/// names stay as they are.
pub fn wrapped(sql: &str, width: usize) -> String {
    const INDENT: &str = "  ";
    let mut spaces = tokens(sql)
        .into_iter()
        .filter(|(token, ..)| matches!(token, Token::Whitespace(Whitespace::Space)))
        .map(|(_, start, end)| (start, end))
        .peekable();
    let mut out = String::with_capacity(sql.len() + 64);
    let (mut done, mut column) = (0, 0);
    while let Some((start, end)) = spaces.next() {
        let next = spaces.peek().map_or(sql.len(), |(start, _)| *start);
        let (word, coming) = (&sql[done..start], &sql[end..next]);
        out.push_str(word);
        column = match word.rsplit_once('\n') {
            Some((_, last)) => last.width(),
            None => column + word.width(),
        };
        let first = coming.lines().next().unwrap_or_default();
        if column > INDENT.len() && column + 1 + first.width() > width {
            out.push('\n');
            out.push_str(INDENT);
            column = INDENT.len();
        } else {
            out.push_str(&sql[start..end]);
            column += end - start;
        }
        done = end;
    }
    out.push_str(&sql[done..]);
    out
}

/// The tokens and where they stand, in bytes; none where the query cannot be read.
fn tokens(sql: &str) -> Vec<(Token, usize, usize)> {
    let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize_with_location() else {
        return Vec::new();
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
    let mut done = 0;
    let placed = tokens.into_iter().filter_map(|token| {
        let (start, end) = (offset(token.span.start)?, offset(token.span.end)?);
        // In order and between characters, or they are of no use.
        let fits = done <= start && start <= end && sql.get(start..end).is_some();
        done = if fits { end } else { done };
        fits.then_some((token.token, start, end))
    });
    placed.collect()
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

    #[test]
    fn lines_are_broken_between_tokens_only() {
        for (sql, expected) in [
            (
                "SELECT full_name, 'a  b c d e f' AS \"x y\" FROM customer",
                "SELECT full_name,\n  'a  b c d e f' AS\n  \"x y\" FROM customer",
            ),
            ("SELECT 1", "SELECT 1"),
            (
                "SELECT a\nFROM a_table_of_a_long_name WHERE x",
                "SELECT a\nFROM\n  a_table_of_a_long_name\n  WHERE x",
            ),
            ("SELECT 'unfinished and long", "SELECT 'unfinished and long"),
        ] {
            assert_eq!(wrapped(sql, 22), expected);
        }
    }
}
