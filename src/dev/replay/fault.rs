//! What can go wrong on purpose.

use std::{fmt, str::FromStr};

use crate::random::Random;

/// A way to misbehave, and how often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// How.
    pub kind: FaultKind,
    /// Share of the requests, 0 to 1.
    pub rate: f64,
}

/// A way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Status 429 with `Retry-After: 1`.
    TooManyRequests,
    /// Status 500.
    ServerError,
    /// A pause of two seconds in the middle of the body.
    Slow,
    /// Half of the body, then the connection is cut.
    Truncate,
}

impl FaultKind {
    const ALL: [(&'static str, Self); 4] = [
        ("429", Self::TooManyRequests),
        ("500", Self::ServerError),
        ("slow", Self::Slow),
        ("truncate", Self::Truncate),
    ];

    /// As on the command line.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.kind.as_str(), self.rate)
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("\"{text}\": expected 429, 500, slow or truncate, then = and a rate from 0 to 1");
        let (name, rate) = text.split_once('=').ok_or_else(expected)?;
        let (_, kind) = FaultKind::ALL.into_iter().find(|(known, _)| *known == name).ok_or_else(expected)?;
        let rate = rate.parse().ok().filter(|rate| (0.0..=1.0).contains(rate)).ok_or_else(expected)?;
        Ok(Self { kind, rate })
    }
}

/// Draws once for each fault, in order; the first that is hit happens.
pub(super) fn draw(faults: &[Fault], random: &Random) -> Option<FaultKind> {
    const STEPS: u32 = 1_000_000;
    faults
        .iter()
        .find(|fault| {
            let drawn = u32::try_from(random.below(u64::from(STEPS))).unwrap_or(STEPS);
            f64::from(drawn) < fault.rate * f64::from(STEPS)
        })
        .map(|fault| fault.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_is_written() {
        for text in ["429=0.25", "500=1", "slow=0", "truncate=0.5"] {
            assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
        }
        for text in ["", "429", "404=0.1", "slow=2", "slow=-1", "slow=NaN", "slow=x"] {
            assert!(
                text.parse::<Fault>().unwrap_err().contains("expected 429, 500, slow or truncate"),
                "{text}"
            );
        }
    }

    #[test]
    fn comes_about_as_often_as_asked_for_and_alike_for_a_seed() {
        let faults = ["500=0.1".parse().unwrap(), "slow=0.5".parse().unwrap()];
        let drawn = |seed| {
            let random = Random::seeded(seed);
            (0..10_000).map(|_| draw(&faults, &random)).collect::<Vec<_>>()
        };
        let all = drawn(7);
        assert_eq!(all, drawn(7));
        let count = |kind| all.iter().filter(|drawn| **drawn == Some(kind)).count();
        assert!((900..1100).contains(&count(FaultKind::ServerError)));
        assert!((4300..4700).contains(&count(FaultKind::Slow)));
    }
}
