//! Postgres inside the binary: the sample database, and files as tables.
//!
//! What the engine unpacks is kept in the build's own folder from run to run.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::Arc;

use parquet::data_type::{ByteArray, ByteArrayType, Int32Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::support::{ENDLESS, TestDatabase, pgagent, stderr, stdout};

fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")
}

fn run(args: &[&str]) -> Output {
    let cache = cache();
    fs::create_dir_all(&cache).unwrap();
    pgagent(args, &[("XDG_CACHE_HOME", cache.to_str().unwrap())])
}

/// The rows that a successful command prints, whatever ends its lines.
fn rows(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    stdout(output).replace("\r\n", "\n")
}

const SAMPLE: [&str; 5] = [
    include_str!("../src/embedded/sample/1_tables.sql"),
    include_str!("../src/embedded/sample/2_people.sql"),
    include_str!("../src/embedded/sample/3_films.sql"),
    include_str!("../src/embedded/sample/4_rentals.sql"),
    include_str!("../src/embedded/sample/5_finish.sql"),
];

/// A fingerprint of every row of the largest tables.
const FINGERPRINT: &str = "SELECT
    (SELECT md5(string_agg(t::text, '/' ORDER BY payment_id)) FROM payment AS t) AS payments,
    (SELECT md5(string_agg(t::text, '/' ORDER BY rental_id)) FROM rental AS t) AS rentals,
    (SELECT md5(string_agg(t::text, '/' ORDER BY customer_id)) FROM customer AS t) AS customers,
    (SELECT md5(string_agg(t::text, '/' ORDER BY film_id)) FROM film AS t) AS films,
    (SELECT md5(string_agg(t::text, '/' ORDER BY review_id)) FROM review AS t) AS reviews";

