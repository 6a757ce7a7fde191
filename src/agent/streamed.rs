//! The critic's prose out of a reply that is still on its way.

use std::sync::{Mutex, PoisonError};

use super::event::{Event, Observer};

/// Hears a verdict as it comes, and tells `observer` of its prose.
pub fn telling(observer: &dyn Observer) -> impl Fn(&str) + Send + Sync + '_ {
    let heard = Mutex::new((String::new(), 0));
    move |piece| {
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        let (reply, told) = &mut *heard;
        reply.push_str(piece);
        let Some(prose) = so_far(reply) else {
            return;
        };
        if let Some(delta) = prose.get(*told..).filter(|delta| !delta.is_empty()) {
            *told = prose.len();
            observer.observe(&Event::Prose {
                delta: delta.to_owned(),
            });
        }
    }
}

/// The text of `"answer"` as far as the JSON has come.
///
/// The key in its quotes stands nowhere else: within a text the quotes would be escaped.
fn so_far(reply: &str) -> Option<String> {
    const KEY: &str = "\"answer\"";
    let after = &reply[reply.find(KEY)? + KEY.len()..];
    let text = after.trim_start().strip_prefix(':')?;
    let text = text.trim_start().strip_prefix('"')?;
    let mut escaped = false;
    let end = text.char_indices().find_map(|(at, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    });
    let mut text = &text[..end.unwrap_or(text.len())];
    // An escape may have come in part: `\`, `\u00`, or half of a surrogate pair, `\ud83d\u`.
    for _ in 0..=12 {
        if let Ok(text) = serde_json::from_str(&format!("\"{text}\"")) {
            return Some(text);
        }
        text = &text[..text.char_indices().next_back()?.0];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_grows_with_the_reply() {
        let answer = "Björn said \"no\",\n😀 answered: \\o/";
        let reply =
            serde_json::json!({"reason": "\"answer\": \"x\"", "answer": answer, "z": "answer"});
        let reply = format!(
            "```json\n{}\n```",
            reply.to_string().replace('😀', "\\ud83d\\ude00")
        );
        let mut told = String::new();
        for (at, _) in reply.char_indices() {
            if let Some(text) = so_far(&reply[..at]) {
                assert!(text.starts_with(&told), "{told:?} {text:?}");
                assert!(answer.starts_with(&text), "{text:?}");
                told = text;
            }
        }
        assert_eq!(told, answer);
    }

    #[test]
    fn other_replies_have_none() {
        for reply in [
            "",
            "fine",
            "{\"answer\"",
            "{\"answer\": null",
            "{\"answer\": [\"x\"]}",
        ] {
            assert_eq!(so_far(reply), None, "{reply}");
        }
        assert_eq!(so_far("{\"answer\": \"").as_deref(), Some(""));
    }
}
