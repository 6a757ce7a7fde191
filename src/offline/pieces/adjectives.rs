//! Adjectives and what they compare.

/// What a comparing or superlative adjective compares: words of a column's name, the likeliest first, and
/// whether more of it is meant.
pub fn adjective(word: &str) -> Option<(&'static [&'static str], bool)> {
    const LENGTH: &[&str] = &[
        "length",
        "duration",
        "runtime",
        "expectancy",
        "time",
        "millisecond",
        "second",
        "minute",
    ];
    const SHORTNESS: &[&str] = &[
        "length",
        "duration",
        "height",
        "runtime",
        "expectancy",
        "time",
        "millisecond",
        "second",
        "minute",
    ];
    const HEIGHT: &[&str] = &["height", "elevation", "altitude"];
    const WEIGHT: &[&str] = &["weight", "mass"];
    const SIZE: &[&str] = &["area", "size", "capacity", "population"];
    const PRICE: &[&str] = &["price", "cost", "fee", "budget"];
    const PEOPLE: &[&str] = &["population"];
    const TIME: &[&str] = &["date", "time", "year"];
    const MERIT: &[&str] = &["rate", "score", "star"];
    Some(match word {
        "oldest" | "older" => (&["age"], true),
        "youngest" | "younger" => (&["age"], false),
        "longest" | "longer" => (LENGTH, true),
        "shortest" | "shorter" => (SHORTNESS, false),
        "tallest" | "taller" => (HEIGHT, true),
        "heaviest" | "heavier" => (WEIGHT, true),
        "lightest" | "lighter" => (WEIGHT, false),
        "largest" | "biggest" | "larger" | "bigger" => (SIZE, true),
        "smallest" | "smaller" => (SIZE, false),
        "cheapest" | "cheaper" | "least expensive" => (PRICE, false),
        "most expensive" | "more expensive" | "costliest" => (PRICE, true),
        "most populous" | "most populated" => (PEOPLE, true),
        "least populous" | "least populated" => (PEOPLE, false),
        "latest" | "newest" | "most recent" | "last" => (TIME, true),
        "earliest" | "first" => (TIME, false),
        "wealthiest" | "richest" => (&["wealth", "income", "earn"], true),
        "deepest" => (&["depth"], true),
        "fastest" => (&["speed"], true),
        "slowest" => (&["speed"], false),
        "best" | "highest rated" | "best rated" | "top rated" => (MERIT, true),
        "worst" | "lowest rated" | "worst rated" => (MERIT, false),
        _ => return None,
    })
}

/// Asks for a date.
pub const WHEN: &str = "when";

/// What "how …" asks for: the adjective's comparative says which columns it may be.
pub fn dimension(word: &str) -> Option<&'static str> {
    Some(match word {
        "long" => "longer",
        "tall" | "high" => "taller",
        "heavy" => "heavier",
        "big" | "large" => "larger",
        "old" => "older",
        "expensive" => "more expensive",
        "deep" => "deepest",
        "fast" => "fastest",
        "populous" => "most populous",
        _ => return None,
    })
}

/// Whether the most (true) or the least is meant.
pub fn superlative(word: &str) -> Option<bool> {
    Some(match word {
        "most" | "highest" | "greatest" | "top" | "maximal" => true,
        "least" | "lowest" | "fewest" | "bottom" | "minimal" => false,
        // "last" and "first" mean names and periods as often.
        "last" | "first" => return None,
        _ if is_comparative(word) => return None,
        _ => return adjective(word).map(|(_, descending)| descending),
    })
}

/// "older", "larger".
pub fn is_comparative(word: &str) -> bool {
    comparative(word).is_some()
}

/// Whether more or less is meant by a comparative.
pub fn comparative(word: &str) -> Option<bool> {
    Some(match word {
        "more" | "greater" | "higher" => true,
        "less" | "fewer" | "lower" => false,
        "older" | "longer" | "larger" | "bigger" | "taller" | "heavier" => true,
        "younger" | "shorter" | "smaller" | "lighter" | "cheaper" => false,
        _ => return None,
    })
}
