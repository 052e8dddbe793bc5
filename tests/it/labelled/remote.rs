//! Remote postings, told from place, title and text.

use career_worker::domain::RemoteOption;
use career_worker::normalize::remote;

use super::{Figure, Level, rows};

/// Whether a posting is remote; a hybrid one is not.
pub fn figures() -> Vec<Figure> {
    let mut figure = Figure::new("ergon_gold_500", "remote", Level::accuracy(0.97));
    for (index, row) in rows(figure.set).iter().enumerate() {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let found = remote::resolve(None, &[text("location_raw")], &text("title"), &text("description_text"));
        let label = row["gold"]["remote"] == true;
        let found = found == Some(RemoteOption::Remote);
        figure.compare(index, &text("title"), label.then_some("remote"), found.then_some("remote"));
    }
    vec![figure]
}
