//! The sender is killed again and again while it sends; afterwards the logs of mail server and receiver are compared with what the
//! database says.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use career_worker::{
    domain::{DigestId, NewRun, Queue, Trigger},
    random::Random,
    store::{Actor, DigestDeed},
};

use serde_json::json;

use super::{announce, channel_of, receiver::Receiver, smtp::Smtp, user};
use crate::{
    process::Program,
    rig::until,
    support::{TestDb, redis_url, unique},
};

/// Users, each with both channels.
const USERS: usize = 60;
const THINKS: Duration = Duration::from_millis(15);

struct Storm {
    db: TestDb,
    smtp: Smtp,
    receiver: Receiver,
    program: Program,
    _jobs: tempfile::TempDir,
}

impl Storm {
    async fn new() -> Self {
        let (db, smtp) = (TestDb::new().await, Smtp::thinking(THINKS).await);
        let (receiver, gateway) = Receiver::start(THINKS).await;
        let jobs = tempfile::tempdir().unwrap();
        let program = Program::at(&db.url, &redis_url().await, jobs.path())
            .with("CAREER__REDIS__PREFIX", unique())
            .with("CAREER__FETCH__GATEWAY", gateway)
            .with("CAREER__NOTIFY__LEASE", "6s")
            .with("CAREER__NOTIFY__EMAIL__HOST", "127.0.0.1")
            .with("CAREER__NOTIFY__EMAIL__PORT", smtp.port.to_string())
            .with("CAREER__NOTIFY__EMAIL__TLS", "none")
            .with("CAREER__NOTIFY__EMAIL__FROM", "matches@example.com")
            .with("CAREER__NOTIFY__EMAIL__UNSUBSCRIBE_URL", "https://jobs.example")
            .with("CAREER__NOTIFY__EMAIL__FREQUENCY", "instant")
            .with("CAREER__NOTIFY__EMAIL__TIMEOUT", "3s")
            .with("CAREER__NOTIFY__WEBHOOK__ENABLED", "true")
            .with("CAREER__NOTIFY__WEBHOOK__TIMEOUT", "3s")
            .with("CAREER__NOTIFY__WEBHOOK__AT_ONCE", "2");
        let mut users = Vec::new();
        for number in 0..USERS {
            let user = user(&db, &format!("ann+{number}")).await;
            channel_of(&db, user, "email", None).await;
            channel_of(&db, user, "webhook", Some("https://hooks.example/200")).await;
            users.push(user);
        }
        announce(&db, &users, "Keeper", 0.9).await;
        Self { db, smtp, receiver, program, _jobs: jobs }
    }

    fn left(&self) -> usize {
        self.smtp.log().named.len() + self.receiver.taken().len()
    }

    async fn unsettled(&self) -> i64 {
        let query = "SELECT count(*) FROM worker.digests WHERE state IN ('pending', 'sending')";
        sqlx::query_scalar(query).fetch_one(&self.db.pool).await.unwrap()
    }

    async fn states(&self, channel: &str) -> BTreeMap<String, String> {
        let query = "SELECT id::text, state FROM worker.digests WHERE channel = $1";
        let rows: Vec<(String, String)> =
            sqlx::query_as(query).bind(channel).fetch_all(&self.db.pool).await.unwrap();
        rows.into_iter().collect()
    }

    /// How often the mail server took each digest.
    fn mails(&self) -> BTreeMap<String, usize> {
        let mut count = BTreeMap::new();
        for mail in self.smtp.accepted() {
            *count.entry(mail.digest()).or_default() += 1;
        }
        count
    }

    async fn want(&self) {
        let run = NewRun {
            task: "send".to_owned(),
            args: json!({}),
            queue: Queue::Notify,
            priority: 0,
            key: None,
            run_at: None,
            max_attempts: 100,
            timeout: Duration::from_mins(2),
            trigger: Trigger::Cli,
            schedule: None,
        };
        self.db.store.insert_run(&run).await.unwrap();
    }

