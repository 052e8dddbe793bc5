//! How long work takes this thread on its processor, so that other work on the machine does not count.

use std::{fs, time::Instant};

/// Work is repeated for about this many seconds.
const SECONDS: f64 = 1.0;

/// Microseconds a posting, over many rounds: the system counts a thread's time in steps of milliseconds.
pub fn time(postings: usize, work: &dyn Fn()) -> f64 {
    work();
    let start = Clock::now();
    let (mut rounds, mut spent) = (0_u32, 0.0);
    while spent < SECONDS {
        work();
        rounds += 1;
        spent = start.seconds();
    }
    spent * 1e6 / f64::from(rounds) / f64::from(u32::try_from(postings.max(1)).unwrap_or(u32::MAX))
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
