//! Numbers for people: digits in groups of three, where they count something.

use crate::db::{Cell, Column};

/// A column of shorter numbers is read at a glance as it is.
const LONG: usize = 5;

/// Whether a column's numbers are shown in groups: long amounts are. Keys, years and codes are names made
/// of digits.
pub fn is_grouped(column: &Column) -> bool {
    const NAMES: &[&str] = &[
        "id", "ids", "key", "year", "code", "number", "no", "nr", "zip", "postcode", "phone",
        "oid", "pid", "isbn", "ean", "sku", "port",
    ];
    let name = column.info.name.to_lowercase();
    let last = name
        .rsplit(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    let counts = column.is_numeric() && column.info.type_name != "oid" && !NAMES.contains(&last);
    counts && (0..column.len()).any(|row| whole_digits(&column.cell(row).to_string()) >= LONG)
}

/// Digits before the point; none where it is no plain number.
fn whole_digits(text: &str) -> usize {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if plain(whole) && plain(fraction) {
        whole.len()
    } else {
        0
    }
}

/// `1234567.891` as `1,234,567.891`; whatever is no plain number stays as it is.
pub fn grouped(cell: Cell<'_>) -> String {
    let text = cell.to_string();
    let digits = whole_digits(&text);
    let (sign, rest) = text.split_at(usize::from(text.starts_with('-')));
    let (whole, fraction) = rest.split_at(digits);
    if whole.len() <= 3 {
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
            ("123", "123"),
            ("1234", "1,234"),
            ("", ""),
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
        let column = |name: &str, type_name: &str, value: &str| Column {
            info: ColumnInfo {
                name: name.into(),
                type_name: type_name.into(),
            },
            values: Values::Text(vec![None, Some(value.into())]),
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
            let grouped = is_grouped(&column(name, type_name, "-12345.6"));
            assert_eq!(grouped, expected, "{name}");
        }
        assert!(!is_grouped(&column("population", "bigint", "9999")));
    }
}
