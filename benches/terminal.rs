//! What a person waits for after the answer is there: drawing it. And what an evaluation adds to a question:
//! comparing two results.

#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use pgagent::config::Format;
use pgagent::db::{Column, ColumnInfo, Table, Values};
use pgagent::eval::same;
use pgagent::render::{self, Look};

const ROWS: i64 = 1_000;

fn rows() -> Table {
    let column = |name: &str, type_name: &str, values| Column {
        info: ColumnInfo {
            name: name.into(),
            type_name: type_name.into(),
        },
        values,
    };
    let text = |of: &dyn Fn(i64) -> Option<String>| {
        Values::Text((0..ROWS).map(|n| of(n).map(Into::into)).collect())
    };
    let columns = vec![
        column(
            "customer_id",
            "integer",
            Values::Int((0..ROWS).map(Some).collect()),
        ),
        column(
            "name",
            "text",
            text(&|n| Some(format!("Björn Ångström {n}"))),
        ),
        column(
            "amount",
            "numeric(10,2)",
            text(&|n| Some(format!("{}.{:02}", n * 7_919, n % 100))),
        ),
        column(
            "paid_at",
            "timestamp",
            text(&|n| Some(format!("2024-01-{:02} 12:00:00", 1 + n % 28))),
        ),
        column(
            "note",
            "text",
            text(&|n| (n % 3 != 0).then(|| "a longer remark ".repeat(9))),
        ),
    ];
    Table::new(columns, false)
}

fn draw(criterion: &mut Criterion) {
    let table = rows();
    for width in [80, 200] {
        let look = Look {
            width: Some(width),
            color: true,
            unicode: true,
        };
        criterion.bench_function(&format!("draw 1,000 rows, {width} columns"), |bencher| {
            bencher.iter(|| {
                let mut out = Vec::with_capacity(1 << 20);
                render::table(&mut out, black_box(&table), Format::Table, &look).unwrap();
                out
            });
        });
    }
}

fn compare(criterion: &mut Criterion) {
    let (answer, gold) = (rows(), rows());
    criterion.bench_function("compare 1,000 rows in any order", |bencher| {
        bencher.iter(|| assert!(same(black_box(&answer), black_box(&gold), false)));
    });
}

criterion_group!(benches, draw, compare);
criterion_main!(benches);
