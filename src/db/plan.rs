//! The cost budget: what the server's planner expects of a query, and which parts of it cost most.

use sqlx::postgres::{PgArguments, PgConnection};

use super::DbError;
use super::explain::{Node, planned, top};

/// Parts of a plan that are named to whoever is to write a cheaper query.
const NAMED: usize = 3;

impl Node {
    fn collect<'a>(&'a self, into: &mut Vec<&'a Node>) {
        into.push(self);
        for plan in &self.plans {
            plan.collect(into);
        }
    }

    fn named(&self) -> String {
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
    judge(&planned(connection, sql, arguments).await?, budget)
}

fn judge(explained: &[u8], budget: f64) -> Result<(), DbError> {
    let plan = top(explained)?;
    let cost = plan.total_cost;
    if cost <= budget {
        return Ok(());
    }
    let mut nodes = Vec::new();
    plan.collect(&mut nodes);
    nodes.sort_by(|a, b| b.own_cost().total_cmp(&a.own_cost()));
    Err(DbError::TooCostly {
        cost,
        budget,
        nodes: nodes.iter().take(NAMED).map(|node| node.named()).collect(),
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
