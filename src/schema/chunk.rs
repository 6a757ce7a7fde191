//! The schema in pieces: a chunk a table, several for a wide one, and one a relationship, each ready to be
//! put before a planner.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::catalog::{Catalog, ColumnDef, ForeignKey, Relation};
use super::lexical::Bag;
use super::words::{spelt_out, words};
use crate::sql::quote_ident;

/// Characters of one comment that are kept.
const MAX_COMMENT: usize = 300;
/// Characters of a view's query that are kept.
const MAX_DEFINITION: usize = 500;
/// Labels of one enum that are listed.
const MAX_LABELS: usize = 40;
/// How the text of a relationship that nobody declared ends.
pub const INFERRED: &str = " (inferred, not declared)";
/// Columns of one chunk; a table with more is split, so that no column drowns.
const MAX_COLUMNS: usize = 40;
/// Raised when chunks of the same schema are searched or embedded in another way, so that all are made anew.
const FORMAT: u8 = 3;

/// What a word counts for finding a table, by where it stands. Tuned on open data: see the README.
mod weight {
    pub const NAME: f32 = 2.0;
    pub const SCHEMA: f32 = 1.0;
    pub const COLUMN: f32 = 1.0;
    pub const REFERENCED: f32 = 0.5;
    pub const COMMENT: f32 = 1.0;
    pub const COLUMN_COMMENT: f32 = 0.5;
    pub const VALUE: f32 = 0.5;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChunkKind {
    Table,
    Relationship,
}

impl ChunkKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Relationship => "relationship",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Chunk {
    pub kind: ChunkKind,
    /// `schema.table`, with the part's number in brackets from the second on, or
    /// `schema.table(columns) -> schema.table(columns)`.
    pub name: String,
    /// The text for the planner.
    pub content: String,
    /// The same without anything that rows tell: no labels, values, keys of JSON, numbers of rows.
    pub bare: String,
    /// The text that is embedded: names as words, and comments.
    pub meaning: String,
    /// The words it is found by.
    pub bag: Bag,
    pub metadata: Value,
}

impl Chunk {
    pub(super) fn new(kind: ChunkKind, name: String) -> Self {
        Self {
            kind,
            name,
            content: String::new(),
            bare: String::new(),
            meaning: String::new(),
            bag: Bag::default(),
            metadata: Value::Null,
        }
    }

