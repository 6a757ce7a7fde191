//! How tables hang together: declared keys, and keys that names and rows give away.

use std::collections::{HashMap, HashSet};

use super::facts::Facts;
use super::joins::Edge;
use super::labels::is_called_key;
use super::lexicon::{Column, ColumnId, TableWords, ValueKind};
use super::words::stem;
use crate::schema::catalog::Catalog;

/// Declared keys, and for tables that declare none the ones that names give away.
pub fn edges(catalog: &Catalog, tables: &mut [TableWords], facts: &Facts) -> Vec<Edge> {
    let position =
        |table: &TableWords, name: &String| table.columns.iter().position(|c| c.name == *name);
    let mut edges: Vec<Edge> = Vec::new();
    for key in catalog.foreign_keys.iter().filter(|k| !k.inferred) {
        let columns = key
            .columns
            .iter()
            .filter_map(|n| position(&tables[key.from], n))
            .collect();
        let to_columns = key
            .to_columns
            .iter()
            .filter_map(|n| position(&tables[key.to], n))
            .collect();
        edges.push(Edge {
            from: key.from,
            columns,
            to: key.to,
            to_columns,
            declared: true,
            by_values: false,
            is_role: false,
            is_single: false,
        });
    }
    let joined: HashSet<(usize, &[usize])> =
        edges.iter().map(|e| (e.from, &e.columns[..])).collect();
    let paired: HashSet<(usize, usize)> = edges.iter().map(|e| (e.from, e.to)).collect();
    let called = called(tables);
    let mut inferred = Vec::new();
    for from in 0..tables.len() {
        if tables[from].is_view {
            continue;
        }
        for column in 0..tables[from].columns.len() {
            if joined.contains(&(from, &[column])) {
                continue;
            }
            if let Some((to, to_column)) = target(tables, &called, facts, from, column)
                && !paired.contains(&(from, to))
                && !paired.contains(&(to, from))
            {
                inferred.push(Edge {
                    from,
                    columns: vec![column],
                    to,
                    to_columns: vec![to_column],
                    declared: false,
                    by_values: false,
                    is_role: false,
                    is_single: false,
                });
            }
        }
    }
    for edge in &inferred {
        tables[edge.from].columns[edge.columns[0]].is_key = true;
        if tables[edge.to].key.is_empty() {
            tables[edge.to].key = edge.to_columns.clone();
        }
    }
    edges.extend(inferred);
    edges.extend(by_values(tables, facts, &edges));
    let twins: HashSet<(usize, usize)> = (1..edges.len())
        .filter(|&i| {
            edges[..i]
                .iter()
                .any(|e| (e.from, e.to) == (edges[i].from, edges[i].to))
        })
        .map(|i| (edges[i].from, edges[i].to))
        .collect();
    for edge in &mut edges {
        let ([from], [to]) = (edge.columns.as_slice(), edge.to_columns.as_slice()) else {
            continue;
        };
        let (source, target) = (
            &tables[edge.from].columns[*from],
            &tables[edge.to].columns[*to],
        );
        let words = &tables[edge.to].words;
        let named = source.name.eq_ignore_ascii_case(&target.name)
            || source.words.starts_with(words)
            || words.iter().any(|w| source.words.contains(w))
            || source.words.len() == 1;
        edge.is_role = !named && !edge.by_values;
        edge.is_role |= twins.contains(&(edge.from, edge.to))
            && !source.name.eq_ignore_ascii_case(&target.name);
        let own = &tables[edge.from];
        edge.is_single = edge.from != edge.to && (own.unique.contains(from) || own.key == [*from]);
    }
    edges
}

