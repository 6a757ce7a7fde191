//! Which type a column of text has: every value strikes out the kinds that it cannot be.
//!
//! All values are looked at, not a sample, so that no later value breaks the type. Numbers become exact
//! `numeric`, not floating point, and `00123` stays text: it is a code.

use chrono::{NaiveDate, NaiveTime};

/// What a text can be read as; several at once until a column's values decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u32);

impl Kinds {
    const NONE: Self = Self(0);
    const ANY: Self = Self(u32::MAX);
    pub const BOOLEAN: Self = Self(1);
    const INTEGER: Self = Self(1 << 1);
    const BIGINT: Self = Self(1 << 2);
    pub const NUMERIC: Self = Self(1 << 3);
    /// `1,234.5`
    const GROUPED: Self = Self(1 << 4);
    /// `1.234,5`
    const COMMA: Self = Self(1 << 5);
    const DATE: Self = Self(1 << 6);
    /// `31/12/2024`
    const DATE_DAY_FIRST: Self = Self(1 << 7);
    /// `12/31/2024`
    const DATE_MONTH_FIRST: Self = Self(1 << 8);
    const TIMESTAMP: Self = Self(1 << 9);
    const TIMESTAMP_DAY_FIRST: Self = Self(1 << 10);
    const TIMESTAMP_MONTH_FIRST: Self = Self(1 << 11);
    const TIMESTAMP_ZONE: Self = Self(1 << 12);
    const TIME: Self = Self(1 << 13);
    pub const JSON: Self = Self(1 << 14);
    const NUMBERS: Self =
        Self(Self::INTEGER.0 | Self::BIGINT.0 | Self::NUMERIC.0 | Self::GROUPED.0 | Self::COMMA.0);

    fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// No more than text.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What `text` can be read as; nothing when it is no more than text.
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        match bytes.first() {
            Some(b'0'..=b'9' | b'-' | b'.') => match number(bytes) {
                // `1.5` is no date; `1.5.2024` is no number.
                kinds if kinds.is_none() => moment(text),
                kinds => kinds,
            },
            Some(_) if is_boolean(text) => Self::BOOLEAN,
            _ => Self::NONE,
        }
    }

    /// What a cell of a table can be read as, which may write a unit at its number.
    pub fn of_cell(text: &str) -> Self {
        match with_unit(text) {
            Some((_, number)) => Self::of_number(&number),
            None => Self::of(text),
        }
    }

    fn of_number(text: &str) -> Self {
        Self::of(text).and(Self::NUMBERS)
    }

    /// What is read out of a text that stands in quotes on purpose: dates, but no numbers.
    pub fn of_quoted(text: &str) -> Self {
        if text.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            moment(text)
        } else {
            Self::NONE
        }
    }
}

/// A column's kinds so far.
#[derive(Debug, Clone, Copy)]
pub struct Guess {
    possible: Kinds,
    seen: bool,
    /// Whether yes and no were seen: one of them alone, as a letter, may be anything.
    letters: (bool, bool),
    unit: Unit,
}

/// What stands before or after a column's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    None,
    Of(char),
    Several,
}

impl Default for Guess {
    fn default() -> Self {
        Self {
            possible: Kinds::ANY,
            seen: false,
            letters: (false, false),
            unit: Unit::None,
        }
    }
}

impl Guess {
    /// Takes a value as text; nothing and words for nothing decide nothing.
    pub fn see(&mut self, text: &str) {
        let text = text.trim();
        if self.possible == Kinds::NONE || is_nothing(text) {
            return;
        }
        if let Some((unit, number)) = with_unit(text) {
            self.unit = match self.unit {
                Unit::None if !self.seen || unit != '%' => Unit::Of(unit),
                Unit::Of(before) if before == unit => Unit::Of(unit),
                _ => Unit::Several,
            };
            return self.narrow(Kinds::of_number(&number));
        }
        if self.unit == Unit::Of('%') {
            // Nobody knows whether 0.05 beside 5% is as much.
            self.unit = Unit::Several;
        }
        match text.as_bytes() {
            [b't' | b'T' | b'y' | b'Y'] => self.letters.0 = true,
            [b'f' | b'F' | b'n' | b'N'] => self.letters.1 = true,
            _ => self.letters = (true, true),
        }
        self.narrow(Kinds::of(text));
    }

