//! The program as those meet it who run it: what it counts, what it tells its supervisor, what it prints, and the files in `deploy/`.

mod deploy;
mod doctor;
mod help;
mod metrics;
mod supervisor;
mod tail;
#[cfg(feature = "otel")]
mod traces;
mod upgrade;

use std::{path::Path, time::Duration};

use career_worker::dev::{Replay, ReplayOptions};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    process::{Program, Running, free_port},
    support::{TestDb, eventually, redis_url, unique},
};

/// A user who searches for what the recorded board has, a schedule for that board, and a program to be started.
struct World {
    db: TestDb,
    program: Program,
    admin: String,
    _replay: Replay,
    _jobs: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let db = TestDb::new().await;
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let replay = Replay::start(&[fixtures], ReplayOptions::default()).await.unwrap();
        let jobs = tempfile::tempdir().unwrap();
        let board = "task = \"scrape\"\nschedule = \"0 3 * * *\"\n[args]\nsource = \"greenhouse\"\nboards = [\"nordlichtgrid\"]\n";
        std::fs::write(jobs.path().join("board.toml"), board).unwrap();
        sqlx::query(
            "WITH u AS (INSERT INTO users (email, hashed_password) VALUES ('a@example.com', 'x') RETURNING id)
             INSERT INTO saved_searches (user_id, name, query) SELECT id, 'rust', 'rust' FROM u",
        )
        .execute(&db.pool)
        .await
        .unwrap();
        let admin = format!("127.0.0.1:{}", free_port());
        let program = Program::at(&db.url, &redis_url().await, jobs.path())
            .with("CAREER__REDIS__PREFIX", unique())
            .with("CAREER__ADMIN__BIND", &admin)
            .with("CAREER__FETCH__GATEWAY", replay.url().as_str())
            .with("CAREER__FETCH__GATEWAY_PER_SECOND", "100");
        Self { db, program, admin, _replay: replay, _jobs: jobs }
    }

    async fn start(&self) -> Running {
        let running = self.program.start(&["serve"]);
        eventually(Duration::from_secs(30), async || get(&self.admin, "/readyz").await.0 == 200).await;
        running
    }

    async fn told(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM notifications").fetch_one(&self.db.pool).await.unwrap()
    }
}

/// Status and body; 0 where nobody answers.
async fn get(address: &str, path: &str) -> (u16, String) {
    ask(address, &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await
}

async fn ask(address: &str, request: &str) -> (u16, String) {
    let Ok(mut stream) = TcpStream::connect(address).await else { return (0, String::new()) };
    let mut answer = String::new();
    let _ = stream.write_all(request.as_bytes()).await;
    let _ = stream.read_to_string(&mut answer).await;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    (status, body)
}
