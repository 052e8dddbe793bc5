//! When to ask again: which answers are worth it, how long to wait, what a server's `Retry-After` says.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::random::Random;

/// A longer `Retry-After` counts as this one.
pub(super) const LONGEST: Duration = Duration::from_hours(1);

/// Statuses that the same request may not get again.
pub(super) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// Reads `Retry-After` (RFC 9110, 10.2.3): seconds or an HTTP date, at most [`LONGEST`]; `None` where it is neither.
pub(super) fn retry_after(value: &[u8], now: DateTime<Utc>) -> Option<Duration> {
    let text = std::str::from_utf8(value).ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().map_or(LONGEST, Duration::from_secs).min(LONGEST));
    }
    let at: DateTime<Utc> = httpdate::parse_http_date(text).ok()?.into();
    Some((at - now).to_std().unwrap_or_default().min(LONGEST))
}

/// Full jitter: an even draw from zero to `first * 2^(tries - 1)`, at most `longest`.
pub(super) fn backoff(random: &Random, first: Duration, tries: u32, longest: Duration) -> Duration {
    let factor = 2_u32.saturating_pow(tries.saturating_sub(1).min(16));
    random.up_to(first.saturating_mul(factor).min(longest))
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;
    use proptest::prelude::*;

    use super::*;

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap()
    }

    #[test]
    fn reads_seconds_and_dates() {
        for (text, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("007", Some(7)),
            ("99999999999999999999999", Some(3600)),
            ("Sun, 01 Mar 2026 12:01:30 GMT", Some(90)),
            ("Sunday, 01-Mar-26 12:01:30 GMT", Some(90)),
            ("Sun Mar  1 12:01:30 2026", Some(90)),
            ("Sun, 01 Mar 2026 11:00:00 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(3600)),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("+3", None),
        ] {
            assert_eq!(retry_after(text.as_bytes(), now()), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn backs_off_within_its_bounds() {
        let random = Random::seeded(1);
        let (first, longest) = (Duration::from_millis(500), Duration::from_secs(30));
        for tries in [0, 1, 2, 3, 10, u32::MAX] {
            let top =
                first.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1).min(16))).min(longest);
            for _ in 0..100 {
                assert!(backoff(&random, first, tries, longest) <= top);
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_bounded_wait_or_none(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(retry_after(&bytes, now()).is_none_or(|wait| wait <= LONGEST));
        }

        #[test]
        fn any_date_round_trips(seconds in 0_u64..4_000_000_000) {
            let at = std::time::UNIX_EPOCH + Duration::from_secs(seconds);
            let expected = Duration::from_secs(seconds.saturating_sub(now().timestamp().unsigned_abs())).min(LONGEST);
            prop_assert_eq!(retry_after(httpdate::fmt_http_date(at).as_bytes(), now()), Some(expected));
        }
    }
}
