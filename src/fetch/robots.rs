//! What each host's robots.txt says (RFC 9309), kept for a day.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use texting_robots::Robot;
use tokio::sync::Mutex as AsyncMutex;
use url::Url;

use crate::clock::Clock;

/// As much of a robots.txt as is read; the RFC asks for 500 KiB at least.
pub(super) const LONGEST: u64 = 512 << 10;
/// Our name in robots.txt.
const AGENT: &str = "career-worker";
/// Each rule with a `$` costs a compiled pattern; no honest file has more.
const PATTERNS: usize = 2000;
/// Hosts remembered before those out of date are forgotten.
const REMEMBERED: usize = 1024;

const KEPT: TimeDelta = TimeDelta::hours(24);
/// How long a host that does not answer is left alone.
const RETRY: TimeDelta = TimeDelta::minutes(5);

/// What a robots.txt allows.
pub(super) enum Rules {
    /// There is none.
    Open,
    /// There is one.
    Robot(Box<Robot>),
    /// It cannot be read now, which is a no.
    Unavailable,
}

/// The answer for one address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    Allowed { crawl_delay: Option<Duration> },
    Disallowed,
    Unavailable { retry_after: Duration },
}

/// All hosts asked in the last day.
pub(super) struct Robots {
    clock: Clock,
    hosts: Mutex<HashMap<String, Arc<AsyncMutex<Option<Entry>>>>>,
}

struct Entry {
    rules: Rules,
    until: DateTime<Utc>,
}

impl Robots {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, hosts: Mutex::default() }
    }

    /// Judges `url` by the rules of its host; `load` is called when they are not known or older than a day, once at a time a host.
    pub(super) async fn check<E>(
        &self,
        url: &Url,
        load: impl Future<Output = Result<Rules, E>>,
    ) -> Result<Verdict, E> {
        let host = self.host(url.origin().ascii_serialization());
        let mut entry = host.lock().await;
        let now = self.clock.now();
        if entry.as_ref().is_none_or(|entry| entry.until <= now) {
            let new = load.await?;
            let known = entry.take();
            *entry = Some(match (new, known) {
                // Rules once read hold on while the host does not answer.
                (Rules::Unavailable, Some(Entry { rules: rules @ (Rules::Open | Rules::Robot(_)), .. })) => {
                    Entry { rules, until: now + RETRY }
                }
                (Rules::Unavailable, _) => Entry { rules: Rules::Unavailable, until: now + RETRY },
                (rules, _) => Entry { rules, until: now + KEPT },
            });
        }
        Ok(entry.as_ref().map_or(Verdict::Disallowed, |entry| entry.judge(url, now)))
    }

    fn host(&self, origin: String) -> Arc<AsyncMutex<Option<Entry>>> {
        let now = self.clock.now();
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= REMEMBERED {
            hosts.retain(|_, host| {
                host.try_lock().map_or(true, |entry| entry.as_ref().is_some_and(|entry| entry.until > now))
            });
        }
        Arc::clone(hosts.entry(origin).or_default())
    }
}

impl Entry {
    fn judge(&self, url: &Url, now: DateTime<Utc>) -> Verdict {
        match &self.rules {
            Rules::Open => Verdict::Allowed { crawl_delay: None },
            Rules::Unavailable => {
                Verdict::Unavailable { retry_after: (self.until - now).to_std().unwrap_or_default() }
            }
            Rules::Robot(robot) if robot.allowed(url.as_str()) => {
                let delay = robot.delay.filter(|delay| *delay > 0.0);
                Verdict::Allowed {
                    crawl_delay: delay.and_then(|delay| Duration::try_from_secs_f32(delay).ok()),
                }
            }
            Rules::Robot(_) => Verdict::Disallowed,
        }
    }
}

/// Reads a robots.txt, whatever the bytes; one that cannot be read is a no.
pub(super) async fn parse(text: Bytes) -> Rules {
    tokio::task::spawn_blocking(move || parse_now(&text)).await.unwrap_or(Rules::Unavailable)
}

