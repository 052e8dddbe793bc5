//! Which backups are kept: the newest of so many days, weeks and months, and never fewer verified ones than asked.
//!
//! [`plan`] decides, from what is in the place alone, and touches nothing; [`expire`] does what it says. A better rule is a change of
//! [`plan`], which property tests hold to its promise.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use serde::Serialize;

use super::{BackupError, Catalog, Site, catalog};
use crate::{config::BackupConfig, store::Store};

/// How many are kept.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Newest days.
    pub daily: usize,
    /// Newest weeks (of ISO 8601).
    pub weekly: usize,
    /// Newest months.
    pub monthly: usize,
    /// Verified ones, at least.
    pub keep_verified: usize,
    /// Nothing goes while the newest verified one is older.
    pub expire_within: Duration,
}

impl From<&BackupConfig> for Policy {
    fn from(config: &BackupConfig) -> Self {
        Self {
            daily: config.daily,
            weekly: config.weekly,
            monthly: config.monthly,
            keep_verified: config.keep_verified,
            expire_within: config.expire_within,
        }
    }
}

/// A backup, as the planner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its name.
    pub id: String,
    /// The moment it holds.
    pub made_at: DateTime<Utc>,
    /// `Some(true)`: its restore test passed; `Some(false)`: it did not.
    pub verified: Option<bool>,
}

/// What becomes of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Names and why, oldest first.
    pub keep: Vec<(String, String)>,
    /// Names, oldest first.
    pub delete: Vec<String>,
    /// Why nothing is deleted, where nothing may be.
    pub refused: Option<String>,
}

/// Decides what is kept at `now`.
pub fn plan(backups: &[Candidate], policy: &Policy, now: DateTime<Utc>) -> Plan {
    let mut all: Vec<&Candidate> = backups.iter().collect();
    all.sort_by(|a, b| (a.made_at, &a.id).cmp(&(b.made_at, &b.id)));
    let mut why: BTreeMap<&str, BTreeSet<&'static str>> = BTreeMap::new();
    let mut keep = |backup: &Candidate, reason: &'static str| {
        if let Some(known) = all.iter().find(|known| known.id == backup.id) {
            why.entry(known.id.as_str()).or_default().insert(reason);
        }
    };
    for backup in
        all.iter().rev().filter(|backup| backup.verified == Some(true)).take(policy.keep_verified.max(1))
    {
        keep(backup, "verified");
    }
    if let Some(newest) = all.last() {
        keep(newest, "newest");
    }
    for backup in all.iter().filter(|backup| backup.made_at > now) {
        keep(backup, "from the future");
    }
    let day = |at: DateTime<Utc>| (at.year(), at.ordinal());
    let week = |at: DateTime<Utc>| (at.iso_week().year(), at.iso_week().week());
    let month = |at: DateTime<Utc>| (at.year(), at.month());
    for backup in best_of(&all, day, policy.daily) {
        keep(backup, "daily");
    }
    for backup in best_of(&all, week, policy.weekly) {
        keep(backup, "weekly");
    }
    for backup in best_of(&all, month, policy.monthly) {
        keep(backup, "monthly");
    }

    let refused = refusal(&all, policy, now);
    let mut plan = Plan { refused, ..Plan::default() };
    for backup in all {
        match why.get(backup.id.as_str()) {
            Some(reasons) => {
                let reasons: Vec<_> = reasons.iter().copied().collect();
                plan.keep.push((backup.id.clone(), reasons.join(", ")));
            }
            None if plan.refused.is_some() => {
                plan.keep.push((backup.id.clone(), "nothing is deleted".to_owned()));
            }
            None => plan.delete.push(backup.id.clone()),
        }
    }
    plan
}

/// The best of each of the newest `count` periods that have any: a verified one before one that is not tested before one that failed, and
/// of those the newest.
fn best_of<'a>(
    all: &[&'a Candidate],
    period: impl Fn(DateTime<Utc>) -> (i32, u32),
    count: usize,
) -> Vec<&'a Candidate> {
    let rank = |backup: &Candidate| match backup.verified {
        Some(true) => 2,
        None => 1,
        Some(false) => 0,
    };
    let mut best: BTreeMap<(i32, u32), &Candidate> = BTreeMap::new();
    for backup in all {
        let slot = best.entry(period(backup.made_at)).or_insert(backup);
        if rank(backup) >= rank(slot) {
            *slot = backup;
        }
    }
    best.into_values().rev().take(count).collect()
}

fn refusal(all: &[&Candidate], policy: &Policy, now: DateTime<Utc>) -> Option<String> {
    let within = TimeDelta::from_std(policy.expire_within).unwrap_or(TimeDelta::MAX);
    let verified: Vec<_> = all.iter().filter(|backup| backup.verified == Some(true)).collect();
    let Some(newest) = verified.last() else { return Some("no backup is verified".to_owned()) };
    if verified.len() < policy.keep_verified {
        return Some(format!("{} backups are verified, expected {}", verified.len(), policy.keep_verified));
    }
    let age = now - newest.made_at;
    (age > within).then(|| {
        format!(
            "the newest verified backup is {} h old, expected {} at the most",
            age.num_hours(),
            within.num_hours()
        )
    })
}

/// What was, or would be, done.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Expired {
    /// The plan.
    #[serde(flatten)]
    pub plan: Plan,
    /// What cannot be read; it is left alone.
    pub unreadable: Vec<String>,
    /// Nothing was touched.
    pub dry_run: bool,
}