    /// What all of the column's numbers are of, where they say so.
    pub fn unit(self) -> Option<char> {
        match (self.unit, self.kind()) {
            (Unit::Of(unit), Kind::Numeric(_)) => Some(unit),
            _ => None,
        }
    }

    pub fn narrow(&mut self, kinds: Kinds) {
        self.possible = self.possible.and(kinds);
        self.seen = true;
    }

    /// The one kind, the strictest first.
    pub fn kind(self) -> Kind {
        let has = |kinds| self.possible.has(kinds);
        match () {
            () if !self.seen || self.unit == Unit::Several => Kind::Text,
            // An F in every row is somebody's sex or mark.
            () if has(Kinds::BOOLEAN) && matches!(self.letters, (true, false) | (false, true)) => {
                Kind::Text
            }
            () if has(Kinds::BOOLEAN) => Kind::Boolean,
            () if self.unit != Unit::None && has(Kinds::NUMERIC) => Kind::Numeric(Marks::Plain),
            () if has(Kinds::INTEGER) => Kind::Integer,
            () if has(Kinds::BIGINT) => Kind::BigInt,
            () if has(Kinds::NUMERIC) => Kind::Numeric(Marks::Plain),
            () if has(Kinds::GROUPED) => Kind::Numeric(Marks::Grouped),
            () if has(Kinds::COMMA) => Kind::Numeric(Marks::Comma),
            () if has(Kinds::DATE) => Kind::Date(Order::Iso),
            // Where both readings fit every value, nobody knows; it stays text.
            () if has(Kinds::DATE_DAY_FIRST) != has(Kinds::DATE_MONTH_FIRST) => {
                Kind::Date(Order::day_first(has(Kinds::DATE_DAY_FIRST)))
            }
            () if has(Kinds::TIMESTAMP) => Kind::Timestamp(Order::Iso),
            () if has(Kinds::TIMESTAMP_DAY_FIRST) != has(Kinds::TIMESTAMP_MONTH_FIRST) => {
                Kind::Timestamp(Order::day_first(has(Kinds::TIMESTAMP_DAY_FIRST)))
            }
            () if has(Kinds::TIMESTAMP_ZONE) => Kind::TimestampZone,
            () if has(Kinds::TIME) => Kind::Time,
            () if has(Kinds::JSON) => Kind::Json,
            () => Kind::Text,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    Plain,
    Grouped,
    Comma,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Iso,
    DayFirst,
    MonthFirst,
}

impl Order {
    fn day_first(day_first: bool) -> Self {
        if day_first {
            Self::DayFirst
        } else {
            Self::MonthFirst
        }
    }
}

/// A column's type, and how its values are written in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Boolean,
    Integer,
    BigInt,
    Numeric(Marks),
    Date(Order),
    Timestamp(Order),
    TimestampZone,
    Time,
    Json,
}

impl Kind {
    pub fn sql_type(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::BigInt => "bigint",
            Self::Numeric(_) => "numeric",
            Self::Date(_) => "date",
            Self::Timestamp(_) => "timestamp",
            Self::TimestampZone => "timestamptz",
            Self::Time => "time",
            Self::Json => "jsonb",
        }
    }

    /// `text` as Postgres reads it in this type; nothing for NULL.
    pub fn convert(self, text: &str) -> Option<std::borrow::Cow<'_, str>> {
        if self == Self::Text {
            return (!text.is_empty()).then_some(text.into());
        }
        let text = text.trim();
        if is_nothing(text) {
            return None;
        }
        if let Self::Numeric(marks) = self {
            let number: std::borrow::Cow<'_, str> = match with_unit(text) {
                Some((_, number)) => number.into(),
                None => text.into(),
            };
            return Some(match marks {
                Marks::Plain => number,
                Marks::Grouped => number.replace(',', "").into(),
                Marks::Comma => number.replace('.', "").replace(',', ".").into(),
            });
        }
        Some(match self {
            Self::Date(order) | Self::Timestamp(order) if order != Order::Iso => {
                let (date, rest) = split_date(text);
                match day(date, order) {
                    Some(day) => format!("{day}{rest}").into(),
                    None => text.into(),
                }
            }
            _ => text.into(),
        })
    }
}

