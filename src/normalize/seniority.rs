//! The level a title asks for.
//!
//! Reads words, not meanings: the most telling word wins, in the order of [`from_title`]. To add a language, add its
//! words to the lists; a word must be a whole word of the title, a phrase a run of whole words.

use crate::domain::Seniority;

const INTERN: &str = "intern; interns; internship; internships; co op; coop; apprentice; apprenticeship; student assistant; \
    working student; student worker; student; praktikum; praktikant; praktikantin; pflichtpraktikum; \
    werkstudent; werkstudentin; werkstudenten; auszubildende; auszubildender; azubi; ausbildung; trainee; \
    traineeship; volontär; volontariat; stagiaire; alternance; alternant; alternante; apprenti; apprentie; \
    becario; becaria; prácticas; practicante; tirocinio; tirocinante; stagista; estágio; estagiário; \
    estagiária; praktykant; stażysta; praktik; praktikplats; stagiair";
const NO_INTERN: &str =
    "student success; student services; student affairs; student life; student support; trainee manager";
const DIRECTOR: &str = "director; directors; vp; svp; evp; rvp; vice president; president; chief; ceo; cto; cfo; coo; cmo; cio; \
    ciso; cpo; cro; chro; managing director; geschäftsführer; geschäftsführerin; geschäftsführung; direktor; \
    direktorin; vorstand; directeur; directrice; directora; direttore; direttrice; diretor; diretora; \
    dyrektor; direktör";
const NO_DIRECTOR: &str = "assistant vice president; avp; chief of staff; assistant to; executive assistant; assistenz der; \
    assistenz; assistant director of nursing";
const HEAD: &str = "head of; head; senior manager; sr manager; leiter; leiterin; leitung; abteilungsleiter; \
    abteilungsleiterin; teamleiter; teamleiterin; teamleitung; filialleiter; bereichsleiter; \
    bereichsleiterin; gruppenleiter; gruppenleiterin; responsable; gerente; jefe; jefa; kierownik; chef de \
    service; chef d'équipe; engineering manager; general manager; group manager";
const LEAD: &str = "principal; staff; lead; leads; team leader; tl; tech lead; techlead; teamlead; distinguished; fellow; \
    leading; leader; chefarchitekt";
const NO_LEAD: &str = "lead generation; staff nurse; staff accountant; staff assistant; staff physician; staff pharmacist; \
    staff therapist; school principal; chief of staff; medical staff; support staff; team member; research \
    fellow; postdoctoral fellow; clinical fellow; staff attorney; staff rn; bar staff; waiting staff; \
    kitchen staff";
const SENIOR: &str = "senior; sr; snr; sénior; sênior; seniorin; seniora; starszy; starsza; expérimenté; expérimentée; iii; \
    iv; v";
const NO_SENIOR: &str = "senior living; senior care; senior center; senior community; senior services; senior citizens; type iii; \
    phase iii; phase iv";
const JUNIOR: &str = "junior; jr; jnr; juniorin; débutant; débutante; młodszy; młodsza; júnior";
const ENTRY: &str = "associate; associates; entry level; entry; graduate; graduates; new grad; new grads; new graduate; early \
    career; early careers; berufseinsteiger; berufseinsteigerin; berufsanfänger; absolvent; absolventin; \
    jeune diplômé; jeune diplômée; recién graduado; neolaureato; i; campus; postdoctoral associate";
const MID: &str = "mid level; mid; intermediate; midlevel; confirmé; confirmée; ii; avp; assistant vice president; medior; \
    regular";
/// Managers of things: an individual's title, whose ladder is associate, (plain), senior, principal.
const INDIVIDUAL: &str = "product manager; project manager; program manager; programme manager; chef de projet; projektmanager; \
    projektmanagerin; portfolio manager; produktmanager; produktmanagerin";
/// Managers of accounts, cases and the like: the title says nothing of a level.
const UNLEVELLED: &str = "account manager; case manager; relationship manager; community manager; category manager; property \
    manager; customer success manager; success manager; care manager; assistant manager; social media \
    manager; key account manager; office manager; content manager; brand manager; partner manager; release \
    manager; delivery manager";
const MANAGER: &str = "manager; managers; mgr; managerin";

