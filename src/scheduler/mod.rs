//! Turns due ticks into runs.
//!
//! Any number of replicas may run it: due times come from the database's clock, and ticks are one statement in which only one of them can
//! win each. It runs nothing itself. New schedules need nothing here.

mod agenda;

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use crate::{
    random::Random,
    schedule::{self, CatchUp, Overlap, Schedule, ScheduleError},
    store::{Fired, Look, Store, StoreError, Tick, Watermark},
    tasks::{self, AnyTask},
    telemetry::{Causes, pulse::Heart, trace},
};

use self::agenda::Agenda;

/// Schedules in one look at the database, and ticks in one statement.
const PAGE: usize = 500;

/// The scheduler of one process.
#[derive(Debug)]
pub struct Scheduler {
    store: Store,
    random: Random,
    /// Those that are enabled.
    schedules: Vec<Schedule>,
    tasks: &'static [&'static dyn AnyTask],
    poll: Duration,
    agenda: Agenda,
    /// The database's time at the last look.
    now: DateTime<Utc>,
}

/// Ticks of one schedule that are to be fired, oldest first.
struct Firing {
    number: usize,
    ticks: std::vec::IntoIter<DateTime<Utc>>,
    /// Everything up to here is dealt with.
    until: DateTime<Utc>,
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
        schedules: &[Schedule],
        tasks: &'static [&'static dyn AnyTask],
        poll: Duration,
    ) -> Self {
        let schedules: Vec<_> = schedules.iter().filter(|schedule| schedule.enabled).cloned().collect();
        let agenda = Agenda::new(schedules.len());
        Self { store, random, schedules, tasks, poll, agenda, now: DateTime::UNIX_EPOCH }
    }

    /// Fires ticks until `shutdown`. A database that does not answer is tried again; nothing is missed by it.
    pub async fn run(mut self, shutdown: CancellationToken) {
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
    pub async fn fire_due(&mut self) -> Result<u64, StoreError> {
        let soon = self.now + TimeDelta::from_std(self.poll).unwrap_or_default();
        let looked = self.agenda.look(soon);
        let mut fired = 0;
        for page in looked.chunks(PAGE) {
            fired += self.fire_page(page).await?;
        }
        let mut rest = self.agenda.due(self.now);
        rest.retain(|number| looked.binary_search(number).is_err());
        for page in rest.chunks(PAGE) {
            fired += self.fire_page(page).await?;
        }
        Ok(fired)
    }

    /// Looks some schedules up and fires what is due of them.
    async fn fire_page(&mut self, numbers: &[usize]) -> Result<u64, StoreError> {
        let schedules: Vec<_> =
            numbers.iter().filter_map(|number| Some((*number, self.schedules.get(*number)?))).collect();
        let specs: Vec<_> = schedules
            .iter()
            .map(|(_, schedule)| (schedule.name.clone(), format!("{} {}", schedule.cron, schedule.timezone)))
            .collect();
        let Look { now, quarantined, marks } = self.store.look_at_schedules(&specs).await?;
        self.now = now;
        let by_name: HashMap<&str, usize> =
            schedules.iter().map(|(number, schedule)| (schedule.name.as_str(), *number)).collect();
        let found: Vec<_> = marks
            .iter()
            .filter_map(|mark| Some((by_name.get(mark.schedule.as_str()).copied()?, mark)))
            .collect();
        let mut firing = Vec::new();
        for (number, mark) in found {
            if let Some(begun) = self.begin(number, mark, now, quarantined).await? {
                firing.push(begun);
            }
        }
        self.fire_all(firing, now).await
    }

    /// Leaves out what is to be left out of one schedule and gives what is to be fired; `None` where that is nothing.
    async fn begin(
        &mut self,
        number: usize,
        mark: &Watermark,
        now: DateTime<Utc>,
        quarantined: bool,
    ) -> Result<Option<Firing>, StoreError> {
        let Some(schedule) = self.schedules.get(number) else { return Ok(None) };
        // A restored database has missed everything since its backup, or only seems to have.
        let due = if quarantined {
            schedule::due(&Schedule { catch_up: CatchUp::None, ..schedule.clone() }, mark.until, now)
        } else {
            schedule::due(schedule, mark.until, now)
        };
        let (skip_until, fire, outcome) = if mark.paused {
            (due.fire.last().copied().or(due.skip_until), Vec::new(), "paused")
        } else {
            (due.skip_until, due.fire, "missed")
        };
        if let Some(until) = skip_until {
            if !mark.paused {
                tracing::warn!(schedule = schedule.name, %until, "missed ticks left out");
            }
            count_tick(schedule, outcome);
            self.store.skip_ticks(&schedule.name, until).await?;
        }
        let until = fire.last().copied().or(skip_until).unwrap_or(mark.until);
        if fire.is_empty() {
            self.agenda.set(number, schedule.cron.next_after(until, schedule.timezone));
            return Ok(None);
        }
        Ok(Some(Firing { number, ticks: fire.into_iter(), until }))
    }

    /// Fires the first tick of each, then the second, and so on: whether a tick overlaps depends on the one before.
    async fn fire_all(&mut self, mut firing: Vec<Firing>, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut fired = 0;
        while !firing.is_empty() {
            let mut first = Vec::with_capacity(firing.len());
            for schedule in &mut firing {
                first.extend(schedule.ticks.next().map(|tick| (schedule.number, tick)));
            }
            fired += self.fire(&first, now).await?;
            let (ended, going) =
                firing.into_iter().partition(|schedule| schedule.ticks.as_slice().is_empty());
            firing = going;
            let ended: Vec<Firing> = ended;
            for Firing { number, until, .. } in ended {
                let schedule = self.schedules.get(number);
                self.agenda.set(
                    number,
                    schedule.and_then(|schedule| schedule.cron.next_after(until, schedule.timezone)),
                );
            }
        }
        Ok(fired)
    }

    /// Fires one tick of each of some schedules.
    async fn fire(&self, due: &[(usize, DateTime<Utc>)], now: DateTime<Utc>) -> Result<u64, StoreError> {
        let (mut ticks, mut spans) = (Vec::new(), Vec::new());
        for (number, scheduled_for) in due {
            let Some(schedule) = self.schedules.get(*number) else { continue };
            let Ok(task) = tasks::find_in(self.tasks, &schedule.task) else { continue };
            let jitter = TimeDelta::from_std(self.random.up_to(schedule.jitter)).unwrap_or_default();
            let timeout = schedule.timeout.unwrap_or_else(|| task.timeout());
            let span =
                tracing::info_span!("tick", schedule = schedule.name, trace_id = tracing::field::Empty);
            trace::follow(&span, None, trace::Cause::Parent);
            ticks.push(Tick {
                schedule: &schedule.name,
                scheduled_for: *scheduled_for,
                run_at: *scheduled_for + jitter,
                skip_overlap: schedule.overlap == Overlap::Skip,
                task: task.name(),
                args: &schedule.args,
                queue: schedule.queue.unwrap_or_else(|| task.queue()).as_str(),
                max_attempts: schedule.retry.map_or_else(|| task.attempts(), |retry| retry.attempts),
                timeout_ms: i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX),
                traceparent: span.in_scope(trace::current),
            });
            spans.push((span, schedule));
        }
        let outcomes = self.store.fire_ticks(&ticks).await?;
        let mut fired = 0;
        for ((outcome, tick), (span, schedule)) in outcomes.iter().zip(&ticks).zip(spans) {
            let _entered = span.entered();
            match outcome {
                Fired::Known => {}
                Fired::Overlaps => count_tick(schedule, "overlap"),
                Fired::Run(id) => {
                    tracing::info!(
                        schedule = schedule.name,
                        run.id = id.0,
                        scheduled_for = %tick.scheduled_for,
                        "tick"
                    );
                    count_tick(schedule, "fired");
                    let late = (now - tick.scheduled_for).to_std().unwrap_or_default();
                    metrics::histogram!("career_schedule_lateness_seconds").record(late.as_secs_f64());
                    fired += 1;
                }
            }
        }
        Ok(fired)
    }
}

fn count_tick(schedule: &Schedule, outcome: &'static str) {
    metrics::counter!("career_schedule_ticks_total", "schedule" => schedule.name.clone(), "outcome" => outcome)
        .increment(1);
}
