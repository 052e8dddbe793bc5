//! Small plots of the last day as SVG: bars of what ended, lines of how long it took.
//!
//! A plot says its figures in words too, for those who do not see it. Colours come from the style sheet.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use super::layout::{amount, seconds};
use crate::store::Span;

/// What a line follows, in seconds.
type Value = fn(&Span) -> Option<f64>;

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 96.0;
const FOOT: f64 = 14.0;

/// The places of spans of time in a plot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    now: DateTime<Utc>,
    over: TimeDelta,
    each: TimeDelta,
}

impl Axis {
    /// The time `over` that ends now, in spans of `each`.
    pub(super) fn new(now: DateTime<Utc>, over: TimeDelta, each: TimeDelta) -> Self {
        Self { now, over, each }
    }

    #[expect(clippy::cast_precision_loss, reason = "seconds of a day")]
    fn share(self, length: TimeDelta) -> f64 {
        length.num_seconds() as f64 / self.over.num_seconds().max(1) as f64
    }

    fn x(self, at: DateTime<Utc>) -> f64 {
        (1.0 - self.share(self.now - at)).clamp(0.0, 1.0) * WIDTH
    }

    fn width(self) -> f64 {
        self.share(self.each) * WIDTH
    }
}

/// Ended well and failed for good, a bar each.
pub(super) fn ended(axis: Axis, spans: &[Span]) -> Markup {
    let most = spans.iter().map(|span| span.done + span.dead).max().unwrap_or_default().max(1);
    let (done, dead) = spans.iter().fold((0, 0), |sum, span| (sum.0 + span.done, sum.1 + span.dead));
    let words = format!(
        "{} runs done and {} dead in 24 hours, at most {} in half an hour",
        amount(done),
        amount(dead),
        amount(most)
    );
    let bar = (axis.width() - 1.0).max(1.0);
    let tall = |count: i64| ratio(count, most) * (HEIGHT - FOOT);
    svg(
        axis,
        &words,
        &amount(most),
        &html! {
            @for span in spans {
                @let (x, low) = (axis.x(span.at), tall(span.done));
                rect.done x=(point(x)) y=(point(HEIGHT - FOOT - low)) width=(point(bar)) height=(point(low)) {}
                @if span.dead > 0 {
                    @let high = tall(span.dead).max(2.0);
                    rect.dead x=(point(x)) y=(point(HEIGHT - FOOT - low - high)) width=(point(bar)) height=(point(high)) {}
                }
            }
        },
    )
}

/// Lines of seconds on a scale of powers of ten, from a millisecond to an hour.
pub(super) fn lines(axis: Axis, about: &str, spans: &[Span], lines: &[(&str, Value)]) -> Markup {
    let last = |value: Value| spans.iter().rev().find_map(value);
    let words: Vec<String> = lines
        .iter()
        .map(|(name, value)| format!("{name} {}", last(*value).map_or_else(|| "unknown".to_owned(), seconds)))
        .collect();
    let words = format!("{about}, at last: {}", words.join(", "));
    let y = |value: f64| {
        let share = (value.max(1e-3).log10() + 3.0) / 6.6;
        (1.0 - share.clamp(0.0, 1.0)) * (HEIGHT - FOOT)
    };
    svg(
        axis,
        &words,
        "1 h",
        &html! {
            @for (value, name) in [(1.0, "1 s"), (60.0, "1 min")] {
                line.grid x1="0" x2=(point(WIDTH)) y1=(point(y(value))) y2=(point(y(value))) {}
                text.tick x="2" y=(point(y(value) - 2.0)) { (name) }
            }
            @for (at, (_, value)) in lines.iter().enumerate() {
                @for run in runs(axis, spans, *value) {
                    polyline class=(format!("line l{at}")) points=(run.iter().map(|(x, value)| format!("{},{}", point(*x), point(y(*value)))).collect::<Vec<_>>().join(" ")) {}
                }
            }
        },
    )
}

/// Points that belong together: a span without a value breaks a line. A point alone is drawn as a short line.
fn runs(axis: Axis, spans: &[Span], value: Value) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut last = None;
    for span in spans {
        let Some(value) = value(span) else { continue };
        let joins = last.is_some_and(|last| span.at - last <= axis.each);
        if !joins {
            runs.push(Vec::new());
        }
        last = Some(span.at);
        if let Some(run) = runs.last_mut() {
            run.push((axis.x(span.at), value));
        }
    }
    for run in &mut runs {
        if let [(x, value)] = run[..] {
            run.push((x + axis.width(), value));
        }
    }
    runs
}

fn svg(axis: Axis, words: &str, top: &str, body: &Markup) -> Markup {
    let hours = axis.over.num_hours();
    html! {
        svg.plot role="img" aria-label=(words) viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) {
            line.grid x1="0" x2=(point(WIDTH)) y1=(point(HEIGHT - FOOT)) y2=(point(HEIGHT - FOOT)) {}
            (body)
            text.tick x="2" y="9" { (top) }
            text.tick x="0" y=(point(HEIGHT - 3.0)) { "−" (hours) " h" }
            text.tick.end x=(point(WIDTH)) y=(point(HEIGHT - 3.0)) text-anchor="end" { "now" }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of runs")]
fn ratio(count: i64, most: i64) -> f64 {
    count as f64 / most as f64
}

fn point(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(minutes: i64, wait: Option<f64>) -> Span {
        let at = DateTime::UNIX_EPOCH + TimeDelta::days(1) + TimeDelta::minutes(minutes);
        Span { at, done: 3, dead: 1, wait_p50: wait, wait_p95: wait, took_p95: None }
    }

    fn axis() -> Axis {
        Axis::new(DateTime::UNIX_EPOCH + TimeDelta::days(2), TimeDelta::days(1), TimeDelta::minutes(30))
    }

    #[test]
    fn a_plot_says_its_figures() {
        let text = ended(axis(), &[span(0, None), span(30, None)]).into_string();
        assert!(text.contains("6 runs done and 2 dead in 24 hours, at most 4 in half an hour"), "{text}");
        assert_eq!(text.matches("<rect").count(), 4);
    }

    #[test]
    fn a_gap_breaks_a_line() {
        let spans = [span(0, Some(0.1)), span(30, Some(0.2)), span(120, Some(5.0))];
        assert_eq!(
            runs(axis(), &spans, |span| span.wait_p50).iter().map(Vec::len).collect::<Vec<_>>(),
            [2, 2]
        );
        assert!(runs(axis(), &[span(0, None)], |span| span.wait_p50).is_empty());
    }
}
