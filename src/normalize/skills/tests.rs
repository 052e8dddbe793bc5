use proptest::prelude::*;
use rustc_hash::FxHashMap;

use super::*;

fn text(text: &str) -> Vec<String> {
    find(text, Part::Text)
}

fn title(text: &str) -> Vec<String> {
    find(text, Part::Title)
}

const FILE: &str = include_str!("dictionary.tsv");
const KINDS: [&str; 19] = [
    "language",
    "framework",
    "database",
    "cloud",
    "devops",
    "data",
    "ml",
    "testing",
    "security",
    "network",
    "blockchain",
    "embedded",
    "design",
    "tool",
    "business",
    "office",
    "practice",
    "topic",
    "assistant",
];

#[test]
fn the_dictionary_is_sound() {
    assert!(DICTIONARY.entries.len() >= 2500, "{}", DICTIONARY.entries.len());
    assert_eq!(
        dictionary::rows(FILE).count(),
        FILE.lines().filter(|line| !line.starts_with('#')).count(),
        "a line without a kind"
    );
    let mut names = FxHashSet::default();
    for row in dictionary::rows(FILE) {
        assert!(names.insert(row.name.to_lowercase()), "{} stands twice", row.name);
        assert!(KINDS.contains(&row.kind), "{}: kind {}", row.name, row.kind);
        assert!(
            row.wider.is_empty() || canonical(row.wider) == Some(row.wider),
            "{}: {}",
            row.name,
            row.wider
        );
        for cell in [row.name, row.spellings] {
            assert!(!cell.is_empty() && cell.trim() == cell && !cell.contains("  "), "{cell:?}");
        }
        for spelling in row.spellings.split(" | ") {
            assert!(!spelling.contains('|') && spelling.trim() == spelling, "{}: {spelling:?}", row.name);
        }
    }
    let spellings: usize = dictionary::rows(FILE).map(|row| row.spellings.split(" | ").count()).sum();
    assert_eq!(DICTIONARY.aliases.len(), spellings, "a spelling without a letter or digit");
}

#[test]
fn no_spelling_has_two_meanings() {
    let mut owners: FxHashMap<String, u16> = FxHashMap::default();
    let mut exact = FxHashSet::default();
    for alias in &DICTIONARY.aliases {
        let owner = *owners.entry(alias.text.to_lowercase()).or_insert(alias.entry);
        let name = |entry| DICTIONARY.entry(entry).map(|entry| entry.name);
        assert_eq!(name(owner), name(alias.entry), "{:?}", alias.text);
        assert!(exact.insert(alias.text), "{:?} is spelled twice", alias.text);
    }
    for (at, entry) in (0_u16..).zip(&DICTIONARY.entries) {
        let owner = owners.get(&entry.name.to_lowercase()).copied().unwrap_or(at);
        assert_eq!(DICTIONARY.entry(owner).map(|owner| owner.name), Some(entry.name));
        assert_eq!(canonical(entry.name), Some(entry.name));
    }
}

#[test]
fn sections_are_sorted_and_hold_one_kind() {
    for section in FILE.split("\n# ").filter(|section| section.contains('\t')).skip(1) {
        let rows: Vec<_> = dictionary::rows(section).collect();
        for pair in rows.windows(2) {
            assert_eq!(pair[0].kind, pair[1].kind, "{}", pair[1].name);
            assert!(pair[0].name.to_lowercase() < pair[1].name.to_lowercase(), "{}", pair[1].name);
        }
    }
}

#[test]
fn the_head_names_sources_and_licences() {
    let head = FILE.split("\n# Languages").next().unwrap();
    for part in ["GitHub Linguist", "MIT licence", "O*NET", "CC BY 4.0", "ESCO", "2011/833/EU"] {
        assert!(head.contains(part), "{part}");
    }
    assert!(head.lines().all(|line| line.starts_with('#')));
}

#[test]
fn signs_belong_to_names() {
    assert_eq!(text("node.js, AWS, C++ and R"), ["Node.js", "AWS", "C++", "R"]);
    assert_eq!(text("C# / .NET / ASP.NET Core, F#"), ["C#", ".NET", "ASP.NET Core", "F#"]);
    assert_eq!(text("C/C++ on Linux"), ["C", "C++", "Linux"]);
    assert_eq!(text("Vue.js and JavaScript (ES6)"), ["Vue.js", "JavaScript"]);
    assert_eq!(text("CI/CD, TCP/IP, PL/SQL"), ["CI/CD", "TCP/IP", "PL/SQL"]);
    assert_eq!(
        text("k8s, golang, postgres, reactjs, aws lambda"),
        ["Kubernetes", "Go", "PostgreSQL", "React", "AWS Lambda", "AWS"]
    );
}

