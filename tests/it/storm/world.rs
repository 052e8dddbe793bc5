//! Everybody else during a storm: the source publishes, people and services want runs by every way there is, and ticks fall due.
//!
//! What was promised to them is written down here, and the checker holds the program to it. A wish that is answered is promised; one whose
//! answer is lost is asked again with its key until it is. To add a way of wanting runs: a function here, and its [`Way`].

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use career_worker::random::Random;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    source::{BOARDS, Catalogue},
    stage::{BURSTS, Stage},
};

/// Postings that are added, changed or closed in a storm, however long it is.
const STIRS: u32 = 900;
/// Runs that are wanted by SQL in a storm, however long it is: a domain is asked by one process at a time, whose death costs a lease.
const WISHES: u32 = 100;
/// A token may ask once a second.
const ASKS: Duration = Duration::from_millis(1_500);
const MESSAGES: Duration = Duration::from_secs(2);
/// Ticks of each burst.
pub const BURST: i32 = 5;

/// How a run was wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Sql,
    Http,
    /// Redis may lose it, so it may come to nothing; never to two.
    Redis,
}

/// Keys of the runs that were wanted, and of those that nobody took for a minute.
#[derive(Default)]
pub struct Wishes(Mutex<Vec<(String, Way)>>, Mutex<Vec<String>>);

impl Wishes {
    pub fn note(&self, key: &str, way: Way) {
        self.0.lock().unwrap().push((key.to_owned(), way));
    }

    fn give_up(&self, key: &str, answer: &str) {
        self.1.lock().unwrap().push(format!("{key} was not taken for a minute: {answer}"));
    }

    pub fn all(&self) -> Vec<(String, Way)> {
        self.0.lock().unwrap().clone()
    }

    pub fn given_up(&self) -> Vec<String> {
        self.1.lock().unwrap().clone()
    }
}

/// Lives for `length`.
pub async fn live(stage: &Stage, seed: u64, length: Duration, wishes: &Wishes) {
    let end = Instant::now() + length;
    let random = |lane: u64| Random::seeded(seed.wrapping_mul(31).wrapping_add(lane));
    let (stirring, wanting, asking, sending) = (random(1), random(2), random(3), random(4));
    tokio::join!(
        every(length / STIRS, end, async |_| stage.source.catalogue.stir(&stirring)),
        every(length / WISHES, end, async |number| want(&stage.pool, &wanting, number, wishes).await),
        every(ASKS, end, async |number| ask(stage, &asking, number, wishes).await),
        every(MESSAGES, end, async |number| send(stage, &sending, number, wishes).await),
        every(length / (u32::try_from(BURSTS).unwrap() + 1), end, async |number| burst(&stage.pool, number)
            .await),
    );
}

/// Acts after each pause until the end.
pub async fn every(pause: Duration, end: Instant, mut act: impl AsyncFnMut(u64)) {
    let mut number = 0;
    while Instant::now() + pause < end {
        tokio::time::sleep(pause).await;
        act(number).await;
        number += 1;
    }
}

fn board(random: &Random) -> Value {
    scrape(&format!("storm{}", random.below(BOARDS)))
}

fn scrape(board: &str) -> Value {
    json!({ "source": "greenhouse", "boards": [board], "confirm_after": "1s" })
}

/// A run wanted by SQL.
pub async fn want(pool: &PgPool, random: &Random, number: u64, wishes: &Wishes) {
    enqueue(pool, &format!("sql-{number}"), &board(random), wishes).await;
}

/// A listing of each board once more, so that what came since its last one is seen.
pub async fn sweep(pool: &PgPool, catalogue: &Catalogue, round: u64, wishes: &Wishes) {
    for board in catalogue.boards() {
        enqueue(pool, &format!("sweep-{round}-{board}"), &scrape(&board), wishes).await;
    }
}

