//! Whether a posting's text says that the employer sponsors visas.
//!
//! Read from sentences that speak of sponsoring, visas or the right to work, in English and German. What is not said stays unknown. To add
//! a cue: one line in `REFUSALS` or `OFFERS`; a refusal beats an offer, and both beat silence.

use std::sync::LazyLock;

use crate::matching::text::Term;

/// Words one of which a text about sponsored visas has.
const VISA_WORDS: [&str; 12] = [
    "sponsor",
    "sponsors",
    "sponsored",
    "sponsoring",
    "sponsorship",
    "visa",
    "visas",
    "visum",
    "visasponsoring",
    "visumsponsoring",
    "visaunterstutzung",
    "arbeitserlaubnis",
];

/// Words in a row any of which a text about sponsored visas has.
const VISA_PHRASES: [&[&str]; 4] = [
    &["authorized", "to", "work"],
    &["authorised", "to", "work"],
    &["right", "to", "work"],
    &["work", "permit"],
];

/// Whether a text may say something about sponsored visas, given which exact words stand in it in a row.
pub fn speaks_of_visas(stand_in_a_row: impl Fn(&[Term]) -> bool) -> bool {
    visa_cues().iter().any(|words| stand_in_a_row(words))
}

/// Words in a row any of which a text about sponsored visas has.
pub fn visa_cues() -> &'static [Box<[Term]>] {
    static CUES: LazyLock<Vec<Box<[Term]>>> = LazyLock::new(|| {
        let words = VISA_WORDS.iter().map(|word| Box::from([Term::exact(word)]));
        let phrases = VISA_PHRASES.iter().map(|words| words.iter().map(|word| Term::exact(word)).collect());
        words.chain(phrases).collect()
    });
    &CUES
}

/// Folded words that say no.
const REFUSALS: &[&str] = &[
    "no visa sponsorship",
    "no sponsorship",
    "not sponsor",
    "not offer visa",
    "not offer sponsorship",
    "not offer relocation or visa",
    "not provide visa",
    "not provide sponsorship",
    "not provide immigration",
    "not able to sponsor",
    "not able to offer visa",
    "not able to offer sponsorship",
    "not able to provide visa",
    "not able to provide sponsorship",
    "not in a position to sponsor",
    "not eligible for visa sponsorship",
    "not eligible for sponsorship",
    "not eligible for immigration sponsorship",
    "unable to sponsor",
    "unable to offer visa",
    "unable to offer sponsorship",
    "unable to provide visa",
    "unable to provide sponsorship",
    "cannot sponsor",
    "can't sponsor",
    "cannot offer visa",
    "cannot offer sponsorship",
    "cannot provide visa",
    "cannot provide sponsorship",
    "sponsorship is not",
    "sponsorship not available",
    "sponsorship will not",
    "sponsorship cannot",
    "sponsorship isn't",
    "sponsorship unavailable",
    "visas are not sponsored",
    "without sponsorship",
    "without visa sponsorship",
    "without the need for sponsorship",
    "without the need for visa",
    "without need for sponsorship",
    "without requiring sponsorship",
    "without requiring visa",
    "without employer sponsorship",
    "without company sponsorship",
    "not require sponsorship",
    "not require visa",
    "kein visasponsoring",
    "kein visa-sponsoring",
    "kein visum-sponsoring",
    "keine visa-unterstutzung",
    "keine visaunterstutzung",
    "keine unterstutzung bei visa",
    "keine unterstutzung beim visum",
    "must be authorized to work",
    "must be legally authorized to work",
    "must be authorised to work",
    "must be legally authorised to work",
    "must already be authorized to work",
    "must have the right to work",
    "must already have the right to work",
    "must have existing right to work",
    "must have a valid work permit",
    "gultige arbeitserlaubnis erforderlich",
    "gultige arbeitserlaubnis ist erforderlich",
    "gultige arbeitserlaubnis vorausgesetzt",
    "arbeitserlaubnis wird vorausgesetzt",
    "arbeitserlaubnis ist voraussetzung",
];

