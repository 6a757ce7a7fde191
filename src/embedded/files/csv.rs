//! Separated values: the delimiter, the quote and the header are found; a record that does not fit is
//! an error with its line.

use std::io::{self, BufReader, Read};

use csv::{ReaderBuilder, StringRecord, Terminator};

use super::copy::CopyText;
use super::kind::{Guess, Kind, Kinds};
use super::name::Names;
use super::source::Source;
use super::{Column, Rows};
use crate::error::{Error, Result};

/// Records of the sample that decide about the form.
const LOOKED_AT: usize = 200;

/// How the values are separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Dialect {
    delimiter: u8,
    quote: u8,
    /// `\"` stands for a quote inside quotes.
    backslash: bool,
}

/// How a file is to be read.
#[derive(Debug, Clone, Copy)]
struct Layout {
    dialect: Dialect,
    /// Bytes before the table.
    begins: usize,
}

pub struct Csv {
    records: csv::Reader<Counted>,
    record: StringRecord,
    kinds: Vec<Kind>,
    layout: Layout,
    source: Source,
}

impl Csv {
    /// Reads all of the file to find the columns' types, then stands before the first row.
    pub fn open(source: Source) -> Result<(Vec<Column>, Self)> {
        let layout = layout(&source.sample);
        let dialect = layout.dialect;
        let has_header = has_header(&source.sample[layout.begins..], dialect);
        let mut records = reader(&source, layout)?;
        let mut record = StringRecord::new();
        let mut guesses: Vec<Guess> = Vec::new();
        let mut names = Names::default();
        let mut columns = Vec::new();
        let mut first = true;
        while next(&mut records, &mut record, &source, layout)? {
            if first {
                first = false;
                for (i, header) in record.iter().enumerate() {
                    let header = if has_header { header } else { "" };
                    columns.push(Column::new(names.column(header, i + 1), header));
                }
                guesses = vec![Guess::default(); columns.len()];
                if has_header {
                    continue;
                }
            }
            for (guess, value) in guesses.iter_mut().zip(&record) {
                guess.see(value);
            }
        }
        let kinds: Vec<Kind> = guesses.iter().map(|guess| guess.kind()).collect();
        for ((column, kind), guess) in columns.iter_mut().zip(&kinds).zip(&guesses) {
            column.sql_type = kind.sql_type().to_owned();
            if let Some(unit) = guess.unit() {
                column.is_in(unit);
            }
        }
        let mut records = reader(&source, layout)?;
        if has_header {
            next(&mut records, &mut record, &source, layout)?;
        }
        tracing::debug!(
            file = %source.path.display(),
            encoding = source.encoding.name(),
            delimiter = %char::from(dialect.delimiter),
            quote = %char::from(dialect.quote),
            has_header,
            "separated values"
        );
        Ok((
            columns,
            Self {
                records,
                record,
                kinds,
                layout,
                source,
            },
        ))
    }
}

impl Rows for Csv {
    fn next(&mut self, out: &mut CopyText) -> Result<bool> {
        let (records, record) = (&mut self.records, &mut self.record);
        if !next(records, record, &self.source, self.layout)? {
            return Ok(false);
        }
        for (kind, value) in self.kinds.iter().zip(&self.record) {
            out.field(kind.convert(value).as_deref());
        }
        out.end_row();
        Ok(true)
    }
}

/// Text on its way, and the quotes in it.
struct Counted {
    text: Box<dyn Read + Send>,
    quote: u8,
    quotes: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.text.read(buffer)?;
        self.quotes += buffer[..read].iter().filter(|&&b| b == self.quote).count() as u64;
        Ok(read)
    }
}

fn reader(source: &Source, layout: Layout) -> Result<csv::Reader<Counted>> {
    let mut text = source.text().map_err(|e| source.problem(None, e))?;
    io::copy(&mut (&mut text).take(layout.begins as u64), &mut io::sink())
        .map_err(|e| source.problem(None, e))?;
    Ok(builder(layout.dialect).from_reader(Counted {
        text: Box::new(text),
        quote: layout.dialect.quote,
        quotes: 0,
    }))
}

fn builder(dialect: Dialect) -> ReaderBuilder {
    let mut builder = ReaderBuilder::new();
    builder
        .has_headers(false)
        .delimiter(dialect.delimiter)
        .quote(dialect.quote)
        .escape(dialect.backslash.then_some(b'\\'))
        .terminator(Terminator::CRLF);
    builder
}

