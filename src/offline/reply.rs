//! Readings that tie, put to the person, and the number that comes back.

use super::lexicon::Lexicon;
use super::read::{Reading, Unsure};
use super::say;
use crate::session::Turn;

/// Readings that are put to the person.
const WAYS: usize = 3;
const ASKS: &str = "It can be read in several ways; which is meant?";

/// The question back, with the readings by number.
pub fn question(lexicon: &Lexicon, ways: &[Reading]) -> String {
    let mut text = ASKS.to_owned();
    for (i, way) in ways.iter().take(WAYS).enumerate() {
        text.push_str(&format!(
            "\n{}. {}",
            i + 1,
            say::reading(lexicon, &way.query)
        ));
    }
    text
}

/// Which of the ways a reply chooses, with the question that it answers and what went before that.
pub fn chosen<'a>(reply: &str, history: &'a [Turn]) -> Option<(usize, &'a str, &'a [Turn])> {
    let at = number(reply)?;
    let (asked, before) = history.split_last()?;
    asked
        .answer
        .starts_with(ASKS)
        .then_some((at, asked.question.as_str(), before))
}

/// The reading that was chosen.
pub fn reading(found: Result<Reading, Unsure>, at: usize) -> Result<Reading, Unsure> {
    let Err(Unsure::Tie(ways)) = found else {
        return found;
    };
    ways.into_iter()
        .take(WAYS)
        .nth(at)
        .ok_or(Unsure::Shape("there is no reading of that number"))
}

/// The questions of a session; a choice between readings is none, and goes on from none.
pub fn without_choices(history: &[Turn]) -> Vec<&str> {
    history
        .iter()
        .enumerate()
        .filter(|(at, turn)| chosen(&turn.question, &history[..*at]).is_none())
        .map(|(_, turn)| turn.question.as_str())
        .collect()
}

/// `2`, `2.`, `(2)`, `the second`, counted from 0.
fn number(reply: &str) -> Option<usize> {
    let lower = reply.trim().to_lowercase();
    let word = lower.strip_prefix("the ").unwrap_or(&lower);
    let word = word.strip_suffix(" one").unwrap_or(word);
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    match word {
        "first" => Some(0),
        "second" => Some(1),
        "third" => Some(2),
        digits => digits.parse::<usize>().ok()?.checked_sub(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_a_number_in_digits_or_words() {
        for (reply, at) in [
            ("2", Some(1)),
            (" 1. ", Some(0)),
            ("(3)", Some(2)),
            ("the second one", Some(1)),
            ("First", Some(0)),
            ("0", None),
            ("total amount", None),
            ("", None),
        ] {
            assert_eq!(number(reply), at, "{reply}");
        }
    }
}
