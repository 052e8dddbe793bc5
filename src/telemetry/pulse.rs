//! Which loops of this process have lately come round.
//!
//! A loop that must not stand still (looking at due times, claiming runs, renewing leases, putting right) has a [`Heart`] and beats it each
//! time round, whether its work succeeded or not: a database that is away makes no loop silent, a dead-lock or a blocked runtime does.
//! Whoever supervises the process asks [`silent`]; `/healthz` and the watchdog of systemd follow from it. It must not be beaten by a timer
//! of its own. To watch one more loop: `Heart::new` before it, `beat` in it.

use std::{
    collections::BTreeMap,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A loop that is silent for longer is stuck, unless [`set_limit`] says otherwise.
const LIMIT: Duration = Duration::from_mins(2);

static HEARTS: LazyLock<Mutex<Hearts>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Hearts {
    next: u64,
    last: BTreeMap<u64, (&'static str, Instant)>,
    limit: Option<Duration>,
}

fn hearts() -> MutexGuard<'static, Hearts> {
    HEARTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A loop that is watched from when this is made until it is dropped. One that ends in a panic stays, and falls silent.
#[derive(Debug)]
pub struct Heart {
    id: u64,
    name: &'static str,
}

impl Heart {
    /// Begins to watch a loop of this name, which is a label: one of a few.
    pub fn new(name: &'static str) -> Self {
        let mut hearts = hearts();
        hearts.next += 1;
        let id = hearts.next;
        hearts.last.insert(id, (name, Instant::now()));
        Self { id, name }
    }

    /// The loop has come round.
    pub fn beat(&self) {
        hearts().last.insert(self.id, (self.name, Instant::now()));
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            hearts().last.remove(&self.id);
        }
    }
}

/// For how long a loop may be silent: longer than the longest wait for the database in it.
pub fn set_limit(limit: Duration) {
    hearts().limit = Some(limit);
}

/// For how long each loop has been silent, by name; of loops with one name the most silent.
pub fn silences() -> BTreeMap<&'static str, Duration> {
    let hearts = hearts();
    let mut all = BTreeMap::new();
    for (name, last) in hearts.last.values() {
        let longest: &mut Duration = all.entry(*name).or_default();
        *longest = (*longest).max(last.elapsed());
    }
    all
}

/// A loop that stands still, if there is one.
pub fn silent() -> Option<&'static str> {
    let limit = hearts().limit.unwrap_or(LIMIT);
    silent_for(limit)
}

fn silent_for(limit: Duration) -> Option<&'static str> {
    silences().into_iter().find(|(_, silent)| *silent > limit).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hearts are those of the whole process, and other tests have some of their own.
    fn is_silent(name: &str, limit: Duration) -> bool {
        silences().get(name).is_some_and(|silent| *silent > limit)
    }

    #[test]
    fn a_loop_that_stands_still_is_noticed_and_one_that_ended_is_not() {
        let (heart, twin) = (Heart::new("test"), Heart::new("test"));
        // Of two the silent one counts, however often the other beats.
        while !is_silent("test", Duration::from_millis(1)) {
            heart.beat();
        }
        drop(twin);
        assert!(!is_silent("test", Duration::from_mins(1)));
        assert!(is_silent("test", Duration::ZERO) && silent_for(Duration::ZERO).is_some());
        drop(heart);
        assert!(!silences().contains_key("test"));
    }

    #[test]
    fn a_panic_is_no_orderly_end() {
        let panicked = std::thread::spawn(|| {
            let _heart = Heart::new("panicking");
            std::panic::resume_unwind(Box::new("as if by a mistake"));
        });
        assert!(panicked.join().is_err());
        assert!(silences().contains_key("panicking"));
    }
}
