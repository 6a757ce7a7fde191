//! What a terminal is shown, and what hostile places do: on the binary, within a pseudo-terminal that
//! util-linux's `script` makes.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::process::{Command, Stdio};

use unicode_width::UnicodeWidthStr;

use crate::support::{Running, SHOP, TestDatabase, pgagent, stderr, stdout};

/// Everything that `pgagent ARGS` writes to a terminal of this width.
fn screen(columns: u16, args: &str, env: &[(&str, &str)]) -> String {
    let home = tempfile::tempdir().unwrap();
    let line = format!(
        "stty cols {columns} rows 50; exec {} {args}",
        env!("CARGO_BIN_EXE_pgagent")
    );
    let output = Command::new("script")
        .args(["-qefc", &line, "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home.path())
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .replace("\r\n", "\n")
}

/// Text that would clear the screen, colour it, ring, and turn what follows around.
const HOSTILE: &str =
    r#"SELECT U&'a\001B[2J\001B]0;x\0007\009B31m\202E\2066\061Cb' AS U&"n\001B[5m\202E""#;

fn steers(text: &str) -> String {
    let own = |c: &char| !matches!(c, '\n' | '\t' | '\r');
    text.chars()
        .filter(own)
        .filter(|c| c.is_control() || matches!(c, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .collect()
}

#[tokio::test]
async fn no_character_of_the_data_steers_the_terminal() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    // A dumb terminal gets no sequence of our own, either: no colours, no spinner.
    let env = [
        ("DATABASE_URL", db.url.as_str()),
        ("TERM", "dumb"),
        ("Q", HOSTILE),
    ];
    for format in ["table", "csv", "json", "markdown"] {
        let shown = screen(80, &format!("sql \"$Q\" --format {format}"), &env);
        assert!(shown.contains("[2J"), "{format}: {shown}");
        assert_eq!(steers(&shown), "", "{format}: {shown:?}");
    }
    // In an error that quotes the data, with a hint that does.
    let env = [
        ("DATABASE_URL", db.url.as_str()),
        ("TERM", "dumb"),
        ("Q", r"SELECT U&'\001B[31m\202E'::int"),
    ];
    let shown = screen(80, "sql \"$Q\"", &env);
    assert!(shown.contains("error: invalid input syntax"), "{shown}");
    assert_eq!(steers(&shown), "", "{shown:?}");
    // Files get it as it is.
    let output = pgagent(
        &["sql", HOSTILE, "--format", "csv"],
        &[("DATABASE_URL", &db.url)],
    );
    assert!(
        stdout(&output).contains("a\u{1b}[2J"),
        "{}",
        stderr(&output)
    );
    db.drop().await;
}

#[tokio::test]
async fn tables_fit_a_narrow_terminal() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let query = "SELECT 1234567.5 AS total_amount, '東京タワー and a long remark that goes on' AS note, 'שלום' AS word, \
                 NULL AS nothing, 20240105 AS order_no, repeat('x', 90) AS long";
    let env = [
        ("DATABASE_URL", db.url.as_str()),
        ("TERM", "xterm"),
        ("NO_COLOR", "1"),
        ("LANG", "C.UTF-8"),
        ("Q", query),
    ];
    for columns in [40_u16, 80, 200] {
        let shown = screen(columns, "sql \"$Q\" 2>/dev/null", &env);
        for line in shown.lines() {
            assert!(line.width() <= usize::from(columns), "{columns}: {line:?}");
        }
        for there in ["1,234,567.5", "20240105", "null", "東京タワー"] {
            assert!(shown.contains(there), "{columns} {there}: {shown}");
        }
        assert_eq!(steers(&shown), "", "{shown:?}");
    }
    // Where the characters are not Unicode's, the lines are of ASCII.
    let query = "SELECT repeat('x', 90) AS long, 1 AS n FROM generate_series(1, 2)";
    let env = [
        ("DATABASE_URL", db.url.as_str()),
        ("TERM", "xterm"),
        ("LC_ALL", "C"),
        ("Q", query),
    ];
    let shown = screen(60, "sql \"$Q\" --color never 2>/dev/null", &env);
    assert!(
        shown.is_ascii() && shown.contains("-----") && shown.contains("xx..."),
        "{shown}"
    );
    db.drop().await;
}

#[tokio::test]
async fn a_pipe_that_is_closed_early_is_no_failure() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_pgagent"))
        .args([
            "sql",
            "SELECT repeat('x', 1000) FROM generate_series(1, 5000)",
            "--max-rows",
            "5000",
        ])
        .env("DATABASE_URL", &db.url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut begin = [0; 10];
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut begin).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!stderr(&output).contains("error"), "{}", stderr(&output));
    db.drop().await;
}

#[tokio::test]
async fn a_full_disk_leaves_nothing_half_written() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let env = [("DATABASE_URL", db.url.as_str())];
    let folder = tempfile::tempdir().unwrap();
    let full = folder.path().join("full.csv");
    symlink("/dev/full", &full).unwrap();
    let output = pgagent(
        &["sql", "SELECT 1 AS a", "--output", full.to_str().unwrap()],
        &env,
    );
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("No space left"),
        "{}",
        stderr(&output)
    );
    assert!(stderr(&output).contains("hint: "));
    let device = fs::metadata("/dev/full").unwrap();
    assert!(
        device.file_type().is_char_device(),
        "a device is written to, never replaced"
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_pgagent"))
        .args(["sql", "SELECT 1"])
        .env("DATABASE_URL", &db.url)
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("hint: "), "{}", stderr(&output));

    // A query that fails leaves the file of before; one that works keeps its rights, and links stay links.
    let kept = folder.path().join("kept.csv");
    let link = folder.path().join("link.csv");
    fs::write(&kept, "before").unwrap();
    fs::set_permissions(&kept, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&kept, &link).unwrap();
    let to = link.to_str().unwrap();
    let output = pgagent(&["sql", "SELECT 1 / (1 - 1)", "--output", to], &env);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read_to_string(&kept).unwrap(), "before");
    let output = pgagent(&["sql", "SELECT 1 AS a", "--output", to], &env);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(fs::read_to_string(&kept).unwrap(), "a\r\n1\r\n");
    assert_eq!(fs::metadata(&kept).unwrap().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    db.drop().await;
}

#[tokio::test]
async fn a_history_that_cannot_be_kept_is_said_once() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let env = [
        ("DATABASE_URL", db.url.as_str()),
        ("XDG_STATE_HOME", file.to_str().unwrap()),
    ];
    let mut chat = Running::start(&["chat"], &env);
    for line in ["/sql SELECT 41 + 1 AS n", "/tables", "/quit"] {
        chat.line(line);
    }
    let output = chat.finish();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("n\r\n42\r\n"),
        "{}",
        stdout(&output)
    );
    let said = stderr(&output).matches("what is typed is not kept").count();
    assert_eq!(said, 1, "{}", stderr(&output));
    db.drop().await;
}
