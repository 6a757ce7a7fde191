//! A plan: typed steps and what they depend on. Read leniently, since models vary in small things, then
//! checked strictly, since nothing unsound may run.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::json::{lenient_object, text_of};
use super::planner::shortened;
use crate::sql::Template;
use crate::tools::{Analysis, Check};

/// Assumptions of one plan that are shown.
const MAX_ASSUMPTIONS: usize = 8;
/// Steps of one plan.
const MAX_STEPS: usize = 20;

/// What a step does with its input.
#[derive(Debug, Clone)]
pub enum Work {
    Sql(Template),
    Analyze(Analysis),
    Search(String),
    Verify(Vec<Check>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum StepType {
    Sql,
    Analyze,
    Search,
    Verify,
}

impl StepType {
    /// As a plan writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sql => "SQL",
            Self::Analyze => "ANALYZE",
            Self::Search => "SEARCH",
            Self::Verify => "VERIFY",
        }
    }
}

#[derive(Debug, Clone)]
pub struct Step {
    pub id: String,
    pub step_type: StepType,
    pub description: String,
    pub depends_on: Vec<String>,
    pub work: Work,
    /// A query to run instead when this step's fails.
    pub fallback: Option<Template>,
    /// The input as it was written, to know the same work again.
    input: Value,
}

impl Step {
    /// The planned SQL, with its references as they were written.
    pub fn query(&self) -> Option<&str> {
        match self.step_type {
            StepType::Sql => self.input.get("query").and_then(Value::as_str),
            _ => None,
        }
    }

    /// Whether values of its input become names of columns.
    pub fn names_columns_by_data(&self) -> bool {
        matches!(&self.work, Work::Analyze(a) if a.operation.trim().eq_ignore_ascii_case("pivot"))
    }

    /// Whether the other step would do the same.
    pub fn same_work(&self, other: &Step) -> bool {
        self.step_type == other.step_type
            && self.input == other.input
            && self.depends_on == other.depends_on
    }
}

/// Steps in an order in which each comes after those it depends on.
#[derive(Debug, Clone)]
pub struct Plan {
    pub reasoning: String,
    /// A question back to the person, instead of steps.
    pub clarification: Option<String>,
    /// What it takes for granted, a sentence each.
    pub assumptions: Vec<String>,
    pub steps: Vec<Step>,
}

/// Why a plan cannot be carried out, in words for the planner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PlanError(pub String);

fn error<T>(message: impl Into<String>) -> Result<T, PlanError> {
    Err(PlanError(message.into()))
}

impl Plan {
    /// What a step would run: its query and the work that its values come from. The same text on other
    /// values is another thing to run.
    pub fn statement(&self, step: &Step) -> Option<String> {
        // However it is laid out.
        let words: Vec<&str> = step.query()?.split_whitespace().collect();
        let mut statement = words.join(" ").trim_end_matches([';', ' ']).to_owned();
        let mut needs: Vec<&str> = step.depends_on.iter().map(String::as_str).collect();
        let mut at = 0;
        while let Some(id) = needs.get(at).copied() {
            at += 1;
            match self.steps.iter().find(|step| step.id == id) {
                Some(other) => {
                    statement.push_str(&format!("\n{id}: {}", other.input));
                    let new = other.depends_on.iter().map(String::as_str);
                    let new: Vec<&str> = new.filter(|id| !needs.contains(id)).collect();
                    needs.extend(new);
                }
                None => statement.push_str(&format!("\n{id}")),
            }
        }
        Some(statement)
    }

    /// One SQL step, read as strictly as a model's reply.
    ///
    /// # Errors
    /// [`PlanError`] when the query cannot be read lexically.
    pub fn of_query(reasoning: &str, description: &str, query: &str) -> Result<Self, PlanError> {
        let step = json!({
            "id": "1", "type": "SQL", "description": description,
            "tool_input": { "query": query }
        });
        Ok(Self {
            reasoning: reasoning.to_owned(),
            clarification: None,
            assumptions: Vec::new(),
            steps: vec![read_step(&step, 0)?],
        })
    }

