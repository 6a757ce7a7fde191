//! What the rows say about tables that declare no key: which columns tell their rows apart, and which
//! hold nothing but names of another table's rows.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::ask::{Question, cells};
use super::lexicon::ColumnId;
use super::vocabulary::COMMON;
use super::words::parts;
use crate::db::{Cell, Database, Param};
use crate::schema::catalog::{Catalog, ColumnDef, Relation, RelationKind};
use crate::sql::quote_ident;

/// Tables with more rows are not looked through.
const MOST_ROWS: f64 = 300_000.0;
/// Tables without a key that are looked through.
const MOST_TABLES: usize = 120;
/// Columns of one table, from its first on.
const MOST_COLUMNS: usize = 40;
/// Columns of other tables that one table's may be within; before and after a look at their values.
const MOST_CANDIDATES: usize = 5_000;
const MOST_PAIRS: usize = 200;
/// Characters of what names a row.
const LONGEST_NAME: usize = 200;
/// Values that are looked for, found in one statement.
const MOST_HELD: usize = 50_000;
/// All of it stops after this long, with what it has found.
const TIME: Duration = Duration::from_secs(4);

/// What was found out from rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Tables that were looked through.
    pub seen: HashSet<usize>,
    /// Columns without nulls whose every value stands once.
    pub unique: HashSet<ColumnId>,
    /// Columns whose values stand twice or more, on the average.
    pub repeats: HashSet<ColumnId>,
    /// Text columns that hold days.
    pub days: HashSet<ColumnId>,
    /// Columns all whose values are values of the other, which is unique.
    pub within: HashSet<(ColumnId, ColumnId)>,
}

/// Looks through the tables that declare no key, as far as time allows; an error leaves a table out.
pub async fn look(database: &dyn Database, catalog: &Catalog) -> Facts {
    let deadline = Instant::now() + TIME;
    let mut facts = Facts::default();
    let keyless: Vec<usize> = (0..catalog.relations.len())
        .filter(|&t| is_keyless(&catalog.relations[t]))
        .take(MOST_TABLES)
        .collect();
    if keyless.is_empty() {
        return facts;
    }
    let bounds = look_through(database, catalog, &keyless, deadline, &mut facts).await;
    let mut pairs: Vec<Pair> = Vec::new();
    let targets: BTreeSet<ColumnId> = facts.unique.iter().copied().collect();
    for &table in &keyless {
        pairs.extend(pairs_of(catalog, &facts.unique, &targets, table));
    }
    let held = holding(database, catalog, &pairs, &bounds, deadline).await;
    pairs.retain(|(from, to)| match (bounds.get(from), held.get(to)) {
        (Some([low, high]), _) if low == high || is_prose(low) || is_prose(high) => false,
        (Some([low, high]), Some(held)) => held.contains(low) && held.contains(high),
        _ => true,
    });
    let mut counts: HashMap<usize, usize> = HashMap::new();
    pairs.retain(|(from, _)| {
        let count = counts.entry(from.table).or_default();
        *count += 1;
        *count <= MOST_PAIRS
    });
    within(database, catalog, &pairs, &bounds, deadline, &mut facts).await;
    facts
}

/// Whether a value is too long to name anything.
fn is_prose(value: &str) -> bool {
    value.chars().count() > LONGEST_NAME
}

/// The first and the last value of columns, by bytes.
type Bounds = HashMap<ColumnId, [String; 2]>;