/// Folded words that say yes.
const OFFERS: &[&str] = &[
    "visa sponsorship available",
    "visa sponsorship is available",
    "visa sponsorship provided",
    "visa sponsorship is provided",
    "visa sponsorship offered",
    "visa sponsorship is offered",
    "visa sponsorship: yes",
    "visa sponsorship and relocation",
    "visa and relocation support",
    "visa & relocation support",
    "relocation and visa support",
    "relocation and visa sponsorship",
    "sponsorship available",
    "sponsorship is available",
    "we sponsor visas",
    "we do sponsor",
    "we can sponsor",
    "we will sponsor",
    "we're able to sponsor",
    "we are able to sponsor",
    "able to sponsor visas",
    "happy to sponsor",
    "willing to sponsor",
    "offer visa sponsorship",
    "offers visa sponsorship",
    "offering visa sponsorship",
    "offer visa support",
    "provide visa sponsorship",
    "provides visa sponsorship",
    "provide visa support",
    "provide visa assistance",
    "support you with your visa",
    "help with your visa",
    "help you with the visa",
    "visa support provided",
    "visa support available",
    "visa support is provided",
    "visumsponsoring",
    "visa-sponsoring",
    "visasponsoring",
    "unterstutzung bei visa",
    "unterstutzung beim visum",
    "unterstutzung bei der beantragung",
    "unterstutzen dich beim visum",
    "unterstutzen dich bei deinem visum",
    "unterstutzen sie beim visum",
    "hilfe beim visum",
];

/// Words one of which every cue has.
const SUBJECTS: [&str; 6] = ["sponsor", "visa", "visum", "authori", "right to work", "work permit"];

/// The same in German, apart, since postings in English never have it.
const PERMIT: &str = "arbeitserlaubnis";

/// Whether folded `text` says that visas are sponsored; `None` where it does not say.
pub fn sponsorship(text: &str) -> Option<bool> {
    if !SUBJECTS.iter().any(|word| text.contains(word)) && !text.contains(PERMIT) {
        return None;
    }
    let mut offered = false;
    for sentence in text.split(['.', '!', '?', ';']) {
        if !SUBJECTS.iter().any(|word| sentence.contains(word)) && !sentence.contains(PERMIT) {
            continue;
        }
        let words = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
        if REFUSALS.iter().any(|cue| words.contains(cue)) {
            return Some(false);
        }
        offered |= OFFERS.iter().any(|cue| words.contains(cue));
    }
    offered.then_some(true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::matching::text::fold;

    fn read(text: &str) -> Option<bool> {
        let mut folded = String::new();
        fold(text, &mut folded);
        sponsorship(&folded)
    }

    #[test]
    fn offers_refusals_and_silence() {
        for (text, expected) in [
            ("Visa sponsorship available for this role.", Some(true)),
            ("We offer visa\n sponsorship to the right person", Some(true)),
            ("Wir bieten Unterstützung bei Visa und Umzug.", Some(true)),
            ("Unfortunately, no visa sponsorship.", Some(false)),
            ("We are unable to sponsor or take over sponsorship of an employment visa.", Some(false)),
            ("We offer visa sponsorship. For this role, sponsorship is not available.", Some(false)),
            ("Candidates must be legally authorized to work in the United States.", Some(false)),
            ("Kein Visasponsoring möglich.", Some(false)),
            ("Eine gültige Arbeitserlaubnis ist erforderlich.", Some(false)),
            ("Payments by Visa and Mastercard; sponsors of a football club.", None),
            ("You will build a sponsorship platform.", None),
            ("", None),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_refusal_beats_all_else(before in "[a-z ]{0,40}", after in "[a-z ]{0,40}") {
            prop_assert_eq!(read(&format!("{before}. No visa sponsorship. {after}")), Some(false));
        }
    }
}
