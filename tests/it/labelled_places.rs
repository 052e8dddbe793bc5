//! Places in free text, measured on labelled location strings and run over a large sample of real ones.

#![expect(clippy::print_stdout, reason = "measurements are read by people")]

use career_worker::normalize::places::{display, from_text};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::labelled::{Score, document, rows};
use crate::labelled_remote::{GROUPS, shown};

fn folded(name: Option<&str>) -> Option<String> {
    name.map(|name| name.to_lowercase().nfkd().filter(|letter| !is_combining_mark(*letter)).collect())
}

#[test]
fn country_and_city_are_found() {
    for (name, group) in GROUPS {
        let Some(rows) = rows("ergon_geo_corpus.jsonl") else { return };
        let (mut country, mut city) = (Score::default(), Score::default());
        for (index, row) in rows.iter().enumerate().filter(|(index, _)| group(*index)) {
            let text = row["location_raw"].as_str().unwrap();
            let place = from_text(text).into_iter().next().unwrap_or_default();
            for (score, key, found) in [
                (&mut country, "country", place.country.as_deref()),
                (&mut city, "city", place.city.as_deref()),
            ] {
                let (label, found) = (folded(row[key].as_str()), folded(found));
                score.add(label.is_some(), found.is_some(), label == found);
                if label != found && name == "all" && shown(index) {
                    println!("  row {index} {text:?}: {key} expected {label:?}, found {found:?}");
                }
            }
        }
        println!("{}\n{}", country.line(&format!("country {name}")), city.line(&format!("city {name}")));
        if name == "all" {
            assert!(country.accuracy() >= 0.97, "{}", country.line("country"));
            assert!(city.accuracy() >= 0.95, "{}", city.line("city"));
        }
    }
}

#[test]
fn most_real_location_strings_name_a_place() {
    let Some(strings) = document("greenhouse_location_strings_counts.json") else { return };
    let (mut all, mut placed, mut with_city) = (0, 0, 0);
    for pair in strings.as_array().unwrap() {
        let (text, count) = (pair[0].as_str().unwrap_or_default(), pair[1].as_u64().unwrap());
        let found = from_text(text);
        assert!(display(&found).is_none_or(|line| line.chars().count() <= 255));
        all += count;
        placed += if found.iter().any(|place| place.country_code.is_some()) { count } else { 0 };
        with_city += if found.iter().any(|place| place.city.is_some()) { count } else { 0 };
        if std::env::var_os("CAREER_SHOW_MISSES").is_some() {
            println!("  {count} {text:?} -> {:?}", display(&found).unwrap_or_default());
        }
    }
    println!("{all} postings: {placed} with a country, {with_city} with a city");
    assert!(placed * 100 >= all * 95, "{placed} of {all}");
}
