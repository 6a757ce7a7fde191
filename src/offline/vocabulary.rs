//! What words mean whatever the schema: synonyms, short forms, places, and the words that carry no meaning
//! of their own.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::words::stem;

/// Phrases with the lines that they stand on; every line is one meaning.
type Meanings = HashMap<String, Vec<usize>>;

/// Words that mean the same in the names of tables and columns.
static SYNONYMS: LazyLock<Meanings> = LazyLock::new(|| lines(include_str!("words/synonyms.txt")));
/// Words that often mean the same.
static NEAR: LazyLock<Meanings> = LazyLock::new(|| lines(include_str!("words/near.txt")));

fn lines(text: &str) -> Meanings {
    let mut lines = Meanings::new();
    for (at, line) in text.lines().enumerate() {
        for phrase in line.split(", ") {
            lines.entry(phrase_stem(phrase)).or_default().push(at);
        }
    }
    lines
}

fn phrase_stem(phrase: &str) -> String {
    phrase.split(' ').map(stem).collect::<Vec<_>>().join(" ")
}

/// The meanings of a stem, or of a phrase of stems.
pub fn meanings(phrase: &str) -> &'static [usize] {
    SYNONYMS.get(phrase).map_or(&[], Vec::as_slice)
}

/// Meanings that a stem often has.
pub fn near_meanings(stem: &str) -> &'static [usize] {
    NEAR.get(stem).map_or(&[], Vec::as_slice)
}

fn share(these: &[usize], those: &[usize]) -> bool {
    these.iter().any(|meaning| those.contains(meaning))
}

/// Whether two stems, or phrases of stems, have a meaning in common.
pub fn are_synonyms(a: &str, b: &str) -> bool {
    share(meanings(a), meanings(b))
}

/// Whether two stems often mean the same.
pub fn are_near(a: &str, b: &str) -> bool {
    share(near_meanings(a), near_meanings(b))
}

/// Places with the adjectives and short forms that mean them, the place first.
static PLACES: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
    include_str!("words/places.txt")
        .lines()
        .map(|group| group.split(", ").collect())
        .collect()
});

/// How the data may write a place that a question writes so: "texas" → "tx"; with `before_noun`, "french" →
/// "france". A short form in a question is a word like any other.
pub fn places(written: &str, before_noun: bool) -> Vec<&'static str> {
    let means = |group: &&Vec<&str>| {
        group
            .iter()
            .position(|form| *form == written)
            .is_some_and(|at| {
                written.len() > 3 && (at == 0 || before_noun || written.contains(' '))
            })
    };
    PLACES
        .iter()
        .filter(means)
        .flat_map(|group| group.iter().copied().filter(|form| *form != written))
        .collect()
}

/// Short forms that names are made of.
pub fn expanded(part: &str) -> &str {
    match part {
        "num" | "nr" | "nbr" | "cnt" => "number",
        "amt" => "amount",
        "qty" | "quant" => "quantity",
        "desc" | "descr" | "dscr" => "description",
        "addr" => "address",
        "dept" => "department",
        "emp" => "employee",
        "cust" => "customer",
        "tx" | "txn" => "transaction",
        "ccy" | "curr" => "currency",
        "dt" => "date",
        "avg" => "average",
        "min" => "minimum",
        "max" => "maximum",
        "tot" => "total",
        "fname" | "firstname" => "first name",
        "lname" | "lastname" => "last name",
        "prod" => "product",
        "loc" => "location",
        "org" => "organization",
        "pct" | "perc" => "percentage",
        "yr" => "year",
        "tel" => "phone",
        "dob" | "birthdate" => "birth date",
        "stu" => "student",
        "fac" => "faculty",
        "len" => "length",
        "pop" => "population",
        "elev" => "elevation",
        "alt" => "altitude",
        "lang" => "language",
        "est" => "established",
        "dep" | "depart" | "dpt" => "departure",
        "arr" | "arriv" => "arrival",
        "dest" | "dst" => "destination",
        "orig" => "origin",
        "src" => "source",
        "mgr" => "manager",
        "temp" => "temperature",
        "acct" => "account",
        "bal" => "balance",
        "inv" => "invoice",
        "dist" => "distance",
        "dur" => "duration",
        "rev" => "revenue",
        "freq" => "frequency",
        "wt" => "weight",
        "ht" => "height",
        "ctry" | "cntry" => "country",
        "nm" => "name",
        "cd" => "code",
        "sts" => "status",
        "req" => "request",
        "pos" => "position",
        "lic" => "license",
        "nat" => "nationality",
        "pub" => "publication",
        "univ" => "university",
        "sem" => "semester",
        "occ" => "occupation",
        "sal" => "salary",
        "vol" => "volume",
        "mfr" | "manuf" => "manufacturer",
        "trans" => "transaction",
        "cert" => "certificate",
        "pts" => "points",
        "hrs" => "hours",
        "mins" => "minutes",
        "secs" => "seconds",
        "ms" => "milliseconds",
        "grp" => "group",
        "yrs" => "years",
        other => other,
    }
}

