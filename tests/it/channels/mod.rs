//! Digests by e-mail and webhook, to a real mail server and a real receiver on loopback.

mod deeds;
mod email;
mod gather;
mod kills;
mod reference;
mod smtp;
mod steps;
mod webhook;

use std::{sync::Arc, time::Duration};

use career_worker::{
    clock::Clock,
    config::Config,
    domain::{NewRun, Outcome, Queue, Trigger},
    fetch::{Fetch, LocalGate},
    queue::Transport,
    random::Random,
    tasks::Matcher,
    worker::{Parts, Worker},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use self::{receiver::Receiver, smtp::Smtp};
use crate::support::TestDb;

mod receiver;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Settings with both channels on.
fn settings(db: &TestDb, smtp: u16, gateway: &str, more: &[(&'static str, &str)]) -> Config {
    let mut all = vec![
        ("database.url", db.url.clone()),
        ("fetch.gateway", gateway.to_owned()),
        ("notify.matches_url", "https://app.example/matches".to_owned()),
        ("notify.email.host", "127.0.0.1".to_owned()),
        ("notify.email.port", smtp.to_string()),
        ("notify.email.tls", "none".to_owned()),
        ("notify.email.from", "Job matches <matches@example.com>".to_owned()),
        ("notify.email.unsubscribe_url", "https://jobs.example".to_owned()),
        ("notify.email.frequency", "instant".to_owned()),
        ("notify.email.timeout", "1s".to_owned()),
        ("notify.webhook.enabled", "true".to_owned()),
        ("notify.webhook.timeout", "1s".to_owned()),
        ("notify.digest_cap", "1000".to_owned()),
    ];
    all.retain(|(key, _)| !more.iter().any(|(given, _)| given == key));
    all.extend(more.iter().map(|(key, value)| (*key, (*value).to_owned())));
    // As a file, where numbers are numbers.
    let is_plain = |value: &str| value.parse::<u32>().is_ok() || matches!(value, "true" | "false");
    let lines = all.iter().map(|(key, value)| {
        if is_plain(value) { format!("{key} = {value}\n") } else { format!("{key} = {value:?}\n") }
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines.collect::<Vec<_>>().concat()).unwrap();
    let mut config = Config::load(Some(file.path()), &[]).unwrap();
    config.database.max_connections = 6;
    config
}

/// A database, a mail server, a receiver, and a worker between them.
struct World {
    db: TestDb,
    smtp: Smtp,
    receiver: Receiver,
    worker: Worker,
    config: Arc<Config>,
}

impl World {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(more: &[(&'static str, &str)]) -> Self {
        let (db, smtp) = (TestDb::new().await, Smtp::start().await);
        let (receiver, gateway) = Receiver::start(Duration::ZERO).await;
        let config = Arc::new(settings(&db, smtp.port, &gateway, more));
        let worker = worker(&db, config.clone());
        Self { db, smtp, receiver, worker, config }
    }

    /// A user with an address of e-mail that says how the mail server treats it.
    async fn user(&self, name: &str) -> i32 {
        user(&self.db, name).await
    }

    async fn channel(&self, user: i32, channel: &str, address: Option<&str>) {
        channel_of(&self.db, user, channel, address).await;
    }

    async fn execute(&self, task: &str, args: Value) -> Outcome {
        let run = NewRun {
            task: task.to_owned(),
            args,
            queue: Queue::Notify,
            priority: 0,
            key: None,
            run_at: None,
            max_attempts: 3,
            timeout: Duration::from_mins(2),
            trigger: Trigger::Cli,
            schedule: None,
        };
        self.worker.execute(&run, &CancellationToken::new()).await.unwrap().1
    }

    /// The report of a run of `send` that must succeed.
    async fn send(&self) -> Value {
        match self.execute("send", json!({})).await {
            Outcome::Done(report) => report,
            other => panic!("{other:?}"),
        }
    }

    /// State, tries and error of the digests of a user, oldest first.
    async fn digests(&self, user: i32) -> Vec<(String, i32, String)> {
        sqlx::query_as("SELECT state, attempts, coalesce(error, '') FROM worker.digests WHERE user_id = $1 ORDER BY created_at, id")
            .bind(user)
            .fetch_all(&self.db.pool)
            .await
            .unwrap()
    }

    /// Whether a channel is on, and why not.
    async fn is_on(&self, user: i32) -> (bool, String) {
        sqlx::query_as(
            "SELECT enabled, coalesce(disabled_reason, '') FROM worker.user_channels WHERE user_id = $1",
        )
        .bind(user)
        .fetch_one(&self.db.pool)
        .await
        .unwrap()
    }

    async fn count(&self, what: &str) -> i64 {
        let statement = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {what}"));
        sqlx::query_scalar(statement).fetch_one(&self.db.pool).await.unwrap()
    }

    async fn do_sql(&self, statement: &str) {
        do_sql(&self.db, statement).await;
    }
}

fn worker(db: &TestDb, config: Arc<Config>) -> Worker {
    let (clock, random) = (Clock::system(), Random::system());
    let parts = Parts {
        fetch: Fetch::new(&config.fetch, clock.clone(), random.clone(), Arc::new(LocalGate)).unwrap(),
        matcher: Arc::new(Matcher::new(&config.matching)),
        transport: Transport::local(),
        store: db.store.clone(),
        config,
        clock,
        random,
    };
    Worker::new("test", parts)
}

async fn user(db: &TestDb, name: &str) -> i32 {
    sqlx::query_scalar(
        "INSERT INTO users (email, hashed_password) VALUES ($1 || '@example.org', '!') RETURNING id",
    )
    .bind(name)
    .fetch_one(&db.pool)
    .await
    .unwrap()
}

/// A channel that was set an hour ago.
async fn channel_of(db: &TestDb, user: i32, channel: &str, address: Option<&str>) {
    sqlx::query(
        "INSERT INTO worker.user_channels (user_id, channel, address, secret, confirmed_at, since, collected_to)
         VALUES ($1, $2, $3, CASE $2 WHEN 'webhook' THEN $4 END, now(), now() - interval '1 hour', now() - interval '1 hour')",
    )
    .bind(user)
    .bind(channel)
    .bind(address)
    .bind(SECRET)
    .execute(&db.pool)
    .await
    .unwrap();
}

/// Tells users of a new posting in the web application, as the notifier does.
async fn announce(db: &TestDb, users: &[i32], title: &str, score: f64) -> i32 {
    let job: i32 = sqlx::query_scalar(
        "INSERT INTO jobs (title, company, location, source, source_id, url)
         VALUES ($1, 'Nordwind', 'Bergen', 'test', md5(random()::text), 'https://jobs.example/' || md5(random()::text)) RETURNING id",
    )
    .bind(title)
    .fetch_one(&db.pool)
    .await
    .unwrap();
    sqlx::query(
        "WITH told AS (
           INSERT INTO notifications (user_id, type, title, message, data)
           SELECT u, 'job_match', $2, '', jsonb_build_object('match_score', $4::float8, 'matching_skills', '[\"Rust\"]'::jsonb) FROM unnest($1::int[]) u
           RETURNING id, user_id)
         INSERT INTO worker.announcements (user_id, job_id, notification_id) SELECT user_id, $3, id FROM told",
    )
    .bind(users)
    .bind(title)
    .bind(job)
    .bind(score)
    .execute(&db.pool)
    .await
    .unwrap();
    job
}

async fn do_sql(db: &TestDb, statement: &str) {
    let done = sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&db.pool).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
}
