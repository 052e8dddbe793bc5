//! Logs and metrics of the process.
//!
//! Logs go to stderr, so that stdout belongs to data. Messages are lower case; what programs look for is in fields.

use std::{
    error::Error,
    fmt,
    io::{IsTerminal as _, stderr},
};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

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
    let form = tracing_subscriber::fmt::layer().with_writer(stderr).with_target(false);
    let form = if json {
        form.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
    } else {
        form.with_ansi(stderr().is_terminal()).compact().boxed()
    };
    let _ = tracing_subscriber::registry().with(filter).with(form).try_init();
    Ok(())
}

/// Starts counting and gives what renders the counts in the text form of Prometheus; `None` where this process already counts.
pub fn start_metrics() -> Option<PrometheusHandle> {
    let seconds = [0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0];
    PrometheusBuilder::new().set_buckets(&seconds).ok()?.install_recorder().ok()
}

/// Shows an error with its causes in one line.
#[derive(Debug)]
pub struct Causes<'a>(pub &'a dyn Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
