//! What goes wrong, and when: drawn from a seed, so that a storm can be had again.
//!
//! A plan is a few lanes that run side by side; a lane is a list of pauses and faults, one after the other. To add a fault: a variant of
//! [`Fault`], a line in the lane it belongs to, and what it does in `faults`.

use std::{fmt, time::Duration};

use career_worker::random::Random;

use super::{proxy::Mode, servers::Kind};

/// The servers that processes talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    Postgres,
    Redis,
    Source,
}

/// Whose connections: each process is in one of two zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    First,
    Second,
    Both,
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// SIGKILL for a process, which is started again.
    Kill(u64),
    /// SIGSTOP, and SIGCONT when its lease is over.
    Freeze(u64, Duration),
    /// The clock of a process is this many seconds wrong for a while.
    Jump(u64, i64, Duration),
    /// Redis forgets everything.
    Flush,
    /// A server dies and is started again.
    Crash(Kind, Duration),
    /// The network between processes and a server.
    Network(Peer, Zone, Mode, Duration),
    /// PostgreSQL cannot be reached by anybody, and the probes are watched.
    Cut(Duration),
    /// The next answers are swallowed after the server has done what was asked.
    Swallow(Peer, Zone, u64),
    /// The servers' disk is full.
    DiskFull(Duration),
}

/// A pause and what follows it.
pub type Act = (Duration, Fault);

/// Everything that goes wrong in one storm.
pub struct Plan {
    pub seed: u64,
    pub length: Duration,
    pub lanes: Vec<Vec<Act>>,
}

/// What a plan is drawn for.
pub struct Terms {
    pub length: Duration,
    /// Processes that may be killed.
    pub mortals: u64,
    pub replicas: u64,
    pub lease: Duration,
}

impl Plan {
    pub fn draw(seed: u64, terms: &Terms) -> Self {
        let random = Random::seeded(seed);
        let lanes = vec![
            lane(terms, &random, (300, 800), |random| vec![Fault::Kill(random.below(terms.mortals))]),
            lane(terms, &random, (600, 2_000), swallow),
            lane(terms, &random, (5_000, 9_000), |_| vec![Fault::Flush]),
            lane(terms, &random, (1_000, 4_000), |random| {
                let past = terms.lease + Duration::from_secs(1) + random.up_to(Duration::from_secs(2));
                vec![Fault::Freeze(random.below(terms.mortals), past)]
            }),
            lane(terms, &random, (1_000, 4_000), |random| {
                let hour = if random.below(2) == 0 { 3_600 } else { -3_600 };
                vec![Fault::Jump(random.below(terms.replicas), hour, between(random, 3_000, 6_000))]
            }),
            lane(terms, &random, (500, 2_000), round),
        ];
        Self { seed, length: terms.length, lanes }
    }
}

/// Draws acts until the time is full.
fn lane(terms: &Terms, random: &Random, pause: (u64, u64), draw: impl Fn(&Random) -> Vec<Fault>) -> Vec<Act> {
    let (mut acts, mut taken) = (Vec::new(), Duration::ZERO);
    while taken < terms.length {
        for fault in draw(random) {
            let pause = between(random, pause.0, pause.1);
            taken += pause + fault.lasts();
            acts.push((pause, fault));
        }
    }
    acts
}

/// Each large fault once, in random order.
fn round(random: &Random) -> Vec<Fault> {
    let network = |peer, mode, from, to| {
        let zone = [Zone::First, Zone::Second, Zone::Both][usize::try_from(random.below(3)).unwrap()];
        Fault::Network(peer, zone, mode, between(random, from, to))
    };
    let mut faults = vec![
        Fault::Cut(between(random, 6_000, 7_000)),
        Fault::Crash(Kind::Postgres, between(random, 100, 1_500)),
        Fault::Crash(Kind::Redis, between(random, 100, 1_500)),
        Fault::DiskFull(between(random, 1_000, 3_000)),
        network(Peer::Postgres, Mode::BlackHole, 2_000, 5_000),
        network(Peer::Postgres, Mode::Reset, 100, 1_500),
        network(Peer::Postgres, Mode::HalfOpen, 1_000, 3_000),
        network(Peer::Postgres, Mode::Slow, 1_000, 4_000),
        network(Peer::Redis, Mode::BlackHole, 1_000, 4_000),
        network(Peer::Redis, Mode::Reset, 100, 1_500),
        network(Peer::Redis, Mode::HalfOpen, 1_000, 3_000),
        network(Peer::Source, Mode::BlackHole, 1_000, 3_000),
        network(Peer::Source, Mode::Reset, 100, 1_500),
        network(Peer::Source, Mode::HalfOpen, 1_000, 2_000),
        network(Peer::Source, Mode::Slow, 1_000, 3_000),
    ];
    let mut order = Vec::new();
    while !faults.is_empty() {
        order.push(faults.swap_remove(usize::try_from(random.below(faults.len() as u64)).unwrap()));
    }
    order
}

fn swallow(random: &Random) -> Vec<Fault> {
    let peer = match random.below(10) {
        0..6 => Peer::Postgres,
        6..9 => Peer::Source,
        _ => Peer::Redis,
    };
    let zone = if random.below(2) == 0 { Zone::First } else { Zone::Second };
    vec![Fault::Swallow(peer, zone, 1 + random.below(3))]
}

fn between(random: &Random, from: u64, to: u64) -> Duration {
    Duration::from_millis(from + random.below(to - from))
}

impl Fault {
    /// How long it lasts by itself.
    pub fn lasts(&self) -> Duration {
        match self {
            Self::Kill(_) | Self::Flush | Self::Swallow(..) => Duration::ZERO,
            Self::Freeze(_, lasts)
            | Self::Jump(_, _, lasts)
            | Self::Crash(_, lasts)
            | Self::Network(_, _, _, lasts)
            | Self::Cut(lasts)
            | Self::DiskFull(lasts) => *lasts,
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "storm of {:?}, seed {} (CAREER_STORM_SEED)", self.length, self.seed)?;
        for lane in &self.lanes {
            let (mut at, mut words) = (Duration::ZERO, Vec::new());
            for (pause, fault) in lane {
                at += *pause;
                words.push(format!("{:.1}s {fault:?}", at.as_secs_f64()));
                at += fault.lasts();
            }
            writeln!(f, "  {}", words.join(" | "))?;
        }
        Ok(())
    }
}
