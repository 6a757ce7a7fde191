//! Honest queries with pieces of attacks in them: the guard never panics, and what it lets through does
//! nothing on a real server. `PGAGENT_MUTATION_SECONDS` sets how long; a moment without it.

use std::time::{Duration, Instant};

use pgagent::sql::{self, Policy};
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::{SCHEMA, corpus, residue};
use crate::support::TestDatabase;

/// Mutations of one run when no time is given.
const ROUNDS: usize = 4_000;

/// Marsaglia's xorshift64: the same mutations every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Words, runs of white space and single marks.
fn pieces(statement: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = statement;
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let length = if word(first) {
            rest.find(|c| !word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (piece, after) = rest.split_at(length);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

fn mutated(honest: &str, other: &str, random: &mut Random) -> String {
    let mut base = pieces(honest);
    let other = pieces(other);
    for _ in 0..=random.below(2) {
        let at = random.below(base.len());
        let gone = random.below(4).min(base.len() - at);
        let from = random.below(other.len());
        let taken = random.below(8).min(other.len() - from);
        base.splice(at..at + gone, other[from..from + taken].iter().copied());
    }
    base.concat()
}

fn next(honest: &[String], others: &[String], random: &mut Random) -> String {
    let base = random.of(honest).clone();
    let other = random.of(others).clone();
    mutated(&base, &other, random)
}

#[tokio::test]
async fn mutated_queries_that_pass_leave_nothing_behind() {
    let _alone = residue::ALONE.lock().await;
    let others: Vec<String> = corpus::load("attacks").into_values().flatten().collect();
    let honest: Vec<String> = corpus::load("honest").into_values().flatten().collect();
    let mut random = Random(0x5eed);
    let until = std::env::var("PGAGENT_MUTATION_SECONDS")
        .ok()
        .map(|seconds| Instant::now() + Duration::from_secs(seconds.parse().unwrap()));
    let database = TestDatabase::create(&format!("{SCHEMA}{}", residue::SCHEMA)).await;
    let mut connections = match &database {
        Some(database) => Some((
            PgConnection::connect(&database.url).await.unwrap(),
            PgConnection::connect(&database.url).await.unwrap(),
        )),
        None => None,
    };
    let mut before = String::new();
    if let Some((admin, _)) = &mut connections {
        before = residue::traces(admin).await;
    }
    let mut accepted = 0;
    for round in 0.. {
        if until.map_or(round >= ROUNDS, |until| Instant::now() >= until) {
            break;
        }
        let statement = next(&honest, &others, &mut random);
        let Ok(checked) = sql::check(&statement, &Policy::default()) else {
            continue;
        };
        accepted += 1;
        if let Some((admin, attacked)) = &mut connections {
            residue::attack(attacked, checked.text())
                .await
                .unwrap_or_else(|e| panic!("the connection broke: {e}\n{statement}"));
            assert_eq!(residue::traces(admin).await, before, "{statement}");
        }
    }
    assert!(
        accepted > ROUNDS / 100,
        "{accepted} passed: nothing was tried"
    );
    if let (Some(database), Some((admin, attacked))) = (database, connections) {
        admin.close().await.unwrap();
        attacked.close().await.unwrap();
        database.drop().await;
    }
}

#[test]
fn mutations_keep_the_pieces() {
    let honest = "SELECT lower(a) FROM t";
    assert_eq!(pieces(honest).concat(), honest);
    let mut random = Random(1);
    let changed: usize = (0..50)
        .filter(|_| mutated(honest, "DELETE FROM x", &mut random) != honest)
        .count();
    assert!(changed > 25, "{changed}");
}
