//! The schema as words: what each table and column may be called in a question, which column names a
//! row, and what kind of values a column holds.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::codes::Codes;
use super::facts::Facts;
use super::index::Index;
use super::joins::Edges;
use super::keys::edges;
use super::labels::{label, own_key};
use super::naming::{shared_prefix, table};
use super::vocabulary::COMMON;
use super::words::{parts, stem};
use crate::schema::catalog::Catalog;

/// Stems of what people are called.
static PEOPLE: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let people = [
        "person",
        "people",
        "customer",
        "employee",
        "staff",
        "student",
        "teacher",
        "professor",
        "instructor",
        "actor",
        "director",
        "author",
        "player",
        "driver",
        "patient",
        "doctor",
        "physician",
        "nurse",
        "user",
        "member",
        "client",
        "owner",
        "singer",
        "artist",
        "guest",
        "visitor",
        "passenger",
        "pilot",
        "coach",
        "manager",
        "candidate",
        "voter",
        "contestant",
        "athlete",
        "writer",
        "researcher",
        "salesperson",
        "professional",
        "faculty",
        "lecturer",
        "borrower",
        "reader",
        "rider",
        "friend",
        "conductor",
        "dancer",
        "musician",
        "agent",
        "contact",
        "worker",
        "advisor",
        "resident",
        "citizen",
        "host",
        "politician",
        "president",
        "judge",
        "lawyer",
    ];
    people.into_iter().map(stem).collect()
});

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ColumnId {
    pub table: usize,
    pub column: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    Number,
    Text,
    Date,
    Bool,
    Other,
}

#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    pub kind: ValueKind,
    /// Stems of its name.
    pub words: Vec<String>,
    /// Its name in one piece, in lower case.
    pub joined: String,
    /// Stems of its comment.
    pub comment: Vec<String>,
    /// Names rows, of its own table or another: not a value to count or sum.
    pub is_key: bool,
    pub labels: Vec<String>,
    pub is_nullable: bool,
    /// What a text column that is a flag holds for yes and for no.
    pub flag: Option<[String; 2]>,
    pub codes: Codes,
    /// Whether it holds days as texts.
    pub is_written: bool,
}

impl Column {
    /// Whether it holds numbers to compare and compute with, and not names of rows.
    pub fn is_number(&self) -> bool {
        self.kind == ValueKind::Number && !self.is_key
    }
}

#[derive(Debug, Clone)]
pub struct TableWords {
    /// The name as a query writes it.
    pub sql_name: String,
    pub name: String,
    pub words: Vec<String>,
    pub joined: String,
    pub comment: Vec<String>,
    pub columns: Vec<Column>,
    /// The columns that tell its rows apart.
    pub key: Vec<usize>,
    /// Columns each of which alone tells its rows apart.
    pub unique: Vec<usize>,
    /// Columns that hold the same value again and again.
    pub repeats: Vec<usize>,
    /// Whether it is known that no other column does.
    pub is_seen: bool,
    /// The columns that name a row to a person.
    pub label: Vec<usize>,
    pub rows: Option<f64>,
    pub is_view: bool,
}

/// Everything a question can be about.
#[derive(Debug, Clone)]
pub struct Lexicon {
    pub tables: Vec<TableWords>,
    pub edges: Edges,
    pub index: Index,
    /// Columns that alone point to rows of another table.
    pointing: HashSet<ColumnId>,
    /// Tables whose rows are people.
    people: HashSet<usize>,
}

