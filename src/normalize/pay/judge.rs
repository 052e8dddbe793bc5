//! Decides for each span, from the words near it, whether it is the pay of the posting.

use rust_decimal::Decimal;

use super::amount::Scale;
use super::around::{Around, Neighbours};
use super::cue::{Cue, Sense};
use super::span::{Span, tail_before};
use super::{Hints, band};
use crate::domain::Period;

/// A span that is pay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    pub at: usize,
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

/// Which ends the amount is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Range,
    Point,
    Least,
    Most,
}

/// The spans of a free text that are pay.
pub(super) fn in_text(text: &str, spans: &[Span], cues: &[Cue], hints: Hints<'_>) -> Vec<Judged> {
    let mut near = Neighbours::new(text, cues);
    spans
        .iter()
        .enumerate()
        .filter(|(_, span)| span.firm)
        .filter_map(|(index, span)| {
            let next = spans.get(index + 1).map_or(text.len(), |next| next.start);
            let previous = index.checked_sub(1).and_then(|index| spans.get(index)).map_or(0, |span| span.end);
            let around = near.around(span, previous, next);
            judge(text, span, &around, hints)
        })
        .collect()
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
            let stated = span
                .period
                .or_else(|| around.periods().find(|period| band::fits(span.max, *period, currency)));
            let period = stated.or_else(|| band::infer(span.min, currency, hints));
            Some(Judged {
                at: span.start,
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

fn judge(text: &str, span: &Span, around: &Around, hints: Hints<'_>) -> Option<Judged> {
    if around.vetoed(span) || matches!(span.scale, Some(Scale::Billion)) {
        return None;
    }
    let currency = span.mark.and_then(|mark| mark.code(hints));
    let by_pay_word = around.pay_before.is_some() || around.pay_after.is_some() || around.heading;
    let stated = span.period.or_else(|| {
        around
            .periods()
            .find(|period| band::fits(span.min, *period, currency) && band::fits(span.max, *period, currency))
    });
    let tight = span.period.is_some() || around.per_after.is_some_and(|(distance, _)| distance <= 14);
    let alone =
        stands_alone(text, span, around) && band::infer(span.min, currency, hints) == Some(Period::Year);
    let believed = if alone {
        true
    } else if span.is_range {
        believe_range(span, around, by_pay_word, stated.is_some(), tight)
    } else {
        believe_single(span, around, stated.is_some() && tight)
    };
    if !believed {
        return None;
    }
    let period =
        stated.or_else(|| band::infer(span.min, currency, hints).filter(|_| by_pay_word || alone))?;
    let fits = band::fits(span.min, period, currency) && band::fits(span.max, period, currency);
    fits.then_some(Judged {
        at: span.start,
        min: span.min,
        max: span.max,
        bound: bound(text, span),
        currency,
        period: Some(period),
        by_pay_word,
        on_target: around.on_target,
    })
}

/// A yearly range of its own between bars or in a line ("Acme | Engineer | $120k - $150k").
fn stands_alone(text: &str, span: &Span, around: &Around) -> bool {
    let head = text.get(..span.start).unwrap_or_default().trim_end_matches([' ', '\u{a0}', '\t']);
    let tail = text.get(span.end..).unwrap_or_default().trim_start_matches([' ', '\u{a0}', '\t']);
    let opens = head.is_empty() || head.ends_with(['\n', '|', '•']);
    let closes = tail.is_empty() || tail.starts_with(['\n', '\r', '|', '•', '+', '(']);
    span.is_range && span.mark.is_some() && opens && closes && !around.other_in_line
}

fn believe_range(span: &Span, around: &Around, by_pay_word: bool, stated: bool, tight: bool) -> bool {
    if span.mark.is_some() {
        return by_pay_word || (stated && tight && !around.other_in_line);
    }
    let close =
        around.pay_before.is_some_and(|distance| distance <= 60) || around.pay_after.is_some_and(|d| d <= 20);
    close
        || (around.heading
            && around.leads_line
            && (stated || span.scale.is_some() || span.min >= Decimal::from(10_000)))
}

fn believe_single(span: &Span, around: &Around, tight: bool) -> bool {
    let before = |limit: usize| around.pay_before.is_some_and(|distance| distance <= limit);
    if span.mark.is_none() {
        return before(25) && span.min >= Decimal::from(10_000);
    }
    before(80)
        || around.pay_after.is_some_and(|distance| distance <= 30)
        || (around.heading && around.leads_line && !around.other_in_line)
        || (tight && !around.other_in_line)
}

const LEAST: &[&str] = &[
    "from",
    "starting at",
    "starts at",
    "start at",
    "starting from",
    "starting",
    "minimum",
    "minimum of",
    "min",
    "min.",
    "at least",
    "over",
    "more than",
    "upwards of",
    "ab",
    "mindestens",
    "mind.",
    "über",
    "mehr als",
    "minimum von",
    "à partir de",
    "a partir de",
    "dès",
    "au moins",
    "minimum de",
    "plus de",
    "supérieur à",
    "desde",
    "desde los",
    "mínimo",
    "mínimo de",
    "más de",
    "da",
    "a partire da",
    "almeno",
    "vanaf",
    "minimaal",
    "från",
    "lägst",
    "od",
    "minimum od",
    "minimalnie",
    "fra",
    "acima de",
    "not less than",
    "in excess of",
];
const MOST: &[&str] = &[
    "up to",
    "upto",
    "max",
    "max.",
    "maximum",
    "maximum of",
    "as much as",
    "bis",
    "bis zu",
    "maximal",
    "jusqu'à",
    "jusqu’à",
    "jusqu'a",
    "maximum de",
    "hasta",
    "hasta los",
    "máximo de",
    "fino a",
    "tot",
    "maximaal",
    "upp till",
    "op til",
    "opptil",
    "do",
    "až",
    "até",
    "no more than",
    "to",
];

fn bound(text: &str, span: &Span) -> Bound {
    if span.is_range {
        return Bound::Range;
    }
    let lead = tail_before(text, span.start, 24);
    let lead = lead.trim_end_matches([' ', '\u{a0}', ':', '(', '~', '\u{202f}']);
    let says = |words: &[&str]| {
        words
            .iter()
            .any(|word| lead.strip_suffix(word).is_some_and(|head| !head.ends_with(char::is_alphanumeric)))
    };
    let tail = text.get(span.end..).unwrap_or_default().trim_start();
    if says(MOST) {
        Bound::Most
    } else if span.open
        || says(LEAST)
        || ["and up", "or more", "oder mehr", "et plus", "o más", "and above"]
            .iter()
            .any(|word| tail.starts_with(word))
    {
        Bound::Least
    } else {
        Bound::Point
    }
}
