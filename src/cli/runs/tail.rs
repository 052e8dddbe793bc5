//! `career-worker runs tail`: the ledger as it changes, read again and again.
//!
//! Ids are given before a transaction commits, so a run may be seen after one with a higher id: each look goes back a little, and what is
//! known already is not printed again.

use std::{collections::HashMap, io::Write as _, process::ExitCode, time::Duration};

use anyhow::Context as _;
use tokio::time::Instant;

use super::{progress, says, shorten};
use crate::{
    cli::{
        Globals,
        failure::{Failure, INTERRUPTED},
    },
    clock::Clock,
    domain::{Queue, RunId},
    store::{Run, RunFilter, Store},
};

/// Ids before the newest that are looked at again.
const BACK: i64 = 1_000;
/// Open runs that are followed from the start, and runs read by one look.
const MOST: i64 = 1_000;
/// How long a database that does not answer is waited for.
const PATIENCE: Duration = Duration::from_mins(5);

/// Follow runs: print each one as it is wanted, begins, gets on and ends, until Ctrl-C.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct TailArgs {
    /// Only these runs, until all of them are over; exit code 1 where one of them did not end well.
    #[arg(value_name = "ID")]
    ids: Vec<i64>,
    /// Only of this task.
    #[arg(long)]
    task: Option<String>,
    /// Only on this queue: scrape, match, notify or maintenance.
    #[arg(long)]
    queue: Option<Queue>,
    /// Only of this schedule.
    #[arg(long)]
    schedule: Option<String>,
    /// Print so many of the newest runs first.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(i64).range(0..=1000))]
    lines: i64,
    /// Look this often.
    #[arg(long, default_value = "1s", value_name = "TIME", value_parser = humantime::parse_duration)]
    every: Duration,
}

/// What makes a run worth another line.
#[derive(Clone, PartialEq, Eq)]
struct Mark {
    state: String,
    attempt: i16,
    progress: (i64, i64),
    error: Option<String>,
}

impl Mark {
    fn of(run: &Run) -> Self {
        Self {
            state: run.state.clone(),
            attempt: run.attempt,
            progress: (run.progress_done, run.progress_total),
            error: run.error.clone(),
        }
    }

    fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "done" | "dead" | "cancelled")
    }
}

pub(super) async fn run(globals: &Globals, store: &Store, args: TailArgs) -> anyhow::Result<ExitCode> {
    let mut tail = Tail { globals, store, args, known: HashMap::new(), newest: 0 };
    tail.begin().await.context("read runs")?;
    tokio::select! {
        ended = tail.follow() => ended,
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::from(INTERRUPTED)),
    }
}

struct Tail<'a> {
    globals: &'a Globals,
    store: &'a Store,
    args: TailArgs,
    known: HashMap<i64, Mark>,
    newest: i64,
}

impl Tail<'_> {
    /// Prints the newest runs, and takes up those that are open without a word.
    async fn begin(&mut self) -> anyhow::Result<()> {
        if !self.args.ids.is_empty() {
            let runs = self.store.list_runs_after(i64::MAX, &self.args.ids, MOST).await?;
            for id in &self.args.ids {
                if !runs.iter().any(|run| run.id == *id) {
                    return Err(Failure::new(1, format!("there is no run {id}")).into());
                }
            }
            return self.show(runs);
        }
        let filter = RunFilter {
            task: self.args.task.clone(),
            queue: self.args.queue,
            schedule: self.args.schedule.clone(),
            ..RunFilter::default()
        };
        let newest = self.store.list_runs(&RunFilter::default(), 1).await?;
        self.newest = newest.first().map_or(0, |run| run.id);
        // What is there already is known; what changes from now on is news.
        for run in self.store.list_runs_after(self.newest - BACK, &[], MOST).await? {
            self.known.insert(run.id, Mark::of(&run));
        }
        for run in self.store.list_open_runs(MOST).await? {
            self.known.insert(run.id, Mark::of(&run));
        }
        let mut last = self.store.list_runs(&filter, self.args.lines).await?;
        last.reverse();
        last.iter().try_for_each(|run| self.print(run))
    }

    async fn follow(&mut self) -> anyhow::Result<ExitCode> {
        let mut patience = Instant::now() + PATIENCE;
        loop {
            if let Some(code) = self.verdict() {
                return Ok(code);
            }
            tokio::time::sleep(self.args.every).await;
            let open: Vec<i64> =
                self.known.iter().filter(|(_, mark)| !mark.is_over()).map(|(id, _)| *id).collect();
            let after = if self.args.ids.is_empty() { self.newest - BACK } else { i64::MAX };
            match self.store.list_runs_after(after, &open, MOST).await {
                Ok(runs) => {
                    patience = Instant::now() + PATIENCE;
                    self.show(runs)?;
                }
                Err(error) if error.is_unavailable() && Instant::now() < patience => {
                    self.globals.output().say(format!("waiting for the database: {error}"));
                }
                Err(error) => return Err(anyhow::Error::from(error).context("read runs")),
            }
        }
    }

    /// Where runs were named: how they ended, once all of them have.
    fn verdict(&self) -> Option<ExitCode> {
        if self.args.ids.is_empty() || !self.known.values().all(Mark::is_over) {
            return None;
        }
        let well = self.known.values().all(|mark| mark.state == "done");
        Some(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn show(&mut self, runs: Vec<Run>) -> anyhow::Result<()> {
        for run in runs {
            self.newest = self.newest.max(run.id);
            let mark = Mark::of(&run);
            if self.known.get(&run.id) == Some(&mark) {
                continue;
            }
            self.known.insert(run.id, mark);
            if self.is_wanted(&run) {
                self.print(&run)?;
            }
        }
        let old = self.newest - BACK;
        if self.args.ids.is_empty() {
            self.known.retain(|id, mark| *id > old || !mark.is_over());
        }
        Ok(())
    }

    fn is_wanted(&self, run: &Run) -> bool {
        let TailArgs { ids, task, queue, schedule, .. } = &self.args;
        (ids.is_empty() || ids.contains(&run.id))
            && task.as_ref().is_none_or(|task| *task == run.task)
            && queue.is_none_or(|queue| queue.as_str() == run.queue)
            && schedule.as_ref().is_none_or(|schedule| run.schedule.as_ref() == Some(schedule))
    }

    fn print(&self, run: &Run) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if self.globals.json {
            serde_json::to_writer(&mut out, run)?;
            writeln!(out)?;
        } else {
            writeln!(out, "{}", line(run))?;
        }
        Ok(out.flush()?)
    }
}

/// One line for people: when, which run, what became of it.
fn line(run: &Run) -> String {
    let at = run.finished_at.or(run.started_at).unwrap_or(run.created_at);
    let whose = run.schedule.as_deref().unwrap_or(&run.trigger);
    let id = RunId(run.id);
    let took = match (run.started_at, run.finished_at) {
        (Some(started), Some(finished)) => (finished - started).to_std().ok(),
        _ => None,
    };
    let took = took.map_or_else(String::new, |took| format!(" {:.1}s", took.as_secs_f64()));
    let far = if run.progress_total > 0 { format!(" {}", progress(run)) } else { String::new() };
    let words = if run.state == "queued" && run.run_at > Clock::system().now() {
        format!("not before {}", run.run_at.format("%F %T"))
    } else {
        shorten(&says(run), 100)
    };
    let line = format!(
        "{} {id:>8} {:<12} {:<9} {}/{} {whose}{far}{took} {words}",
        at.format("%F %T"),
        run.task,
        run.state,
        run.attempt,
        run.max_attempts,
    );
    line.trim_end().to_owned()
}
