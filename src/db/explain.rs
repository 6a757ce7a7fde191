//! EXPLAIN in words: what the server would do, in the order in which it would.

use std::fmt;

use serde::Deserialize;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::{AssertSqlSafe, Row};

use super::DbError;
use crate::sql::CheckedSelect;

/// What the server would do to answer a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    steps: Vec<Step>,
    rows: f64,
    cost: f64,
}

#[derive(Debug, Clone, PartialEq)]
struct Step {
    does: String,
    rows: f64,
    /// Without what it is made from.
    own_cost: f64,
}

#[derive(Debug, Deserialize)]
struct Output {
    #[serde(rename = "Plan")]
    plan: Node,
}

/// A node of `EXPLAIN (FORMAT JSON)`, under the names that `explain.c` gives its properties.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    #[serde(rename = "Node Type")]
    pub(super) node_type: String,
    #[serde(rename = "Parent Relationship")]
    parent: String,
    #[serde(rename = "Subplan Name")]
    subplan: Option<String>,
    #[serde(rename = "Strategy")]
    strategy: String,
    #[serde(rename = "Join Type")]
    join: String,
    #[serde(rename = "Relation Name")]
    pub(super) relation: Option<String>,
    #[serde(rename = "Alias")]
    alias: Option<String>,
    #[serde(rename = "Index Name")]
    index: Option<String>,
    #[serde(rename = "CTE Name")]
    cte: Option<String>,
    #[serde(rename = "Function Name")]
    function: Option<String>,
    #[serde(rename = "Index Cond")]
    index_cond: Option<String>,
    #[serde(rename = "Filter")]
    filter: Option<String>,
    #[serde(rename = "Hash Cond")]
    hash_cond: Option<String>,
    #[serde(rename = "Merge Cond")]
    merge_cond: Option<String>,
    #[serde(rename = "Join Filter")]
    join_filter: Option<String>,
    #[serde(rename = "Sort Key")]
    sort_key: Vec<String>,
    #[serde(rename = "Group Key")]
    group_key: Vec<String>,
    #[serde(rename = "Workers Planned")]
    workers: u64,
    #[serde(rename = "Total Cost")]
    pub(super) total_cost: f64,
    #[serde(rename = "Plan Rows")]
    pub(super) rows: f64,
    #[serde(rename = "Plans")]
    pub(super) plans: Vec<Node>,
}

/// The server's plan of a statement, as JSON. Only for statements that the guard and the catalog have
/// passed: planning runs immutable functions. Never with ANALYZE, which runs the query.
pub(super) async fn planned(
    connection: &mut PgConnection,
    sql: &str,
    arguments: PgArguments,
) -> Result<Vec<u8>, DbError> {
    let sql = AssertSqlSafe(format!("EXPLAIN (FORMAT JSON) {sql}"));
    let row = sqlx::query_with(sql, arguments)
        .persistent(false)
        .fetch_one(connection)
        .await?;
    Ok(row.try_get_raw(0)?.as_bytes().unwrap_or_default().to_vec())
}

/// The top of a plan in that form.
pub(super) fn top(json: &[u8]) -> Result<Node, DbError> {
    let [Output { plan }] = serde_json::from_slice::<[Output; 1]>(json)
        .map_err(|e| DbError::Lost(format!("the plan cannot be read: {e}")))?;
    Ok(plan)
}

/// Asks the server.
pub(super) async fn ask(
    connection: &mut PgConnection,
    query: &CheckedSelect,
) -> Result<Explained, DbError> {
    // No row is cut off: the limit is there for the wrapper's sake.
    let sql = query.wrapped(i64::MAX as u64);
    read(&planned(connection, &sql, PgArguments::default()).await?)
}

fn read(json: &[u8]) -> Result<Explained, DbError> {
    let mut plan = top(json)?;
    if plan.node_type == "Limit"
        && let Some(inner) = plan.plans.pop()
    {
        plan = inner;
    }
    let mut steps = Vec::new();
    plan.tell(&mut steps);
    Ok(Explained {
        rows: plan.rows,
        cost: plan.total_cost,
        steps,
    })
}

impl Node {
    /// Without what it is made from.
    pub(super) fn own_cost(&self) -> f64 {
        let below: f64 = self.plans.iter().map(|plan| plan.total_cost).sum();
        (self.total_cost - below).max(0.0)
    }

