//! Reading JSON out of what models write.

use serde_json::Value;

/// The JSON object in a reply: bare, in a fence, or between prose.
pub fn lenient_object(reply: &str) -> Option<Value> {
    let text = reply.trim();
    if let Ok(value @ Value::Object(_)) = serde_json::from_str(text) {
        return Some(value);
    }
    // The first brace from which an object can be read; what follows it does not matter.
    text.match_indices('{').take(16).find_map(|(at, _)| {
        match serde_json::Deserializer::from_str(&text[at..])
            .into_iter()
            .next()
        {
            Some(Ok(value @ Value::Object(_))) => Some(value),
            _ => None,
        }
    })
}

/// Text, or a number as text.
pub fn text_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}
