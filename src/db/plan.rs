//! The cost budget: what the server's planner expects of a query, and which parts of it cost most.

use serde::Deserialize;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::{AssertSqlSafe, Row};

use super::DbError;

/// Parts of a plan that are named to whoever is to write a cheaper query.
const NAMED: usize = 3;

#[derive(Debug, Deserialize)]
struct Explained {
    #[serde(rename = "Plan")]
    plan: Node,
}

/// A node of `EXPLAIN (FORMAT JSON)`, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Node {
    #[serde(rename = "Node Type")]
    node_type: String,
    #[serde(rename = "Relation Name")]
    relation: Option<String>,
    #[serde(rename = "Total Cost")]
    total_cost: f64,
    #[serde(rename = "Plan Rows")]
    rows: f64,
    #[serde(rename = "Plans", default)]
    plans: Vec<Node>,
}

impl Node {
    fn own_cost(&self) -> f64 {
        (self.total_cost - self.plans.iter().map(|p| p.total_cost).sum::<f64>()).max(0.0)
    }

    fn collect<'a>(&'a self, into: &mut Vec<&'a Node>) {
        into.push(self);
        for plan in &self.plans {
            plan.collect(into);
        }
    }

    fn in_words(&self) -> String {
        let on = self
            .relation
            .as_ref()
            .map_or_else(String::new, |r| format!(" on {r}"));
        format!(
            "{}{on} ({:.0} rows, cost {:.0})",
            self.node_type,
            self.rows,
            self.own_cost()
        )
    }
}

/// Lets the statement pass when its estimated cost is within the budget. Only for statements that the
/// guard has passed: planning runs immutable functions.
///
/// # Errors
/// [`DbError::TooCostly`], or what the server says against the statement.
pub async fn within_budget(
    connection: &mut PgConnection,
    sql: &str,
    arguments: PgArguments,
    budget: f64,
) -> Result<(), DbError> {
    let row = sqlx::query_with(
        AssertSqlSafe(format!("EXPLAIN (FORMAT JSON) {sql}")),
        arguments,
    )
    .persistent(false)
    .fetch_one(connection)
    .await?;
    judge(row.try_get_raw(0)?.as_bytes().unwrap_or_default(), budget)
}

fn judge(explained: &[u8], budget: f64) -> Result<(), DbError> {
    let [explained] = serde_json::from_slice::<[Explained; 1]>(explained)
        .map_err(|e| DbError::Lost(format!("the plan cannot be read: {e}")))?;
    let cost = explained.plan.total_cost;
    if cost <= budget {
        return Ok(());
    }
    let mut nodes = Vec::new();
    explained.plan.collect(&mut nodes);
    nodes.sort_by(|a, b| b.own_cost().total_cmp(&a.own_cost()));
    Err(DbError::TooCostly {
        cost,
        budget,
        nodes: nodes
            .iter()
            .take(NAMED)
            .map(|node| node.in_words())
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_costliest_parts() {
        let plan = serde_json::json!([{"Plan": {
            "Node Type": "Limit", "Total Cost": 1000.0, "Plan Rows": 1.0,
            "Plans": [
                {"Node Type": "Seq Scan", "Relation Name": "payment", "Total Cost": 900.0, "Plan Rows": 50000.0},
                {"Node Type": "Hash", "Total Cost": 90.0, "Plan Rows": 7.0}
            ]
        }}])
        .to_string();
        assert!(judge(plan.as_bytes(), 1000.0).is_ok());
        let error = judge(plan.as_bytes(), 999.0).unwrap_err().to_string();
        assert_eq!(
            error,
            "the query would cost 1000, and the budget is 999; most of it: Seq Scan on payment (50000 rows, cost 900), Hash (7 rows, cost 90), Limit (1 rows, cost 10)"
        );
    }
}
