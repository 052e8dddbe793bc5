//! One amount, or two that make a range.

use rust_decimal::Decimal;

use super::amount::{Amount, Scale};
use super::currency::Mark;
use super::joints;
use crate::domain::Period;

/// A stretch of text that states one amount or a range.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub start: usize,
    pub end: usize,
    pub min: Decimal,
    /// Equal to `min` for one amount.
    pub max: Decimal,
    pub is_range: bool,
    /// One amount followed by `+`.
    pub open: bool,
    pub mark: Option<Mark>,
    pub scale: Option<Scale>,
    /// Has a currency, a scale or grouped thousands.
    pub firm: bool,
    pub period: Option<Period>,
}

/// Joins neighbouring amounts to ranges.
pub(super) fn join(text: &str, amounts: &[Amount]) -> Vec<Span> {
    let mut spans = Vec::with_capacity(amounts.len());
    let mut rest = amounts;
    while let Some((first, others)) = rest.split_first() {
        let range = others.first().and_then(|second| range(text, first, second));
        rest = if range.is_some() { others.get(1..).unwrap_or_default() } else { others };
        spans.extend(range.or_else(|| single(first)));
    }
    spans
}

fn scaled(value: Decimal, scale: Option<Scale>) -> Option<Decimal> {
    scale.map_or(Some(value), |scale| value.checked_mul(scale.factor()))
}

fn single(amount: &Amount) -> Option<Span> {
    let value = scaled(amount.value, amount.scale).filter(|value| *value > Decimal::ZERO)?;
    Some(Span {
        start: amount.start,
        end: amount.end,
        min: value,
        max: value,
        is_range: false,
        open: amount.open,
        mark: amount.mark,
        scale: amount.scale,
        firm: amount.is_firm(),
        period: amount.period,
    })
}

fn range(text: &str, low: &Amount, high: &Amount) -> Option<Span> {
    let gap = text.get(low.end..high.start)?;
    if !joints::joins(text, low.start, gap) {
        return None;
    }
    let mark = match (low.mark, high.mark) {
        (Some(Mark::Code(left)), Some(Mark::Code(right))) if left != right => return None,
        (Some(left), Some(right)) => Some(if right.is_open() { left } else { right }),
        (left, right) => left.or(right),
    };
    let (min, max) = ends(low, high)?;
    let widest = Decimal::from(if gap == "/" { 2 } else { 25 });
    let firm = high.is_firm() || gap != "/";
    let sensible = firm && min > Decimal::ZERO && min <= max && max <= min.checked_mul(widest)?;
    sensible.then_some(Span {
        start: low.start,
        end: high.end,
        min,
        max,
        is_range: true,
        open: false,
        mark,
        scale: high.scale.or(low.scale),
        firm: low.is_firm() || high.is_firm(),
        period: high.period.or(low.period),
    })
}

/// A scale on one end holds for the other where that is written short: `90-120k`, `$90k-120`, `90-120,000`.
fn ends(low: &Amount, high: &Amount) -> Option<(Decimal, Decimal)> {
    let short = |amount: &Amount| amount.scale.is_none() && amount.value < Decimal::ONE_THOUSAND;
    let low_scale = if short(low) && (high.scale.is_some()) { high.scale } else { low.scale };
    let high_scale =
        if short(high) && high.value >= low.value { high.scale.or(low.scale) } else { high.scale };
    let (min, max) = (scaled(low.value, low_scale)?, scaled(high.value, high_scale)?);
    let thousands = max / Decimal::ONE_THOUSAND;
    let abbreviated = short(low) && high.grouped && max >= Decimal::from(10_000);
    if abbreviated && min <= thousands && thousands < min.checked_mul(Decimal::TEN)? {
        return Some((min.checked_mul(Decimal::ONE_THOUSAND)?, max));
    }
    Some((min, max))
}

/// Up to `bytes` of lower-cased text before an offset.
pub(super) fn tail_before(text: &str, at: usize, bytes: usize) -> String {
    let mut from = at.saturating_sub(bytes);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text.get(from..at).unwrap_or_default().to_lowercase()
}
