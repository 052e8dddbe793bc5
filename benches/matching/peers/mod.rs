//! The same searches and postings in other engines, in turns with ours.
//!
//! Each must find as many pairs as we do before its speed counts. To add one: a file here with a `measure`, a variant of
//! [`PeerName`](crate::options::PeerName), what it needs in `benches/peers/matching`.

mod lucene;
mod postgres;

use std::time::Duration;

use crate::{
    engine::Engine,
    options::{Options, PeerName},
    report::{Spread, line},
    speed,
    workload::{PostingText, World},
};

/// A measurement of ours shorter than this is repeated; the clock of threads is none too fine.
const LONG_ENOUGH: Duration = Duration::from_millis(300);

/// One round of postings in one engine.
struct Round {
    /// Seconds of processor time.
    busy: f64,
    pairs: usize,
}

/// Measures the peers that `options` names.
///
/// # Errors
/// Where a peer does not run.
///
/// # Panics
/// Where a peer finds other matches.
pub fn measure(options: &Options, world: &World, engine: &Engine, searches: usize) -> anyhow::Result<()> {
    let rounds: Vec<Vec<PostingText>> = (0..options.rounds.max(1))
        .map(|round| {
            let first = round * options.peer_postings;
            (first..first + options.peer_postings).map(|id| world.posting_text(id)).collect()
        })
        .collect();
    for peer in &options.peers {
        match peer {
            PeerName::Pg => postgres::measure(world, engine, searches, &rounds)?,
            PeerName::Lucene => lucene::measure(world, engine, searches, &rounds)?,
        }
    }
    Ok(())
}

/// Ours.
fn ours(engine: &Engine, postings: &[PostingText]) -> Round {
    let (mut busy, mut times, mut pairs) = (Duration::ZERO, 0_u32, 0);
    while busy < LONG_ENOUGH {
        let run = speed::run(engine, postings, postings, 1);
        busy += run.busy;
        pairs = run.found.pairs;
        times += 1;
    }
    Round { busy: busy.as_secs_f64() / f64::from(times), pairs }
}

/// Says how fast a peer was and how many times as fast we were.
fn compare(name: &str, postings: usize, ours: &[Round], peer: &[Round]) {
    assert_eq!(ours.len(), peer.len(), "rounds of {name}");
    for (round, (ours, peer)) in ours.iter().zip(peer).enumerate() {
        assert_eq!(ours.pairs, peer.pairs, "matches of {name} in round {round}");
    }
    let speed = |rounds: &[Round]| Spread::of(rounds.iter().map(|round| postings as f64 / round.busy));
    let matches: usize = ours.iter().map(|round| round.pairs).sum();
    line(&format!("{name}: postings/s of a processor"), format!("{}, ours {}", speed(peer), speed(ours)));
    let ratio = Spread::of(ours.iter().zip(peer).map(|(ours, peer)| peer.busy / ours.busy));
    line(&format!("{name}: ours is faster by"), format!("{ratio}, with the same {matches} matches"));
}
