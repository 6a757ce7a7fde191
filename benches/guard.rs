//! What the guard takes for a typical query and for a very long one: at most 30 µs and 5 ms.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pgagent::sql::{Policy, check};

const TYPICAL: &str = "SELECT c.first_name, c.last_name, sum(p.amount) AS total \
    FROM customer AS c JOIN payment AS p USING (customer_id) \
    WHERE p.paid_at >= date_trunc('month', now()) - interval '3 months' AND c.active \
    GROUP BY c.customer_id HAVING count(*) > 2 ORDER BY total DESC NULLS LAST LIMIT 5";

fn guard(c: &mut Criterion) {
    let policy = Policy::default();
    let mut group = c.benchmark_group("check");
    let list = (0..9_000)
        .map(|n| n.to_string())
        .collect::<Vec<_>>()
        .join(", ");
    let unions = vec!["SELECT a, lower(b) FROM t WHERE c = 'x'"; 1_400].join(" UNION ALL ");
    for (name, sql) in [
        ("typical", TYPICAL.to_owned()),
        (
            "60 KB list",
            format!(
                "SELECT * FROM t WHERE id IN ({list}) AND name = '{}'",
                "x".repeat(9_000)
            ),
        ),
        ("60 KB of unions", unions),
        (
            "60 KB of operators",
            format!("SELECT 1{}", " + 1".repeat(15_000)),
        ),
        (
            "60 KB of nested calls",
            format!("SELECT {} 1", "lower(upper(a)), ".repeat(3_600)),
        ),
        (
            "60 KB of qualified names",
            format!("SELECT {} 1", "a.b.c.d, ".repeat(6_700)),
        ),
    ] {
        assert!(check(&sql, &policy).is_ok(), "{name}");
        group.throughput(Throughput::Bytes(sql.len() as u64));
        group.bench_function(name, |b| b.iter(|| check(black_box(&sql), &policy)));
    }
    group.finish();
}

criterion_group!(benches, guard);
criterion_main!(benches);
