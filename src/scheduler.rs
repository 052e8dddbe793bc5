//! Turns due ticks into runs.
//!
//! Any number of replicas may run it: due times come from the database's clock, and a tick is one statement that only one of them can
//! win. It runs nothing itself. New schedules need nothing here.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::{
    random::Random,
    schedule::{self, CatchUp, Overlap, Schedule, ScheduleError},
    store::{Fired, Store, StoreError, Tick},
    tasks::{self, AnyTask},
    telemetry::{Causes, pulse::Heart, trace},
};

/// The scheduler of one process.
#[derive(Debug)]
pub struct Scheduler {
    store: Store,
    random: Random,
    schedules: Arc<[Schedule]>,
    tasks: &'static [&'static dyn AnyTask],
    poll: Duration,
}

impl std::fmt::Debug for dyn AnyTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Checks what the schedules say against the tasks there are.
///
/// # Errors
/// One entry for each schedule whose task is unknown or whose arguments the task refuses.
pub fn check(schedules: &[Schedule], tasks: &[&'static dyn AnyTask]) -> Result<(), Vec<ScheduleError>> {
    let errors: Vec<_> = schedules
        .iter()
        .filter_map(|schedule| {
            let task = tasks::find_in(tasks, &schedule.task);
            let message = match task.and_then(|task| task.check(&schedule.args)) {
                Ok(()) => return None,
                Err(message) => message,
            };
            let key = if message.starts_with("unknown task") { "task: " } else { "args: " };
            Some(ScheduleError {
                file: schedule.file.clone(),
                line: None,
                message: format!("{key}{message}"),
            })
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

impl Scheduler {
    /// A scheduler over checked schedules; `tasks` are those that the schedules name.
    pub fn new(
        store: Store,
        random: Random,
        schedules: Arc<[Schedule]>,
        tasks: &'static [&'static dyn AnyTask],
        poll: Duration,
    ) -> Self {
        Self { store, random, schedules, tasks, poll }
    }

    /// Fires ticks until `shutdown`. A database that does not answer is tried again; nothing is missed by it.
    pub async fn run(&self, shutdown: CancellationToken) {
        let heart = Heart::new("scheduler");
        while !shutdown.is_cancelled() {
            heart.beat();
            match self.fire_due().await {
                Ok(0) => {}
                Ok(fired) => tracing::debug!(fired, "ticks fired"),
                Err(error) => {
                    tracing::warn!(error = %Causes(&error), "scheduler could not look at due times");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(self.poll) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// Fires everything that is due now; gives the number of runs this call made.
    ///
    /// # Errors
    /// Where the database does not answer; what was fired before stays fired.
    pub async fn fire_due(&self) -> Result<u64, StoreError> {
        // A restored database has missed everything since its backup, or only seems to have.
        let quarantined = self.store.is_quarantined().await?;
        let enabled: Vec<&Schedule> = self.schedules.iter().filter(|schedule| schedule.enabled).collect();
        let specs: Vec<_> = enabled
            .iter()
            .map(|schedule| (schedule.name.clone(), format!("{} {}", schedule.cron, schedule.timezone)))
            .collect();
        let (now, marks) = self.store.upsert_schedules(&specs).await?;
        let mut fired = 0;
        for schedule in enabled {
            let Some(mark) = marks.iter().find(|mark| mark.schedule == schedule.name) else { continue };
            let due = if quarantined {
                schedule::due(&Schedule { catch_up: CatchUp::None, ..schedule.clone() }, mark.until, now)
            } else {
                schedule::due(schedule, mark.until, now)
            };
            if mark.paused {
                if let Some(last) = due.fire.last().copied().or(due.skip_until) {
                    self.store.skip_ticks(&schedule.name, last).await?;
                    count_tick(schedule, "paused");
                }
                continue;
            }
            if let Some(until) = due.skip_until {
                tracing::warn!(schedule = schedule.name, %until, "missed ticks left out");
                count_tick(schedule, "missed");
                self.store.skip_ticks(&schedule.name, until).await?;
            }
            for scheduled_for in due.fire {
                let span =
                    tracing::info_span!("tick", schedule = schedule.name, trace_id = tracing::field::Empty);
                trace::follow(&span, None, trace::Cause::Parent);
                let made = self.fire(schedule, scheduled_for).instrument(span).await?;
                if made {
                    let late = (now - scheduled_for).to_std().unwrap_or_default();
                    metrics::histogram!("career_schedule_lateness_seconds").record(late.as_secs_f64());
                }
                fired += u64::from(made);
            }
        }
        Ok(fired)
    }

    async fn fire(
        &self,
        schedule: &Schedule,
        scheduled_for: chrono::DateTime<chrono::Utc>,
    ) -> Result<bool, StoreError> {
        let Ok(task) = tasks::find_in(self.tasks, &schedule.task) else { return Ok(false) };
        let jitter = TimeDelta::from_std(self.random.up_to(schedule.jitter)).unwrap_or_default();
        let timeout = schedule.timeout.unwrap_or_else(|| task.timeout());
        let outcome = self
            .store
            .fire_tick(&Tick {
                schedule: &schedule.name,
                scheduled_for,
                run_at: scheduled_for + jitter,
                skip_overlap: schedule.overlap == Overlap::Skip,
                task: task.name(),
                args: &schedule.args,
                queue: schedule.queue.unwrap_or_else(|| task.queue()).as_str(),
                max_attempts: schedule.retry.map_or_else(|| task.attempts(), |retry| retry.attempts),
                timeout_ms: i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX),
            })
            .await?;
        let word = match outcome {
            Fired::Known => return Ok(false),
            Fired::Overlaps => "overlap",
            Fired::Run(id) => {
                tracing::info!(schedule = schedule.name, run.id = id.0, %scheduled_for, "tick");
                "fired"
            }
        };
        count_tick(schedule, word);
        Ok(outcome != Fired::Overlaps)
    }
}

fn count_tick(schedule: &Schedule, outcome: &'static str) {
    metrics::counter!("career_schedule_ticks_total", "schedule" => schedule.name.clone(), "outcome" => outcome)
        .increment(1);
}
