//! What is measured while a storm goes on: the probes of the process that is spared, and its memory and open files.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::stage::Shared;

const EVERY: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(4);
/// When a cut is over, this long for the probe to be green again.
const GREEN_WITHIN: Duration = Duration::from_secs(15);

/// One answer of `/readyz`.
struct Answer {
    asked: Instant,
    answered: Instant,
    ready: bool,
}

/// How long the probe took to follow one cut; nothing where it did not.
#[derive(Clone, Copy, Debug)]
pub struct Followed {
    pub red: Option<Duration>,
    pub green: Option<Duration>,
}

/// The answers of `/readyz` so far.
#[derive(Default)]
pub struct Probes {
    answers: Mutex<Vec<Answer>>,
    cuts: Mutex<Vec<Followed>>,
}

impl Probes {
    /// Asks again and again; never ends. Whoever does not answer is not ready.
    pub async fn ask(&self, port: u16) {
        loop {
            let asked = Instant::now();
            let ready = get(port, "/readyz", PATIENCE).await == Some(200);
            self.answers.lock().unwrap().push(Answer { asked, answered: Instant::now(), ready });
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Waits until the probe has turned green after a cut that was from `begun` to `over`, and notes how long it took both ways.
    pub async fn watch_cut(&self, begun: Instant, over: Instant) {
        let red = || {
            let answers = self.answers.lock().unwrap();
            let found = answers.iter().find(|answer| answer.answered >= begun && !answer.ready);
            found.map(|answer| answer.answered - begun)
        };
        let green = || {
            let answers = self.answers.lock().unwrap();
            let found = answers.iter().find(|answer| answer.asked >= over && answer.ready);
            found.map(|answer| answer.answered - over)
        };
        while green().is_none() && over.elapsed() < GREEN_WITHIN {
            tokio::time::sleep(EVERY).await;
        }
        let red = red().filter(|red| begun + *red <= over + PATIENCE);
        self.cuts.lock().unwrap().push(Followed { red, green: green() });
    }

    pub fn cuts(&self) -> Vec<Followed> {
        self.cuts.lock().unwrap().clone()
    }

    /// Waits for a green answer to a question asked from now on.
    pub async fn green(&self, within: Duration) -> bool {
        let begun = Instant::now();
        let green =
            || self.answers.lock().unwrap().iter().any(|answer| answer.asked >= begun && answer.ready);
        while !green() {
            if begun.elapsed() > within {
                return false;
            }
            tokio::time::sleep(EVERY).await;
        }
        true
    }
}

/// Status of a page of the admin endpoint.
pub async fn get(port: u16, path: &str, within: Duration) -> Option<u16> {
    let asked = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: storm\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        answer.split(' ').nth(1)?.parse().ok()
    };
    tokio::time::timeout(within, asked).await.ok().flatten()
}

/// Memory and open files over time.
#[derive(Default)]
pub struct Usage(Mutex<Vec<(f64, f64, f64)>>);

impl Usage {
    /// Looks each second; never ends.
    pub async fn look(&self, stage: Shared) {
        let begun = Instant::now();
        let mut every = tokio::time::interval(Duration::from_secs(1));
        loop {
            every.tick().await;
            let usage = stage.replicas[0].lock().await.usage();
            let number = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
            if let Some((memory, files)) = usage {
                self.0.lock().unwrap().push((begun.elapsed().as_secs_f64(), number(memory), number(files)));
            }
        }
    }

    /// Memory in MiB and open files: the last of each, and how much they grow a minute, once the process is warm.
    pub fn trend(&self) -> Trend {
        let all = self.0.lock().unwrap();
        let warm = &all[all.len() / 4..];
        let (_, memory, files) = all.last().copied().unwrap_or_default();
        let memory_of = |sample: &(f64, f64, f64)| (sample.0 / 60.0, sample.1 / 1024.0);
        let files_of = |sample: &(f64, f64, f64)| (sample.0 / 60.0, sample.2);
        Trend {
            memory: memory / 1024.0,
            memory_growth: slope(warm.iter().map(memory_of)),
            files,
            files_growth: slope(warm.iter().map(files_of)),
        }
    }
}

/// Where memory and open files stand and go.
#[derive(Clone, Copy, Debug)]
pub struct Trend {
    pub memory: f64,
    pub memory_growth: f64,
    pub files: f64,
    pub files_growth: f64,
}

/// Of the line that fits best.
fn slope(points: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let (mut n, mut x_sum, mut y_sum) = (0.0, 0.0, 0.0);
    for (x, y) in points.clone() {
        (n, x_sum, y_sum) = (n + 1.0, x_sum + x, y_sum + y);
    }
    let (mut above, mut below) = (0.0, 0.0);
    for (x, y) in points {
        above += (x - x_sum / n) * (y - y_sum / n);
        below += (x - x_sum / n).powi(2);
    }
    if below > 0.0 { above / below } else { 0.0 }
}

#[test]
fn a_line_has_its_slope() {
    let points = [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)];
    assert!((slope(points.into_iter()) - 2.0).abs() < 1e-9);
}
