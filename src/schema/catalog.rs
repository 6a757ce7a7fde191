//! The target database's own description of itself, read from `pg_catalog` in five queries whatever its size.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::exclude::Exclusions;
use crate::db::script::{results, rows};
use crate::db::{DbError, Pool};
use crate::sql::quote_ident;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationKind {
    Table,
    PartitionedTable,
    View,
    MaterializedView,
    ForeignTable,
}

impl RelationKind {
    fn from_relkind(kind: &str) -> Self {
        match kind {
            "p" => Self::PartitionedTable,
            "v" => Self::View,
            "m" => Self::MaterializedView,
            "f" => Self::ForeignTable,
            _ => Self::Table,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::PartitionedTable => "partitioned table",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::ForeignTable => "foreign table",
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnDef {
    pub name: String,
    pub type_name: String,
    pub not_null: bool,
    pub comment: Option<String>,
    /// Labels of the enum that the column's type is made of.
    pub labels: Vec<String>,
    /// The type under a domain.
    pub domain_of: Option<String>,
    /// The comment on the column's own type, an enum or a domain.
    pub type_comment: Option<String>,
    /// A few typical values, where they may be shown.
    pub values: Vec<String>,
    /// Keys found in samples of a JSON column.
    pub keys: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Relation {
    pub schema: String,
    pub name: String,
    pub kind: RelationKind,
    /// Whether its name alone finds it, by the role's `search_path`.
    pub visible: bool,
    /// Rows, as the server last estimated them.
    pub rows: Option<f64>,
    pub comment: Option<String>,
    pub columns: Vec<ColumnDef>,
    pub primary_key: Vec<String>,
    pub unique_keys: Vec<Vec<String>>,
    /// The query of a view.
    pub definition: Option<String>,
    /// The relations that a view reads.
    pub draws_on: Vec<usize>,
}

impl Relation {
    /// `schema.name`, unquoted: the name it is stored under.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// The name as a query must write it.
    pub fn sql_name(&self) -> String {
        if self.visible {
            quote_ident(&self.name)
        } else {
            format!("{}.{}", quote_ident(&self.schema), quote_ident(&self.name))
        }
    }
}

/// `from.columns` reference `to.to_columns`; both sides index [`Catalog::relations`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    pub from: usize,
    pub columns: Vec<String>,
    pub to: usize,
    pub to_columns: Vec<String>,
    /// Guessed from names, types and values; not declared.
    pub inferred: bool,
}

/// All that the role may read, less system schemas, pgagent's own, and what the person excludes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalog {
    pub relations: Vec<Relation>,
    pub foreign_keys: Vec<ForeignKey>,
}

type RelationRow = (
    i64,
    String,
    String,
    String,
    bool,
    Option<f64>,
    Option<String>,
    Option<String>,
);
type ColumnRow = (
    i64,
    i32,
    String,
    String,
    bool,
    i64,
    Option<String>,
    Option<String>,
    Option<String>,
);
type ConstraintRow = (i64, String, Vec<i32>, i64, Option<Vec<i32>>);

impl Catalog {
    /// How many relations the role may read, counted no further than `most`.
    ///
    /// # Errors
    /// Any [`DbError`].
    pub async fn count(pool: &Pool, most: i64) -> Result<i64, DbError> {
        let mut connection = pool.get().await?;
        let query = include_str!("queries/count.sql").replace("$1", &most.to_string());
        let row = sqlx::raw_sql(AssertSqlSafe(query))
            .fetch_one(connection.as_mut()?)
            .await?;
        connection.give_back();
        Ok(row.try_get(0)?)
    }

    /// Reads the catalog in one read-only transaction.
    ///
    /// # Errors
    /// Any [`DbError`].
    pub async fn read(pool: &Pool, excluded: &Exclusions) -> Result<Self, DbError> {
        let mut connection = pool.get().await?;
        let catalog = Self::read_on(connection.as_mut()?, excluded).await?;
        connection.give_back();
        Ok(catalog)
    }

    async fn read_on(
        connection: &mut PgConnection,
        excluded: &Exclusions,
    ) -> Result<Self, DbError> {
        let begin =
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 60000";
        let script = format!("{begin}; {}", include_str!("queries/relations.sql"));
        let [_, _, relations] = results(connection, script).await?;
        let relations: Vec<RelationRow> = rows(&relations)?;
        let relations: Vec<RelationRow> = relations
            .into_iter()
            .filter(|(_, schema, name, ..)| !excluded.has_table(schema, name))
            .collect();
        let oids: Vec<String> = relations.iter().map(|r| r.0.to_string()).collect();
        let oids = format!("'{{{}}}'", oids.join(","));
        let of_these = |query: &str| query.replace("$1", &oids);
        let script = format!(
            "{}; {}; {}; {}; ROLLBACK",
            of_these(include_str!("queries/columns.sql")),
            of_these(include_str!("queries/constraints.sql")),
            of_these(include_str!("queries/sources.sql")),
            include_str!("queries/enums.sql"),
        );
        let [columns, constraints, sources, enums, _] = results(connection, script).await?;
        let enums: Vec<(i64, Vec<String>)> = rows(&enums)?;
        let mut catalog = Self::assemble(
            relations,
            rows(&columns)?,
            rows(&constraints)?,
            rows(&sources)?,
            enums.into_iter().collect(),
        );
        catalog.leave_out(excluded);
        Ok(catalog)
    }

    fn assemble(
        relation_rows: Vec<RelationRow>,
        column_rows: Vec<ColumnRow>,
        constraint_rows: Vec<ConstraintRow>,
        source_rows: Vec<(i64, Vec<i64>)>,
        enums: HashMap<i64, Vec<String>>,
    ) -> Self {
        let mut index = HashMap::with_capacity(relation_rows.len());
        let mut relations = Vec::with_capacity(relation_rows.len());
        for (oid, schema, name, kind, visible, rows, comment, definition) in relation_rows {
            index.insert(oid, relations.len());
            relations.push(Relation {
                schema,
                name,
                kind: RelationKind::from_relkind(&kind),
                visible,
                rows,
                comment,
                columns: Vec::new(),
                primary_key: Vec::new(),
                unique_keys: Vec::new(),
                definition,
                draws_on: Vec::new(),
            });
        }
        let mut names: HashMap<(i64, i32), String> = HashMap::with_capacity(column_rows.len());
        for (oid, number, name, type_name, not_null, type_oid, comment, domain_of, type_comment) in
            column_rows
        {
            let Some(&at) = index.get(&oid) else { continue };
            names.insert((oid, number), name.clone());
            relations[at].columns.push(ColumnDef {
                name,
                type_name,
                not_null,
                comment,
                labels: enums.get(&type_oid).cloned().unwrap_or_default(),
                domain_of,
                type_comment,
                ..ColumnDef::default()
            });
        }
        let mut foreign_keys = Vec::new();
        for (oid, kind, key, to_oid, to_key) in constraint_rows {
            // A key over a column that the role may not read is no use to a planner.
            let named = |oid: i64, key: &[i32]| -> Option<Vec<String>> {
                key.iter().map(|n| names.get(&(oid, *n)).cloned()).collect()
            };
            let (Some(&from), Some(columns)) = (index.get(&oid), named(oid, &key)) else {
                continue;
            };
            match kind.as_str() {
                "p" => relations[from].primary_key = columns,
                "u" => relations[from].unique_keys.push(columns),
                _ => {
                    let to_columns = named(to_oid, &to_key.unwrap_or_default());
                    if let (Some(&to), Some(to_columns)) = (index.get(&to_oid), to_columns) {
                        foreign_keys.push(ForeignKey {
                            from,
                            columns,
                            to,
                            to_columns,
                            inferred: false,
                        });
                    }
                }
            }
        }
        for (oid, sources) in source_rows {
            if let Some(&at) = index.get(&oid) {
                relations[at].draws_on = sources
                    .iter()
                    .filter_map(|oid| index.get(oid).copied())
                    .collect();
            }
        }
        Self {
            relations,
            foreign_keys,
        }
    }

    /// Takes out excluded columns, and with them the keys and view definitions that would tell of them.
    fn leave_out(&mut self, excluded: &Exclusions) {
        if excluded.is_empty() {
            return;
        }
        let has = |relation: &Relation, columns: &[String]| {
            let is_out =
                |column: &String| excluded.has_column(&relation.schema, &relation.name, column);
            columns.iter().any(is_out)
        };
        let relations = &self.relations;
        self.foreign_keys.retain(|key| {
            !has(&relations[key.from], &key.columns) && !has(&relations[key.to], &key.to_columns)
        });
        for relation in &mut self.relations {
            relation.definition = None;
            if has(relation, &relation.primary_key) {
                relation.primary_key.clear();
            }
            let mut unique_keys = std::mem::take(&mut relation.unique_keys);
            unique_keys.retain(|key| !has(relation, key));
            relation.unique_keys = unique_keys;
            let (schema, name) = (&relation.schema, &relation.name);
            relation
                .columns
                .retain(|column| !excluded.has_column(schema, name, &column.name));
        }
    }

    /// Names of relations and of columns (`relation.column`) that are spelt much like `name`, nearest first.
    pub fn near(&self, name: &str, limit: usize) -> Vec<String> {
        let wanted = name.rsplit('.').next().unwrap_or(name).to_lowercase();
        let mut found: Vec<(f64, String)> = Vec::new();
        let mut consider = |candidate: &str, shown: &dyn Fn() -> String| {
            let candidate = candidate.to_lowercase();
            let mut score = strsim::jaro_winkler(&wanted, &candidate);
            if wanted.len() > 2
                && candidate.len() > 2
                && (candidate.contains(&wanted) || wanted.contains(&candidate))
            {
                score = score.max(0.9);
            }
            if score >= 0.8 {
                found.push((score, shown()));
            }
        };
        for relation in &self.relations {
            consider(&relation.name, &|| relation.sql_name());
            for column in &relation.columns {
                consider(&column.name, &|| {
                    format!("{}.{}", relation.sql_name(), quote_ident(&column.name))
                });
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        found
            .into_iter()
            .map(|(_, name)| name)
            .take(limit)
            .collect()
    }
}
