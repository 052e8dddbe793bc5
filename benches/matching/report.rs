//! Figures with their spread.

use std::fmt;

pub use crate::measures::short;

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

/// One line: what was measured, and the figure.
pub fn line(what: &str, figure: impl fmt::Display) {
    println!("  {what:<44} {figure}");
}
