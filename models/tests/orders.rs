//! Every order of steps.

use std::sync::Arc;

use career_worker_models::{AppendList, Chains, Delta, Entry, Owner};
use shuttle::{
    check_dfs, check_pct, check_random,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

/// More orders than any scene has that is tried whole.
const MOST: usize = 2_000_000;
/// Orders tried of a scene that has too many.
const SOME: usize = 100_000;

/// Tries every order there is; a scene that has more would be cut short without a word, so they are counted.
fn all_orders(scene: impl Fn() + Send + Sync + 'static) {
    let tried = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = tried.clone();
    check_dfs(
        move || {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            scene();
        },
        Some(MOST),
    );
    let tried = tried.load(std::sync::atomic::Ordering::Relaxed);
    println!("{tried} orders");
    assert!((10..MOST).contains(&tried), "{tried} orders");
}

fn pushing(elements: u32) {
    let list = Arc::new(AppendList::default());
    let written = list.clone();
    let writer = thread::spawn(move || {
        for number in 0..elements {
            assert_eq!(written.push([number; 2]), Ok(number));
        }
    });
    let length = list.len();
    for number in 0..length {
        assert_eq!(list.get(number), Some(&[number; 2]), "below the length {length}");
    }
    // Above it there is an element or none, never half of one.
    if let Some(next) = list.get(length) {
        assert_eq!(next, &[length; 2]);
    }
    writer.join().unwrap();
    assert_eq!(list.len(), elements);
}

#[test]
fn a_reader_sees_whole_elements_and_all_below_the_length() {
    all_orders(|| pushing(1));
    check_random(|| pushing(5), SOME);
}

fn keys_of(delta: &Delta, keys: &[u32]) -> Vec<(u32, u32)> {
    let (mut found, length) = (Vec::new(), delta.len());
    let mut chains = Chains::default();
    delta.each([0].into_iter(), keys, length, &mut chains, |node| found.push((node.key, node.owner.0)));
    found.sort_unstable();
    found
}

#[test]
fn a_reader_in_the_middle_of_an_addition_sees_no_more_than_is_there() {
    let scene = || {
        let delta = Arc::new(Delta::default());
        let written = delta.clone();
        let writer = thread::spawn(move || {
            for owner in 0..2 {
                assert!(written.add(&[(0, 7)], Entry { slot: 0 }, None, Owner(owner)).is_some());
            }
        });
        let found = keys_of(&delta, &[7]);
        // In the order in which they were added, each once.
        assert!([&[][..], &[(7, 0)], &[(7, 0), (7, 1)]].contains(&&found[..]), "{found:?}");
        writer.join().unwrap();
        assert_eq!(keys_of(&delta, &[7]), [(7, 0), (7, 1)]);
    };
    check_random(scene, SOME);
}

#[test]
fn what_was_added_before_a_reader_was_told_is_found_under_every_key() {
    let scene = || {
        let (delta, told) = (Arc::new(Delta::default()), Arc::new(AtomicBool::new(false)));
        let (written, tell) = (delta.clone(), told.clone());
        let writer = thread::spawn(move || {
            assert!(written.add(&[(0, 7), (0, 8)], Entry { slot: 0 }, None, Owner(1)).is_some());
            tell.store(true, Ordering::Release);
            let _ = written.add(&[(0, 7)], Entry { slot: 0 }, None, Owner(2));
        });
        if told.load(Ordering::Acquire) {
            let found = keys_of(&delta, &[7, 8]);
            assert!(found.contains(&(7, 1)) && found.contains(&(8, 1)), "{found:?}");
        }
        writer.join().unwrap();
    };
    check_random(scene, SOME);
}

/// What the length covers need not hang in its chain yet: the length is raised first. It is the addition under way that is missed, which
/// nobody was told of. A reader must not take the length for what it has seen.
#[test]
fn the_length_runs_ahead_of_the_chains() {
    let ahead = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = ahead.clone();
    let scene = move || {
        let delta = Arc::new(Delta::default());
        let written = delta.clone();
        let writer = thread::spawn(move || {
            let _ = written.add(&[(0, 7)], Entry { slot: 0 }, None, Owner(1));
        });
        if delta.len() == 1 && keys_of(&delta, &[7]).is_empty() {
            seen.store(true, std::sync::atomic::Ordering::Relaxed);
        }
        writer.join().unwrap();
    };
    // One change of threads at the right step shows it.
    check_pct(scene, SOME, 3);
    assert!(
        ahead.load(std::sync::atomic::Ordering::Relaxed),
        "the chain is published first now: say so here and in delta.rs"
    );
}
