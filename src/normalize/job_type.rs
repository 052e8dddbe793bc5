//! Employment type: from the source's words, then the title, then strong cues in the text.
//!
//! Permanent is no type: it says how long, not how many hours. Work offered full-time or part-time is full-time. What is not known stays `None`. To add a word, add it to
//! `job_type.tsv`.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::{
    cues::{self, Finder},
    pattern::Pattern,
};
use crate::domain::JobType;

/// Phrases to look for; each says a type, or `None` where it hides its words and says nothing.
struct Phrases {
    automaton: AhoCorasick,
    says: Vec<Option<JobType>>,
}

impl Phrases {
    fn new(wanted: impl Fn(&str) -> bool) -> Self {
        let lines = cues::table(include_str!("job_type.tsv")).filter(|(tag, _)| *tag != "not-in-title");
        let (words, says): (Vec<String>, Vec<_>) = lines
            .filter(|(_, word)| wanted(word))
            .map(|(tag, word)| {
                (format!(" {} ", apart(word)), JobType::ALL.into_iter().find(|known| known.as_str() == tag))
            })
            .unzip();
        #[expect(clippy::unwrap_used, reason = "fails only for gigabytes of fixed words")]
        let automaton = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(words).unwrap();
        Self { automaton, says }
    }
}

static IN_FIELDS: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(|_| true));
static IN_TITLES: LazyLock<Phrases> = LazyLock::new(|| {
    let lines = cues::table(include_str!("job_type.tsv"));
    let fields_only: Vec<&str> =
        lines.filter(|(tag, _)| *tag == "not-in-title").map(|(_, word)| word).collect();
    Phrases::new(|word| !fields_only.contains(&word))
});

/// Each blank doubled, so that of two phrases in a row each has its own.
fn apart(folded: &str) -> String {
    folded.replace(' ', "  ")
}

regex!(
    TITLE_ABOUT_OTHERS,
    r"(?i)(?:^|[ (])(?:intern(?:ship)?s?|trainees?|apprentice(?:ship)?s?|freelancers?|contractors?|ausbildungs?|praktikanten)[ -](?:program\w*|coordinat\w+|manage\w+|supervis\w+|lead|recruit\w+|leiter\w*|betreu\w+|relations|success)|(?:manager|leiter\w*|recruiter|head|director|coordinator),? (?:of |for |der |für )?(?:internships?|interns|trainees|ausbildung|apprenticeships?)"
);
regex!(
    TITLE_MARK,
    r"(?i)(?:[(\[|–—-] ?|^)(contract(?:or)?|freelancer?|temp|casual|interim|stage|ausbildung|praktyka|praktik|co-?op|placement|b2b|apprenticeship)(?: position| role| job| basis|basis)?(?: ?[)\]|–—:]| -|,|$)|(?:^|\D)\d{1,2}[ -]?(?:months?|mo|wk|weeks?|mth)s?[ -](contract|placement|temp)\b|\b(contract) (?:position|role|basis|opportunity)|\b(stage) (?:de|en|pfe)\b|^(?:ausbildung|apprenticeship)\b|\bausbildung (?:zum|zur|als)\b"
);
regex!(
    TEXT_FIELD,
    r"(?i)(?:employment|job|position|contract|role|work) ?(?:type|status|schedule|basis)\s*[:\-–]\s*([^\n.;|]{2,50})|(?:anstellungsart|beschäftigungsart|art der (?:anstellung|beschäftigung)|arbeitszeit(?:modell)?|vertragsart|umfang|beschäftigungsumfang|pensum|type de (?:contrat|poste)|contrat|temps de travail|tipo de (?:contrato|jornada|emprego)|jornada|tipo di contratto|contratto|orario|wymiar pracy|rodzaj umowy|typ úvazku|anställningsform|omfattning|dienstverband)\s*[:\-–]\s*([^\n.;|]{2,50})"
);
pattern!(
    TEXT_PHRASE,
    r"(?i)((?:full|part)[ -]?time)(?:,? (?:permanent|regular|exempt|hourly|salaried|remote|hybrid|on-?site|paid))*,? (?:position|role|job|opportunity|vacancy|basis|internship|contract)|(?:position|role|job) is (?:a )?(?:permanent,? |regular,? )?((?:full|part)[ -]?time|temporary|seasonal|fixed[ -]term)|(?:this|our|the) (?:is an? )?(?:paid |summer |\d+[ -](?:week|month) )*(internship)\b|\bin (vollzeit|teilzeit)\b|(?:wir|dich|dir|ihnen|unbefristete|eine) (?:in )?(vollzeit|teilzeit)(?:stelle|-?anstellung)?\b|(?:als|eine[nr]?) (werkstudent|praktikant|praktikum|minijob)|\b(à temps (?:plein|partiel)|a tiempo (?:completo|parcial)|a tempo (?:pieno|parziale)|jornada completa)\b|\bun (stage|cdd) de \d|(?:this is an? |on an? )(?:\d+[ -](?:week|month) )?(temporary|fixed[ -]term|seasonal|freelance|contract) (?:position|role|job|basis|contract|opportunity)|\b(\d+[ -]month contract)\b"
);