    /// A question back to the person.
    pub fn clarification(reasoning: &str, question: &str) -> Self {
        Self {
            reasoning: reasoning.to_owned(),
            clarification: Some(question.to_owned()),
            assumptions: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Reads a model's reply. `kept` are the ids of earlier results that steps may depend on.
    ///
    /// # Errors
    /// [`PlanError`] in words for the planner.
    pub fn parse(reply: &str, kept: &BTreeSet<String>) -> Result<Self, PlanError> {
        let value = lenient_object(reply).ok_or_else(|| {
            PlanError("the reply is not a JSON object with the key `steps`".to_owned())
        })?;
        let clarification =
            text_of(value.get("clarification")).filter(|text| !text.trim().is_empty());
        let reasoning = text_of(value.get("reasoning")).unwrap_or_default();
        let raw_steps = match value.get("steps").or_else(|| value.get("plan")) {
            Some(Value::Array(steps)) => steps.as_slice(),
            _ => &[],
        };
        if clarification.is_some() {
            return Ok(Self {
                reasoning,
                clarification,
                assumptions: Vec::new(),
                steps: Vec::new(),
            });
        }
        if raw_steps.is_empty() {
            return error(no_steps(&value));
        }
        if raw_steps.len() > MAX_STEPS {
            return error(format!(
                "the plan has {} steps; at most {MAX_STEPS} are run",
                raw_steps.len()
            ));
        }
        let mut steps = Vec::with_capacity(raw_steps.len());
        for (i, raw) in raw_steps.iter().enumerate() {
            steps.push(read_step(raw, i)?);
        }
        Ok(Self {
            reasoning,
            clarification,
            assumptions: assumptions(value.get("assumptions")),
            steps: ordered(steps, kept)?,
        })
    }
}

/// What is there instead of steps, where it is another program's form of a plan.
fn no_steps(value: &Value) -> String {
    let keys: Vec<&str> = value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, _)| key.as_str())
        .filter(|key| !["steps", "plan", "reasoning", "clarification", "assumptions"].contains(key))
        .take(5)
        .collect();
    match keys.as_slice() {
        [] => "the plan has no steps".to_owned(),
        keys => format!(
            "the plan has no steps, but {}; no tools are called here: write one object with the key `steps`",
            keys.join(", ")
        ),
    }
}

