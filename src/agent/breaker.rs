//! A circuit breaker: after repeated faults a service is left alone for a while instead of being asked
//! again and again (Nygard, "Release It!", 2007).

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Faults within [`WINDOW`] that open the circuit.
const THRESHOLD: usize = 5;
const WINDOW: Duration = Duration::from_secs(60);
/// How long it stays open before one call may try.
const COOL_DOWN: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
struct State {
    faults: VecDeque<Instant>,
    opened: Option<Instant>,
    trying: bool,
}

/// Guards one service.
#[derive(Debug, Default)]
pub struct CircuitBreaker {
    state: Mutex<State>,
}

impl CircuitBreaker {
    /// Whether a call may be made now. While half-open only one may.
    ///
    /// # Errors
    /// How long to wait, when the circuit is open.
    pub fn admit(&self) -> Result<(), Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(opened) = state.opened else {
            return Ok(());
        };
        let open_for = opened.elapsed();
        if open_for < COOL_DOWN {
            return Err(COOL_DOWN - open_for);
        }
        if state.trying {
            return Err(Duration::from_secs(1));
        }
        state.trying = true;
        Ok(())
    }

    pub fn succeeded(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    pub fn failed(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        state.faults.push_back(now);
        while state
            .faults
            .front()
            .is_some_and(|fault| now.duration_since(*fault) > WINDOW)
        {
            state.faults.pop_front();
        }
        if state.trying || state.faults.len() >= THRESHOLD {
            state.opened = Some(now);
            state.trying = false;
        }
    }

    /// A call that was admitted ended without telling anything about the service.
    pub fn undecided(&self) {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .trying = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn wait(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn opens_at_five_faults_half_opens_and_recovers() {
        let breaker = CircuitBreaker::default();
        for _ in 0..4 {
            breaker.failed();
            assert!(breaker.admit().is_ok());
        }
        breaker.failed();
        assert!(breaker.admit().is_err());
        wait(31).await;
        assert!(breaker.admit().is_ok(), "one call may try");
        assert!(breaker.admit().is_err(), "and only one");
        breaker.succeeded();
        assert!(breaker.admit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn opens_again_when_the_trial_fails() {
        let breaker = CircuitBreaker::default();
        for _ in 0..5 {
            breaker.failed();
        }
        wait(31).await;
        assert!(breaker.admit().is_ok());
        breaker.failed();
        assert!(breaker.admit().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn faults_that_are_long_ago_do_not_count() {
        let breaker = CircuitBreaker::default();
        for _ in 0..4 {
            breaker.failed();
        }
        wait(61).await;
        breaker.failed();
        assert!(breaker.admit().is_ok());
    }
}
