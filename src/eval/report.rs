//! The figures of an evaluation, and their comparison with earlier ones.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::run::{Case, Verdict};

/// What was measured, over all runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    pub asked: usize,
    pub answered: usize,
    pub right: usize,
    pub wrong: usize,
    pub refused: usize,
    pub failed: usize,
    /// Questions whose gold SQL does not run; in none of the other figures.
    pub unjudged: usize,
    /// Right among all that were asked, in percent.
    pub accuracy: f64,
    /// Right among the answered, in percent.
    pub precision: f64,
    /// Answered among all that were asked, in percent.
    pub coverage: f64,
    /// Plans whose SQL ran, among those that gave any SQL, in percent.
    pub valid_sql: f64,
    pub attempts: f64,
    pub model_calls: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cost_usd: Option<f64>,
    pub p50_ms: f64,
    pub p95_ms: f64,
}

/// A whole evaluation, as it is written to a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub model: String,
    pub figures: Figures,
    pub cases: Vec<Case>,
}

fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        100.0 * part as f64 / whole as f64
    }
}

/// The value below which `share` of the sorted values lie (nearest rank).
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted
        .get(rank.clamp(1, sorted.len().max(1)) - 1)
        .copied()
        .unwrap_or(0.0)
}

impl Figures {
    pub fn of(cases: &[Case]) -> Self {
        let count = |verdict| cases.iter().filter(|c| c.verdict == verdict).count();
        let unjudged = count(Verdict::Unjudged);
        let (right, wrong) = (count(Verdict::Right), count(Verdict::Wrong));
        let asked = cases.len() - unjudged;
        let answered = right + wrong;
        let judged: Vec<&Case> = cases
            .iter()
            .filter(|c| c.verdict != Verdict::Unjudged)
            .collect();
        let mut latencies: Vec<f64> = judged.iter().map(|c| c.latency_ms).collect();
        latencies.sort_by(f64::total_cmp);
        let with_sql = judged.iter().filter(|c| c.sql.is_some()).count();
        let attempts: u32 = judged.iter().map(|c| c.attempts).sum();
        let costs: Vec<f64> = judged.iter().filter_map(|c| c.cost_usd).collect();
        Self {
            asked,
            answered,
            right,
            wrong,
            refused: count(Verdict::Refused),
            failed: count(Verdict::Failed),
            unjudged,
            accuracy: percent(right, asked),
            precision: percent(right, answered),
            coverage: percent(answered, asked),
            valid_sql: percent(answered.min(with_sql), with_sql),
            attempts: if asked == 0 {
                0.0
            } else {
                f64::from(attempts) / asked as f64
            },
            model_calls: judged.iter().map(|c| u64::from(c.model_calls)).sum(),
            input_tokens: judged.iter().map(|c| c.input_tokens).sum(),
            output_tokens: judged.iter().map(|c| c.output_tokens).sum(),
            cost_usd: (!costs.is_empty()).then(|| costs.iter().sum()),
            p50_ms: percentile(&latencies, 0.5),
            p95_ms: percentile(&latencies, 0.95),
        }
    }
}

impl Report {
    pub fn new(model: &str, cases: Vec<Case>) -> Self {
        Self {
            model: model.to_owned(),
            figures: Figures::of(&cases),
            cases,
        }
    }

