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
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    source::BOARDS,
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
        every(length / WISHES, end, async |number| want(stage, &wanting, number, wishes).await),
        every(ASKS, end, async |number| ask(stage, &asking, number, wishes).await),
        every(MESSAGES, end, async |number| send(stage, &sending, number, wishes).await),
        every(length / (u32::try_from(BURSTS).unwrap() + 1), end, async |number| burst(stage, number).await),
    );
}

async fn every(pause: Duration, end: Instant, mut act: impl AsyncFnMut(u64)) {
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

async fn want(stage: &Stage, random: &Random, number: u64, wishes: &Wishes) {
    enqueue(stage, &format!("sql-{number}"), &board(random), wishes).await;
}

/// A listing of each board once more, so that what came since its last one is seen.
pub async fn sweep(stage: &Stage, round: u64, wishes: &Wishes) {
    for board in stage.source.catalogue.boards() {
        enqueue(stage, &format!("sweep-{round}-{board}"), &scrape(&board), wishes).await;
    }
}

/// `worker.enqueue` in a transaction of ours, until it is known to be committed. A run that is killed often is no run that fails.
async fn enqueue(stage: &Stage, key: &str, args: &Value, wishes: &Wishes) {
    let once = async || {
        let mut transaction = stage.pool.begin().await?;
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
    let mut pipe = redis::pipe();
    pipe.atomic()
        .cmd("HSETNX")
        .arg("career:maintenance:data")
        .arg(&id)
        .arg(message)
        .cmd("HSET")
        .arg(format!("career:maintenance:meta:{id}"))
        .arg(&["attempts", "0", "max_attempts", "25", "status", "Pending"])
        .cmd("ZADD")
        .arg("career:maintenance:scheduled")
        .arg(1)
        .arg(&id);
    let _ = pipe.query_async::<()>(&mut connection).await;
}

/// Makes several years of a yearly schedule due at once.
async fn burst(stage: &Stage, number: u64) {
    insist("burst", async || {
        sqlx::query(
            "UPDATE worker.schedules SET watermark = date_trunc('year', now()) - make_interval(years => $2) + interval '1 day'
             WHERE name = $1",
        )
        .bind(format!("burst{number}"))
        .bind(BURST)
        .execute(&stage.pool)
        .await
        .map(drop)
    })
    .await;
}