#[tokio::test]
async fn the_sample_database_is_made_once_guarded_and_mended() {
    let folder = cache().join("pgagent/demo");
    let _ = fs::remove_dir_all(&folder);
    let made = run(&["--demo", "sql", FINGERPRINT]);
    assert!(stderr(&made).contains("making the sample database"));
    let here = rows(&made);

    if let Some(server) = TestDatabase::create(&SAMPLE.concat()).await {
        let there = pgagent(&["sql", FINGERPRINT], &[("DATABASE_URL", &server.url)]);
        assert_eq!(rows(&there), here, "another server makes other rows");
        server.drop().await;
    }

    let again = run(&[
        "--demo",
        "sql",
        "SELECT full_name, sum(amount) FROM customer JOIN payment USING (customer_id) \
         GROUP BY customer_id ORDER BY 2 DESC LIMIT 2",
    ]);
    assert_eq!(stderr(&again), "", "it was there");
    assert_eq!(
        rows(&again),
        "full_name,sum\nFlynn Murphy,591.74\nIsla Thomas,583.03\n"
    );

    let lock = File::open(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    fs::write(folder.join("pid"), "4711").unwrap();
    let second = run(&["--demo", "sql", "SELECT 1"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(
        stderr(&second).contains("the sample database is in use by process 4711"),
        "{}",
        stderr(&second)
    );
    lock.unlock().unwrap();

    let control = folder.join("cluster/tmp/pglite/base/global/pg_control");
    fs::write(&control, "nonsense").unwrap();
    let mended = run(&["--demo", "sql", FINGERPRINT]);
    assert!(stderr(&mended).contains("damaged"), "{}", stderr(&mended));
    assert_eq!(rows(&mended), here);
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache");
    fs::write(&file, "a file where a folder should be").unwrap();
    let output = pgagent(
        &["--demo", "sql", "SELECT 1"],
        &[("XDG_CACHE_HOME", file.to_str().unwrap())],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains(file.to_str().unwrap()) && stderr(&output).contains("hint:"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn one_question_goes_to_one_database() {
    let output = run(&[
        "sql",
        "SELECT 1",
        "--demo",
        "--database-url",
        "postgres://localhost:1/x",
    ]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

/// `cities.parquet`: `city_id int32`, `name string`.
fn write_parquet(path: &Path) {
    let schema = "message cities { required int32 city_id; optional binary name (STRING); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let file = File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<Int32Type>()
        .write_batch(&[1, 2, 3], None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let names = [ByteArray::from("Łódź"), ByteArray::from("Rome")];
    column
        .typed::<ByteArrayType>()
        .write_batch(&names, Some(&[1, 1, 0]), None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn files_of_every_kind_are_joined() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    // A German spreadsheet: Latin-1, semicolons, decimal commas; and a keyword for a name.
    let csv = "Order No;City ID;Größe\n1;1;1.234,50\n2;2;0,5\n3;1;7\n4;3;\n";
    let latin: Vec<u8> = csv.chars().map(|c| u8::try_from(c).unwrap()).collect();
    fs::write(path("order.csv"), latin).unwrap();
    write_parquet(Path::new(&path("cities.parquet")));
    let json =
        "{\"city_id\": 1, \"since\": \"2024-02-29\", \"tags\": [\"x\"]}\n\n{\"city_id\": 2}\n";
    let mut gz = flate2::write::GzEncoder::new(
        File::create(path("facts.jsonl.gz")).unwrap(),
        flate2::Compression::default(),
    );
    gz.write_all(json.as_bytes()).unwrap();
    gz.finish().unwrap();
    let files = [
        path("order.csv"),
        path("cities.parquet"),
        path("facts.jsonl.gz"),
    ];
    let found = run(&[
        "--file",
        &files[0],
        "--file",
        &files[1],
        "--file",
        &files[2],
        "sql",
        "SELECT c.name, sum(o.größe) AS total, max(f.since) + 1 AS next, max(f.tags::text) AS tags \
         FROM \"order\" AS o JOIN cities AS c USING (city_id) LEFT JOIN facts AS f USING (city_id) \
         GROUP BY c.name ORDER BY total NULLS LAST",
    ]);
    assert_eq!(
        rows(&found),
        "name,total,next,tags\nRome,0.5,,\nŁódź,1241.50,2024-03-01,\"[\"\"x\"\"]\"\n,,,\n"
    );
}

#[test]
fn a_file_that_is_no_table_is_refused_with_its_name_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let wide = vec!["x"; 2_000].join(",");
    for (name, content, code, says) in [
        ("broken.csv", "a,b\n1,2\n3,4,5\n", 1, "line 3: 3 fields"),
        ("open.csv", "a,b\n1,2\n3,\"x\n4,5\n", 1, "line 3: a quote"),
        (
            "short.csv",
            "a,b\n1,2\n\"x,4\n5,6\n",
            1,
            "line 3: a quote is opened",
        ),
        (
            "inch.csv",
            "a,b\n5\" pipe,2\n4\n5,6\n",
            1,
            "line 3: 1 field,",
        ),
        ("late.csv", "a,b\n\n1,2\n\n3,4,5\n", 1, "line 5: 3 fields"),
        ("mac.csv", "a,b\r1,2\r3,4,5\r", 1, "line 3: 3 fields"),
        (
            "title.csv",
            "Sales\n\na,b\n1,2\n",
            1,
            "take away what stands before it",
        ),
        ("blank.csv", "\n\n", 1, "needs a header"),
        ("bad.jsonl", "{\"a\": 1}\n{\"a\":\n", 1, "line 2"),
        ("bad.json", "{\n\"a\": 1\n}\n{\n\"a\": }\n", 1, "line 5"),
        ("wide.csv", wide.as_str(), 1, "2000 columns"),
        ("no.parquet", "hello", 2, "is no Parquet file"),
        ("empty.csv", "", 2, "is empty"),
        ("pack.csv.bz2", "BZh91AY&SY", 2, "compressed in a way"),
        ("noise.csv", "a\0\u{1}b\u{2}\n\u{3},", 2, "is no text"),
        ("book.csv", "PK\u{3}\u{4}x", 2, "Excel"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let output = run(&["--file", path.to_str().unwrap(), "sql", "SELECT 1"]);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{name}: {text}");
        assert!(text.contains(name) && text.contains(says), "{name}: {text}");
    }
    let (one, other) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
    fs::write(&other, "a\n1\n").unwrap();
    let output = run(&["--file", one.to_str().unwrap(), other.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(text.contains("a `--file` of its own"), "{text}");
    let path = folder.path().join("cut.csv.gz");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(b"a,b\n1,2\n").unwrap();
    let packed = gz.finish().unwrap();
    fs::write(&path, &packed[..packed.len() - 9]).unwrap();
    let output = run(&["--file", path.to_str().unwrap(), "sql", "SELECT 1"]);
    let text = stderr(&output);
    assert!(text.contains("cut off or damaged"), "{text}");
}

/// What spreadsheets and scripts write around and into a table.
#[test]
fn files_are_read_as_spreadsheets_and_scripts_write_them() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content, query, expected) in [
        (
            "excel.csv",
            "sep=;\r\nid;price\r\n1;12,50 €\r\n2;-1.000,00 €\r\n",
            "SELECT sum(price) FROM excel",
            "sum\n-987.50\n",
        ),
        (
            "script.csv",
            "# made at night\n#id,sex,share\n1,F,5%\n2,F,7.5 %\n",
            "SELECT max(sex) AS sex, sum(share) FROM script WHERE id > 0",
            "sex,sum\nF,12.5\n",
        ),
        (
            "config.json",
            "{\n \"a\": 1,\n \"b\": {\"c\": 2}\n}\n{\n \"a\": 2\n}\n",
            "SELECT a, b FROM config",
            "a,b\n1,\"{\"\"c\"\": 2}\"\n2,\n",
        ),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let found = run(&["--file", path.to_str().unwrap(), "sql", query]);
        assert_eq!(rows(&found), expected, "{name}");
    }
}

#[test]
fn a_kept_database_is_there_without_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("points.csv");
    fs::write(&path, "x,y\n1,2\n3,4\n").unwrap();
    let cache = cache();
    let env = [
        ("XDG_CACHE_HOME", cache.to_str().unwrap()),
        ("XDG_DATA_HOME", folder.path().to_str().unwrap()),
    ];
    let made = [
        "--file",
        path.to_str().unwrap(),
        "--keep",
        "points",
        "sql",
        "SELECT 1",
    ];
    assert_eq!(pgagent(&made, &env).status.code(), Some(0));
    fs::remove_file(&path).unwrap();
    let kept = pgagent(
        &["--keep", "points", "sql", "SELECT sum(y) FROM points"],
        &env,
    );
    assert_eq!(rows(&kept), "sum\n6\n");
    let unknown = pgagent(&["--keep", "nothing", "sql", "SELECT 1"], &env);
    assert_eq!(unknown.status.code(), Some(2), "{}", stderr(&unknown));
    let cluster = folder
        .path()
        .join("pgagent/kept/points/cluster/tmp/pglite/base");
    fs::write(cluster.join("global/pg_control"), [7; 8192]).unwrap();
    let damaged = pgagent(&["--keep", "points", "sql", "SELECT 1"], &env);
    assert_eq!(damaged.status.code(), Some(1), "{}", stderr(&damaged));
    for says in ["damaged", "kept/points` and make it anew"] {
        assert!(stderr(&damaged).contains(says), "{}", stderr(&damaged));
    }
}

/// A program whose query runs, with its log, which is to be kept open.
#[cfg(unix)]
fn with_an_endless_query(folder: &tempfile::TempDir) -> (Child, BufReader<ChildStderr>) {
    let path = folder.path().join("t.csv");
    fs::write(&path, "a\n1\n").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_pgagent"))
        .args(["-vv", "--file", path.to_str().unwrap(), "sql"])
        .arg(ENDLESS)
        .env_clear()
        .env("HOME", folder.path())
        .env("XDG_CACHE_HOME", cache())
        .env("TMPDIR", folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It says when the query runs.
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("generate_series") {
        line.clear();
        let read = log.read_line(&mut line).unwrap();
        assert_ne!(read, 0, "it ended before the query ran");
    }
    (child, log)
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_query_that_would_never_end() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, _log) = with_an_endless_query(&folder);
    let interrupted = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupted.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().starts_with("pgagent-"))
        .collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

/// Files are there to be asked about, whatever is wrong with the cache folder.
#[cfg(target_os = "linux")]
#[test]
fn files_need_no_cache_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("order.csv");
    fs::write(&path, "a,a,,select\n1,2,3,4\n").unwrap();
    let output = pgagent(
        &[
            "--file",
            path.to_str().unwrap(),
            "sql",
            "SELECT * FROM \"order\"",
        ],
        &[
            ("XDG_CACHE_HOME", path.to_str().unwrap()),
            ("TMPDIR", folder.path().to_str().unwrap()),
        ],
    );
    assert_eq!(rows(&output), "a,a_2,column_3,select\n1,2,3,4\n");
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "only the file is left");
}

/// A pipe can be read once, and a file is read several times.
#[cfg(unix)]
#[test]
fn a_pipe_is_a_file_too() {
    let cache = cache();
    for path in ["-", "/dev/stdin"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pgagent"))
            .args(["--file", path, "sql", "SELECT sum(b) FROM data"])
            .env_clear()
            .env("HOME", &cache)
            .env("XDG_CACHE_HOME", &cache)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"a,b\n1,2\n3,4\n").unwrap();
        drop(stdin);
        assert_eq!(
            rows(&child.wait_with_output().unwrap()),
            "sum\n6\n",
            "{path}"
        );
    }
}

/// The sample database is not remade because of a folder that is missing elsewhere.
#[cfg(unix)]
#[test]
fn a_missing_temporary_folder_is_no_damage() {
    let cache = cache();
    let env = [
        ("XDG_CACHE_HOME", cache.to_str().unwrap()),
        ("TMPDIR", "/nonexistent"),
    ];
    let output = pgagent(&["--demo", "sql", "SELECT 1"], &env);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("set TMPDIR"), "{text}");
    assert!(!text.contains("anew"), "{text}");
}

/// In a mount of its own, where the system lets anyone have one.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_not_taken_for_damage() {
    const SCRIPT: &str = "mount -t tmpfs -o size=400m none \"$1\" || exit 99
        cp -r \"$2/pglite-oxide\" \"$1\" 2>/dev/null
        export XDG_CACHE_HOME=\"$1\"
        set -- \"$1\" \"$3\"
        \"$2\" --demo sql 'SELECT 1 AS made' || exit 1
        dd if=/dev/zero of=\"$1/fill\" bs=1M 2>/dev/null
        \"$2\" --demo sql 'SELECT 2 AS full' && exit 2
        rm \"$1/fill\"
        \"$2\" --demo sql 'SELECT count(*) FROM store'";
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            SCRIPT,
            "sh",
        ])
        .arg(folder.path())
        .arg(cache())
        .arg(env!("CARGO_BIN_EXE_pgagent"))
        .env("HOME", folder.path())
        .output();
    let Ok(output) = output else { return };
    let text = stderr(&output);
    if output.status.code() == Some(99) || text.starts_with("unshare") {
        return;
    }
    assert_eq!(rows(&output), "made\n1\ncount\n10\n", "{text}");
    assert!(text.contains("it is full"), "{text}");
    assert!(!text.contains("damaged"), "{text}");
}

/// Whoever kills the program leaves no server behind that nobody waits for.
#[cfg(target_os = "linux")]
#[test]
fn a_killed_program_leaves_no_server_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, _log) = with_an_endless_query(&folder);
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let server = fs::read_to_string(children).unwrap();
    let server = server.trim().to_owned();
    assert!(
        !server.is_empty() && !server.contains(' '),
        "one server: {server}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    let ended = Command::new("timeout")
        .args(["30", "tail", "--pid", &server, "-f", "/dev/null"])
        .status()
        .unwrap();
    assert!(ended.success(), "process {server} goes on");
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().starts_with("pgagent-"))
        .collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}