    /// The figures as Markdown, beside those of an earlier report if there is one, then what was wrong.
    pub fn markdown(&self, earlier: Option<&Self>) -> String {
        let mut text = format!("# Evaluation of {}\n\n", self.model);
        let then = earlier.map(|e| &e.figures);
        text.push_str(if then.is_some() {
            "| | now | before |\n|---|---:|---:|\n"
        } else {
            "| | |\n|---|---:|\n"
        });
        let mut row = |name: &str, value: &dyn Fn(&Figures) -> String| {
            let _ = write!(text, "| {name} | {} |", value(&self.figures));
            if let Some(then) = then {
                let _ = write!(text, " {} |", value(then));
            }
            text.push('\n');
        };
        row("asked", &|f| f.asked.to_string());
        row("answered", &|f| {
            format!("{} ({:.1} %)", f.answered, f.coverage)
        });
        row("right among the answered", &|f| {
            format!("{} ({:.1} %)", f.right, f.precision)
        });
        row("execution accuracy", &|f| format!("{:.1} %", f.accuracy));
        row("wrong", &|f| f.wrong.to_string());
        row("refused", &|f| f.refused.to_string());
        row("failed", &|f| f.failed.to_string());
        row("gold SQL does not run", &|f| f.unjudged.to_string());
        row("SQL that ran", &|f| format!("{:.1} %", f.valid_sql));
        row("attempts a question", &|f| format!("{:.2}", f.attempts));
        row("model calls", &|f| f.model_calls.to_string());
        row("tokens in, out", &|f| {
            format!("{}, {}", f.input_tokens, f.output_tokens)
        });
        row("cost in USD", &|f| {
            f.cost_usd
                .map_or_else(|| "not known".to_owned(), |c| format!("{c:.4}"))
        });
        row("latency p50, p95", &|f| {
            format!("{:.0} ms, {:.0} ms", f.p50_ms, f.p95_ms)
        });
        if let Some(earlier) = earlier {
            changes(&mut text, self, earlier);
        }
        for (verdict, title) in [
            (Verdict::Wrong, "Wrong"),
            (Verdict::Failed, "Failed"),
            (Verdict::Refused, "Refused"),
            (Verdict::Unjudged, "Gold SQL does not run"),
        ] {
            let of: Vec<&Case> = self.cases.iter().filter(|c| c.verdict == verdict).collect();
            if of.is_empty() {
                continue;
            }
            let _ = write!(text, "\n## {title}\n\n");
            for case in of {
                let _ = writeln!(text, "- {}: {}", case.id, one_line(&case.question));
                if let Some(message) = &case.message {
                    let _ = writeln!(text, "  - {}", one_line(message));
                }
                if verdict == Verdict::Wrong {
                    let _ = writeln!(
                        text,
                        "  - ours: `{}`",
                        one_line(case.sql.as_deref().unwrap_or_default())
                    );
                    let _ = writeln!(text, "  - gold: `{}`", one_line(&case.gold_sql));
                }
            }
        }
        text
    }
}

/// Questions whose verdict is another now.
fn changes(text: &mut String, now: &Report, before: &Report) {
    let changed: Vec<String> = now
        .cases
        .iter()
        .filter_map(|case| {
            let old = before
                .cases
                .iter()
                .find(|c| c.id == case.id && c.run == case.run)?;
            (old.verdict != case.verdict).then(|| {
                format!(
                    "- {}: {} → {}: {}",
                    case.id,
                    name(old.verdict),
                    name(case.verdict),
                    one_line(&case.question)
                )
            })
        })
        .collect();
    if !changed.is_empty() {
        let _ = write!(text, "\n## Changed\n\n{}\n", changed.join("\n"));
    }
}

fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Right => "right",
        Verdict::Wrong => "wrong",
        Verdict::Refused => "refused",
        Verdict::Failed => "failed",
        Verdict::Unjudged => "unjudged",
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(id: &str, verdict: Verdict, latency_ms: f64) -> Case {
        Case {
            id: id.to_owned(),
            run: 1,
            question: "How many?".to_owned(),
            verdict,
            sql: Some("SELECT 1".to_owned()),
            gold_sql: "SELECT 2".to_owned(),
            message: None,
            attempts: 1,
            model_calls: 0,
            input_tokens: 0,
            output_tokens: 0,
            cost_usd: None,
            latency_ms,
        }
    }

    #[test]
    fn figures_are_those_worked_out_by_hand() {
        let figures = Figures::of(&[
            case("1", Verdict::Right, 10.0),
            case("2", Verdict::Right, 20.0),
            case("3", Verdict::Wrong, 30.0),
            case("4", Verdict::Refused, 40.0),
            case("5", Verdict::Unjudged, 900.0),
        ]);
        assert_eq!(
            (figures.asked, figures.answered, figures.unjudged),
            (4, 3, 1)
        );
        assert!((figures.accuracy - 50.0).abs() < 1e-9);
        assert!((figures.precision - 66.666_666).abs() < 1e-3);
        assert!((figures.coverage - 75.0).abs() < 1e-9);
        assert!((figures.p50_ms - 20.0).abs() < 1e-9 && (figures.p95_ms - 40.0).abs() < 1e-9);
    }

    #[test]
    fn a_report_names_what_changed_and_what_was_wrong() {
        let before = Report::new("m", vec![case("1", Verdict::Wrong, 1.0)]);
        let now = Report::new(
            "m",
            vec![
                case("1", Verdict::Right, 1.0),
                case("2", Verdict::Wrong, 1.0),
            ],
        );
        let text = now.markdown(Some(&before));
        assert!(text.contains("- 1: wrong → right"), "{text}");
        assert!(text.contains("gold: `SELECT 2`"), "{text}");
    }
}