fn next(
    records: &mut csv::Reader<Counted>,
    record: &mut StringRecord,
    source: &Source,
    layout: Layout,
) -> Result<bool> {
    let before = (records.get_ref().quotes % 2 == 1).then(|| record.clone());
    match records.read_record(record) {
        Ok(true) => return Ok(true),
        Ok(false) => {}
        Err(error) => {
            // Too few fields, but lines in them, and nothing after it: the quote is what is wrong.
            let odd = records.get_ref().quotes % 2 == 1;
            let line = line(source, layout, error.position());
            let lines = records.position().line() - error.position().map_or(0, csv::Position::line);
            if odd && lines > 1 && matches!(records.read_record(record), Ok(false)) {
                return Err(unclosed(source, line));
            }
            return Err(broken(source, line, &error));
        }
    }
    // The parser takes the end of the file for the end of a quoted value. One that goes on over lines to
    // the very end, in a file with an odd number of quotes, was never closed.
    match before {
        Some(last) if last.iter().next_back().is_some_and(|v| v.contains('\n')) => {
            Err(unclosed(source, line(source, layout, last.position())))
        }
        _ => Ok(false),
    }
}

fn unclosed(source: &Source, line: Option<u64>) -> Error {
    source
        .problem(line, "a quote is opened and never closed")
        .with_hint("close it, or double it where it is part of the value")
}

fn broken(source: &Source, line: Option<u64>, error: &csv::Error) -> Error {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            let problem = source.problem(
                line,
                format!(
                    "{len} field{}, where the lines before have {expected_len}",
                    if *len == 1 { "" } else { "s" }
                ),
            );
            // A title has fewer fields than the table under it.
            if len > expected_len && error.position().is_some_and(|p| p.record() == 1) {
                return problem.with_hint("if the table begins at this line, take away what stands before it; a value with the delimiter in it stands in quotes");
            }
            problem.with_hint("mend the line: a value with the delimiter, a quote or a line break in it stands in quotes, and a quote in it is doubled")
        }
        csv::ErrorKind::Io(e) => source.problem(line, e),
        _ => source.problem(line, error),
    }
}

/// The line of the file that a record stands in. The parser counts no returns, and a record for it begins
/// with the empty lines before it.
fn line(source: &Source, layout: Layout, position: Option<&csv::Position>) -> Option<u64> {
    let begins = layout.begins as u64 + position?.byte();
    let text = BufReader::new(source.text().ok()?);
    let (mut line, mut returned) = (1, false);
    for (at, byte) in (0..).zip(text.bytes()) {
        let byte = byte.ok()?;
        match byte {
            b'\n' if returned => {}
            b'\r' | b'\n' => line += 1,
            _ if at >= begins => break,
            _ => {}
        }
        returned = byte == b'\r';
    }
    Some(line)
}

/// The dialect, and where the table begins: after `sep=;`, which Excel writes, and after lines of comment.
fn layout(sample: &str) -> Layout {
    let first = sample.lines().next().unwrap_or_default();
    let told = first.trim_matches('"').to_ascii_lowercase();
    if let Some(&[delimiter]) = told.strip_prefix("sep=").map(str::as_bytes) {
        let begins = after(sample, first);
        let dialect = dialect(&sample[begins..]);
        return Layout {
            dialect: Dialect {
                delimiter,
                ..dialect
            },
            begins,
        };
    }
    let mut begins = 0;
    let mut header = 0;
    for line in sample.lines().take_while(|line| line.starts_with('#')) {
        header = begins;
        begins += after(&sample[begins..], line);
    }
    if begins == 0 {
        return Layout {
            dialect: dialect(sample),
            begins,
        };
    }
    let below = dialect(&sample[begins..]);
    let fields = |text: &str| {
        let records = sampled(text, below);
        records.first().map_or(0, StringRecord::len)
    };
    // A column of words with # is no comment, and `#id,name` is a header.
    if fields(&sample[begins..]) < 2 {
        begins = 0;
    } else if fields(&sample[header..]) == fields(&sample[begins..]) {
        begins = header;
    }
    Layout {
        dialect: dialect(&sample[begins..]),
        begins,
    }
}

/// Where the line after the first one begins.
fn after(text: &str, first: &str) -> usize {
    let rest = &text[first.len()..];
    let end = rest.strip_prefix('\r').unwrap_or(rest);
    text.len() - end.strip_prefix('\n').unwrap_or(end).len()
}

/// The delimiter under which the lines have the same number of fields, and most of them.
fn dialect(sample: &str) -> Dialect {
    let quote = quote(sample);
    // Where quotes are doubled as well, a backslash is only a backslash.
    let backslash = sample.contains("\\\"") && !sample.replace("\\\"", "").contains("\"\"");
    let dialects = [b',', b';', b'\t', b'|'].map(|delimiter| Dialect {
        delimiter,
        quote,
        backslash,
    });
    let score = |dialect: &Dialect| {
        let lengths: Vec<usize> = sampled(sample, *dialect)
            .iter()
            .map(StringRecord::len)
            .collect();
        let fields = lengths.first().copied().unwrap_or(0);
        let agreeing = lengths.iter().filter(|&&n| n == fields).count();
        // One field a line says nothing about its delimiter.
        if fields < 2 {
            return (0, 0);
        }
        (agreeing * 100 / lengths.len(), fields)
    };
    let mut best = dialects[0];
    for dialect in &dialects[1..] {
        if score(dialect) > score(&best) {
            best = *dialect;
        }
    }
    best
}

