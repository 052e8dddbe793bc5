//! Compares what is in the database with what the source listed, what was wanted, and what time says of ticks. Plain SQL; none of the
//! program's own statements are asked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, TimeDelta, Timelike as _, Utc};
use sqlx::PgPool;

use super::{
    source::Listed,
    stage::{BURSTS, MINUTELY},
    world::{BURST, Way, Wishes},
};

/// What is not as it must be, one line each.
#[derive(Debug, Default)]
pub struct Findings {
    pub lost: Vec<String>,
    pub doubled: Vec<String>,
    /// There, once, and not what it must be.
    pub wrong: Vec<String>,
    pub ticks_missed: Vec<String>,
    pub ticks_doubled: Vec<String>,
    /// How much was looked at.
    pub postings: usize,
    pub notices: usize,
    pub wishes: usize,
    pub ticks: usize,
}

impl Findings {
    pub fn is_empty(&self) -> bool {
        let Self { lost, doubled, wrong, ticks_missed, ticks_doubled, .. } = self;
        [lost, doubled, wrong, ticks_missed, ticks_doubled].iter().all(|list| list.is_empty())
    }

    /// One of each is right; `what` names it.
    fn once(&mut self, count: usize, what: impl FnOnce() -> String) {
        match count {
            0 => self.lost.push(what()),
            1 => {}
            _ => self.doubled.push(format!("{}: {count} times", what())),
        }
    }
}

/// Everything. `watermarks` are those of the schedules when they became known.
pub async fn check(
    pool: &PgPool,
    listed: &BTreeMap<String, Listed>,
    wishes: &Wishes,
    watermarks: &[(String, DateTime<Utc>)],
) -> Findings {
    let mut findings = Findings::default();
    postings(pool, listed, &mut findings).await;
    notices(pool, listed, &mut findings).await;
    runs(pool, wishes, &mut findings).await;
    ticks(pool, watermarks, &mut findings).await;
    findings
}

