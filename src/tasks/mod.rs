//! What a run does: one file a kind of task.
//!
//! A task is idempotent, knows neither queue nor schedule, and leaves every effect in PostgreSQL. To add one: a file here with a type
//! that implements [`Task`], one line in [`TASKS`], and usually a schedule in `jobs/`.

mod backup;
mod domain_gate;
mod explain;
mod matching;
mod notify;
mod pitr;
mod preview;
mod prune;
mod rematch;
mod restore_test;
mod retain;
pub mod scrape;
mod send;

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    config::Config,
    domain::{NewRun, Outcome, Queue, RunId, Trigger},
    fetch::Fetch,
    random::Random,
    schedule::Schedule,
    store::{Store, StoreError},
};

pub use backup::{Backup, BackupArgs, BackupExpire, BackupExpireArgs, BackupWatch, BackupWatchArgs};
pub use domain_gate::DatabaseGate;
pub use explain::{PairExplanation, SearchExplanation, explain};
pub use matching::{BatchError, BatchReport, Match, MatchArgs, Matcher, Took};
pub use notify::{Notify, NotifyArgs, compose_all};
pub use pitr::{PitrBackup, PitrBackupArgs, PitrRestoreTest, PitrRestoreTestArgs, each_minute};
pub use preview::{Example, Preview, PreviewError, preview};
pub use prune::{Prune, PruneArgs};
pub use rematch::{Rematch, RematchArgs, posting_filter, rematch_changed};
pub use restore_test::{RestoreTest, RestoreTestArgs};
pub use retain::{ArchiveArgs, CloseArgs, NoticeArgs, Retain, RetainArgs};
pub use send::{SendArgs, SendDigests, check_wish, test_channel};

/// Every task this program knows, sorted by name.
pub static TASKS: &[&dyn AnyTask] = &[
    &Erased::<Backup>::new(),
    &Erased::<BackupExpire>::new(),
    &Erased::<BackupWatch>::new(),
    &Erased::<Match>::new(),
    &Erased::<Notify>::new(),
    &Erased::<PitrBackup>::new(),
    &Erased::<PitrRestoreTest>::new(),
    &Erased::<Prune>::new(),
    &Erased::<Rematch>::new(),
    &Erased::<RestoreTest>::new(),
    &Erased::<Retain>::new(),
    &Erased::<scrape::Scrape>::new(),
    &Erased::<SendDigests>::new(),
];

/// Everything a task may use. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The run, for tasks that keep how far they are.
    pub run_id: RunId,
    /// Settings.
    pub config: Arc<Config>,
    /// Database.
    pub store: Store,
    /// The way out.
    pub fetch: Fetch,
    /// Time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
    /// The index of searches and profiles.
    pub matcher: Arc<Matcher>,
    /// How far this run is, for people.
    pub progress: Progress,
    /// Fires on cancel, time-out, lost lease and at the drain deadline; long tasks look at it between steps.
    pub cancelled: CancellationToken,
}

/// Progress of one run; the worker writes it to the ledger from time to time.
#[derive(Clone, Debug)]
pub struct Progress(tokio::sync::watch::Sender<(u64, u64)>);

impl Default for Progress {
    fn default() -> Self {
        Self(tokio::sync::watch::Sender::new((0, 0)))
    }
}

impl Progress {
    /// Says that `done` of `total` steps are finished.
    pub fn set(&self, done: u64, total: u64) {
        self.0.send_replace((done, total));
    }

    /// Follows the changes.
    pub fn subscribe(&self) -> tokio::sync::watch::Receiver<(u64, u64)> {
        self.0.subscribe()
    }
}

/// A kind of work.
pub trait Task: Send + Sync + 'static {
    /// Name, as in `jobs/*.toml` and `worker.runs.task`.
    const NAME: &'static str;
    /// Lane it travels on unless its schedule says otherwise.
    const QUEUE: Queue;
    /// One line for people.
    const ABOUT: &'static str;
    /// Attempts unless its schedule says otherwise.
    const ATTEMPTS: i16 = 5;
    /// Time-out unless its schedule says otherwise.
    const TIMEOUT: Duration = Duration::from_mins(5);
    /// Whether a run that took its worker with it is tried again in a process of its own. Not for a task that needs what is costly to
    /// load, and that finds what killed it by itself.
    const MAY_BE_APART: bool = true;
    /// Arguments; unknown keys are errors (`deny_unknown_fields`).
    type Args: DeserializeOwned + Serialize + JsonSchema + Send;

    /// Does the work and returns a report (a JSON object) for people.
    ///
    /// # Errors
    /// A [`TaskError`] says what becomes of the run.
    fn run(args: Self::Args, ctx: Context) -> impl Future<Output = Result<Value, TaskError>> + Send;

    /// Checks what the type of the arguments cannot say (a known source, a positive number).
    ///
    /// # Errors
    /// One line that names the key and what was expected.
    fn check(_args: &Self::Args) -> Result<(), String> {
        Ok(())
    }
}

