//! Pay in text and in fields.
//!
//! A small grammar, in steps: [`amount`] finds numbers with their currency, [`span`] joins them to ranges, [`cue`]
//! finds the words around them (pay, period, and what amounts of other kinds go by), [`judge`] decides which spans
//! are the pay of the posting, and [`choose`] makes one answer of those. Every step looks at a bounded window, so
//! the whole is linear in the text. It must not guess: an amount without a period is dropped unless a word for pay
//! stands by it, or it is a yearly one that is set off from the text ([`place`]).
//!
//! To teach it a language, add its words to `words.txt`, `bounds.txt` and `joints.txt` and its sentences to
//! `tests/languages.rs`; to teach it a currency, add a line in [`currency`].

mod amount;
mod around;
mod band;
mod bound;
mod choose;
mod cue;
mod currency;
mod joints;
mod judge;
mod number;
mod place;
mod span;
#[cfg(test)]
mod tests;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::{Pay, Salary};

/// What helps to read an amount that does not say everything itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'a> {
    /// Language of the text, ISO 639-1.
    pub language: Option<&'a str>,
    /// Country of the posting, ISO 3166-1 alpha-2: decides what a bare `$` or `kr` is.
    pub country_code: Option<&'a str>,
}

impl Hints<'_> {
    fn speaks(&self, language: &str) -> bool {
        self.language.is_some_and(|tag| {
            tag.get(..2).is_some_and(|primary| primary.eq_ignore_ascii_case(language))
                && tag.as_bytes().get(2).is_none_or(|byte| !byte.is_ascii_alphabetic())
        })
    }

    fn is_in(&self, country: &str) -> bool {
        self.country_code.is_some_and(|code| code.eq_ignore_ascii_case(country))
    }
}

/// The pay a text states; `None` where it states none.
pub fn from_text(text: &str, hints: Hints<'_>) -> Option<Pay> {
    let amounts = amount::find(text, hints);
    if !amounts.iter().any(amount::Amount::is_firm) {
        return None;
    }
    let mut spans = span::join(text, &amounts);
    for span in &mut spans {
        let currency = currency::measure(span.mark, hints);
        span.firm &= band::is_possible(span.min, span.max, currency);
    }
    if !spans.iter().any(|span| span.firm) {
        return None;
    }
    let cues = cue::near(text, &spans, around::BEFORE_SPAN, around::AFTER_SPAN);
    let judged = judge::in_text(text, &spans, &cues, hints);
    choose::one(&judged, hints)
}

/// The pay in a short field that is meant for pay (`"$31,2k- $52k"`, `"Pay per task"`).
pub fn from_field(text: &str, hints: Hints<'_>) -> Option<Pay> {
    let amounts = amount::find(text, hints);
    let spans = span::join(text, &amounts);
    let cues = cue::find(text);
    let judged = judge::in_field(text, &spans, &cues, hints);
    choose::one(&judged, Hints { language: None, ..hints })
}

/// Tidies pay from a source's own numbers: drops zeros, swaps min > max, upper-cases the currency.
pub fn tidy(pay: &Pay) -> Option<Pay> {
    let positive = |amount: Option<Decimal>| amount.filter(|value| *value > Decimal::ZERO);
    let (mut min, mut max) = (positive(pay.min), positive(pay.max));
    if min.is_none() && max.is_none() {
        return None;
    }
    if let (Some(low), Some(high)) = (min, max)
        && low > high
    {
        (min, max) = (Some(high), Some(low));
    }
    let currency = pay.currency.as_deref().and_then(currency::from_word).map(str::to_owned);
    Some(Pay { min, max, currency, period: pay.period })
}

/// The yearly amount; empty where the period is unknown.
pub fn yearly(pay: &Pay) -> Salary {
    let Some(period) = pay.period else { return Salary::default() };
    let whole = |amount: Option<Decimal>| {
        amount?
            .checked_mul(period.per_year())?
            .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
            .to_i32()
            .filter(|value| *value > 0)
    };
    let (min, max) = (whole(pay.min), whole(pay.max));
    if min.is_none() && max.is_none() {
        return Salary::default();
    }
    Salary { min, max, currency: pay.currency.clone() }
}