/// Empty, or a word that spreadsheets and statistics programs write for nothing.
fn is_nothing(text: &str) -> bool {
    matches!(
        text,
        "" | "NULL" | "null" | "NA" | "N/A" | "n/a" | "NaN" | "nan" | "None" | "\\N" | "-"
    )
}

/// A currency's sign or a percent sign, and the number that it stands at: `-$1,234.50`, `($5)`, `12,5 €`.
fn with_unit(text: &str) -> Option<(char, String)> {
    const BEFORE: [char; 5] = ['$', '€', '£', '¥', '₹'];
    let bytes = text.as_bytes();
    // Most values are plain numbers or words.
    if bytes.first().is_some_and(u8::is_ascii_digit) && bytes.last().is_some_and(u8::is_ascii_digit)
        || !text.contains(|c| c == '%' || BEFORE.contains(&c))
    {
        return None;
    }
    // An accountant's way to write a loss.
    let (negative, text) = match text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        Some(inner) => (true, inner),
        None => match text.strip_prefix(['-', '\u{2212}']) {
            Some(rest) => (true, rest),
            None => (false, text),
        },
    };
    let (unit, number) = match text.strip_prefix(BEFORE) {
        Some(number) => (text.chars().next()?, number),
        None => {
            let unit = text.chars().next_back()?;
            (unit, text.strip_suffix(unit)?)
        }
    };
    if unit != '%' && !BEFORE.contains(&unit) {
        return None;
    }
    let number = number.trim_matches([' ', '\u{a0}', '\u{202f}']);
    let (negative, number) = match number.strip_prefix('-') {
        Some(rest) if !negative => (true, rest),
        Some(_) => return None,
        None => (negative, number),
    };
    number
        .starts_with(|c: char| c.is_ascii_digit() || c == '.')
        .then(|| (unit, format!("{}{number}", if negative { "-" } else { "" })))
}

fn is_boolean(text: &str) -> bool {
    text.len() <= 5
        && ["true", "false", "yes", "no", "t", "f", "y", "n"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
}

fn number(bytes: &[u8]) -> Kinds {
    let unsigned = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let whole = unsigned.iter().take_while(|b| b.is_ascii_digit()).count();
    // A leading zero is no number's: it is a code, whose zeros count.
    if whole > 1 && unsigned[0] == b'0' {
        return Kinds::NONE;
    }
    let (digits, rest) = unsigned.split_at(whole);
    if rest.is_empty() {
        return integer(bytes, digits.len());
    }
    let mut kinds = Kinds::NONE;
    if is_decimal(digits, rest) {
        kinds = kinds.or(Kinds::NUMERIC).or(Kinds::GROUPED);
    }
    if is_marked(unsigned, b',', b'.') {
        kinds = kinds.or(Kinds::GROUPED);
    }
    if is_marked(unsigned, b'.', b',') {
        kinds = kinds.or(Kinds::COMMA);
    }
    kinds
}

fn integer(bytes: &[u8], digits: usize) -> Kinds {
    let kinds = Kinds::NUMERIC.or(Kinds::GROUPED).or(Kinds::COMMA);
    let value = std::str::from_utf8(bytes).ok().map(str::parse::<i64>);
    match value {
        _ if digits == 0 || digits > 100 => Kinds::NONE,
        Some(Ok(value)) if i32::try_from(value).is_ok() => {
            kinds.or(Kinds::BIGINT).or(Kinds::INTEGER)
        }
        Some(Ok(_)) => kinds.or(Kinds::BIGINT),
        _ => kinds,
    }
}

/// `.5`, `1.`, `1.5`, `1e9`, `1.5E-9`, after the digits before the point.
fn is_decimal(whole: &[u8], rest: &[u8]) -> bool {
    let (fraction, exponent) = match rest.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let fraction = match fraction {
        [] => fraction,
        [b'.', digits @ ..] => digits,
        _ => return false,
    };
    let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    let exponent = exponent.is_none_or(|e| {
        let e = e.strip_prefix(b"-").or(e.strip_prefix(b"+")).unwrap_or(e);
        (1..=3).contains(&e.len()) && digits(e)
    });
    digits(fraction) && exponent && whole.len() + fraction.len() > 0
}

/// Digits with `group` between every three of them, and a `point` before more of them.
fn is_marked(text: &[u8], group: u8, point: u8) -> bool {
    let (whole, fraction) = match text.iter().position(|&b| b == point) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, &[][..]),
    };
    let mut groups = whole.split(|&b| b == group);
    let first = groups.next().unwrap_or_default();
    let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    let grouped = whole.contains(&group);
    digits(fraction)
        && digits(first)
        && (1..=if grouped { 3 } else { 15 }).contains(&first.len())
        && groups.all(|g| g.len() == 3 && digits(g))
}

