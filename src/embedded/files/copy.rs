//! Rows in the text form of COPY.

use std::io::Write as _;

/// Rows to send, as they grow.
#[derive(Debug, Default)]
pub struct CopyText {
    bytes: Vec<u8>,
    in_row: bool,
}

impl CopyText {
    /// A value as the type's input function reads it; nothing is NULL.
    pub fn field(&mut self, value: Option<&str>) {
        self.separate();
        let Some(value) = value else {
            self.bytes.extend_from_slice(b"\\N");
            return;
        };
        let mut plain = 0;
        for (at, byte) in value.bytes().enumerate() {
            let escaped: &[u8] = match byte {
                b'\\' => b"\\\\",
                b'\t' => b"\\t",
                b'\n' => b"\\n",
                b'\r' => b"\\r",
                // Postgres has no text with a zero in it.
                0 => b"",
                _ => continue,
            };
            self.bytes.extend_from_slice(&value.as_bytes()[plain..at]);
            self.bytes.extend_from_slice(escaped);
            plain = at + 1;
        }
        self.bytes.extend_from_slice(&value.as_bytes()[plain..]);
    }

    /// A value whose text needs no escapes, such as a number.
    pub fn display(&mut self, value: impl std::fmt::Display) {
        self.separate();
        let _ = write!(self.bytes, "{value}");
    }

    pub fn end_row(&mut self) {
        self.bytes.push(b'\n');
        self.in_row = false;
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The rows so far; what follows is new.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    fn separate(&mut self) {
        if self.in_row {
            self.bytes.push(b'\t');
        }
        self.in_row = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_copy_would_read_otherwise_is_escaped() {
        let mut text = CopyText::default();
        text.field(Some("a\tb\\c\nd\0é"));
        text.field(None);
        text.field(Some("\\N"));
        text.display(-7);
        text.end_row();
        assert_eq!(
            String::from_utf8(text.take()).unwrap(),
            "a\\tb\\\\c\\ndé\t\\N\t\\\\N\t-7\n"
        );
    }
}
