//! Place of work: remote, hybrid or onsite.
//!
//! What the source states wins over the place, the place over the title, the title over the text; within one of them hybrid wins
//! over remote, and a denied remote is onsite. Remote as an attribute of things ("remote sensing") says nothing.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

use super::{cues, pattern::Pattern};
use crate::domain::{RemoteOption, Workplace};

pattern!(
    DENIED,
    r"(?i)\b(?:not|no|non|never|isn['’]t|cannot|can['’]t|nicht|kein(?:e[nrs]?)?|ohne|sans|pas de|pas en|sin|senza|bez|ej|inte|geen)[ -](?:(?:a|an|be|currently|eligible|for|offer(?:ing)?|available|as|considered|fully|100 ?%|possible|option|done|performed|open|to|able|any|accepting|considering|support(?:ing)?|komplett|vollständig|im|en|de|work) )*(?:remote(?:ly|n)?|hybrid|home[ -]?office|work from home|télétravail|teletrabajo|telework|telecommut\w+|da remoto|zdaln\w+)(?: (?:work|position|role|job|opportunity|option)s?)?|\bremote (?:work(?:ing)? )?(?:is |arbeit )?(?:not|nicht|unavailable|isn['’]t|leider nicht)(?: \w+){0,2}|home[ -]?office (?:ist )?(?:leider )?nicht(?: \w+)?"
);
pattern!(
    THING,
    r"(?i)\bremote[ -](?:sensing|controls?|controlled|sites?|monitoring|access|desktop|support|procedures?|diagnostics?|patients?|areas?|communit\w+|villages?|regions?|islands?|servers?|hands|field|terminals?|devices?|locations?|login|management|operated|operations?|copy|code|execution|offices?|assistance|maintenance|repositor\w+|teams?|customers?|vehicles?|pilot\w*|video|deposition|identification|id|worksites?|locales?|environments?|infrastructure|systems?|api|procedure|connectivity|visual|testing|learning|meetings?|colleagues|stakeholders|employees|workers|workforce)\b"
);
pattern!(
    HYBRID_THING,
    r"(?i)\bhybrid[ -](?:cloud\w*|vehicles?|cars?|it|multi\w*|mobile|apps?|electric|infrastructure|environments?|systems?|search|integration\w*|events?|search|drives?|propulsion|bonding|seeds?|rice|corn|funds?|securities|networks?|deployments?|architectures?|solutions?|identity|data|warfare|app|meetings?|courses?|learning|training)\b"
);
regex!(
    HYBRID_SHORT,
    r"(?i)\bh[yi]br[iy]d\w*|\b(?:partial(?:ly)?|partly|semi|teilweise|flexible|some)[ -](?:remote|home[ -]?office|telework|télétravail)|\b(?:remote|home[ -]?office|télétravail|telework)[ -]?(?:partiel|partial(?:ly)?|possible|möglich|option(?:al)?|teilweise|anteil\w*|flexible|eligible)\b|\b(?:\d|one|two|three|four)(?: ?(?:-|–|to|or|bis|à) ?\d)? ?(?:x|days?|tage?|jours?|días)[^.;|]{0,24}(?:office|onsite|on-site|büro|bureau|home[ -]?office|remote|télétravail|wfh)|\bremote ?/ ?(?:on-?site|in[ -]?office|office)|\b(?:on-?site|in[ -]?office|office) ?/ ?remote|smart working|mobiles arbeiten|\b(?:office|büro|onsite|on-site) ?(?:&|and|\+|und) ?(?:remote|home)"
);
regex!(
    REMOTE_SHORT,
    r"(?i)\bremot[eo]\w*|\bwfh\b|\bwork from (?:home|anywhere)|\bhome[ -]?(?:office|based|working)\b|\banywhere\b|\bworld ?wide\b|\btele-?commut\w*|\btele-?work\w*|télétravail|\bteletrabajo|\bà distance\b|\ba distancia\b|\bzdaln\w+|\bdistans\w*|\bop afstand\b|\bvirtual\b|\bdistributed\b|リモート|在宅|远程|재택|원격"
);
regex!(
    ONSITE_SHORT,
    r"(?i)\bon-? ?site\b|\bin[ -](?:office|person|house)\b|\boffice[ -]based\b|\bvor[ -]ort\b|\bpräsenz|\bprésentiel|\bpresencial|\bin presenza|\bna místě|\bstacjonarn\w+|\bpå plats\b"
);
regex!(TOWN, r"(?i)^\s*remote, (?:or|oregon)(?:,? (?:us|usa|united states))?\s*$");
pattern!(
    FULL_WEEK,
    r"(?i)\b(?:5|five|fünf)[ -]days?(?: (?:a|per|each|every) week| weekly|/week)?,? (?:in|at|from|on)(?:[ -](?:the|our|a))?[ -](?:\w+ ){0,3}(?:office|site|person|hq)"
);
pattern!(
    HYBRID_TEXT,
    r"(?i)\bhybrid(?:e[nrs]?|o|a)?[ -](?:work\w*|role|position|model\w*|schedule|set-?up|arrangements?|policy|job|opportunity|office|remote|arbeit\w*|format|basis|approach|mode|home|from|team|flex\w*|in)\b|\b(?:work(?:place|ing)?|role|position|job|model|location|arbeitsmodell|format|modalidad|lavoro|praca|travail|trabajo|policy|type)(?: type| model| arrangement| style)?(?: is|:|,| -| –|\()*(?: an?| in)? ?(?:fully )?h[iy]br[iy]d\w*|\bthis is an? (?:\w+ ){0,3}hybrid\b|\b(?:[1-4]|one|two|three|four)(?: ?(?:-|–|to|or) ?(?:[1-5]|two|three|four))?\+? (?:or more )?days?(?: (?:a|per|each|every|the|of) (?:week|month)| weekly|/week)?,? (?:(?:in|at|from|on)[ -])(?:the |our |an? )?(?:[\w-]+ ){0,3}(?:office|site|hub|hq|person|onsite|on-site)|\b(?:in|from|at) (?:the |our )?(?:[\w-]+ ){0,2}office (?:at least |minimum |for )?(?:[1-4]|one|two|three|four)(?: ?(?:-|–|to|or) ?\d)?\+?(?: times| days)|\b(?:[1-4]|one|two|three|four)(?: ?(?:-|–|to|or) ?\d)? days?(?: (?:a|per|each) week)?(?: of)? (?:wfh|work(?:ing)? from home|from home|remote(?:ly)?)|\b\d(?: ?(?:-|–|bis) ?\d)? tage?(?: (?:pro|in der|die) woche)?(?: im| in)?(?: deinem| unserem)? (?:home[ -]?office|remote|mobil|büro)|\bjours? (?:par semaine )?de télétravail|\btélétravail (?:partiel|possible|hybride|\d)|\bdías de teletrabajo|\bhome[ -]?office[ -](?:ist |anteilig |teilweise )?(?:möglich\w*|option\w*|tage\w*|regelung\w*|anteil\w*)|\bmöglichkeit(?:en)? (?:zum|zu|auf|für|von) (?:\w+ ){0,2}(?:home[ -]?office|mobile[ns]?|remote)|\b(?:teilweise|anteilig|tageweise) (?:im |aus dem |in )?(?:home[ -]?office|remote)|\bmobile[sn]? arbeiten\b|\b(?:partially|partly|partial|semi)[ -]remote\b|\bmix of (?:remote|home|office|in-office|in-person|onsite|on-site)\b|\bsplit (?:your )?time between (?:home|the office|our)|\bsmart ?working\b|\bremote/hybrid\b|\bhybrid/remote\b"
);
pattern!(
    REMOTE_TEXT,
    r"(?i)\b(?:fully|full|100 ?%|completely|entirely|permanently|vollständig|komplett|zu 100 ?%|totalement|entièrement|totalmente)[ -]?(?:distributed|remot[eo]|télétravail|teletrabajo|zdaln\w+|home[ -]?office)|\bremote[ -](?:first|only|position|role|job|opportunity|contract|eligible|based)\b|\bthis (?:is an?|position is|role is|job is|opportunity is)(?: an?)?(?: [\w-]+){0,3} remote\b|\b(?:position|role|job|location) (?:is|can be|may be)(?: \w+){0,3} remote(?:ly)?\b|\bremote(?:ly)? from anywhere\b|\bwork(?:ing)? (?:\w+ )?(?:remotely|from anywhere)\b|\b(?:location|workplace|work ?type|work location|ort|standort|arbeitsort|lieu|ubicación|sede|lokalizacja)s?\s*[:\-–]\s*(?:\w+ ){0,2}remote\b|\bwork[ -]from[ -]home (?:position|role|job|opportunity)|\bhome[ -]based (?:position|role|job|opportunity)|\btélétravail (?:total|complet|à 100|intégral)|\btrabajo (?:100 ?% )?remoto|\blavoro (?:da|in) remoto|\bpraca (?:w pełni )?zdalna|\bremote \((?:us|uk|eu|usa|europe|emea|anywhere|worldwide|canada|germany)\b|\bpå distans\b|\bteletrabajo\b|\bremote[ -](?:in|within|across) (?:the )?(?:us|usa|uk|eu|united|europe|emea|canada|germany)\b"
);
pattern!(
    ONSITE_TEXT,
    r"(?i)\b(?:fully|100 ?%|strictly|entirely|only|solely|ausschließlich|nur)[ -](?:on-?site|in[ -](?:office|person)|vor ort|présentiel|presencial)|\b(?:role|position|job|internship|opportunity) (?:is|will be|must be|requires)(?: \w+){0,3} (?:on-?site|in[ -]person|in[ -]office)\b|\bthis is an? (?:[\w-]+ ){0,3}(?:on-?site|in[ -]person|in[ -]office)\b|\bon-?site (?:role|position|only|job|opportunity|work required)\b|\bin[ -](?:person|office) (?:role|position|job)\b|\b(?:location|workplace|work ?type|work location|ort|arbeitsort|modalidad)s?\s*[:\-–]\s*(?:\w+ ){0,2}(?:on-?site|in[ -]office|in[ -]person|vor ort|presencial)|\b100 ?% (?:en )?présentiel|\bmust (?:be able to )?(?:work|be) (?:\w+ ){0,2}(?:on-?site|in[ -](?:the )?office|in[ -]person)"
);

