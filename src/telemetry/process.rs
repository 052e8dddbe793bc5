//! What the system knows of this process: processor time, memory, file descriptors, threads. Read from /proc; nothing where there is none.

use std::{fmt::Write as _, sync::LazyLock};

use super::catalogue::{Kind, PROCESS};
use crate::clock::Clock;

/// When it was first looked at, which is when counting starts: a confined process cannot read when the system was booted.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970")]
static STARTED: LazyLock<f64> = LazyLock::new(|| Clock::system().now().timestamp_millis() as f64 / 1000.0);

/// Notes when the process began.
pub(super) fn begin() {
    LazyLock::force(&STARTED);
}

/// Appends the metrics of [`PROCESS`] that can be read in the text form of Prometheus.
pub(super) fn render(text: &mut String) {
    for metric in PROCESS {
        let Some(value) = read(metric.name) else { continue };
        let kind = if metric.kind == Kind::Counter { "counter" } else { "gauge" };
        // Writing to a string does not fail.
        let _ = write!(text, "# HELP {0} {1}\n# TYPE {0} {kind}\n{0} {value}\n\n", metric.name, metric.about);
    }
}

#[expect(clippy::cast_precision_loss, reason = "metrics are floats")]
fn read(name: &str) -> Option<f64> {
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    let page = rustix::param::page_size() as f64;
    Some(match name {
        "process_cpu_seconds_total" => (stat(11)? + stat(12)?) / ticks,
        "process_threads" => stat(17)?,
        "process_virtual_memory_bytes" => stat(20)?,
        "process_resident_memory_bytes" => stat(21)? * page,
        "process_start_time_seconds" => *STARTED,
        "process_open_fds" => std::fs::read_dir("/proc/self/fd").ok()?.count() as f64,
        "process_max_fds" => open_files().map(|limit| limit as f64)?,
        _ => return None,
    })
}

/// A number of `/proc/self/stat`, counted from the state, which comes after the name in parentheses.
fn stat(at: usize) -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(at)?.parse().ok()
}

/// How many files this process may have open; `None` where there is no limit.
pub fn open_files() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read_and_believable() {
        let mut text = String::new();
        render(&mut text);
        for metric in PROCESS {
            let line = text.lines().find(|line| line.starts_with(metric.name)).expect(metric.name);
            let value: f64 = line.split_once(' ').unwrap().1.parse().unwrap();
            assert!(value >= 0.0, "{line}");
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970")]
        let age = Clock::system().now().timestamp() as f64 - read("process_start_time_seconds").unwrap();
        assert!((-2.0..86_400.0).contains(&age), "started {age} seconds ago");
        assert!(read("process_resident_memory_bytes").unwrap() > 1e6);
        assert!(read("process_open_fds").unwrap() <= read("process_max_fds").unwrap());
    }
}
