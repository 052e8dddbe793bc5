//! What stands around a span: the nearest cue of each kind, within its sentence, its line and the heading above.

use super::cue::{Cue, Sense};
use super::span::{Span, tail_before};
use crate::domain::Period;

const BEFORE: usize = 120;
const AFTER: usize = 60;
const HEADING: usize = 220;
/// How far around an amount "commission only" makes it a hope.
const HOPES: usize = 160;

/// Bytes before a span in which a cue may speak of it.
pub(super) const BEFORE_SPAN: usize = HEADING + 40;
/// Bytes behind a span in which a cue may speak of it.
pub(super) const AFTER_SPAN: usize = HOPES + 40;

/// The nearest cue of each kind around one span.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent findings, not states")]
pub(super) struct Around {
    pub pay_before: Option<usize>,
    /// No other amount stands between the word for pay and the span.
    own_pay: bool,
    pub pay_after: Option<usize>,
    pub heading: bool,
    pub other_before: Option<usize>,
    pub other_after: Option<(usize, Sense)>,
    /// Something else is named in the line.
    pub other_in_line: bool,
    /// Something else is named in the same sentence, or between the same bars.
    pub other_here: bool,
    aside_before: Option<usize>,
    pub per_after: Option<(usize, Period)>,
    pub per_before: Option<(usize, Period)>,
    pub per_heading: Option<Period>,
    pub base: bool,
    pub on_target: bool,
    pub commission_only: bool,
    /// Nothing but a short label stands before the span in its line.
    pub leads_line: bool,
    /// No more than a bullet stands before the span in its line.
    pub opens_line: bool,
}

impl Around {
    pub(super) fn periods(&self) -> impl Iterator<Item = Period> {
        let tight = self.per_after.filter(|(distance, _)| *distance <= 28);
        [tight, self.per_before, self.per_after]
            .into_iter()
            .flatten()
            .map(|(_, period)| period)
            .chain(self.per_heading)
    }

    /// The words around the span say that it is something else than pay.
    pub(super) fn vetoed(&self, span: &Span) -> bool {
        let beside = self.pay_after.filter(|distance| *distance <= 2);
        let pay = self.pay_before.into_iter().chain(beside).min();
        let nearer = |other: usize| pay.is_none_or(|pay| pay > other);
        let pay_range = span.is_range && span.mark.is_some() && self.pay_before.is_some();
        self.commission_only
            || self.other_after.is_some_and(|(distance, sense)| self.taken_by(distance, sense, span))
            || self.other_before.is_some_and(nearer)
            || (!pay_range && self.aside_before.is_some_and(nearer))
    }

    /// Whether a word behind the span makes it something else.
    fn taken_by(&self, distance: usize, sense: Sense, span: &Span) -> bool {
        if self.pay_after.is_some_and(|pay| pay <= distance) {
            return false;
        }
        if span.is_range && self.own_pay && self.pay_before.is_some_and(|pay| pay <= 40) {
            return sense == Sense::Other && distance <= 3;
        }
        distance <= 12 || self.pay_before.is_none_or(|pay| pay > 8)
    }
}

/// Walks through cues and spans together.
pub(super) struct Neighbours<'a> {
    text: &'a str,
    cues: &'a [Cue],
    first: usize,
    /// Where "commission only" stands.
    hopes: Vec<usize>,
}

impl<'a> Neighbours<'a> {
    pub(super) fn new(text: &'a str, cues: &'a [Cue]) -> Self {
        let hopes =
            cues.iter().filter(|cue| cue.sense == Sense::CommissionOnly).map(|cue| cue.start).collect();
        Self { text, cues, first: 0, hopes }
    }

    pub(super) fn around(&mut self, span: &Span, previous: usize, next: usize) -> Around {
        while self.cues.get(self.first).is_some_and(|cue| cue.end + HEADING < span.start) {
            self.first += 1;
        }
        let mut around = Around::default();
        let line = line_start(self.text, span.start, HEADING);
        let sentence = sentence_start(self.text, line.max(span.start.saturating_sub(BEFORE)), span.start);
        let edges =
            Edges { line, sentence, segment: segment_start(self.text, sentence, span.start), previous };
        let label = self.text.get(line..span.start).map_or(usize::MAX, str::len);
        (around.leads_line, around.opens_line) = (label <= 48, label <= 5);
        let end = sentence_end(self.text, span.end, AFTER).min(next);
        for cue in self.cues.get(self.first..).unwrap_or_default() {
            if cue.start >= end {
                break;
            }
            if cue.end <= span.start {
                self.before(&mut around, cue, span, &edges);
            } else if cue.start >= span.end {
                self.after(&mut around, cue, span, next);
            }
        }
        let hope = self.hopes.partition_point(|at| *at + HOPES < span.start);
        around.commission_only = self.hopes.get(hope).is_some_and(|at| *at <= span.end + HOPES);
        around
    }

