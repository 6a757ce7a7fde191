//! Units behind numbers, and averages that something is compared with.

use crate::offline::words::{Kind, Token};

/// What a number is measured in, under one name, and how many tokens say it.
pub(super) fn measure(token: &Token, next: Option<&Token>) -> Option<(&'static str, usize)> {
    if token.kind == Kind::Punctuation('%') {
        return Some(("percent", 1));
    }
    if token.is_any(&["square", "sq"]) && next.is_some_and(|t| t.kind == Kind::Word) {
        return Some(("square", 2));
    }
    let unit = match token.lower.as_str() {
        "second" | "seconds" | "sec" | "secs" => "second",
        "minute" | "minutes" | "min" | "mins" => "minut",
        "hour" | "hours" | "hrs" => "hour",
        "day" | "days" => "day",
        "year" | "years" => "year",
        "metre" | "metres" | "meter" | "meters" | "m" => "meter",
        "foot" | "feet" | "ft" => "feet",
        "inch" | "inches" => "inch",
        "km" | "kilometer" | "kilometers" | "kilometre" | "kilometres" | "kms" => "km",
        "mile" | "miles" | "mi" => "mile",
        "cm" | "centimeters" | "centimetres" => "cm",
        "kg" | "kilo" | "kilos" | "kilogram" | "kilograms" => "kg",
        "pound" | "pounds" | "lb" | "lbs" => "pound",
        "ton" | "tons" | "tonne" | "tonnes" => "ton",
        "gram" | "grams" | "g" => "gram",
        "dollar" | "dollars" | "usd" => "dollar",
        "euro" | "euros" | "eur" => "euro",
        "percent" => "percent",
        "times" => "times",
        _ => return None,
    };
    Some((unit, 1))
}

/// Where the "than" stands that a comparative goes on to, if the average follows it.
pub(super) fn than_average(tokens: &[Token], at: usize) -> Option<usize> {
    let than = (at + 2..tokens.len().min(at + 7)).find(|&i| tokens[i].is("than"))?;
    average_after(tokens, than).map(|_| than)
}

/// How many tokens "than the average" takes.
pub(super) fn average_after(tokens: &[Token], than: usize) -> Option<usize> {
    let article = tokens
        .get(than + 1)?
        .is_any(&["the", "our", "their", "its", "an"]);
    let at = than + 1 + usize::from(article);
    tokens
        .get(at)?
        .is_any(&["average", "mean"])
        .then_some(at + 1 - than)
}