impl Lexicon {
    pub fn new(catalog: &Catalog, facts: &Facts) -> Self {
        let mut known: HashSet<String> = COMMON.iter().map(|w| (*w).to_owned()).collect();
        for relation in &catalog.relations {
            for name in
                std::iter::once(&relation.name).chain(relation.columns.iter().map(|c| &c.name))
            {
                let parts = parts(name);
                if parts.len() > 1 || *name == relation.name {
                    let singular: Vec<String> = parts
                        .iter()
                        .filter_map(|p| p.strip_suffix('s').map(str::to_owned))
                        .collect();
                    known.extend(parts.into_iter().chain(singular).filter(|p| p.len() > 3));
                }
            }
        }
        let shared = shared_prefix(catalog.relations.iter().map(|r| r.name.as_str()));
        let mut tables: Vec<TableWords> = catalog
            .relations
            .iter()
            .map(|relation| table(relation, shared, &known))
            .collect();
        for key in catalog.foreign_keys.iter().filter(|k| !k.inferred) {
            for name in &key.columns {
                if let Some(c) = tables[key.from]
                    .columns
                    .iter_mut()
                    .find(|c| c.name == *name)
                {
                    c.is_key = true;
                }
            }
        }
        for (t, table) in tables.iter_mut().enumerate() {
            for (c, column) in table.columns.iter_mut().enumerate() {
                let id = ColumnId {
                    table: t,
                    column: c,
                };
                if column.kind == ValueKind::Text && facts.days.contains(&id) {
                    column.kind = ValueKind::Date;
                    column.is_written = true;
                }
            }
            table.is_seen |= facts.seen.contains(&t);
            let mut unique: Vec<usize> = facts
                .unique
                .iter()
                .filter(|c| c.table == t)
                .map(|c| c.column)
                .collect();
            unique.sort_unstable();
            table.unique.extend(unique);
            let repeats = facts.repeats.iter().filter(|c| c.table == t);
            table.repeats = repeats.map(|c| c.column).collect();
            if table.key.is_empty() {
                table.key = own_key(table).into_iter().collect();
            }
        }
        let edges = edges(catalog, &mut tables, facts);
        for table in &mut tables {
            table.label = label(table);
        }
        let pointing = edges
            .iter()
            .filter(|e| !e.by_values && e.columns.len() == 1)
            .map(|e| ColumnId {
                table: e.from,
                column: e.columns[0],
            })
            .collect();
        let mut lexicon = Self {
            index: Index::new(&tables),
            tables,
            edges: Edges::new(edges),
            pointing,
            people: HashSet::new(),
        };
        lexicon.people = (0..lexicon.tables.len())
            .filter(|&table| lexicon.tells_people(table))
            .collect();
        lexicon
    }

    pub fn column(&self, id: ColumnId) -> &Column {
        &self.tables[id.table].columns[id.column]
    }

    pub fn columns(&self) -> impl Iterator<Item = (ColumnId, &Column)> {
        self.tables.iter().enumerate().flat_map(|(t, table)| {
            table.columns.iter().enumerate().map(move |(c, column)| {
                (
                    ColumnId {
                        table: t,
                        column: c,
                    },
                    column,
                )
            })
        })
    }

    /// Whether the column alone points to rows of another table.
    pub fn is_foreign_key(&self, id: ColumnId) -> bool {
        self.pointing.contains(&id)
    }

    /// The table whose row a key names by what it is to the other, as head_id does; nothing where the row
    /// says the name itself, as winner_name does.
    pub fn role(&self, id: ColumnId) -> Option<usize> {
        let role = self.column(id).words.split_last()?.1;
        let edge = self
            .edges
            .iter()
            .find(|e| e.is_role && e.from == id.table && e.columns == [id.column])?;
        let named = self.tables[id.table].columns.iter().any(|o| {
            o.kind == ValueKind::Text && o.words.len() > role.len() && o.words.starts_with(role)
        });
        (!named && !role.is_empty()).then_some(edge.to)
    }

    /// Whether a table only pairs rows of others.
    pub fn is_link(&self, table: usize) -> bool {
        let TableWords { key, columns, .. } = &self.tables[table];
        let points = |column: &usize| {
            self.is_foreign_key(ColumnId {
                table,
                column: *column,
            })
        };
        if key.len() >= 2 {
            return key.iter().all(points);
        }
        let others: Vec<usize> = (0..columns.len()).filter(|c| !key.contains(c)).collect();
        others.len() >= 2 && others.iter().all(points)
    }

    /// Whether a table only gives rows of another a word that many share, as categories and tags do.
    pub fn is_tag(&self, table: usize) -> bool {
        let words = &self.tables[table];
        let [label] = words.label.as_slice() else {
            return false;
        };
        words.repeats.contains(label)
            && (0..words.columns.len()).all(|column| {
                column == *label
                    || words.key.contains(&column)
                    || self.is_foreign_key(ColumnId { table, column })
            })
            && self.edges.iter().any(|e| e.from == table)
    }

    /// Whether a table's rows are people.
    pub fn is_person(&self, table: usize) -> bool {
        self.people.contains(&table)
    }

    /// Whether it is called so, or tells their sex or day of birth.
    fn tells_people(&self, table: usize) -> bool {
        let words = &self.tables[table];
        let person = |w: &String| PEOPLE.contains(w);
        let body = |c: &Column| {
            c.words
                .iter()
                .any(|w| matches!(w.as_str(), "gender" | "sex" | "surnam" | "forenam"))
                || c.words == ["first", "name"]
                || c.words == ["last", "name"]
                || c.words.first().is_some_and(|w| w == "birth")
        };
        !words.is_view
            && !self.is_link(table)
            && (words.words.last().is_some_and(person) || words.columns.iter().any(body))
    }

    /// The columns that name a row of the table.
    pub fn label(&self, table: usize) -> impl Iterator<Item = ColumnId> + '_ {
        self.tables[table]
            .label
            .iter()
            .map(move |&column| ColumnId { table, column })
    }
}