/// Finds out which columns tell rows apart, and which repeat.
async fn look_through(
    database: &dyn Database,
    catalog: &Catalog,
    tables: &[usize],
    deadline: Instant,
    facts: &mut Facts,
) -> Bounds {
    let question = Question {
        statement: &|tables| {
            let parts = tables.iter().map(|&t| columns_query(catalog, t));
            Some(parts.collect::<Vec<_>>().join(" UNION ALL "))
        },
        cells: &|&t| {
            let relation = &catalog.relations[t];
            // Each column is sorted.
            2.0 * cells(relation.rows, comparable(relation).len())
        },
        columns: &[
            ("t", "integer"),
            ("c", "integer"),
            ("u", "boolean"),
            ("r", "boolean"),
            ("low", "text"),
            ("high", "text"),
        ],
        params: &[],
        most_rows: tables.len() * (MOST_COLUMNS + 1),
        timeout: TIME,
        deadline: Some(deadline),
    };
    let mut bounds = Bounds::new();
    for (_, told) in question.ask(database, tables).await.unwrap_or_default() {
        for row in 0..told.row_count() {
            let cells: Vec<Cell> = told.row(row).collect();
            let [
                Cell::Int(table),
                Cell::Int(column),
                unique,
                repeats,
                low,
                high,
            ] = cells[..]
            else {
                continue;
            };
            let Ok(table) = usize::try_from(table) else {
                continue;
            };
            facts.seen.insert(table);
            // The row that only says that the table was looked through.
            let Ok(column) = usize::try_from(column) else {
                continue;
            };
            let id = ColumnId { table, column };
            if unique == Cell::Bool(true) {
                facts.unique.insert(id);
            } else if repeats == Cell::Bool(true) {
                facts.repeats.insert(id);
            }
            if let (Cell::Text(low), Cell::Text(high)) = (low, high) {
                let text = is_text(&catalog.relations[id.table].columns[id.column].type_name);
                if text && is_day(low) && is_day(high) {
                    facts.days.insert(id);
                }
                bounds.insert(id, [low.to_owned(), high.to_owned()]);
            }
        }
    }
    bounds
}

/// Which of the bounds columns have among their values.
async fn holding(
    database: &dyn Database,
    catalog: &Catalog,
    pairs: &[Pair],
    bounds: &Bounds,
    deadline: Instant,
) -> HashMap<ColumnId, HashSet<String>> {
    let bounded = pairs.iter().filter(|(from, _)| bounds.contains_key(from));
    let targets: BTreeSet<ColumnId> = bounded.clone().map(|(_, to)| *to).collect();
    let is_spelt =
        |to: &ColumnId| spelt(&catalog.relations[to.table].columns[to.column], "k").is_some();
    let targets: Vec<ColumnId> = targets.into_iter().filter(is_spelt).collect();
    let wanted: BTreeSet<&String> = bounded
        .filter_map(|(from, _)| bounds.get(from))
        .flatten()
        .collect();
    let wanted = wanted.into_iter().cloned().map(Some).collect();
    let question = Question {
        statement: &|targets: &[ColumnId]| {
            let parts = targets.iter().filter_map(|to| {
                let relation = &catalog.relations[to.table];
                let spelt = spelt(&relation.columns[to.column], "k")?;
                Some(format!(
                    "SELECT {} AS t, {} AS c, {spelt} AS v FROM {} AS k WHERE {spelt} = ANY(CAST($1 AS text[]))",
                    to.table, to.column, relation.sql_name()
                ))
            });
            Some(parts.collect::<Vec<_>>().join(" UNION ALL "))
        },
        cells: &|to| cells(catalog.relations[to.table].rows, 1),
        columns: &[("t", "integer"), ("c", "integer"), ("v", "text")],
        params: &[Param::List(wanted)],
        most_rows: MOST_HELD,
        timeout: TIME,
        deadline: Some(deadline),
    };
    let mut held: HashMap<ColumnId, HashSet<String>> = HashMap::new();
    let answers = question.ask(database, &targets).await.unwrap_or_default();
    for (targets, told) in answers.iter().filter(|(_, told)| !told.is_truncated()) {
        held.extend(targets.iter().map(|to| (*to, HashSet::new())));
        for row in 0..told.row_count() {
            let cells: Vec<Cell> = told.row(row).collect();
            if let [Cell::Int(table), Cell::Int(column), Cell::Text(value)] = cells[..]
                && let (Ok(table), Ok(column)) = (usize::try_from(table), usize::try_from(column))
                && let Some(held) = held.get_mut(&ColumnId { table, column })
            {
                held.insert(value.to_owned());
            }
        }
    }
    held
}

