//! A storm in small: two replicas with every role but one, killed twice, while a source publishes and everybody wants runs.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use career_worker::random::Random;
use sqlx::PgPool;

use crate::{
    process::{Program, Running},
    rig::until,
    storm::{
        begun,
        checker::{Findings, check},
        settled,
        source::Source,
        stage::{BURSTS, prepare, write_schedules},
        world::{Way, Wishes, burst, every, sweep, want},
    },
    support::eventually,
};

/// How long it lasts before everything is left to settle.
const LENGTH: Duration = Duration::from_secs(6);

/// What a listener had taken when it was killed is taken over once it has been silent for a minute.
const INHERITED: Duration = Duration::from_mins(2);

pub struct Drill<'p> {
    /// Dropped first.
    replicas: Vec<Running>,
    program: Program,
    /// Past whatever is between the program and the server.
    pool: &'p PgPool,
    source: Source,
    files: tempfile::TempDir,
}

/// Waits until runs are worked off, so that what goes wrong next meets work.
pub async fn at_work(pool: &PgPool) {
    until("runs are done", || async {
        let done = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM worker.runs WHERE state = 'done'");
        done.fetch_one(pool).await.is_ok_and(|done| done > 20)
    })
    .await;
}

impl<'p> Drill<'p> {
    /// On a migrated database.
    pub async fn start(pool: &'p PgPool, database: &str, redis: &str, settings: &[(&str, String)]) -> Self {
        let files = tempfile::tempdir().unwrap();
        prepare(pool).await;
        let source = Source::start().await;
        let mut program = Program::at(database, redis, &write_schedules(&files))
            .with("CAREER__FETCH__GATEWAY", format!("http://{}", source.address))
            .with("CAREER__FETCH__GATEWAY_PER_SECOND", "100")
            .with("CAREER__DATABASE__MAX_CONNECTIONS", "8")
            .with("CAREER__LOG__FORMAT", "text")
            .with("CAREER__LOG__FILTER", "info,sqlx=warn,apalis_core=off,apalis_redis=off");
        for (key, value) in settings {
            program = program.with(key, value);
        }
        let mut drill = Self { replicas: Vec::new(), program, pool, source, files };
        drill.replicas = (0..2).map(|number| drill.replica(number)).collect();
        drill
    }

    fn replica(&self, number: usize) -> Running {
        self.program.start_logged(&["serve", "--roles", "scheduler,worker"], &self.log(number))
    }

    fn log(&self, number: usize) -> PathBuf {
        self.files.path().join(format!("replica-{number}.log"))
    }

    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Lives through it; `send` pushes a message with this key and says whether it is promised to arrive. Fails where anything was lost,
    /// doubled or missed.
    pub async fn play(mut self, send: impl AsyncFn(u64, &str) -> bool, wreck: impl Future<Output = ()>) {
        let watermarks = begun(self.pool).await;
        let (wishes, wanting, stirring) = (Wishes::default(), Random::seeded(7), Random::seeded(8));
        let end = Instant::now() + LENGTH;
        let (pool, catalogue) = (self.pool, self.source.catalogue.clone());
        let live = async {
            tokio::join!(
                every(LENGTH / 150, end, async |_| catalogue.stir(&stirring)),
                every(LENGTH / 30, end, async |number| want(pool, &wanting, number, &wishes).await),
                every(LENGTH / 30, end, async |number| {
                    let key = format!("redis-{number}");
                    let promised = send(number, &key).await;
                    wishes.note(&key, if promised { Way::Http } else { Way::Redis });
                }),
                every(LENGTH / (u32::try_from(BURSTS).unwrap() + 1), end, async |number| burst(pool, number)
                    .await),
                wreck,
            );
        };
        tokio::join!(live, self.kills());
        let all = wishes.all();
        let promised: Vec<&str> =
            all.iter().filter(|wish| wish.1 == Way::Http).map(|wish| wish.0.as_str()).collect();
        eventually(INHERITED, || async {
            let known = "SELECT count(DISTINCT key) FROM worker.runs WHERE key = ANY($1)";
            let known = sqlx::query_scalar::<_, i64>(known).bind(&promised).fetch_one(self.pool).await;
            known.is_ok_and(|known| usize::try_from(known) == Ok(promised.len()))
        })
        .await;
        for round in 0..2 {
            sweep(pool, &self.source.catalogue, round, &wishes).await;
            assert!(settled(pool, Instant::now()).await, "work is left: {}", self.said());
            // A posting is gone when a second listing lacks it, a second after the first.
            tokio::time::sleep(Duration::from_millis(1_100)).await;
        }
        let found = check(pool, &self.source.catalogue.all(), &wishes, &watermarks).await;
        let Findings { postings, notices, ticks, .. } = found;
        println!(
            "{postings} postings, {notices} notices, {} wishes, {} of them promised, {ticks} ticks",
            found.wishes,
            promised.len()
        );
        assert!(found.is_empty(), "{found:#?}\n{}", self.said());
        assert!(postings > 30 && notices > 30, "too little happened: {}", self.said());
    }

    /// kill -9 for each of them once.
    async fn kills(&mut self) {
        for number in 0..2 {
            tokio::time::sleep(LENGTH / 4).await;
            self.replicas[number].kill();
            self.replicas[number] = self.replica(number);
        }
    }

    /// The end of what the replicas said.
    fn said(&self) -> String {
        let logs = (0..2).map(|number| std::fs::read_to_string(self.log(number)).unwrap_or_default());
        logs.map(|log| log.lines().rev().take(20).collect::<Vec<_>>().join("\n"))
            .collect::<Vec<_>>()
            .join("\n--\n")
    }
}