async fn postings(pool: &PgPool, listed: &BTreeMap<String, Listed>, findings: &mut Findings) {
    let rows: Vec<(String, bool, Option<i32>, String)> = sqlx::query_as(
        "SELECT source_id, coalesce(is_active, true), storm.revision(description), title FROM jobs WHERE source = 'greenhouse'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let sightings: Vec<(String,)> =
        sqlx::query_as("SELECT source_id FROM worker.sightings").fetch_all(pool).await.unwrap();
    findings.postings = rows.len();
    let known = |id: &str| rows.iter().filter(|row| row.0 == id).collect::<Vec<_>>();
    for (id, posting) in listed {
        let (rows, seen) = (known(id), sightings.iter().filter(|row| row.0 == *id).count());
        if posting.open {
            findings.once(rows.len(), || format!("posting {id}"));
            findings.once(seen, || format!("sighting of {id}"));
        } else if rows.len() > 1 || seen > 1 || rows.len() != seen {
            findings.doubled.push(format!("closed posting {id}: {} rows, {seen} sightings", rows.len()));
        }
        for (_, active, revision, title) in rows {
            if *active != posting.open {
                findings.wrong.push(format!("posting {id}: active is {active}"));
            }
            // One that was closed may have changed after it was last seen.
            if posting.open && *revision != i32::try_from(posting.revision).ok() {
                findings.wrong.push(format!("posting {id}: revision {revision:?} for {}", posting.revision));
            }
            if *title != format!("Keeper token{:02}", posting.user) {
                findings.wrong.push(format!("posting {id}: {title}"));
            }
        }
    }
    let strange = rows.iter().filter(|row| !listed.contains_key(&row.0));
    findings.wrong.extend(strange.map(|row| format!("posting {} was never listed", row.0)));
}

/// Matches, notifications and announcements: each by posting and user.
async fn notices(pool: &PgPool, listed: &BTreeMap<String, Listed>, findings: &mut Findings) {
    for (what, statement) in [
        (
            "match",
            "SELECT j.source_id, u.email FROM worker.matches m JOIN jobs j ON j.id = m.job_id JOIN users u ON u.id = m.user_id
             WHERE m.notified_at IS NOT NULL",
        ),
        (
            "notification",
            "SELECT j.source_id, u.email FROM notifications n JOIN jobs j ON j.id = (n.data->>'job_id')::int
             JOIN users u ON u.id = n.user_id WHERE n.type = 'job_match'",
        ),
        (
            "announcement",
            "SELECT j.source_id, u.email FROM worker.announcements a JOIN jobs j ON j.id = a.job_id JOIN users u ON u.id = a.user_id",
        ),
    ] {
        let rows: Vec<(String, String)> = sqlx::query_as(statement).fetch_all(pool).await.unwrap();
        let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
        for row in rows {
            *counts.entry(row).or_default() += 1;
        }
        findings.notices = counts.len();
        for (id, posting) in listed {
            let pair = (id.clone(), format!("user{:02}@example.com", posting.user));
            let count = counts.remove(&pair).unwrap_or(0);
            if posting.open || count > 1 {
                findings.once(count, || format!("{what} of {id} for {}", pair.1));
            }
        }
        let strange = counts.into_keys();
        findings.wrong.extend(strange.map(|(id, user)| format!("{what} of {id} for {user}, who did not ask")));
    }
}

async fn runs(pool: &PgPool, wishes: &Wishes, findings: &mut Findings) {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT key, state FROM worker.runs WHERE key IS NOT NULL")
            .fetch_all(pool)
            .await
            .unwrap();
    let mut states: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, state) in rows {
        states.entry(key).or_default().push(state);
    }
    let (wishes, given_up) = (wishes.all(), wishes.given_up());
    findings.wishes = wishes.len();
    findings.wrong.extend(given_up);
    for (key, way) in &wishes {
        let found = states.get(key).map_or(&[][..], Vec::as_slice);
        if *way != Way::Redis || found.len() > 1 {
            findings.once(found.len(), || format!("run {key}"));
        }
        // A message has no more attempts than its task, and may use them up in a storm; it is shown then, which is no loss.
        let ends = if *way == Way::Redis { &["done", "dead"][..] } else { &["done"] };
        if let Some(state) = found.iter().find(|state| !ends.contains(&state.as_str())) {
            findings.wrong.push(format!("run {key} is {state}"));
        }
    }
    // A run that is over stays so, and ends once.
    let ended: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT id, count(*) FROM storm.runs WHERE state IN ('done', 'dead', 'cancelled') GROUP BY id HAVING count(*) > 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    findings.doubled.extend(ended.into_iter().map(|(id, count)| format!("run {id} ended {count} times")));
    let dead: Vec<(String,)> = sqlx::query_as(
        "SELECT format('%s %s, attempt %s: %s', task, id, attempt, error) FROM worker.runs
         WHERE state IN ('dead', 'cancelled') AND coalesce(key NOT LIKE 'redis-%', true)",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    // A sweep may die of so many kills, and is wanted again; anything else may not.
    let died = dead.into_iter().map(|row| row.0);
    let bad = died.filter(|run| {
        !(run.contains("worker lost") && (run.starts_with("match") || run.starts_with("notify")))
    });
    findings.wrong.extend(bad.map(|run| format!("dead: {run}")));
    let aside: Vec<(i32, String)> =
        sqlx::query_as("SELECT job_id, error FROM worker.outbox_dead").fetch_all(pool).await.unwrap();
    findings.wrong.extend(aside.into_iter().map(|(job, error)| format!("job {job} set aside: {error}")));
}

async fn ticks(pool: &PgPool, watermarks: &[(String, DateTime<Utc>)], findings: &mut Findings) {
    let (now,): (DateTime<Utc>,) = sqlx::query_as("SELECT now()").fetch_one(pool).await.unwrap();
    let due = expected(watermarks, now - TimeDelta::seconds(5), now.year());
    findings.ticks = due.len();
    let fired: Vec<(String, DateTime<Utc>, String)> =
        sqlx::query_as("SELECT schedule, scheduled_for, outcome FROM worker.ticks")
            .fetch_all(pool)
            .await
            .unwrap();
    let ran: Vec<(String, DateTime<Utc>, i64)> = sqlx::query_as(
        "SELECT schedule, scheduled_for, count(*) FROM worker.runs WHERE schedule IS NOT NULL GROUP BY 1, 2",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    for (schedule, at) in &due {
        let once = fired.iter().any(|row| (&row.0, row.1) == (schedule, *at) && row.2 == "fired");
        let runs = ran.iter().find(|row| (&row.0, row.1) == (schedule, *at)).map_or(0, |row| row.2);
        if !once || runs == 0 {
            findings.ticks_missed.push(format!("{schedule} at {at}"));
        }
        if runs > 1 {
            findings.ticks_doubled.push(format!("{schedule} at {at}: {runs} runs"));
        }
    }
    // A minute may have passed between a schedule's becoming known and the look at its watermark, which then is that minute.
    let at_first = |schedule: &str, at| {
        schedule.starts_with("minutely") && watermarks.iter().any(|mark| mark.0 == schedule && mark.1 == at)
    };
    let early = ran.iter().filter(|row| {
        let expected = due.contains(&(row.0.clone(), row.1)) || row.2 == 1 && at_first(&row.0, row.1);
        row.1 > now || !expected && row.1 < now - TimeDelta::seconds(5)
    });
    findings.ticks_doubled.extend(early.map(|row| format!("{} at {} was not due", row.0, row.1)));
}

/// Every minute since a schedule was known, and the years of each burst.
fn expected(
    watermarks: &[(String, DateTime<Utc>)],
    now: DateTime<Utc>,
    year: i32,
) -> BTreeSet<(String, DateTime<Utc>)> {
    let mut due = BTreeSet::new();
    for number in 0..MINUTELY {
        let name = format!("minutely{number}");
        let known = watermarks.iter().find(|mark| mark.0 == name).expect("the schedule is known").1;
        let mut minute =
            known.with_second(0).and_then(|at| at.with_nanosecond(0)).unwrap() + TimeDelta::minutes(1);
        while minute <= now {
            due.insert((name.clone(), minute));
            minute += TimeDelta::minutes(1);
        }
    }
    for number in 0..BURSTS {
        let years = (year - BURST + 1)..=year;
        due.extend(
            years.map(|year| (format!("burst{number}"), format!("{year}-01-01T00:00:00Z").parse().unwrap())),
        );
    }
    due
}
