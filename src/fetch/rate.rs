//! How fast each domain is asked: a token bucket, a few requests at once, pauses that a server asked for, a lease over replicas.
//!
//! Sources that share a domain share its rate: the slowest rate that anyone asked for holds.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use governor::{DefaultDirectRateLimiter, clock::Clock as _, clock::DefaultClock};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::{
    error::FetchError,
    gate::{DomainGate, Entry},
    pace::Pace,
};

/// A gap of the bucket that is longer is not slept through.
const LONGEST_GAP: Duration = Duration::from_mins(2);
/// A domain is kept at least this long after its last use, so that short pauses within a listing cost no statement.
const IDLE: Duration = Duration::from_millis(250);
/// A domain that is someone else's is asked for again after this time at the latest: it is usually given up before its lease is over.
const BUSY: Duration = Duration::from_secs(10);
/// So long a domain that is someone else's is waited for: replicas with one request each take turns.
const HANDOVER: Duration = Duration::from_secs(5);
/// How often it is looked for meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// Domains remembered before those long unused are forgotten.
const REMEMBERED: usize = 4096;

/// All domains this process asks.
pub(super) struct Domains {
    map: Mutex<HashMap<String, Arc<Domain>>>,
    gate: Arc<dyn DomainGate>,
    /// A block that is longer is not slept through.
    max_wait: Duration,
}

struct Domain {
    name: String,
    gate: Arc<dyn DomainGate>,
    slots: Arc<Semaphore>,
    state: Mutex<State>,
    lease: tokio::sync::Mutex<Option<Lease>>,
}

struct State {
    pace: Pace,
    limiter: DefaultDirectRateLimiter,
    blocked_until: Option<Instant>,
    in_use: u32,
    last_used: Instant,
    /// [`Domain::leave_when_idle`] is under way.
    watched: bool,
}

#[derive(Clone, Copy)]
struct Lease {
    until: Instant,
    length: Duration,
}

/// The right to send one request; given back when dropped.
pub(super) struct Slot {
    domain: Arc<Domain>,
    _permit: OwnedSemaphorePermit,
}

impl Domains {
    pub(super) fn new(gate: Arc<dyn DomainGate>, max_wait: Duration) -> Self {
        Self { map: Mutex::default(), gate, max_wait }
    }

    /// Waits until one request may be sent to `domain`; `url` is for messages.
    pub(super) async fn enter(&self, domain: &str, pace: Pace, url: &str) -> Result<Slot, FetchError> {
        let domain = self.domain(domain, pace);
        let slots = Arc::clone(&domain.slots);
        let Ok(permit) = slots.acquire_owned().await else { return Err(FetchError::Cancelled) };
        domain.state().in_use += 1;
        let slot = Slot { domain, _permit: permit };
        let patience = Instant::now() + HANDOVER;
        loop {
            match slot.domain.hold().await {
                Err(FetchError::Busy { .. }) if Instant::now() < patience => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                    continue;
                }
                held => held?,
            }
            let Some((wait, longest)) = slot.domain.wait(self.max_wait) else { return Ok(slot) };
            if wait > longest {
                return Err(FetchError::Throttled { url: url.to_owned(), retry_after: wait });
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Keeps everyone from asking `domain` for this long.
    pub(super) async fn block(&self, domain: &str, pace: Pace, wait: Duration) {
        self.domain(domain, pace).block(wait);
        if let Err(error) = self.gate.block(domain, wait).await {
            tracing::warn!(domain, %error, "other replicas do not know that the domain is blocked");
        }
    }

    /// Gives up every domain that is not in use.
    pub(super) async fn release(&self) {
        let all: Vec<_> = self.map().values().cloned().collect();
        for domain in all {
            domain.leave_if(|state| state.in_use == 0).await;
        }
    }

    fn domain(&self, name: &str, pace: Pace) -> Arc<Domain> {
        let mut map = self.map();
        if map.len() >= REMEMBERED {
            map.retain(|_, domain| Arc::strong_count(domain) > 1 || !domain.state().is_forgettable());
        }
        let domain = map
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(Domain::new(name, pace, Arc::clone(&self.gate))));
        domain.adopt(pace);
        Arc::clone(domain)
    }

    fn map(&self) -> MutexGuard<'_, HashMap<String, Arc<Domain>>> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_forgettable(&self) -> bool {
        let now = Instant::now();
        self.in_use == 0
            && self.last_used + self.pace.refill().max(Duration::from_mins(1)) < now
            && self.blocked_until.is_none_or(|until| until < now)
    }
}