/// Words that names without separators are cut into.
pub static COMMON: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("words/common.txt").lines().collect());

/// Words that say nothing about which data is meant.
pub fn is_neutral(word: &str) -> bool {
    static NEUTRAL: LazyLock<HashSet<&'static str>> =
        LazyLock::new(|| include_str!("words/neutral.txt").lines().collect());
    NEUTRAL.contains(word)
}

/// What people who do something are called: stems of verbs and of their agents.
pub fn agents(verb: &str) -> &'static [&'static str] {
    match verb {
        "teach" | "lectur" => &["teacher", "professor", "instructor", "lecturer", "faculty"],
        "write" | "author" | "publish" => &["author", "writer"],
        "direct" => &["director"],
        "act" | "star" | "appear" | "portray" => &["actor", "actress"],
        "play" => &["player", "actor"],
        "sing" | "record" => &["singer", "artist", "band", "musician"],
        "sell" => &["salesperson", "seller", "employee", "staff"],
        "buy" | "purchas" | "order" => &["customer", "buyer", "client"],
        "drive" => &["driver"],
        "borrow" | "reserv" => &["member", "borrower", "reader", "patron"],
        "treat" | "diagnos" | "prescrib" => &["doctor", "physician"],
        "enrol" | "enroll" | "studi" | "major" => &["student"],
        "earn" | "work" | "hire" | "hired" => &["employee", "staff", "worker"],
        "own" => &["owner"],
        "coach" | "train" => &["coach", "trainer"],
        "stay" | "book" | "booking" => &["guest"],
        _ => &[],
    }
}

/// Whether a word that says nothing may still be what a table or column is called: a noun, and no order
/// to show something.
pub fn is_thing(word: &str) -> bool {
    [
        "member",
        "members",
        "record",
        "records",
        "entries",
        "entry",
        "data",
        "information",
        "needs",
        "report",
        "reports",
        "checks",
        "names",
        "states",
        "displays",
        "lists",
        "shows",
        "finds",
        "specifics",
        "details",
    ]
    .contains(&word)
}

/// Verbs that say no more than the tables they stand between; those that choose between two keys or
/// dates ("departing", "returned") are not among them.
pub fn is_linking_verb(word: &str) -> bool {
    static VERBS: LazyLock<HashSet<&'static str>> =
        LazyLock::new(|| include_str!("words/verbs.txt").lines().collect());
    VERBS.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_one_meaning_are_synonyms() {
        assert!(are_synonyms(&stem("movies"), &stem("film")));
        assert!(!are_synonyms(&stem("movies"), &stem("store")));
    }

    #[test]
    fn places_are_known_by_other_forms() {
        for (written, before_noun, forms) in [
            ("texas", false, vec!["tx"]),
            ("french", true, vec!["france"]),
            // A language, or a food.
            ("french", false, vec![]),
            ("in", true, vec![]),
        ] {
            assert_eq!(places(written, before_noun), forms, "{written}");
        }
    }
}
