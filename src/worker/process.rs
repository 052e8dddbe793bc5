//! An attempt in a process of its own, for runs that took a worker with them or could not be stopped.
//!
//! The worker keeps the claim, the lease, the time limit and the outcome; the process only does the task and says on its standard output
//! how far it is, what it logs and what it came to, one JSON object a line. It is killed when its time is over, and ends by itself when its standard
//! input does, so that it cannot outlive the worker. Settings reach it as they reached the worker, so that no secret is in its arguments.

pub(super) mod child;

use std::{ffi::OsString, path::PathBuf, process::Stdio};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    task::JoinHandle,
};

use crate::{
    domain::{ClaimedRun, Outcome},
    tasks::Progress,
    telemetry::journal::{self, Entry, Key},
};

/// Lines of what a process said last that are kept for the error.
const LAST_LINES: usize = 3;
/// Longest of them, characters.
const LONGEST_LINE: usize = 300;

/// How to start a process that makes one attempt: [`child::make_attempt`] over the same settings.
#[derive(Clone, Debug)]
pub struct Program {
    /// Executable.
    pub path: PathBuf,
    /// Arguments.
    pub args: Vec<OsString>,
}

/// What a process is told.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    /// Make this attempt.
    Make(Box<ClaimedRun>),
    /// Stop soon.
    Stop,
}

/// What a process says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    /// Steps done, steps in all.
    Progress(u64, u64),
    /// A line for those who look at the run.
    Said(Entry),
    /// The end.
    Outcome(Outcome),
}

/// A process at work; dropped, it is killed.
pub(super) struct Process {
    child: Child,
    orders: ChildStdin,
    words: Lines<BufReader<ChildStdout>>,
    said: Option<JoinHandle<String>>,
    progress: Progress,
    key: Key,
}

impl Process {
    pub(super) async fn start(
        program: &Program,
        run: &ClaimedRun,
        progress: Progress,
    ) -> std::io::Result<Self> {
        let mut child = Command::new(&program.path)
            .args(&program.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(orders), Some(words), Some(said)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(std::io::Error::other("a process without standard streams"));
        };
        tracing::info!(process.id = child.id(), "attempt in a process of its own");
        let said = Some(tokio::spawn(pass_on(said)));
        let (words, key) = (BufReader::new(words).lines(), (run.id.0, run.claim));
        let mut process = Self { child, orders, words, said, progress, key };
        process.tell(&Order::Make(Box::new(run.clone()))).await?;
        Ok(process)
    }

    /// Asks it to stop soon.
    pub(super) async fn ask_to_stop(&mut self) {
        // One that has ended need not hear it.
        let _ = self.tell(&Order::Stop).await;
    }

    async fn tell(&mut self, order: &Order) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        self.orders.write_all(&line).await?;
        self.orders.flush().await
    }

    /// What the task came to, or how the process died. Can be dropped and called again until it has answered.
    pub(super) async fn outcome(&mut self) -> Outcome {
        while let Ok(Some(line)) = self.words.next_line().await {
            match serde_json::from_str(&line) {
                Ok(Word::Progress(done, total)) => self.progress.set(done, total),
                Ok(Word::Said(entry)) => journal::add(self.key, entry),
                Ok(Word::Outcome(outcome)) => return outcome,
                // Whatever else a library prints.
                Err(_) => {}
            }
        }
        let died = match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let said = match self.said.take() {
            Some(said) => said.await.unwrap_or_default(),
            None => String::new(),
        };
        let separator = if said.is_empty() { "" } else { ": " };
        Outcome::Retry { after: None, error: format!("its process died ({died}){separator}{said}") }
    }

    /// Kills it.
    pub(super) async fn stop(mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::warn!(%error, "process of an attempt not killed");
        }
    }
}

/// Passes on what the process logs, and returns the last of what is no log record: the words of a crash.
async fn pass_on(said: ChildStderr) -> String {
    let mut lines = BufReader::new(said).split(b'\n');
    let mut last = std::collections::VecDeque::new();
    while let Ok(Some(line)) = lines.next_segment().await {
        let line = String::from_utf8_lossy(&line);
        write_log(&line);
        if !line.trim().is_empty() && !line.starts_with('{') {
            last.push_back(
                line.trim().chars().filter(|c| !c.is_control()).take(LONGEST_LINE).collect::<String>(),
            );
            if last.len() > LAST_LINES {
                last.pop_front();
            }
        }
    }
    last.into_iter().collect::<Vec<_>>().join(" ")
}

/// Log records of the process are log records of this one, untouched.
fn write_log(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