static CUES: LazyLock<Finder> = LazyLock::new(|| {
    Finder::new([
        "employment",
        "type",
        "status",
        "schedule",
        "basis",
        "full-time",
        "full time",
        "fulltime",
        "part-time",
        "part time",
        "parttime",
        "internship",
        "vollzeit",
        "teilzeit",
        "anstellung",
        "beschäftigung",
        "arbeitszeit",
        "vertragsart",
        "umfang",
        "pensum",
        "contrat",
        "temps ",
        "tipo ",
        "jornada",
        "tiempo ",
        "tempo ",
        "orario",
        "wymiar",
        "rodzaj",
        "úvazku",
        "omfattning",
        "dienstverband",
        "werkstudent",
        "praktik",
        "minijob",
        "temporary",
        "seasonal",
        "fixed-term",
        "fixed term",
        "contract",
        "freelance",
        "un stage",
    ])
});

/// The type that the source's own words name; several words are read together.
pub fn from_employment(words: &[String]) -> Option<JobType> {
    decide(&words.iter().map(|word| fold(word)).collect::<String>(), false)
}

/// The type a title names: `(Werkstudent)`, `Internship`.
pub fn from_title(title: &str) -> Option<JobType> {
    let others = TITLE_ABOUT_OTHERS.replace_all(title, " ");
    let mut found = Vec::new();
    for marks in TITLE_MARK.captures_iter(&others) {
        match marks.iter().skip(1).flatten().next() {
            Some(mark) => found.extend(types(&fold(mark.as_str()), false)),
            None => found.push(JobType::Internship),
        }
    }
    found.extend(types(&fold(&others), true));
    strongest(&found)
}

/// The type a text states plainly ("Employment type: ...", "this is a part-time position", "in Vollzeit").
pub fn from_text(text: &str) -> Option<JobType> {
    let near = cues::around(text, CUES.find_iter(text).map(|(found, _)| found), 60, 80);
    if near.is_empty() {
        return None;
    }
    for found in TEXT_FIELD.captures_iter(&near) {
        let value = found.iter().skip(1).flatten().next().map(|value| fold(value.as_str()));
        if let Some(decided) = value.and_then(|value| decide(&value, false)) {
            return Some(decided);
        }
    }
    let found: Vec<JobType> = TEXT_PHRASE
        .captures_iter(&near)
        .filter_map(|found| found.iter().skip(1).flatten().next().map(|phrase| fold(phrase.as_str())))
        .flat_map(|phrase| types(&phrase, false))
        .collect();
    strongest(&found)
}

fn decide(folded: &str, title: bool) -> Option<JobType> {
    strongest(&types(folded, title))
}

/// The types named in a folded text, in its order.
fn types(folded: &str, title: bool) -> Vec<JobType> {
    let phrases: &Phrases = if title { &IN_TITLES } else { &IN_FIELDS };
    let text = apart(folded);
    let found = phrases.automaton.find_iter(&text);
    found.filter_map(|found| *phrases.says.get(found.pattern().as_usize())?).collect()
}

/// Training before contract and temporary work (the first named), before hours. Where full-time and part-time are both offered, it is
/// full-time: the column has one value, and whoever looks for full-time work can have it.
fn strongest(found: &[JobType]) -> Option<JobType> {
    let has = |wanted: JobType| found.contains(&wanted);
    if has(JobType::Internship) {
        return Some(JobType::Internship);
    }
    if let Some(first) = found.iter().find(|says| matches!(says, JobType::Contract | JobType::Temporary)) {
        return Some(*first);
    }
    [JobType::FullTime, JobType::PartTime].into_iter().find(|hours| has(*hours))
}

