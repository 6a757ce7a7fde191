//! The way from one table to others, over keys.

use std::collections::BTreeSet;

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
    extended(edges, root, Vec::new(), wanted, prefer)
}

/// The hops, and those that connect them with all of `wanted`.
///
/// # Errors
/// [`NoWay`], as [`tree`].
pub fn extended(
    edges: &[Edge],
    root: usize,
    mut hops: Vec<Hop>,
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
    connected.extend(hops.iter().map(|h| h.to));
    let mut open: BTreeSet<usize> = wanted.difference(&connected).copied().collect();
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
            let far = if edge.by_values { 13 } else { 10 };
            let length = distance[at] + far - u32::from(prefer(i));
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