/// Finds out which columns hold nothing but values of the other.
async fn within(
    database: &dyn Database,
    catalog: &Catalog,
    pairs: &[Pair],
    bounds: &Bounds,
    deadline: Instant,
    facts: &mut Facts,
) {
    let rows = |c: ColumnId| cells(catalog.relations[c.table].rows, 1);
    let places: Vec<usize> = (0..pairs.len()).collect();
    let question = Question {
        statement: &|places| {
            let parts = places
                .iter()
                .map(|&at| within_query(catalog, at, pairs[at], bounds.contains_key(&pairs[at].0)));
            Some(parts.collect::<Vec<_>>().join(" UNION ALL "))
        },
        cells: &|&at| rows(pairs[at].0) + rows(pairs[at].1),
        columns: &[("p", "integer"), ("y", "boolean")],
        params: &[],
        most_rows: pairs.len(),
        timeout: TIME,
        deadline: Some(deadline),
    };
    for (_, told) in question.ask(database, &places).await.unwrap_or_default() {
        for row in 0..told.row_count() {
            let cells: Vec<Cell> = told.row(row).collect();
            if let [Cell::Int(at), Cell::Bool(true)] = cells[..]
                && let Some(pair) = usize::try_from(at).ok().and_then(|at| pairs.get(at))
            {
                facts.within.insert(*pair);
            }
        }
    }
}

fn is_keyless(relation: &Relation) -> bool {
    let table = matches!(
        relation.kind,
        RelationKind::Table | RelationKind::PartitionedTable | RelationKind::ForeignTable
    );
    table
        && relation.primary_key.is_empty()
        && relation.unique_keys.is_empty()
        && relation.rows.is_none_or(|n| n <= MOST_ROWS)
}

/// `YYYY-MM-DD`, perhaps with a time.
fn is_day(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range)
            .is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit()))
    };
    let bytes = text.as_bytes();
    let number = |range: std::ops::Range<usize>| {
        text.get(range)
            .and_then(|t| t.parse::<u32>().ok())
            .unwrap_or(0)
    };
    text.len() >= 10
        && (1..=12).contains(&number(5..7))
        && (1..=31).contains(&number(8..10))
        && digits(0..4)
        && digits(5..7)
        && digits(8..10)
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && matches!(bytes.get(10), None | Some(b' ' | b'T'))
}

fn is_text(type_name: &str) -> bool {
    ["text", "character", "citext", "name"]
        .iter()
        .any(|t| type_name.starts_with(t))
        && !type_name.ends_with("[]")
}

fn is_whole(type_name: &str) -> bool {
    matches!(
        type_name,
        "smallint" | "integer" | "bigint" | "numeric" | "uuid"
    )
}

/// Columns whose values may tell rows apart.
fn comparable(relation: &Relation) -> Vec<usize> {
    (0..relation.columns.len())
        .take(MOST_COLUMNS)
        .filter(|&c| {
            let type_name = relation.columns[c].type_name.as_str();
            is_text(type_name) || is_whole(type_name)
        })
        .collect()
}

/// The first may hold nothing but values of the second.
type Pair = (ColumnId, ColumnId);

/// Columns of `table` that may hold names of rows: of the same name as a unique one of another table, or
/// texts, which may be called anything.
fn pairs_of(
    catalog: &Catalog,
    unique: &HashSet<ColumnId>,
    targets: &BTreeSet<ColumnId>,
    table: usize,
) -> Vec<Pair> {
    let relation = &catalog.relations[table];
    let mut found = Vec::new();
    for column in comparable(relation) {
        let source = ColumnId { table, column };
        let def = &relation.columns[column];
        if is_plain(def) {
            continue;
        }
        for &to in targets.iter().filter(|to| to.table != table) {
            let target = &catalog.relations[to.table].columns[to.column];
            let same = def.name.eq_ignore_ascii_case(&target.name);
            let texts =
                is_text(&def.type_name) && is_text(&target.type_name) && !unique.contains(&source);
            if (same && def.type_name == target.type_name) || texts {
                found.push((source, to));
            }
        }
    }
    found.truncate(MOST_CANDIDATES);
    found
}

