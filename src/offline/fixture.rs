//! A small database without rows for tests: its tables, what its rows would say, and values that questions
//! may spell.

use super::facts::Facts;
use super::lexicon::{ColumnId, Lexicon};
use super::pieces::{NotUnderstood, pieces};
use super::read::{Unsure, read};
use super::values::spelt;
use super::words::tokens;
use crate::schema::catalog::{Catalog, ColumnDef, ForeignKey, Relation, RelationKind};

/// Tables as `name(column type, …)`, one a line. A `*` before a column makes it the primary key, `!` one
/// that the rows show to be unique, `~` one whose values repeat.
pub struct Fixture {
    pub catalog: Catalog,
    pub facts: Facts,
    values: Vec<(ColumnId, String)>,
}

impl Fixture {
    pub fn new(tables: &str) -> Self {
        let mut catalog = Catalog::default();
        let mut facts = Facts::default();
        for line in tables.lines().map(str::trim).filter(|l| !l.is_empty()) {
            let (name, columns) = line.trim_end_matches(')').split_once('(').unwrap();
            let table = catalog.relations.len();
            let mut relation = Relation {
                schema: "public".to_owned(),
                name: name.to_owned(),
                kind: RelationKind::Table,
                visible: true,
                rows: Some(100.0),
                comment: None,
                columns: Vec::new(),
                primary_key: Vec::new(),
                unique_keys: Vec::new(),
                definition: None,
                draws_on: Vec::new(),
            };
            for (column, text) in columns.split(", ").enumerate() {
                let (name, type_name) = text.split_once(' ').unwrap();
                let plain = name.trim_start_matches(['*', '!', '~']);
                let id = ColumnId { table, column };
                match name.as_bytes()[0] {
                    b'*' => relation.primary_key.push(plain.to_owned()),
                    b'!' => drop(facts.unique.insert(id)),
                    b'~' => drop(facts.repeats.insert(id)),
                    _ => {}
                }
                relation.columns.push(ColumnDef {
                    name: plain.to_owned(),
                    type_name: type_name.to_owned(),
                    ..ColumnDef::default()
                });
            }
            if relation.primary_key.is_empty() {
                facts.seen.insert(table);
            }
            catalog.relations.push(relation);
        }
        Self {
            catalog,
            facts,
            values: Vec::new(),
        }
    }

    fn id(&self, name: &str) -> ColumnId {
        let (table, column) = name.split_once('.').unwrap();
        let at = |r: &Relation| r.columns.iter().position(|c| c.name == column);
        let found = self
            .catalog
            .relations
            .iter()
            .position(|r| r.name == table)
            .unwrap_or_else(|| panic!("no table {table}"));
        ColumnId {
            table: found,
            column: at(&self.catalog.relations[found]).unwrap_or_else(|| panic!("no {name}")),
        }
    }

    /// Declares `from.column` to point to `to.column`.
    pub fn key(mut self, from: &str, to: &str) -> Self {
        let (from, to) = (self.id(from), self.id(to));
        let name = |c: ColumnId| {
            self.catalog.relations[c.table].columns[c.column]
                .name
                .clone()
        };
        let key = ForeignKey {
            from: from.table,
            columns: vec![name(from)],
            to: to.table,
            to_columns: vec![name(to)],
            inferred: false,
        };
        self.catalog.foreign_keys.push(key);
        self
    }

    /// Every value of `from` is one of `to`.
    pub fn within(mut self, from: &str, to: &str) -> Self {
        let pair = (self.id(from), self.id(to));
        self.facts.within.insert(pair);
        self
    }

    /// Values that the column holds.
    pub fn holds(mut self, column: &str, values: &[&str]) -> Self {
        let id = self.id(column);
        self.values
            .extend(values.iter().map(|v| (id, (*v).to_owned())));
        self
    }

    /// All values that a column has, as a sample tells them.
    pub fn typical(mut self, column: &str, values: &[&str]) -> Self {
        let id = self.id(column);
        let column = &mut self.catalog.relations[id.table].columns[id.column];
        column.values = values.iter().map(|v| (*v).to_owned()).collect();
        self
    }

    pub fn comment(mut self, column: &str, text: &str) -> Self {
        let id = self.id(column);
        self.catalog.relations[id.table].columns[id.column].comment = Some(text.to_owned());
        self
    }

    pub fn lexicon(&self) -> Lexicon {
        Lexicon::new(&self.catalog, &self.facts)
    }

    /// The SQL of a question, or in brackets why there is none.
    pub fn sql(&self, question: &str) -> String {
        let lexicon = self.lexicon();
        let tokens = tokens(question);
        let mut hits = spelt(question, &tokens, &self.values);
        hits.extend(super::codes::hits(&lexicon, &tokens));
        match pieces(&lexicon, question, &tokens, &hits) {
            Err(NotUnderstood(words)) => format!("[{}?]", words.join(" ")),
            Ok(pieces) => match read(&lexicon, &pieces) {
                Ok(reading) => reading.sql.to_string(),
                Err(Unsure::Shape(why)) => format!("[{why}]"),
                Err(Unsure::Tie(_)) => "[tie]".to_owned(),
            },
        }
    }
}
