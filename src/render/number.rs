//! Numbers for people: digits in groups of three, where they count something.

use crate::db::{Cell, Column};

/// Shorter numbers are read at a glance, and years stay whole.
const LEAST_GROUPED: usize = 5;

/// Whether a column's numbers are amounts: not keys, years or codes, which are names made of digits.
pub fn counts(column: &Column) -> bool {
    const NAMES: &[&str] = &[
        "id", "ids", "key", "year", "code", "number", "no", "nr", "zip", "postcode", "phone",
        "oid", "pid", "isbn", "ean", "sku", "port",
    ];
    let name = column.info.name.to_lowercase();
    let last = name
        .rsplit(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    column.is_numeric() && column.info.type_name != "oid" && !NAMES.contains(&last)
}

/// `1234567.891` as `1,234,567.891`; whatever is no plain number stays as it is.
pub fn grouped(cell: Cell<'_>) -> String {
    let text = cell.to_string();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.as_str()),
    };
    let (whole, fraction) = match digits.find('.') {
        Some(at) => digits.split_at(at),
        None => (digits, ""),
    };
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.len() < LEAST_GROUPED || !plain(whole) || !plain(fraction.trim_start_matches('.')) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + whole.len() / 3);
    out.push_str(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{ColumnInfo, Values};

    #[test]
    fn long_numbers_are_grouped_and_nothing_else() {
        for (text, shown) in [
            ("1234", "1234"),
            ("12345", "12,345"),
            ("-1234567.8910", "-1,234,567.8910"),
            ("123456", "123,456"),
            ("0.1234567", "0.1234567"),
            ("NaN", "NaN"),
            ("1e+300", "1e+300"),
            ("Infinity", "Infinity"),
        ] {
            assert_eq!(grouped(Cell::Text(text)), shown);
        }
        assert_eq!(grouped(Cell::Int(i64::MIN)), "-9,223,372,036,854,775,808");
    }

    #[test]
    fn names_made_of_digits_are_no_amounts() {
        let column = |name: &str, type_name: &str| Column {
            info: ColumnInfo {
                name: name.into(),
                type_name: type_name.into(),
            },
            values: Values::Text(Vec::new()),
        };
        for (name, type_name, expected) in [
            ("population", "bigint", true),
            ("total_amount", "numeric(10,2)", true),
            ("customer_id", "integer", false),
            ("ID", "bigint", false),
            ("fiscal_year", "integer", false),
            ("order no", "integer", false),
            ("name", "text", false),
        ] {
            assert_eq!(counts(&column(name, type_name)), expected, "{name}");
        }
    }
}
