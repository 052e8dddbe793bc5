//! Which boards of a long list a run asks: each once in a period, at a moment of its own, so that ten thousand boards of one source come
//! spread over the period and a list of boards that was cut short goes on where it stopped.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

/// Whether the moment of `board` has come since it was asked last. A board that was never asked is due.
pub(super) fn is_due(board: &str, every: Duration, now: DateTime<Utc>, asked: Option<DateTime<Utc>>) -> bool {
    let Some(asked) = asked else { return true };
    let period = i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1);
    let since_moment = (now.timestamp_millis() - phase(board, period)).rem_euclid(period);
    asked.timestamp_millis() < now.timestamp_millis().saturating_sub(since_moment)
}

/// Milliseconds from the beginning of a period to the moment of a board.
fn phase(board: &str, period: i64) -> i64 {
    let digest = Sha256::digest(board.as_bytes());
    let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    (number >> 1).cast_signed() % period
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    /// Asks 10,000 boards by ticks ten minutes apart for `days` days, and gives how many each tick asked.
    fn simulate(days: i64) -> Vec<usize> {
        let boards: Vec<String> = (0..10_000).map(|number| format!("board-{number}")).collect();
        let start = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let mut asked: Vec<Option<DateTime<Utc>>> = vec![None; boards.len()];
        (0..days * 144)
            .map(|tick| {
                let now = start + TimeDelta::minutes(10 * tick);
                let mut count = 0;
                for (board, asked) in boards.iter().zip(&mut asked) {
                    if is_due(board, DAY, now, *asked) {
                        *asked = Some(now);
                        count += 1;
                    }
                }
                count
            })
            .collect()
    }

    #[test]
    fn a_long_list_is_spread_over_its_period() {
        let ticks = simulate(3);
        assert_eq!(ticks[0], 10_000, "boards that were never asked are due");
        for (day, ticks) in ticks[1..].chunks_exact(144).enumerate() {
            assert_eq!(ticks.iter().sum::<usize>(), 10_000, "day {day}: each board once");
        }
        let most = ticks[1..].iter().max().unwrap();
        assert!(*most < 120, "{most} boards at one tick, 70 are an even share");
    }

    proptest! {
        #[test]
        fn a_board_is_due_exactly_once_in_a_period(
            board in "[a-z]{1,12}",
            every in 1_u64..1_000_000,
            start in 0_i64..4_000_000_000_000,
            step in 1_i64..100_000,
        ) {
            let every = Duration::from_millis(every);
            let period = i64::try_from(every.as_millis()).unwrap();
            let time = |millis| DateTime::from_timestamp_millis(millis).unwrap();
            let mut asked = time(start);
            let mut moments = Vec::new();
            for tick in 1..200 {
                let now = start + tick * step;
                if is_due(&board, every, time(now), Some(asked)) {
                    moments.push(now);
                    asked = time(now);
                }
            }
            for pair in moments.windows(2) {
                // Within one tick of the period, early or late.
                prop_assert!(pair[1] - pair[0] > period - step);
            }
            let covered = 199 * step / period;
            prop_assert!(i64::try_from(moments.len()).unwrap() >= covered.min(199) - 1);
        }
    }
}
