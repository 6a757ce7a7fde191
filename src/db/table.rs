//! A result in columns. Every value is exactly what Postgres prints; NULL is told apart from everything else.

use serde::Serialize;
use serde::ser::{SerializeSeq, Serializer};
use serde_json::value::RawValue;

/// A column's name and Postgres type, as `format_type` writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnInfo {
    pub name: String,
    #[serde(rename = "type")]
    pub type_name: String,
}

/// The values of one column, all of the table's length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    Bool(Vec<Option<bool>>),
    Int(Vec<Option<i64>>),
    /// Everything else, as text.
    Text(Vec<Option<Box<str>>>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub info: ColumnInfo,
    pub values: Values,
}

/// Rows and columns of one result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    columns: Vec<Column>,
    rows: usize,
    truncated: bool,
}

/// One value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Text(&'a str),
}

impl std::fmt::Display for Cell<'_> {
    /// The text Postgres prints; nothing for NULL.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Cell::Null => Ok(()),
            Cell::Bool(true) => f.write_str("t"),
            Cell::Bool(false) => f.write_str("f"),
            Cell::Int(n) => write!(f, "{n}"),
            Cell::Text(text) => f.write_str(text),
        }
    }
}

impl Cell<'_> {
    /// The value as a parameter's text.
    pub fn to_param(self) -> Option<String> {
        match self {
            Cell::Null => None,
            other => Some(other.to_string()),
        }
    }
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Bool(v) => v.len(),
            Self::Int(v) => v.len(),
            Self::Text(v) => v.len(),
        }
    }
}

impl Column {
    pub fn cell(&self, row: usize) -> Cell<'_> {
        match &self.values {
            Values::Bool(v) => v.get(row).copied().flatten().map_or(Cell::Null, Cell::Bool),
            Values::Int(v) => v.get(row).copied().flatten().map_or(Cell::Null, Cell::Int),
            Values::Text(v) => v
                .get(row)
                .and_then(|text| text.as_deref())
                .map_or(Cell::Null, Cell::Text),
        }
    }

    /// How many values it has.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether numbers are in it, to be set to the right and written bare in JSON.
    pub fn is_numeric(&self) -> bool {
        matches!(self.values, Values::Int(_)) || is_numeric_type(&self.info.type_name)
    }
}

fn is_numeric_type(type_name: &str) -> bool {
    let base = type_name.split('(').next().unwrap_or(type_name);
    matches!(
        base,
        "numeric" | "real" | "double precision" | "oid" | "smallint" | "integer" | "bigint"
    ) && !type_name.ends_with("[]")
}

impl Table {
    /// Columns of equal length.
    pub fn new(columns: Vec<Column>, truncated: bool) -> Self {
        let rows = columns.first().map_or(0, |c| c.values.len());
        debug_assert!(columns.iter().all(|c| c.values.len() == rows));
        Self {
            columns,
            rows,
            truncated,
        }
    }

    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns
            .iter()
            .find(|c| c.info.name == name)
            .or_else(|| {
                self.columns
                    .iter()
                    .find(|c| c.info.name.eq_ignore_ascii_case(name))
            })
    }

    pub fn infos(&self) -> impl Iterator<Item = &ColumnInfo> {
        self.columns.iter().map(|c| &c.info)
    }

    pub fn row_count(&self) -> usize {
        self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Whether there were more rows, or longer cells, than the limits let through.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    pub fn row(&self, row: usize) -> impl Iterator<Item = Cell<'_>> {
        self.columns.iter().map(move |c| c.cell(row))
    }

    /// The first `limit` rows as JSON arrays.
    pub fn json_rows(&self, limit: usize) -> JsonRows<'_> {
        JsonRows {
            table: self,
            rows: self.rows.min(limit),
        }
    }
}

/// Serializes rows: numbers with every digit, JSON as JSON, the rest as text.
pub struct JsonRows<'a> {
    table: &'a Table,
    rows: usize,
}

impl Serialize for JsonRows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.rows))?;
        for row in 0..self.rows {
            seq.serialize_element(&JsonRow {
                table: self.table,
                row,
            })?;
        }
        seq.end()
    }
}

struct JsonRow<'a> {
    table: &'a Table,
    row: usize,
}

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.table.columns.len()))?;
        for column in &self.table.columns {
            seq.serialize_element(&JsonCell {
                cell: column.cell(self.row),
                type_name: &column.info.type_name,
            })?;
        }
        seq.end()
    }
}

struct JsonCell<'a> {
    cell: Cell<'a>,
    type_name: &'a str,
}

impl Serialize for JsonCell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.cell {
            Cell::Null => serializer.serialize_none(),
            Cell::Bool(b) => serializer.serialize_bool(b),
            Cell::Int(n) => serializer.serialize_i64(n),
            Cell::Text(text) => {
                let bare =
                    is_numeric_type(self.type_name) || matches!(self.type_name, "json" | "jsonb");
                // NaN and infinities have no JSON form, and are text.
                match bare.then(|| RawValue::from_string(text.to_owned())) {
                    Some(Ok(raw)) => raw.serialize(serializer),
                    _ => serializer.serialize_str(text),
                }
            }
        }
    }
}

/// Collects rows into columns.
pub struct TableBuilder {
    columns: Vec<Column>,
    pub truncated: bool,
}

impl TableBuilder {
    pub fn new(columns: impl IntoIterator<Item = (ColumnInfo, Values)>) -> Self {
        Self {
            columns: columns
                .into_iter()
                .map(|(info, values)| Column { info, values })
                .collect(),
            truncated: false,
        }
    }

    pub fn columns_mut(&mut self) -> &mut [Column] {
        &mut self.columns
    }

    pub fn finish(self, rows: usize) -> Table {
        Table {
            columns: self.columns,
            rows,
            truncated: self.truncated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_column(name: &str, type_name: &str, values: &[Option<&str>]) -> Column {
        Column {
            info: ColumnInfo {
                name: name.into(),
                type_name: type_name.into(),
            },
            values: Values::Text(values.iter().map(|v| v.map(Into::into)).collect()),
        }
    }

    #[test]
    fn json_keeps_every_digit() {
        let table = Table::new(
            vec![
                text_column(
                    "n",
                    "numeric(30,20)",
                    &[Some("12345678901.12345678901234567890"), Some("NaN"), None],
                ),
                text_column(
                    "f",
                    "double precision",
                    &[Some("1e+20"), Some("-Infinity"), Some("0.1")],
                ),
                text_column("j", "jsonb", &[Some("{\"a\": 1.10}"), Some("null"), None]),
                text_column("t", "text", &[Some("1"), Some("a\"b"), None]),
            ],
            false,
        );
        assert_eq!(
            serde_json::to_string(&table.json_rows(10)).unwrap(),
            r#"[[12345678901.12345678901234567890,1e+20,{"a": 1.10},"1"],["NaN","-Infinity",null,"a\"b"],[null,0.1,null,null]]"#
        );
    }

    #[test]
    fn finds_a_column_in_any_case_but_prefers_the_exact() {
        let table = Table::new(
            vec![
                text_column("a", "text", &[Some("lower")]),
                text_column("A", "text", &[Some("upper")]),
            ],
            false,
        );
        assert_eq!(table.column("A").unwrap().cell(0), Cell::Text("upper"));
        let one = Table::new(vec![text_column("Total", "text", &[Some("x")])], false);
        assert!(one.column("total").is_some());
    }
}
