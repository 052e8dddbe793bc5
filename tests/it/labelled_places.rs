//! How many of a large sample of real location strings name a place.

#![expect(clippy::print_stderr, reason = "measurements are read by people")]

use career_worker::normalize::places::{display, from_text};

use super::labelled::{document, shows};

#[test]
fn most_real_location_strings_name_a_place() {
    let Some(strings) = document("greenhouse_location_strings_counts") else { return };
    let (mut all, mut placed, mut with_city) = (0, 0, 0);
    for (index, pair) in strings.as_array().into_iter().flatten().enumerate() {
        let (text, count) = (pair[0].as_str().unwrap_or_default(), pair[1].as_u64().unwrap_or_default());
        let found = from_text(text);
        assert!(display(&found).is_none_or(|line| line.chars().count() <= 255));
        all += count;
        placed += if found.iter().any(|place| place.country_code.is_some()) { count } else { 0 };
        with_city += if found.iter().any(|place| place.city.is_some()) { count } else { 0 };
        if shows(index) {
            eprintln!("  {count} {text:?} -> {:?}", display(&found).unwrap_or_default());
        }
    }
    eprintln!("{all} postings: {placed} with a country, {with_city} with a city");
    assert!(placed * 100 >= all * 95, "{placed} of {all}");
}
