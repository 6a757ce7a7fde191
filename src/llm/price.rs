//! Prices in US dollars for a million tokens, input and output, by the beginning of a model's name.

use super::Usage;

/// List prices. Models that are not here show tokens only.
const PRICES: &[(&str, f64, f64)] = &[
    ("gemini-2.5-flash-lite", 0.10, 0.40),
    ("gemini-2.5-flash", 0.30, 2.50),
    ("gemini-2.5-pro", 1.25, 10.00),
    ("gemini-embedding-001", 0.15, 0.0),
    ("gpt-4o-mini", 0.15, 0.60),
    ("gpt-4o", 2.50, 10.00),
    ("gpt-4.1-nano", 0.10, 0.40),
    ("gpt-4.1-mini", 0.40, 1.60),
    ("gpt-4.1", 2.00, 8.00),
    ("gpt-5-nano", 0.05, 0.40),
    ("gpt-5-mini", 0.25, 2.00),
    ("gpt-5", 1.25, 10.00),
    ("text-embedding-3-small", 0.02, 0.0),
    ("text-embedding-3-large", 0.13, 0.0),
    ("claude-haiku-4-5", 1.00, 5.00),
    ("claude-sonnet-4", 3.00, 15.00),
    ("claude-opus-4-5", 5.00, 25.00),
];

/// What models cost: the list prices, and before them the person's own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prices {
    own: Vec<(String, f64, f64)>,
}

impl Prices {
    /// Own prices as `model=input/output`, separated by commas.
    ///
    /// # Errors
    /// The part that cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let read = |part: &str| {
            let (model, prices) = part.split_once('=')?;
            let (input, output) = prices.split_once('/')?;
            let price = |text: &str| text.trim().parse::<f64>().ok().filter(|p| *p >= 0.0);
            Some((model.trim().to_owned(), price(input)?, price(output)?))
        };
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let own = parts.map(|part| read(part).ok_or_else(|| part.to_owned()));
        Ok(Self {
            own: own.collect::<Result<_, _>>()?,
        })
    }

    /// Input and output, where they are known. The longest matching beginning counts.
    fn of(&self, model: &str) -> Option<(f64, f64)> {
        let name = model.rsplit("::").next().unwrap_or(model);
        let own = self.own.iter().map(|(n, i, o)| (n.as_str(), *i, *o));
        let best = |prices: &mut dyn Iterator<Item = (&str, f64, f64)>| {
            prices
                .filter(|(prefix, ..)| name.starts_with(prefix) || model.starts_with(prefix))
                .max_by_key(|(prefix, ..)| prefix.len())
                .map(|(_, input, output)| (input, output))
        };
        best(&mut own.clone()).or_else(|| best(&mut PRICES.iter().copied()))
    }

    /// What the tokens cost in US dollars, where the model's price is known.
    pub fn cost_usd(&self, model: &str, usage: Usage) -> Option<f64> {
        self.of(model).map(|(input, output)| {
            (usage.input_tokens as f64 * input + usage.output_tokens as f64 * output) / 1e6
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLION: Usage = Usage {
        input_tokens: 1_000_000,
        output_tokens: 1_000_000,
    };

    #[test]
    fn the_longest_name_counts_and_unknown_models_have_no_price() {
        let prices = Prices::default();
        assert_eq!(
            prices.cost_usd("gpt-4o-mini-2024-07-18", MILLION),
            Some(0.75)
        );
        assert_eq!(prices.cost_usd("openai::gpt-4o", MILLION), Some(12.5));
        assert_eq!(prices.cost_usd("llama3", MILLION), None);
    }

    #[test]
    fn own_prices_go_before_the_list() {
        let prices = Prices::parse("gpt-4o = 1/2, llama=0/0,").unwrap();
        assert_eq!(prices.cost_usd("gpt-4o-mini", MILLION), Some(3.0));
        assert_eq!(prices.cost_usd("ollama::llama3", MILLION), Some(0.0));
        assert_eq!(prices.cost_usd("gpt-5", MILLION), Some(11.25));
        for wrong in [
            "gpt-4o",
            "gpt-4o=1",
            "gpt-4o=1/x",
            "gpt-4o=-1/2",
            "gpt-4o=1/NaN",
        ] {
            assert_eq!(Prices::parse(wrong), Err(wrong.to_owned()));
        }
    }
}
