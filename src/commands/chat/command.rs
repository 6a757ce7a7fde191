//! What a line in the chat means.

/// Commands with what they do, in the order of `/help`.
pub const COMMANDS: [(&str, &str); 16] = [
    (
        "sql [QUERY]",
        "edit and run the last SQL, or run this query",
    ),
    (
        "explain [QUERY]",
        "how the server would run the last SQL, or this query, in words",
    ),
    (
        "chart [FILE]",
        "draw the last rows, in a .html, .svg or .png file if one is given",
    ),
    (
        "export FILE",
        "write the last answer to a .csv, .json or .md file",
    ),
    (
        "save",
        "keep the last question and its SQL as a verified example",
    ),
    (
        "format [FORM]",
        "show answers as table, markdown, csv or json",
    ),
    ("model [NAME]", "answer with another model"),
    ("session [ID]", "show the session, or continue another one"),
    (
        "history [TEXT]",
        "the questions of this session, or those with this text; Ctrl-R searches what was typed in all",
    ),
    ("undo", "forget the last question"),
    ("tables", "the tables that can be asked about"),
    ("describe TABLE", "a table's columns, keys and comments"),
    ("cost", "tokens and money of this session so far"),
    ("index", "index the schema again"),
    ("help", "this list"),
    ("quit", "end; so do `exit` and Ctrl-D"),
];

/// Commands that are also known without a slash.
pub const PLAIN: [&str; 5] = ["exit", "help", "index", "quit", "sql"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    Nothing,
    Question(&'a str),
    /// A command's name and what follows it.
    Command(&'a str, &'a str),
}

impl<'a> Line<'a> {
    pub fn read(line: &'a str) -> Self {
        let line = line.trim();
        if line.is_empty() {
            return Self::Nothing;
        }
        if PLAIN.contains(&line) {
            return Self::Command(line, "");
        }
        let Some(command) = line.strip_prefix('/') else {
            return Self::Question(line);
        };
        let (name, rest) = command
            .split_once(char::is_whitespace)
            .unwrap_or((command, ""));
        Self::Command(name, rest.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_commands_from_questions() {
        for (line, expected) in [
            ("  ", Line::Nothing),
            ("help", Line::Command("help", "")),
            ("/help", Line::Command("help", "")),
            ("help me", Line::Question("help me")),
            ("/export  a b.csv ", Line::Command("export", "a b.csv")),
            ("/sql\nSELECT 1", Line::Command("sql", "SELECT 1")),
            (" How many? ", Line::Question("How many?")),
        ] {
            assert_eq!(Line::read(line), expected, "{line:?}");
        }
    }
}