    /// Adds what is done, inputs first; gives the number of the step whose rows these are.
    fn tell(&self, steps: &mut Vec<Step>) -> usize {
        let mut inputs = Vec::new();
        for plan in &self.plans {
            let number = plan.tell(steps);
            match (plan.parent.as_str(), &plan.subplan) {
                ("InitPlan" | "SubPlan", Some(name)) => {
                    if let Some(step) = steps.get_mut(number - 1) {
                        step.does.push_str(&format!(" (that is {name})"));
                    }
                }
                _ => inputs.push(number),
            }
        }
        let only_passes_on = match self.node_type.as_str() {
            "Hash" | "Materialize" | "Memoize" | "Bitmap Index Scan" => true,
            "Subquery Scan" | "Result" => self.filter.is_none(),
            _ => false,
        };
        if let ([input], true) = (inputs.as_slice(), only_passes_on) {
            return *input;
        }
        let does = self.in_words(&inputs, steps.len());
        steps.push(Step {
            does,
            rows: self.rows,
            own_cost: self.own_cost(),
        });
        steps.len()
    }

    fn in_words(&self, inputs: &[usize], last: usize) -> String {
        let list = |of: &[String]| of.join(", ");
        // The step before goes without saying.
        let rows = match inputs {
            [input] if *input != last => format!("the rows of {input}"),
            _ => "the rows".to_owned(),
        };
        let both = match inputs {
            [a, b] => format!("{a} and {b}"),
            _ => "the rows".to_owned(),
        };
        let mut words = match self.node_type.as_str() {
            "Seq Scan" => format!("reads all of {}", self.source()),
            "Sample Scan" => format!("reads a sample of {}", self.source()),
            "Index Scan" | "Index Only Scan" | "Bitmap Index Scan" => format!(
                "looks up {} by the index {}",
                self.source(),
                self.index.as_deref().unwrap_or_default()
            ),
            "Bitmap Heap Scan" => {
                format!("reads the parts of {} that an index names", self.source())
            }
            "BitmapAnd" => "takes what all of these indexes name".to_owned(),
            "BitmapOr" => "takes what any of these indexes names".to_owned(),
            "Tid Scan" | "Tid Range Scan" => {
                format!("reads rows of {} by their place", self.source())
            }
            "Foreign Scan" => format!("asks another server for {}", self.source()),
            "Function Scan" | "Table Function Scan" => format!(
                "calls {}",
                self.function
                    .as_deref()
                    .or(self.alias.as_deref())
                    .unwrap_or("a function")
            ),
            "Values Scan" => "takes the values that the query gives".to_owned(),
            "CTE Scan" => format!("takes the rows of {}", self.source()),
            "WorkTable Scan" => "takes the rows of the round before".to_owned(),
            "Subquery Scan" => format!("goes through {rows}"),
            "Nested Loop" => format!("{} {both}, looking up each row of the first", self.joins()),
            "Hash Join" => format!("{} {both} by hashing", self.joins()),
            "Merge Join" => format!("{} {both}, both in order", self.joins()),
            "Sort" => format!("sorts {rows} by {}", list(&self.sort_key)),
            "Incremental Sort" => format!(
                "sorts {rows}, in order in part already, by {}",
                list(&self.sort_key)
            ),
            "Aggregate" if self.group_key.is_empty() => format!("sums up {rows} in one"),
            "Aggregate" | "Group" => {
                let how = match self.strategy.as_str() {
                    "Hashed" | "Mixed" => "by hashing",
                    _ => "in order",
                };
                format!("groups {rows} by {}, {how}", list(&self.group_key))
            }
            "WindowAgg" => format!("computes window functions over {rows}"),
            "Unique" => format!("drops repeated rows from {rows}"),
            "SetOp" => format!("compares {rows} as sets"),
            "Limit" => format!("keeps the first of {rows}"),
            "Append" | "Merge Append" => {
                let numbers: Vec<String> = inputs.iter().map(usize::to_string).collect();
                format!("puts {} together", numbers.join(", "))
            }
            "Recursive Union" => format!("repeats {both} until nothing new comes"),
            "Gather" | "Gather Merge" => {
                format!("collects {rows} from {} parallel workers", self.workers)
            }
            "ProjectSet" => format!("unfolds sets in {rows}"),
            "Result" if inputs.is_empty() => "computes a row".to_owned(),
            "Result" => format!("goes through {rows}"),
            other => format!("{} over {rows}", other.to_lowercase()),
        };
        for (condition, says) in [
            (&self.index_cond, "where"),
            (&self.hash_cond, "where"),
            (&self.merge_cond, "where"),
            (&self.join_filter, "keeping those where"),
            (&self.filter, "keeping those where"),
        ] {
            if let Some(condition) = condition {
                words.push_str(&format!(", {says} {}", bare(condition)));
            }
        }
        words
    }

