//! `pgagent eval` against figures worked out by hand.

use serde_json::{Value, json};

use crate::support::model_server::{ModelServer, Reply};
use crate::support::{SHOP, TestDatabase, gemini, pgagent, plan, stderr, stdout, steps, verdict};

/// Ten questions: what the model plans, what is right, and what comes of it.
const CASES: [(&str, &str, &[&str], &str); 9] = [
    (
        "How many customers are there",
        "SELECT count(*) FROM customer",
        &["SELECT 3"],
        "right",
    ),
    (
        "Who are the customers",
        "SELECT name FROM customer ORDER BY name DESC",
        &["SELECT name FROM customer ORDER BY name"],
        "right",
    ),
    (
        "Names in alphabetical order",
        "SELECT name FROM customer ORDER BY name DESC",
        &["SELECT name FROM customer ORDER BY name"],
        "wrong",
    ),
    (
        "Mean payment",
        "SELECT avg(amount)::float8 FROM payment",
        &["SELECT round(avg(amount), 2) FROM payment"],
        "right",
    ),
    (
        "Number of payments",
        "SELECT 4",
        &["SELECT count(*) FROM payment"],
        "wrong",
    ),
    (
        "Biggest payment",
        "SELECT name, amount FROM payment JOIN customer USING (customer_id) ORDER BY amount DESC LIMIT 1",
        &[
            "SELECT 'nobody', 1",
            "SELECT max(amount), 'Björn' FROM payment",
        ],
        "right",
    ),
    (
        "Delete them",
        "DELETE FROM payment",
        &["SELECT 1"],
        "failed",
    ),
    ("Which one", "", &["SELECT 1"], "refused"),
    (
        "Broken gold",
        "SELECT 1",
        &["SELECT nothing FROM payment"],
        "unjudged",
    ),
];

fn questions() -> String {
    let lines = CASES.iter().map(|(question, _, golds, _)| {
        json!({"id": question, "question": question, "gold_sql": golds}).to_string()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn model() -> ModelServer {
    let server = ModelServer::start();
    server.when("You judge whether", verdict("So it is."));
    for (question, sql, _, _) in CASES {
        let reply = match sql {
            "" => {
                Reply::Json(json!({"reasoning": "r", "clarification": "Which one?", "steps": []}))
            }
            sql => plan(sql),
        };
        // The critic sees the question, too; only the planner is told the schema.
        server.when(&format!("{question}\n"), reply);
    }
    server.when("You judge whether", verdict("So it is."));
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_those_worked_out_by_hand() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let server = model();
    let env = gemini(&db, &server);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(at("q.jsonl"), questions()).unwrap();
    let run = |args: &[&str]| {
        let log = at("log.jsonl");
        let file = at("q.jsonl");
        let base = [
            "eval",
            &file,
            "--resume",
            &log,
            "--retries",
            "0",
            "--parallel",
            "3",
        ];
        pgagent(&[&base, args].concat(), &env)
    };
    let json = at("report.json");
    let output = run(&["--report", &json, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let verdicts: Vec<(&str, &str)> = report["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| {
            (
                case["id"].as_str().unwrap(),
                case["verdict"].as_str().unwrap(),
            )
        })
        .collect();
    let expected: Vec<(&str, &str)> = CASES
        .iter()
        .map(|(q, _, _, verdict)| (*q, *verdict))
        .collect();
    assert_eq!(verdicts, expected);
    // Of the 8 that can be judged, 6 were answered and 4 are right; 7 gave SQL, 1 of which was refused.
    let figures = &report["figures"];
    for (name, value) in [
        ("asked", 8.0),
        ("answered", 6.0),
        ("right", 4.0),
        ("wrong", 2.0),
        ("refused", 1.0),
        ("failed", 1.0),
        ("unjudged", 1.0),
        ("accuracy", 50.0),
        ("precision", 100.0 * 4.0 / 6.0),
        ("coverage", 75.0),
        ("valid_sql", 100.0 * 6.0 / 7.0),
    ] {
        let figure = figures[name].as_f64().unwrap();
        assert!((figure - value).abs() < 1e-9, "{name}: {figure}");
    }

    // All are done: nothing is asked again, and the thresholds decide.
    let asked = server.chat_requests().len();
    for (threshold, percent, code) in [
        ("--min-accuracy", "50", 0),
        ("--min-accuracy", "50.1", 1),
        ("--min-precision", "66.6", 0),
        ("--min-precision", "67", 1),
        ("--min-answered", "76", 1),
    ] {
        let output = run(&[threshold, percent]);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{threshold} {percent}: {}",
            stderr(&output)
        );
    }
    assert_eq!(server.chat_requests().len(), asked);

    // One of them is asked anew, and another planner does better.
    let log = std::fs::read_to_string(at("log.jsonl")).unwrap();
    let without: Vec<&str> = log
        .lines()
        .filter(|line| !line.contains("\"Number of payments\""))
        .collect();
    std::fs::write(at("log.jsonl"), without.join("\n") + "\n{\"id\": \"cut o").unwrap();
    server.when("Number of payments\n", plan("SELECT count(*) FROM payment"));
    server.when("You judge whether", verdict("So it is."));
    let output = run(&["--compare", &json]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(server.chat_requests().len(), asked + 2);
    let text = stdout(&output);
    for says in [
        "| execution accuracy | 62.5 % | 50.0 % |",
        "- Number of payments: wrong → right",
        "## Wrong\n\n- Names in alphabetical order",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    assert_eq!(server.violations(), [""; 0]);
    db.drop().await;
}

#[tokio::test]
async fn a_plan_of_several_steps_is_judged_by_its_last_result() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let server = ModelServer::start();
    server.reply(steps(json!([
        {"id": "1", "type": "SQL", "description": "d", "depends_on": [],
         "tool_input": {"query": "SELECT customer_id FROM payment WHERE amount > 50"}},
        {"id": "2", "type": "SQL", "description": "d", "depends_on": ["1"],
         "tool_input": {"query": "SELECT name FROM customer WHERE customer_id = ANY({{1.customer_id}})"}}
    ])));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("q.csv");
    std::fs::write(
        &file,
        "question,gold_sql\nWho paid over 50?,SELECT 'Björn'\n",
    )
    .unwrap();
    let args = [
        "eval",
        file.to_str().unwrap(),
        "--critic",
        "never",
        "--min-accuracy",
        "100",
    ];
    let output = pgagent(&args, &gemini(&db, &server));
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        stdout(&output),
        stderr(&output)
    );
    db.drop().await;
}