#[test]
fn what_stands_side_by_side_is_read_apart() {
    assert_eq!(text("Agile/Scrum teams"), ["Agile", "Scrum"]);
    assert_eq!(text("HTML/CSS and Python/Django"), ["HTML", "CSS", "Python", "Django"]);
    assert_eq!(text("an Apollo GraphQL layer"), ["Apollo", "GraphQL"]);
    assert_eq!(text("GitLab CI/CD"), ["GitLab", "CI/CD"]);
    assert_eq!(text("Excel/Sheets"), Vec::<String>::new());
    assert_eq!(text("proficient in Excel/Sheets"), ["Excel", "Google Sheets"]);
}

#[test]
fn small_letters_count_in_lists() {
    assert_eq!(text("html, css, react and node"), ["HTML", "CSS", "React", "Node.js"]);
    for none in ["we react and excel", "java coffee in spring", "a sql query, then express delivery"] {
        let found = text(none);
        assert!(found.iter().all(|name| ["Java", "SQL"].contains(&name.as_str())), "{none}: {found:?}");
    }
}

#[test]
fn a_service_names_its_cloud() {
    assert_eq!(text("EC2, SQS and Azure Functions"), ["EC2", "AWS", "SQS", "Azure Functions", "Azure"]);
    assert_eq!(text("GKE"), ["GKE", "GCP"]);
    assert_eq!(text("Azure DevOps"), ["Azure DevOps"]);
}

#[test]
fn topics_and_assistants_count_in_fields_only() {
    for none in [
        "Blockchain and Web3 are what we do",
        "infrastructure as code, GitOps and DevSecOps",
        "ISO 27001 and GDPR",
        "SSO, IAM and Zero Trust",
        "experience with ChatGPT and Claude",
        "knowledge of object-oriented programming",
        "Executive Leadership Team (ELT)",
    ] {
        assert!(text(none).is_empty(), "{none}: {:?}", text(none));
    }
    assert_eq!(text("GitOps with Argo CD and Claude Code"), ["Argo CD", "Claude Code"]);
    let mut skills = Skills::default();
    for tag in ["blockchain", "ChatGPT", "IaC"] {
        skills.tag(tag);
    }
    assert_eq!(skills.names(), ["Blockchain", "ChatGPT", "Infrastructure as Code"]);
}

#[test]
fn cues_in_nine_languages() {
    for (some, name) in [
        ("solid experience with Swift", "Swift"),
        ("Sie bringen gute Kenntnisse in Rust mit", "Rust"),
        ("mehrjährige Erfahrung mit Spring", "Spring"),
        ("une bonne maîtrise de Word", "Microsoft Word"),
        ("développeur Go confirmé", "Go"),
        ("Des compétences en Ruby", "Ruby"),
        ("conocimientos de SAP", "SAP"),
        ("manejo de Outlook", "Outlook"),
        ("desarrollador Go", "Go"),
        ("buona conoscenza di Excel", "Excel"),
        ("padronanza di Word", "Microsoft Word"),
        ("sviluppatore Ruby", "Ruby"),
        ("ruime ervaring met Snowflake", "Snowflake"),
        ("kennis van Word", "Microsoft Word"),
        ("ervaren Go ontwikkelaar", "Go"),
        ("erfarenhet av Swift", "Swift"),
        ("goda kunskaper i Word", "Microsoft Word"),
        ("vi söker en Go utvecklare", "Go"),
        ("dobra znajomość Go", "Go"),
        ("doświadczenie w Rust", "Rust"),
        ("znajomość SAP", "SAP"),
        ("experiência em Go", "Go"),
        ("bons conhecimentos de Word", "Microsoft Word"),
        ("domínio de Ruby", "Ruby"),
        ("APIs REST", "REST"),
        ("maîtrise du Pack Office", "Microsoft Office"),
        ("à l’aise dans l’utilisation d’Excel", "Excel"),
        ("Rust is a plus", "Rust"),
        ("Snowflake ist von Vorteil", "Snowflake"),
        ("use tools such as Asana to plan", "Asana"),
        ("experience in Excel 2016", "Excel"),
        ("Büroanwendungen (Word, Excel)", "Excel"),
        ("méthodes agiles", "Agile"),
        ("aprendizaje automático", "Machine Learning"),
    ] {
        assert!(text(some).iter().any(|found| found == name), "{some}: {:?}", text(some));
    }
    for none in [
        "Der Rest des Teams sitzt in Rust",
        "Sie haben das letzte Word",
        "Le mot Swift est anglais",
        "una palabra: Notion",
        "una vista, Outlook",
        "een Swift antwoord",
        "Word en av oss",
        "Zostań z nami, Go",
        "O futuro: Spring",
        "the R in HR",
        "Boost Developer Productivity",
        "they sell to Salesforce",
        "we work in Salesforce Tower",
        "Languages: Fluent in German",
        "Combine knowledge and care",
    ] {
        assert!(text(none).is_empty(), "{none}: {:?}", text(none));
    }
}