    fn joins(&self) -> &'static str {
        match self.join.as_str() {
            "Left" | "Right" | "Full" => "joins, keeping what has no partner,",
            "Semi" | "Right Semi" => "keeps what has a partner of",
            "Anti" | "Right Anti" => "keeps what has no partner of",
            _ => "joins",
        }
    }

    /// A table or a WITH query, and what it is called in the query.
    fn source(&self) -> String {
        let name = self.relation.as_deref().or(self.cte.as_deref());
        match (name, self.alias.as_deref()) {
            (Some(name), Some(alias)) if name != alias => format!("{name} ({alias})"),
            (Some(name), _) => name.to_owned(),
            (None, alias) => alias.unwrap_or("it").to_owned(),
        }
    }
}

/// A condition without the parentheses around all of it.
fn bare(condition: &str) -> &str {
    let inner = condition
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    match inner {
        Some(inner) if !inner.contains(['(', ')']) => inner,
        _ => condition,
    }
}

fn rows(n: f64) -> String {
    match n {
        1.0 => "1 row".to_owned(),
        n => format!("{n:.0} rows"),
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "The server expects {} at a cost of {:.0}, where reading a page costs 1:",
            rows(self.rows),
            self.cost
        )?;
        for (number, step) in (1..).zip(&self.steps) {
            writeln!(f, "{number:>3}. {} ({})", step.does, rows(step.rows))?;
        }
        let costliest = (1..)
            .zip(&self.steps)
            .max_by(|(_, a), (_, b)| a.own_cost.total_cmp(&b.own_cost));
        match costliest {
            Some((number, step)) if self.steps.len() > 1 && self.cost > 0.0 => writeln!(
                f,
                "Step {number} costs most, {:.0} % of all.",
                (100.0 * step.own_cost / self.cost).min(100.0)
            ),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_told_in_the_order_in_which_it_runs() {
        let plan = r#"[{"Plan": {"Node Type": "Limit", "Total Cost": 400, "Plan Rows": 5, "Plans": [
            {"Node Type": "Limit", "Total Cost": 400, "Plan Rows": 5, "Plans": [
            {"Node Type": "Sort", "Total Cost": 400, "Plan Rows": 600, "Sort Key": ["(sum(p.amount)) DESC"], "Plans": [
            {"Node Type": "Aggregate", "Strategy": "Hashed", "Group Key": ["c.name"], "Total Cost": 390, "Plan Rows": 600, "Plans": [
            {"Node Type": "Hash Join", "Join Type": "Inner", "Hash Cond": "(p.customer_id = c.customer_id)", "Total Cost": 350, "Plan Rows": 16000, "Plans": [
                {"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Relation Name": "payment", "Alias": "p", "Total Cost": 300, "Plan Rows": 16000, "Filter": "(amount > $0)", "Plans": [
                    {"Node Type": "Result", "Parent Relationship": "InitPlan", "Subplan Name": "InitPlan 1", "Total Cost": 1, "Plan Rows": 1}]},
                {"Node Type": "Hash", "Parent Relationship": "Inner", "Total Cost": 20, "Plan Rows": 600, "Plans": [
                    {"Node Type": "Seq Scan", "Relation Name": "customer", "Alias": "c", "Total Cost": 20, "Plan Rows": 600}]}
            ]}]}]}]}]}}]"#;
        assert_eq!(
            read(plan.as_bytes()).unwrap().to_string(),
            "The server expects 5 rows at a cost of 400, where reading a page costs 1:\n\
             \u{20}\u{20}1. computes a row (that is InitPlan 1) (1 row)\n\
             \u{20}\u{20}2. reads all of payment (p), keeping those where amount > $0 (16000 rows)\n\
             \u{20}\u{20}3. reads all of customer (c) (600 rows)\n\
             \u{20}\u{20}4. joins 2 and 3 by hashing, where p.customer_id = c.customer_id (16000 rows)\n\
             \u{20}\u{20}5. groups the rows by c.name, by hashing (600 rows)\n\
             \u{20}\u{20}6. sorts the rows by (sum(p.amount)) DESC (600 rows)\n\
             \u{20}\u{20}7. keeps the first of the rows (5 rows)\n\
             Step 2 costs most, 75 % of all.\n"
        );
    }
}
