//! Matching postings of about 2.6 KB against many saved searches and profiles: speed, memory, the same answers as by asking each, and the
//! same work by other engines.
//!
//! ```sh
//! cargo bench --bench matching                                                        # under a minute
//! cargo bench --bench matching -- --preset hot --searches 10000,100000,1000000 --postings 20000
//! cargo bench --bench matching -- --searches 100000 --peers pg,lucene                 # ../peers/matching/README.md
//! cargo bench --bench matching -- export target/workload --searches 10000 --postings 1000
//! ```
//!
//! Times of processors are those of the threads themselves, so that they mean something on a machine with other work, too. To measure
//! something more: a function beside those of `speed.rs` and `change.rs`, called in [`size`].

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the numbers are drawn here and small enough"
)]

mod change;
mod engine;
#[path = "../measures/mod.rs"]
#[expect(dead_code, reason = "shared by benchmarks")]
mod measures;
mod options;
mod peers;
mod process;
mod report;
mod speed;
mod verify;
mod workload;

use clap::Parser as _;

use self::{
    engine::Engine,
    measures::{Goal, Measures},
    options::{Command, Options},
    report::{line, short},
    workload::{PostingText, World},
};

/// The first posting of the sample that tells which words are rare; none of it is matched.
const SAMPLE: usize = 10_000_000;
/// Postings of the sample.
const SAMPLED: usize = 2_000;

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let world = World::new(options.preset);
    if let Some(Command::Export { folder }) = &options.command {
        let searches = options.searches.first().copied().unwrap_or_default();
        return world.export(folder, searches, options.postings);
    }
    let rounds: Vec<Vec<PostingText>> = (0..options.rounds.max(1))
        .map(|round| {
            let first = round * options.postings;
            (first..first + options.postings).map(|id| world.posting_text(id)).collect()
        })
        .collect();
    println!(
        "{} rounds of {} postings, {} B and {} words each; load of the machine {}",
        rounds.len(),
        options.postings,
        short(mean(rounds.iter().flatten().map(PostingText::bytes))),
        short(mean(rounds.iter().flatten().map(PostingText::words))),
        process::load()
    );
    verify::vocabulary(&Engine::new());
    let mut first_cost = None;
    let mut measures = Measures::of("matching");
    for (at, &searches) in options.searches.iter().enumerate() {
        let last = at + 1 == options.searches.len();
        println!("\n{searches} searches, {:?}", options.preset);
        let engine = size(&options, &world, searches, &rounds, &mut first_cost, &mut measures)?;
        if last && options.profiles > 0 {
            profiles(&options, &world, &engine, searches, &rounds);
        }
    }
    println!("\nload of the machine {}", process::load());
    measures.save()
}

/// Everything about one number of searches.
fn size(
    options: &Options,
    world: &World,
    searches: usize,
    rounds: &[Vec<PostingText>],
    first_cost: &mut Option<f64>,
    measures: &mut Measures,
) -> anyhow::Result<Engine> {
    let engine = Engine::new();
    (SAMPLE..SAMPLE + SAMPLED).for_each(|id| engine.observe(&world.posting_text(id)));
    speed::build(&engine, searches, |id| world.search(id).saved(world), Engine::put_search);
    let sample = rounds[0].get(..options.check).unwrap_or(&rounds[0]);
    verify::answers(&engine, world, searches, 0, sample);
    line("postings compared with asking each search", format!("{}, all the same", sample.len()));
    let speed = speed::measure(&engine, rounds, &options.threads);
    line("cost against the first size", short(speed.cost / *first_cost.get_or_insert(speed.cost)));
    note(measures, &speed, searches);
    peers::measure(options, world, &engine, searches)?;
    change::while_matching(&engine, world, searches, &rounds[0]);
    change::slowdown(&engine, world, options.delta.min(searches / 2), rounds);
    Ok(engine)
}

/// Keeps figures of one number of searches for the page of results.
fn note(measures: &mut Measures, speed: &speed::Speed, searches: usize) {
    let mut at =
        |what: &str, value: f64, unit: &str| measures.at(what, value, unit, "searches", searches as f64);
    at("a posting, p50", speed.p50, "us");
    at("a posting, p99", speed.p99, "us");
    at("postings of one processor", 1e6 / speed.cost, "postings/s");
    if searches >= 1_000_000 {
        measures.against(
            "a posting against a million searches, p99",
            speed.p99 / 1e3,
            "ms",
            Goal::AtMost(5.0),
        );
    }
}

/// Profiles alone, and beside the searches of `engine`.
fn profiles(options: &Options, world: &World, engine: &Engine, searches: usize, rounds: &[Vec<PostingText>]) {
    let alone = Engine::new();
    let sample = rounds[0].get(..options.check).unwrap_or(&rounds[0]);
    for (engine, searches) in [(&alone, 0), (engine, searches)] {
        println!("\n{} profiles and {searches} searches", options.profiles);
        speed::build(engine, options.profiles, |id| world.profile(id), Engine::put_profile);
        verify::answers(engine, world, searches, options.profiles, sample);
        line("postings compared with asking each", format!("{}, all the same", sample.len()));
        speed::measure(engine, rounds, &options.threads);
    }
}

fn mean(numbers: impl Iterator<Item = usize>) -> f64 {
    let (sum, count) = numbers.fold((0, 0), |(sum, count), number| (sum + number, count + 1));
    sum as f64 / f64::from(count)
}
