//! How fast postings are matched, their texts read included.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    engine::{Engine, pairs},
    measures::quantile,
    process,
    report::{Spread, line, short},
    workload::PostingText,
};

/// Postings that threads take at a time.
const CHUNK: usize = 64;
/// Postings whose candidates are counted.
const CANDIDATES: usize = 200;

/// What a run over some postings took.
pub struct Run {
    /// On processors, all threads together.
    pub busy: Duration,
    /// By the clock.
    pub elapsed: Duration,
    /// What was found.
    pub found: Found,
}

/// How much a run found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Pairs of a search and a posting.
    pub pairs: usize,
    /// Pairs of a user and a posting.
    pub hits: usize,
}

/// Adds `count` searches or profiles, drawn beforehand, and says what one costs in time and memory.
pub fn build<T>(engine: &Engine, count: usize, draw: impl Fn(usize) -> T, put: impl Fn(&Engine, &T)) {
    const BATCH: usize = 10_000;
    let before = engine.bytes();
    let mut busy = Duration::ZERO;
    for begin in (0..count).step_by(BATCH) {
        let batch: Vec<T> = (begin..count.min(begin + BATCH)).map(&draw).collect();
        let start = process::thread_time();
        for one in &batch {
            put(engine, one);
        }
        engine.compact_if_worth_it();
        busy += process::thread_time_since(start);
    }
    let start = process::thread_time();
    engine.compact();
    busy += process::thread_time_since(start);
    let bytes = engine.bytes().saturating_sub(before) / count.max(1);
    let seconds = busy.as_secs_f64();
    let each = short(seconds * 1e6 / count as f64);
    line("build", format!("{} s, {each} us and {bytes} B of memory each", short(seconds)));
}

/// Matches all of `postings` on `threads` threads, each with a finder of its own that has seen `warm` before.
pub fn run(engine: &Engine, warm: &[PostingText], postings: &[PostingText], threads: usize) -> Run {
    let next = AtomicUsize::new(0);
    let ready = Barrier::new(threads + 1);
    let work = || {
        let (mut finder, mut found) = (engine.finder(), Found::default());
        for posting in warm {
            finder.find(posting);
        }
        ready.wait();
        let start = process::thread_time();
        while let Some(chunk) = postings.chunks(CHUNK).nth(next.fetch_add(1, Ordering::Relaxed)) {
            for posting in chunk {
                let hits = finder.find(posting);
                found.pairs += pairs(hits);
                found.hits += hits.len();
            }
        }
        (process::thread_time_since(start), found)
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        ready.wait();
        let start = Instant::now();
        let parts: Vec<_> =
            running.into_iter().map(|thread| thread.join().expect("a thread that matches")).collect();
        let mut run = Run { busy: Duration::ZERO, elapsed: start.elapsed(), found: Found::default() };
        for (busy, found) in parts {
            run.busy += busy;
            run.found.pairs += found.pairs;
            run.found.hits += found.hits;
        }
        run
    })
}

/// Microseconds a posting: of processor time, and until its hits are there.
pub struct Speed {
    pub cost: f64,
    pub p50: f64,
    pub p99: f64,
}

/// All figures of one size.
pub fn measure(engine: &Engine, rounds: &[Vec<PostingText>], threads: &[usize]) -> Speed {
    let warm = rounds.first().map(Vec::as_slice).unwrap_or_default();
    let mut cost = f64::NAN;
    for &count in threads {
        let runs: Vec<_> =
            rounds.iter().map(|postings| (postings.len(), run(engine, warm, postings, count))).collect();
        line(
            &format!("postings/s by the clock, threads: {count}"),
            Spread::of(runs.iter().map(|(len, run)| *len as f64 / run.elapsed.as_secs_f64())),
        );
        let busy = Spread::of(runs.iter().map(|(len, run)| *len as f64 / run.busy.as_secs_f64()));
        line(&format!("postings/s of a processor, threads: {count}"), &busy);
        if cost.is_nan() {
            cost = 1e6 / busy.median();
            let postings: usize = runs.iter().map(|(len, _)| len).sum();
            let a_posting = |count: fn(&Found) -> usize| {
                short(runs.iter().map(|(_, run)| count(&run.found)).sum::<usize>() as f64 / postings as f64)
            };
            line("matches a posting", a_posting(|found| found.pairs));
            line("users a posting", a_posting(|found| found.hits));
        }
    }
    line("postings/s of a processor, sorted by city", sorted(engine, rounds));
    let (p50, p99) = latency(engine, rounds);
    line("latency of a posting, p50 / p99, us", format!("{} / {}", short(p50), short(p99)));
    let some = warm.get(..CANDIDATES).unwrap_or(warm);
    let mut finder = engine.finder();
    for posting in some {
        finder.find(posting);
    }
    line("candidates a posting", short(finder.looked_at() as f64 / some.len() as f64));
    Speed { cost, p50, p99 }
}

fn sorted(engine: &Engine, rounds: &[Vec<PostingText>]) -> Spread {
    Spread::of(rounds.iter().map(|postings| {
        let mut order: Vec<&PostingText> = postings.iter().collect();
        order.sort_by_key(|posting| posting.city());
        let mut finder = engine.finder();
        for posting in &order {
            finder.find(posting);
        }
        let start = process::thread_time();
        let found: usize = order.iter().map(|posting| finder.find(posting).len()).sum();
        let busy = process::thread_time_since(start);
        std::hint::black_box(found);
        postings.len() as f64 / busy.as_secs_f64()
    }))
}

fn latency(engine: &Engine, rounds: &[Vec<PostingText>]) -> (f64, f64) {
    let mut finder = engine.finder();
    for posting in rounds.iter().flatten() {
        finder.find(posting);
    }
    let mut times: Vec<f64> = rounds
        .iter()
        .flatten()
        .map(|posting| {
            let start = Instant::now();
            std::hint::black_box(finder.find(posting));
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    (quantile(&mut times, 0.50), quantile(&mut times, 0.99))
}
