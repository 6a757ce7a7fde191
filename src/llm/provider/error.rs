//! A provider's errors in our terms.

use std::time::Duration;

use serde_json::Value;

use super::{ModelEndpoint, REPLY_TIMEOUT};
use crate::llm::ModelError;

impl ModelEndpoint {
    /// A provider's error in our terms, without the request and without keys.
    pub(super) fn error(&self, error: genai::Error) -> ModelError {
        let model = self.name.clone();
        let garbage = |message: &str| ModelError::Garbage {
            model: self.name.clone(),
            message: self.providers.redact(&shortened(message)),
        };
        // Within a stream the cause is one level deeper.
        let error = match error {
            genai::Error::WebStream { error, .. } => match error.downcast::<genai::Error>() {
                Ok(error) => *error,
                Err(error) => {
                    return match error.downcast::<reqwest::Error>() {
                        Ok(error) => self.unanswered(*error),
                        Err(other) => garbage(&other.to_string()),
                    };
                }
            },
            error => error,
        };
        if let Some(status) = error.status() {
            let message = self.providers.redact(&provider_message(body(&error)));
            let retry_after = error.headers().and_then(retry_after);
            return match status.as_u16() {
                status @ (401 | 403) => ModelError::Unauthorized {
                    model,
                    status,
                    message,
                },
                404 => ModelError::UnknownModel { model, message },
                429 => ModelError::RateLimited {
                    model,
                    message,
                    retry_after,
                },
                status @ (500 | 502 | 503 | 504 | 529) => ModelError::Unavailable {
                    model,
                    status,
                    message,
                    retry_after,
                },
                status => ModelError::Rejected {
                    model,
                    status,
                    message,
                },
            };
        }
        match error {
            genai::Error::WebModelCall { webc_error, .. }
            | genai::Error::WebAdapterCall { webc_error, .. } => match webc_error {
                genai::webc::Error::Reqwest(e) => self.unanswered(e),
                genai::webc::Error::ResponseFailedNotJson { content_type, .. } => {
                    ModelError::Garbage {
                        model,
                        message: format!("its content type is {content_type:?}"),
                    }
                }
                other => garbage(&other.to_string()),
            },
            // genai's message would quote the whole request.
            genai::Error::ChatResponseGeneration { cause, .. }
                if cause.contains("finishReason") =>
            {
                ModelError::Blocked {
                    model,
                    reason: "the prompt has no reply".to_owned(),
                }
            }
            genai::Error::ChatResponseGeneration { cause, .. } => garbage(&cause),
            genai::Error::RequiresApiKey { .. }
            | genai::Error::NoAuthResolver { .. }
            | genai::Error::NoAuthData { .. }
            | genai::Error::Resolver { .. } => ModelError::NoKey {
                provider: self.target.adapter().as_str(),
                variable: "the provider's API key variable",
            },
            other => garbage(&other.to_string()),
        }
    }

    fn unanswered(&self, error: reqwest::Error) -> ModelError {
        let model = self.name.clone();
        if error.is_timeout() {
            return ModelError::Timeout {
                model,
                after: REPLY_TIMEOUT,
            };
        }
        ModelError::Unreachable {
            model,
            message: self.providers.redact(&chain(&error.without_url())),
        }
    }
}

fn body(error: &genai::Error) -> &str {
    match error {
        genai::Error::HttpError { body, .. } => body,
        genai::Error::WebModelCall { webc_error, .. }
        | genai::Error::WebAdapterCall { webc_error, .. } => match webc_error {
            genai::webc::Error::ResponseFailedStatus { body, .. } => body,
            _ => "",
        },
        _ => "",
    }
}

/// All of them answer `{"error": {"message": …}}` or `{"error": …}`.
fn provider_message(body: &str) -> String {
    let value: Option<Value> = serde_json::from_str(body).ok();
    let message = value.as_ref().and_then(|v| {
        let v = v.get(0).unwrap_or(v);
        let error = v.get("error")?;
        error.get("message").unwrap_or(error).as_str()
    });
    shortened(message.unwrap_or(body))
}

fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(300) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None if line.is_empty() => "no message".to_owned(),
        None => line,
    }
}

/// An error with its causes, which say more than itself.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// `Retry-After` in seconds (RFC 9110, 10.2.3); the providers do not send dates.
fn retry_after(headers: &reqwest::header::HeaderMap) -> Option<Duration> {
    if let Some(ms) = headers.get("retry-after-ms") {
        return ms
            .to_str()
            .ok()?
            .trim()
            .parse()
            .ok()
            .map(Duration::from_millis);
    }
    let seconds: f64 = headers
        .get("retry-after")?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_providers_own_message() {
        assert_eq!(
            provider_message(r#"{"error":{"code":429,"message":"Quota"}}"#),
            "Quota"
        );
        assert_eq!(
            provider_message(r#"[{"error":{"message":"In a list"}}]"#),
            "In a list"
        );
        assert_eq!(
            provider_message(r#"{"error":"model not found"}"#),
            "model not found"
        );
        assert_eq!(
            provider_message("<html>\n  bad gateway</html>"),
            "<html> bad gateway</html>"
        );
        assert_eq!(provider_message(""), "no message");
    }
}
