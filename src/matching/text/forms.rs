//! Technologies that are written in several ways, and words that mean the same.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::{Term, Token, fold, scan};

/// Ways to write a technology, with its canonical form. The parts of a closed form mean nothing alone (`c` in `c++`).
const CLOSED: &[(&str, &[&str])] = &[
    ("c++", &["cpp", "cplusplus", "c plus plus"]),
    ("c#", &["csharp", "c sharp"]),
    ("f#", &["fsharp", "f sharp"]),
    (
        ".net",
        &["dotnet", "dot net", "asp net", "asp .net", "aspnet", ".net core", "dotnet core", "asp net core"],
    ),
    ("node.js", &["nodejs", "node js"]),
    ("next.js", &["nextjs", "next js"]),
    ("nuxt.js", &["nuxtjs", "nuxt js"]),
    ("vue.js", &["vuejs", "vue js"]),
    ("react.js", &["reactjs", "react js"]),
    ("angular.js", &["angularjs", "angular js"]),
    ("express.js", &["expressjs", "express js"]),
    ("d3.js", &["d3js", "d3 js"]),
    ("three.js", &["threejs", "three js"]),
    ("objective-c", &["objective c", "objectivec"]),
    ("golang", &["golang"]),
    ("vb.net", &["vb net", "vbnet", "visual basic net"]),
    ("tcp/ip", &["tcp ip"]),
    ("pl/sql", &["pl sql", "plsql"]),
    ("t-sql", &["t sql", "tsql"]),
    ("s/4hana", &["s 4hana", "s4hana", "s 4 hana"]),
];

/// Terms of several words that are one thing; their words are found alone as well.
const OPEN: &[(&str, &[&str])] = &[
    ("machine-learning", &["machine learning"]),
    ("artificial-intelligence", &["artificial intelligence"]),
    ("natural-language-processing", &["natural language processing"]),
    ("deep-learning", &["deep learning"]),
    ("data-science", &["data science"]),
    ("full-stack", &["full stack", "fullstack"]),
    ("front-end", &["front end", "frontend"]),
    ("back-end", &["back end", "backend"]),
    ("ci/cd", &["ci cd", "cicd"]),
    ("ui/ux", &["ui ux", "ux ui", "uiux"]),
    ("user-experience", &["user experience"]),
    ("dev-ops", &["devops", "dev ops"]),
    ("site-reliability-engineer", &["site reliability engineer", "site reliability engineering"]),
    ("quality-assurance", &["quality assurance"]),
    ("business-intelligence", &["business intelligence"]),
    ("human-resources", &["human resources"]),
    ("google-cloud", &["google cloud", "google cloud platform"]),
    ("amazon-web-services", &["amazon web services"]),
    ("vice-president", &["vice president"]),
    ("e-commerce", &["e commerce", "ecommerce"]),
    ("part-time", &["part time", "parttime"]),
    ("full-time", &["full time", "fulltime"]),
    ("power-bi", &["power bi", "powerbi"]),
    ("real-estate", &["real estate"]),
];

/// Words (or canonical forms) that count as one in searches and profiles; the first stands for all.
const SYNONYMS: &[&[&str]] = &[
    &["javascript", "js", "ecmascript"],
    &["typescript", "ts"],
    &["kubernetes", "k8s"],
    &["postgresql", "postgres", "psql"],
    &["react", "react.js"],
    &["vue", "vue.js"],
    &["node.js", "node"],
    &["angular", "angular.js"],
    &["machine-learning", "ml"],
    &["artificial-intelligence", "ai"],
    &["natural-language-processing", "nlp"],
    &["google-cloud", "gcp"],
    &["amazon-web-services", "aws"],
    &["business-intelligence", "bi"],
    &["quality-assurance", "qa"],
    &["user-experience", "ux"],
    &["human-resources", "hr"],
    &["site-reliability-engineer", "sre"],
    &["vice-president", "vp"],
    &["front-end", "fe"],
    &["senior", "sr"],
    &["junior", "jr"],
    &["developer", "dev", "programmer", "entwickler"],
    &["engineer", "ingenieur", "eng"],
    &["manager", "mgr"],
    &["administrator", "admin"],
    &["mongodb", "mongo"],
    &["elasticsearch", "elastic"],
    &["terraform", "tf"],
    &["ruby", "rb"],
    &["python", "py"],
    &["consultant", "berater"],
    &["intern", "internship", "praktikant", "praktikum"],
];

/// Names that are ordinary words or letters in running text: read as technologies in titles and skill lists only.
const LONE: &[(&str, &str)] = &[("go", "golang"), ("r", "r-lang"), ("c", "c-lang")];

/// A technology or fixed term found in a row of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// What it is called everywhere.
    pub canonical: &'static str,
    /// Tokens it takes.
    pub tokens: usize,
    /// Its parts are no words of their own.
    pub closed: bool,
}

