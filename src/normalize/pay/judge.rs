//! Decides for each span, from the words near it, whether it is the pay of the posting.

use rust_decimal::Decimal;

use super::amount::Scale;
use super::around::{Around, Neighbours};
use super::bound::{Bound, bound};
use super::cue::{Cue, Sense};
use super::span::Span;
use super::{Hints, band, currency, place};
use crate::domain::Period;

/// A span that is pay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    pub at: usize,
    pub end: usize,
    pub min: Decimal,
    pub max: Decimal,
    pub bound: Bound,
    pub currency: Option<&'static str>,
    pub period: Option<Period>,
    /// A word for pay stands by it.
    pub by_pay_word: bool,
    /// Base pay and commission together.
    pub on_target: bool,
}

/// The spans of a free text that are pay.
pub(super) fn in_text(text: &str, spans: &[Span], cues: &[Cue], hints: Hints<'_>) -> Vec<Judged> {
    let mut near = Neighbours::new(text, cues);
    let mut found: Vec<Judged> = Vec::new();
    for (index, span) in spans.iter().enumerate().filter(|(_, span)| span.firm) {
        let next = spans.get(index + 1).map_or(text.len(), |next| next.start);
        let previous = index.checked_sub(1).and_then(|index| spans.get(index)).map_or(0, |span| span.end);
        let around = near.around(span, previous, next);
        found.extend(judge(text, span, &around, hints, found.last()));
    }
    found
}

/// The spans of a field that is meant for pay.
pub(super) fn in_field(text: &str, spans: &[Span], cues: &[Cue], hints: Hints<'_>) -> Vec<Judged> {
    let piecework = cues.iter().any(|cue| cue.sense == Sense::Other);
    let mut near = Neighbours::new(text, cues);
    spans
        .iter()
        .enumerate()
        .filter_map(|(index, span)| {
            let next = spans.get(index + 1).map_or(text.len(), |next| next.start);
            let around = near.around(span, 0, next);
            if (piecework && around.vetoed(span)) || !(span.firm || could_be_pay(span)) {
                return None;
            }
            let currency = span.mark.and_then(|mark| mark.code(hints));
            let measure = currency::measure(span.mark, hints);
            let stated = span
                .period
                .or_else(|| around.periods().find(|period| band::fits(span.max, *period, measure)));
            let period = stated.or_else(|| band::infer(span.min, measure, hints));
            Some(Judged {
                at: span.start,
                end: span.end,
                min: span.min,
                max: span.max,
                bound: bound(text, span),
                currency,
                period,
                by_pay_word: true,
                on_target: around.on_target,
            })
        })
        .collect()
}

/// A bare number in a field for pay: large enough, and no calendar year.
fn could_be_pay(span: &Span) -> bool {
    let thousand = span.min >= Decimal::ONE_THOUSAND;
    thousand && !(span.min >= Decimal::from(1_990) && span.max <= Decimal::from(2_040))
}

fn judge(
    text: &str,
    span: &Span,
    around: &Around,
    hints: Hints<'_>,
    before: Option<&Judged>,
) -> Option<Judged> {
    if around.vetoed(span) || matches!(span.scale, Some(Scale::Billion)) {
        return None;
    }
    let currency = span.mark.and_then(|mark| mark.code(hints));
    let measure = currency::measure(span.mark, hints);
    let fits =
        |period: &Period| band::fits(span.min, *period, measure) && band::fits(span.max, *period, measure);
    let by_pay_word = around.pay_before.is_some() || around.pay_after.is_some() || around.heading;
    let stated = span.period.or_else(|| around.periods().find(fits));
    let inferred = band::infer(span.min, measure, hints)
        .filter(|period| !around.on_target || matches!(period, Period::Month | Period::Year));
    let tight = span.period.is_some() || around.per_after.is_some_and(|(distance, _)| distance <= 14);
    let alone = inferred == Some(Period::Year) && place::stands_alone(text, span, around);
    let follows = before.is_some_and(|before| continues(span, around, before, currency, inferred));
    let believed = if alone || follows {
        true
    } else if span.is_range {
        believe_range(span, around, by_pay_word, stated.is_some(), tight)
    } else {
        believe_single(
            span,
            around,
            stated.is_none() && inferred == Some(Period::Hour),
            stated.is_some() && tight,
            hints,
        )
    };
    if !believed {
        return None;
    }
    let period = stated.or_else(|| inferred.filter(|_| by_pay_word || alone || follows))?;
    fits(&period).then_some(Judged {
        at: span.start,
        end: span.end,
        min: span.min,
        max: span.max,
        bound: bound(text, span),
        currency,
        period: Some(period),
        by_pay_word: by_pay_word || follows,
        on_target: around.on_target,
    })
}

/// How far behind a range the next one of a list may start.
const NEXT_OF_LIST: usize = 80;

/// A range right behind one that is pay, in the same currency and of the same size: another place or level.
fn continues(
    span: &Span,
    around: &Around,
    before: &Judged,
    currency: Option<&str>,
    inferred: Option<Period>,
) -> bool {
    let close = span.start.saturating_sub(before.end) <= NEXT_OF_LIST;
    let alike = span.mark.is_some() && currency == before.currency && inferred == before.period;
    span.is_range && before.bound == Bound::Range && close && alike && !around.other_here
}

fn believe_range(span: &Span, around: &Around, by_pay_word: bool, stated: bool, tight: bool) -> bool {
    if span.mark.is_some() {
        return by_pay_word || (stated && tight && !around.other_here);
    }
    let close =
        around.pay_before.is_some_and(|distance| distance <= 60) || around.pay_after.is_some_and(|d| d <= 20);
    close
        || (around.heading
            && around.leads_line
            && (stated || span.scale.is_some() || (around.opens_line && span.min >= Decimal::from(10_000))))
}

fn believe_single(span: &Span, around: &Around, unnamed_hour: bool, tight: bool, hints: Hints<'_>) -> bool {
    let before = |limit: usize| around.pay_before.is_some_and(|distance| distance <= limit);
    if unnamed_hour {
        // Too small to be told from a voucher by its size. Where pay is stated by the hour it goes without saying.
        let close = before(24) || (around.heading && around.leads_line && !around.other_in_line);
        return close
            && !around.other_here
            && span.mark.is_some_and(|mark| band::is_paid_hourly(mark.code(hints)));
    }
    if span.mark.is_none() {
        return before(25) && span.min >= Decimal::from(10_000);
    }
    before(if around.other_here { 8 } else { 80 })
        || around.pay_after.is_some_and(|distance| distance <= 30)
        || (around.heading && around.leads_line && !around.other_in_line)
        || (tight && !around.other_in_line)
}
