//! Whatever comes, the guard neither panics nor hangs; and what it lets through is one query, wrapped so
//! that nothing of it stands outside.
//!
//!     RUSTC_BOOTSTRAP=1 cargo fuzz run check -- -dict=fuzz/sql.dict -max_len=4096
#![no_main]

use libfuzzer_sys::fuzz_target;
use guard::sql::{self, Policy};

/// Words that no query has outside quotes, unless a name is quoted or follows a dot.
const NEVER: &[&str] = &["pg_sleep", "set_config", "nextval", "lo_import", "pg_read_file", "pg_authid", "dblink"];

fuzz_target!(|text: &str| {
    let Ok(checked) = sql::check(text, &Policy::default()) else {
        return;
    };
    assert!(text.starts_with(checked.text()));
    // What was accepted is accepted again, with nothing left to cut off.
    let again = sql::check(checked.text(), &Policy::default());
    assert_eq!(again.as_ref().map(sql::CheckedSelect::text), Ok(checked.text()));
    // As a subquery it is one statement still.
    let nested = checked.wrapped(10);
    if let Err(refusal) = sql::check(&nested, &Policy::default()) {
        assert_eq!(refusal.what, "nested too deeply", "{nested}");
    }
    // A call of these is never let through, whatever stands around it.
    for name in NEVER {
        let called = format!("{name}(");
        let lower = checked.text().to_ascii_lowercase();
        if let Some(at) = lower.find(&called) {
            let quoted = |c: char| lower[..at].contains(c);
            assert!(quoted('\'') || quoted('"') || quoted('$') || lower[..at].contains("--") || lower[..at].contains("/*")
                || lower[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || !c.is_ascii()), "{text}");
        }
    }
});