impl Domain {
    fn new(name: &str, pace: Pace, gate: Arc<dyn DomainGate>) -> Self {
        Self {
            name: name.to_owned(),
            gate,
            slots: Arc::new(Semaphore::new(pace.concurrency as usize)),
            state: Mutex::new(State {
                pace,
                limiter: pace.limiter(),
                blocked_until: None,
                in_use: 0,
                last_used: Instant::now(),
                watched: false,
            }),
            lease: tokio::sync::Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn adopt(&self, pace: Pace) {
        let mut state = self.state();
        let mut slower = state.pace.slower_of(pace);
        if slower.gap != state.pace.gap || slower.burst != state.pace.burst {
            state.limiter = slower.limiter();
        }
        // Permits in use cannot be forgotten: the rest goes the next time.
        let surplus = state.pace.concurrency.saturating_sub(slower.concurrency);
        let forgotten = self.slots.forget_permits(surplus as usize);
        slower.concurrency = state.pace.concurrency.saturating_sub(u32::try_from(forgotten).unwrap_or(0));
        state.pace = slower;
    }

    fn block(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let blocked = &mut self.state().blocked_until;
        *blocked = Some(blocked.map_or(until, |before| before.max(until)));
    }

    /// Takes a token, or says how long to wait and how long a wait of this kind may be.
    fn wait(&self, longest_block: Duration) -> Option<(Duration, Duration)> {
        let mut state = self.state();
        let now = Instant::now();
        if let Some(until) = state.blocked_until.filter(|until| *until > now) {
            return Some((until - now, longest_block));
        }
        state.blocked_until = None;
        match state.limiter.check() {
            Ok(()) => {
                state.last_used = now;
                None
            }
            Err(not_until) => Some((not_until.wait_time_from(DefaultClock::default().now()), LONGEST_GAP)),
        }
    }

    /// Takes the lease, or renews it when less than half of it is left.
    async fn hold(&self) -> Result<(), FetchError> {
        let mut lease = self.lease.lock().await;
        let now = Instant::now();
        if lease.is_some_and(|lease| lease.until > now + lease.length / 2) {
            return Ok(());
        }
        let refill = self.state().pace.refill();
        match self.gate.enter(&self.name, refill).await {
            Ok(Entry::Held { lease: length, blocked }) => {
                *lease = Some(Lease { until: now + length, length });
                if let Some(wait) = blocked {
                    self.block(wait);
                }
                Ok(())
            }
            Ok(Entry::Busy { retry_after }) => {
                *lease = None;
                Err(FetchError::Busy { domain: self.name.clone(), retry_after: retry_after.min(BUSY) })
            }
            Err(source) => Err(FetchError::Gate { domain: self.name.clone(), source }),
        }
    }

    /// Gives the domain up once a full burst is due again and nobody used it in between.
    async fn leave_when_idle(self: Arc<Self>) {
        loop {
            let due = {
                let mut state = self.state();
                let due = state.last_used + state.pace.refill().max(IDLE);
                // The next one to give its slot back starts this anew.
                if state.in_use > 0 {
                    state.watched = false;
                    return;
                }
                if due <= Instant::now() {
                    state.watched = false;
                    break;
                }
                due
            };
            tokio::time::sleep_until(due).await;
        }
        self.leave_if(|state| state.in_use == 0).await;
    }

    async fn leave_if(&self, unused: impl FnOnce(&State) -> bool) {
        let mut lease = self.lease.lock().await;
        if lease.is_none() || !unused(&self.state()) {
            return;
        }
        *lease = None;
        let rest = {
            let state = self.state();
            (state.last_used + state.pace.refill()).saturating_duration_since(Instant::now())
        };
        if let Err(error) = self.gate.leave(&self.name, rest).await {
            tracing::debug!(domain = self.name, %error, "the lease is left to run out");
        }
    }
}

impl Slot {
    /// Renews the lease for as long as it is awaited.
    pub(super) async fn keep(&self) -> std::convert::Infallible {
        loop {
            let length = self.domain.lease.lock().await.map_or(IDLE, |lease| lease.length);
            // It may have been half used up when the request began.
            tokio::time::sleep((length / 4).max(Duration::from_millis(50))).await;
            // Someone else holds it: the request under way is finished, the next one will not start.
            if let Err(error) = self.domain.hold().await {
                tracing::debug!(domain = self.domain.name, %error, "lease not renewed");
            }
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.domain.state();
        state.in_use = state.in_use.saturating_sub(1);
        if state.in_use > 0 || state.watched {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            state.watched = true;
            runtime.spawn(Arc::clone(&self.domain).leave_when_idle());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Politeness, fetch::LocalGate};

    fn pace(per_second: f32, burst: u32, concurrency: u32) -> Pace {
        Pace::new(&Politeness { per_second, burst, concurrency, ..Politeness::API }, None)
    }

    fn domains() -> Domains {
        Domains::new(Arc::new(LocalGate), Duration::from_secs(1))
    }

    #[tokio::test]
    async fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
        let domains = domains();
        let start = Instant::now();
        for _ in 0..6 {
            drop(domains.enter("a.example", pace(20.0, 2, 1), "").await.unwrap());
        }
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(195), "4 gaps of 50 ms, took {took:?}");
        assert!(
            domains.enter("b.example", pace(0.01, 1, 1), "").await.is_ok(),
            "another domain does not wait"
        );
    }

    #[tokio::test]
    async fn the_slowest_rate_and_the_lowest_concurrency_hold() {
        let domains = domains();
        drop(domains.enter("a.example", pace(1000.0, 9, 8), "").await.unwrap());
        let first = domains.enter("a.example", pace(1000.0, 9, 1), "").await.unwrap();
        let second = tokio::time::timeout(
            Duration::from_millis(50),
            domains.enter("a.example", pace(1000.0, 9, 8), ""),
        )
        .await;
        assert!(second.is_err(), "one at a time");
        drop(first);
        assert!(domains.enter("a.example", pace(1000.0, 9, 8), "").await.is_ok());
        assert_eq!(domains.domain("a.example", pace(0.5, 3, 4)).state().pace, pace(0.5, 3, 1));
    }

    #[tokio::test]
    async fn a_block_holds_for_everyone_and_a_long_one_is_not_slept_through() {
        let domains = domains();
        let pace = pace(1000.0, 100, 4);
        domains.block("a.example", pace, Duration::from_millis(120)).await;
        let start = Instant::now();
        domains.enter("a.example", pace, "").await.unwrap();
        assert!(start.elapsed() >= Duration::from_millis(120));

        domains.block("a.example", pace, Duration::from_secs(50)).await;
        domains.block("a.example", pace, Duration::from_secs(5)).await;
        match domains.enter("a.example", pace, "x").await {
            Err(FetchError::Throttled { retry_after, .. }) => assert!(retry_after > Duration::from_secs(49)),
            other => panic!("{:?}", other.err()),
        }
        assert!(domains.enter("b.example", pace, "").await.is_ok());
    }
}
