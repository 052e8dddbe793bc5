//! What the daemon takes for itself: size of the program, time until it is ready, memory and processor time while nothing is to be done.
//!
//! The real program with all roles and the schedules of `jobs/`, all paused, on private servers. `cargo bench --bench footprint [-- SECONDS]`
//! (60) says how long it is watched.
#![expect(clippy::print_stdout, reason = "this is what it is for")]

#[expect(dead_code, reason = "shared by benchmarks")]
mod measures;
#[expect(dead_code, reason = "shared by benchmarks")]
mod server;

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use self::{
    measures::{Goal, Measures, median, memory},
    server::Server,
};

/// Cold starts.
const STARTS: usize = 5;

/// A running daemon, killed when dropped.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

impl Daemon {
    /// Starts it and waits until it is ready; gives the seconds too.
    async fn start(server: &Server, jobs: &Path, port: u16) -> anyhow::Result<(Self, f64)> {
        let begin = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_career-worker"))
            .args(["serve", "--jobs"])
            .arg(jobs)
            .env("CAREER__DATABASE__URL", server.database_url())
            .env("CAREER__REDIS__URL", server.redis_url())
            .env("CAREER__ADMIN__BIND", format!("127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("start the program")?;
        let daemon = Self(child);
        while !is_ready(port).await {
            ensure!(begin.elapsed() < Duration::from_mins(1), "not ready after a minute");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok((daemon, begin.elapsed().as_secs_f64()))
    }

    /// Processor seconds so far.
    fn busy(&self) -> anyhow::Result<f64> {
        let mut nanoseconds = 0.0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            let text = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
            nanoseconds += text.split(' ').next().and_then(|count| count.parse::<f64>().ok()).unwrap_or(0.0);
        }
        Ok(nanoseconds / 1e9)
    }
}

async fn is_ready(port: u16) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    ask.await.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let watched =
        std::env::args().skip(1).find_map(|word| word.parse::<u64>().ok()).map_or(60, |seconds| seconds);
    let mut measures = Measures::of("footprint");
    let program = Path::new(env!("CARGO_BIN_EXE_career-worker"));
    let size = fs::metadata(program)?.len();
    let server = Server::durable().await?;
    let store = server.store().await?;
    let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let files = fs::read_dir(&jobs)?
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "toml"));
    let mut schedules = 0_u32;
    for file in files {
        let name = file.path().file_stem().unwrap_or_default().to_string_lossy().into_owned();
        store.insert_pause(career_worker::store::PauseKind::Schedule, &name, Some("benchmark")).await?;
        schedules += 1;
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    println!("all roles, {schedules} schedules");
    #[expect(clippy::cast_precision_loss, reason = "a size for people")]
    measures.note("size of the program, with line tables", size as f64 / 1e6, "MB");
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(Daemon::start(&server, &jobs, port).await?.1 * 1e3);
    }
    measures.note("cold start until ready", median(starts), "ms");
    let (daemon, _) = Daemon::start(&server, &jobs, port).await?;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let (before, begin) = (daemon.busy()?, Instant::now());
    tokio::time::sleep(Duration::from_secs(watched)).await;
    let share = (daemon.busy()? - before) / begin.elapsed().as_secs_f64() * 100.0;
    measures.against("memory while idle", memory(daemon.0.id()), "MB", Goal::AtMost(64.0));
    measures.against("processor while idle", share, "% of a core", Goal::AtMost(0.5));
    measures.save()
}
