//! The binary without any server.

use crate::support::{Running, pgagent, stderr, stdout};

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

#[test]
fn a_config_file_is_read_and_its_faults_are_placed() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_str().unwrap();
    let file = folder.path().join("pgagent/config.toml");
    std::fs::create_dir(folder.path().join("pgagent")).unwrap();
    let sql = |args: &[&str]| {
        let args = [args, &["sql", "SELECT 1"]].concat();
        pgagent(&args, &[("XDG_CONFIG_HOME", home)])
    };
    std::fs::write(
        &file,
        "[profiles.prod]\ndatabase_url = \"postgres://me@127.0.0.1:1/x\"\npassword_command = \"echo hunter2; echo asked >> $XDG_CONFIG_HOME/log\"\n",
    )
    .unwrap();
    let output = sql(&[]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let output = sql(&["--profile", "prod"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("127.0.0.1:1"),
        "{}",
        stderr(&output)
    );
    let asked = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(asked, "asked\n");
    let output = sql(&["--profile", "test"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("there is prod"),
        "{}",
        stderr(&output)
    );

    std::fs::write(&file, "model = \"m\"\ndatabase_url = hunter2\n").unwrap();
    let output = sql(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("config.toml`, line 2, column 16"),
        "{}",
        stderr(&output)
    );
    assert!(!stderr(&output).contains("hunter2"), "{}", stderr(&output));
}

#[test]
fn many_statements_are_judged_in_one_process_in_their_order() {
    let mut process = Running::start(&["sql", "--check", "--jsonl", "--max-rows", "7"], &[]);
    let lines = [
        r#""SELECT 1;""#,
        r#""DELETE FROM t""#,
        "not JSON",
        r#""SELECT my_function(1)""#,
        r#""SELECT 'a\u0000'""#,
        r#""VALUES ('ü')""#,
    ];
    for line in lines {
        process.line(line);
    }
    let output = process.finish();
    assert_eq!(output.status.code(), Some(0));
    let answers: Vec<serde_json::Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), lines.len());
    assert_eq!(
        answers[0],
        serde_json::json!({"ok": true, "sql": "SELECT * FROM (\nSELECT 1\n) AS q LIMIT 7", "err": null})
    );
    for (answer, says) in [
        (1, "DELETE"),
        (2, "JSON string"),
        (3, "my_function"),
        (4, "NUL"),
    ] {
        assert_eq!(answers[answer]["ok"], false);
        assert_eq!(answers[answer]["sql"], serde_json::Value::Null);
        let err = answers[answer]["err"].as_str().unwrap();
        assert!(err.contains(says), "{err}");
    }
    assert_eq!(answers[5]["ok"], true);
}

#[test]
fn the_readme_shows_the_program_that_is_compiled_as_a_doctest() {
    let shown: String = include_str!("support/library_example.md")
        .lines()
        .filter(|line| !line.starts_with("```") && !line.starts_with("# "))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(include_str!("../README.md").contains(shown.trim()));
}

#[test]
fn a_damaged_env_file_is_placed_and_never_quoted() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join(".env"),
        "PGAGENT_FORMAT=csv\nDATABASE_URL=postgres://u:hunter2 and more@h/x\n",
    )
    .unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_pgagent"))
        .args(["sql", "--check", "SELECT 1"])
        .env_clear()
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(said.contains("warning: `.env`, line 2, column"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn a_setting_that_is_no_value_is_an_error() {
    for (variable, value) in [
        ("PGAGENT_FORMAT", "tabel"),
        ("PGAGENT_MAX_COST", "lots"),
        ("PGAGENT_SCHEMA_TOKENS", "-1"),
    ] {
        let output = pgagent(&["sql", "--check", "SELECT 1"], &[(variable, value)]);
        assert_eq!(output.status.code(), Some(2), "{variable}");
        let said = stderr(&output);
        assert!(said.contains(&format!("{variable} is `{value}`")), "{said}");
        assert!(said.contains("hint: "), "{said}");
    }
}