/// Dates, times and both.
fn moment(text: &str) -> Kinds {
    // The shortest is 1:00, the longest 2024-12-31 23:59:59.999999999 +00:00.
    if !(4..=36).contains(&text.len()) || !text.is_ascii() {
        return Kinds::NONE;
    }
    let (date, rest) = split_date(text);
    if date.is_empty() {
        return if clock(text) {
            Kinds::TIME
        } else {
            Kinds::NONE
        };
    }
    let readings = [
        (Order::Iso, Kinds::DATE, Kinds::TIMESTAMP),
        (
            Order::DayFirst,
            Kinds::DATE_DAY_FIRST,
            Kinds::TIMESTAMP_DAY_FIRST,
        ),
        (
            Order::MonthFirst,
            Kinds::DATE_MONTH_FIRST,
            Kinds::TIMESTAMP_MONTH_FIRST,
        ),
    ];
    let mut kinds = Kinds::NONE;
    for (order, of_date, of_timestamp) in readings {
        if day(date, order).is_none() {
            continue;
        }
        if rest.is_empty() {
            kinds = kinds.or(of_date).or(of_timestamp);
        } else if clock(&rest[1..]) {
            kinds = kinds.or(of_timestamp);
        } else if order == Order::Iso && zoned_clock(&rest[1..]) {
            kinds = kinds.or(Kinds::TIMESTAMP_ZONE);
        }
    }
    kinds
}

/// The date, and what follows it from the blank or the `T` on.
fn split_date(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | '/' | '.')))
        .unwrap_or(text.len());
    match text[end..].bytes().next() {
        None | Some(b' ' | b'T') => text.split_at(end),
        _ => ("", text),
    }
}