struct Spelling {
    rest: Vec<&'static str>,
    canonical: &'static str,
    closed: bool,
}

static FORMS: LazyLock<FxHashMap<&'static str, Vec<Spelling>>> = LazyLock::new(|| {
    let mut forms: FxHashMap<&'static str, Vec<Spelling>> = FxHashMap::default();
    for (list, closed) in [(CLOSED, true), (OPEN, false)] {
        for (canonical, spellings) in list {
            for spelling in *spellings {
                let mut words = spelling.split(' ');
                let Some(first) = words.next() else { continue };
                forms.entry(first).or_default().push(Spelling { rest: words.collect(), canonical, closed });
            }
        }
    }
    for spellings in forms.values_mut() {
        spellings.sort_by_key(|spelling| std::cmp::Reverse(spelling.rest.len()));
    }
    forms
});

static GROUPS: LazyLock<FxHashMap<&'static str, &'static [&'static str]>> =
    LazyLock::new(|| SYNONYMS.iter().flat_map(|group| group.iter().map(|word| (*word, *group))).collect());

/// The longest form that starts with the first of `tokens`.
pub fn form_at(tokens: &[Token<'_>]) -> Option<Form> {
    let (first, rest) = tokens.split_first()?;
    let spellings = FORMS.get(first.word)?;
    let found = spellings.iter().find(|spelling| {
        rest.len() >= spelling.rest.len()
            && spelling.rest.iter().zip(rest).all(|(expected, token)| *expected == token.word)
    })?;
    Some(Form { canonical: found.canonical, tokens: found.rest.len() + 1, closed: found.closed })
}

/// Whether the spelling of a technology or fixed term starts with this word.
pub fn starts_form(word: &str) -> bool {
    FORMS.contains_key(word)
}

/// What a lone `go`, `r` or `c` stands for in a title or skill list.
pub fn lone_letter(word: &str) -> Option<&'static str> {
    LONE.iter().find(|(lone, _)| *lone == word).map(|(_, canonical)| *canonical)
}

/// All words that mean the same as `word` (a folded word or canonical form), itself included; empty where there are none.
pub fn synonyms(word: &str) -> &'static [&'static str] {
    GROUPS.get(word).copied().unwrap_or_default()
}

/// One spelling for a whole skill (`NodeJS`, `Node` and `node.js` are one); `None` for text without a word.
pub fn canonical_skill(skill: &str) -> Option<(Term, String)> {
    let mut folded = String::new();
    fold(skill, &mut folded);
    let mut tokens = Vec::new();
    scan(&folded, &mut tokens);
    let mut words: Vec<&str> = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while let Some(rest) = tokens.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(form) = form_at(rest) {
            words.push(form.canonical);
            at += form.tokens;
        } else {
            words.extend(rest.first().map(|token| token.word));
            at += 1;
        }
    }
    let canonical = match words[..] {
        [] => return None,
        [one] => {
            let one = lone_letter(one).unwrap_or(one);
            synonyms(one).first().copied().unwrap_or(one).to_owned()
        }
        _ => words.join(" "),
    };
    Some((Term::skill(&canonical), canonical))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skill(text: &str) -> String {
        canonical_skill(text).map(|(_, canonical)| canonical).unwrap_or_default()
    }

    #[test]
    fn spellings_of_one_technology_meet() {
        for (left, right) in [
            ("NodeJS", "Node.js"),
            ("node js", "Node"),
            ("CPP", "C++"),
            ("C Sharp", "c#"),
            ("ASP.NET Core", ".NET"),
            ("Go", "golang"),
            ("K8s", "Kubernetes"),
            ("Postgres", "PostgreSQL"),
            ("ML", "Machine Learning"),
            ("Vue", "VueJS"),
            ("Objective C", "Objective-C"),
            ("GCP", "Google Cloud Platform"),
        ] {
            assert_eq!(skill(left), skill(right), "{left} {right}");
        }
        for (left, right) in [
            ("C", "C++"),
            ("C", "C#"),
            ("C++", "C#"),
            ("Java", "JavaScript"),
            ("R", "Ruby"),
            ("React", "React Native"),
        ] {
            assert_ne!(skill(left), skill(right), "{left} {right}");
        }
    }

    #[test]
    fn every_spelling_is_written_as_the_scanner_gives_it() {
        for (canonical, spellings) in CLOSED.iter().chain(OPEN) {
            for spelling in *spellings {
                let mut tokens = Vec::new();
                scan(spelling, &mut tokens);
                assert_eq!(tokens.iter().map(|token| token.word).collect::<Vec<_>>().join(" "), *spelling);
                assert_eq!(
                    form_at(&tokens).map(|form| (form.canonical, form.tokens)),
                    Some((*canonical, tokens.len()))
                );
            }
        }
    }

    #[test]
    fn no_word_has_two_groups() {
        assert_eq!(GROUPS.len(), SYNONYMS.iter().map(|group| group.len()).sum::<usize>());
    }
}
