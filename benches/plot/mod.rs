//! Plots of figures against sizes, both on logarithmic axes, as SVG that is readable on light and dark pages.

use std::fmt::Write as _;

/// Sizes and figures, in order of sizes.
pub type Points = Vec<(f64, f64)>;

/// One line.
pub struct Series {
    /// For the legend.
    pub name: String,
    pub points: Points,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 70.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 44.0;
const RIGHT: f64 = 44.0;
/// Told apart by people who see colours otherwise too, and by their dashes.
const COLOURS: [&str; 5] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"];
const DASHES: [&str; 5] = ["none", "7 3", "2 3", "9 3 2 3", "4 4"];

/// The exponent by which figures grow with sizes: the slope of the line through the logarithms.
pub fn exponent(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(size, figure)| (size.ln(), figure.ln())).collect();
    let count = f64::from(u32::try_from(logs.len()).unwrap_or(u32::MAX));
    let (sum_x, sum_y) = logs.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0, y + point.1));
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (mut over, mut under) = (0.0, 0.0);
    for (x, y) in logs {
        over += (x - mean_x) * (y - mean_y);
        under += (x - mean_x).powi(2);
    }
    over / under
}

/// Digits in groups of three.
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Decades that hold all of some numbers.
fn decades(numbers: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let low = numbers.clone().fold(f64::INFINITY, f64::min).log10();
    let high = numbers.fold(f64::NEG_INFINITY, f64::max).log10();
    let (low, high) = ((low + 0.001).floor(), (high - 0.001).ceil());
    (low, if high > low { high } else { low + 1.0 })
}

/// The plot of `series` in `unit` against `of`.
pub fn draw(of: &str, unit: &str, series: &[Series]) -> String {
    let all = || series.iter().flat_map(|series| series.points.iter());
    let (x_low, x_high) = decades(all().map(|point| point.0));
    let (y_low, y_high) = decades(all().map(|point| point.1));
    let legend = 18.0 * f64::from(u32::try_from(series.len()).unwrap_or(0));
    let x = |size: f64| LEFT + (size.log10() - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT);
    let y = |figure: f64| TOP + (y_high - figure.log10()) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"{unit} against {of}\">\n\
         <style>text {{ font: 12px sans-serif; fill: #222 }} .grid {{ stroke: #8886 }} @media (prefers-color-scheme: dark) {{ text {{ fill: #ddd }} }}</style>\n",
        HEIGHT + legend
    );
    let mut decade = x_low;
    while decade <= x_high {
        let (at, label) = (x(10_f64.powf(decade)), grouped(10_f64.powf(decade)));
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{at:.1} {TOP}V{:.1}\"/><text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
            HEIGHT - BOTTOM,
            HEIGHT - BOTTOM + 16.0
        );
        decade += 1.0;
    }
    let mut decade = y_low;
    while decade <= y_high {
        let value = 10_f64.powf(decade);
        let label = if value >= 1.0 { grouped(value) } else { format!("{value}") };
        let at = y(value);
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0
        );
        decade += 1.0;
    }
    let (across, down) = (f64::midpoint(LEFT, WIDTH - RIGHT), f64::midpoint(TOP, HEIGHT - BOTTOM));
    let _ = writeln!(
        svg,
        "<text x=\"{across:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{of}</text><text x=\"14\" y=\"{down:.1}\" text-anchor=\"middle\" transform=\"rotate(-90 14 {down:.1})\">{unit}</text>",
        HEIGHT - 10.0
    );
    for (number, Series { name, points }) in series.iter().enumerate() {
        let (colour, dash) = (COLOURS[number % COLOURS.len()], DASHES[number % DASHES.len()]);
        let path: Vec<_> =
            points.iter().map(|(size, figure)| format!("{:.1} {:.1}", x(*size), y(*figure))).collect();
        let _ = writeln!(
            svg,
            "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>",
            path.join("L")
        );
        for (size, figure) in points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"{colour}\"/>",
                x(*size),
                y(*figure)
            );
        }
        let at = HEIGHT + 18.0 * f64::from(u32::try_from(number).unwrap_or(0)) + 6.0;
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {at:.1}h28\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/><text x=\"{:.1}\" y=\"{:.1}\">{name}</text>",
            LEFT + 36.0,
            at + 4.0
        );
    }
    svg + "</svg>\n"
}
