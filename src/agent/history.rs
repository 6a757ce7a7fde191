//! Earlier turns, as they are put before the planner: the newest in full, older ones in a line each.

use std::fmt::Write as _;

use super::told;
use crate::config::Share;
use crate::llm::estimate_tokens;
use crate::session::Turn;

/// Tokens of turns that are told in full, and of those that are told in a line.
const FULL_TOKENS: usize = 2_000;
const SUMMARY_TOKENS: usize = 2_000;
/// Characters of an older turn's question and of its SQL.
const SUMMARY_QUESTION: usize = 200;
const SUMMARY_SQL: usize = 600;

/// As much of the conversation as fits, oldest first. The SQL is kept longest: a follow-up goes on from it.
pub fn conversation(history: &[Turn], share: Share) -> String {
    let mut told = Vec::new();
    let mut tokens = 0;
    let mut rest = history;
    while let Some((turn, older)) = rest.split_last() {
        let text = in_full(turn, share);
        tokens += estimate_tokens(&text) + 1;
        // The last turn is what a follow-up is about, however long it is.
        if tokens > FULL_TOKENS && !told.is_empty() {
            break;
        }
        told.push(text);
        rest = older;
    }
    tokens = 0;
    let mut lines = Vec::new();
    while let Some((turn, older)) = rest.split_last() {
        let line = in_a_line(turn, share);
        tokens += estimate_tokens(&line) + 1;
        if tokens > SUMMARY_TOKENS {
            lines.push(format!("({} turns before are not told)", rest.len()));
            break;
        }
        lines.push(line);
        rest = older;
    }
    if !lines.is_empty() {
        lines.reverse();
        told.push(lines.join("\n"));
    }
    told.reverse();
    told.join("\n\n")
}

fn in_full(turn: &Turn, share: Share) -> String {
    let mut text = format!("Q: {}", turn.question);
    if let Some(answer) = answer(turn, share) {
        let _ = write!(text, "\nA: {answer}");
    }
    for (step, sql) in turn.steps.iter().zip(queries(turn, share)) {
        let rows = match share {
            Share::None => String::new(),
            Share::Rows | Share::Shape => format!("{} rows; ", step.row_count),
        };
        let _ = write!(
            text,
            "\nSQL: {sql}\n{rows}columns: {}",
            step.columns.join(", ")
        );
        if share == Share::Rows {
            for row in &step.rows {
                let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
                let _ = write!(text, "\n  {}", cells.join(" | "));
            }
        }
    }
    text
}

fn in_a_line(turn: &Turn, share: Share) -> String {
    let mut line = format!("Q: {}", one_line(&turn.question, SUMMARY_QUESTION));
    match queries(turn, share).last() {
        Some(sql) => {
            let _ = write!(line, " → SQL: {}", one_line(sql, SUMMARY_SQL));
        }
        None => {
            if let Some(answer) = answer(turn, share) {
                let _ = write!(line, " → {}", one_line(&answer, SUMMARY_QUESTION));
            }
        }
    }
    line
}

/// Prose tells rows. A question back has none, and is told to whoever sees as much as its author.
fn answer(turn: &Turn, share: Share) -> Option<String> {
    let asked_back = turn.steps.is_empty() && turn.share.is_some_and(|with| with >= share);
    (share == Share::Rows || asked_back).then(|| turn.answer.clone())
}

fn queries(turn: &Turn, share: Share) -> Vec<String> {
    let steps = turn.steps.iter();
    steps
        .map(|step| match &step.planned {
            Some(planned) => told::query(planned, turn.share, share),
            None => told::query(&step.sql, turn.share.filter(|s| *s < Share::None), share),
        })
        .collect()
}

fn one_line(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::TurnStep;

    fn turn(n: usize, answer: &str) -> Turn {
        Turn {
            question: format!("question {n}"),
            answer: answer.to_owned(),
            steps: vec![TurnStep {
                sql: format!("SELECT name\n  FROM customer WHERE name = 'Ada{n}'"),
                planned: None,
                columns: vec!["name".to_owned()],
                row_count: 4711,
                rows: vec![vec!["Ada".into()]],
            }],
            share: Some(Share::Rows),
            usage: crate::agent::TotalUsage::default(),
            at: 0,
        }
    }

    #[test]
    fn old_turns_become_lines_that_keep_the_sql() {
        let turns: Vec<Turn> = (0..10).map(|n| turn(n, &"x".repeat(3_000))).collect();
        let text = conversation(&turns, Share::Rows);
        assert!(
            text.contains("Q: question 0 → SQL: SELECT name FROM customer WHERE name = 'Ada0'\n")
        );
        assert!(text.contains("Q: question 9\nA: xxx"), "{text}");
        assert_eq!(text.matches("\nA: ").count(), 2, "{text}");

        // A thousand turns cost no more than the budget, and the newest are told.
        let turns: Vec<Turn> = (0..1_000).map(|n| turn(n, "short")).collect();
        let text = conversation(&turns, Share::Rows);
        assert!(estimate_tokens(&text) <= FULL_TOKENS + SUMMARY_TOKENS + 20);
        assert!(text.starts_with('(') && text.contains("turns before are not told"));
        assert!(text.contains("question 999\n") && !text.contains("question 3 "));
    }

    #[test]
    fn a_turn_tells_no_more_than_is_shared() {
        let mut with_placeholder = turn(1, "It is Ada.");
        with_placeholder.share = Some(Share::None);
        with_placeholder.steps[0].planned = Some("SELECT {{value:1}}".to_owned());
        let back = Turn {
            steps: Vec::new(),
            ..turn(2, "Ada or Adam?")
        };
        let turns = [with_placeholder, back];
        let text = conversation(&turns, Share::Rows);
        assert!(text.contains("It is Ada.") && text.contains("Ada or Adam?"));
        let text = conversation(&turns, Share::Shape);
        assert!(
            text.contains("4711 rows; columns: name") && !text.contains("Ada"),
            "{text}"
        );
        let text = conversation(&turns, Share::None);
        assert!(
            text.contains("{{value:1}}") && !text.contains("Ada") && !text.contains("4711"),
            "{text}"
        );
        let text = conversation(&[turn(3, "Ada")], Share::None);
        assert!(
            text.contains("WHERE name = '…'") && !text.contains("Ada"),
            "{text}"
        );
    }
}