#[test]
fn some_names_need_no_more_than_a_preposition() {
    assert_eq!(text("our apps are written by hand in React"), ["React"]);
    assert_eq!(text("all data is kept in Salesforce"), ["Salesforce"]);
    assert_eq!(text("moving our forms into Django"), ["Django"]);
    for none in ["React to change", "we react to change", "Excel in all you do", "the Angular Momentum club"]
    {
        assert!(text(none).is_empty(), "{none}: {:?}", text(none));
    }
}

#[test]
fn names_inside_words_and_addresses_do_not_count() {
    for none in [
        "javascripting",
        "our website acme.net",
        "see https://python.org/downloads",
        "mail to rust@docker.com",
        "Gitarre",
        "the Scalability of it",
        "visit www.docker.com/x",
        "Redisson",
        "excellent",
    ] {
        assert!(text(none).is_empty(), "{none}: {:?}", text(none));
    }
}

#[test]
fn ordinary_words_need_a_cue() {
    for none in [
        "go to market",
        "Go to market with us",
        "Our go-to-market team",
        "You will Go far",
        "R&D department",
        "Series C funding",
        "C-level contacts",
        "Vitamin C",
        "Spring 2026 internship",
        "You excel at work",
        "Excel in your career",
        "the REST of the team",
        "Take some REST",
        "a Swift answer",
        "Slack off",
        "the notion of",
        "Word of mouth",
        "our Chef cooks",
        "Ruby is our colleague",
        "React quickly to customers",
        "Outlook for 2026",
        "Express delivery",
        "An Elastic budget",
    ] {
        assert!(text(none).is_empty(), "{none}: {:?}", text(none));
    }
    for (some, name) in [
        ("experience with Go", "Go"),
        ("Go developer wanted", "Go"),
        ("written in Rust", "Rust"),
        ("Java, Go or Ruby", "Ruby"),
        ("proficiency in Excel", "Excel"),
        ("Sicherer Umgang mit Word", "Microsoft Word"),
        ("SAP-Kenntnisse", "SAP"),
        ("Spring Boot", "Spring Boot"),
        ("Java/Spring", "Spring"),
        ("experience using Slack", "Slack"),
        ("RESTful services", "REST"),
        ("Angular 17", "Angular"),
        ("programming languages: C", "C"),
    ] {
        assert!(text(some).iter().any(|found| found == name), "{some}: {:?}", text(some));
    }
}

#[test]
fn titles() {
    assert_eq!(title("Senior Go Developer (m/w/d)"), ["Go"]);
    assert_eq!(title("Backend Engineer (Rust)"), ["Rust"]);
    assert_eq!(title("C++ Developer"), ["C++"]);
    assert_eq!(title("C# Developer"), ["C#"]);
    assert_eq!(title("Chef de Partie"), Vec::<String>::new());
    assert_eq!(title("Express Driver"), Vec::<String>::new());
}

#[test]
fn order_and_canonical_names() {
    assert_eq!(text("Docker, python, docker, Python 3 and k8s"), ["Docker", "Python", "Kubernetes"]);
    assert_eq!(canonical("NodeJS"), Some("Node.js"));
    assert_eq!(canonical("go"), Some("Go"));
    assert_eq!(canonical("React.js"), Some("React"));
    assert_eq!(canonical("exec"), None);
    let mut skills = Skills::default();
    for tag in ["python", " React ", "exec", "go"] {
        skills.tag(tag);
    }
    assert_eq!(skills.names(), ["Python", "React", "Go"]);
}

proptest! {
    #[test]
    fn any_text(words in "\\PC{0,80}|(Go|C|\\+|#|\\.|-| |/|net|Java|é|, |in ){0,30}") {
        for name in text(&words).into_iter().chain(title(&words)) {
            prop_assert_eq!(canonical(&name), Some(name.as_str()));
        }
    }

    #[test]
    fn every_plain_spelling_is_found(at in any::<prop::sample::Index>(), before in "[ ,;(\\n]", after in "[ ,;)\\n]") {
        let plain: Vec<_> = DICTIONARY.aliases.iter().filter(|alias| alias.care < Care::Name).collect();
        let alias = at.get(&plain);
        let entry = DICTIONARY.entry(alias.entry).unwrap();
        let mut skills = Skills::default();
        skills.tag(alias.text);
        prop_assert_eq!(skills.names().into_iter().next(), Some(entry.name.to_owned()));
        if entry.kind == Kind::Stack {
            let around = format!("xx{before}{}{after}xx", alias.text);
            prop_assert_eq!(text(&around).into_iter().next(), Some(entry.name.to_owned()), "{}", around);
        }
    }
}
