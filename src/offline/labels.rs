//! Which columns a table's rows are known by: to the database, and to a person.

use std::sync::LazyLock;

use super::lexicon::{Column, TableWords, ValueKind};
use super::words::stem;

static NAME: LazyLock<String> = LazyLock::new(|| stem("name"));
static TITLE: LazyLock<String> = LazyLock::new(|| stem("title"));
static FULL: LazyLock<String> = LazyLock::new(|| stem("full"));
static FIRST: LazyLock<String> = LazyLock::new(|| stem("first"));
static LAST: LazyLock<String> = LazyLock::new(|| stem("last"));

/// Whether a column is called as keys are: `customer_id`, `bid`.
pub fn is_called_key(column: &Column) -> bool {
    let last = column.words.last().map_or("", String::as_str);
    matches!(last, "id" | "uuid" | "key" | "guid" | "code" | "number")
        || matches!(column.words.as_slice(), [word]
            if (word.len() <= 4 && word.ends_with("id"))
                || (word.len() <= 6 && word.ends_with("code"))
                || (word.len() <= 5 && word.ends_with("no"))
                || matches!(word.as_str(), "isbn" | "issn" | "sku" | "vin" | "ssn" | "ean"))
}

/// Of the columns that tell a table's rows apart the one that its rows are known by.
pub fn own_key(table: &TableWords) -> Option<usize> {
    let own = |c: &Column| {
        c.kind == ValueKind::Text
            && (c.words == ["name"]
                || c.words.starts_with(&table.words)
                || c.joined == table.joined)
    };
    let find = |wanted: &dyn Fn(&Column) -> bool| {
        let mut unique = table.unique.iter().copied();
        unique.find(|&c| wanted(&table.columns[c]))
    };
    find(&is_called_key).or_else(|| find(&own)).or_else(|| {
        let [only] = table.unique.as_slice() else {
            return None;
        };
        (table.columns[*only].kind == ValueKind::Text).then_some(*only)
    })
}

/// Whether a column says what kind of thing a row is, or where, rather than which.
fn is_class(column: &Column) -> bool {
    static CLASSES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let classes = [
            "category", "city", "color", "country", "currency", "gender", "kind", "language",
            "region", "sex", "state", "status", "type",
        ];
        classes.map(stem).to_vec()
    });
    let last = column.words.last();
    last.is_some_and(|last| CLASSES.contains(last))
}

/// Whether a table's name ends in a word for any table.
fn is_list(word: &str) -> bool {
    matches!(
        word,
        "list" | "data" | "tabl" | "info" | "detail" | "record" | "histori" | "log"
    )
}

/// The columns that name a row to a person, best guess first; the key when there is no other.
pub fn label(table: &TableWords) -> Vec<usize> {
    let find = |wanted: &dyn Fn(&Column) -> bool| {
        table
            .columns
            .iter()
            .position(|c| c.kind == ValueKind::Text && wanted(c))
            .map(|at| vec![at])
    };
    let named = |words: &[&String]| find(&|c: &Column| c.words.iter().eq(words.iter().copied()));
    let own = |suffix: &str, stem: &String| {
        let wanted = table.words.iter().chain([stem]);
        find(&|c: &Column| {
            let before = c.joined.strip_suffix(suffix);
            c.words.iter().eq(wanted.clone())
                || before == Some(&table.joined)
                // "person_name" of persons.
                || before.is_some_and(|b| table.joined.strip_suffix('s') == Some(b.trim_end_matches(suffix)))
        })
    };
    let one = |words: &[&str]| {
        find(&|c: &Column| {
            words
                .iter()
                .any(|w| c.words.iter().map(String::as_str).eq(w.split(' ')))
        })
    };
    let both = || {
        let mut found = named(&[&FIRST, &NAME])
            .or_else(|| one(&["forenam", "given name", "given", "first"]))?;
        let last = named(&[&LAST, &NAME]);
        found.extend(last.or_else(|| one(&["surnam", "famili name", "famili", "last"]))?);
        Some(found)
    };
    named(&[&NAME])
        .or_else(|| own("name", &NAME))
        .or_else(|| named(&[&FULL, &NAME]))
        .or_else(both)
        .or_else(|| named(&[&TITLE]))
        .or_else(|| find(&|c: &Column| c.words == table.words || c.joined == table.joined))
        .or_else(|| {
            let last = table.words.last()?;
            let more = table.words.len() > 1 && !is_list(last);
            find(&|c: &Column| more && c.words.as_slice() == [last.clone()])
        })
        .or_else(|| own("title", &TITLE))
        .or_else(|| {
            let ends = |word: &String| {
                let mut all = (0..table.columns.len()).filter(|&i| {
                    let c = &table.columns[i];
                    c.kind == ValueKind::Text && !c.is_key && c.words.last() == Some(word)
                });
                all.next()
                    .filter(|_| all.next().is_none())
                    .map(|at| vec![at])
            };
            // "pname" of program
            let short = || {
                let initial = table.joined.chars().next();
                find(&|c: &Column| {
                    c.joined
                        .strip_suffix("name")
                        .is_some_and(|p| (1..=2).contains(&p.len()) && p.chars().next() == initial)
                })
            };
            ends(&NAME).or_else(short).or_else(|| ends(&TITLE))
        })
        .or_else(|| {
            let mut texts = (0..table.columns.len()).filter(|&i| {
                let c = &table.columns[i];
                // An enum's label tells no row from another.
                let told = !is_class(c) || table.columns.len() <= 3 || table.unique.contains(&i);
                c.kind == ValueKind::Text && !c.is_key && told && c.labels.is_empty()
            });
            texts
                .next()
                .filter(|_| texts.next().is_none())
                .map(|at| vec![at])
        })
        .unwrap_or_else(|| table.key.clone())
}
