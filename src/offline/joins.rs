//! How tables hang together: declared keys, keys that names give away, and the way from one table to
//! others.

use std::collections::BTreeSet;

use super::lexicon::{TableWords, ValueKind};
use crate::schema::catalog::Catalog;

/// Rows of `from` name one row of `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub from: usize,
    pub columns: Vec<usize>,
    pub to: usize,
    pub to_columns: Vec<usize>,
    pub declared: bool,
}

/// One step away from a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hop {
    pub edge: usize,
    /// From the many to the one.
    pub upward: bool,
    pub from: usize,
    pub to: usize,
}

/// Declared keys, and for tables that declare none the ones that names give away.
pub fn edges(catalog: &Catalog, tables: &mut [TableWords]) -> Vec<Edge> {
    let position =
        |table: &TableWords, name: &String| table.columns.iter().position(|c| c.name == *name);
    let mut edges: Vec<Edge> = Vec::new();
    for key in &catalog.foreign_keys {
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
        });
    }
    let mut inferred = Vec::new();
    for from in 0..tables.len() {
        if tables[from].is_view {
            continue;
        }
        for column in 0..tables[from].columns.len() {
            if edges
                .iter()
                .any(|e| e.from == from && e.columns == [column])
            {
                continue;
            }
            if let Some((to, to_column)) = target(tables, from, column) {
                let known = edges
                    .iter()
                    .any(|e| (e.from == from && e.to == to) || (e.from == to && e.to == from));
                if !known {
                    inferred.push(Edge {
                        from,
                        columns: vec![column],
                        to,
                        to_columns: vec![to_column],
                        declared: false,
                    });
                }
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
    edges
}

/// The one table whose key a column's name speaks of.
fn target(tables: &[TableWords], from: usize, column: usize) -> Option<(usize, usize)> {
    let source = &tables[from].columns[column];
    let mut found = Vec::new();
    for (to, table) in tables.iter().enumerate() {
        if to == from || table.is_view {
            continue;
        }
        for (at, key) in table.columns.iter().enumerate() {
            // Numbers are kept as texts often enough; the join casts them.
            let alike = |kind| matches!(kind, ValueKind::Number | ValueKind::Text);
            if key.kind != source.kind && !(alike(key.kind) && alike(source.kind)) {
                continue;
            }
            let is_key = table.key == [at];
            let may_be_key = is_key || table.key.is_empty();
            if !may_be_key {
                continue;
            }
            let plain_key = matches!(key.words.as_slice(), [w] if w == "id" || w == "code" || w == "name" || w == "key");
            let mut long = table.words.clone();
            long.extend(key.words.iter().cloned());
            let own_name =
                key.words.len() > table.words.len() && key.words.starts_with(&table.words);
            // customer.id ← orders.customer_id; customer.customer_id ← orders.customer_id; state.state_name ← city.state_name
            let matches = (plain_key && source.words == long)
                || (source.words == key.words && own_name)
                || (is_key && source.words == table.words && source.kind == ValueKind::Number)
                || (is_key
                    && source.name == key.name
                    && !plain_key
                    && source.words.len() > 1
                    && tables[from].key != [column]);
            if matches {
                found.push((to, at, is_key));
            }
        }
    }
    if found.iter().any(|f| f.2) {
        found.retain(|f| f.2);
    }
    match found.as_slice() {
        [(to, at, _)] => Some((*to, *at)),
        _ => None,
    }
}

/// Why there is no way between tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoWay {
    Unconnected,
    /// Two ways that are equally near.
    Several,
}

/// The hops that connect `root` with all of `wanted`: each at its nearest to what is connected already.
///
/// `prefer` scores an edge that the question's own words speak for, to choose between equals.
pub fn tree(
    edges: &[Edge],
    root: usize,
    wanted: &BTreeSet<usize>,
    prefer: &dyn Fn(usize) -> bool,
) -> Result<Vec<Hop>, NoWay> {
    let count = edges
        .iter()
        .flat_map(|e| [e.from, e.to])
        .max()
        .map_or(0, |m| m + 1)
        .max(root + 1);
    let mut connected = BTreeSet::from([root]);
    let mut hops: Vec<Hop> = Vec::new();
    let mut open: BTreeSet<usize> = wanted.iter().copied().filter(|t| *t != root).collect();
    while !open.is_empty() {
        let (distance, hop_of, several) = distances(edges, count, &connected, prefer);
        let nearest = open
            .iter()
            .copied()
            .filter(|t| *t < count && distance[*t] < u32::MAX)
            .min_by_key(|t| distance[*t])
            .ok_or(NoWay::Unconnected)?;
        let mut way = Vec::new();
        let mut at = nearest;
        while !connected.contains(&at) {
            if several[at] {
                return Err(NoWay::Several);
            }
            let hop = hop_of[at].ok_or(NoWay::Unconnected)?;
            way.push(hop);
            at = hop.from;
        }
        way.reverse();
        for hop in way {
            connected.insert(hop.to);
            open.remove(&hop.to);
            hops.push(hop);
        }
    }
    Ok(hops)
}

type Distances = (Vec<u32>, Vec<Option<Hop>>, Vec<bool>);

/// Dijkstra from everything connected; `several` marks tables with two equally short ways.
fn distances(
    edges: &[Edge],
    count: usize,
    connected: &BTreeSet<usize>,
    prefer: &dyn Fn(usize) -> bool,
) -> Distances {
    let mut distance = vec![u32::MAX; count];
    let mut hop_of: Vec<Option<Hop>> = vec![None; count];
    let mut several = vec![false; count];
    let mut done = vec![false; count];
    for &t in connected {
        distance[t] = 0;
    }
    while let Some(at) = (0..count)
        .filter(|&t| !done[t] && distance[t] < u32::MAX)
        .min_by_key(|&t| distance[t])
    {
        done[at] = true;
        for (i, edge) in edges.iter().enumerate() {
            let (to, upward) = if edge.from == at {
                (edge.to, true)
            } else if edge.to == at {
                (edge.from, false)
            } else {
                continue;
            };
            if connected.contains(&to) || to == at {
                continue;
            }
            // A preferred edge is nearer than its equals, and no more than that.
            let length = distance[at] + if prefer(i) { 9 } else { 10 };
            if length < distance[to] {
                distance[to] = length;
                hop_of[to] = Some(Hop {
                    edge: i,
                    upward,
                    from: at,
                    to,
                });
                several[to] = false;
            } else if length == distance[to] {
                several[to] = true;
            }
        }
    }
    (distance, hop_of, several)
}