    fn before(&self, around: &mut Around, cue: &Cue, span: &Span, edges: &Edges) {
        let distance = span.start - cue.end;
        let here = cue.start >= edges.sentence;
        let beside = cue.start >= edges.segment;
        match cue.sense {
            Sense::Pay | Sense::PayPer(_) | Sense::Base if here => {
                around.pay_before = Some(distance);
                around.own_pay = cue.start >= edges.previous;
                if cue.sense == Sense::Base {
                    (around.base, around.on_target) = (true, false);
                }
            }
            Sense::Pay | Sense::PayPer(_) | Sense::Base => {
                around.heading |= self.heads(cue, edges.line, span);
            }
            Sense::OnTarget if here && distance <= 60 && cue.start >= edges.previous => {
                around.on_target = true;
                around.pay_before = Some(distance);
            }
            Sense::OnTarget if !here && self.heads(cue, edges.line, span) => {
                around.heading = true;
                around.on_target = cue.start >= edges.previous;
            }
            Sense::Other if beside => around.other_before = Some(distance),
            Sense::Aside if beside => around.aside_before = Some(distance),
            Sense::Extra
                if beside
                    && !named_beside(self.text, cue, around)
                    && !self.goes_with(edges.previous, cue) =>
            {
                around.other_before = Some(distance);
            }
            _ => {}
        }
        if cue.sense == Sense::Other {
            around.other_in_line |= cue.start >= edges.line;
            around.other_here |= cue.start >= edges.segment;
        }
        if let Sense::Per(period) | Sense::PayPer(period) = cue.sense
            && cue.start >= edges.previous
        {
            if here && distance <= 100 {
                around.per_before = Some((distance, period));
            } else if !here {
                around.per_heading = Some(period);
            }
        }
    }

    /// "$50k - $60k + equity, $70k": the extra comes on top of the amount before.
    fn goes_with(&self, previous: usize, cue: &Cue) -> bool {
        let gap = self.text.get(previous..cue.start).filter(|gap| previous > 0 && gap.len() <= 6);
        gap.is_some_and(|gap| matches!(gap.trim(), "+" | "&" | "plus" | "and"))
    }

    /// A word for pay in an earlier line or sentence speaks of the span if it is a heading or stands close.
    fn heads(&self, cue: &Cue, line: usize, span: &Span) -> bool {
        if cue.start >= line {
            return span.start - cue.end <= 100;
        }
        let from = line_start(self.text, cue.start, 80);
        let to = cue.end
            + self.text.as_bytes().iter().skip(cue.end).take(80).take_while(|byte| **byte != b'\n').count();
        to - from <= 80 || span.start - cue.end <= 60
    }

    fn after(&self, around: &mut Around, cue: &Cue, span: &Span, next: usize) {
        let distance = cue.start - span.end;
        let gap = self.text.get(span.end..cue.start).unwrap_or_default();
        let broken = gap.contains([',', ';', '+', '(', '|', '•', '·', '&', ':'])
            || BREAKS.iter().any(|word| gap.contains(word));
        // "$100k OTE $200k": the word belongs to the amount behind it.
        let of_next = around.pay_before.is_some() && next < self.text.len() && next - cue.end.min(next) <= 3;
        match cue.sense {
            Sense::Pay | Sense::PayPer(_) | Sense::Base if distance <= 40 => {
                keep_first(&mut around.pay_after, distance);
                around.base |= cue.sense == Sense::Base && distance <= 6 && !of_next;
            }
            Sense::PayAfter if span.is_range && distance <= 2 => keep_first(&mut around.pay_after, distance),
            Sense::BaseAfter if distance <= 2 => {
                keep_first(&mut around.pay_after, distance);
                around.base = true;
            }
            Sense::Other | Sense::Aside | Sense::Extra
                if distance <= 32 && !broken && !of_next && around.other_after.is_none() =>
            {
                around.other_after = Some((distance, cue.sense));
            }
            Sense::OnTarget if distance <= 24 && !broken && !of_next && !around.base => {
                around.on_target = true;
                keep_first(&mut around.pay_after, distance);
            }
            _ => {}
        }
        if cue.sense == Sense::Other && !broken {
            (around.other_in_line, around.other_here) = (true, true);
        }
        if let Sense::Per(period) | Sense::PayPer(period) = cue.sense
            && around.per_after.is_none()
        {
            around.per_after = Some((distance, period));
        }
    }
}

