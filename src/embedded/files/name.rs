//! Names of tables and columns out of names of files and headers.

use std::collections::HashSet;
use std::path::Path;

/// What Postgres keeps of a name, in bytes.
const MAX_NAME: usize = 63;

/// Endings that say what a file is, not what is in it.
const ENDINGS: [&str; 10] = [
    "csv", "gz", "json", "jsonl", "ndjson", "parquet", "pq", "tsv", "txt", "zst",
];

/// The table's name for a file: `Orders 2024.csv.gz` is `orders_2024`.
pub fn of_file(path: &Path) -> String {
    let mut name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    while let Some((stem, ending)) = name.rsplit_once('.')
        && !stem.is_empty()
        && ENDINGS.iter().any(|e| ending.eq_ignore_ascii_case(e))
    {
        name.truncate(stem.len());
    }
    match plain(&name) {
        name if name.is_empty() => "data".to_owned(),
        name => name,
    }
}

/// Lower-case letters, digits and underscores, of any script; every other run of characters is one underscore.
fn plain(text: &str) -> String {
    let mut name = String::new();
    for c in text.trim().chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_end_matches('_');
    if name.starts_with(|c: char| c.is_numeric()) {
        format!("_{name}")
    } else {
        name.to_owned()
    }
}

/// Gives every name once.
#[derive(Debug, Default)]
pub struct Names(HashSet<String>);

impl Names {
    /// The column's name for a header; its place names a column without one.
    pub fn column(&mut self, header: &str, place: usize) -> String {
        match plain(header) {
            name if name.is_empty() => self.unique(&format!("column_{place}")),
            name => self.unique(&name),
        }
    }

    /// `name`, or `name_2` and so on when it is taken.
    pub fn unique(&mut self, name: &str) -> String {
        let mut candidate = cut(name, MAX_NAME).to_owned();
        let mut number = 1;
        while !self.0.insert(candidate.clone()) {
            number += 1;
            let suffix = format!("_{number}");
            candidate = format!("{}{suffix}", cut(name, MAX_NAME - suffix.len()));
        }
        candidate
    }
}

fn cut(name: &str, bytes: usize) -> &str {
    &name[..name.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_its_table() {
        for (path, name) in [
            ("/x/Orders 2024.csv.gz", "orders_2024"),
            ("sales.v2.parquet", "sales_v2"),
            ("Übersicht (neu).CSV", "übersicht_neu"),
            ("2024.csv", "_2024"),
            ("---.csv", "data"),
            ("order.csv", "order"),
            (".csv", "csv"),
        ] {
            assert_eq!(of_file(Path::new(path)), name, "{path}");
        }
    }

    #[test]
    fn empty_and_repeated_headers_get_names_of_their_own() {
        let mut names = Names::default();
        let given: Vec<String> = ["Id", "", "id", "ID_2", "Total ($)", "x"]
            .iter()
            .enumerate()
            .map(|(i, header)| names.column(header, i + 1))
            .collect();
        assert_eq!(given, ["id", "column_2", "id_2", "id_2_2", "total", "x"]);
    }

    #[test]
    fn long_names_are_cut_between_characters_and_stay_apart() {
        let mut names = Names::default();
        let long = "é".repeat(40);
        let first = names.unique(&long);
        let second = names.unique(&long);
        assert_eq!((first.len(), second.len()), (62, 62));
        assert_ne!(first, second);
    }
}
