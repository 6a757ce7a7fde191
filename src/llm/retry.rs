//! Passing faults of a provider are tried again, with exponential backoff and jitter, no sooner than the
//! provider asks.

use std::future::Future;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use super::ModelError;

/// Tries after the first.
const RETRIES: usize = 4;
/// A provider that asks for more than this is not waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Runs `call` until it succeeds, fails for good, or the retries are used up.
pub async fn with_retries<T, F, Fut>(mut call: F) -> Result<T, ModelError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, ModelError>>,
{
    let mut backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(400))
        .with_max_delay(Duration::from_secs(20))
        .with_max_times(RETRIES)
        .with_jitter()
        .build();
    loop {
        let error = match call().await {
            Ok(done) => return Ok(done),
            Err(error) if error.is_transient() => error,
            Err(error) => return Err(error),
        };
        let Some(delay) = backoff.next() else {
            return Err(error);
        };
        let wait = delay.max(error.retry_after().unwrap_or_default());
        if wait > LONGEST_WAIT {
            return Err(error);
        }
        tracing::warn!(%error, wait_ms = wait.as_millis() as u64, "trying again");
        tokio::time::sleep(wait).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;

    fn limited(retry_after: Option<u64>) -> ModelError {
        ModelError::RateLimited {
            model: "m".into(),
            message: "slow down".into(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waits_as_long_as_the_provider_asks() {
        let calls = Cell::new(0);
        let start = Instant::now();
        let done = with_retries(|| async {
            calls.set(calls.get() + 1);
            if calls.get() < 3 {
                Err(limited(Some(7)))
            } else {
                Ok(calls.get())
            }
        })
        .await;
        assert_eq!(done, Ok(3));
        assert!(
            start.elapsed() >= Duration::from_secs(14),
            "{:?}",
            start.elapsed()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_after_the_last_retry() {
        let calls = Cell::new(0);
        let done: Result<(), _> = with_retries(|| async {
            calls.set(calls.get() + 1);
            Err(limited(None))
        })
        .await;
        assert_eq!(done, Err(limited(None)));
        assert_eq!(calls.get(), 1 + RETRIES);
    }

    #[tokio::test(start_paused = true)]
    async fn does_not_wait_for_an_hour() {
        let start = Instant::now();
        let done: Result<(), _> = with_retries(|| async { Err(limited(Some(3_600))) }).await;
        assert!(done.is_err());
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn never_repeats_what_cannot_succeed() {
        let calls = Cell::new(0);
        let done: Result<(), _> = with_retries(|| async {
            calls.set(calls.get() + 1);
            Err(ModelError::Unauthorized {
                model: "m".into(),
                status: 401,
                message: String::new(),
            })
        })
        .await;
        assert!(done.is_err());
        assert_eq!(calls.get(), 1);
    }
}
