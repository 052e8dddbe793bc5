//! What the system says about this and other processes.

use std::time::Duration;

use anyhow::Context as _;

/// Time that this thread has been on a processor.
pub fn thread_time() -> Duration {
    time_of("/proc/thread-self/schedstat").expect("this system tells the time of threads")
}

/// Time that this thread has been on a processor since `start`.
pub fn thread_time_since(start: Duration) -> Duration {
    thread_time().saturating_sub(start)
}

/// Time that the only thread of a process has been on a processor.
///
/// # Errors
/// Where the process is gone.
pub fn process_time(process: i32) -> anyhow::Result<Duration> {
    time_of(&format!("/proc/{process}/schedstat"))
}

fn time_of(file: &str) -> anyhow::Result<Duration> {
    let text = std::fs::read_to_string(file).with_context(|| file.to_owned())?;
    let nanoseconds = text.split(' ').next().unwrap_or_default().parse().with_context(|| file.to_owned())?;
    Ok(Duration::from_nanos(nanoseconds))
}

/// Load of the machine over one minute, as the system writes it.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}
