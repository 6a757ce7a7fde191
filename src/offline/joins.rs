//! The way from one table to others, over keys.

use std::collections::{BTreeSet, HashMap};
use std::ops::Deref;

/// Rows of `from` name one row of `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub from: usize,
    pub columns: Vec<usize>,
    pub to: usize,
    pub to_columns: Vec<usize>,
    pub declared: bool,
    /// Only the values give it away, not the names.
    pub by_values: bool,
    /// The key is called after what its row is to the other, as `head_id` of employees is.
    pub is_role: bool,
    /// Each row of `to` is named once at the most.
    pub is_single: bool,
}

/// All edges, and which of them each table has.
#[derive(Debug, Clone, Default)]
pub struct Edges {
    all: Vec<Edge>,
    of: HashMap<usize, Vec<usize>>,
}

impl Edges {
    pub fn new(all: Vec<Edge>) -> Self {
        let mut of: HashMap<usize, Vec<usize>> = HashMap::new();
        for (i, edge) in all.iter().enumerate() {
            of.entry(edge.from).or_default().push(i);
            if edge.to != edge.from {
                of.entry(edge.to).or_default().push(i);
            }
        }
        Self { all, of }
    }

    /// Whether some way of keys alone, from the many to the one, leads from a table to another.
    pub fn lead_up(&self, from: usize, to: usize) -> bool {
        let mut seen = vec![from];
        let mut at = 0;
        while at < seen.len() && !seen.contains(&to) {
            for &i in self.of(seen[at]) {
                let edge = &self.all[i];
                if edge.from == seen[at] && !seen.contains(&edge.to) {
                    seen.push(edge.to);
                } else if edge.is_single && edge.to == seen[at] && !seen.contains(&edge.from) {
                    seen.push(edge.from);
                }
            }
            at += 1;
        }
        seen.contains(&to)
    }

    /// The edges of a table, in order.
    fn of(&self, table: usize) -> &[usize] {
        self.of.get(&table).map_or(&[], Vec::as_slice)
    }
}

impl Deref for Edges {
    type Target = [Edge];

    fn deref(&self) -> &[Edge] {
        &self.all
    }
}

/// One step away from a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hop {
    pub edge: usize,
    /// From the key to what it names.
    pub upward: bool,
    /// There is one row at the most.
    pub single: bool,
    pub from: usize,
    pub to: usize,
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
    edges: &Edges,
    root: usize,
    wanted: &BTreeSet<usize>,
    prefer: &dyn Fn(usize) -> bool,
) -> Result<Vec<Hop>, NoWay> {
    extended(edges, root, Vec::new(), wanted, prefer)
}

/// The hops, and those that connect them with all of `wanted`.
///
/// # Errors
/// [`NoWay`], as [`tree`].
pub fn extended(
    edges: &Edges,
    root: usize,
    mut hops: Vec<Hop>,
    wanted: &BTreeSet<usize>,
    prefer: &dyn Fn(usize) -> bool,
) -> Result<Vec<Hop>, NoWay> {
    let mut connected = BTreeSet::from([root]);
    connected.extend(hops.iter().map(|h| h.to));
    let mut open: BTreeSet<usize> = wanted.difference(&connected).copied().collect();
    while !open.is_empty() {
        let way = nearest(edges, &connected, &open, prefer)?;
        for hop in way {
            connected.insert(hop.to);
            open.remove(&hop.to);
            hops.push(hop);
        }
    }
    Ok(hops)
}

/// What is known of the way to a table.
struct Reached {
    distance: u32,
    /// The last step.
    hop: Hop,
    /// Another way is as short.
    several: bool,
}

/// Dijkstra from everything connected to the nearest of `open`; the first of those that are equally near.
fn nearest(
    edges: &Edges,
    connected: &BTreeSet<usize>,
    open: &BTreeSet<usize>,
    prefer: &dyn Fn(usize) -> bool,
) -> Result<Vec<Hop>, NoWay> {
    let mut reached: HashMap<usize, Reached> = HashMap::new();
    let mut next: BTreeSet<(u32, usize)> = BTreeSet::new();
    for &table in connected {
        next.insert((0, table));
    }
    while let Some((distance, at)) = next.pop_first() {
        if open.contains(&at) {
            return way(&reached, at);
        }
        for &i in edges.of(at) {
            let edge = &edges[i];
            let (to, upward) = if edge.from == at {
                (edge.to, true)
            } else {
                (edge.from, false)
            };
            if connected.contains(&to) || to == at {
                continue;
            }
            // A preferred edge is nearer than its equals, and no more than that.
            let far = if edge.by_values { 13 } else { 10 } + if edge.is_role { 2 } else { 0 };
            let near = match (prefer(i), edge.is_role) {
                (true, true) => 3,
                (true, false) => 1,
                _ => 0,
            };
            // Rows that only have the same parent belong together less than those that a third names.
            let turn = !upward && !edge.is_single && reached.get(&at).is_some_and(|r| r.hop.upward);
            let length = distance + far - near + if turn { 12 } else { 0 };
            match reached.get_mut(&to) {
                Some(known) if known.distance < length => continue,
                Some(known) if known.distance == length => {
                    known.several = true;
                    continue;
                }
                Some(known) => drop(next.remove(&(known.distance, to))),
                None => {}
            }
            next.insert((length, to));
            let hop = Hop {
                edge: i,
                upward,
                single: upward || edge.is_single,
                from: at,
                to,
            };
            reached.insert(
                to,
                Reached {
                    distance: length,
                    hop,
                    several: false,
                },
            );
        }
    }
    Err(NoWay::Unconnected)
}

/// The hops to a table, from what is connected on.
fn way(reached: &HashMap<usize, Reached>, to: usize) -> Result<Vec<Hop>, NoWay> {
    let mut hops = Vec::new();
    let mut at = to;
    while let Some(step) = reached.get(&at) {
        if step.several {
            return Err(NoWay::Several);
        }
        hops.push(step.hop);
        at = step.hop.from;
    }
    hops.reverse();
    Ok(hops)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offline::fixture::Fixture;

    #[test]
    fn two_equal_ways_are_no_way() {
        let fixture = Fixture::new(
            "airport(*code text, name text)\nflight(*id integer, source text, target text)",
        )
        .key("flight.source", "airport.code")
        .key("flight.target", "airport.code");
        let lexicon = fixture.lexicon();
        let wanted = BTreeSet::from([0]);
        let way = |prefer: &dyn Fn(usize) -> bool| tree(&lexicon.edges, 1, &wanted, prefer);
        assert_eq!(way(&|_| false), Err(NoWay::Several));
        assert_eq!(way(&|edge| edge == 1).map(|hops| hops[0].edge), Ok(1));
    }
}
