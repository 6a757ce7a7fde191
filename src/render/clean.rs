//! Text from elsewhere, made harmless: data must not steer a terminal, nor show itself in another order.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

/// Controls (C0, DEL, C1) and the characters that Unicode gives the property `Bidi_Control`.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text without control characters, except line breaks and tabs, and without what reorders its
/// surroundings.
pub fn clean(text: &str) -> String {
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| {
            if steers(c) && c != '\n' && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// Writes JSON whose texts hold such characters as escapes, which mean the same: serde_json itself
/// escapes only those below the space.
pub fn json(out: &mut dyn io::Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Escaping))?;
    writeln!(out)
}

struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut done = 0;
        for (at, c) in fragment.char_indices().filter(|(_, c)| steers(*c)) {
            CompactFormatter.write_string_fragment(out, &fragment[done..at])?;
            write!(out, "\\u{:04x}", u32::from(c))?;
            done = at + c.len_utf8();
        }
        CompactFormatter.write_string_fragment(out, &fragment[done..])
    }

    /// JSON out of the database. Outside of its texts only white space can be meant.
    fn write_raw_fragment<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for (i, line) in fragment.split(['\r', '\n', '\t']).enumerate() {
            if i > 0 {
                out.write_all(b" ")?;
            }
            self.write_string_fragment(out, line)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ESC, BEL, DEL, CSI as one character, and the marks of "Trojan Source".
    const HOSTILE: &str = "a\x1b[2J\x07\x7f\u{9b}31m\u{202e}\u{2066}\u{2069}\u{61c}b\r";

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(
            clean(HOSTILE),
            "a\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}31m\u{fffd}\u{fffd}\u{fffd}\u{fffd}b\u{fffd}"
        );
        assert_eq!(clean("line\n\tשלום 東京 👩‍👩‍👧 é"), "line\n\tשלום 東京 👩‍👩‍👧 é");
    }

    #[test]
    fn json_means_the_same_and_holds_none() {
        let value = serde_json::json!({ HOSTILE: [HOSTILE, "é\n"], "n": 1.5 });
        let mut out = Vec::new();
        json(&mut out, &value).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.trim_end().chars().any(steers), "{text:?}");
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, value);

        let raw = serde_json::value::RawValue::from_string("{\r\n\t\"a\":\"\u{9b}\"}".into());
        let mut out = Vec::new();
        json(&mut out, &raw.unwrap()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "{   \"a\":\"\\u009b\"}\n");
    }
}
