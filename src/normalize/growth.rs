//! For tests: how the time of a piece of work grows with its input.
//!
//! Two lengths are compared with each other, in time of this thread on its processor, so that neither a slow machine nor a busy one
//! decides. Work whose time grows with the square of the length fails by a wide margin.

use std::{fs, time::Instant};

/// How many times as long the longer input is.
const STEP: usize = 8;
/// How many times as long it may take: linear work needs [`STEP`] times as long, quadratic work 64 times.
const MOST: f64 = 24.0;
/// Seconds that the shorter input is worked on: the system counts a thread's time in steps of milliseconds.
const LEAST: f64 = 0.02;
/// Tries, of which one is enough: a processor may slow down in the middle of one.
const TRIES: usize = 5;

/// Fails where work on `length` takes far more than its share of the time of work on an eighth of it.
pub(crate) fn assert_linear<T>(name: &str, length: usize, work: impl Fn(usize) -> T) {
    let mut growths = Vec::new();
    for _ in 0..TRIES {
        let clock = Clock::now();
        let mut rounds = 0_u32;
        while rounds == 0 || (clock.seconds() < LEAST && rounds < 10_000) {
            work(length / STEP);
            rounds += 1;
        }
        let short = clock.seconds() / f64::from(rounds);
        let clock = Clock::now();
        work(length);
        let long = clock.seconds();
        // Less than this is one step of the clock.
        if long < LEAST || long < short * MOST {
            return;
        }
        growths.push(long / short);
    }
    panic!("{name}: {STEP} times the length takes {growths:.0?} times as long");
}

/// Time of this thread on its processor, where the system tells it; of the clock on the wall elsewhere.
enum Clock {
    Thread(u64),
    Wall(Instant),
}

impl Clock {
    fn now() -> Self {
        on_processor().map_or_else(|| Self::Wall(Instant::now()), Self::Thread)
    }

    fn seconds(&self) -> f64 {
        match self {
            Self::Thread(start) => {
                let nanos = on_processor().unwrap_or(*start).saturating_sub(*start);
                std::time::Duration::from_nanos(nanos).as_secs_f64()
            }
            Self::Wall(start) => start.elapsed().as_secs_f64(),
        }
    }
}

fn on_processor() -> Option<u64> {
    fs::read_to_string("/proc/thread-self/schedstat").ok()?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    fn steps(count: usize) -> usize {
        (0..count).fold(0, |sum, step| black_box(sum ^ step))
    }

    #[test]
    fn linear_work_passes() {
        assert_linear("linear", 4_000_000, steps);
    }

    #[test]
    #[should_panic(expected = "quadratic: 8 times the length takes")]
    fn quadratic_work_does_not() {
        assert_linear("quadratic", 6_000, |length| steps(length * length));
    }
}
