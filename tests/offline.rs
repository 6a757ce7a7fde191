//! The offline planner on the sample data: the question set with its figures, what it says, and what it
//! refuses.

use serde_json::Value;

use crate::support::{SHOP, TestDatabase, pgagent, server, stderr, stdout};

/// The statements of the sample data, as one script.
fn sample() -> String {
    [
        include_str!("../src/embedded/sample/1_tables.sql"),
        include_str!("../src/embedded/sample/2_people.sql"),
        include_str!("../src/embedded/sample/3_films.sql"),
        include_str!("../src/embedded/sample/4_rentals.sql"),
        include_str!("../src/embedded/sample/5_finish.sql"),
    ]
    .join("\n")
}

fn offline(db: &TestDatabase) -> [(&'static str, &str); 2] {
    [("DATABASE_URL", &db.url), ("PGAGENT_MODEL", "offline")]
}

#[tokio::test]
async fn answers_most_of_the_sample_questions_and_hardly_any_wrongly() {
    let Some(db) = TestDatabase::create(&sample()).await else {
        return;
    };
    let questions = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/offline/questions.jsonl");
    let args = ["eval", questions, "--format", "json"];
    let bounds = ["--min-answered", "75", "--min-precision", "97"];
    let output = pgagent(&[&args[..], &bounds[..]].concat(), &offline(&db));
    let report: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let wrong: Vec<&Value> = report["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| {
            matches!(
                case["verdict"].as_str(),
                Some("wrong" | "failed" | "unjudged")
            )
        })
        .collect();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}\n{wrong:#?}",
        stderr(&output)
    );
    assert!(report["figures"]["asked"].as_u64().unwrap() >= 150);
    assert_eq!(report["figures"]["unjudged"], 0, "{wrong:#?}");
    db.drop().await;
}

#[tokio::test]
async fn says_how_it_read_the_question_and_refuses_what_it_does_not_understand() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let env = offline(&db);
    let output = pgagent(
        &[
            "ask",
            "Which customers have no payments?",
            "--format",
            "json",
        ],
        &env,
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(answer["model"], "offline");
    assert_eq!(answer["steps"][0]["rows"], serde_json::json!([["Chloé"]]));
    assert_eq!(
        answer["answer"],
        "Read as: name of customer; where there is no row in payment.\nThe answer is Chloé."
    );
    for (question, says) in [
        ("Which customers are happy?", "`happy`"),
        ("Wie viele Kunden gibt es?", "`Kunden`"),
        ("How many unicorns are there?", "`unicorns`"),
        ("What is the weather in Rome?", "`weather`"),
    ] {
        let output = pgagent(&["ask", question], &env);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{question}: {}",
            stdout(&output)
        );
        assert!(
            stderr(&output).contains(says),
            "{question}: {}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains("hint: ask in English, in the words of the tables")
                && stderr(&output).contains("customer"),
            "{question}: {}",
            stderr(&output)
        );
    }
    db.drop().await;
}

#[tokio::test]
async fn answers_without_any_model_and_says_so() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let env = [("DATABASE_URL", db.url.as_str())];
    let output = pgagent(&["ask", "How many customers are there?"], &env);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("There are 3."),
        "{}",
        stdout(&output)
    );
    assert!(
        stderr(&output).contains("no model is configured"),
        "{}",
        stderr(&output)
    );
    db.drop().await;
}

#[tokio::test]
async fn an_evaluation_counts_and_goes_on_where_it_stopped() {
    let Some(db) = TestDatabase::create(SHOP).await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(
        path("q.csv"),
        "id,question,gold_sql\na,How many customers are there?,SELECT 3\nb,How many payments are there?,SELECT 4\n\
         c,Which unicorns paid?,SELECT 1\nd,How many customers?,SELECT nothing\n",
    )
    .unwrap();
    let (file, log, report) = (path("q.csv"), path("log.jsonl"), path("report.json"));
    let args = [
        "eval",
        &file,
        "--resume",
        &log,
        "--report",
        &report,
        "--min-accuracy",
        "50",
    ];
    let output = pgagent(&args, &offline(&db));
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(
        stderr(&output).contains("execution accuracy is 33.3 %"),
        "{}",
        stderr(&output)
    );
    let text = std::fs::read_to_string(&report).unwrap();
    let figures = serde_json::from_str::<Value>(&text).unwrap()["figures"].clone();
    for (name, value) in [
        ("asked", 3),
        ("answered", 2),
        ("right", 1),
        ("refused", 1),
        ("unjudged", 1),
    ] {
        assert_eq!(figures[name], value, "{name}: {figures}");
    }
    // Everything is in the log: nothing is asked again, not even a database is needed.
    let nowhere = [
        ("DATABASE_URL", "postgres://127.0.0.1:1/none"),
        ("PGAGENT_MODEL", "offline"),
    ];
    let again = pgagent(
        &["eval", &file, "--resume", &log, "--compare", &report],
        &nowhere,
    );
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
    assert!(
        stdout(&again).contains("| asked | 3 | 3 |"),
        "{}",
        stdout(&again)
    );
    db.drop().await;
}

