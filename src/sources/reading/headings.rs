//! Which section of a posting says what is asked for, by its heading.

/// Beginnings of words or phrases in headings over requirements; a blank at the end asks for whole words.
const REQUIREMENTS: &[&str] = &[
    // English
    "about you ",
    "experience ",
    "expertise ",
    "ideal candidate",
    "looking for ",
    "must have",
    "nice to have",
    "qualif",
    "requirement",
    "skill",
    "the person ",
    "what you bring",
    "what you have ",
    "what you need",
    "what you will bring",
    "what you will need",
    "what you'll bring",
    "what you'll need",
    "who are you ",
    "who you are ",
    "you bring ",
    "you have ",
    "you should have ",
    "your background ",
    // German
    "anforderung",
    "das zeichnet dich aus",
    "du bringst ",
    "erwarten wir ",
    "kenntnisse ",
    "mitbringst ",
    "mitbringen ",
    "bringst du mit ",
    "bringen sie mit ",
    "profil",
    "voraussetzung",
    "wen wir suchen ",
    "wir erwarten ",
    "wünschen wir uns ",
    // French
    "ce que nous recherchons ",
    "compétence",
    "expérience",
    "prérequis ",
    "pré requis ",
    "qui es tu ",
    "qui êtes vous ",
    // Spanish, Portuguese, Italian
    "buscamos ",
    "chi cerchiamo ",
    "competenze ",
    "conocimientos ",
    "experiencia ",
    "perfil",
    "procuramos ",
    "requisit",
    // Dutch, Scandinavian, Polish
    "breng jij mee ",
    "breng je mee ",
    "functie eisen ",
    "krav ",
    "kvalifika",
    "om dig ",
    "vem är du ",
    "vi söker ",
    "wie ben jij ",
    "kwalifikacje ",
    "oczekujemy ",
    "wymagania ",
];

/// Words of headings that speak of the employer or the process whatever else they hold.
const OTHERS: &[&str] =
    &["company ", "hiring ", "interview", "process", "recruit", "recrutement ", "unternehmens"];

/// Whether the section under this heading says what is asked of the applicant.
pub(in crate::sources) fn asks_for_requirements(heading: &str) -> bool {
    let heading = words(heading);
    let holds = |phrases: &[&str]| phrases.iter().any(|phrase| heading.contains(&format!(" {phrase}")));
    holds(REQUIREMENTS) && !holds(OTHERS)
}

/// Lower-case words between single blanks, apostrophes straight.
fn words(text: &str) -> String {
    let lower = text.to_lowercase().replace(['’', '‘', '`'], "'");
    let mut out = String::from(" ");
    for word in lower.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty()) {
        out.push_str(word);
        out.push(' ');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_over_requirements() {
        for heading in [
            "Requirements",
            "About you:",
            "ABOUT YOU",
            "What You’ll Bring",
            "What we're looking for",
            "Skills & tool experience:",
            "Preferred Qualifications",
            "What do you need to qualify:",
            "Dein Profil",
            "Das bringst du mit",
            "Deine Qualifikationen",
            "Anforderungen:",
            "Profil recherché\u{a0}:",
            "Tes compétences",
            "Requisitos",
            "Lo que buscamos",
            "Wymagania",
            "Wat breng je mee?",
        ] {
            assert!(asks_for_requirements(heading), "{heading}");
        }
    }

    #[test]
    fn headings_over_anything_else() {
        for heading in [
            "",
            "Responsibilities",
            "About your role",
            "What you will do",
            "Deine Aufgaben",
            "Was wir bieten",
            "Tes futures missions\u{a0}:",
            "Le processus de recrutement",
            "Hiring process and who you are meeting",
            "Company profile",
            "Benefits",
        ] {
            assert!(!asks_for_requirements(heading), "{heading}");
        }
    }
}
