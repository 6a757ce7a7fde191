//! The binary without any server.

use crate::support::{pgagent, stderr, stdout};

#[test]
fn help_and_version_need_no_environment() {
    assert_eq!(pgagent(&["--help"], &[]).status.code(), Some(0));
    let version = pgagent(&["--version"], &[]);
    assert_eq!(
        stdout(&version),
        concat!("pgagent ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn wrong_usage_exits_with_two_and_says_what_next() {
    for (args, env, says) in [
        (vec!["ask", "x"], vec![], "DATABASE_URL"),
        (vec!["ask", " "], vec![], "the question is empty"),
        (
            vec!["ask", "x"],
            vec![("DATABASE_URL", "postgres://localhost:1/x")],
            "GEMINI_API_KEY",
        ),
        (
            vec!["ask", "x"],
            vec![
                ("DATABASE_URL", "mysql://u:hunter2@h/x"),
                ("GEMINI_API_KEY", "k"),
            ],
            "postgres://",
        ),
        (vec!["frobnicate"], vec![], "frobnicate"),
        (vec![], vec![], "no command"),
    ] {
        let output = pgagent(&args, &env);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{args:?}: {}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains(says),
            "{args:?}: {}",
            stderr(&output)
        );
        assert!(!stderr(&output).contains("hunter2"));
    }
}

#[test]
fn a_refusal_exits_with_three() {
    let output = pgagent(&["sql", "--check", "DELETE FROM t"], &[]);
    assert_eq!(output.status.code(), Some(3));
    let output = pgagent(&["sql", "--check", "SELECT 1;"], &[]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).starts_with("SELECT * FROM (\nSELECT 1\n) AS q LIMIT"));
}

#[test]
fn a_server_that_is_not_there_is_named_without_the_password() {
    let output = pgagent(
        &["sql", "SELECT 1"],
        &[("DATABASE_URL", "postgres://u:hunter2@127.0.0.1:1/x")],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("127.0.0.1:1"),
        "{}",
        stderr(&output)
    );
    assert!(!stderr(&output).contains("hunter2"));
}