/// Why an attempt failed, and what follows from it.
#[derive(Debug)]
pub struct TaskError {
    /// What becomes of the run.
    pub decision: Decision,
    /// Why.
    pub source: anyhow::Error,
}

/// What becomes of a failed run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Try again, not before `after` where given.
    Retry {
        /// A server's `Retry-After`.
        after: Option<Duration>,
    },
    /// Back to the queue without counting the attempt.
    Snooze {
        /// For this long.
        after: Duration,
    },
    /// Dead: another attempt cannot help.
    Fail,
    /// The run was cancelled while it ran.
    Cancelled,
}

impl TaskError {
    /// Another attempt may help.
    pub fn retry(source: impl Into<anyhow::Error>) -> Self {
        Self { decision: Decision::Retry { after: None }, source: source.into() }
    }

    /// Another attempt may help, after this time.
    pub fn retry_after(after: Duration, source: impl Into<anyhow::Error>) -> Self {
        Self { decision: Decision::Retry { after: Some(after) }, source: source.into() }
    }

    /// Another attempt cannot help.
    pub fn fail(source: impl Into<anyhow::Error>) -> Self {
        Self { decision: Decision::Fail, source: source.into() }
    }

    /// Not now; the attempt is not counted.
    pub fn snooze(after: Duration, source: impl Into<anyhow::Error>) -> Self {
        Self { decision: Decision::Snooze { after }, source: source.into() }
    }

    /// The run was cancelled.
    pub fn cancelled() -> Self {
        Self { decision: Decision::Cancelled, source: anyhow::anyhow!("cancelled") }
    }

    /// The outcome for the ledger; the error is printed with its causes.
    pub fn into_outcome(self) -> Outcome {
        let error = format!("{:#}", self.source);
        match self.decision {
            Decision::Retry { after } => Outcome::Retry { after, error },
            Decision::Snooze { after } => Outcome::Snooze { after, reason: error },
            Decision::Fail => Outcome::Fail { error },
            Decision::Cancelled => Outcome::Cancelled,
        }
    }
}

/// An unexpected error is worth another attempt.
impl<E: Into<anyhow::Error>> From<E> for TaskError {
    fn from(source: E) -> Self {
        Self::retry(source)
    }
}

/// A [`Task`] whose type is not known: what the worker, the scheduler and the admin endpoint hold.
pub trait AnyTask: Send + Sync {
    /// [`Task::NAME`].
    fn name(&self) -> &'static str;
    /// [`Task::QUEUE`].
    fn queue(&self) -> Queue;
    /// [`Task::ABOUT`].
    fn about(&self) -> &'static str;
    /// [`Task::ATTEMPTS`].
    fn attempts(&self) -> i16;
    /// [`Task::TIMEOUT`].
    fn timeout(&self) -> Duration;
    /// [`Task::MAY_BE_APART`].
    fn may_be_apart(&self) -> bool;
    /// JSON Schema of the arguments.
    fn args_schema(&self) -> schemars::Schema;
    /// Reads and checks arguments without running; the message names the key and what was expected.
    ///
    /// # Errors
    /// One line for people.
    fn check(&self, args: &Value) -> Result<(), String>;
    /// Runs it.
    fn run(&self, args: Value, ctx: Context) -> Pin<Box<dyn Future<Output = Outcome> + Send>>;
}

/// Makes an [`AnyTask`] of a [`Task`].
#[derive(Debug)]
pub struct Erased<T>(std::marker::PhantomData<fn() -> T>);

impl<T> Erased<T> {
    /// The value for [`TASKS`].
    pub const fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<T> Default for Erased<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Task> AnyTask for Erased<T> {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn queue(&self) -> Queue {
        T::QUEUE
    }

    fn about(&self) -> &'static str {
        T::ABOUT
    }

