//! Dates in questions: "in 2022", "last month", "since March 2021", "between 2019 and 2021".

use super::query::{Moment, Period, Unit};
use super::words::{Kind, Token};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// "month", "weeks".
pub fn unit(word: &str) -> Option<Unit> {
    Some(match word.strip_suffix('s').unwrap_or(word) {
        "year" => Unit::Year,
        "quarter" => Unit::Quarter,
        "month" => Unit::Month,
        "week" => Unit::Week,
        "day" | "date" => Unit::Day,
        "weekday" => Unit::Weekday,
        "hour" => Unit::Hour,
        _ => return None,
    })
}

fn year(token: &Token) -> Option<i64> {
    match token.kind {
        Kind::Number(n)
            if n.fract() == 0.0 && (1500.0..=2200.0).contains(&n) && token.lower.len() == 4 =>
        {
            Some(n as i64)
        }
        _ => None,
    }
}

fn month(token: &Token) -> Option<u32> {
    let word = token.lower.as_str();
    MONTHS
        .iter()
        .position(|m| {
            *m == word || (word.len() >= 3 && word != "may" && token.capital && m.starts_with(word))
        })
        .and_then(|m| u32::try_from(m + 1).ok())
}

/// A stretch of the calendar: its first day, the day after its last, and its first and last year if it is
/// made of years.
struct Stretch {
    from: String,
    until: String,
    years: Option<(i64, i64)>,
    length: usize,
}

fn whole_year(y: i64, length: usize) -> Stretch {
    whole_years(y, y, length)
}

fn whole_years(first: i64, last: i64, length: usize) -> Stretch {
    Stretch {
        from: format!("{first:04}-01-01"),
        until: format!("{:04}-01-01", last + 1),
        years: Some((first, last)),
        length,
    }
}

/// "1950s": its first year.
fn decade(token: &Token) -> Option<i64> {
    let digits = token.lower.strip_suffix('s')?;
    let first: i64 = digits.parse().ok()?;
    (digits.len() == 4 && (1500..=2200).contains(&first) && first % 10 == 0).then_some(first)
}

/// "Q3", "the third quarter": its number.
fn quarter(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    let token = tokens.get(at)?;
    if let Some(q) = token.lower.strip_prefix('q').and_then(|q| q.parse().ok()) {
        return (1..=4).contains(&q).then_some((q, 1));
    }
    let q = match token.lower.as_str() {
        "first" | "1st" => 1,
        "second" | "2nd" => 2,
        "third" | "3rd" => 3,
        "fourth" | "4th" => 4,
        _ => return None,
    };
    tokens.get(at + 1)?.is("quarter").then_some((q, 2))
}

fn whole_month(y: i64, m: u32, length: usize) -> Stretch {
    let (ny, nm) = if m == 12 { (y + 1, 1) } else { (y, m + 1) };
    Stretch {
        from: format!("{y:04}-{m:02}-01"),
        until: format!("{ny:04}-{nm:02}-01"),
        years: None,
        length,
    }
}

