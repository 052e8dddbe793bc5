//! One answer out of several stated amounts.

use rust_decimal::Decimal;

use super::bound::Bound;
use super::judge::Judged;
use super::{Hints, currency};
use crate::domain::Pay;

/// How far from a range that is surely pay a range without a word for pay may stand and belong to it.
const NEIGHBOURHOOD: usize = 400;

/// The pay that the judged spans state together: ranges before single amounts, base pay before on-target earnings,
/// one currency and period, lowest to highest (the ranges of one posting are its places or levels).
pub(super) fn one(judged: &[Judged], hints: Hints<'_>) -> Option<Pay> {
    let mut kept: Vec<&Judged> = judged.iter().collect();
    prefer(&mut kept, |item| !item.on_target);
    prefer(&mut kept, |item| item.bound == Bound::Range);
    if kept.iter().any(|item| item.by_pay_word) {
        let sure: Vec<usize> = kept.iter().filter(|item| item.by_pay_word).map(|item| item.at).collect();
        kept.retain(|item| {
            let near = |at: &usize| at.abs_diff(item.at) <= NEIGHBOURHOOD;
            item.by_pay_word || sure.iter().take(64).any(near)
        });
    }
    prefer(&mut kept, |item| item.currency.is_some());
    let local = hints.country_code.and_then(currency::of_country);
    prefer(&mut kept, |item| item.currency.is_some() && item.currency == local);
    let first = *kept.first()?;
    let (currency, period) = (kept.iter().find_map(|item| item.currency), first.period);
    kept.retain(|item| item.period == period && (item.currency.is_none() || item.currency == currency));
    let min = kept.iter().filter(|item| item.bound != Bound::Most).map(|item| item.min).min();
    let max = kept.iter().filter(|item| item.bound != Bound::Least).map(|item| item.max).max();
    // Austrian law makes employers state the least they pay, and German ones follow: a lone amount is a floor.
    let lone = hints.speaks("de") && min == max && kept.iter().all(|item| item.bound == Bound::Point);
    let open = lone
        || kept.iter().any(|item| item.bound == Bound::Least)
            && max.is_some_and(|max| kept_floor(&kept) >= max);
    Some(Pay { min, max: max.filter(|_| !open), currency: currency.map(str::to_owned), period })
}

fn kept_floor(kept: &[&Judged]) -> Decimal {
    kept.iter().filter(|item| item.bound == Bound::Least).map(|item| item.min).max().unwrap_or_default()
}

/// Drops the rest if any item is preferred.
fn prefer(kept: &mut Vec<&Judged>, preferred: impl Fn(&Judged) -> bool) {
    if kept.iter().any(|item| preferred(item)) {
        kept.retain(|item| preferred(item));
    }
}
