//! What a question used: calls, tokens by the provider's own count, and money where prices are known.

use serde::{Deserialize, Serialize};

use crate::llm::Usage;

/// Calls, tokens and money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Used {
    pub calls: u32,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Nothing where a price is not known.
    pub cost_usd: Option<f64>,
}

impl Used {
    /// One call.
    pub fn call(tokens: Usage, cost_usd: Option<f64>) -> Self {
        Self {
            calls: 1,
            input_tokens: tokens.input_tokens,
            output_tokens: tokens.output_tokens,
            cost_usd,
        }
    }

    /// Adds what was used elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.cost_usd = match (self.calls, other.calls) {
            (_, 0) => self.cost_usd,
            (0, _) => other.cost_usd,
            // A sum of which a part is not known is not known.
            _ => self.cost_usd.zip(other.cost_usd).map(|(a, b)| a + b),
        };
        self.calls += other.calls;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
    }
}

/// What a question, or a session, used in each of its stages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct TotalUsage {
    /// The embedding model's, the other stages are the chat model's.
    pub retrieve: Used,
    pub plan: Used,
    pub search: Used,
    pub critique: Used,
}

impl TotalUsage {
    pub fn stages(&self) -> [(&'static str, &Used); 4] {
        [
            ("retrieve", &self.retrieve),
            ("plan", &self.plan),
            ("search", &self.search),
            ("critique", &self.critique),
        ]
    }

    /// The chat model's calls and tokens, and all money.
    pub fn total(&self) -> Used {
        let mut total = Used::default();
        for stage in [&self.plan, &self.search, &self.critique] {
            total.add(stage);
        }
        if let Some(embedding) = self.retrieve.cost_usd {
            total.cost_usd = match total.calls {
                0 => Some(embedding),
                _ => total.cost_usd.map(|usd| usd + embedding),
            };
        }
        total
    }

    pub fn add(&mut self, other: &Self) {
        self.retrieve.add(&other.retrieve);
        self.plan.add(&other.plan);
        self.search.add(&other.search);
        self.critique.add(&other.critique);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_known_when_all_of_it_is() {
        let used = |usd| {
            Used::call(
                Usage {
                    input_tokens: 10,
                    output_tokens: 1,
                },
                usd,
            )
        };
        let mut usage = TotalUsage {
            retrieve: used(None),
            plan: used(Some(0.25)),
            critique: used(Some(0.5)),
            ..TotalUsage::default()
        };
        let total = usage.total();
        assert_eq!((total.calls, total.input_tokens), (2, 20));
        assert_eq!(total.cost_usd, Some(0.75));
        usage.add(&TotalUsage {
            retrieve: used(Some(0.25)),
            plan: used(None),
            ..TotalUsage::default()
        });
        assert_eq!(usage.plan.calls, 2);
        assert_eq!(usage.total().cost_usd, None);
    }
}
