//! Pay that no word names: a yearly amount set off from the text around it, as in `Acme | Engineer | $120k - $150k`.

use rust_decimal::Decimal;

use super::amount::Scale;
use super::around::Around;
use super::bound;
use super::span::Span;

/// Bytes before a span that may be its label (`Bay Area: `).
const LABEL: usize = 48;

/// A yearly amount between bars, in brackets or in a line of its own, where nothing else is spoken of.
pub(super) fn stands_alone(text: &str, span: &Span, around: &Around) -> bool {
    if around.other_here || !narrow(span) {
        return false;
    }
    let head = text.get(..span.start).unwrap_or_default();
    let head = head.get(head.ceil_char_boundary(head.len().saturating_sub(LABEL))..).unwrap_or_default();
    let whole_head = head.len() == span.start;
    let tail = text.get(span.end..).unwrap_or_default();
    let tail = tail.get(..tail.floor_char_boundary(LABEL)).unwrap_or_default();
    let closes = closes(tail, span);
    let bare = head.trim_end_matches(BLANKS);
    if !span.is_range {
        return span.mark.is_some() && closes == Closed::Firmly && single_opens(text, span, head, whole_head);
    }
    let barred = bare.ends_with(['|', '–', '—']);
    if span.mark.is_none() {
        return barred
            && closes == Closed::Firmly
            && span.scale == Some(Scale::Thousand)
            && span.min >= Decimal::from(30_000);
    }
    if bare.ends_with('|') {
        return true;
    }
    let set_off = (bare.is_empty() && whole_head) || bare.ends_with(OPENERS);
    let labelled = whole_head || head.contains(['\n', '|', '•', '·']);
    (set_off && closes != Closed::Not) || (labelled && closes == Closed::Firmly)
}

const BLANKS: [char; 5] = [' ', '\u{a0}', '\u{202f}', '\t', '~'];
const OPENERS: [char; 9] = ['\n', '|', '•', '·', '(', ':', '-', '–', '—'];

/// Both ends of the pay of one posting are of one size.
fn narrow(span: &Span) -> bool {
    span.min.checked_mul(Decimal::from(4)).is_some_and(|most| span.max <= most)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Closed {
    Not,
    Loosely,
    Firmly,
}

fn closes(tail: &str, span: &Span) -> Closed {
    let rest = tail.trim_start_matches(BLANKS);
    let dashed = [" - ", " – ", " — "].iter().any(|dash| tail.starts_with(dash));
    if rest.is_empty() || rest.starts_with(['\n', '\r', '|', '•', '·', '+', '(', ')']) || span.open {
        Closed::Firmly
    } else if rest.starts_with([',', ';', '.', '/', ':']) || dashed {
        Closed::Loosely
    } else {
        Closed::Not
    }
}

/// A lone amount needs a bar before it, or a word such as "ab" or "up to" behind a dash.
fn single_opens(text: &str, span: &Span, head: &str, whole_head: bool) -> bool {
    if head.trim_end_matches(BLANKS).ends_with('|') {
        return true;
    }
    let Some((_, bytes)) = bound::before(text, span.start) else { return false };
    let Some(lead) = head.len().checked_sub(bytes).and_then(|at| head.get(..at)) else { return false };
    let lead = lead.trim_end_matches(BLANKS);
    (lead.is_empty() && whole_head) || lead.ends_with(['|', '-', '–', '—', ',', '('])
}
