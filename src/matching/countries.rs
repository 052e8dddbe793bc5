//! Country names and codes, enough to know `Germany`, `Deutschland` and `DE` for one place.

/// Code, then folded names.
const COUNTRIES: &[(&str, &[&str])] = &[
    ("AE", &["united arab emirates", "uae", "vereinigte arabische emirate"]),
    ("AR", &["argentina", "argentinien"]),
    ("AT", &["austria", "osterreich", "oesterreich", "autriche"]),
    ("AU", &["australia", "australien"]),
    ("BE", &["belgium", "belgien", "belgique", "belgie"]),
    ("BG", &["bulgaria", "bulgarien"]),
    ("BR", &["brazil", "brasil", "brasilien"]),
    ("CA", &["canada", "kanada"]),
    ("CH", &["switzerland", "schweiz", "suisse", "svizzera"]),
    ("CL", &["chile"]),
    ("CN", &["china"]),
    ("CO", &["colombia", "kolumbien"]),
    ("CY", &["cyprus", "zypern"]),
    ("CZ", &["czechia", "czech republic", "tschechien"]),
    ("DE", &["germany", "deutschland", "allemagne", "alemania", "germania", "duitsland"]),
    ("DK", &["denmark", "danmark", "danemark"]),
    ("EE", &["estonia", "estland"]),
    ("EG", &["egypt", "agypten"]),
    ("ES", &["spain", "espana", "spanien", "espagne"]),
    ("FI", &["finland", "suomi", "finnland"]),
    ("FR", &["france", "frankreich", "francia"]),
    (
        "GB",
        &[
            "united kingdom",
            "uk",
            "great britain",
            "england",
            "scotland",
            "wales",
            "grossbritannien",
            "northern ireland",
        ],
    ),
    ("GR", &["greece", "griechenland"]),
    ("HK", &["hong kong"]),
    ("HR", &["croatia", "kroatien", "hrvatska"]),
    ("HU", &["hungary", "ungarn", "magyarorszag"]),
    ("ID", &["indonesia", "indonesien"]),
    ("IE", &["ireland", "irland"]),
    ("IL", &["israel"]),
    ("IN", &["india", "indien"]),
    ("IS", &["iceland", "island"]),
    ("IT", &["italy", "italia", "italien", "italie"]),
    ("JP", &["japan"]),
    ("KE", &["kenya", "kenia"]),
    ("KR", &["south korea", "korea", "republic of korea", "sudkorea"]),
    ("LI", &["liechtenstein"]),
    ("LT", &["lithuania", "litauen"]),
    ("LU", &["luxembourg", "luxemburg"]),
    ("LV", &["latvia", "lettland"]),
    ("MA", &["morocco", "marokko"]),
    ("MT", &["malta"]),
    ("MX", &["mexico", "mexiko"]),
    ("MY", &["malaysia"]),
    ("NG", &["nigeria"]),
    ("NL", &["netherlands", "the netherlands", "holland", "nederland", "niederlande"]),
    ("NO", &["norway", "norge", "norwegen"]),
    ("NZ", &["new zealand", "neuseeland"]),
    ("PE", &["peru"]),
    ("PH", &["philippines", "philippinen"]),
    ("PK", &["pakistan"]),
    ("PL", &["poland", "polska", "polen"]),
    ("PT", &["portugal"]),
    ("RO", &["romania", "rumanien"]),
    ("RS", &["serbia", "serbien"]),
    ("SA", &["saudi arabia"]),
    ("SE", &["sweden", "sverige", "schweden"]),
    ("SG", &["singapore", "singapur"]),
    ("SI", &["slovenia", "slowenien"]),
    ("SK", &["slovakia", "slowakei"]),
    ("TH", &["thailand"]),
    ("TN", &["tunisia", "tunesien"]),
    ("TR", &["turkey", "turkiye", "turkei"]),
    ("TW", &["taiwan"]),
    ("UA", &["ukraine"]),
    ("US", &["united states", "usa", "united states of america", "us", "u s", "u s a"]),
    ("VN", &["vietnam"]),
    ("ZA", &["south africa", "sudafrika"]),
];

/// Codes that are also states of the US or provinces of Canada.
const STATES: &str = " al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh ok or pa ri \
                      sc sd tn tx ut vt va wa wv wi wy dc ab bc mb nb nl ns on pe qc sk ";

/// The code of a country by its folded name.
pub fn by_name(name: &str) -> Option<&'static str> {
    COUNTRIES.iter().find(|(_, names)| names.contains(&name)).map(|(code, _)| *code)
}

/// The code itself, where it is one, in either case.
pub fn by_code(code: &str) -> Option<&'static str> {
    COUNTRIES.iter().find(|(known, _)| known.eq_ignore_ascii_case(code)).map(|(known, _)| *known)
}

/// Whether two folded letters are a state of the US or a province of Canada.
pub fn is_us_state(code: &str) -> bool {
    code.len() == 2 && STATES.contains(&format!(" {code} "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes() {
        assert_eq!(by_name("deutschland"), Some("DE"));
        assert_eq!(by_code("de"), Some("DE"));
        assert_eq!(by_name("hessen"), None);
        assert!(is_us_state("ca") && !is_us_state("fr"));
    }

    #[test]
    fn no_name_twice() {
        let names: Vec<_> = COUNTRIES.iter().flat_map(|(_, names)| names.iter()).collect();
        let different: std::collections::HashSet<_> = names.iter().collect();
        assert_eq!(names.len(), different.len());
    }
}
