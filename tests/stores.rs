//! One contract for every session store.

use std::time::Duration;

use pgagent::agent::TotalUsage;
use pgagent::config::Secret;
use pgagent::session::{MemoryStore, RedisStore, SessionId, SessionStore, Turn};

use crate::support::server;

fn turn(n: usize) -> Turn {
    Turn {
        question: format!("q{n} \u{1f418}"),
        answer: "a".to_owned(),
        steps: Vec::new(),
        share: None,
        usage: TotalUsage::default(),
        at: n as u64,
    }
}

async fn keeps_its_contract(store: &dyn SessionStore) {
    let (one, other) = (SessionId::random(), SessionId::random());
    assert_eq!(store.load(&one, 10).await.unwrap(), []);
    for n in 0..3 {
        store.append(&one, &turn(n)).await.unwrap();
    }
    assert_eq!(
        store.load(&one, 10).await.unwrap(),
        [turn(0), turn(1), turn(2)]
    );
    assert_eq!(store.load(&one, 2).await.unwrap(), [turn(1), turn(2)]);
    assert_eq!(store.load(&one, 0).await.unwrap(), []);
    assert_eq!(store.load(&other, 10).await.unwrap(), []);
    assert_eq!(store.undo(&one).await.unwrap(), Some(turn(2)));
    assert_eq!(store.load(&one, 10).await.unwrap(), [turn(0), turn(1)]);
    assert_eq!(store.undo(&other).await.unwrap(), None);
    // Side by side, no turn is lost.
    futures::future::join_all((0..50).map(|n| {
        let (store, other) = (&store, &other);
        async move { store.append(other, &turn(n)).await.unwrap() }
    }))
    .await;
    assert_eq!(store.load(&other, 100).await.unwrap().len(), 50);
}

#[tokio::test]
async fn the_memory_store_keeps_its_contract() {
    keeps_its_contract(&MemoryStore::default()).await;
}

#[tokio::test]
async fn the_redis_store_keeps_its_contract() {
    let Some(url) = server("PGAGENT_TEST_REDIS_URL") else {
        return;
    };
    let store = RedisStore::connect(&Secret::new(url), Duration::from_secs(60))
        .await
        .unwrap();
    keeps_its_contract(&store).await;
}

#[tokio::test]
async fn a_redis_that_is_down_is_an_error_without_the_password() {
    let error = RedisStore::connect(
        &Secret::new("redis://:hunter2@127.0.0.1:1/"),
        Duration::from_secs(60),
    )
    .await;
    let message = error.err().unwrap().to_string();
    assert!(!message.contains("hunter2"), "{message}");
}
