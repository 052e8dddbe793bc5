//! Places in free text, on labelled location strings.

use career_worker::normalize::places::from_text;
use serde_json::Value;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{Figure, Level, rows};

/// Country and city of the first place, of strings alone and of whole postings.
pub fn figures() -> Vec<Figure> {
    let strings = first_place("ergon_geo_corpus", |row| row);
    let postings = first_place("ergon_gold_500", |row| &row["gold"]);
    strings.into_iter().chain(postings).collect()
}

fn first_place(set: &'static str, labels: fn(&Value) -> &Value) -> [Figure; 2] {
    let mut country = Figure::new(set, "country", Level::accuracy(0.96));
    let mut city = Figure::new(set, "city", Level::accuracy(0.95));
    for (index, row) in rows(set).iter().enumerate() {
        let text = row["location_raw"].as_str().unwrap_or_default();
        let place = from_text(text).into_iter().next().unwrap_or_default();
        for (figure, key, found) in
            [(&mut country, "country", place.country), (&mut city, "city", place.city)]
        {
            let (label, found) = (folded(labels(row)[key].as_str()), folded(found.as_deref()));
            figure.compare(index, text, label.as_deref(), found.as_deref());
        }
    }
    [country, city]
}

fn folded(name: Option<&str>) -> Option<String> {
    name.map(|name| name.to_lowercase().nfkd().filter(|letter| !is_combining_mark(*letter)).collect())
}
