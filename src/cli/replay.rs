//! `career-worker replay DIR`: recorded exchanges over HTTP, for a worker whose `fetch.gateway` points here.

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    dev::replay::{Fault, Replay, ReplayOptions},
    random::Random,
};

/// Serves recorded exchanges over HTTP on 127.0.0.1 until it is stopped.
#[derive(Clone, Debug, clap::Args)]
pub struct ReplayArgs {
    /// Folders with exchange.toml files in or under them.
    #[arg(required = true, value_name = "DIR")]
    pub dirs: Vec<PathBuf>,
    /// Port to listen on; a free one by default.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Serve only what was recorded by this time (RFC 3339) or day.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub as_of: Option<DateTime<Utc>>,
    /// Let this go wrong in a share of the requests: 429, 500, slow or truncate, then = and 0 to 1. Can be repeated.
    #[arg(long, value_name = "FAULT=RATE")]
    pub fault: Vec<Fault>,
    /// Seed of the draws for --fault.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
}

/// Serves until Ctrl-C or SIGTERM.
///
/// # Errors
/// Names the file that cannot be read, or the port.
pub async fn run(args: ReplayArgs) -> anyhow::Result<ExitCode> {
    let options = ReplayOptions {
        port: args.port,
        as_of: args.as_of,
        faults: args.fault,
        random: Random::seeded(args.seed),
    };
    let stopped = stopped().context("cannot wait for signals")?;
    let replay = Replay::start(&args.dirs, options).await?;
    let url = replay.url().as_str().trim_end_matches('/');
    let mut out = std::io::stdout();
    writeln!(out, "{url}").and_then(|()| out.flush()).context("cannot write to standard output")?;
    tracing::info!(
        exchanges = replay.exchanges(),
        "serving; set fetch.gateway = \"{url}\" (CAREER__FETCH__GATEWAY) for the worker"
    );
    stopped.await;
    replay.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// A time, or a day, which counts to its end.
fn time(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.into());
    }
    text.parse::<NaiveDate>()
        .ok()
        .and_then(|day| day.and_hms_opt(23, 59, 59))
        .map(|end| end.and_utc())
        .ok_or_else(|| "expected a time like 2026-03-01T12:00:00Z or a day like 2026-03-01".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: ReplayArgs,
    }

    #[test]
    fn arguments_are_read_and_wrong_ones_explained() {
        let read = |line: &str| Line::try_parse_from(line.split(' ')).map(|line| line.args);
        let args = read("replay a b --port 8700 --as-of 2026-03-01 --fault 429=0.1 --fault slow=1 --seed 7")
            .unwrap();
        assert_eq!((args.dirs.len(), args.port, args.fault.len(), args.seed), (2, 8700, 2, 7));
        for (line, word) in [
            ("replay", "<DIR>"),
            ("replay a --fault 404=1", "expected 429, 500, slow or truncate"),
            ("replay a --as-of monday", "expected a time like"),
            ("replay a --port 70000", "70000"),
        ] {
            let error = read(line).unwrap_err().to_string();
            assert!(error.contains(word), "{line}: {error}");
        }
    }

    #[test]
    fn a_day_counts_to_its_end() {
        assert_eq!(time("2026-03-01").unwrap().to_rfc3339(), "2026-03-01T23:59:59+00:00");
        assert_eq!(time("2026-03-01T13:00:00+01:00").unwrap().to_rfc3339(), "2026-03-01T12:00:00+00:00");
        assert!(time("1 March").unwrap_err().contains("expected a time"));
    }
}
