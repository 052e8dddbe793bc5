//! The language a posting is written in: its source's own word, else the small words of its text (`language.tsv`), else its letters.
//!
//! To tell one more language by its words, add a line to the table.

use std::{borrow::Cow, sync::LazyLock};

use rustc_hash::FxHashMap;
use whatlang::Lang;

/// Fewer letters than this say too little.
const LEAST: usize = 60;
/// Bytes that are read at the beginning of a text, and again in its middle: an employer's introduction may be in another language
/// than the rest.
const PART: usize = 1_000;
/// Languages that [`SMALL_WORDS`] can hold.
const MOST: usize = 16;

/// Language codes in the order of their bits, and small words with the bits of the languages that use them.
struct SmallWords {
    codes: Vec<&'static str>,
    words: FxHashMap<&'static str, u16>,
}

static SMALL_WORDS: LazyLock<SmallWords> = LazyLock::new(|| {
    let mut all = SmallWords { codes: Vec::new(), words: FxHashMap::default() };
    for line in include_str!("language.tsv").lines().filter(|line| !line.starts_with('#')).take(MOST) {
        let Some((code, words)) = line.split_once('\t') else { continue };
        let bit = 1_u16 << all.codes.len();
        all.codes.push(code);
        for word in words.split(" | ") {
            *all.words.entry(word).or_default() |= bit;
        }
    }
    all
});

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
    let sample = sample(text);
    if sample.chars().filter(|char| char.is_alphabetic()).take(LEAST).count() < LEAST {
        return None;
    }
    from_small_words(&sample).or_else(|| {
        let info = whatlang::detect(&sample)?;
        if info.is_reliable() { iso_639_1(info.lang()) } else { None }
    })
}

/// The beginning and the middle of a text.
fn sample(text: &str) -> Cow<'_, str> {
    if text.len() <= 2 * PART {
        return Cow::Borrowed(text);
    }
    let first = text.floor_char_boundary(PART);
    let start = text.ceil_char_boundary((text.len() / 2).max(first));
    let end = text.floor_char_boundary(start + PART).max(start);
    Cow::Owned(format!("{} {}", &text[..first], &text[start..end]))
}