    /// Lets a sender work until everything is settled.
    async fn settle(&self) {
        self.want().await;
        let mut running = self.program.start(&["serve", "--roles", "worker", "--queues", "notify"]);
        until("all digests are settled", || async { self.unsettled().await == 0 }).await;
        running.kill();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_sender_doubles_no_mail_and_loses_nothing() {
    let storm = Storm::new().await;
    let seed = std::env::var("CAREER_STORM_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let random = Random::seeded(seed);
    let mut kills = 0;
    loop {
        storm.want().await;
        let mut running = storm.program.start(&["serve", "--roles", "worker", "--queues", "notify"]);
        let goal = storm.left() + 1 + usize::try_from(random.below(12)).unwrap();
        // Killed once so much has left: at a moment that has nothing to do with where it is with the others.
        until("something leaves, or everything has", || async {
            let made: i64 = sqlx::query_scalar("SELECT count(*) FROM worker.digests")
                .fetch_one(&storm.db.pool)
                .await
                .unwrap();
            storm.left() >= goal || made > 0 && storm.unsettled().await == 0
        })
        .await;
        tokio::time::sleep(random.up_to(Duration::from_millis(20))).await;
        running.kill();
        kills += 1;
        let made: i64 = sqlx::query_scalar("SELECT count(*) FROM worker.digests")
            .fetch_one(&storm.db.pool)
            .await
            .unwrap();
        if made > 0 && storm.unsettled().await == 0 || kills == 25 {
            break;
        }
    }
    storm.settle().await;

    let (mails, taken) = (storm.mails(), storm.receiver.taken());
    let (email, webhook) = (storm.states("email").await, storm.states("webhook").await);
    assert_eq!((email.len(), webhook.len()), (USERS, USERS), "seed {seed}");
    let held: Vec<&String> = email.iter().filter(|(_, state)| *state == "held").map(|(id, _)| id).collect();
    let arrived = held.iter().filter(|id| mails.contains_key(**id)).count();
    println!(
        "{kills} kills: {} mails, {} of them held ({arrived} had arrived), {} webhooks in {} requests",
        mails.len(),
        held.len(),
        webhook.len(),
        taken.len()
    );
    assert!(kills >= 5, "seed {seed}: {kills}");
    for (id, state) in &email {
        let times = mails.get(id).copied().unwrap_or(0);
        match state.as_str() {
            "sent" => assert_eq!(times, 1, "seed {seed}: mail {id}"),
            "held" => assert!(times <= 1, "seed {seed}: mail {id}"),
            other => panic!("seed {seed}: mail {id} is {other}"),
        }
    }
    assert!(held.len() <= kills * 2, "at most what was on its way at a kill");
    assert!(webhook.values().all(|state| state == "sent"), "seed {seed}: {webhook:?}");
    let ids: BTreeSet<&str> = taken.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(ids, webhook.keys().map(String::as_str).collect(), "seed {seed}");
    let mut bodies = BTreeMap::new();
    for call in &taken {
        assert!(call.is_signed(super::SECRET));
        assert_eq!(
            bodies.entry(&call.id).or_insert(&call.body),
            &&call.body,
            "a repeated message is the same"
        );
    }

    // A person lets all go that are held: they arrive, those that had arrived a second time, as that person was told.
    for id in &held {
        let id: DigestId = id.parse().unwrap();
        let actor = Actor { id: "test", address: None };
        assert_eq!(
            storm.db.store.change_digest_for(actor, DigestDeed::Release, &id).await.unwrap(),
            Some(true)
        );
    }
    storm.settle().await;
    let mails = storm.mails();
    assert_eq!(mails.len(), USERS, "seed {seed}: nobody is left out");
    assert_eq!(mails.values().filter(|times| **times > 1).count(), arrived, "seed {seed}");
}
