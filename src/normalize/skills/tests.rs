use proptest::prelude::*;

use super::*;

fn text(text: &str) -> Vec<String> {
    find(text, Part::Text)
}

fn title(text: &str) -> Vec<String> {
    find(text, Part::Title)
}

#[test]
fn the_dictionary_is_sound() {
    assert!(DICTIONARY.len() >= 600, "{}", DICTIONARY.len());
    let mut spellings: Vec<(&str, u16)> =
        DICTIONARY.aliases.iter().map(|alias| (alias.text.as_str(), alias.entry)).collect();
    spellings.sort_unstable();
    for pair in spellings.windows(2) {
        assert!(pair[0].0 != pair[1].0, "{:?} is spelled twice", pair[0].0);
    }
    assert!(DICTIONARY.aliases.iter().all(|alias| !alias.text.trim().is_empty()));
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
        ["Kubernetes", "Go", "PostgreSQL", "React", "AWS"]
    );
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
            prop_assert!(canonical(&name).is_some());
        }
    }
}
