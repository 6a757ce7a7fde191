//! Files, charts, formats and the chat's commands, on the binary.

use std::path::Path;

use serde_json::Value;

use crate::support::model_server::ModelServer;
use crate::support::{Running, SHOP, TestDatabase, gemini, pgagent, plan, stderr, stdout, verdict};

const TOTALS: &str = "SELECT c.name, sum(p.amount) AS total FROM customer c JOIN payment p USING (customer_id) GROUP BY c.name ORDER BY total DESC";

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn a_session_is_kept_as_files() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    let env = gemini(&db, &model);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for question in ["Who paid most?", "And again?"] {
        model.reply(plan(TOTALS));
        model.reply(verdict("Björn paid the most."));
        let (output, events, svg) = (at("out.json"), at("events.jsonl"), at("chart.svg"));
        let args = [
            "ask",
            question,
            "--session",
            "s1",
            "--save",
            &at("kept"),
            "--events",
            &events,
            "--output",
            &output,
            "--chart",
            &svg,
        ];
        let done = pgagent(&args, &env);
        assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
        assert_eq!(stdout(&done), "");
    }
    let answer: Value = serde_json::from_str(&read(&folder.path().join("out.json"))).unwrap();
    assert_eq!(answer["question"], "And again?");
    let kept = folder.path().join("kept/s1");
    assert_eq!(read(&kept.join("02.sql")), format!("{TOTALS};\n"));
    assert_eq!(
        read(&kept.join("01.csv")),
        "name,total\r\nBjörn,99.99\r\nAda,14.75\r\n"
    );
    let conversation = read(&kept.join("conversation.md"));
    assert!(
        conversation.contains("## 1. Who paid most?"),
        "{conversation}"
    );
    assert!(
        conversation.contains("2 calls to gemini-3.8-flash"),
        "{conversation}"
    );
    assert!(read(&folder.path().join("chart.svg")).starts_with("<svg"));

    let events = read(&folder.path().join("events.jsonl"));
    let names: Vec<String> = events
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["event"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let one = [
        "started",
        "retrieved",
        "planning",
        "model_called",
        "planned",
        "step_started",
        "step_finished",
        "judging",
        "model_called",
        "judged",
        "finished",
    ];
    assert_eq!(names, [one, one].concat());
    assert!(
        !events.contains("primary key"),
        "prompts are not written unless asked for"
    );
    db.drop().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_said_and_nothing_is_left() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let env = [("DATABASE_URL", db.url.as_str())];
    for (args, code) in [
        (["sql", "SELECT 1", "--output", "no/such/folder/x.csv"], 1),
        (["sql", "SELECT 1 AS a", "--chart", "x.svg"], 1),
        (["sql", "SELECT 1 AS a", "--chart", "x.pdf"], 2),
    ] {
        let output = pgagent(&args, &env);
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        assert!(stderr(&output).contains("hint: "), "{}", stderr(&output));
    }
    db.drop().await;
}

#[tokio::test]
async fn rows_are_drawn_and_escape_sequences_are_not_obeyed() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let env = [("DATABASE_URL", db.url.as_str())];
    let args = ["sql", "--format", "table", "--chart", TOTALS];
    let output = pgagent(&args, &env);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines: Vec<String> = stdout(&output).lines().map(str::to_owned).collect();
    assert_eq!(
        lines[..5],
        [
            " name    total",
            "───────────────",
            " Björn   99.99",
            " Ada     14.75",
            ""
        ]
    );
    assert!(lines[6].starts_with("Björn 99.99 ████"), "{lines:?}");

    let nasty = "SELECT E'\\x1b[31mred\\x07\\u009b' AS a";
    for format in ["table", "markdown"] {
        let output = pgagent(&["sql", nasty, "--format", format], &env);
        let text = stdout(&output);
        assert!(
            text.contains("red") && !text.contains(['\x1b', '\x07', '\u{9b}']),
            "{text:?}"
        );
    }
    db.drop().await;
}

#[tokio::test]
async fn the_chats_commands_do_what_they_say() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("x.csv");
    model.reply(plan(TOTALS));
    model.reply(verdict("Björn paid the most."));
    let mut chat = Running::start(&["chat"], &gemini(&db, &model));
    for line in [
        "/sql",
        "Who paid most?",
        "/cost",
        "/explain",
        "/explain DELETE FROM payment",
        "/history PAID",
        "/chart",
        &format!("/export {}", csv.display()),
        "/export sheet.xlsx",
        "/format csv",
        "/sql SELECT count(*) AS n FROM customer",
        "/sql DELETE FROM customer",
        "/tables",
        "/describe CUSTOMER",
        "/describe custmer",
        "/history",
        "/undo",
        "/undo",
        "/model gpt-4o",
        "/frobnicate",
        "exit",
    ] {
        chat.line(line);
    }
    let output = chat.finish();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let (out, err) = (stdout(&output), stderr(&output));
    for said in [
        "Björn | 99.99",
        "████",
        "n\r\n3\r\n",
        "name text not null",
        "\npayment\n",
        "  1  Who paid most?",
        "reads all of payment (p)",
        "groups the rows by c.name",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
    for said in [
        "nothing was asked yet",
        "2 calls to gemini-3.8-flash",
        "refused by the guard",
        "there is customer",
        "forgotten: Who paid most?",
        "there is nothing to forget",
        "OPENAI_API_KEY",
        "the command wants a .csv, .json or .md file",
        "there is no command /frobnicate",
    ] {
        assert!(err.contains(said), "{said}: {err}");
    }
    assert_eq!(read(&csv), "name,total\r\nBjörn,99.99\r\nAda,14.75\r\n");
    db.drop().await;
}

#[tokio::test]
async fn a_question_comes_from_stdin_too() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let model = ModelServer::start();
    model.reply(plan("SELECT count(*) AS n FROM customer"));
    model.reply(verdict("There are 3."));
    let mut ask = Running::start(&["ask", "-", "--format", "json"], &gemini(&db, &model));
    ask.line("How many customers?");
    let output = ask.finish();
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(answer["question"], "How many customers?");
    db.drop().await;
}

#[test]
fn completions_and_man_pages_are_made() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = pgagent(&["completions", shell], &[]);
        assert!(stdout(&output).contains("database-url"), "{shell}");
    }
    let folder = tempfile::tempdir().unwrap();
    let output = pgagent(&["man", folder.path().to_str().unwrap()], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(read(&folder.path().join("pgagent-ask.1")).contains(".TH"));
}