/// What the sentence under the reading says.
fn said(question: &str, db: &TestDatabase) -> String {
    let output = pgagent(&["ask", question, "--format", "json"], &offline(db));
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap_or_default();
    let answer = answer["answer"].as_str().unwrap_or_default();
    answer
        .split_once('\n')
        .map(|(_, said)| said.to_owned())
        .unwrap_or_else(|| panic!("{question}: {}", stderr(&output)))
}

#[tokio::test]
async fn says_numbers_names_and_dates_as_people_do() {
    let Some(db) = TestDatabase::create(&sample()).await else {
        return;
    };
    for (question, sentence) in [
        ("How many films are there?", "There are 900."),
        ("How many rentals were there in 2019?", "There are none."),
        (
            "What is the average length of films?",
            "The average length is 114.76.",
        ),
        (
            "What is the average, minimum and maximum length of films?",
            "The average length is 114.76, the lowest length is 70, the highest length is 154.",
        ),
        (
            "What percentage of customers are active?",
            "The share is 73.66 %.",
        ),
        (
            "Which films were released in 2040?",
            "Nothing in the data fits.",
        ),
        (
            "Which month had the most rentals?",
            "The answer is December 2024.",
        ),
        (
            "What are the 2 longest films?",
            "The first 2 are The Tangled Highway; The Distant Glacier.",
        ),
        (
            "How many rentals were there by quarter in 2023?",
            "There are 4: Q1 2023 (1047); Q2 2023 (971); Q3 2023 (1154); Q4 2023 (1907).",
        ),
        (
            "Who is the youngest actor?",
            "The answer is Idris Fairbank.",
        ),
        (
            "What is the rental rate and length of Frozen Parade?",
            "The rental rate is 3.99, the length is 133.",
        ),
    ] {
        assert_eq!(said(question, &db), sentence, "{question}");
    }
    let args = ["ask", "How many rentals were there in december 2023?"];
    let read = "; where rented at of rental in December 2023.";
    let output = pgagent(&args, &offline(&db));
    assert!(stdout(&output).contains(read), "{}", stdout(&output));
    for (question, columns) in [
        (
            "customers by country and city",
            &["country_name", "city_name", "count"][..],
        ),
        ("Which copies were never rented?", &["inventory_id"]),
    ] {
        let output = pgagent(&["ask", question, "--format", "json"], &offline(&db));
        let answer: Value = serde_json::from_str(&stdout(&output)).unwrap_or_default();
        let named = answer["steps"][0]["columns"].as_array().unwrap();
        let names: Vec<&Value> = named.iter().map(|column| &column["name"]).collect();
        assert_eq!(names, columns, "{question}");
    }
    db.drop().await;
}

#[tokio::test]
async fn groups_come_in_an_order_that_can_be_read() {
    let Some(db) = TestDatabase::create(&sample()).await else {
        return;
    };
    for (question, begins) in [
        (
            "What is the revenue per store?",
            "There are 10: Toronto King West (11609.01); Portland Hawthorne (9302.05);",
        ),
        (
            "rentals by weekday",
            "There are 7: Monday (1618); Tuesday (1635);",
        ),
        (
            "revenue by year and store",
            "There are 27: Toronto King West (2022, 2202.39); Portland Hawthorne (2022, 1771.57);",
        ),
        (
            "How many films are there per release year?",
            "There are 74: 1951 (3); 1952 (6);",
        ),
        (
            "average salary by role",
            "There are 3: manager (51330); clerk (29325); trainee (unknown).",
        ),
    ] {
        let said = said(question, &db);
        assert!(said.starts_with(begins), "{question}: {said}");
    }
    db.drop().await;
}

#[tokio::test]
async fn a_number_in_a_tables_name_is_not_doubted() {
    let sales = "CREATE TABLE sales_2024 (product text, price numeric);
                 INSERT INTO sales_2024 VALUES ('Tea', 2.5), ('Milk', 1.5);";
    let Some(db) = TestDatabase::create(sales).await else {
        return;
    };
    let args = ["ask", "What is the average price?", "--strict"];
    let output = pgagent(&args, &offline(&db));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(
        stdout(&output).contains("sales 2024"),
        "{}",
        stdout(&output)
    );
    db.drop().await;
}