static CUES: LazyLock<AhoCorasick> = LazyLock::new(|| {
    cues::automaton(&[
        "remot",
        "hybrid",
        "híbrid",
        "ibrid",
        "hybryd",
        "home office",
        "homeoffice",
        "home-office",
        "on-site",
        "onsite",
        "on site",
        "in-office",
        "office",
        "in-person",
        "in person",
        "télétravail",
        "teletrabajo",
        "vor ort",
        "from home",
        "from anywhere",
        "home-based",
        "home based",
        "smart working",
        "smartworking",
        "zdaln",
        "mobiles arbeiten",
        "mobilen arbeiten",
        "mobile arbeiten",
        "présentiel",
        "presencial",
        "distans",
        "distributed",
        "büro",
        "mobil",
    ])
});

/// The place of work that the parts of a posting together say.
pub fn resolve(
    workplace: Option<&Workplace>,
    locations: &[String],
    title: &str,
    text: &str,
) -> Option<RemoteOption> {
    let stated = match workplace {
        Some(Workplace::Stated(option)) => return Some(*option),
        Some(Workplace::Text(words)) => from_field(words),
        None => None,
    };
    stated.or_else(|| from_locations(locations)).or_else(|| from_title(title)).or_else(|| from_text(text))
}

/// From a field meant for it; `yes` and `true` say remote there.
pub fn from_field(words: &str) -> Option<RemoteOption> {
    match words.trim().to_lowercase().as_str() {
        "yes" | "true" | "1" | "ja" | "oui" | "flexible" => {
            Some(RemoteOption::Remote).filter(|_| words.trim() != "flexible")
        }
        _ => from_short(words),
    }
}

