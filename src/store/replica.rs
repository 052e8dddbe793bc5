//! A streaming replica for those who only look, and how far it is behind.
//!
//! Once a second the primary is asked where its log ends and the replica how far it has come; the replica is as far behind as the newest
//! place of the primary that it has reached is old. So clocks do not matter, nor whether replay is paused, the replica is cut off or the
//! primary idle. It must not be asked for anything that decides: what it says was so a moment ago.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sqlx::PgPool;

use super::{Store, StoreError};

/// How often both are asked, and how long each is waited for.
const LOOK: Duration = Duration::from_secs(1);
/// What was seen is believed for so long.
const BELIEVED: Duration = Duration::from_secs(4);
/// Longest wait for a connection of the replica, and then for an answer: others wait for both.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
/// Places of the primary that are remembered; a replica that is further behind is waited for.
const PLACES: usize = 4_096;

/// The replica of a store.
#[derive(Debug)]
pub(super) struct Replica {
    pub(super) pool: PgPool,
    limit: Duration,
    sight: Mutex<Sight>,
}

#[derive(Debug)]
struct Sight {
    /// It had everything that was committed before this; at first, when looking began.
    level: Instant,
    /// When it was last looked at and had reached some known place.
    seen: Option<Instant>,
}

/// Whether the replica is fit to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaState {
    /// How far it is behind, or how long it has not been seen at all.
    pub lag: Duration,
    /// It is near enough, and answers.
    pub used: bool,
}

impl Replica {
    pub(super) fn new(pool: PgPool, limit: Duration) -> Self {
        Self { pool, limit, sight: Mutex::new(Sight { level: Instant::now(), seen: None }) }
    }

    fn sight(&self) -> MutexGuard<'_, Sight> {
        self.sight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> ReplicaState {
        let sight = self.sight();
        let lag = sight.level.elapsed();
        let seen = sight.seen.is_some_and(|seen| seen.elapsed() <= BELIEVED);
        ReplicaState { lag, used: seen && lag <= self.limit }
    }
}

/// Places of the primary's log by when they were its end, and which of them a replica has reached.
#[derive(Debug, Default)]
struct Places(VecDeque<(Instant, i64)>);

impl Places {
    /// The log of the primary ended there, or further, at this time.
    fn note(&mut self, at: Instant, place: i64) {
        if self.0.len() < PLACES {
            self.0.push_back((at, place));
        }
    }

    /// The latest time whose end of the log the replica has reached; what is older is forgotten.
    fn reached(&mut self, replayed: i64) -> Option<Instant> {
        while self.0.get(1).is_some_and(|(_, place)| *place <= replayed) {
            self.0.pop_front();
        }
        self.0.front().filter(|(_, place)| *place <= replayed).map(|(at, _)| *at)
    }
}

impl Store {
    /// The same store, which asks the replica instead; `None` where there is none. Every statement of it that writes is refused by the server.
    pub fn reader(&self) -> Option<Self> {
        let replica = self.replica.as_ref()?;
        Some(Self {
            pool: replica.pool.clone(),
            timeout: PATIENCE,
            seen: std::sync::Arc::default(),
            ..self.clone()
        })
    }

    /// How the replica is; `None` where there is none.
    pub fn replica_state(&self) -> Option<ReplicaState> {
        self.replica.as_ref().map(|replica| replica.state())
    }

    /// Looks at the replica every second, without end; [`Store::replica_state`] says what was seen.
    pub async fn watch_replica(&self) {
        let Some(replica) = &self.replica else { return std::future::pending().await };
        let (mut places, mut every) = (Places::default(), tokio::time::interval(LOOK));
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut used = None;
        loop {
            every.tick().await;
            self.look_at_replica(replica, &mut places).await;
            let state = replica.state();
            if used.replace(state.used) != Some(state.used) {
                tracing::info!(used = state.used, lag_seconds = state.lag.as_secs(), "replica for pages");
            }
        }
    }

    /// Looks once, for who cannot wait: twice within a second, since a replica may be a moment behind.
    ///
    /// # Errors
    /// Where the replica does not answer, or is none.
    pub async fn examine_replica(&self) -> Result<Option<ReplicaState>, StoreError> {
        let Some(replica) = &self.replica else { return Ok(None) };
        let mut places = Places::default();
        let deadline = Instant::now() + LOOK;
        loop {
            self.look_at_replica(replica, &mut places).await;
            let state = replica.state();
            if state.used || Instant::now() > deadline {
                if !state.used {
                    self.replayed(replica).await?;
                }
                return Ok(Some(state));
            }
            tokio::time::sleep(LOOK / 10).await;
        }
    }

    async fn look_at_replica(&self, replica: &Replica, places: &mut Places) {
        let asked = Instant::now();
        let (end, replayed) = tokio::join!(
            tokio::time::timeout(LOOK, self.end_of_log()),
            tokio::time::timeout(LOOK, self.replayed(replica)),
        );
        if let Ok(Ok(end)) = end {
            places.note(asked, end);
        }
        if let Ok(Ok(Some(replayed))) = replayed
            && let Some(level) = places.reached(replayed)
        {
            let mut sight = replica.sight();
            sight.level = sight.level.max(level);
            sight.seen = Some(Instant::now());
        }
    }

    async fn end_of_log(&self) -> Result<i64, StoreError> {
        let query = sqlx::query_scalar!(r#"SELECT (pg_current_wal_lsn() - '0/0')::bigint AS "end!""#);
        Ok(query.fetch_one(&self.pool).await?)
    }

    /// How far the replica is; `None` where it is no replica (any more).
    async fn replayed(&self, replica: &Replica) -> Result<Option<i64>, StoreError> {
        let query = sqlx::query_scalar!(
            "SELECT CASE WHEN pg_is_in_recovery() THEN (pg_last_wal_replay_lsn() - '0/0')::bigint END"
        );
        Ok(query.fetch_one(&replica.pool).await?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a search through all places there were.
        #[test]
        fn the_latest_place_that_was_reached_is_found(steps in proptest::collection::vec((0_i64..5, 0_i64..8), 1..60)) {
            let (mut places, mut all, mut end, mut replayed) = (Places::default(), Vec::new(), 0, 0);
            let begin = Instant::now();
            for (n, (written, wanted)) in steps.into_iter().enumerate() {
                end += written;
                replayed = (replayed + wanted).min(end);
                let at = begin + Duration::from_secs(n as u64);
                places.note(at, end);
                all.push((at, end));
                let expected = all.iter().rev().find(|(_, place)| *place <= replayed).map(|(at, _)| *at);
                prop_assert_eq!(places.reached(replayed), expected);
            }
        }
    }

    #[test]
    fn a_replica_that_stands_still_fills_no_memory() {
        let mut places = Places::default();
        let begin = Instant::now();
        (0..10_000).for_each(|n| places.note(begin, n));
        assert_eq!((places.0.len(), places.reached(-1)), (PLACES, None));
        assert_eq!(places.reached(20_000), Some(begin));
    }
}