#[tokio::test]
async fn a_follow_up_goes_on_from_the_question_before() {
    let Some(db) = TestDatabase::create(&sample()).await else {
        return;
    };
    let Some(redis) = server("PGAGENT_TEST_REDIS_URL") else {
        return;
    };
    let session = format!("follow-{}", db.url.rsplit('/').next().unwrap());
    let env = [
        ("DATABASE_URL", db.url.as_str()),
        ("PGAGENT_MODEL", "offline"),
        ("REDIS_URL", redis.as_str()),
    ];
    for (question, sql) in [
        ("How many rentals were there in 2023?", "'2023-01-01'"),
        ("And in 2022?", "'2022-01-01'"),
        ("by store", "GROUP BY"),
    ] {
        let output = pgagent(
            &["ask", question, "--session", &session, "--format", "json"],
            &env,
        );
        assert_eq!(
            output.status.code(),
            Some(0),
            "{question}: {}",
            stderr(&output)
        );
        let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
        let ran = answer["steps"][0]["sql"].as_str().unwrap();
        assert!(ran.contains(sql), "{question}: {ran}");
    }
    // Two readings are as good as each other: the reply is a number.
    let tie = format!("tie-{session}");
    let ask = |question: &str| pgagent(&["ask", question, "--session", &tie], &env);
    let asked = ask("What is the total revenue?");
    assert_eq!(asked.status.code(), Some(1), "{}", stderr(&asked));
    let ways = stdout(&asked);
    assert!(ways.contains("1. total amount of payment"), "{ways}");
    for (reply, code, says) in [
        ("2", 0, "sum(m1.revenue)"),
        (
            "and in 2023?",
            1,
            "2. total revenue of monthly revenue; where",
        ),
        ("the first", 0, "'2023-01-01'"),
    ] {
        let answer = ask(reply);
        assert_eq!(answer.status.code(), Some(code), "{}", stderr(&answer));
        let told = stdout(&answer);
        assert!(told.contains(says), "{reply}: {told}");
    }
    db.drop().await;
}

/// Tables as an import leaves them: nothing declares a key, and only the rows tell them.
const KEYLESS: &str = "
    CREATE TABLE author (aid bigint, name text);
    CREATE TABLE writes (aid bigint, pid bigint);
    CREATE TABLE paper (pid bigint, title text, year bigint);
    CREATE TABLE river (river_name text, length bigint, crosses text);
    CREATE TABLE land (land_name text, area bigint);
    INSERT INTO author VALUES (1, 'Ada'), (2, 'Bo'), (3, 'Cy');
    INSERT INTO paper VALUES (10, 'Joins', 2001), (11, 'Sorts', 2002), (12, 'Scans', 2002);
    INSERT INTO writes VALUES (1, 10), (1, 11), (2, 11), (2, 12), (1, 12);
    INSERT INTO land VALUES ('Lur', 10), ('Ost', 30), ('Ven', 20);
    INSERT INTO river VALUES ('Vey', 90, 'Lur'), ('Vey', 90, 'Ost'), ('Alm', 70, 'Lur'), ('Alm', 70, 'Ost');";

#[tokio::test]
async fn rows_tell_how_tables_without_keys_hang_together() {
    let Some(db) = TestDatabase::create(KEYLESS).await else {
        return;
    };
    for (question, rows) in [
        ("Which author has written the most papers?", "Ada"),
        ("Which authors have no papers?", "Cy"),
        ("Which lands have no rivers?", "Ven"),
    ] {
        let output = pgagent(&["ask", question, "--format", "json"], &offline(&db));
        let answer: Value = serde_json::from_str(&stdout(&output)).unwrap_or_default();
        let told = answer["steps"][0]["rows"][0][0].to_string();
        assert_eq!(
            told.trim_matches('"'),
            rows,
            "{question}: {}",
            stderr(&output)
        );
        assert_eq!(answer["steps"][0]["row_count"], 1, "{question}");
    }
    db.drop().await;
}

#[tokio::test]
async fn refuses_rather_than_guesses() {
    let Some(db) = TestDatabase::create(&sample()).await else {
        return;
    };
    for question in [
        "How many customers have left?",
        "which films are currently out?",
        "film with the highest replacement cost in each category",
        "Who wrote the most reviews?",
        "What is the best film in Comedy?",
        "Which customers rented more than 50 films in 2023?",
        "How many films are in the Drma category?",
    ] {
        let output = pgagent(&["ask", question], &offline(&db));
        let code = output.status.code();
        assert_eq!(code, Some(1), "{question}: {}", stdout(&output));
    }
    db.drop().await;
}

#[tokio::test]
async fn one_wrong_letter_is_forgiven() {
    let Some(db) = TestDatabase::create(&sample()).await else {
        return;
    };
    for (misspelt, right) in [
        (
            "How many customers live in Lisbn?",
            "How many customers live in Lisbon?",
        ),
        (
            "How many custmers are there?",
            "How many customers are there?",
        ),
        (
            "What is the average replacment cost?",
            "What is the average replacement cost?",
        ),
    ] {
        assert_eq!(said(misspelt, &db), said(right, &db), "{misspelt}");
    }
    db.drop().await;
}
