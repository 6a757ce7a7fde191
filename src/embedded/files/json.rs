//! JSON lines, one array of objects, or objects over several lines: a column for every key, in the order in which they first come.

use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::StreamDeserializer;
use serde_json::de::IoRead;
use serde_json::value::RawValue;

use super::copy::CopyText;
use super::kind::{Guess, Kind, Kinds};
use super::name::Names;
use super::source::Source;
use super::{Column, Rows};
use crate::error::Result;

pub struct Json {
    objects: Objects,
    /// Column of each key.
    places: HashMap<String, usize>,
    kinds: Vec<Kind>,
}

impl Json {
    /// Reads all of the file to find the columns and their types, then stands before the first object.
    pub fn open(source: Source) -> Result<(Vec<Column>, Self)> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut guesses: Vec<Guess> = Vec::new();
        let mut columns = Vec::new();
        let mut names = Names::default();
        let mut objects = Objects::open(source)?;
        while let Some(object) = objects.next()? {
            for (key, value) in object.0 {
                let place = *places.entry(key).or_insert_with_key(|key| {
                    columns.push(Column::new(names.column(key, columns.len() + 1), key));
                    guesses.push(Guess::default());
                    columns.len() - 1
                });
                match value.get().as_bytes().first() {
                    Some(b'n') => {}
                    Some(b't' | b'f') => guesses[place].narrow(Kinds::BOOLEAN),
                    Some(b'"') => guesses[place].narrow(Kinds::of_quoted(&text(&value))),
                    Some(b'{' | b'[') => guesses[place].narrow(Kinds::JSON),
                    _ => guesses[place].narrow(Kinds::of(value.get())),
                }
            }
        }
        let kinds: Vec<Kind> = guesses.iter().map(|guess| guess.kind()).collect();
        for (column, kind) in columns.iter_mut().zip(&kinds) {
            column.sql_type = kind.sql_type().to_owned();
        }
        let json = Self {
            objects: Objects::open(objects.source)?,
            places,
            kinds,
        };
        Ok((columns, json))
    }
}

impl Rows for Json {
    fn next(&mut self, out: &mut CopyText) -> Result<bool> {
        let Some(object) = self.objects.next()? else {
            return Ok(false);
        };
        let mut row: Vec<Option<Box<RawValue>>> = vec![None; self.kinds.len()];
        for (key, value) in object.0 {
            if let Some(&place) = self.places.get(&key) {
                row[place] = Some(value);
            }
        }
        for (kind, value) in self.kinds.iter().zip(row) {
            match value.filter(|value| value.get() != "null") {
                None => out.field(None),
                Some(value) if *kind == Kind::Json => out.field(Some(value.get())),
                // An empty string was written on purpose: it is not NULL.
                Some(value) if *kind == Kind::Text => out.field(Some(&text(&value))),
                Some(value) => out.field(kind.convert(&text(&value)).as_deref()),
            }
        }
        out.end_row();
        Ok(true)
    }
}

/// A string's text; anything else as it is written.
fn text(value: &RawValue) -> String {
    match serde_json::from_str::<String>(value.get()) {
        Ok(text) => text,
        Err(_) => value.get().to_owned(),
    }
}

/// The file's objects, one after the other.
struct Objects {
    source: Source,
    from: From,
}

enum From {
    Lines {
        reader: BufReader<Box<dyn Read + Send>>,
        line: String,
        number: u64,
    },
    Array(std::vec::IntoIter<Object>),
    /// Objects that are not each on a line of their own.
    Stream(StreamDeserializer<'static, IoRead<BufReader<Box<dyn Read + Send>>>, Object>),
}

impl Objects {
    fn open(source: Source) -> Result<Self> {
        let text = source.text().map_err(|e| source.problem(None, e))?;
        let from = if source.sample.trim_start().starts_with('[') {
            let objects: Vec<Object> = serde_json::from_reader(BufReader::new(text))
                .map_err(|e| source.problem(Some(e.line() as u64), e))?;
            From::Array(objects.into_iter())
        } else if is_spread(&source) {
            let text: Box<dyn Read + Send> = Box::new(text);
            From::Stream(serde_json::Deserializer::from_reader(BufReader::new(text)).into_iter())
        } else {
            From::Lines {
                reader: BufReader::new(Box::new(text)),
                line: String::new(),
                number: 0,
            }
        };
        Ok(Self { source, from })
    }

    fn next(&mut self) -> Result<Option<Object>> {
        let (reader, line, number) = match &mut self.from {
            From::Array(objects) => return Ok(objects.next()),
            From::Stream(objects) => {
                return objects.next().transpose().map_err(|e| {
                    self.source.problem(
                        Some(e.line() as u64),
                        format!("not a JSON object: {} at column {}", what(&e), e.column()),
                    )
                });
            }
            From::Lines {
                reader,
                line,
                number,
            } => (reader, line, number),
        };
        loop {
            line.clear();
            *number += 1;
            let read = reader
                .read_line(line)
                .map_err(|e| self.source.problem(Some(*number), e))?;
            if read == 0 {
                return Ok(None);
            }
            if !line.trim().is_empty() {
                break;
            }
        }
        serde_json::from_str(line).map(Some).map_err(|e| {
            self.source
                .problem(
                    Some(*number),
                    format!("not a JSON object: {} at column {}", what(&e), e.column()),
                )
                .with_hint("in JSON lines every line is an object of its own; a .json file may hold one array of objects")
        })
    }
}

/// Whether a file that is not called JSON lines has an object that its first line does not end.
fn is_spread(source: &Source) -> bool {
    let name = source.path.to_string_lossy().to_lowercase();
    let mut lines = source.sample.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let ends = |e: serde_json::Error| !e.is_eof();
    !name.contains(".jsonl")
        && !name.contains(".ndjson")
        && lines.next().is_some()
        && !serde_json::from_str::<IgnoredAny>(first).map_or_else(ends, |_| true)
}

/// The error without its place, which is that of one line.
fn what(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// An object's entries as they are written, in their order and with every digit.
struct Object(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Object, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