    fn attempts(&self) -> i16 {
        T::ATTEMPTS
    }

    fn timeout(&self) -> Duration {
        T::TIMEOUT
    }

    fn may_be_apart(&self) -> bool {
        T::MAY_BE_APART
    }

    fn args_schema(&self) -> schemars::Schema {
        schemars::schema_for!(T::Args)
    }

    fn check(&self, args: &Value) -> Result<(), String> {
        T::check(&read::<T>(args)?)
    }

    fn run(&self, args: Value, ctx: Context) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
        Box::pin(async move {
            let args = match read::<T>(&args) {
                Ok(args) => args,
                Err(error) => return Outcome::Fail { error },
            };
            T::run(args, ctx).await.map_or_else(TaskError::into_outcome, Outcome::Done)
        })
    }
}

fn read<T: Task>(args: &Value) -> Result<T::Args, String> {
    let object = if args.is_null() { &Value::Object(serde_json::Map::new()) } else { args };
    serde_path_to_error::deserialize(object)
        .map_err(|error| format!("arguments of task \"{}\": {}: {}", T::NAME, error.path(), error.inner()))
}

/// The task of that name.
///
/// # Errors
/// Names the tasks there are.
pub fn find(name: &str) -> Result<&'static dyn AnyTask, String> {
    find_in(TASKS, name)
}

/// The task of that name in `tasks`.
///
/// # Errors
/// Names the tasks there are.
pub fn find_in(tasks: &[&'static dyn AnyTask], name: &str) -> Result<&'static dyn AnyTask, String> {
    tasks.iter().copied().find(|task| task.name() == name).ok_or_else(|| {
        let known: Vec<_> = tasks.iter().map(|task| task.name()).collect();
        format!("unknown task \"{name}\", expected one of {}", known.join(", "))
    })
}

/// The follow-up runs that the tables ask for, each with the traceparent of what it follows from: the reconciler records each that does
/// not wait or run already.
///
/// # Errors
/// Where the database does not answer.
pub async fn wanted(store: &Store, config: &Config) -> Result<Vec<(NewRun, Option<String>)>, StoreError> {
    let shard = config.matching.shard;
    let waiting = store.waiting_stages(shard, notify::rules(&config.notify)).await?;
    let stages = [
        (waiting.r#match, Match::NAME, waiting.match_trace),
        (waiting.notify, Notify::NAME, waiting.notify_trace),
    ];
    let tasks = stages.into_iter().filter(|(wanted, ..)| *wanted);
    let mut runs: Vec<_> = tasks
        .filter_map(|(_, name, cause)| Some((find(name).ok()?, cause)))
        .map(|(task, cause)| {
            let args = if task.name() == Match::NAME && !shard.is_whole() {
                json!({ "shard": shard.to_string() })
            } else {
                json!({})
            };
            (follow_up(task, args), cause)
        })
        .collect();
    runs.extend(send::wanted(store, config).await?.into_iter().map(|run| (run, None)));
    Ok(runs)
}

fn follow_up(task: &dyn AnyTask, args: Value) -> NewRun {
    new_run(task, args, Trigger::Worker)
}

/// A run of a schedule, at once and with the limits of its file, or of its task.
///
/// # Errors
/// Where its task is not known.
pub fn run_of(
    schedule: &Schedule,
    known: &[&'static dyn AnyTask],
    trigger: Trigger,
) -> Result<NewRun, String> {
    let task = find_in(known, &schedule.task)?;
    let run = new_run(task, schedule.args.clone(), trigger);
    Ok(NewRun {
        queue: schedule.queue.unwrap_or(run.queue),
        max_attempts: schedule.retry.map_or(run.max_attempts, |retry| retry.attempts),
        timeout: schedule.timeout.unwrap_or(run.timeout),
        schedule: Some(schedule.name.clone()),
        ..run
    })
}

/// A run of a task, at once and with the limits of the task.
pub fn new_run(task: &dyn AnyTask, args: Value, trigger: Trigger) -> NewRun {
    NewRun {
        task: task.name().to_owned(),
        args,
        queue: task.queue(),
        priority: 0,
        key: None,
        run_at: None,
        max_attempts: task.attempts(),
        timeout: task.timeout(),
        trigger,
        schedule: None,
    }
}
