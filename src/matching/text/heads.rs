//! Head words of Germanic compounds: `softwareentwickler` is an `entwickler`.

/// Folded head words of occupations, longest first where one ends another.
const HEADS: &[&str] = &[
    "sachbearbeiter",
    "programmierer",
    "administrator",
    "koordinator",
    "elektroniker",
    "informatiker",
    "spezialist",
    "mitarbeiter",
    "entwickler",
    "ingenieur",
    "techniker",
    "mechaniker",
    "assistent",
    "architekt",
    "verkaufer",
    "kaufmann",
    "kauffrau",
    "controller",
    "designer",
    "referent",
    "manager",
    "berater",
    "tester",
    "pfleger",
    "leiter",
    "lehrer",
    "fahrer",
    "monteur",
    "meister",
    "planer",
    "analyst",
    "trainer",
    "entwicklung",
    "ontwikkelaar",
    "beheerder",
    "medewerker",
    "adviseur",
    "utvecklare",
    "utvikler",
    "udvikler",
    "ingenjor",
    "konsulent",
    "konsult",
    "leder",
];

/// The head word of a compound, where at least three letters stand before it.
pub fn head(word: &str) -> Option<&'static str> {
    if word.len() < 9 {
        return None;
    }
    HEADS.iter().copied().find(|head| word.len() >= head.len() + 3 && word.ends_with(head))
}

#[cfg(test)]
mod tests {
    #[test]
    fn compounds_have_heads() {
        assert_eq!(super::head("softwareentwickler"), Some("entwickler"));
        assert_eq!(super::head("entwickler"), None);
        assert_eq!(super::head("vertriebsleiter"), Some("leiter"));
    }
}
