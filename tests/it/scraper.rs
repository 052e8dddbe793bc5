//! A worker with the program's own tasks, whose requests all go to a gateway of the test.

use std::{sync::Arc, time::Duration};

use career_worker::{
    clock::Clock,
    domain::{NewRun, Outcome, Queue, RunId, Trigger},
    fetch::Fetch,
    queue::Transport,
    random::Random,
    sources::SOURCES,
    tasks::{DatabaseGate, Matcher},
    worker::{Parts, Worker},
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::support::{TestDb, config, unique};

pub struct Scraper {
    pub db: TestDb,
    worker: Worker,
}

impl Scraper {
    /// On a database of its own, as fast as the gateway answers.
    pub async fn new(gateway: Url) -> Self {
        let db = TestDb::new().await;
        let mut config = config(&db);
        config.fetch.gateway = Some(gateway);
        config.fetch.gateway_per_second = Some(100_000.0);
        config.fetch.backoff = Duration::from_millis(1);
        let keys = SOURCES.iter().flat_map(|source| source.keys());
        config.sources = keys.map(|key| (key.setting.to_owned(), "x".into())).collect();
        let config = Arc::new(config);
        let (clock, random) = (Clock::system(), Random::system());
        let gate = Arc::new(DatabaseGate::new(db.store.clone(), unique()));
        let parts = Parts {
            fetch: Fetch::new(&config.fetch, clock.clone(), random.clone(), gate).unwrap(),
            matcher: Arc::new(Matcher::new(&config.matching)),
            transport: Transport::local(),
            store: db.store.clone(),
            config,
            clock,
            random,
        };
        Self { db, worker: Worker::new("test", parts) }
    }

    /// Records a run of `scrape` and executes it.
    pub async fn run(&self, args: Value) -> (RunId, Outcome) {
        let run = NewRun {
            task: "scrape".to_owned(),
            args,
            queue: Queue::Scrape,
            priority: 0,
            key: None,
            run_at: None,
            max_attempts: 3,
            timeout: Duration::from_mins(2),
            trigger: Trigger::Cli,
            schedule: None,
        };
        self.worker.execute(&run, &CancellationToken::new()).await.unwrap()
    }

    /// The report on the only board of a run that must succeed.
    pub async fn board(&self, args: Value) -> Value {
        let (_, outcome) = self.run(args).await;
        let Outcome::Done(mut report) = outcome else { panic!("{outcome:?}") };
        report["boards"][0].take()
    }

    /// One text for each row of `jobs`; any write of the row changes it.
    pub async fn versions(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT concat(id, ' ', source_id, ' ', xmin, ' ', ctid) FROM jobs ORDER BY id")
            .fetch_all(&self.db.pool)
            .await
            .unwrap()
    }
}