/// Short sentences, and not endlessly many.
fn assumptions(value: Option<&Value>) -> Vec<String> {
    let items = match value {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    items
        .iter()
        .filter_map(|item| text_of(Some(item)))
        .map(|text| shortened(text.trim()))
        .filter(|text| !text.is_empty())
        .take(MAX_ASSUMPTIONS)
        .collect()
}

fn read_step(raw: &Value, at: usize) -> Result<Step, PlanError> {
    let id = text_of(raw.get("id")).map_or_else(|| (at + 1).to_string(), |id| id.trim().to_owned());
    let id = id.strip_prefix("step_").unwrap_or(&id).to_owned();
    if id.is_empty()
        || id.len() > 64
        || !id
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    {
        return error(format!(
            "step {}: the id `{id}` is not made of letters, digits, `_` and `-`",
            at + 1
        ));
    }
    let kind = text_of(raw.get("type").or_else(|| raw.get("tool"))).unwrap_or_default();
    let step_type = match kind.trim().to_uppercase().as_str() {
        "SQL" | "QUERY" => StepType::Sql,
        "ANALYZE" | "ANALYSE" | "ANALYTICS" => StepType::Analyze,
        "SEARCH" => StepType::Search,
        "VERIFY" => StepType::Verify,
        other => {
            return error(format!(
                "step {id}: the type `{other}` is none of SQL, ANALYZE, SEARCH, VERIFY"
            ));
        }
    };
    let input = match raw.get("tool_input").or_else(|| raw.get("input")) {
        Some(Value::String(query)) => json!({ "query": query }),
        Some(Value::Object(map)) => Value::Object(without_nulls(map)),
        // Some write the input's keys beside the step's.
        _ => raw
            .get("query")
            .map_or(json!({}), |query| json!({ "query": query })),
    };
    let mut depends_on = Vec::new();
    match raw.get("depends_on") {
        Some(Value::Array(ids)) => {
            for dependency in ids {
                match text_of(Some(dependency)) {
                    Some(id) => depends_on.push(id),
                    None => {
                        return error(format!(
                            "step {id}: `depends_on` holds something that is no id"
                        ));
                    }
                }
            }
        }
        other => depends_on.extend(text_of(other)),
    }
    for dependency in &mut depends_on {
        let clean = dependency.trim();
        *dependency = clean.strip_prefix("step_").unwrap_or(clean).to_owned();
    }

    let query = |what: &str| {
        let text = input
            .get("query")
            .and_then(Value::as_str)
            .map(str::trim)
            .unwrap_or_default();
        if text.is_empty() {
            error(format!("step {id}: {what} has an empty `query`"))
        } else {
            Ok(text.to_owned())
        }
    };
    let work = match step_type {
        StepType::Sql => Work::Sql(template(&id, &query("SQL")?)?),
        StepType::Search => Work::Search(query("SEARCH")?),
        StepType::Analyze => Work::Analyze(
            serde_json::from_value(input.clone())
                .map_err(|e| PlanError(format!("step {id}: {e}")))?,
        ),
        StepType::Verify => {
            let checks = input.get("checks").cloned().unwrap_or_else(|| json!([]));
            let checks: Vec<Check> =
                serde_json::from_value(checks).map_err(|e| PlanError(format!("step {id}: {e}")))?;
            if checks.is_empty() {
                return error(format!("step {id}: VERIFY has no `checks`"));
            }
            Work::Verify(checks)
        }
    };
    let fallback = fallback_query(raw.get("fallback"))
        .map(|sql| template(&id, &sql))
        .transpose()?;
    for reference in references(&work, fallback.as_ref()) {
        if !depends_on.contains(&reference) {
            depends_on.push(reference);
        }
    }
    let mut seen = BTreeSet::new();
    depends_on.retain(|id| seen.insert(id.clone()));
    Ok(Step {
        description: text_of(raw.get("description")).unwrap_or_default(),
        id,
        step_type,
        depends_on,
        work,
        fallback,
        input,
    })
}

fn template(id: &str, sql: &str) -> Result<Template, PlanError> {
    Template::parse(sql).map_err(|refusal| PlanError(format!("step {id}: {refusal}")))
}

fn without_nulls(map: &serde_json::Map<String, Value>) -> serde_json::Map<String, Value> {
    map.iter()
        .filter(|(_, v)| !v.is_null())
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

/// A query as text, or in the shapes of a step or a tool input.
fn fallback_query(value: Option<&Value>) -> Option<String> {
    let value = value?;
    let text = value.as_str().or_else(|| {
        let input = value.get("tool_input").unwrap_or(value);
        input.as_str().or_else(|| input.get("query")?.as_str())
    })?;
    (!text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// Steps whose results a step reads, whether it says so or not.
fn references(work: &Work, fallback: Option<&Template>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut of =
        |template: &Template| found.extend(template.references().map(|(r, _)| r.step.clone()));
    if let Work::Sql(template) = work {
        of(template);
    }
    if let Some(template) = fallback {
        of(template);
    }
    if let Work::Verify(checks) = work {
        found.extend(checks.iter().map(|check| check.step.clone()));
    }
    found
}

/// Checks ids and dependencies, and sorts the steps so that each comes after what it needs
/// (Kahn's algorithm, stable).
fn ordered(steps: Vec<Step>, kept: &BTreeSet<String>) -> Result<Vec<Step>, PlanError> {
    let mut ids = BTreeSet::new();
    for step in &steps {
        if !ids.insert(step.id.clone()) {
            return error(format!("the id {} is used by two steps", step.id));
        }
    }
    for step in &steps {
        for dependency in &step.depends_on {
            if dependency == &step.id {
                return error(format!("step {} depends on itself", step.id));
            }
            if !ids.contains(dependency) && !kept.contains(dependency) {
                return error(format!(
                    "step {} depends on {dependency}, and there is no such step",
                    step.id
                ));
            }
        }
        if step.step_type == StepType::Analyze && step.depends_on.is_empty() {
            return error(format!(
                "step {}: ANALYZE needs a step in `depends_on` to work on",
                step.id
            ));
        }
    }
    let mut waiting: Vec<Step> = steps;
    let mut done: BTreeSet<String> = kept.difference(&ids).cloned().collect();
    let mut order = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = waiting
            .iter()
            .position(|step| step.depends_on.iter().all(|id| done.contains(id)));
        let Some(ready) = ready else {
            let names: Vec<&str> = waiting.iter().map(|step| step.id.as_str()).collect();
            return error(format!(
                "the steps {} depend on each other in a circle",
                names.join(", ")
            ));
        };
        let step = waiting.remove(ready);
        done.insert(step.id.clone());
        order.push(step);
    }
    Ok(order)
}

/// The schema that is asked for. All keys are required and nullable, the form that every provider takes.
pub fn reply_schema(web_search: bool) -> Value {
    let mut types = vec!["SQL", "ANALYZE", "VERIFY"];
    if web_search {
        types.push("SEARCH");
    }
    let text = json!({ "type": "string" });
    let nullable = json!({ "type": ["string", "null"] });
    let names = json!({ "type": "array", "items": { "type": "string" } });
    let object = |properties: BTreeMap<&str, Value>| {
        let required: Vec<&&str> = properties.keys().collect();
        json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false })
    };
    let check = object(BTreeMap::from([
        ("step", text.clone()),
        (
            "check",
            json!({ "type": "string", "enum": ["not_empty", "single_row", "no_nulls", "unique", "expression"] }),
        ),
        ("column", nullable.clone()),
        ("expression", nullable.clone()),
    ]));
    let input = object(BTreeMap::from([
        ("query", nullable.clone()),
        ("operation", nullable.clone()),
        ("target_column", nullable.clone()),
        ("group_by", names.clone()),
        ("aggregation", nullable.clone()),
        ("expression", nullable.clone()),
        ("checks", json!({ "type": "array", "items": check })),
    ]));
    let step = object(BTreeMap::from([
        ("id", text.clone()),
        ("type", json!({ "type": "string", "enum": types })),
        ("description", text.clone()),
        ("depends_on", names.clone()),
        ("tool_input", input),
        ("fallback", nullable.clone()),
    ]));
    object(BTreeMap::from([
        ("reasoning", text),
        ("clarification", nullable),
        ("assumptions", names),
        ("steps", json!({ "type": "array", "items": step })),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(reply: &str) -> Result<Plan, PlanError> {
        Plan::parse(reply, &BTreeSet::new())
    }

    fn order(reply: &str) -> Vec<String> {
        parse(reply)
            .unwrap()
            .steps
            .into_iter()
            .map(|s| s.id)
            .collect()
    }

    #[test]
    fn reads_what_models_write() {
        for reply in [
            r#"{"reasoning":"r","clarification":null,"steps":[{"id":"1","type":"SQL","description":"d","depends_on":[],"tool_input":{"query":"SELECT 1"},"fallback":null}]}"#,
            r#"{"steps":[{"id":1,"type":"sql","depends_on":null,"tool_input":{"query":"SELECT 1","operation":null}}]}"#,
            "```json\n{\"steps\":[{\"id\":1,\"type\":\"Sql\",\"tool_input\":{\"query\":\"SELECT 1\"},\"extra\":{}}]}\n```",
            "Here is the plan:\n{\"steps\":[{\"type\":\"SQL\",\"query\":\"SELECT 1\"}],\"unknown\":1} Good luck!",
            r#"{"steps":[{"id":"step_1","type":"SQL","tool_input":"SELECT 1"}]}"#,
        ] {
            let plan = parse(reply).unwrap_or_else(|e| panic!("{reply}: {e}"));
            assert_eq!(plan.steps.len(), 1);
            assert_eq!(plan.steps[0].id, "1");
            assert_eq!(plan.steps[0].query(), Some("SELECT 1"));
        }
    }

    #[test]
    fn sorts_steps_after_what_they_need() {
        assert_eq!(
            order(
                r#"{"steps":[
                {"id":"c","type":"SQL","depends_on":["b"],"tool_input":{"query":"SELECT 3"}},
                {"id":"a","type":"SQL","tool_input":{"query":"SELECT 1"}},
                {"id":"b","type":"SQL","depends_on":["a"],"tool_input":{"query":"SELECT 2"}}]}"#
            ),
            ["a", "b", "c"]
        );
    }

    #[test]
    fn a_reference_is_a_dependency_even_when_it_is_not_said() {
        let plan = parse(
            r#"{"steps":[{"id":1,"type":"SQL","tool_input":{"query":"SELECT 1 AS id"}},
                {"id":2,"type":"SQL","tool_input":{"query":"SELECT * FROM t WHERE id = {{1.id}}"}}]}"#,
        )
        .unwrap();
        assert_eq!(plan.steps[1].depends_on, ["1"]);
    }

    #[test]
    fn refuses_what_cannot_be_carried_out() {
        let sql = |id: &str, needs: &str| {
            format!(
                r#"{{"id":"{id}","type":"SQL","depends_on":{needs},"tool_input":{{"query":"SELECT 1"}}}}"#
            )
        };
        for (steps, says) in [
            (String::new(), "no steps"),
            (
                format!("{},{}", sql("1", "[]"), sql("1", "[]")),
                "used by two",
            ),
            (sql("1", r#"["9"]"#), "no such step"),
            (sql("1", r#"["1"]"#), "itself"),
            (
                format!("{},{}", sql("1", r#"["2"]"#), sql("2", r#"["1"]"#)),
                "in a circle",
            ),
            (
                r#"{"id":"1","type":"SQL","tool_input":{"query":"  "}}"#.to_owned(),
                "empty",
            ),
            (
                r#"{"id":"1","type":"DELETE","tool_input":{"query":"x"}}"#.to_owned(),
                "none of",
            ),
            (
                r#"{"id":"1","type":"ANALYZE","tool_input":{"operation":"sum"}}"#.to_owned(),
                "depends_on",
            ),
            (
                r#"{"id":"1","type":"VERIFY","tool_input":{}}"#.to_owned(),
                "no `checks`",
            ),
            (
                r#"{"id":"a; b","type":"SQL","tool_input":{"query":"SELECT 1"}}"#.to_owned(),
                "id",
            ),
            (vec![sql("1", "[]"); 21].join(","), "at most 20"),
        ] {
            let error = parse(&format!(r#"{{"steps":[{steps}]}}"#)).unwrap_err();
            assert!(error.0.contains(says), "{error} / {says}");
        }
        for garbage in ["", "no", "[]", "{", "null", "{\"steps\": \"x\"}"] {
            assert!(parse(garbage).is_err(), "{garbage}");
        }
    }

    #[test]
    fn earlier_results_may_be_built_on() {
        let reply = r#"{"steps":[{"id":"2","type":"SQL","depends_on":["1"],"tool_input":{"query":"SELECT 1"}}]}"#;
        assert!(Plan::parse(reply, &BTreeSet::from(["1".to_owned()])).is_ok());
    }

    #[test]
    fn a_question_back_needs_no_steps() {
        let plan = parse(r#"{"clarification":"Which year?","steps":[]}"#).unwrap();
        assert_eq!(plan.clarification.as_deref(), Some("Which year?"));
    }

    #[test]
    fn a_fallback_is_a_query_in_any_shape() {
        for fallback in [
            r#""SELECT 2""#,
            r#"{"query":"SELECT 2"}"#,
            r#"{"type":"SQL","tool_input":{"query":"SELECT 2"}}"#,
        ] {
            let reply = format!(
                r#"{{"steps":[{{"id":1,"type":"SQL","tool_input":{{"query":"SELECT 1"}},"fallback":{fallback}}}]}}"#
            );
            assert!(
                parse(&reply).unwrap().steps[0].fallback.is_some(),
                "{fallback}"
            );
        }
    }
}