fn parse_now(text: &[u8]) -> Rules {
    let patterns = text.split(|byte| *byte == b'\n').filter(|line| line.contains(&b'$')).count();
    if patterns > PATTERNS {
        return Rules::Unavailable;
    }
    // A byte order mark would hide the first line.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    Robot::new(AGENT, text).map_or(Rules::Unavailable, |robot| Rules::Robot(Box::new(robot)))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use chrono::TimeZone as _;
    use proptest::prelude::*;

    use super::*;

    fn judge(text: &[u8], url: &str) -> Verdict {
        let now = Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap();
        Entry { rules: parse_now(text), until: now + KEPT }.judge(&Url::parse(url).unwrap(), now)
    }

    #[test]
    fn the_longest_rule_for_us_wins() {
        let text = b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n\nUser-agent: other\nUser-agent: Career-Worker\n\
                     Disallow: /private/ # not here\nAllow: /private/jobs\nDisallow: /*.pdf$\nCrawl-delay: 2.5\n";
        let allowed = Verdict::Allowed { crawl_delay: Some(Duration::from_millis(2500)) };
        for (path, verdict) in [
            ("", allowed),
            ("private/x", Verdict::Disallowed),
            ("private/jobs/1?a=b", allowed),
            ("a/b.pdf", Verdict::Disallowed),
            ("a/b.pdf?x", allowed),
        ] {
            assert_eq!(judge(text, &format!("https://a.example/{path}")), verdict, "{path}");
        }
    }

    #[test]
    fn strange_files_and_delays_are_read() {
        let open = Verdict::Allowed { crawl_delay: None };
        assert_eq!(judge(b"", "https://a.example/x"), open);
        assert_eq!(judge(b"<!DOCTYPE html><html>Not found</html>", "https://a.example/x"), open);
        for delay in ["-3", "NaN", "1e39", "0", "soon"] {
            let text = format!("User-agent: *\nCrawl-delay: {delay}\n");
            assert_eq!(judge(text.as_bytes(), "https://a.example/"), open, "{delay}");
        }
        let hostile = "Disallow: /a*b$\n".repeat(PATTERNS + 1);
        assert!(matches!(parse_now(hostile.as_bytes()), Rules::Unavailable));
    }

    #[tokio::test]
    async fn is_read_once_a_day_and_again_soon_after_a_failure() {
        let clock = Clock::fixed(Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap());
        let robots = Robots::new(clock.clone());
        let url = Url::parse("https://a.example/x").unwrap();
        let closed = || async { Ok::<_, Infallible>(parse_now(b"User-agent: *\nDisallow: /")) };
        let down = || async { Ok::<_, Infallible>(Rules::Unavailable) };
        let open = || async { Ok::<_, Infallible>(Rules::Open) };

        let retry_after = RETRY.to_std().unwrap();
        assert_eq!(robots.check(&url, down()).await, Ok(Verdict::Unavailable { retry_after }));
        assert!(
            matches!(robots.check(&url, open()).await, Ok(Verdict::Unavailable { .. })),
            "not asked again at once"
        );
        clock.advance(RETRY);
        assert_eq!(robots.check(&url, closed()).await, Ok(Verdict::Disallowed));
        clock.advance(KEPT - TimeDelta::seconds(1));
        assert_eq!(robots.check(&url, open()).await, Ok(Verdict::Disallowed), "kept for a day");
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(
            robots.check(&url, down()).await,
            Ok(Verdict::Disallowed),
            "old rules hold while the host is down"
        );
        clock.advance(RETRY);
        assert_eq!(robots.check(&url, open()).await, Ok(Verdict::Allowed { crawl_delay: None }));
    }

    fn line() -> impl Strategy<Value = Vec<u8>> {
        let key = prop::sample::select(vec![
            "User-agent:",
            "Allow:",
            "Disallow:",
            "Crawl-delay:",
            "Sitemap:",
            "#",
            "",
        ]);
        let value = prop_oneof![
            "[/a-z*$%.?&=-]{0,20}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..20),
            "\\PC{0,12}".prop_map(String::into_bytes),
        ];
        (key, value).prop_map(|(key, value)| [key.as_bytes(), b" ", &value, b"\n"].concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        #[test]
        fn any_bytes_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..400), path in "\\PC{0,30}") {
            judge(&bytes, &format!("https://a.example/{path}"));
        }

        #[test]
        fn anything_like_a_robots_txt_is_judged(lines in prop::collection::vec(line(), 0..20), path in "[/a-z*$%.?&=-]{0,30}") {
            judge(&lines.concat(), &format!("https://a.example/{path}"));
        }
    }
}