/// Lower case, one blank for each run of other signs, blanks around; `FullTime` counts as one word, `PartTimeRemote` as two.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(' ');
    for char in super::repair::line(text).chars().take(300) {
        if char.is_alphanumeric() {
            out.extend(char.to_lowercase());
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    if !out.ends_with(' ') {
        out.push(' ');
    }
    out.replace(" full or part time ", " full time part time ").replace(" intern full time ", " intern ")
}

#[cfg(test)]
mod tests {
    use JobType::{Contract, FullTime, Internship, PartTime, Temporary};
    use proptest::prelude::*;

    use super::*;

    fn field(words: &[&str]) -> Option<JobType> {
        from_employment(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn fields() {
        for (word, expected) in [
            ("Full-time", Some(FullTime)),
            ("Full time", Some(FullTime)),
            ("Full_time", Some(FullTime)),
            ("FULL_TIME", Some(FullTime)),
            ("FullTime", Some(FullTime)),
            ("FULLTIME", Some(FullTime)),
            ("Full-Time: Experienced", Some(FullTime)),
            ("Full-time: Remote", Some(FullTime)),
            ("Full-time Onsite or Remote", Some(FullTime)),
            ("fulltime_permanent", Some(FullTime)),
            ("parttime_fixed_term", Some(Temporary)),
            ("Vollzeit", Some(FullTime)),
            ("Temps plein", Some(FullTime)),
            ("tiempo completo", Some(FullTime)),
            ("Pełny etat", Some(FullTime)),
            ("正社員", Some(FullTime)),
            ("全职", Some(FullTime)),
            ("정규직", Some(FullTime)),
            ("Part-time", Some(PartTime)),
            ("Teilzeit", Some(PartTime)),
            ("Minijob", Some(PartTime)),
            ("contractor", Some(Contract)),
            ("Freelancer_LongTerm", Some(Contract)),
            ("Freelancer (Hourly Rate)", Some(Contract)),
            ("B2B", Some(Contract)),
            ("Intern", Some(Internship)),
            ("working_student", Some(Internship)),
            ("Working Student", Some(Internship)),
            ("Werkstudent", Some(Internship)),
            ("Stage", Some(Internship)),
            ("Stage de fin d'études", Some(Internship)),
            ("Alternance", Some(Internship)),
            ("Ausbildung", Some(Internship)),
            ("Praktikum", Some(Internship)),
            ("Temporary", Some(Temporary)),
            ("Fixed Term", Some(Temporary)),
            ("Fixed term contract", Some(Temporary)),
            ("Casual", Some(Temporary)),
            ("Per Diem W2", Some(Temporary)),
            ("CDD", Some(Temporary)),
            ("befristet", Some(Temporary)),
            ("permanent", None),
            ("Regular", None),
            ("Unlimited Contract", None),
            ("CDI", None),
            ("Festanstellung", None),
            ("unbefristet", None),
            ("tempo indeterminato", None),
            ("indefinido", None),
            ("umowa o pracę", None),
            ("full-or-part-time", Some(FullTime)),
            ("Vollzeit oder Teilzeit", Some(FullTime)),
            ("Binance Accelerator Program", None),
            ("geschäftsleitung", None),
            ("Senior Level", None),
            ("International company", None),
            ("", None),
        ] {
            assert_eq!(field(&[word]), expected, "{word}");
        }
        assert_eq!(field(&["permanent", "full-time"]), Some(FullTime));
        assert_eq!(field(&["intern", "full-time"]), Some(Internship));
        assert_eq!(field(&["FULL_TIME", "CONTRACTOR"]), Some(Contract));
        assert_eq!(field(&["FULL_TIME", "PART_TIME"]), Some(FullTime));
    }

    #[test]
    fn nine_languages() {
        for (words, expected) in [
            (
                "full-time | vollzeit | temps plein | jornada completa | tempo pieno | voltijd | heltid | pełny etat | tempo integral",
                FullTime,
            ),
            (
                "part-time | teilzeit | mini-job | temps partiel | media jornada | tempo parziale | part-time (24 uur) | deeltijd | deltid",
                PartTime,
            ),
            (
                "pół etatu | 1/2 etatu | meio período | meio-período | tempo parcial | à temps partiel | a tempo parziale",
                PartTime,
            ),
            (
                "contractor | freiberuflich | freelance | autónomo | partita iva | zzp | konsult | umowa zlecenie | B2B | PJ",
                Contract,
            ),
            (
                "contingent worker | kontrakt B2B | umowa o dzieło | libero professionista | indépendant | freie Mitarbeit",
                Contract,
            ),
            (
                "internship | Praktikum | Ausbildung | stage | alternance | prácticas | becario | tirocinio | stageplek | praktik",
                Internship,
            ),
            (
                "staż | estágio | Werkstudent (m/w/d) | stagiaire | apprendistato | leerwerkplek | praktyki | pracovní stáž",
                Internship,
            ),
            (
                "befristet | CDD | contrato temporal | tempo determinato | tijdelijk | vikariat | umowa na czas określony",
                Temporary,
            ),
            (
                "temporário | seasonal | PER_DIEM | fixed-term | parttime_fixed_term | zastępstwo | bepaalde tijd",
                Temporary,
            ),
        ] {
            for word in words.split(" | ") {
                assert_eq!(field(&[word]), Some(expected), "{word}");
            }
        }
        let silent = "CDI | tempo indeterminato | unbefristet | permanent | contrato indefinido | vast contract | \
                      tillsvidareanställning | umowa o pracę | CLT | Regular | Employee | Unlimited Contract | Exempt | \
                      onbepaalde tijd | tjänst | efetivo";
        for word in silent.split(" | ") {
            assert_eq!(field(&[word]), None, "{word}");
        }
    }

    #[test]
    fn phrases_in_a_row() {
        assert_eq!(field(&["Regular Full Time"]), Some(FullTime));
        assert_eq!(field(&["full time part time contract"]), Some(Contract));
        assert_eq!(field(&["Teilzeit, Vollzeit"]), Some(FullTime));
        assert_eq!(field(&["Unlimited Contract", "Teilzeit"]), Some(PartTime));
    }

    #[test]
    fn titles() {
        for (title, expected) in [
            ("Backend Engineer (Werkstudent)", Some(Internship)),
            ("Marketing Internship", Some(Internship)),
            ("Software Engineer Intern, Summer", Some(Internship)),
            ("Stage - Développeur web", Some(Internship)),
            ("Développeur en alternance", Some(Internship)),
            ("Ausbildung zum Fachinformatiker", Some(Internship)),
            ("Barista (Part-Time)", Some(PartTime)),
            ("Verkäufer in Teilzeit (m/w/d)", Some(PartTime)),
            ("Pflegekraft (Vollzeit/Teilzeit)", Some(FullTime)),
            ("Designer - Contract", Some(Contract)),
            ("Data Engineer (6 month contract)", Some(Contract)),
            ("Freelance Illustrator", Some(Contract)),
            ("Seasonal Warehouse Associate", Some(Temporary)),
            ("Contract Manager", None),
            ("Stage Manager", None),
            ("Internal Auditor", None),
            ("International Sales", None),
            ("Internship Program Manager", None),
            ("Temporal Workflow Engineer", None),
            ("Consultant Regular Affairs", None),
        ] {
            assert_eq!(from_title(title), expected, "{title}");
        }
    }

    #[test]
    fn texts() {
        for (text, expected) in [
            ("About the job\nEmployment type: Full-time\nStart: May", Some(FullTime)),
            ("Wir suchen dich in Vollzeit für unser Team.", Some(FullTime)),
            ("This is a part-time position, 20 hours.", Some(PartTime)),
            ("The role is full-time and paid monthly.", Some(FullTime)),
            ("Type de contrat : CDD", Some(Temporary)),
            ("This is a 6-month contract role.", Some(Contract)),
            ("We are an international company with contracts all over the world.", None),
            ("Full-time employees get health insurance.", None),
            ("In Vollzeit oder in Teilzeit möglich", Some(FullTime)),
            ("", None),
        ] {
            assert_eq!(from_text(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text(text in "\\PC{0,80}|(full|part|time|contract|permanent|[ -_:/]){0,12}") {
            let _ = (field(&[&text]), from_title(&text), from_text(&text));
        }
    }
}
