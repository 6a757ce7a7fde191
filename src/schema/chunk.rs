//! The schema in pieces: one chunk a table and one a relationship, each ready to be put before a planner.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::catalog::{Catalog, ForeignKey, Relation};
use crate::sql::quote_ident;

/// Characters of one comment that are kept.
const MAX_COMMENT: usize = 300;
/// Labels of one enum that are listed.
const MAX_LABELS: usize = 40;

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
    /// `schema.table`, or `schema.table(columns) -> schema.table(columns)`.
    pub name: String,
    /// The text for the planner.
    pub content: String,
    /// The words in it, for searching.
    pub terms: String,
    pub metadata: Value,
}

impl Chunk {
    /// Changes whenever anything that is stored or embedded does.
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for part in [&self.content, &self.terms, &self.metadata.to_string()] {
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
        .map(|(relation, keys)| Chunk {
            kind: ChunkKind::Table,
            name: relation.full_name(),
            content: describe(catalog, relation, keys),
            terms: terms(relation),
            metadata: json!({ "schema": relation.schema, "name": relation.name }),
        });
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

fn describe(catalog: &Catalog, relation: &Relation, keys: &[&ForeignKey]) -> String {
    let mut text = format!("{} {}", relation.kind.as_str(), relation.sql_name());
    if let Some(rows) = relation.rows.filter(|rows| *rows > 0.0) {
        let _ = write!(text, " (about {rows:.0} rows)");
    }
    push_comment(&mut text, relation.comment.as_deref());
    for column in &relation.columns {
        let _ = write!(
            text,
            "\n  {} {}",
            quote_ident(&column.name),
            column.type_name
        );
        if column.not_null {
            text.push_str(" not null");
        }
        if !column.labels.is_empty() {
            let shown: Vec<String> = column
                .labels
                .iter()
                .take(MAX_LABELS)
                .map(|label| format!("'{}'", label.replace('\'', "''")))
                .collect();
            let more = if column.labels.len() > MAX_LABELS {
                ", …"
            } else {
                ""
            };
            let _ = write!(text, " in ({}{more})", shown.join(", "));
        }
        push_comment(&mut text, column.comment.as_deref());
    }
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
            "\n  foreign key {} references {} {}",
            column_list(&key.columns),
            catalog.relations[key.to].sql_name(),
            column_list(&key.to_columns)
        );
    }
    text
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
    Chunk {
        kind: ChunkKind::Relationship,
        name: format!(
            "{}({}) -> {}({})",
            from.full_name(),
            key.columns.join(", "),
            to.full_name(),
            key.to_columns.join(", ")
        ),
        content: format!(
            "{} joins {} on {}",
            from.sql_name(),
            to.sql_name(),
            condition.join(" and ")
        ),
        terms: format!("{} {}", words(&from.name), words(&to.name)),
        metadata: json!({ "from": from.full_name(), "to": to.full_name() }),
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
    let line = comment.split_whitespace().collect::<Vec<_>>().join(" ");
    text.push_str(" -- ");
    match line.char_indices().nth(MAX_COMMENT) {
        Some((at, _)) => {
            text.push_str(&line[..at]);
            text.push('…');
        }
        None => text.push_str(&line),
    }
}

fn terms(relation: &Relation) -> String {
    let mut text = words(&relation.name);
    let comments = relation.columns.iter().filter_map(|c| c.comment.as_deref());
    for part in relation
        .columns
        .iter()
        .map(|column| words(&column.name))
        .chain(
            relation
                .comment
                .as_deref()
                .into_iter()
                .chain(comments)
                .map(str::to_owned),
        )
        .chain(
            relation
                .columns
                .iter()
                .flat_map(|c| c.labels.iter().take(MAX_LABELS))
                .map(|l| words(l)),
        )
    {
        text.push(' ');
        text.push_str(&part);
    }
    text
}

/// A name as words: split at `_`, other punctuation, and where case or digits change.
pub fn words(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut previous = ' ';
    for c in name.chars() {
        if !c.is_alphanumeric() {
            if previous != ' ' {
                out.push(' ');
            }
            previous = ' ';
            continue;
        }
        let boundary = (previous.is_lowercase() && c.is_uppercase())
            || (previous.is_alphabetic() && c.is_numeric())
            || (previous.is_numeric() && c.is_alphabetic());
        if boundary {
            out.push(' ');
        }
        out.extend(c.to_lowercase());
        previous = c;
    }
    out.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::catalog::{ColumnDef, RelationKind};
    use super::*;

    fn column(name: &str, type_name: &str) -> ColumnDef {
        ColumnDef {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            not_null: false,
            comment: None,
            labels: Vec::new(),
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
            chunks[0].terms,
            "order id customer id state where it\n stands open it s"
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
    fn names_become_words() {
        for (name, expected) in [
            ("sbCustCountry", "sb cust country"),
            ("rental_id", "rental id"),
            ("__a__B2c", "a b 2 c"),
            ("GrößeNord", "größe nord"),
        ] {
            assert_eq!(words(name), expected);
        }
    }

    #[test]
    fn near_names_are_found_whatever_the_case() {
        let near = sample().near("customer_id", 3);
        assert_eq!(near, ["\"Sales\".\"Order\".\"customerId\"", "customer"]);
    }
}
