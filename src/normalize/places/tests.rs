use proptest::prelude::*;

use super::{complete, display, from_text};
use crate::domain::Place;

fn shown(text: &str) -> String {
    display(&from_text(text)).unwrap_or_default()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn one_place() {
    for (input, expected) in [
        ("Berlin", "Berlin, Germany"),
        ("Berlin (Germany)", "Berlin, Germany"),
        ("München", "Munich, Germany"),
        ("Muenchen, DE", "Munich, Germany"),
        ("Köln, Nordrhein-Westfalen, Deutschland", "Cologne, Germany"),
        ("Frankfurt am Main", "Frankfurt, Germany"),
        ("80331 München", "Munich, Germany"),
        ("Wien", "Vienna, Austria"),
        ("Zürich, Schweiz", "Zurich, Switzerland"),
        ("Genève, CH", "Geneva, Switzerland"),
        ("Warszawa", "Warsaw, Poland"),
        ("København", "Copenhagen, Denmark"),
        ("Lisboa, Portugal", "Lisbon, Portugal"),
        ("Milano", "Milan, Italy"),
        ("Paris", "Paris, France"),
        ("Paris, TX", "Paris, Texas, United States"),
        ("London", "London, United Kingdom"),
        ("London, ON", "London, Ontario, Canada"),
        ("Greater London", "London, United Kingdom"),
        ("Cambridge, MA", "Cambridge, Massachusetts, United States"),
        ("Cambridge, UK", "Cambridge, United Kingdom"),
        ("Birmingham, AL", "Birmingham, Alabama, United States"),
        ("Birmingham", "Birmingham, United Kingdom"),
        ("US, OR, Beaverton", "Beaverton, Oregon, United States"),
        ("US-AR-SPRINGDALE-BLDG 1 ~ 100 Plant Rd ~ BLDG 1", "Springdale, Arkansas, United States"),
        ("DEU-Wiesbaden---Wiesbaden-Airfield-B12", "Wiesbaden, Germany"),
        ("USA-DC-Washington", "Washington, District of Columbia, United States"),
        ("Washington, DC", "Washington, District of Columbia, United States"),
        ("Toronto, ON, CA", "Toronto, Ontario, Canada"),
        ("San Jose, CA", "San Jose, California, United States"),
        ("San Jose, Costa Rica", "San José, Costa Rica"),
        ("Mumbai, IN", "Mumbai, India"),
        ("Indianapolis, IN", "Indianapolis, Indiana, United States"),
        ("Potsdam, DE", "Potsdam, Germany"),
        ("Wilmington, DE", "Wilmington, Delaware, United States"),
        ("Atlanta, GA", "Atlanta, Georgia, United States"),
        ("Atlanta, Georgia", "Atlanta, Georgia, United States"),
        ("Tbilisi, Georgia", "Tbilisi, Georgia"),
        ("Remote - Germany", "Germany"),
        ("Germany (Remote)", "Germany"),
        ("Remote, OR", "Oregon, United States"),
        ("Remote - USA", "United States"),
        ("London or remote", "London, United Kingdom"),
        ("Remote, based in the US", "United States"),
        ("Elm Branch - Worth, IL 60482", "Worth, Illinois, United States"),
        ("Acme HQ - New York City", "New York, United States"),
        ("INDIA - PUNE - ACME OFFICE", "Pune, India"),
        ("12 Sample Avenue, Mountain View, CA, USA", "Mountain View, California, United States"),
        ("Tampa FL 33618", "Tampa, Florida, United States"),
        ("Smallville, KS", "Smallville, Kansas, United States"),
        ("Singapore", "Singapore"),
        ("New York", "New York, United States"),
        ("California", "California, United States"),
        ("Ontario, Canada", "Ontario, Canada"),
        ("Boston Riverside", "Boston, Massachusetts, United States"),
        ("Thailand-Local", "Thailand"),
        ("Oregon-Bend", "Bend, Oregon, United States"),
        ("OR | Salem Depot | 7XYZ, United States", "Salem, Oregon, United States"),
        ("OR | Remote, United States", "Oregon, United States"),
        ("Jaén, J, ES, 23001", "Jaén, Spain"),
        ("Medellín, ANT, CO", "Medellín, Colombia"),
        ("Pune, MH, IN, 411001", "Pune, India"),
        ("Regensburg, BY, DE, 93047", "Regensburg, Germany"),
        ("Lebanon, OR", "Lebanon, Oregon, United States"),
        ("Poland, OH", "Poland, Ohio, United States"),
        ("Panama City Beach, FL", "Panama City Beach, Florida, United States"),
        ("East Lansing, MI", "East Lansing, Michigan, United States"),
        ("22 West Sample Road, Eugene, OR 97401", "Eugene, Oregon, United States"),
        ("1012 AB Amsterdam", "Amsterdam, Netherlands"),
        ("Lane County, OR", "Oregon, United States"),
        ("Eugene, Lane County", "Eugene, Oregon, United States"),
        ("Old Mill District, Chicago", "Chicago, Illinois, United States"),
        ("St. Helens, OR", "St. Helens, Oregon, United States"),
        ("Bergamo, Lombardia, Italia", "Bergamo, Italy"),
        ("Noord-Brabant", "North Brabant, Netherlands"),
        ("Berlin-Mitte", "Berlin, Germany"),
        ("Frankfurt (Oder)", "Frankfurt (Oder), Germany"),
        ("Mailand, Italien", "Milan, Italy"),
        ("Varsovie, Pologne", "Warsaw, Poland"),
        ("東京都港区", "Tokyo, Japan"),
        ("北京, 中国", "Beijing, China"),
        ("서울특별시", "Seoul, South Korea"),
        ("Москва, Россия", "Moscow, Russia"),
        ("Hybrid (London)", "London, United Kingdom"),
        ("South Africa", "South Africa"),
        ("Amsterdam, The Netherlands", "Amsterdam, Netherlands"),
        ("Bangalore, India", "Bangalore, India"),
        ("BENGALURU, KA, IN", "Bengaluru, India"),
        ("kiev", "Kiev, Ukraine"),
        ("Ciudad de México", "Ciudad de México, Mexico"),
        ("Tel Aviv-Yafo, ISR", "Tel Aviv-Yafo, Israel"),
        ("Bombay, Indien", "Bombay, India"),
        ("Tanzania (United Republic of)", "Tanzania"),
        ("Moldova, Republic of", "Moldova"),
        ("Iran (Islamic Republic of)", "Iran"),
        ("Lyon Cedex 03, France", "Lyon, France"),
        ("Wahsington, DC", "Washington, District of Columbia, United States"),
        ("Petah Tikva, Israel", "Petah Tikva, Israel"),
        ("Brasília, DF, BR", "Brasília, Brazil"),
        ("Freiburg", "Freiburg, Germany"),
        ("Luzern", "Lucerne, Switzerland"),
        ("Niedersachsen", "Lower Saxony, Germany"),
        ("Bronx, NY", "Bronx, New York, United States"),
        ("Klagenfurt", "Klagenfurt, Austria"),
        ("Quebec City, QC", "Quebec City, Quebec, Canada"),
        ("US-XQV", "United States"),
        ("Vechta, DE, 49377", "Vechta, Germany"),
        ("Dover, DE, 19901", "Dover, Delaware, United States"),
        ("São Paulo-Brazil", "São Paulo, Brazil"),
    ] {
        assert_eq!(shown(input), expected, "{input}");
    }
}

#[test]
fn several_places() {
    for (input, expected) in [
        ("Berlin, Germany; Munich, Germany", "Berlin, Germany; Munich, Germany"),
        ("Berlin | Hamburg | Remote", "Berlin, Germany; Hamburg, Germany"),
        ("Paris or London", "Paris, France; London, United Kingdom"),
        ("Seattle, WA / Austin, TX", "Seattle, Washington, United States; Austin, Texas, United States"),
        ("Dubai/Singapore", "Dubai, United Arab Emirates; Singapore"),
        ("New York City, San Francisco", "New York, United States; San Francisco, California, United States"),
        ("Paris, France, Oslo, Norway", "Paris, France; Oslo, Norway"),
        ("Denver, CO, Phoenix, AZ", "Denver, Colorado, United States; Phoenix, Arizona, United States"),
        ("Berlin\nVienna", "Berlin, Germany; Vienna, Austria"),
        ("Oregon-Bend, Texas-Waco", "Bend, Oregon, United States; Waco, Texas, United States"),
        ("Waco, TX, Leeds, UK", "Waco, Texas, United States; Leeds, United Kingdom"),
        ("New York, New Jersey", "New York, United States; New Jersey, United States"),
        ("Basel y Lyon", "Basel, Switzerland; Lyon, France"),
    ] {
        assert_eq!(shown(input), expected, "{input}");
    }
}

#[test]
fn no_place() {
    for input in [
        "",
        "Remote",
        "EMEA",
        "3 Locations",
        "Multiple Locations",
        "Hybrid - Flexible",
        "n/a",
        "Send us your CV",
        "Main Campus",
        "University",
        "West Region",
        "APAC - Remote",
        "リモート",
        "-",
    ] {
        assert_eq!(from_text(input), Vec::<Place>::new(), "{input}");
    }
}

fn place(city: &str, region: &str, country: &str, code: &str) -> Place {
    let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Place { city: part(city), region: part(region), country: part(country), country_code: part(code) }
}

#[test]
fn fields_are_completed() {
    let completed =
        |city: &str, region: &str, country: &str, code: &str| complete(&place(city, region, country, code));
    assert_eq!(completed("München", "", "de", ""), place("Munich", "Bavaria", "Germany", "DE"));
    assert_eq!(completed("Austin", "TX", "", ""), place("Austin", "Texas", "United States", "US"));
    assert_eq!(
        completed("Springfield", "IL", "United States", "US"),
        place("Springfield", "Illinois", "United States", "US")
    );
    assert_eq!(completed("", "", "Deutschland", ""), place("", "", "Germany", "DE"));
    assert_eq!(completed("", "", "", "gb"), place("", "", "United Kingdom", "GB"));
    assert_eq!(completed("Hintertupfing", "", "AUT", ""), place("Hintertupfing", "", "Austria", "AT"));
    assert_eq!(completed("MN/WI", "", "US", ""), place("", "", "United States", "US"));
    assert_eq!(completed("", "", "", ""), Place::default());
    assert_eq!(completed(" ", "", "Middle Earth", ""), place("", "", "Middle Earth", ""));
    assert_eq!(completed("Birmingham", "", "", "US").region.as_deref(), Some("Alabama"));
}

#[test]
fn a_line_holds_what_fits() {
    assert_eq!(display(&[]), None);
    assert_eq!(display(&[Place::default()]), None);
    let twice = [place("Bonn", "", "Germany", "DE"), place("Bonn", "", "Germany", "DE")];
    assert_eq!(display(&twice).as_deref(), Some("Bonn, Germany"));
    let many: Vec<Place> =
        (0..60).map(|number| place(&format!("Town{number}"), "", "Germany", "DE")).collect();
    assert!(display(&many).is_some_and(|line| line.chars().count() <= 255 && line.ends_with("Germany")));
}

#[test]
fn the_tables_are_sorted_and_whole() {
    let lines: Vec<&str> = include_str!("cities.tsv").lines().collect();
    assert!(lines.is_sorted_by_key(|line| line.split('\t').next()));
    assert!(lines.iter().all(|line| line.split('\t').count() == 5));
    for line in include_str!("countries.tsv").lines() {
        assert_eq!(line.split('\t').count(), 4, "{line}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read(input in "\\PC{0,120}") {
        let places = from_text(&input);
        let _ = display(&places);
        for place in &places {
            let _ = complete(place);
        }
    }

    #[test]
    fn any_soup_of_names_is_read(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "Berlin", "CA", "US", "DE", ", ", "-", " - ", "; ", "/", " or ", "(", ")", "Remote", "Paris", "Texas", " ",
                "12345", "Georgia", "Singapore", "ON", "Ünknown", "~", "+1 more…", "New York", "\n", "U.S.", "Washington",
            ]),
            0..30,
        )
    ) {
        let places = from_text(&parts.concat());
        for place in &places {
            prop_assert_eq!(place.country.is_some(), place.country_code.is_some());
        }
    }

    #[test]
    fn a_shown_place_is_read_again(
        name in prop::sample::select(vec!["Lyon", "Tokyo", "Austin, TX", "Bogotá", "Köln", "Leeds", "Perth", "Cracow", "Pune", "Oregon", "Peru"])
    ) {
        let once = from_text(name);
        let line = display(&once).unwrap_or_default();
        prop_assert_eq!(from_text(&line), once);
    }

    #[test]
    fn complete_is_stable(city in "[A-Z][a-z]{2,8}", code in prop::sample::select(vec!["DE", "US", "FR", ""])) {
        let once = complete(&place(&city, "", "", code));
        prop_assert_eq!(complete(&once), once);
    }
}