/// The level in a title; `None` where it names none.
pub fn from_title(title: &str) -> Option<Seniority> {
    let words = words(title);
    let has = |phrases: &str| phrases.split("; ").any(|phrase| contains(&words, phrase));
    let grades = ["i", "ii", "iii", "iv"].iter().filter(|grade| contains(&words, grade)).count();
    if grades > 1 {
        return None;
    }
    if has(INTERN) && !has(NO_INTERN) {
        return Some(Seniority::Intern);
    }
    if has(DIRECTOR) && !has(NO_DIRECTOR) {
        return Some(Seniority::Director);
    }
    if has(LEAD) && !has(NO_LEAD) {
        return Some(Seniority::Lead);
    }
    if has(HEAD) {
        return Some(Seniority::Manager);
    }
    if has(SENIOR) && !has(NO_SENIOR) {
        return Some(Seniority::Senior);
    }
    if has(JUNIOR) {
        return Some(Seniority::Junior);
    }
    if has(MID) {
        return Some(Seniority::Mid);
    }
    if let Some(level) = grade(&words) {
        return Some(level);
    }
    if has(ENTRY) {
        return Some(Seniority::Entry);
    }
    if has(INDIVIDUAL) {
        return Some(Seniority::Mid);
    }
    (has(MANAGER) && !has(UNLEVELLED)).then_some(Seniority::Manager)
}

const LONGEST_TITLE: usize = 60;

fn words(title: &str) -> Vec<String> {
    title
        .split(|letter: char| !(letter.is_alphanumeric() || letter == '\'' || letter == '’'))
        .filter(|word| !word.is_empty())
        .take(LONGEST_TITLE)
        .map(str::to_lowercase)
        .collect()
}

fn contains(words: &[String], phrase: &str) -> bool {
    let length = phrase.split(' ').count();
    words.windows(length).any(|run| run.iter().map(String::as_str).eq(phrase.split(' ')))
}

/// A number at the end of a title ("Technician 2"), where it does not count something else.
fn grade(words: &[String]) -> Option<Seniority> {
    let (last, rest) = words.split_last()?;
    let counted = [
        "level", "shift", "grade", "tier", "team", "phase", "zone", "area", "group", "class", "type", "step",
        "unit", "l", "e",
    ];
    let noun =
        rest.last().filter(|word| word.chars().all(char::is_alphabetic) && !counted.contains(&word.as_str()));
    noun?;
    match last.as_str() {
        "1" => Some(Seniority::Entry),
        "2" => Some(Seniority::Mid),
        "3" | "4" | "5" => Some(Seniority::Senior),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_most_telling_word_wins() {
        for (title, level) in [
            ("Software Engineer", None),
            ("Senior Software Engineer (m/f/d)", Some(Seniority::Senior)),
            ("Sr. Data Scientist", Some(Seniority::Senior)),
            ("Junior-Entwickler", Some(Seniority::Junior)),
            ("Werkstudent (m/w/d) Marketing", Some(Seniority::Intern)),
            ("Internal Communications Specialist", None),
            ("Staff Engineer, Storage", Some(Seniority::Lead)),
            ("Staff Nurse", None),
            ("Senior/Principal Engineer", Some(Seniority::Lead)),
            ("Lead Generation Specialist", None),
            ("VP of Sales", Some(Seniority::Director)),
            ("Executive Assistant to the CEO", None),
            ("Head of Marketing", Some(Seniority::Manager)),
            ("Senior Manager, Finance", Some(Seniority::Manager)),
            ("Senior Product Manager", Some(Seniority::Senior)),
            ("Product Manager", Some(Seniority::Mid)),
            ("Account Manager", None),
            ("Operations Manager", Some(Seniority::Manager)),
            ("Accountant II", Some(Seniority::Mid)),
            ("Technician 3", Some(Seniority::Senior)),
            ("Operator, Shift 2", None),
            ("Analyst I", Some(Seniority::Entry)),
            ("Teamleiterin Vertrieb", Some(Seniority::Manager)),
            ("Geschäftsführer (m/w/d)", Some(Seniority::Director)),
            ("Stagiaire développeur web", Some(Seniority::Intern)),
            ("Assistant I/II/III", None),
            ("", None),
        ] {
            assert_eq!(from_title(title), level, "{title}");
        }
    }

    proptest! {
        #[test]
        fn any_title_is_read(title in "\\PC{0,200}") {
            let _ = from_title(&title);
        }
    }
}