/// Words after which another thing is spoken of.
const BREAKS: &[&str] = &[
    " - ",
    " – ",
    " and ",
    " plus ",
    " incl",
    " und ",
    " zzgl",
    " zuzügl",
    " inkl",
    " et ",
    " hors ",
    " y ",
    " más ",
    " e ",
    " più ",
    " oltre ",
    " mais ",
    " en ",
    " exclusief ",
    " exkl",
    " excl",
    " och ",
    " samt ",
    " oraz ",
    " i ",
    " z ",
];

struct Edges {
    line: usize,
    sentence: usize,
    segment: usize,
    previous: usize,
}

fn keep_first(slot: &mut Option<usize>, distance: usize) {
    if slot.is_none() {
        *slot = Some(distance);
    }
}

/// "salary plus bonus: 50,000": the extra is named beside pay and does not take the amount away from it.
fn named_beside(text: &str, cue: &Cue, around: &Around) -> bool {
    let lead = tail_before(text, cue.start, 16);
    around.pay_before.is_some() && JOINTS.iter().any(|joint| lead.ends_with(joint))
}

/// What joins pay and an extra to one thing.
const JOINTS: &[&str] = &[
    "+ ",
    "+",
    "& ",
    "/",
    " and ",
    " plus ",
    "incl. ",
    " including ",
    " with ",
    " und ",
    "zzgl. ",
    "inkl. ",
    " mit ",
    " et ",
    " avec ",
    " y ",
    " con ",
    " e ",
    " com ",
    " en ",
    " met ",
    " och ",
    " med ",
    " i ",
    " oraz ",
    " z ",
];

/// Where the part between bars or bullets that holds `at` starts, not before `from`.
fn segment_start(text: &str, from: usize, at: usize) -> usize {
    let head = text.get(from..at).unwrap_or_default();
    head.rfind(['|', '•', '·', ';']).map_or(from, |offset| from + offset + 1)
}

fn line_start(text: &str, at: usize, most: usize) -> usize {
    let floor = at.saturating_sub(most);
    let bytes = text.as_bytes();
    let start =
        (floor..at).rev().find(|index| bytes.get(*index) == Some(&b'\n')).map_or(floor, |index| index + 1);
    (start..=at).find(|index| text.is_char_boundary(*index)).unwrap_or(at)
}

/// Where the sentence that holds `at` starts, not before `from`.
fn sentence_start(text: &str, from: usize, at: usize) -> usize {
    let bytes = text.as_bytes();
    (from..at.saturating_sub(1))
        .rev()
        .find(|index| ends_sentence(bytes, *index))
        .map_or(from, |index| index + 1)
}

fn sentence_end(text: &str, at: usize, most: usize) -> usize {
    let bytes = text.as_bytes();
    let limit = at.saturating_add(most).min(text.len());
    (at..limit)
        .find(|index| bytes.get(*index) == Some(&b'\n') || ends_sentence(bytes, *index))
        .unwrap_or(limit)
}

/// Words cut short that may stand before an amount: "approx. $50k" is one sentence.
const SHORT_FORMS: &[&str] =
    &["approx", "incl", "excl", "max", "min", "est", "avg", "ca", "c", "Max", "Min", "Approx"];

/// "1. Jahr": one or two figures that stand by themselves before the stop.
fn is_ordinal(head: &[u8]) -> bool {
    let figures = head.iter().rev().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    let before = head.len().checked_sub(figures + 1).and_then(|at| head.get(at));
    (1..=2).contains(&figures) && before.is_none_or(|byte| matches!(byte, b' ' | b'\n' | b'('))
}

/// A stop, a blank, and a capital or an amount: "p.a. brutto" is no end.
fn ends_sentence(bytes: &[u8], index: usize) -> bool {
    let stop = matches!(bytes.get(index), Some(b'.' | b'!' | b'?'));
    let after = bytes.iter().skip(index + 1).take_while(|byte| **byte == b' ').take(4).count();
    let next = bytes.get(index + 1 + after);
    let capital = next.is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0xC3);
    let head = bytes.get(..index).unwrap_or_default();
    if is_ordinal(head) {
        return false;
    }
    let money = || next == Some(&b'$') && !SHORT_FORMS.iter().any(|word| head.ends_with(word.as_bytes()));
    stop && after > 0 && (capital || money())
}