/// The single quote only where values stand in it and none stands in double ones.
fn quote(sample: &str) -> u8 {
    let wraps = |quote: char| {
        sample
            .lines()
            .take(LOOKED_AT)
            .flat_map(|line| line.split([',', ';', '\t', '|']))
            .filter(|v| v.len() > 1 && v.starts_with(quote) && v.ends_with(quote))
            .count()
    };
    if wraps('"') == 0 && wraps('\'') > 1 {
        b'\''
    } else {
        b'"'
    }
}

/// The sample's whole records, of any length.
fn sampled(sample: &str, dialect: Dialect) -> Vec<StringRecord> {
    let mut records: Vec<StringRecord> = builder(dialect)
        .flexible(true)
        .from_reader(sample.as_bytes())
        .into_records()
        .take(LOOKED_AT)
        .map_while(std::result::Result::ok)
        .collect();
    // The sample may end in the middle of the last one.
    if records.len() > 2 && records.len() < LOOKED_AT {
        records.pop();
    }
    records
}

/// No header where a first line of numbers or dates stands over more of the same.
fn has_header(sample: &str, dialect: Dialect) -> bool {
    let records = sampled(sample, dialect);
    let Some((first, rest)) = records.split_first() else {
        return true;
    };
    let mut guesses = vec![Guess::default(); first.len()];
    for record in rest {
        for (guess, value) in guesses.iter_mut().zip(record) {
            guess.see(value);
        }
    }
    let over_typed: Vec<&str> = guesses
        .iter()
        .zip(first)
        .filter(|(guess, value)| guess.kind() != Kind::Text && !value.trim().is_empty())
        .map(|(_, value)| value.trim())
        .collect();
    if over_typed.is_empty() {
        // Nothing but text below, or nothing at all: a first line of numbers alone is a row.
        return first
            .iter()
            .any(|value| Kinds::of_cell(value.trim()).is_none());
    }
    over_typed
        .iter()
        .any(|value| Kinds::of_cell(value).is_none())
        || years(&over_typed)
}

/// A line of years, each once and one after the other, heads the columns of a table over time.
fn years(values: &[&str]) -> bool {
    let years: Vec<u16> = values.iter().filter_map(|v| v.parse().ok()).collect();
    years.len() == values.len()
        && years.len() > 1
        && years.iter().all(|year| (1800..2200).contains(year))
        && years.windows(2).all(|pair| pair[0].abs_diff(pair[1]) == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_the_one_that_splits_evenly() {
        for (sample, delimiter) in [
            ("a,b\n1,2\n3,4\n", b','),
            ("a;b;c\n1,5;2,5;x\n3;4;y\n", b';'),
            ("a\tb\n1, 2\tx\n3, 4\ty\n", b'\t'),
            ("a|b\n1|2\n", b'|'),
            ("name\nAda, Countess\nBob\n", b','),
            ("a,b\n\"x;y\",\"p;q\"\n1,2\n", b','),
        ] {
            assert_eq!(dialect(sample).delimiter, delimiter, "{sample}");
        }
    }

    #[test]
    fn single_quotes_and_backslashes_are_found() {
        assert_eq!(dialect("'a','b'\n'x,y','z'\n").quote, b'\'');
        assert_eq!(dialect("a,b\n\"it's\",'tis\n").quote, b'"');
        assert!(dialect("a,b\n\"say \\\"hi\\\"\",1\n").backslash);
        assert!(!dialect("a,b\n\"say \"\"hi\"\"\",1\n").backslash);
    }

    #[test]
    fn the_table_begins_after_what_is_none() {
        for (sample, begins, delimiter) in [
            ("a,b\n1,2\n", 0, b','),
            ("sep=;\r\na;b\r\n1;2\r\n", 7, b';'),
            ("\"sep=\t\"\na\tb\n1\t2\n", 8, b'\t'),
            ("# made by x, today\n#\na;b\n1;2\n", 21, b';'),
            ("#id,name\n1,Ada\n", 0, b','),
            ("# made by x\n#id,name\n1,Ada\n", 12, b','),
            ("#rust\nsql\n#go\n", 0, b','),
            ("#rust\n#go\n", 0, b','),
        ] {
            let layout = layout(sample);
            let found = (layout.begins, layout.dialect.delimiter);
            assert_eq!(found, (begins, delimiter), "{sample}");
        }
    }

    #[test]
    fn a_first_line_like_the_others_is_no_header() {
        for (sample, expected) in [
            ("id,name\n1,Ada\n2,Bob\n", true),
            ("1,Ada\n2,Bob\n3,Cy\n", false),
            ("name,city\nAda,Paris\nBob,Rome\n", true),
            ("id\n", true),
            ("2024-01-01,5\n2024-01-02,6\n", false),
            ("city,2023,2024\nParis,1,2\nRome,3,4\n", true),
            ("5,7\n", false),
        ] {
            let dialect = dialect(sample);
            assert_eq!(has_header(sample, dialect), expected, "{sample}");
        }
    }
}
