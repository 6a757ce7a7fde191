//! What the place can show that text is written to.

use std::io::IsTerminal;

use textwrap::{WordSeparator, WordSplitter};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::config::env;

/// How text may look. Plain for files and pipes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns of the terminal; nothing where lines may be of any length.
    pub width: Option<usize>,
    pub color: bool,
    /// Whether lines and marks beyond ASCII can be shown.
    pub unicode: bool,
}

impl Look {
    pub const PLAIN: Self = Self {
        width: None,
        color: false,
        unicode: true,
    };

    /// What stdout can show.
    pub fn of_stdout(color: bool) -> Self {
        if !std::io::stdout().is_terminal() {
            return Self {
                color,
                ..Self::PLAIN
            };
        }
        Self {
            width: Some(terminal_width()),
            color,
            unicode: is_unicode(),
        }
    }
}

impl Look {
    /// Whether a person looks at it as it is written.
    pub fn is_terminal(&self) -> bool {
        self.width.is_some()
    }

    /// A text in at most `width` columns, with a mark where something is missing.
    pub fn cut(&self, text: &str, width: usize) -> String {
        if text.width() <= width {
            return text.to_owned();
        }
        let mark = if self.unicode { "…" } else { "..." };
        let room = width.saturating_sub(mark.width());
        let mut columns = 0;
        let fits = text.char_indices().find(|(_, c)| {
            columns += c.width().unwrap_or(0);
            columns > room
        });
        let end = fits.map_or(text.len(), |(at, _)| at);
        format!("{}{mark}", &text[..end])
    }

    /// Prose in lines that fit.
    pub fn wrapped(&self, text: &str) -> String {
        self.hanging(text, 0)
    }

    /// Prose in lines that fit; what a line has no room for is set in by `indent`.
    pub fn hanging(&self, text: &str, indent: usize) -> String {
        let Some(width) = self.width else {
            return text.to_owned();
        };
        let indent = " ".repeat(indent);
        let options = textwrap::Options::new(width)
            .word_splitter(WordSplitter::NoHyphenation)
            .subsequent_indent(&indent);
        let lines = text.split('\n').map(|line| textwrap::fill(line, &options));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// A message in lines that fit the terminal on stderr, where there is one; never within a word, which may
/// be an address or a command.
pub fn fitted(text: &str, indent: usize) -> String {
    let Some((width, _)) = terminal_size::terminal_size_of(std::io::stderr()) else {
        return text.to_owned();
    };
    let indent = " ".repeat(indent);
    textwrap::fill(
        text,
        textwrap::Options::new(usize::from(width.0).max(20))
            .word_splitter(WordSplitter::NoHyphenation)
            .word_separator(WordSeparator::AsciiSpace)
            .break_words(false)
            .subsequent_indent(&indent),
    )
}

/// Columns of the terminal on stdout.
fn terminal_width() -> usize {
    let given = env("COLUMNS").and_then(|n| n.parse().ok());
    terminal_size::terminal_size()
        .map(|(width, _)| usize::from(width.0))
        .or(given)
        .unwrap_or(80)
        .max(20)
}

/// Whether the terminal shows more than lines of text: it can go back over what it shows, and scroll.
pub fn is_full_terminal(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && env("TERM").as_deref() != Some("dumb")
}

/// Whether the locale's characters are Unicode's.
pub fn is_unicode() -> bool {
    speaks_unicode(env)
}

/// By the locale, the first of these that is set (POSIX, "Internationalization Variables").
fn speaks_unicode(get: impl Fn(&str) -> Option<String>) -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(get)
        .map_or(cfg!(windows), |locale| {
            let locale = locale.to_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_text_never_takes_more_than_its_room() {
        for (text, width, unicode, expected) in [
            ("Ångström", 8, true, "Ångström"),
            ("Ångström", 5, true, "Ångs…"),
            ("東京タワー", 6, true, "東京…"),
            ("東京タワー", 5, true, "東京…"),
            ("abcdefgh", 6, false, "abc..."),
        ] {
            let look = Look {
                unicode,
                ..Look::PLAIN
            };
            assert_eq!(look.cut(text, width), expected);
        }
    }

    #[test]
    fn each_line_hangs_by_itself() {
        let look = Look {
            width: Some(16),
            ..Look::PLAIN
        };
        let text = "1. reads all of a\n2. on 2024-01-05 too\n";
        assert_eq!(
            look.hanging(text, 3),
            "1. reads all of\n   a\n2. on 2024-01-05\n   too\n"
        );
        assert_eq!(Look::PLAIN.hanging(text, 3), text);
    }

    #[test]
    fn the_first_locale_variable_decides() {
        let of = |pairs: &[(&str, &str)]| {
            speaks_unicode(|name| {
                let found = pairs.iter().find(|(n, _)| *n == name);
                found.map(|(_, v)| (*v).to_owned())
            })
        };
        assert!(of(&[("LANG", "de_DE.UTF-8")]));
        assert!(of(&[("LC_CTYPE", "C.utf8"), ("LANG", "C")]));
        assert!(!of(&[("LC_ALL", "POSIX"), ("LANG", "de_DE.UTF-8")]));
        assert!(!of(&[("LANG", "C")]));
    }
}
