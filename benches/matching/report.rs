//! Figures with their spread.

use std::fmt;

/// A figure measured several times: the median, and the extremes in parentheses.
pub struct Spread(Vec<f64>);

impl Spread {
    /// Of at least one measurement.
    pub fn of(measured: impl IntoIterator<Item = f64>) -> Self {
        let mut measured: Vec<f64> = measured.into_iter().collect();
        measured.sort_by(f64::total_cmp);
        Self(measured)
    }

    /// The middle one.
    pub fn median(&self) -> f64 {
        self.0.get(self.0.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&short(self.median()))?;
        match self.0[..] {
            [first, .., last] => write!(f, " ({}..{})", short(first), short(last)),
            _ => Ok(()),
        }
    }
}

/// Three digits that count, or all before the point.
pub fn short(number: f64) -> String {
    let decimals = match number.abs() {
        0.0..1.0 => 3,
        1.0..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    format!("{number:.decimals$}")
}

/// One line: what was measured, and the figure.
pub fn line(what: &str, figure: impl fmt::Display) {
    println!("  {what:<44} {figure}");
}