/// From all places of a posting: one of them hybrid is hybrid, one of them remote is remote.
pub fn from_locations(locations: &[String]) -> Option<RemoteOption> {
    let found: Vec<RemoteOption> = locations.iter().filter_map(|place| from_location(place)).collect();
    [RemoteOption::Hybrid, RemoteOption::Remote, RemoteOption::Onsite]
        .into_iter()
        .find(|option| found.contains(option))
}

/// From one free-text place.
pub fn from_location(place: &str) -> Option<RemoteOption> {
    // A town in Oregon.
    if TOWN.is_match(place) {
        return None;
    }
    from_short(place)
}

/// From a title.
pub fn from_title(title: &str) -> Option<RemoteOption> {
    let title = THING.replace_all(title, " ");
    let title = HYBRID_THING.replace_all(&title, " ");
    if DENIED.is_match(&title) {
        return Some(RemoteOption::Onsite);
    }
    let lower = title.to_lowercase();
    if HYBRID_SHORT.is_match(&title) {
        return Some(RemoteOption::Hybrid);
    }
    let remote = [
        "remote",
        "home office",
        "homeoffice",
        "home-office",
        "work from home",
        "wfh",
        "télétravail",
        "teletrabajo",
        "telework",
        "home based",
        "home-based",
        "remoto",
        "zdaln",
        "telecommut",
    ];
    if remote.iter().any(|word| lower.contains(word)) && REMOTE_SHORT.is_match(&title) {
        return Some(RemoteOption::Remote);
    }
    ONSITE_SHORT.find(&title).filter(|found| {
        !found.as_str().eq_ignore_ascii_case("in-house") && !found.as_str().eq_ignore_ascii_case("in house")
    })?;
    Some(RemoteOption::Onsite)
}

