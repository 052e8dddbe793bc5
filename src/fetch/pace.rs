//! A rate: how far apart requests are, how many at once.

use std::{num::NonZeroU32, time::Duration};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use crate::domain::Politeness;

/// A rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    /// Between two requests, once the burst is used up.
    pub(super) gap: Duration,
    pub(super) burst: NonZeroU32,
    pub(super) concurrency: u32,
}

impl Pace {
    /// Of the source, no faster than the host's own `Crawl-delay`.
    pub(super) fn new(politeness: &Politeness, crawl_delay: Option<Duration>) -> Self {
        let slowest = Duration::from_hours(1);
        let gap = Duration::try_from_secs_f32(politeness.per_second.recip()).unwrap_or(slowest);
        let gap = gap.max(crawl_delay.unwrap_or_default()).clamp(Duration::from_nanos(1), slowest);
        let burst = if crawl_delay.is_some() { 1 } else { politeness.burst };
        Self {
            gap,
            burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN),
            concurrency: politeness.concurrency.clamp(1, 64),
        }
    }

    pub(super) fn slower_of(self, other: Self) -> Self {
        Self {
            gap: self.gap.max(other.gap),
            burst: self.burst.min(other.burst),
            concurrency: self.concurrency.min(other.concurrency),
        }
    }

    /// The time after which an unused bucket is full again.
    pub(super) fn refill(self) -> Duration {
        self.gap.saturating_mul(self.burst.get())
    }

    pub(super) fn limiter(self) -> DefaultDirectRateLimiter {
        let quota = Quota::with_period(self.gap).unwrap_or(Quota::per_second(NonZeroU32::MIN));
        RateLimiter::direct(quota.allow_burst(self.burst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(per_second: f32, burst: u32, concurrency: u32) -> Pace {
        Pace::new(&Politeness { per_second, burst, concurrency, ..Politeness::API }, None)
    }

    #[test]
    fn any_politeness_is_a_pace() {
        for per_second in [0.0, -1.0, f32::NAN, f32::INFINITY, f32::MIN_POSITIVE, f32::MAX, 0.001] {
            let pace = pace(per_second, 0, 0);
            assert!(pace.gap > Duration::ZERO && pace.gap <= Duration::from_hours(1), "{per_second}");
            assert_eq!((pace.burst.get(), pace.concurrency), (1, 1));
        }
        let delayed = Pace::new(&Politeness::API, Some(Duration::from_secs(7)));
        assert_eq!((delayed.gap, delayed.burst.get()), (Duration::from_secs(7), 1));
    }
}