/// Text columns that hold nothing but the names of another table's rows, whatever they are called.
fn by_values(tables: &[TableWords], facts: &Facts, edges: &[Edge]) -> Vec<Edge> {
    let mut within: Vec<&(ColumnId, ColumnId)> = facts.within.iter().collect();
    within.sort();
    let mut found: Vec<Edge> = Vec::new();
    for (from, to) in within.iter().copied() {
        let column = &tables[from.table].columns[from.column];
        let joined = edges
            .iter()
            .any(|e| e.from == from.table && e.columns == [from.column]);
        let names = tables[to.table].key == [to.column]
            && tables[to.table].columns[to.column].kind == ValueKind::Text;
        let several = within
            .iter()
            .filter(|(f, t)| f == from && tables[t.table].key == [t.column])
            .count();
        if !joined && names && several == 1 && !column.is_key && column.words != ["name"] {
            found.push(Edge {
                from: from.table,
                columns: vec![from.column],
                to: to.table,
                to_columns: vec![to.column],
                declared: false,
                by_values: true,
                is_role: false,
                is_single: false,
            });
        }
    }
    found
}

/// Columns that rows of other tables may be named by, under all that a column may be called that names them.
type Called = HashMap<String, Vec<(usize, usize)>>;

fn called(tables: &[TableWords]) -> Called {
    let mut called = Called::new();
    for (to, table) in tables.iter().enumerate().filter(|(_, t)| !t.is_view) {
        for (at, key) in table.columns.iter().enumerate() {
            if !may_be_key(table, at) {
                continue;
            }
            let mut put = |name: String| called.entry(name).or_default().push((to, at));
            if is_plain(key) {
                put([&table.words[..], &key.words].concat().join(" "));
            } else {
                put(key.name.to_ascii_lowercase());
            }
            if is_own(table, key) {
                put(key.words.join(" "));
            }
            if table.key == [at] {
                put(table.words.join(" "));
            }
        }
    }
    called
}

fn may_be_key(table: &TableWords, column: usize) -> bool {
    table.key == [column]
        || table.unique.contains(&column)
        || (table.key.is_empty() && !table.is_seen)
}

/// `id`, `name`: says nothing about whose it is.
fn is_plain(key: &Column) -> bool {
    matches!(key.words.as_slice(), [w] if w == "id" || w == "code" || w == "name" || w == "key")
}

/// `customer_id` of customer.
fn is_own(table: &TableWords, key: &Column) -> bool {
    key.words.len() > table.words.len() && key.words.starts_with(&table.words)
}

/// The one table whose key a column's name speaks of.
fn target(
    tables: &[TableWords],
    called: &Called,
    facts: &Facts,
    from: usize,
    column: usize,
) -> Option<(usize, usize)> {
    let source = &tables[from].columns[column];
    let names = [source.words.join(" "), source.name.to_ascii_lowercase()];
    let mut candidates: Vec<(usize, usize)> = names
        .iter()
        .filter_map(|name| called.get(name))
        .flatten()
        .copied()
        .collect();
    candidates.sort_unstable();
    candidates.dedup();
    let mut found = Vec::new();
    for (to, at) in candidates.into_iter().filter(|(to, _)| *to != from) {
        let (table, key) = (&tables[to], &tables[to].columns[at]);
        // Numbers are kept as texts often enough; the join casts them.
        let alike = |kind| matches!(kind, ValueKind::Number | ValueKind::Text);
        if key.kind != source.kind && !(alike(key.kind) && alike(source.kind)) {
            continue;
        }
        let is_key = table.key == [at];
        let plain_key = is_plain(key);
        // customer.id ← orders.customer_id; customer.customer_id ← orders.customer_id; state.state_name ← city.state_name
        let matches = (plain_key && source.words.iter().eq(table.words.iter().chain(&key.words)))
            || (source.words == key.words && is_own(table, key))
            || (is_key && source.words == table.words && source.kind == ValueKind::Number)
            || (is_key
                && source.name == key.name
                && !plain_key
                && source.words.len() > 1
                && tables[from].key != [column]);
        let id = |table, column| ColumnId { table, column };
        let shared = table.is_seen
            && table.unique.contains(&at)
            && source.name.eq_ignore_ascii_case(&key.name)
            && !plain_key
            && (is_called_key(key)
                || (!is_common(key) && facts.within.contains(&(id(from, column), id(to, at)))))
            // Of two tables that know their rows by it, the one that is called like it owns it.
            && (!tables[from].unique.contains(&column)
                || (owns(table, at), from) > (owns(&tables[from], column), to));
        if matches {
            found.push((to, at, 4 + u8::from(is_key)));
        } else if shared {
            found.push((to, at, owns(table, at)));
        }
    }
    let best = found.iter().map(|f| f.2).max();
    found.retain(|f| Some(f.2) == best);
    match found.as_slice() {
        [(to, at, _)] => Some((*to, *at)),
        _ => None,
    }
}

