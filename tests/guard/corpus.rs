//! Reads the corpora: a statement begins at a line's start, indented lines continue it. Statements that
//! this form cannot hold stand in `.jsonl` files, one JSON string a line.

use std::collections::BTreeMap;
use std::path::Path;

/// The statements of every file in a folder, by the file's name; `schema.sql` is none of them.
pub fn load(folder: &str) -> BTreeMap<String, Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/guard")
        .join(folder);
    let mut classes = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let class = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if class != "schema" {
            classes.insert(class, statements(&path));
        }
    }
    assert!(!classes.is_empty(), "{}", folder.display());
    classes
}

pub fn statements(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    if path
        .extension()
        .is_some_and(|extension| extension == "jsonl")
    {
        return text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
    }
    let mut statements: Vec<String> = Vec::new();
    for line in text.lines() {
        match statements.last_mut() {
            Some(last) if line.starts_with(' ') => {
                last.push('\n');
                last.push_str(line);
            }
            _ => statements.push(line.to_owned()),
        }
    }
    statements
}

/// One file beside the folders.
pub fn file(name: &str) -> Vec<String> {
    statements(
        &Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/guard")
            .join(name),
    )
}