/// Deletes what the policy does not keep: its manifest first, so that from the first moment on it is no backup.
///
/// # Errors
/// Where the place does not answer or does not allow it; what was deleted before stays deleted.
pub async fn expire(site: &Site, store: Option<&Store>, dry_run: bool) -> Result<Expired, BackupError> {
    let catalog = Catalog::read(site).await?;
    let mut candidates = Vec::new();
    let mut unreadable = Vec::new();
    for entry in &catalog.entries {
        match &entry.manifest {
            Ok(manifest) => candidates.push(Candidate {
                id: entry.id.clone(),
                made_at: manifest.made_at,
                verified: entry.verification.as_ref().map(|found| found.passed),
            }),
            Err(message) => unreadable.push(message.clone()),
        }
    }
    let plan = plan(&candidates, &Policy::from(site.backup()), site.clock.now());
    if !dry_run {
        for id in &plan.delete {
            catalog::remove(site, id, None).await?;
            if let Some(store) = store {
                store.mark_backup_expired(id).await?;
            }
        }
        catalog.sweep(site).await?;
    }
    Ok(Expired { plan, unreadable, dry_run })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: Policy = Policy {
        daily: 7,
        weekly: 5,
        monthly: 12,
        keep_verified: 3,
        expire_within: Duration::from_hours(48),
    };

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn nightly(days: i64) -> Vec<Candidate> {
        let last = at("2026-11-26T02:00:00Z");
        (0..days)
            .map(|day| Candidate {
                id: format!("b{day:04}"),
                made_at: last - TimeDelta::days(day),
                verified: Some(true),
            })
            .collect()
    }

    #[test]
    fn two_years_of_nights_become_days_weeks_and_months() {
        let plan = plan(&nightly(730), &POLICY, at("2026-11-26T12:00:00Z"));
        assert_eq!(plan.refused, None);
        let kept = |word: &str| plan.keep.iter().filter(|(_, why)| why.contains(word)).count();
        assert_eq!((kept("daily"), kept("weekly"), kept("monthly")), (7, 5, 12));
        assert_eq!(plan.keep.len() + plan.delete.len(), 730);
        assert!(plan.keep.len() <= 24);
    }

    #[test]
    fn an_old_verified_backup_stops_everything() {
        let mut backups = nightly(40);
        for backup in backups.iter_mut().take(3) {
            backup.verified = None;
        }
        let plan = plan(&backups, &POLICY, at("2026-11-26T12:00:00Z"));
        assert!(plan.delete.is_empty() && plan.keep.len() == 40);
        assert!(plan.refused.unwrap().contains("82 h old"));
    }

    #[test]
    fn a_backup_that_failed_takes_no_place_of_a_good_one() {
        let mut backups = nightly(2);
        backups.push(Candidate {
            id: "later".to_owned(),
            made_at: at("2026-11-25T20:00:00Z"),
            verified: Some(false),
        });
        let policy = Policy { daily: 2, weekly: 0, monthly: 0, keep_verified: 1, ..POLICY };
        let plan = plan(&backups, &policy, at("2026-11-26T12:00:00Z"));
        assert_eq!(plan.delete, ["later"]);
    }

    fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
        let one = (0i64..900 * 24 * 60, proptest::option::of(any::<bool>()));
        proptest::collection::vec(one, 0..80).prop_map(|all| {
            let from = at("2024-06-01T00:00:00Z");
            let backups = all.into_iter().enumerate().map(|(number, (minutes, verified))| Candidate {
                id: format!("b{number:03}"),
                made_at: from + TimeDelta::minutes(minutes),
                verified,
            });
            backups.collect()
        })
    }

    fn policies() -> impl Strategy<Value = Policy> {
        (0usize..9, 0usize..6, 0usize..14, 0usize..6, 1u64..2000).prop_map(
            |(daily, weekly, monthly, keep_verified, hours)| Policy {
                daily,
                weekly,
                monthly,
                keep_verified,
                expire_within: Duration::from_hours(hours),
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_last_good_ones_are_never_deleted(
            backups in candidates(),
            policy in policies(),
            minutes in 0i64..1000 * 24 * 60,
        ) {
            let now = at("2024-06-01T00:00:00Z") + TimeDelta::minutes(minutes);
            let plan = plan(&backups, &policy, now);
            prop_assert_eq!(plan.keep.len() + plan.delete.len(), backups.len());
            let mut verified: Vec<_> = backups.iter().filter(|backup| backup.verified == Some(true)).collect();
            verified.sort_by(|a, b| (b.made_at, &b.id).cmp(&(a.made_at, &a.id)));
            for last in verified.iter().take(policy.keep_verified.max(1)) {
                prop_assert!(!plan.delete.contains(&last.id), "{} of {:?}", last.id, plan);
            }
            if let Some(newest) = backups.iter().max_by(|a, b| (a.made_at, &a.id).cmp(&(b.made_at, &b.id))) {
                prop_assert!(!plan.delete.contains(&newest.id));
            }
            if plan.refused.is_some() {
                prop_assert!(plan.delete.is_empty());
            }
            let fresh = verified.first().is_some_and(|newest| {
                now - newest.made_at <= TimeDelta::from_std(policy.expire_within).unwrap()
            });
            if !fresh || verified.len() < policy.keep_verified {
                prop_assert!(plan.delete.is_empty());
            }
        }

        #[test]
        fn what_is_left_is_left_alone(backups in candidates(), policy in policies(), minutes in 0i64..1000 * 24 * 60) {
            let now = at("2024-06-01T00:00:00Z") + TimeDelta::minutes(minutes);
            let first = plan(&backups, &policy, now);
            let mut left: Vec<_> =
                backups.iter().filter(|backup| !first.delete.contains(&backup.id)).cloned().collect();
            left.reverse();
            let second = plan(&left, &policy, now);
            prop_assert!(second.delete.is_empty(), "{second:?}");
        }
    }
}