/// Whether its name says already whether it is a key ([`super::keys`]), whatever it holds.
fn is_plain(column: &ColumnDef) -> bool {
    if is_text(&column.type_name) {
        return column.name.eq_ignore_ascii_case("name");
    }
    let parts = parts(&column.name);
    let last = parts.last().map_or("", String::as_str);
    matches!(last, "id" | "uuid" | "key" | "guid" | "code" | "number")
        || (parts.len() == 1 && (last.len() <= 4 || COMMON.contains(last)))
}

/// A column, as a query writes it: its table's name and its own.
fn place(catalog: &Catalog, id: ColumnId) -> (String, String) {
    let relation = &catalog.relations[id.table];
    let column = &relation.columns[id.column];
    (relation.sql_name(), quote_ident(&column.name))
}

/// A column's values as texts, where those that are equal are spelt the same.
fn spelt(column: &ColumnDef, alias: &str) -> Option<String> {
    let name = quote_ident(&column.name);
    match column.type_name.as_str() {
        "citext" => None,
        "numeric" => Some(format!("CAST(trim_scale({alias}.{name}) AS text)")),
        _ => Some(format!("CAST({alias}.{name} AS text)")),
    }
}

/// A row for each column, and one for the table; none where it has no two rows.
fn columns_query(catalog: &Catalog, table: usize) -> String {
    let relation = &catalog.relations[table];
    let mut told = String::from("count(*) > 1 AS many");
    let mut rows = format!("({table}, -1, false, false, CAST(NULL AS text), CAST(NULL AS text))");
    for c in comparable(relation) {
        let column = &relation.columns[c];
        let name = quote_ident(&column.name);
        let _ = write!(
            told,
            ", count(DISTINCT t.{name}) = count(*) AS u{c}, count(DISTINCT t.{name}) * 2 <= count(*) AS r{c}"
        );
        let Some(spelt) = spelt(column, "t").filter(|_| !is_plain(column)) else {
            let _ = write!(rows, ", ({table}, {c}, q.u{c}, q.r{c}, NULL, NULL)");
            continue;
        };
        let _ = write!(
            told,
            ", left(min({spelt} COLLATE \"C\"), {most}) AS l{c}, left(max({spelt} COLLATE \"C\"), {most}) AS h{c}",
            most = LONGEST_NAME + 1
        );
        let _ = write!(rows, ", ({table}, {c}, q.u{c}, q.r{c}, q.l{c}, q.h{c})");
    }
    format!(
        "SELECT x.t, x.c, x.u, x.r, x.low, x.high FROM (SELECT {told} FROM {} AS t) AS q \
         CROSS JOIN LATERAL (VALUES {rows}) AS x(t, c, u, r, low, high) WHERE q.many",
        relation.sql_name()
    )
}

/// `is_varied`: whether the column is known to hold more than one value.
fn within_query(catalog: &Catalog, at: usize, (source, target): Pair, is_varied: bool) -> String {
    let (from, column) = place(catalog, source);
    let (to, key) = place(catalog, target);
    let several = match is_varied {
        true => String::new(),
        false => format!("(SELECT count(DISTINCT t.{column}) > 1 FROM {from} AS t) AND "),
    };
    // It ends at the first that is none.
    format!(
        "SELECT {at} AS p, {several}NOT EXISTS (SELECT 1 FROM {from} AS t \
         WHERE t.{column} IS NOT NULL AND t.{column} NOT IN (SELECT k.{key} FROM {to} AS k)) AS y"
    )
}
