//! Which columns a table's rows are known by: to the database, and to a person.

use super::lexicon::{Column, TableWords, ValueKind};
use super::words::stem;

/// Whether a column is called as keys are: `customer_id`, `bid`.
pub fn is_called_key(column: &Column) -> bool {
    let last = column.words.last().map_or("", String::as_str);
    matches!(last, "id" | "uuid" | "key" | "guid" | "code" | "number")
        || matches!(column.words.as_slice(), [word] if word.len() <= 4 && word.ends_with("id"))
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
    const CLASSES: &[&str] = &[
        "category", "city", "color", "country", "currency", "gender", "kind", "language", "region",
        "sex", "state", "status", "type",
    ];
    let last = column.words.last();
    last.is_some_and(|last| CLASSES.iter().any(|class| *last == stem(class)))
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
    let named = |words: &[&str]| {
        let stems: Vec<String> = words.iter().map(|w| stem(w)).collect();
        find(&|c: &Column| c.words == stems)
    };
    let own = |suffix: &str| {
        let mut wanted = table.words.clone();
        wanted.push(stem(suffix));
        find(&|c: &Column| {
            c.words == wanted
                || c.joined == format!("{}{suffix}", table.joined)
                || format!("{}s", c.joined.trim_end_matches(suffix)) == table.joined
                    && c.joined.ends_with(suffix)
        })
    };
    let both = |first: &str, last: &str| {
        let mut found = named(&[first, "name"])?;
        found.extend(named(&[last, "name"])?);
        Some(found)
    };
    named(&["name"])
        .or_else(|| own("name"))
        .or_else(|| named(&["full", "name"]))
        .or_else(|| both("first", "last"))
        .or_else(|| named(&["title"]))
        .or_else(|| find(&|c: &Column| c.words == table.words || c.joined == table.joined))
        .or_else(|| own("title"))
        .or_else(|| {
            let ends = |word: &str| {
                let word = stem(word);
                let mut all = (0..table.columns.len()).filter(|&i| {
                    let c = &table.columns[i];
                    c.kind == ValueKind::Text && !c.is_key && c.words.last() == Some(&word)
                });
                all.next()
                    .filter(|_| all.next().is_none())
                    .map(|at| vec![at])
            };
            ends("name").or_else(|| ends("title"))
        })
        .or_else(|| {
            let mut texts = (0..table.columns.len()).filter(|&i| {
                let c = &table.columns[i];
                // An enum's label tells no row from another.
                c.kind == ValueKind::Text && !c.is_key && !is_class(c) && c.labels.is_empty()
            });
            texts
                .next()
                .filter(|_| texts.next().is_none())
                .map(|at| vec![at])
        })
        .unwrap_or_else(|| table.key.clone())
}
