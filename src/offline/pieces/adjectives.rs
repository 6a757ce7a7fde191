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
        "hour",
        "distance",
        "range",
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
        "hour",
        "distance",
        "range",
    ];
    const HEIGHT: &[&str] = &["height", "elevation", "altitude"];
    const WEIGHT: &[&str] = &["weight", "mass"];
    const SIZE: &[&str] = &["area", "size", "capacity", "population"];
    const PRICE: &[&str] = &["price", "cost", "fee", "fare", "budget"];
    const PEOPLE: &[&str] = &["population"];
    const TIME: &[&str] = &["date", "time", "year"];
    const MERIT: &[&str] = &["rating", "score", "star", "grade", "gpa"];
    const WEALTH: &[&str] = &["wealth", "worth", "income", "earn", "gdp"];
    const SPEED: &[&str] = &["speed", "velocity"];
    const HEAT: &[&str] = &["temperature"];
    const PAY: &[&str] = &["salary", "wage", "pay", "income"];
    const SALES: &[&str] = &["sale", "sold", "sell"];
    const GROSS: &[&str] = &["gross", "revenue", "sale"];
    const STRENGTH: &[&str] = &["power", "strength", "horsepower"];
    Some(match word {
        "oldest" | "older" | "eldest" => (&["age"], true),
        "youngest" | "younger" => (&["age"], false),
        "longest" | "longer" => (LENGTH, true),
        "shortest" | "shorter" => (SHORTNESS, false),
        "tallest" | "taller" => (HEIGHT, true),
        "heaviest" | "heavier" => (WEIGHT, true),
        "lightest" | "lighter" => (WEIGHT, false),
        "largest" | "biggest" | "larger" | "bigger" => (SIZE, true),
        "smallest" | "smaller" | "tiniest" => (SIZE, false),
        "cheapest" | "cheaper" | "least expensive" => (PRICE, false),
        "most expensive" | "more expensive" | "costliest" | "priciest" | "dearest" | "pricier"
        | "costlier" => (PRICE, true),
        "most populous" | "most populated" => (PEOPLE, true),
        "least populous" | "least populated" => (PEOPLE, false),
        "latest" | "newest" | "most recent" | "last" => (TIME, true),
        "earliest" | "first" => (TIME, false),
        "wealthiest" | "richest" => (WEALTH, true),
        "poorest" => (WEALTH, false),
        "deepest" | "deeper" => (&["depth"], true),
        "shallowest" => (&["depth"], false),
        "widest" | "wider" | "broadest" => (&["width"], true),
        "narrowest" => (&["width"], false),
        "fastest" | "faster" | "quickest" => (SPEED, true),
        "slowest" | "slower" => (SPEED, false),
        "hottest" | "warmest" => (HEAT, true),
        "coldest" | "coolest" => (HEAT, false),
        "busiest" => (&["traffic", "passenger", "visitor"], true),
        "strongest" | "most powerful" => (STRENGTH, true),
        "weakest" => (STRENGTH, false),
        "farthest" | "furthest" => (&["distance"], true),
        "nearest" | "closest" => (&["distance"], false),
        "most experienced" => (&["experience"], true),
        "highest paid" | "best paid" => (PAY, true),
        "lowest paid" | "worst paid" => (PAY, false),
        "best selling" => (SALES, true),
        "highest grossing" | "top grossing" => (GROSS, true),
        "best" | "highest rated" | "best rated" | "top rated" => (MERIT, true),
        "worst" | "lowest rated" | "worst rated" => (MERIT, false),
        _ => return None,
    })
}

/// Asks for a date.
pub const WHEN: &str = "when";

/// Asks for a place.
pub const WHERE: &str = "where";

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
        "far" => "farthest",
        "wide" => "widest",
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
        "older" | "longer" | "larger" | "bigger" | "taller" | "heavier" | "faster" | "deeper"
        | "wider" | "pricier" | "costlier" => true,
        "younger" | "shorter" | "smaller" | "lighter" | "cheaper" | "slower" => false,
        _ => return None,
    })
}
