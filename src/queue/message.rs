//! What a message on a Redis queue says.
//!
//! Parsing is pure and total: any bytes in, a meaning or a reason out.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::{Queue, RunId};

const LONGEST_KEY: usize = 500;

/// A run that another service wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// Task.
    pub task: String,
    /// Arguments, an object.
    pub args: Value,
    /// Idempotency key: the sender's, or one made of the message's id, so that a message delivered twice is one run.
    pub key: String,
    /// Higher first.
    pub priority: i16,
    /// W3C traceparent of what wants it.
    pub traceparent: Option<String>,
}

/// The meaning of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// `{"run": 7}`: this run waits in the ledger.
    Pointer(RunId),
    /// `{"task": "...", "args": {...}, "key": "...", "priority": 0, "traceparent": "00-..."}`: somebody wants a run.
    Wish(Wish),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pointer {
    run: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    task: String,
    #[serde(default)]
    args: serde_json::Map<String, Value>,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    priority: i16,
    #[serde(default)]
    traceparent: Option<String>,
}

impl Message {
    /// Reads the payload of the message `id` that came on `queue`.
    ///
    /// # Errors
    /// One line for people: what was wrong and what was expected.
    pub fn parse(queue: Queue, id: &str, payload: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(payload).map_err(|error| format!("not JSON: {error}"))?;
        let is = |key: &str| value.get(key).is_some();
        if is("run") && !is("task") {
            let pointer: Pointer =
                serde_json::from_value(value).map_err(|error| format!("pointer: {error}"))?;
            return Ok(Self::Pointer(RunId(pointer.run)));
        }
        if !is("task") {
            return Err(
                "expected an object with \"task\" (and \"args\", \"key\", \"priority\", \"traceparent\") or \"run\""
                    .to_owned(),
            );
        }
        let request: Request = serde_path_to_error::deserialize(value)
            .map_err(|error| format!("message: {}: {}", error.path(), error.inner()))?;
        let key = request.key.unwrap_or_else(|| format!("redis:{queue}:{id}", queue = queue.as_str()));
        if key.is_empty() || key.chars().count() > LONGEST_KEY {
            return Err(format!("key: expected 1 to {LONGEST_KEY} characters"));
        }
        Ok(Self::Wish(Wish {
            task: request.task,
            args: Value::Object(request.args),
            key,
            priority: request.priority,
            traceparent: request.traceparent,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn parse(value: &Value) -> Result<Message, String> {
        Message::parse(Queue::Scrape, "01ABC", value.to_string().as_bytes())
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_meaning_or_a_reason(bytes in any::<Vec<u8>>(), id in any::<String>()) {
            let _ = Message::parse(Queue::Match, &id, &bytes);
        }

        #[test]
        fn a_pointer_is_read_back(run in any::<i64>()) {
            prop_assert_eq!(parse(&json!({ "run": run })), Ok(Message::Pointer(RunId(run))));
        }
    }

    #[test]
    fn a_wish_without_a_key_gets_one_of_its_own() {
        let Ok(Message::Wish(wish)) = parse(&json!({ "task": "scrape" })) else { panic!("expected a wish") };
        assert_eq!((wish.key.as_str(), wish.priority, wish.args), ("redis:scrape:01ABC", 0, json!({})));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (message, part) in [
            (json!({ "task": "scrape", "arguments": {} }), "arguments"),
            (json!({ "task": "scrape", "args": [] }), "args"),
            (json!({ "task": "scrape", "key": "" }), "key"),
            (json!({ "run": "seven" }), "pointer"),
            (json!({ "job": 1 }), "\"task\""),
            (json!(7), "\"task\""),
        ] {
            assert!(parse(&message).unwrap_err().contains(part), "{message}");
        }
    }
}
