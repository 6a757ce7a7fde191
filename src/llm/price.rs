//! List prices in US dollars for a million tokens, input and output, by the beginning of a model's name.

use super::Usage;

/// The longest matching beginning counts. Models that are not here show tokens only.
const PRICES: &[(&str, f64, f64)] = &[
    ("gemini-2.5-flash-lite", 0.10, 0.40),
    ("gemini-2.5-flash", 0.30, 2.50),
    ("gemini-2.5-pro", 1.25, 10.00),
    ("gpt-4o-mini", 0.15, 0.60),
    ("gpt-4o", 2.50, 10.00),
    ("gpt-4.1-nano", 0.10, 0.40),
    ("gpt-4.1-mini", 0.40, 1.60),
    ("gpt-4.1", 2.00, 8.00),
    ("gpt-5-nano", 0.05, 0.40),
    ("gpt-5-mini", 0.25, 2.00),
    ("gpt-5", 1.25, 10.00),
    ("claude-haiku-4-5", 1.00, 5.00),
    ("claude-sonnet-4", 3.00, 15.00),
    ("claude-opus-4-5", 5.00, 25.00),
];

/// What the tokens cost in US dollars, where the model's price is known.
pub fn cost_usd(model: &str, usage: Usage) -> Option<f64> {
    let name = model.rsplit("::").next().unwrap_or(model);
    PRICES
        .iter()
        .filter(|(prefix, ..)| name.starts_with(prefix))
        .max_by_key(|(prefix, ..)| prefix.len())
        .map(|(_, input, output)| {
            (usage.input_tokens as f64 * input + usage.output_tokens as f64 * output) / 1e6
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_counts_and_unknown_models_have_no_price() {
        let usage = Usage {
            input_tokens: 1_000_000,
            output_tokens: 1_000_000,
        };
        assert_eq!(cost_usd("gpt-4o-mini-2024-07-18", usage), Some(0.75));
        assert_eq!(cost_usd("openai::gpt-4o", usage), Some(12.5));
        assert_eq!(cost_usd("llama3", usage), None);
    }
}
