//! The language a posting is written in.

use whatlang::Lang;

/// Fewer letters than this say too little.
const LEAST: usize = 60;
/// More text than this adds nothing.
const MOST: usize = 4_000;

/// ISO 639-1 code: the source's own word first, the text second; `None` where neither is clear.
pub fn detect(stated: Option<&str>, text: &str) -> Option<String> {
    stated.and_then(code).or_else(|| from_text(text).map(str::to_owned))
}

/// `en-US`, `EN`, `de_CH` and the English or own names of common languages as ISO 639-1.
pub fn code(stated: &str) -> Option<String> {
    let lower = stated.trim().to_lowercase();
    let first = lower.split(['-', '_', ' ', ',', ';']).next().unwrap_or_default();
    let known = match first {
        "english" | "englisch" => "en",
        "german" | "deutsch" => "de",
        "french" | "français" | "francais" => "fr",
        "spanish" | "español" | "espanol" => "es",
        "italian" | "italiano" => "it",
        "portuguese" | "português" => "pt",
        "dutch" | "nederlands" => "nl",
        "polish" | "polski" => "pl",
        "swedish" | "svenska" => "sv",
        "czech" | "čeština" => "cs",
        _ if first.len() == 2 && first.bytes().all(|byte| byte.is_ascii_lowercase()) => first,
        _ => return None,
    };
    Some(known.to_owned())
}

/// The language of a text, where it is long and clear enough to tell.
pub fn from_text(text: &str) -> Option<&'static str> {
    let end = text.char_indices().nth(MOST).map_or(text.len(), |(at, _)| at);
    let text = &text[..end];
    if text.chars().filter(|char| char.is_alphabetic()).take(LEAST).count() < LEAST {
        return None;
    }
    let info = whatlang::detect(text)?;
    if !info.is_reliable() {
        return None;
    }
    iso_639_1(info.lang())
}

fn iso_639_1(lang: Lang) -> Option<&'static str> {
    Some(match lang {
        Lang::Afr => "af",
        Lang::Ara => "ar",
        Lang::Bul => "bg",
        Lang::Cat => "ca",
        Lang::Ces => "cs",
        Lang::Cmn => "zh",
        Lang::Dan => "da",
        Lang::Deu => "de",
        Lang::Ell => "el",
        Lang::Eng => "en",
        Lang::Est => "et",
        Lang::Fin => "fi",
        Lang::Fra => "fr",
        Lang::Heb => "he",
        Lang::Hin => "hi",
        Lang::Hrv => "hr",
        Lang::Hun => "hu",
        Lang::Ind => "id",
        Lang::Ita => "it",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Lav => "lv",
        Lang::Lit => "lt",
        Lang::Nld => "nl",
        Lang::Nob => "no",
        Lang::Pol => "pl",
        Lang::Por => "pt",
        Lang::Ron => "ro",
        Lang::Rus => "ru",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Spa => "es",
        Lang::Srp => "sr",
        Lang::Swe => "sv",
        Lang::Tha => "th",
        Lang::Tur => "tr",
        Lang::Ukr => "uk",
        Lang::Vie => "vi",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_comes_first() {
        assert_eq!(
            detect(Some("de-CH"), "We look for an engineer who likes to build things with us."),
            Some("de".into())
        );
        assert_eq!(code("en_US").as_deref(), Some("en"));
        assert_eq!(code("Deutsch").as_deref(), Some("de"));
        assert_eq!(code("multilingual"), None);
    }

    #[test]
    fn the_text_comes_second() {
        let german = "Wir suchen zum nächsten Ersten eine Person, die unsere Plattform mit uns weiter aufbaut und pflegt.";
        assert_eq!(detect(None, german).as_deref(), Some("de"));
        let english =
            "We are looking for somebody who would like to build and run our platform together with us.";
        assert_eq!(detect(Some("?"), english).as_deref(), Some("en"));
        assert_eq!(detect(None, "Engineer"), None);
    }
}