    /// Changes whenever anything that is stored or embedded does.
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new_with_prefix([FORMAT]);
        for part in [&self.content, &self.meaning, &self.metadata.to_string()] {
            hasher.update(part.as_bytes());
            hasher.update([0]);
        }
        hasher
            .finalize()
            .iter()
            .fold(String::with_capacity(64), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
    }
}

/// All chunks of a catalog, tables first.
pub fn chunks(catalog: &Catalog) -> Vec<Chunk> {
    let mut keys: Vec<Vec<&ForeignKey>> = vec![Vec::new(); catalog.relations.len()];
    for key in &catalog.foreign_keys {
        keys[key.from].push(key);
    }
    let tables = catalog
        .relations
        .iter()
        .zip(&keys)
        .flat_map(|(relation, keys)| parts(catalog, relation, keys));
    let relationships = catalog
        .foreign_keys
        .iter()
        .map(|key| relationship(catalog, key));
    let mut chunks: Vec<Chunk> = tables.chain(relationships).collect();
    // Two keys over the same columns say the same.
    let mut seen = HashSet::new();
    chunks.retain(|chunk| seen.insert((chunk.kind, chunk.name.clone())));
    chunks
}

/// A table's chunks: one, or several with some of the columns each.
fn parts(catalog: &Catalog, relation: &Relation, keys: &[&ForeignKey]) -> Vec<Chunk> {
    let of = relation.columns.len();
    let mut slices: Vec<&[ColumnDef]> = relation.columns.chunks(MAX_COLUMNS).collect();
    if slices.is_empty() {
        slices.push(&[]);
    }
    let last = slices.len() - 1;
    slices
        .into_iter()
        .enumerate()
        .map(|(part, columns)| {
            let text = |bare: bool| {
                let mut text = heading(relation, bare);
                if last > 0 {
                    let first = part * MAX_COLUMNS;
                    let _ = write!(text, ", columns {} to {} of {of}", first + 1, first + columns.len());
                }
                for column in columns {
                    text.push_str("\n  ");
                    text.push_str(&describe(column, bare));
                }
                if part == 0 {
                    text.push_str(&constraints(catalog, relation, keys, bare));
                }
                text
            };
            let (content, bare) = (text(false), text(true));
            let name = match part {
                0 => relation.full_name(),
                part => format!("{} [{}]", relation.full_name(), part + 1),
            };
            Chunk {
                metadata: json!({ "schema": relation.schema, "name": relation.name, "words": words(&relation.name), "part": part, "bare": bare }),
                content,
                bare,
                meaning: meaning(relation, columns),
                bag: bag(catalog, relation, columns, keys),
                ..Chunk::new(ChunkKind::Table, name)
            }
        })
        .collect()
}

fn heading(relation: &Relation, bare: bool) -> String {
    let mut text = format!("{} {}", relation.kind.as_str(), relation.sql_name());
    if let Some(rows) = relation.rows.filter(|rows| *rows > 0.0 && !bare) {
        let _ = write!(text, " (about {rows:.0} rows)");
    }
    push_comment(&mut text, relation.comment.as_deref());
    text
}

/// A column as it stands in a chunk.
fn describe(column: &ColumnDef, bare: bool) -> String {
    let mut text = format!("{} {}", quote_ident(&column.name), column.type_name);
    if let Some(base) = &column.domain_of {
        let _ = write!(text, " (domain over {base})");
    }
    if column.not_null {
        text.push_str(" not null");
    }
    if !column.labels.is_empty() && !bare {
        let _ = write!(text, " in ({})", literals(&column.labels, MAX_LABELS));
    }
    if !column.values.is_empty() && !bare {
        let _ = write!(
            text,
            " such as {}",
            literals(&column.values, column.values.len())
        );
    }
    if !column.keys.is_empty() && !bare {
        let _ = write!(text, " with keys {}", literals(&column.keys, MAX_LABELS));
    }
    push_comment(&mut text, column.comment.as_deref());
    if column.type_comment.is_some() {
        push_comment(&mut text, column.type_comment.as_deref());
    }
    text
}

fn literals(values: &[String], most: usize) -> String {
    let shown: Vec<String> = values
        .iter()
        .take(most)
        .map(|value| format!("'{}'", one_line(value, MAX_COMMENT).replace('\'', "''")))
        .collect();
    let more = if values.len() > most { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn constraints(catalog: &Catalog, relation: &Relation, keys: &[&ForeignKey], bare: bool) -> String {
    let mut text = String::new();
    if !relation.primary_key.is_empty() {
        let _ = write!(
            text,
            "\n  primary key {}",
            column_list(&relation.primary_key)
        );
    }
    for key in &relation.unique_keys {
        let _ = write!(text, "\n  unique {}", column_list(key));
    }
    for key in keys {
        let _ = write!(
            text,
            "\n  {} {} references {} {}",
            if key.inferred {
                "inferred, not declared: key"
            } else {
                "foreign key"
            },
            column_list(&key.columns),
            catalog.relations[key.to].sql_name(),
            column_list(&key.to_columns)
        );
    }
    if !relation.draws_on.is_empty() {
        let sources: Vec<String> = relation
            .draws_on
            .iter()
            .map(|source| catalog.relations[*source].sql_name())
            .collect();
        let _ = write!(text, "\n  draws on {}", sources.join(", "));
    }
    // A view's query may compare with values.
    if let Some(definition) = relation.definition.as_ref().filter(|_| !bare) {
        let _ = write!(text, "\n  is {}", one_line(definition, MAX_DEFINITION));
    }
    text
}

fn meaning(relation: &Relation, columns: &[ColumnDef]) -> String {
    let name = spelt_out(&relation.name);
    // Said several times, the name is not lost among the columns.
    let mut text = format!("{name}. {name}. {name}. {name}: ");
    if let Some(comment) = &relation.comment {
        let _ = write!(text, "{}. ", one_line(comment, MAX_COMMENT));
    }
    let columns: Vec<String> = columns
        .iter()
        .map(|column| match &column.comment {
            Some(comment) => format!(
                "{} ({})",
                spelt_out(&column.name),
                one_line(comment, MAX_COMMENT)
            ),
            None => spelt_out(&column.name),
        })
        .collect();
    text.push_str(&columns.join(", "));
    text
}

fn bag(catalog: &Catalog, relation: &Relation, columns: &[ColumnDef], keys: &[&ForeignKey]) -> Bag {
    let mut bag = Bag::default();
    bag.add(&relation.name, weight::NAME);
    if relation.schema != "public" {
        bag.add(&relation.schema, weight::SCHEMA);
    }
    bag.add(
        relation.comment.as_deref().unwrap_or_default(),
        weight::COMMENT,
    );
    for column in columns {
        bag.add(&column.name, weight::COLUMN);
        bag.add(
            column.comment.as_deref().unwrap_or_default(),
            weight::COLUMN_COMMENT,
        );
        for value in column
            .labels
            .iter()
            .take(MAX_LABELS)
            .chain(&column.values)
            .chain(&column.keys)
        {
            bag.add(value, weight::VALUE);
        }
    }
    for key in keys {
        bag.add(&catalog.relations[key.to].name, weight::REFERENCED);
    }
    bag
}

fn relationship(catalog: &Catalog, key: &ForeignKey) -> Chunk {
    let (from, to) = (&catalog.relations[key.from], &catalog.relations[key.to]);
    let condition: Vec<String> = key
        .columns
        .iter()
        .zip(&key.to_columns)
        .map(|(a, b)| {
            format!(
                "{}.{} = {}.{}",
                from.sql_name(),
                quote_ident(a),
                to.sql_name(),
                quote_ident(b)
            )
        })
        .collect();
    let content = format!(
        "{} joins {} on {}{}",
        from.sql_name(),
        to.sql_name(),
        condition.join(" and "),
        if key.inferred { INFERRED } else { "" }
    );
    Chunk {
        bare: content.clone(),
        content,
        metadata: json!({ "from": from.full_name(), "to": to.full_name() }),
        ..Chunk::new(
            ChunkKind::Relationship,
            format!(
                "{}({}) -> {}({})",
                from.full_name(),
                key.columns.join(", "),
                to.full_name(),
                key.to_columns.join(", ")
            ),
        )
    }
}

fn column_list(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| quote_ident(name)).collect();
    format!("({})", quoted.join(", "))
}

/// Comments are people's text: one line, and not endless.
fn push_comment(text: &mut String, comment: Option<&str>) {
    let Some(comment) = comment.map(str::trim).filter(|comment| !comment.is_empty()) else {
        return;
    };
    text.push_str(" -- ");
    text.push_str(&one_line(comment, MAX_COMMENT));
}

/// Text in one line, cut after `most` characters.
pub fn one_line(text: &str, most: usize) -> String {
    // Only so much is looked at: a comment may be megabytes.
    let begin: String = text.chars().take(4 * most).collect();
    let line = begin.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalog::{ColumnDef, RelationKind};
    use super::*;

    fn column(name: &str, type_name: &str) -> ColumnDef {
        ColumnDef {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            ..ColumnDef::default()
        }
    }

    fn relation(name: &str, columns: Vec<ColumnDef>) -> Relation {
        Relation {
            schema: "public".to_owned(),
            name: name.to_owned(),
            kind: RelationKind::Table,
            visible: true,
            rows: None,
            comment: None,
            columns,
            primary_key: Vec::new(),
            unique_keys: Vec::new(),
            definition: None,
            draws_on: Vec::new(),
        }
    }

    fn sample() -> Catalog {
        let mut orders = relation(
            "Order",
            vec![column("id", "integer"), column("customerId", "integer")],
        );
        orders.schema = "Sales".to_owned();
        orders.visible = false;
        orders.primary_key = vec!["id".to_owned()];
        orders.columns[0].not_null = true;
        orders.columns.push(ColumnDef {
            labels: vec!["open".to_owned(), "it's".to_owned()],
            comment: Some("where it\n stands".to_owned()),
            ..column("state", "order_state")
        });
        let mut customer = relation("customer", vec![column("id", "integer")]);
        customer.rows = Some(599.0);
        customer.comment = Some("who buys".to_owned());
        Catalog {
            relations: vec![orders, customer],
            foreign_keys: vec![ForeignKey {
                from: 0,
                columns: vec!["customerId".to_owned()],
                to: 1,
                to_columns: vec!["id".to_owned()],
                inferred: false,
            }],
        }
    }

    #[test]
    fn a_chunk_is_ready_for_the_planner() {
        let chunks = chunks(&sample());
        let texts: Vec<&str> = chunks.iter().map(|c| c.content.as_str()).collect();
        insta::assert_snapshot!(texts.join("\n\n"), @r#"
        table "Sales"."Order"
          id integer not null
          "customerId" integer
          state order_state in ('open', 'it''s') -- where it stands
          primary key (id)
          foreign key ("customerId") references customer (id)

        table customer (about 599 rows) -- who buys
          id integer

        "Sales"."Order" joins customer on "Sales"."Order"."customerId" = customer.id
        "#);
        assert_eq!(
            chunks[0].meaning,
            "order. order. order. order: id, customer id, state (where it stands)"
        );
    }

    #[test]
    fn the_hash_follows_the_content() {
        let before = chunks(&sample());
        let mut changed = sample();
        changed.relations[1].columns.push(column("email", "text"));
        let after = chunks(&changed);
        assert_eq!(before[0].hash(), after[0].hash());
        assert_ne!(before[1].hash(), after[1].hash());
    }

    #[test]
    fn a_wide_table_is_split_and_keeps_its_keys() {
        let columns = (0..100)
            .map(|n| column(&format!("c{n}"), "integer"))
            .collect();
        let mut wide = relation("wide", columns);
        wide.primary_key = vec!["c99".to_owned()];
        let chunks = chunks(&Catalog {
            relations: vec![wide],
            foreign_keys: Vec::new(),
        });
        let names: Vec<&str> = chunks.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["public.wide", "public.wide [2]", "public.wide [3]"]);
        assert!(chunks[0].content.ends_with("primary key (c99)"));
        assert!(
            chunks[2]
                .content
                .starts_with("table wide, columns 81 to 100 of 100\n  c80 ")
        );
    }

    #[test]
    fn a_huge_comment_is_cut_to_one_line() {
        let line = one_line(&"x\n y ".repeat(1_000_000), 10);
        assert_eq!(line, "x y x y x …");
    }

    #[test]
    fn near_names_are_found_whatever_the_case() {
        let near = sample().near("customer_id", 3);
        assert_eq!(near, ["\"Sales\".\"Order\".\"customerId\"", "customer"]);
    }
}
