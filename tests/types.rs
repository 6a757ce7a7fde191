//! Every type Postgres has, in every form of output: the same text as psql prints.

use std::process::Command;

use serde_json::Value;

use crate::support::{TestDatabase, pgagent, stderr, stdout};

const SCHEMA: &str = "CREATE TYPE mood AS ENUM ('happy', 'sad', 'so so');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN label AS text;
CREATE TYPE address AS (street text, number int);
CREATE TYPE \"Odd Type\" AS (a int, b \"address\");
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TYPE span AS RANGE (subtype = float8);";

const VALUES: &[&str] = &[
    "1::smallint",
    "(-2147483648)::int",
    "9223372036854775807::bigint",
    "12345678901234567890.12345678901234567890::numeric",
    "'NaN'::numeric",
    "'Infinity'::numeric",
    "0.00::numeric(5,2)",
    "1e-10::numeric",
    "3.4028235e38::real",
    "0.1::float8",
    "'NaN'::float8",
    "'-Infinity'::float8",
    "1e300::float8",
    "true",
    "false",
    "'plain'::text",
    "''::text",
    "E'line\\nbreak, \"quote\" and ''apostrophe'''::text",
    "'  x'::char(5)",
    "'v'::varchar(10)",
    "'c'::\"char\"",
    "'name'::name",
    "'\\xdeadbeef00'::bytea",
    "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
    "date '2024-02-29'",
    "'infinity'::date",
    "date '0044-03-15 BC'",
    "time '23:59:59.999999'",
    "timetz '04:05:06.5+02'",
    "timestamp '2024-02-29 12:34:56.789'",
    "timestamptz '2024-02-29 12:34:56+05:30'",
    "'-infinity'::timestamptz",
    "interval '1 year 2 mons -3 days 04:05:06.7'",
    "interval '-1 day'",
    "json '{\"a\":  [1, 2.50, null]}'",
    "jsonb '{\"b\": 1.10, \"a\": \"x\"}'",
    "jsonb 'null'",
    "'happy'::mood",
    "5::positive",
    "'l'::label",
    "ARRAY[1,NULL,3]",
    "ARRAY[[1,2],[3,4]]",
    "ARRAY['a,b', 'c\"d', NULL, '']",
    "'{}'::int[]",
    "'[2:3]={1,2}'::int[]",
    "ARRAY['happy','so so']::mood[]",
    "int4range(1, 10)",
    "'empty'::int4range",
    "numrange(1.5, NULL)",
    "tstzrange('2024-01-01', '2024-02-01')",
    "int4multirange(int4range(1,3), int4range(5,7))::text",
    "'[1.5,2.5)'::span",
    "inet '10.0.0.1/8'",
    "cidr '2001:db8::/32'",
    "macaddr '08:00:2b:01:02:03'",
    "macaddr8 '08:00:2b:01:02:03:04:05'",
    "1234.56::money",
    "B'10101'::bit(5)",
    "B'101'::varbit",
    "'a fat cat'::tsvector",
    "'fat & (rat | cat)'::tsquery",
    "point '(1,2)'",
    "line '{1,2,3}'",
    "lseg '[(1,2),(3,4)]'",
    "box '(3,4),(1,2)'",
    "path '[(1,2),(3,4)]'",
    "polygon '((1,2),(3,4),(5,6))'",
    "circle '<(1,2),3>'",
    "'[1,2.5,-3]'::vector",
    "'[1,2.5]'::halfvec",
    "'{1:1.5,3:2}/5'::sparsevec",
    "ROW('Main St', 5)::address",
    "ROW(1, ROW('x', NULL)::address)::\"Odd Type\"",
    "ROW(1, 'a b', NULL)",
    "'1'::xid",
    "'(0,1)'::tid",
    "42::oid",
    "'pg_class'::regclass",
    "'int4'::regtype",
    "'16/B374D848'::pg_lsn",
    "'10:20:10,14'::pg_snapshot",
    "jsonpath '$.a[*]'",
    "ARRAY[ROW('s', 1)::address]",
];

#[tokio::test]
async fn every_type_is_printed_as_psql_prints_it() {
    let Some(db) = TestDatabase::create(SCHEMA).await else {
        return;
    };
    let psql = std::env::var("PGAGENT_TEST_BIN").unwrap() + "/psql";
    let env = [("DATABASE_URL", db.url.as_str())];
    // One column each, and the same again as NULL of the same type.
    let columns: Vec<String> = VALUES
        .iter()
        .enumerate()
        .map(|(i, value)| format!("{value} AS c{i}"))
        .collect();
    let nulls: Vec<String> = (0..VALUES.len())
        .map(|i| format!("nullif(c{i}::text, c{i}::text)"))
        .collect();
    let query = format!("SELECT {}", columns.join(", "));
    let expected = Command::new(psql)
        .args([&db.url, "-XAt", "-F", "\u{1}", "-R", "\u{2}", "-c", &query])
        .output()
        .unwrap();
    assert!(expected.status.success(), "{}", stderr(&expected));
    let expected = stdout(&expected);
    let expected: Vec<&str> = expected
        .trim_end_matches(['\n', '\u{2}'])
        .split('\u{1}')
        .collect();
    assert_eq!(expected.len(), VALUES.len());

    let output = pgagent(&["sql", &query, "--format", "json"], &env);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let json: Value = serde_json::from_str(&stdout(&output)).unwrap();
    for (i, value) in VALUES.iter().enumerate() {
        let cell = &json["rows"][0][i];
        let text = match cell {
            Value::String(text) => text.clone(),
            Value::Bool(b) => if *b { "t" } else { "f" }.to_owned(),
            // serde_json reads 1e+300 back in a form of its own.
            Value::Number(number) if number.is_f64() => {
                assert_eq!(number.as_f64(), expected[i].parse().ok(), "{value}");
                continue;
            }
            other if value.starts_with("json") => {
                assert_eq!(
                    other,
                    &serde_json::from_str::<Value>(expected[i]).unwrap(),
                    "{value}"
                );
                continue;
            }
            other => other.to_string(),
        };
        assert_eq!(text, expected[i], "{value}");
    }

    let output = pgagent(&["sql", &query, "--format", "csv"], &env);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let quoted: Vec<String> = expected
        .iter()
        .map(|text| {
            if text.is_empty() || text.contains([',', '"', '\n']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                (*text).to_owned()
            }
        })
        .collect();
    let text = stdout(&output);
    assert_eq!(
        text.split_once("\r\n").unwrap().1,
        quoted.join(",") + "\r\n"
    );

    for format in ["markdown", "table"] {
        let output = pgagent(&["sql", &query, "--format", format], &env);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        for plain in [
            "12345678901234567890.12345678901234567890",
            "1 year 2 mons -3 days +04:05:06.7",
            "(1,\"(x,)\")",
        ] {
            assert!(stdout(&output).contains(plain), "{format}: {plain}");
        }
    }

    let query = format!(
        "SELECT {} FROM (SELECT {}) AS t",
        nulls.join(", "),
        columns.join(", ")
    );
    let output = pgagent(&["sql", &query, "--format", "json"], &env);
    let json: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert!(
        json["rows"][0]
            .as_array()
            .unwrap()
            .iter()
            .all(Value::is_null),
        "{json}"
    );
    db.drop().await;
}