/// `worker.enqueue` in a transaction of ours, until it is known to be committed. A run that is killed often is no run that fails.
async fn enqueue(pool: &PgPool, key: &str, args: &Value, wishes: &Wishes) {
    let once = async || {
        let mut transaction = pool.begin().await?;
        let id: i64 = sqlx::query_scalar("SELECT worker.enqueue('scrape', $1, key => $2)")
            .bind(args)
            .bind(key)
            .fetch_one(&mut *transaction)
            .await?;
        sqlx::query("UPDATE worker.runs SET max_attempts = 1000 WHERE id = $1")
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    };
    insist(key, once).await;
    wishes.note(key, Way::Sql);
}

/// Tries until it works.
async fn insist(what: &str, mut once: impl AsyncFnMut() -> sqlx::Result<()>) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while let Ok(Err(_)) | Err(_) = tokio::time::timeout(Duration::from_secs(10), once()).await {
        assert!(Instant::now() < deadline, "{what}: the database did not take it for a minute");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The admin endpoint, whose answers are swallowed now and then. The second question has the key of the first.
async fn ask(stage: &Stage, random: &Random, number: u64, wishes: &Wishes) {
    let key = format!("http-{number}");
    let body = json!({ "task": "scrape", "args": board(random), "key": key, "attempts": 100 }).to_string();
    let request = format!(
        "POST /api/v1/runs HTTP/1.1\r\nhost: storm\r\nconnection: close\r\nauthorization: Bearer {}\r\nidempotency-key: {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        stage.token,
        body.len()
    );
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        if random.below(3) == 0 {
            stage.admin.swallow(1);
        }
        let answer = tokio::time::timeout(Duration::from_secs(12), post(stage.admin.port, &request)).await;
        if matches!(answer, Ok(Some(200 | 202))) {
            break wishes.note(&key, Way::Http);
        }
        if Instant::now() > deadline {
            break wishes.give_up(&key, &format!("{answer:?}"));
        }
        tokio::time::sleep(ASKS).await;
    }
}

async fn post(port: u16, request: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

/// A message on a queue in Redis, as another service would push it.
async fn send(stage: &Stage, random: &Random, number: u64, wishes: &Wishes) {
    let (key, id) =
        (format!("redis-{number}"), ulid::Ulid::from_parts(number, random.below(1 << 60).into()).to_string());
    let message = json!({ "task": "prune", "args": {}, "key": key }).to_string();
    wishes.note(&key, Way::Redis);
    let Ok(server) = tokio::time::timeout(Duration::from_secs(1), stage.redis.lock()).await else { return };
    let client = redis::Client::open(server.url().as_str()).unwrap();
    drop(server);
    let Ok(mut connection) = client.get_multiplexed_async_connection().await else { return };
    let _ = message_to("career:maintenance", &id, &message).query_async::<()>(&mut connection).await;
}

/// What pushes a message as transport.rs says it is done without apalis.
pub fn message_to(queue: &str, id: &str, message: &str) -> redis::Pipeline {
    let mut pipe = redis::pipe();
    pipe.atomic()
        .cmd("HSETNX")
        .arg(format!("{queue}:data"))
        .arg(id)
        .arg(message)
        .cmd("HSET")
        .arg(format!("{queue}:meta:{id}"))
        .arg(&["attempts", "0", "max_attempts", "25", "status", "Pending"])
        .cmd("ZADD")
        .arg(format!("{queue}:scheduled"))
        .arg(1)
        .arg(id);
    pipe
}

/// Makes several years of a yearly schedule due at once.
pub async fn burst(pool: &PgPool, number: u64) {
    insist("burst", async || {
        sqlx::query(
            "UPDATE worker.schedules SET watermark = date_trunc('year', now()) - make_interval(years => $2) + interval '1 day'
             WHERE name = $1",
        )
        .bind(format!("burst{number}"))
        .bind(BURST)
        .execute(pool)
        .await
        .map(drop)
    })
    .await;
}