/// From running text, where it says so plainly.
pub fn from_text(text: &str) -> Option<RemoteOption> {
    let near = cues::around(text, &CUES, 90, 90);
    if near.is_empty() {
        return None;
    }
    let denied = DENIED.is_match(&near);
    let near = DENIED.replace_all(&near, ". ");
    let near = THING.replace_all(&near, " ");
    let near = HYBRID_THING.replace_all(&near, " ");
    let full_week = FULL_WEEK.is_match(&near);
    let near = FULL_WEEK.replace_all(&near, " ");
    if HYBRID_TEXT.is_match(&near) {
        return Some(RemoteOption::Hybrid);
    }
    if !denied && !full_week && REMOTE_TEXT.is_match(&near) {
        return Some(RemoteOption::Remote);
    }
    (denied || full_week || ONSITE_TEXT.is_match(&near)).then_some(RemoteOption::Onsite)
}

fn from_short(text: &str) -> Option<RemoteOption> {
    let text = THING.replace_all(text, " ");
    let denied = DENIED.is_match(&text);
    let text = DENIED.replace_all(&text, " ");
    if HYBRID_SHORT.is_match(&text) {
        return Some(RemoteOption::Hybrid);
    }
    if !denied && REMOTE_SHORT.is_match(&text) {
        return Some(RemoteOption::Remote);
    }
    (denied || ONSITE_SHORT.is_match(&text)).then_some(RemoteOption::Onsite)
}

