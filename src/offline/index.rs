//! The words of the schema, each with the tables and columns that have it in their names: a question's
//! words find what they may mean without a look at every name.

use std::collections::HashMap;

use super::lexicon::{ColumnId, TableWords};
use super::link::{LONGEST_PHRASES, SHORTEST_MISSPELT};
use super::score::{one_off, similar};
use super::vocabulary::{meanings, near_meanings};
use super::words::root;

/// Words of a comment that may stand for the name.
pub const COMMENT_WORDS: usize = 5;

/// A stem with what has it in its name.
#[derive(Debug, Clone, Default)]
struct Entry {
    stem: String,
    tables: Vec<usize>,
    columns: Vec<ColumnId>,
}

/// Where words stand in a schema.
#[derive(Debug, Clone, Default)]
pub struct Index {
    entries: Vec<Entry>,
    by_stem: HashMap<String, usize>,
    by_root: HashMap<String, Vec<usize>>,
    by_meaning: HashMap<usize, Vec<usize>>,
    by_near_meaning: HashMap<usize, Vec<usize>>,
    /// Names of one meaning, each with the number of its words.
    tables_by_phrase: HashMap<usize, Vec<(usize, usize)>>,
    columns_by_phrase: HashMap<usize, Vec<(usize, ColumnId)>>,
    stems: Spellings,
    /// Names in one piece; of tables without their plural's `s`.
    joined_tables: HashMap<String, Vec<usize>>,
    spelt_tables: Spellings,
    joined_columns: HashMap<String, Vec<ColumnId>>,
    /// Tables by the first word of their comment, columns by its first few.
    commented_tables: HashMap<String, Vec<usize>>,
    commented_columns: HashMap<String, Vec<ColumnId>>,
}

/// A word of a question with the schema's words that are like it.
pub struct Word<'a> {
    pub stem: &'a str,
    like: Vec<(&'a Entry, f32)>,
}

impl Word<'_> {
    /// How much it is like a word of the schema.
    pub fn similar(&self, name: &str) -> f32 {
        let like = self.like.iter().find(|(entry, _)| entry.stem == name);
        like.map_or(0.0, |(_, score)| *score)
    }

    /// Tables with a word like it in their names.
    pub fn tables(&self) -> impl Iterator<Item = usize> {
        self.like.iter().flat_map(|(e, _)| e.tables.iter().copied())
    }

    /// Columns with a word like it in their names.
    pub fn columns(&self) -> impl Iterator<Item = ColumnId> {
        self.like
            .iter()
            .flat_map(|(e, _)| e.columns.iter().copied())
    }
}

impl Index {
    pub fn new(tables: &[TableWords]) -> Self {
        let mut index = Self::default();
        for (t, table) in tables.iter().enumerate() {
            for word in &table.words {
                index.entry(word).tables.push(t);
            }
            if let Some(word) = table.comment.first() {
                put(&mut index.commented_tables, word, t);
            }
            let name = singular(&table.joined);
            put(&mut index.joined_tables, name, t);
            index.spelt_tables.add(name, t);
            put_phrase(&mut index.tables_by_phrase, &table.words, t);
            for (column, words) in table.columns.iter().enumerate() {
                let id = ColumnId { table: t, column };
                for word in &words.words {
                    index.entry(word).columns.push(id);
                }
                for word in words.comment.iter().take(COMMENT_WORDS) {
                    put(&mut index.commented_columns, word, id);
                }
                put(&mut index.joined_columns, &words.joined, id);
                put_phrase(&mut index.columns_by_phrase, &words.words, id);
                if let Some(own) = words.words.strip_prefix(&table.words[..]) {
                    put_phrase(&mut index.columns_by_phrase, own, id);
                }
            }
        }
        for (at, Entry { stem, .. }) in index.entries.iter().enumerate() {
            put(&mut index.by_root, root(stem), at);
            for &meaning in meanings(stem) {
                index.by_meaning.entry(meaning).or_default().push(at);
            }
            for &meaning in near_meanings(stem) {
                index.by_near_meaning.entry(meaning).or_default().push(at);
            }
            if stem.len() >= SHORTEST_MISSPELT {
                index.stems.add(stem, at);
            }
        }
        index
    }

    fn entry(&mut self, stem: &str) -> &mut Entry {
        let at = match self.by_stem.get(stem) {
            Some(&at) => at,
            None => {
                self.entries.push(Entry {
                    stem: stem.to_owned(),
                    ..Entry::default()
                });
                self.by_stem.insert(stem.to_owned(), self.entries.len() - 1);
                self.entries.len() - 1
            }
        };
        &mut self.entries[at]
    }

    /// The schema's words that a question's word may be.
    pub fn word<'a>(&'a self, stem: &'a str) -> Word<'a> {
        let mut found: Vec<usize> = self.by_stem.get(stem).copied().into_iter().collect();
        found.extend(self.by_root.get(root(stem)).into_iter().flatten());
        for meaning in meanings(stem) {
            found.extend(self.by_meaning.get(meaning).into_iter().flatten());
        }
        for meaning in near_meanings(stem) {
            found.extend(self.by_near_meaning.get(meaning).into_iter().flatten());
        }
        found.extend(self.stems.near(stem));
        found.sort_unstable();
        found.dedup();
        let scored = found.into_iter().map(|at| {
            let entry = &self.entries[at];
            (entry, similar(stem, &entry.stem))
        });
        Word {
            stem,
            like: scored.filter(|(_, score)| *score > 0.0).collect(),
        }
    }

    /// Tables that are called so, written in one piece, but for the plural's `s`.
    pub fn tables_called(&self, joined: &str) -> &[usize] {
        get(&self.joined_tables, singular(joined))
    }