fn day(date: &str, order: Order) -> Option<NaiveDate> {
    let mark = date.find(['-', '/', '.']).map(|at| &date[at..=at])?;
    let mut parts = date.split(mark);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (year, month, day) = match order {
        Order::Iso => (a, b, c),
        Order::DayFirst => (c, b, a),
        // With points the day always comes first.
        Order::MonthFirst if mark != "." => (c, a, b),
        Order::MonthFirst => return None,
    };
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// `9:05`, `09:05:00`, `09:05:00.123`, `9:05 PM`
fn clock(text: &str) -> bool {
    let upper = text.trim_start().to_ascii_uppercase();
    let formats: &[&str] = if upper.ends_with('M') {
        &["%I:%M %p", "%I:%M:%S %p", "%I:%M%p", "%I:%M:%S%p"]
    } else {
        &["%H:%M", "%H:%M:%S%.f"]
    };
    formats
        .iter()
        .any(|format| NaiveTime::parse_from_str(&upper, format).is_ok())
}

/// A clock with `Z`, `+02`, `+0200` or `+02:00` after it.
fn zoned_clock(text: &str) -> bool {
    let Some(at) = text.find(['Z', '+', '-']) else {
        return false;
    };
    let (time, zone) = text.split_at(at);
    let zone_ok = zone == "Z" || {
        let digits = zone[1..].replace(':', "");
        matches!(digits.len(), 2 | 4) && digits.bytes().all(|b| b.is_ascii_digit())
    };
    zone_ok && clock(time.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(values: &[&str]) -> Kind {
        let mut guess = Guess::default();
        values.iter().for_each(|value| guess.see(value));
        guess.kind()
    }

    #[test]
    fn a_column_gets_the_strictest_type_that_fits_every_value() {
        for (values, expected) in [
            (&["1", "-20", "", "NULL"][..], Kind::Integer),
            (&["1", "3000000000"], Kind::BigInt),
            (&["1", "99999999999999999999"], Kind::Numeric(Marks::Plain)),
            (&["1.50", "2", "1e3", ".5"], Kind::Numeric(Marks::Plain)),
            (&["1,234.50", "7", "0.5"], Kind::Numeric(Marks::Grouped)),
            (&["1.234,50", "7,5", "1.000"], Kind::Numeric(Marks::Comma)),
            (&["00123", "45678"], Kind::Text),
            (&["+49 30", "1"], Kind::Text),
            (&["1-2", "3"], Kind::Text),
            (&["yes", "No", "NA"], Kind::Boolean),
            (&["yes", "1"], Kind::Text),
            (&["f", "F"], Kind::Text),
            (&["y", "", "N"], Kind::Boolean),
            (&["f", "true"], Kind::Boolean),
            (
                &["$1,234.50", "$7", "-$0.50", "", "3"],
                Kind::Numeric(Marks::Grouped),
            ),
            (&["12,50 €", "1.000,00 €"], Kind::Numeric(Marks::Comma)),
            (&["5%", "12.5 %"], Kind::Numeric(Marks::Plain)),
            (&["5%", "0.05"], Kind::Text),
            (&["0.05", "5%"], Kind::Text),
            (&["$5", "€5"], Kind::Text),
            (&["$5", "free"], Kind::Text),
            (&["100% wool"], Kind::Text),
            (&["$2024-01-01"], Kind::Text),
            (&["2024-02-29", "2023/12/31"], Kind::Date(Order::Iso)),
            (&["2023-02-29"], Kind::Text),
            (&["31/12/2024", "01/02/2024"], Kind::Date(Order::DayFirst)),
            (&["12/31/2024", "01/02/2024"], Kind::Date(Order::MonthFirst)),
            (&["01/02/2024", "03/04/2024"], Kind::Text),
            (&["1.2.2024"], Kind::Date(Order::DayFirst)),
            (
                &["2024-01-01 10:00", "2024-01-02"],
                Kind::Timestamp(Order::Iso),
            ),
            (&["2024-01-01T10:00:00.123"], Kind::Timestamp(Order::Iso)),
            (
                &["12/31/2024 1:05:00 PM"],
                Kind::Timestamp(Order::MonthFirst),
            ),
            (
                &["2024-01-01T10:00:00Z", "2024-01-01 10:00:00+02"],
                Kind::TimestampZone,
            ),
            (&["10:30", "23:59:59"], Kind::Time),
            (&["25:00"], Kind::Text),
            (&["", "NA"], Kind::Text),
            (&["Namibia", "1"], Kind::Text),
        ] {
            assert_eq!(kind(values), expected, "{values:?}");
        }
    }

    #[test]
    fn values_are_rewritten_as_postgres_reads_them() {
        for (kind, text, expected) in [
            (Kind::Numeric(Marks::Grouped), "1,234.5", Some("1234.5")),
            (Kind::Numeric(Marks::Comma), "1.234,5", Some("1234.5")),
            (Kind::Numeric(Marks::Grouped), "($1,234.5)", Some("-1234.5")),
            (Kind::Numeric(Marks::Comma), "-12,50 €", Some("-12.50")),
            (Kind::Numeric(Marks::Plain), "5 %", Some("5")),
            (Kind::Date(Order::DayFirst), "1.2.2024", Some("2024-02-01")),
            (
                Kind::Timestamp(Order::MonthFirst),
                "12/31/2024 1:05 PM",
                Some("2024-12-31 1:05 PM"),
            ),
            (Kind::Integer, " 7 ", Some("7")),
            (Kind::Integer, "NA", None),
            (Kind::Text, "NA", Some("NA")),
            (Kind::Text, "", None),
        ] {
            assert_eq!(kind.convert(text).as_deref(), expected, "{text}");
        }
    }
}
