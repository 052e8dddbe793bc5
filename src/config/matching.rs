//! What operators say about matching and rematching.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use crate::domain::Shard;

/// `[matching]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchingConfig {
    /// Postings taken from the outbox at once.
    pub batch: i64,
    /// Batches matched at once in one run.
    pub lanes: usize,
    /// The users whose searches and profiles this process holds.
    pub shard: Shard,
    /// A posting that takes longer to match is set aside.
    #[serde(with = "humantime_serde")]
    pub posting_limit: Duration,
    /// Profiles match from this score on.
    pub threshold: f64,
    /// Profiles match only where skills and title by themselves fit to this share.
    pub core: f64,
    /// Word variants count as one.
    pub synonyms: bool,
    /// Parts of the profile score; they are scaled to a sum of 1.
    pub weights: Weights,
    /// Units of a currency for one euro.
    pub rates: BTreeMap<String, f64>,
}

/// `[matching.weights]`
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the parts")]
pub struct Weights {
    pub skills: f64,
    pub title: f64,
    pub seniority: f64,
    pub place: f64,
    pub job_type: f64,
    pub salary: f64,
    pub company: f64,
    pub visa: f64,
    pub freshness: f64,
}

/// `[rematch]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RematchConfig {
    /// What becomes of a new or changed search or profile.
    pub on_change: OnChange,
    /// How far back that goes.
    pub days: u16,
    /// Postings read at once.
    pub page: u32,
    /// Postings looked at a second by one run, at most.
    pub per_second: u32,
    /// Postings put to the exact check for one preview, at most.
    pub preview_postings: u32,
    /// Longest time for one preview.
    #[serde(with = "humantime_serde")]
    pub preview_time: Duration,
}

/// What becomes of a new or changed search or profile, beside being put to every new posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnChange {
    /// Nothing.
    Off,
    /// Postings that are there and fit are stored as already seen.
    Silent,
    /// Users are told of postings that are there and fit.
    Announce,
}