/// Fast, and sure where one language has most of the small words; texts without them are left to letters.
fn from_small_words(text: &str) -> Option<&'static str> {
    let mut counts = [0_u32; MOST];
    let (mut total, mut known) = (0_u32, 0_u32);
    let mut lower = String::with_capacity(24);
    let is_letter = |char: char| char.is_ascii_alphabetic() || (!char.is_ascii() && char.is_alphabetic());
    for word in text.split(|char: char| !is_letter(char)) {
        if word.is_empty() {
            continue;
        }
        total += 1;
        // Small words are short.
        if word.len() > 12 {
            continue;
        }
        lower.clear();
        if word.is_ascii() {
            lower.push_str(word);
            lower.make_ascii_lowercase();
        } else {
            lower.extend(word.chars().flat_map(char::to_lowercase));
        }
        let Some(bits) = SMALL_WORDS.words.get(lower.as_str()) else { continue };
        known += 1;
        for (bit, count) in counts.iter_mut().enumerate() {
            *count += u32::from(bits >> bit & 1);
        }
    }
    let (best, count) = counts.iter().copied().enumerate().max_by_key(|(_, count)| *count)?;
    let next = counts.iter().enumerate().filter(|(at, _)| *at != best).map(|(_, count)| *count).max()?;
    let clear = count >= 10 && count * 2 >= next * 3 && count * 3 >= known * 2 && count * 7 >= total;
    let code = *SMALL_WORDS.codes.get(best)?;
    (clear && code != "-").then_some(code)
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
    use proptest::prelude::*;

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

    /// Invented notices of at least 200 letters, one a language.
    const NOTICES: [(&str, &str); 9] = [
        (
            "en",
            "Our bakery on the harbour needs a second pair of hands for the early shift. You knead, shape and bake with two \
             colleagues who know every oven by name, and you are home before the school bus is back. Clean clothes and hot \
             coffee are on us.",
        ),
        (
            "de",
            "Für unsere Werkstatt am Kanal suchen wir jemanden, der alte Boote wieder flott macht. Du schleifst, lackierst und \
             berätst unsere Kundschaft, und am Freitag ist mittags Schluss. Werkzeug und Kleidung stellen wir dir, das \
             Mittagessen kochen wir zusammen.",
        ),
        (
            "fr",
            "Notre jardin public cherche une personne pour les serres. Vous arrosez, taillez et accueillez les écoles du \
             quartier avec une équipe de quatre jardiniers. Le travail est dehors par tous les temps, et les tomates trop \
             mûres sont pour vous.",
        ),
        (
            "es",
            "Nuestra librería busca a una persona para la sección infantil. Atiendes a las familias, preparas los cuentos de \
             los sábados y eliges con nosotros los títulos de cada temporada. El horario es de mañana y los libros dañados \
             se quedan en tu casa.",
        ),
        (
            "it",
            "La nostra falegnameria cerca una persona per il banco delle riparazioni. Accogli i clienti, restauri le sedie e \
             scegli il legno con il capo officina. Si lavora dal lunedì al venerdì, e il sabato la bottega è chiusa per \
             tutti.",
        ),
        (
            "nl",
            "Voor onze fietsenwinkel zoeken wij iemand die graag met de handen werkt. Je repareert banden, helpt klanten bij \
             het kiezen van een nieuwe fiets en houdt de werkplaats netjes. Op maandag zijn we dicht, en in de zomer eten we \
             samen buiten.",
        ),
        (
            "sv",
            "Till vårt lilla kafé vid sjön söker vi dig som tycker om att baka och prata med gäster. Du öppnar på morgonen, \
             tar emot varor och håller ordning i köket tillsammans med två kollegor. Vi stänger klockan fyra och är lediga \
             på söndagar.",
        ),
        (
            "pl",
            "Do naszej pracowni ceramicznej szukamy osoby, która lubi spokojną pracę i kontakt z ludźmi. Będziesz przygotowywać \
             glinę, pomagać na warsztatach dla dzieci oraz dbać o piece. W piątki kończymy wcześniej, a kubki z drugiego \
             gatunku są dla nas.",
        ),
        (
            "pt",
            "A nossa escola de vela procura uma pessoa para cuidar dos barcos. Você prepara as velas, recebe os alunos e ajuda \
             os instrutores nas aulas de fim de semana. O trabalho é ao ar livre, e no inverno as manhãs são mais curtas \
             para todos.",
        ),
    ];

    #[test]
    fn nine_languages_are_told() {
        for (code, notice) in NOTICES {
            assert!(notice.chars().count() >= 200, "{code}");
            assert_eq!(from_text(notice), Some(code), "{notice}");
            assert_eq!(from_text(&notice.to_uppercase()), Some(code), "{code} in capitals");
            assert_eq!(from_text(&notice.repeat(40)), Some(code), "{code} at length");
        }
    }

    #[test]
    fn near_languages_are_not_mixed_up() {
        let danish = "Vi søger en kollega til vores lille bageri ved havnen. Du møder tidligt, bager brød og rundstykker, og du \
                      betjener de første gæster, før byen vågner. Vi holder lukket om mandagen, og det er ikke nødvendigt at \
                      have erfaring.";
        assert_ne!(from_text(danish), Some("sv"));
        let finnish = "Etsimme pieneen kirjakauppaamme henkilöä, joka viihtyy ihmisten parissa ja pitää vanhoista kirjoista. Avaat \
                       oven aamulla, järjestät hyllyt ja keität kahvia. Sunnuntaisin olemme kiinni, ja kesällä pidämme pitkän \
                       loman.";
        assert_eq!(from_text(finnish), Some("fi"));
    }

    #[test]
    fn a_few_foreign_words_do_not_turn_it() {
        let (_, german) = NOTICES[1];
        let mixed = format!("{german} We are an equal opportunity employer. {german}");
        assert_eq!(from_text(&mixed), Some("de"));
        assert_eq!(
            from_text("Rust, Go, SQL, Kafka, Docker, Linux, Python, Java, React, Terraform, Ansible, Redis"),
            None
        );
    }

    #[test]
    fn the_table_fits() {
        let lines = include_str!("language.tsv").lines().filter(|line| !line.starts_with('#'));
        assert!(lines.clone().count() <= MOST);
        assert!(
            lines
                .filter_map(|line| line.split('\t').nth(1))
                .flat_map(|words| words.split(" | "))
                .all(|word| word.len() <= 12)
        );
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

    proptest! {
        #[test]
        fn any_text(text in "(?s:.{0,60})", times in 1_usize..80) {
            let _ = detect(Some(&text), &text.repeat(times));
        }
    }
}
