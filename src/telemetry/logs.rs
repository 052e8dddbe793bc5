//! Logs of the process, on stderr, so that stdout belongs to data. Messages are lower case; what programs look for is in fields.

use std::io::{self, IsTerminal as _, Write, stderr};

use tracing::{
    Event, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    EnvFilter, Layer,
    layer::{Context, Filter, SubscriberExt as _},
    registry::LookupSpan,
    util::SubscriberInitExt as _,
};

use super::journal::Collect;
use crate::config::{LogConfig, LogFormat};

/// Starts logging; a second call in one process changes nothing.
///
/// # Errors
/// Names the part of the filter that cannot be read.
pub fn start_logs(config: &LogConfig) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.filter)
        .map_err(|error| format!("log.filter \"{}\": {error}", config.filter))?;
    let json = match config.format {
        LogFormat::Auto => !stderr().is_terminal(),
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    let form = tracing_subscriber::fmt::layer().with_target(false);
    let form = if json {
        form.with_writer(|| OneLine { to: stderr(), form: Form::Json })
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed()
    } else {
        let colours = stderr().is_terminal();
        let form_of_line = if colours { Form::Coloured } else { Form::Plain };
        form.with_writer(move || OneLine { to: stderr(), form: form_of_line })
            .with_ansi(colours)
            .compact()
            .boxed()
    };
    // What this program says of its runs is there for the journal and for traces, whatever is logged.
    let all = EnvFilter::new(format!("career_worker=info,{}", config.filter));
    let subscriber = tracing_subscriber::registry().with(all).with(Logged { form, filter }).with(Collect);
    #[cfg(feature = "otel")]
    let subscriber = subscriber.with(super::trace::layer()?);
    let _ = subscriber.try_init();
    Ok(())
}

/// Logs what a filter lets through, where more than that is said.
///
/// The library's own filters of a layer forget spans where anything asks whether a level is enabled and then says nothing, as sqlx does.
struct Logged<L> {
    form: L,
    filter: EnvFilter,
}

impl<S, L> Layer<S> for Logged<L>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    L: Layer<S>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        self.form.on_new_span(attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.form.on_record(id, values, context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if Filter::enabled(&self.filter, event.metadata(), &context) {
            self.form.on_event(event, context);
        }
    }
}

/// Writes each record as one line, whatever a server, a message or a title put into its fields: no character in it ends a line, moves
/// the cursor of a terminal, or turns the direction of text.
struct OneLine<W> {
    to: W,
    form: Form,
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Plain,
    /// Escape sequences are the formatter's own; those in fields it has escaped itself.
    Coloured,
    /// Characters to be escaped stand in strings only.
    Json,
}

fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl<W: Write> Write for OneLine<W> {
    /// The formatter writes a record in one call.
    fn write(&mut self, record: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(record);
        let mut line = String::with_capacity(text.len());
        for c in text.trim_end_matches('\n').chars() {
            match self.form {
                _ if !is_harmful(c) => line.push(c),
                Form::Coloured if c == '\u{1b}' => line.push(c),
                // What is harmful here has at most four hexadecimal digits.
                Form::Json => line.extend(["\\u", &format!("{:04x}", u32::from(c))]),
                Form::Plain | Form::Coloured => line.extend(c.escape_default()),
            }
        }
        line.push('\n');
        self.to.write_all(line.as_bytes())?;
        Ok(record.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(record: &str, form: Form) -> String {
        let mut out = Vec::new();
        OneLine { to: &mut out, form }.write_all(record.as_bytes()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_record_is_one_line_whatever_is_in_it() {
        let record = "WARN reason=a\nERROR forged\r\u{1b}[31m\u{2028}x\u{202e}y\0 \u{9b}2J Grün\n";
        let escaped = "WARN reason=a\\nERROR forged\\r\\u{1b}[31m\\u{2028}x\\u{202e}y\\u{0} \\u{9b}2J Grün\n";
        assert_eq!(line(record, Form::Plain), escaped);
        assert_eq!(line("\u{1b}[2mWARN\u{1b}[0m a\nb\n", Form::Coloured), "\u{1b}[2mWARN\u{1b}[0m a\\nb\n");
    }

    #[test]
    fn json_says_the_same_afterwards() {
        let value = serde_json::json!({ "reason": "a\n\u{85}\u{9b}2J\u{2028}\u{202e}\"Grün" });
        let line = line(&format!("{value}\n"), Form::Json);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), value);
        assert!(!line.trim_end().chars().any(is_harmful), "{line:?}");
    }
}