/// Whether columns of many tables are called so, whatever they are of.
fn is_common(column: &Column) -> bool {
    const COMMON: &[&str] = &[
        "name",
        "title",
        "year",
        "number",
        "description",
        "rank",
        "type",
        "kind",
        "status",
        "date",
        "day",
        "month",
        "note",
        "comment",
        "label",
        "position",
        "level",
        "rating",
        "age",
        "amount",
        "price",
    ];
    matches!(column.words.as_slice(), [word] if COMMON.iter().any(|c| *word == stem(c)))
}

/// How plainly a column is a table's own: `customer_id` or `cid` of customer.
fn owns(table: &TableWords, column: usize) -> u8 {
    let words = &table.columns[column].words;
    let initial = |text: &str| text.chars().next();
    let spelt = match words.as_slice() {
        [short] if short.ends_with("id") => initial(short) == initial(&table.joined),
        _ => false,
    };
    if words.starts_with(&table.words) {
        3
    } else {
        u8::from(table.key == [column]) + u8::from(spelt)
    }
}

#[cfg(test)]
mod tests {
    use crate::offline::fixture::Fixture;

    /// Edges as `from.column>to.column`; those that only the values show with `~`.
    fn told(fixture: &Fixture) -> Vec<String> {
        let lexicon = fixture.lexicon();
        let name = |table: usize, columns: &[usize]| {
            let table = &lexicon.tables[table];
            format!("{}.{}", table.name, table.columns[columns[0]].name)
        };
        let edges = lexicon.edges.iter().map(|e| {
            let mark = if e.by_values { "~" } else { ">" };
            format!(
                "{}{mark}{}",
                name(e.from, &e.columns),
                name(e.to, &e.to_columns)
            )
        });
        edges.collect()
    }

    #[test]
    fn keys_are_found_by_names_and_rows() {
        for (tables, within, edges) in [
            (
                "customer(*id integer, name text)\norders(*id integer, customer_id integer)",
                vec![],
                vec!["orders.customer_id>customer.id"],
            ),
            // A short id is its table's whose initial it has, where both know their rows by it.
            (
                "author(!aid bigint, name text)\nprofile(!aid bigint, text text)",
                vec![],
                vec!["profile.aid>author.aid"],
            ),
            (
                "author(!aid bigint, name text)\nwrites(~aid bigint, ~pid bigint)\npaper(!pid bigint, title text)",
                vec![],
                vec!["writes.aid>author.aid", "writes.pid>paper.pid"],
            ),
            // Not unique in either, or equal by chance.
            (
                "a(~zone_id bigint, x text)\nb(~zone_id bigint, y text)",
                vec![],
                vec![],
            ),
            (
                "a(!name text, x bigint)\nb(!name text, y bigint)",
                vec![],
                vec![],
            ),
            (
                "city(!city_name text, county text)\nshop(!id bigint, ~city_name text)",
                vec![("shop.city_name", "city.city_name")],
                vec!["shop.city_name>city.city_name"],
            ),
            (
                "state(!state_name text)\nriver(~river_name text, ~traverse text)",
                vec![("river.traverse", "state.state_name")],
                vec!["river.traverse~state.state_name"],
            ),
        ] {
            let fixture = within
                .iter()
                .fold(Fixture::new(tables), |f, (from, to)| f.within(from, to));
            assert_eq!(told(&fixture), edges, "{tables}");
        }
    }
}
