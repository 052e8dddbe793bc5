//! Searches that change while postings are matched.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use career_worker::domain::SavedSearch;

use crate::{
    engine::Engine,
    process,
    report::{Spread, line, short},
    speed,
    workload::{PostingText, World},
};

/// Searches added, changed and removed.
const CHANGES: usize = 20_000;

/// Adds, changes and removes searches beyond the first `searches` while another thread matches; leaves the index as it was.
///
/// # Panics
/// Where postings then have other matches than before.
pub fn while_matching(engine: &Engine, world: &World, searches: usize, postings: &[PostingText]) {
    let added: Vec<_> = (searches..searches + CHANGES).map(|id| world.search(id).saved(world)).collect();
    let changed: Vec<_> = added
        .iter()
        .enumerate()
        .map(|(at, search)| SavedSearch {
            id: search.id,
            user_id: search.user_id,
            ..world.search(searches + CHANGES + at).saved(world)
        })
        .collect();
    let before = speed::run(engine, &[], postings, 1).found;
    let (done, ready) = (AtomicBool::new(false), AtomicBool::new(false));
    let matched = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut finder, mut matched) = (engine.finder(), 0);
            for posting in postings.iter().cycle() {
                finder.find(posting);
                matched += 1;
                ready.store(true, Ordering::Release);
                if done.load(Ordering::Acquire) {
                    break;
                }
            }
            matched
        });
        while !ready.load(Ordering::Acquire) {
            thread::yield_now();
        }
        timed("read a search alone while matching, us", &added, |search| engine.read_search(search));
        timed("add a search while matching, us", &added, |search| engine.put_search(search));
        timed("change a search while matching, us", &changed, |search| engine.put_search(search));
        timed("remove a search while matching, us", &added, |search| engine.remove_search(search.id));
        done.store(true, Ordering::Release);
        reader.join().expect("a thread that matches")
    });
    line("postings matched meanwhile", matched);
    assert_eq!(
        speed::run(engine, &[], postings, 1).found,
        before,
        "matches after the changes were taken back"
    );
}

fn timed(what: &str, searches: &[SavedSearch], change: impl Fn(&SavedSearch)) {
    let (clock, busy) = (Instant::now(), process::thread_time());
    searches.iter().for_each(change);
    let each = |time: Duration| short(time.as_secs_f64() * 1e6 / searches.len() as f64);
    line(
        what,
        format!(
            "{} by the clock, {} of a processor",
            each(clock.elapsed()),
            each(process::thread_time_since(busy))
        ),
    );
}

/// Removes and adds the first `changed` searches and says how much slower the postings of each round are matched directly afterwards.
///
/// # Panics
/// Where postings then have other matches than before.
pub fn slowdown(engine: &Engine, world: &World, changed: usize, rounds: &[Vec<PostingText>]) {
    if changed == 0 {
        return;
    }
    let before: Vec<_> = rounds.iter().map(|postings| speed::run(engine, postings, postings, 1)).collect();
    for id in 0..changed {
        let search = world.search(id).saved(world);
        engine.remove_search(search.id);
        engine.put_search(&search);
    }
    let ratios = rounds.iter().zip(&before).map(|(postings, before)| {
        let after = speed::run(engine, postings, postings, 1);
        assert_eq!(after.found, before.found, "matches after {changed} searches were written again");
        after.busy.as_secs_f64() / before.busy.as_secs_f64()
    });
    line(&format!("cost after {changed} changes, against before"), Spread::of(ratios));
}