fn one_day(y: i64, m: u32, d: u32, length: usize) -> Option<Stretch> {
    let days = match m {
        4 | 6 | 9 | 11 => 30,
        2 if y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    if d == 0 || d > days {
        return None;
    }
    let from = format!("{y:04}-{m:02}-{d:02}");
    let until = if d < days {
        format!("{y:04}-{m:02}-{:02}", d + 1)
    } else {
        whole_month(y, m, 0).until
    };
    Some(Stretch {
        from,
        until,
        years: None,
        length,
    })
}

/// A year, a month of a year, or a day, from `at` on.
fn stretch(tokens: &[Token], at: usize) -> Option<Stretch> {
    let token = tokens.get(at)?;
    if token.kind == Kind::Day {
        let mut parts = token.lower.split('-').map(str::parse::<u32>);
        let (y, m, d) = (
            parts.next()?.ok()?,
            parts.next()?.ok()?,
            parts.next()?.ok()?,
        );
        return one_day(i64::from(y), m, d, 1);
    }
    if let Some(y) = year(token) {
        return Some(whole_year(y, 1));
    }
    if token.is("year")
        && let Some(y) = tokens.get(at + 1).and_then(year)
    {
        return Some(whole_year(y, 2));
    }
    if let Some(first) = decade(token) {
        return Some(whole_years(first, first + 9, 1));
    }
    let of = |at: usize| at + usize::from(tokens.get(at).is_some_and(|t| t.is("of")));
    if let Some((q, length)) = quarter(tokens, at) {
        let next = of(at + length);
        let y = tokens.get(next).and_then(year)?;
        let first = whole_month(y, 3 * q - 2, 0);
        let last = whole_month(y, 3 * q, 0);
        return Some(Stretch {
            until: last.until,
            length: next + 1 - at,
            ..first
        });
    }
    // "3 March 2021", "the 1st of May 2020"
    let day_of = |t: &Token| -> Option<u32> {
        let digits = t.lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        digits.parse().ok().filter(|d| (1..=31).contains(d))
    };
    if let Some(d) = day_of(token)
        && let Some(m) = tokens.get(of(at + 1)).and_then(month)
        && let Some(y) = tokens.get(of(at + 1) + 1).and_then(year)
    {
        return one_day(y, m, d, of(at + 1) + 2 - at);
    }
    let m = month(token)?;
    let skip = |at: usize| {
        tokens
            .get(at)
            .is_some_and(|t| t.kind == Kind::Punctuation(',') || t.is("of"))
    };
    if let Some(d) = tokens.get(at + 1).and_then(day_of) {
        let next = if skip(at + 2) { at + 3 } else { at + 2 };
        if let Some(y) = tokens.get(next).and_then(year) {
            return one_day(y, m, d, next + 1 - at);
        }
    }
    let next = if skip(at + 1) { at + 2 } else { at + 1 };
    tokens
        .get(next)
        .and_then(year)
        .map(|y| whole_month(y, m, next + 1 - at))
}

/// A period that begins with the token at `at`, and how many tokens it takes.
pub fn period(tokens: &[Token], at: usize) -> Option<(Period, usize)> {
    let (found, length) = read(tokens, at)?;
    let text = tokens[at..at + length]
        .iter()
        .map(|t| t.lower.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    Some((Period { text, ..found }, length))
}

fn read(tokens: &[Token], at: usize) -> Option<(Period, usize)> {
    let token = tokens.get(at)?;
    let article = |at: usize| usize::from(tokens.get(at).is_some_and(|t| t.is("the")));
    if token.is_any(&["in", "during", "on", "for", "of", "from", "within", "over"]) {
        let skip = 1 + article(at + 1);
        if let Some(s) = stretch(tokens, at + skip) {
            // "from 2019 to 2021"
            let to = at + skip + s.length;
            if token.is("from")
                && tokens
                    .get(to)
                    .is_some_and(|t| t.is_any(&["to", "until", "through"]))
                && let Some(e) = stretch(tokens, to + 1)
            {
                return Some((joined(&s, &e), to + 1 + e.length - at));
            }
            if token.is("on") && s.years.is_some() {
                return None;
            }
            return Some(or_later(tokens, at, skip, &s));
        }
        let (found, length) = relative(tokens, at + skip)?;
        return Some((found, length + skip));
    }
    if token.is("between") {
        let first = stretch(tokens, at + 1)?;
        let and = at + 1 + first.length;
        if !tokens.get(and).is_some_and(|t| t.is("and")) {
            return None;
        }
        let second = stretch(tokens, and + 1)?;
        return Some((joined(&first, &second), and + 1 + second.length - at));
    }
    if token.is_any(&["since", "after", "before", "until"]) {
        let mut skip = 1 + article(at + 1);
        let edge = |i: usize, words: &[&str]| {
            tokens.get(at + i).is_some_and(|t| t.is_any(words))
                && tokens.get(at + i + 1).is_some_and(|t| t.is("of"))
        };
        // "since the start of 2018", "until the end of 2020"
        if (token.is_any(&["since", "before"]) && edge(skip, &["start", "beginning"]))
            || (token.is_any(&["after", "until"]) && edge(skip, &["end"]))
        {
            skip += 2;
        }
        let s = stretch(tokens, at + skip)?;
        let moment = |text: &String| Some(Moment::Day(text.clone()));
        let found = match token.lower.as_str() {
            "since" => open(moment(&s.from), None, s.years.map(|(y, _)| (Some(y), None))),
            "after" => open(
                moment(&s.until),
                None,
                s.years.map(|(_, y)| (Some(y + 1), None)),
            ),
            "before" => open(
                None,
                moment(&s.from),
                s.years.map(|(y, _)| (None, Some(y - 1))),
            ),
            _ => open(
                None,
                moment(&s.until),
                s.years.map(|(_, y)| (None, Some(y))),
            ),
        };
        return Some((found, skip + s.length));
    }
    let begins = token.kind == Kind::Day
        || month(token).is_some()
        || token.is("year")
        || quarter(tokens, at).is_some()
        || (token.number().is_some() && year(token).is_none());
    // "the 2018 season"
    let named = year(token).is_some()
        && (at == 0 || tokens[at - 1].is("the"))
        && tokens.get(at + 1).is_some_and(|t| {
            t.kind == Kind::Word && !t.is_any(&["and", "or", "to", "is", "was", "are", "were"])
        });
    if begins || named {
        let s = stretch(tokens, at)?;
        return Some(or_later(tokens, at, 0, &s));
    }
    relative(tokens, at)
}

fn or_later(tokens: &[Token], at: usize, skip: usize, s: &Stretch) -> (Period, usize) {
    let next = at + skip + s.length;
    let day = |text: &String| Some(Moment::Day(text.clone()));
    if tokens.get(next).is_some_and(|t| t.is("or")) {
        if tokens
            .get(next + 1)
            .is_some_and(|t| t.is_any(&["later", "after"]))
        {
            return (
                open(day(&s.from), None, s.years.map(|(y, _)| (Some(y), None))),
                skip + s.length + 2,
            );
        }
        if tokens
            .get(next + 1)
            .is_some_and(|t| t.is_any(&["earlier", "before"]))
        {
            return (
                open(None, day(&s.until), s.years.map(|(_, y)| (None, Some(y)))),
                skip + s.length + 2,
            );
        }
    }
    (
        open(
            day(&s.from),
            day(&s.until),
            s.years.map(|(a, b)| (Some(a), Some(b))),
        ),
        skip + s.length,
    )
}

fn joined(first: &Stretch, second: &Stretch) -> Period {
    let years = first
        .years
        .zip(second.years)
        .map(|((a, _), (_, b))| (Some(a), Some(b)));
    open(
        Some(Moment::Day(first.from.clone())),
        Some(Moment::Day(second.until.clone())),
        years,
    )
}

fn open(
    from: Option<Moment>,
    until: Option<Moment>,
    years: Option<(Option<i64>, Option<i64>)>,
) -> Period {
    Period {
        from,
        until,
        years,
        text: String::new(),
    }
}

/// "last month", "past 30 days", "this year", "today", "yesterday".
fn relative(tokens: &[Token], at: usize) -> Option<(Period, usize)> {
    let token = tokens.get(at)?;
    let days = |from: i64, until: i64| {
        open(
            Some(Moment::Start(Unit::Day, from)),
            Some(Moment::Start(Unit::Day, until)),
            None,
        )
    };
    match token.lower.as_str() {
        "today" => return Some((days(0, 1), 1)),
        "yesterday" => return Some((days(-1, 0), 1)),
        "last" | "past" | "previous" | "this" | "current" => {}
        _ => return None,
    }
    let next = tokens.get(at + 1)?;
    let of = |t: &Token| {
        unit(&t.lower).filter(|u| {
            !matches!(u, Unit::Weekday | Unit::Hour) && t.lower.trim_end_matches('s') != "date"
        })
    };
    if let Some(u) = of(next) {
        let (from, until) = match token.lower.as_str() {
            "this" | "current" => (0, 1),
            "past" => return Some((open(Some(Moment::Ago(u, -1)), None, None), 2)),
            _ => (-1, 0),
        };
        return Some((
            open(
                Some(Moment::Start(u, from)),
                Some(Moment::Start(u, until)),
                None,
            ),
            2,
        ));
    }
    let n = next
        .number()
        .filter(|n| n.fract() == 0.0 && *n >= 1.0 && *n < 10_000.0)? as i64;
    let u = of(tokens.get(at + 2)?)?;
    if matches!(token.lower.as_str(), "this" | "current") {
        return None;
    }
    Some((open(Some(Moment::Ago(u, -n)), None, None), 3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offline::words::tokens;

    #[test]
    fn periods_are_read() {
        let day = |text: &str| Some(Moment::Day(text.to_owned()));
        for (text, from, until, taken) in [
            ("in 2022", day("2022-01-01"), day("2023-01-01"), 2),
            ("since March 2021", day("2021-03-01"), None, 3),
            ("before 1980", None, day("1980-01-01"), 2),
            ("after 2022-02-28", day("2022-03-01"), None, 2),
            (
                "on February 29, 2024",
                day("2024-02-29"),
                day("2024-03-01"),
                5,
            ),
            (
                "between 2019 and 2021",
                day("2019-01-01"),
                day("2022-01-01"),
                4,
            ),
            (
                "last month",
                Some(Moment::Start(Unit::Month, -1)),
                Some(Moment::Start(Unit::Month, 0)),
                2,
            ),
            (
                "in the past 30 days",
                Some(Moment::Ago(Unit::Day, -30)),
                None,
                5,
            ),
        ] {
            let (period, length) = period(&tokens(text), 0).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (period.from, period.until, length),
                (from, until, taken),
                "{text}"
            );
        }
        for text in [
            "in Spain",
            "on 2022",
            "last name",
            "between 3 and 5",
            "on February 30, 2024",
        ] {
            assert!(period(&tokens(text), 0).is_none(), "{text}");
        }
    }
}