#[cfg(test)]
mod tests {
    use RemoteOption::{Hybrid, Onsite, Remote};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields() {
        for (text, expected) in [
            ("Remote", Some(Remote)),
            ("remote", Some(Remote)),
            ("yes", Some(Remote)),
            ("on-site", Some(Onsite)),
            ("remote sensing", None),
            ("onsite", Some(Onsite)),
            ("OnSite", Some(Onsite)),
            ("In Office", Some(Onsite)),
            ("Hybrid", Some(Hybrid)),
            ("Hybrid - 3 days in office", Some(Hybrid)),
            ("2-3 days in office", Some(Hybrid)),
            ("Remote or Hybrid", Some(Hybrid)),
            ("TELECOMMUTE", Some(Remote)),
            ("Not remote", Some(Onsite)),
            ("no", None),
            ("flexible", None),
            ("", None),
        ] {
            assert_eq!(from_field(text), expected, "{text}");
        }
    }

    #[test]
    fn places() {
        for (text, expected) in [
            ("Remote - USA", Some(Remote)),
            ("Remote, OR", None),
            ("Remote, US", Some(Remote)),
            ("Berlin (Hybrid)", Some(Hybrid)),
            ("Flexible / Remote", Some(Remote)),
            ("Anywhere", Some(Remote)),
            ("Home Office, Deutschland", Some(Remote)),
            ("Berlin, Germany", None),
            ("Paris (télétravail partiel 2 jours)", Some(Hybrid)),
            ("London, on-site", Some(Onsite)),
        ] {
            assert_eq!(from_location(text), expected, "{text}");
        }
        assert_eq!(from_locations(&["Berlin".into(), "Remote".into()]), Some(Remote));
    }

    #[test]
    fn titles() {
        for (title, expected) in [
            ("Engineer (Remote)", Some(Remote)),
            ("Remote Sensing Scientist", None),
            ("Hybrid Cloud Architect", None),
            ("Buchhalter (Home-Office möglich)", Some(Hybrid)),
            ("Virtual Reality Developer", None),
            ("Distributed Systems Engineer", None),
            ("In-House Counsel", None),
            ("Nurse - Onsite", Some(Onsite)),
            ("Engineer (no remote)", Some(Onsite)),
        ] {
            assert_eq!(from_title(title), expected, "{title}");
        }
    }

    #[test]
    fn texts() {
        for (text, expected) in [
            ("This is a fully remote position within Europe.", Some(Remote)),
            ("You can work remotely from anywhere.", Some(Remote)),
            ("This is not a remote position.", Some(Onsite)),
            ("Remote work is not possible.", Some(Onsite)),
            ("Leider kein Homeoffice möglich.", Some(Onsite)),
            ("We work in a hybrid model.", Some(Hybrid)),
            ("You join us 3 days a week in our London office.", Some(Hybrid)),
            ("You join us five days a week in the office.", Some(Onsite)),
            ("Homeoffice möglich", Some(Hybrid)),
            ("2 Tage pro Woche Homeoffice", Some(Hybrid)),
            ("Télétravail partiel, deux jours", Some(Hybrid)),
            ("This role can be remote, or hybrid work from Berlin.", Some(Hybrid)),
            ("This is an on-site role in Lyon.", Some(Onsite)),
            ("We offer flexible hours in our office.", None),
            ("You know remote sensing and hybrid cloud systems.", None),
            ("Join a company of builders.", None),
        ] {
            assert_eq!(from_text(text), expected, "{text}");
        }
    }

    #[test]
    fn precedence() {
        let none: &[String] = &[];
        let stated = Workplace::Stated(Hybrid);
        assert_eq!(resolve(Some(&stated), &["Remote".into()], "Remote Dev", "fully remote"), Some(Hybrid));
        assert_eq!(resolve(None, &["Berlin (Hybrid)".into()], "Remote Dev", ""), Some(Hybrid));
        assert_eq!(resolve(None, none, "Dev (Remote)", "hybrid model"), Some(Remote));
        assert_eq!(resolve(None, none, "Dev", ""), None);
    }

    proptest! {
        #[test]
        fn any_text(text in "\\PC{0,80}|(not|no|remote|hybrid|office|3 days|home|[ /-]){0,12}") {
            let _ = (from_field(&text), from_location(&text), from_title(&text), from_text(&text));
        }
    }
}
