//! What an attempt logs, kept beside the log for whoever asks about its run later.
//!
//! A layer of `tracing` collects what is said within a span named `run` while its attempt is open here, whatever `log.filter` lets through
//! to the log. Bounded in lines and in length; nothing is collected for anybody else. An attempt in a process of its own passes its lines
//! on ([`Journal::pass_on`]) to where it is kept ([`add`]).

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

/// Lines kept of one attempt.
const LINES: usize = 200;
/// Longest message or value, in characters.
const LONGEST: usize = 1_000;

/// An attempt: run and claim.
pub type Key = (i64, i32);

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// `INFO`, `WARN` or `ERROR`.
    pub level: Cow<'static, str>,
    /// What was said.
    pub message: String,
    /// Fields of the event and of the spans around it, within the attempt.
    pub fields: Map<String, Value>,
    /// When, on the clock of this machine.
    pub at: std::time::SystemTime,
}

/// What was said in an open attempt so far.
#[derive(Default)]
struct Said {
    lines: usize,
    kept: Vec<Entry>,
    /// Where lines go instead of being kept.
    passed: Option<UnboundedSender<Entry>>,
}

impl Said {
    fn is_full(&self) -> bool {
        self.lines > LINES
    }

    fn add(&mut self, mut entry: Entry) {
        if self.is_full() {
            return;
        }
        if self.lines == LINES {
            entry = Entry {
                level: Cow::Borrowed("WARN"),
                message: "more was said than is kept".to_owned(),
                fields: Map::new(),
                at: entry.at,
            };
        }
        self.lines += 1;
        match &self.passed {
            Some(passed) => _ = passed.send(entry),
            None => self.kept.push(entry),
        }
    }
}

static OPEN: LazyLock<Mutex<HashMap<Key, Said>>> = LazyLock::new(Mutex::default);

fn attempts() -> MutexGuard<'static, HashMap<Key, Said>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds a line to an attempt that is open here; to any other it is lost.
pub fn add(key: Key, entry: Entry) {
    if let Some(said) = attempts().get_mut(&key) {
        said.add(entry);
    }
}

/// An attempt whose lines are collected until this is dropped.
#[derive(Debug)]
pub struct Journal(Key);

impl Journal {
    /// Begins to collect.
    pub fn open(key: Key) -> Self {
        attempts().insert(key, Said::default());
        Self(key)
    }

    /// Begins to pass on each line as it is said.
    pub fn pass_on(key: Key) -> (Self, UnboundedReceiver<Entry>) {
        let (passed, lines) = unbounded_channel();
        attempts().insert(key, Said { passed: Some(passed), ..Said::default() });
        (Self(key), lines)
    }

    /// What was collected, in order.
    pub fn close(self) -> Vec<Entry> {
        attempts().remove(&self.0).map(|said| said.kept).unwrap_or_default()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        attempts().remove(&self.0);
    }
}

/// The layer.
pub(super) struct Collect;

/// What is known of a span within an attempt.
struct Within {
    key: Key,
    fields: Map<String, Value>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Collect {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let outer = span.parent().and_then(|parent| {
            let extensions = parent.extensions();
            extensions.get::<Within>().map(|within| (within.key, within.fields.clone()))
        });
        let within = match outer {
            Some((key, mut known)) => {
                known.extend(fields.0);
                Some(Within { key, fields: known })
            }
            // What the attempt itself is stands in its run.
            None if span.name() == "run" => fields.key().map(|key| Within { key, fields: Map::new() }),
            None => None,
        };
        if let Some(within) = within {
            span.extensions_mut().insert(within);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(within) = span.extensions_mut().get_mut::<Within>() {
            let mut fields = Fields::default();
            values.record(&mut fields);
            within.fields.extend(fields.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() > Level::INFO {
            return;
        }
        let Some(span) = context.event_span(event) else { return };
        let extensions = span.extensions();
        let Some(within) = extensions.get::<Within>() else { return };
        let mut attempts = attempts();
        let Some(said) = attempts.get_mut(&within.key).filter(|said| !said.is_full()) else { return };
        #[expect(clippy::disallowed_methods, reason = "the log has the machine's clock too")]
        let at = std::time::SystemTime::now();
        let (level, mut fields) = (event.metadata().level().as_str(), within.fields.clone());
        let mut told = Fields::default();
        event.record(&mut told);
        let message = match told.0.remove("message") {
            Some(Value::String(message)) => message,
            _ => String::new(),
        };
        fields.extend(told.0);
        said.add(Entry { level: Cow::Borrowed(level), message, fields, at });
    }
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn key(&self) -> Option<Key> {
        let claim = i32::try_from(self.0.get("claim")?.as_i64()?).ok()?;
        Some((self.0.get("run.id")?.as_i64()?, claim))
    }

    fn keep(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.keep(field, cut(&format!("{value:?}")).into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, cut(value).into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.keep(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.keep(field, cut(&super::Causes(value).to_string()).into());
    }
}

/// The beginning of a text, without the sign that PostgreSQL cannot store.
fn cut(text: &str) -> String {
    text.chars().filter(|sign| *sign != '\0').take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn lines_of_an_open_attempt_are_kept_and_no_others() {
        let subscriber = tracing_subscriber::registry().with(Collect);
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!("outside");
            let journal = Journal::open((7, 2));
            let run = tracing::info_span!("run", run.id = 7_i64, claim = 2, task = "x").entered();
            tracing::info_span!("board", board = "b").in_scope(|| tracing::warn!(count = 3, "not read\0"));
            tracing::debug!("too quiet");
            for number in 0..LINES + 10 {
                tracing::info!(number, "again");
            }
            let lines = journal.close();
            assert_eq!(lines.len(), LINES + 1);
            assert_eq!((&*lines[0].level, lines[0].message.as_str()), ("WARN", "not read"));
            assert_eq!(
                Value::Object(lines[0].fields.clone()),
                serde_json::json!({ "board": "b", "count": 3 })
            );
            assert_eq!(lines[LINES].message, "more was said than is kept");
            tracing::info!("after the end");
            drop(run);
            assert!(!attempts().contains_key(&(7, 2)));
            tracing::info_span!("run", run.id = 8_i64, claim = 1).in_scope(|| tracing::info!("not open"));
            assert!(!attempts().contains_key(&(8, 1)));
        });
    }

    #[test]
    fn passed_lines_are_those_that_would_be_kept() {
        let subscriber = tracing_subscriber::registry().with(Collect);
        tracing::subscriber::with_default(subscriber, || {
            let (journal, mut lines) = Journal::pass_on((9, 1));
            tracing::info_span!("run", run.id = 9_i64, claim = 1)
                .in_scope(|| tracing::warn!(count = 3, "there"));
            let here = Journal::open((9, 2));
            while let Ok(line) = lines.try_recv() {
                let json = serde_json::to_string(&line).unwrap();
                add((9, 2), serde_json::from_str(&json).unwrap());
            }
            assert!(journal.close().is_empty());
            let kept = here.close();
            assert_eq!(
                (kept.len(), kept[0].message.as_str(), &kept[0].fields["count"]),
                (1, "there", &3.into())
            );
        });
    }
}
