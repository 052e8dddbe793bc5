use proptest::prelude::*;

use super::*;

#[test]
fn companies_without_legal_form() {
    for (name, key) in [
        ("Google Inc.", "google"),
        ("Amazon, Inc", "amazon"),
        ("Coca-Cola Co", "coca cola"),
        ("SAP AG", "sap"),
        ("Société Générale SA", "société générale"),
        ("Zalando SE", "zalando"),
        ("ACME GmbH & Co. KG", "acme"),
        ("Co", "co"),
        ("Foo Incredible", "foo incredible"),
        ("Fiat S.p.A.", "fiat"),
        ("Maersk A/S", "maersk"),
        ("Comarch Sp. z o.o.", "comarch"),
        ("Atlassian Pty Ltd", "atlassian"),
        ("Klein UG (haftungsbeschränkt)", "klein"),
        ("Procter & Gamble", "procter & gamble"),
        ("AON", "aon"),
        ("  Aon\u{200b}\u{a0}", "aon"),
        ("", ""),
    ] {
        assert_eq!(company_key(name), key, "{name}");
    }
}

#[test]
fn different_companies_stay_apart() {
    for (a, b) in [("Škoda", "Koda"), ("Żubr", "Zubr"), ("Ėmė", "Eme"), ("Aon", "Aon Group"), ("A+B", "AB")]
    {
        assert_ne!(company_key(a), company_key(b), "{a} {b}");
    }
    assert_eq!(company_key("ﬁnance"), company_key("Finance"));
}

#[test]
fn titles_keep_what_matters() {
    assert_eq!(title_key("Senior Software Engineer (Remote)"), "senior software engineer");
    assert_eq!(title_key("Data Scientist - ML"), "data scientist ml");
    assert_eq!(title_key("Entwickler:in (m/w/d)"), title_key("Entwickler (w/m/d)"));
    assert_eq!(title_key("Entwickler*in Backend"), "entwickler backend");
    assert_eq!(title_key("Developer (f/m/x) [all genders]"), "developer");
    assert_ne!(title_key("C++ Developer"), title_key("C# Developer"));
    assert_ne!(title_key("C Developer"), title_key("C++ Developer"));
    assert_ne!(title_key("Software Engineer II"), title_key("Software Engineer III"));
    assert_ne!(title_key("Engineer (Payments)"), title_key("Engineer (Search)"));
    assert_ne!(title_key("Senior Engineer"), title_key("Engineer"));
    assert_eq!(title_key(".NET Developer"), ".net developer");
}

#[test]
fn titles_lose_what_says_nothing() {
    for title in [
        "Boatbuilder (m/w/d)",
        "Boatbuilder m/w/d",
        "Boatbuilder (w|m|x)",
        "Boatbuilder H/F",
        "Boatbuilder F/H",
        "Boatbuilder (f/m/d)",
        "Boatbuilder (M/V/X)",
        "Boatbuilder k/m",
        "Boatbuilder m f d",
        "Boatbuilder - Remote",
        "Boatbuilder (Full-time) – Hybrid",
        "Boatbuilder, Vollzeit",
        "Boatbuilder | Remote | Full-time",
        "Boatbuilder - m/w/d",
        "Boatbuilder (mwd) - Hybrid, Remote",
        "Boatbuilder (m/w/divers)",
        "BOATBUILDER (gn)",
    ] {
        assert_eq!(title_key(title), "boatbuilder", "{title}");
    }
    assert_eq!(title_key("H/W Engineer"), "hw engineer");
    assert_eq!(title_key("Engineer - Payments"), "engineer payments");
    assert_eq!(title_key("Remote - Full-time"), "remote");
    assert_eq!(title_key(" - "), "");
    assert_ne!(title_key("Remote Sensing Engineer"), title_key("Engineer"));
}

#[test]
fn near_equal_texts_are_near() {
    let text = |word: &str| {
        format!(
            "{} we look for a person who plans, builds and runs our {word} platform",
            "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
                .repeat(6)
        )
    };
    assert!(distance(simhash(&text("data")), simhash(&text("data").to_uppercase())) == 0);
    assert!(distance(simhash(&text("data")), simhash(&text("billing"))) <= 12);
    assert!(
        distance(
            simhash(&text("data")),
            simhash("Cook for a small hotel by the sea, evenings and weekends free")
        ) > 12
    );
    assert_eq!(simhash(" ,. "), 0);
    assert_eq!(simhash("stable across versions"), 7_870_542_935_554_012_549);
}

#[test]
fn a_text_that_is_cut_short_stays_near() {
    let words: Vec<String> = (0..600).map(|at| format!("w{}", at * 7919 % 1009)).collect();
    let whole = simhash(&words.join(" "));
    for (kept, bits) in [(80, 6), (120, 4), (200, 2), (400, 1)] {
        let short = format!("{}\u{2026}", words[..kept].join(" "));
        assert!(
            distance(whole, simhash(&short)) <= bits,
            "{kept} words: {}",
            distance(whole, simhash(&short))
        );
    }
    let longer = format!("{} Found on another site today.", words.join(" "));
    assert_eq!(distance(whole, simhash(&longer)), 0);
    let other: Vec<String> = (0..600).map(|at| format!("w{}", at * 6311 % 1013)).collect();
    assert!(distance(whole, simhash(&other.join(" "))) > 12);
}

/// What [`simhash`] does, said plainly.
fn plain_simhash(text: &str) -> u64 {
    let lower: String = text.chars().flat_map(char::to_lowercase).collect();
    let words: Vec<&str> =
        lower.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut weights = [0_i64; 64];
    for (at, run) in words.windows(words.len().clamp(1, 3)).enumerate().take(32 * 16) {
        let bytes = run.iter().flat_map(|word| word.bytes().chain([b' ']));
        let hash = spread(bytes.fold(0xcbf2_9ce4_8422_2325, fnv));
        for (bit, weight) in weights.iter_mut().enumerate() {
            *weight += if hash >> bit & 1 == 1 { 1 } else { -1 } << (15 - at / 32);
        }
    }
    weights.iter().enumerate().filter(|(_, weight)| **weight > 0).fold(0, |hash, (bit, _)| hash | 1 << bit)
}

proptest! {
    #[test]
    fn simhash_counts_runs(text in "\\PC{0,80}|[a-cA-C ÄäİßΣ,.]{0,60}|([a-f]{1,3} ){0,700}") {
        prop_assert_eq!(simhash(&text), plain_simhash(&text));
    }

    #[test]
    fn any_text(text in "\\PC{0,60}|[(\\[)\\]a-z/ :*.&+#-]{0,40}") {
        let _ = (company_key(&text), title_key(&text), simhash(&text));
    }
}