    /// Tables whose name, written in one piece, differs by one letter.
    pub fn tables_misspelt(&self, joined: &str) -> impl Iterator<Item = usize> {
        self.spelt_tables.near(singular(joined))
    }

    /// Columns that are called so, written in one piece.
    pub fn columns_called(&self, joined: &str) -> &[ColumnId] {
        get(&self.joined_columns, joined)
    }

    /// Tables whose comment begins with the word.
    pub fn tables_told_by(&self, stem: &str) -> &[usize] {
        get(&self.commented_tables, stem)
    }

    /// Columns whose comment has the word among its first.
    pub fn columns_told_by(&self, stem: &str) -> &[ColumnId] {
        get(&self.commented_columns, stem)
    }

    /// Tables whose name means the same in fewer or more words.
    pub fn tables_meant_by(&self, stems: &[&str]) -> impl Iterator<Item = usize> {
        of_phrase(&self.tables_by_phrase, stems)
    }

    /// Columns whose name, with the table's before it or without, means the same in fewer or more words.
    pub fn columns_meant_by(&self, stems: &[&str]) -> impl Iterator<Item = ColumnId> {
        of_phrase(&self.columns_by_phrase, stems)
    }
}

/// A name without its plural's `s`.
pub fn singular(joined: &str) -> &str {
    joined.strip_suffix('s').unwrap_or(joined)
}

/// Names by their ends. One letter that is wrong, missing, spare or changed places with its neighbour
/// leaves the first two letters or the last two as they are.
#[derive(Debug, Clone, Default)]
struct Spellings {
    /// With what they are the names of.
    names: Vec<(String, usize)>,
    by_start: HashMap<[u8; 2], Vec<usize>>,
    by_end: HashMap<[u8; 2], Vec<usize>>,
    /// Those whose letters are more than a byte.
    others: Vec<usize>,
}

impl Spellings {
    fn add(&mut self, name: &str, of: usize) {
        let at = self.names.len();
        match ends(name) {
            Some((start, end)) => {
                self.by_start.entry(start).or_default().push(at);
                self.by_end.entry(end).or_default().push(at);
            }
            None => self.others.push(at),
        }
        self.names.push((name.to_owned(), of));
    }

    /// What is called so but for one letter; nothing where the name is too short to tell a mistake from
    /// another name. The same may come twice.
    fn near(&self, name: &str) -> impl Iterator<Item = usize> {
        let candidates = match ends(name) {
            _ if name.len() < SHORTEST_MISSPELT => Vec::new(),
            Some((start, end)) => {
                let alike = [self.by_start.get(&start), self.by_end.get(&end)];
                let alike = alike.into_iter().flatten().chain([&self.others]);
                alike.flatten().copied().collect()
            }
            None => (0..self.names.len()).collect(),
        };
        let candidates = candidates.into_iter().map(|at| &self.names[at]);
        candidates
            .filter(move |(other, _)| one_off(name, other))
            .map(|(_, of)| *of)
    }
}

fn ends(name: &str) -> Option<([u8; 2], [u8; 2])> {
    let bytes = Some(name.as_bytes()).filter(|bytes| bytes.is_ascii())?;
    Some((*bytes.first_chunk()?, *bytes.last_chunk()?))
}

fn put_phrase<T: Copy>(
    map: &mut HashMap<usize, Vec<(usize, T)>>,
    words: &[impl AsRef<str>],
    value: T,
) {
    for &meaning in meanings_of(words) {
        map.entry(meaning).or_default().push((words.len(), value));
    }
}

fn of_phrase<T: Copy>(
    map: &HashMap<usize, Vec<(usize, T)>>,
    stems: &[&str],
) -> impl Iterator<Item = T> {
    let count = stems.len();
    let found = meanings_of(stems).iter().filter_map(|m| map.get(m));
    found
        .flatten()
        .filter(move |(words, _)| *words != count)
        .map(|(_, value)| *value)
}

fn meanings_of(words: &[impl AsRef<str>]) -> &'static [usize] {
    match words {
        [word] => meanings(word.as_ref()),
        _ if words.len() < LONGEST_PHRASES => {
            let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
            meanings(&words.join(" "))
        }
        _ => &[],
    }
}

fn put<T>(map: &mut HashMap<String, Vec<T>>, key: &str, value: T) {
    match map.get_mut(key) {
        Some(values) => values.push(value),
        None => drop(map.insert(key.to_owned(), vec![value])),
    }
}

fn get<'a, T>(map: &'a HashMap<String, Vec<T>>, key: &str) -> &'a [T] {
    map.get(key).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offline::fixture::Fixture;
    use crate::offline::words::stem;

    #[test]
    fn a_word_finds_every_stem_that_is_like_it() {
        let lexicon = Fixture::new(
            "customer(*id integer, höchstwert numeric, payments numeric, surname text)
             payment(*id integer, quantity integer, movie text, birth text)",
        )
        .lexicon();
        let entries = &lexicon.index.entries;
        for word in [
            "costumer",
            "customers",
            "ustomer",
            "xcustomer",
            "custome",
            "cuustomer",
            "hochstwert",
            "höchstwert",
            "paid",
            "paying",
            "film",
            "quantitiy",
            "uqantity",
            "quantiyt",
            "born",
        ] {
            let word = stem(word);
            let found = lexicon.index.word(&word);
            for Entry { stem, .. } in entries {
                assert_eq!(found.similar(stem), similar(&word, stem), "{word} {stem}");
            }
        }
        assert_eq!(
            lexicon.index.word("cutsom").tables().collect::<Vec<_>>(),
            [0]
        );
    }
}
