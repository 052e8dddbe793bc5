use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::{domain::JobId, matching::PostingFields};

fn posting(title: &str, body: &str) -> MatchPosting {
    let stack = ["Rust".to_owned(), "Node.js".to_owned(), "Go".to_owned()];
    let fields = PostingFields {
        title,
        company: "Nordwind Systems GmbH",
        location: Some("Hamburg, Germany"),
        description: Some(body),
        tech_stack: &stack,
        language: Some("en"),
        ..PostingFields::default()
    };
    MatchPosting::new(JobId(1), &fields, NaiveDate::default())
}

fn holds(query: &str, title: &str, body: &str) -> bool {
    Query::parse(query, true).holds(&posting(title, body))
}

fn tree(query: &str) -> String {
    Query::parse(query, true).root.map(|root| root.describe()).unwrap_or_default()
}

#[test]
fn operators_bind_as_written() {
    for (query, expected) in [
        ("rust platform", "(rust platform)"),
        ("rust AND platform", "(rust platform)"),
        ("rust or scala backend", "(rust OR (scala back-end))"),
        ("rust OR scala OR haskell", "(rust OR scala OR haskell)"),
        ("(python or java) and sql", "((python OR java) sql)"),
        ("python AND NOT java", "(python -java)"),
        ("python not java", "(python -java)"),
        ("python -(java php)", "(python -(java php))"),
        ("--python", "python"),
        ("-\"team lead\" python", "(-\"team lead\" python)"),
        ("title:rust company:(acme OR initech)", "(title:rust (company:acme OR company:initech))"),
        ("TITLE: rust engineer", "(title:rust engineer)"),
        ("-title:intern", "-title:intern"),
        ("title:-intern", "-title:intern"),
        ("salary:high 10:30", "(\"salary high\" \"10 30\")"),
        ("react* dev", "(react* dev)"),
        ("node js developer", "(node.js developer)"),
        ("C sharp, C++", "(c# c++)"),
        ("vue.js/react", "(vue.js react)"),
        ("e-learning", "\"e learning\""),
        ("full-stack ML", "(full-stack ml)"),
        ("go R c", "(golang r-lang c-lang)"),
        ("(m/w/d) Entwicklerin", "entwickler"),
    ] {
        assert_eq!(tree(query), expected, "{query}");
    }
}

#[test]
fn misplaced_operators_are_left_out_or_words() {
    for (query, expected) in [
        ("", ""),
        ("  ", ""),
        ("()", ""),
        ("-", ""),
        ("***", ""),
        ("AND OR NOT", ""),
        ("\"", ""),
        ("🚀 !!", ""),
        ("OR rust", "rust"),
        ("rust OR", "rust"),
        ("rust AND", "rust"),
        ("NOT", ""),
        ("or rust", "(or rust)"),
        ("rust or", "(rust or)"),
        ("not rust", "(not rust)"),
        ("((rust", "rust"),
        ("rust))", "rust"),
        ("rust (", "rust"),
        ("\"rust engineer", "\"rust engineer\""),
        ("rust - engineer", "(rust engineer)"),
        ("rust -- engineer", "(rust engineer)"),
        ("title:", ""),
        ("title: OR rust", "rust"),
        ("rust () OR ()", "rust"),
        ("the who is the who", "(the who is the who)"),
    ] {
        assert_eq!(tree(query), expected, "{query}");
    }
}

#[test]
fn words_are_found_in_all_forms_and_quoted_words_as_they_are() {
    for (query, title, body, expected) in [
        ("developer", "Senior Developers wanted", "", true),
        ("\"developer\"", "Senior Developers wanted", "", false),
        ("rust developer", "Engineer", "we look for a developer", true),
        ("rust accountant", "Engineer", "", false),
        ("C++", "C Engineer", "", false),
        ("C", "C++ Engineer", "", false),
        ("C", "C Engineer", "", true),
        ("c", "Engineer", "vitamin c", false),
        ("cpp", "C++ Engineer", "", true),
        ("C#", "CSharp Engineer", "", true),
        (".NET", "ASP.NET Engineer", "", true),
        (".net", "Engineer", "see example.net", false),
        ("golang", "Engineer", "", true),
        ("nodejs", "Engineer", "", true),
        ("node", "Engineer", "", true),
        ("js", "JavaScript Engineer", "", true),
        ("java", "JavaScript Engineer", "", false),
        ("k8s", "Engineer", "runs on Kubernetes", true),
        ("\"k8s\"", "Engineer", "runs on Kubernetes", false),
        ("sr engineer", "Senior Engineer", "", true),
        ("Entwickler", "Softwareentwickler (m/w/d)", "", true),
        ("entwicklerin", "Entwickler:innen", "", true),
        ("intern", "Engineer", "internal tools, international team", false),
        ("machine learning", "ML Engineer", "", true),
        ("\"machine learning\"", "Engineer", "machine learning", true),
        ("\"machine learning\"", "Engineer", "learning machine", false),
        ("learning", "Machine Learning", "", true),
        ("engin*", "Engineer", "", true),
        ("Ham*", "x", "", true),
        ("title:ham*", "x", "", false),
        ("IT manager", "Manager", "IT", true),
        ("IT manager", "Manager", "", false),
        ("location:germany", "x", "", true),
        ("title:germany", "x", "", false),
        ("company:nordwind", "x", "", true),
        ("tech:rust", "x", "", true),
        ("tech:java", "Java", "", false),
        ("\"systems gmbh\"", "x", "", true),
        ("\"gmbh hamburg\"", "x", "", false),
        ("zürich", "Zurich office", "", true),
        ("Müller", "Mueller", "", true),
        ("Mueller", "Müller", "", true),
        ("-intern", "Engineer", "", true),
        ("-engineer", "Engineer", "", false),
        ("AE", "Engineer", "a team that does more", false),
        ("R&D", "R&D Engineer", "", true),
        ("\"c++ developer\"", "C++ Developer", "", true),
        ("\"node js developer\"", "Node.js Developer", "", true),
        ("ux", "UI/UX Designer", "", true),
        ("frontend", "Front-End Developer", "", true),
        ("\"\"", "x", "", true),
    ] {
        assert_eq!(holds(query, title, body), expected, "{query} in {title} / {body}");
    }
}

#[test]
fn synonyms_can_be_switched_off() {
    let posting = posting("JavaScript Engineer", "");
    assert!(Query::parse("js", true).holds(&posting));
    assert!(!Query::parse("js", false).holds(&posting));
}

#[test]
fn long_and_deep_queries_are_cut_not_refused() {
    let long = Query::parse(&"rüst ".repeat(300), true);
    assert!(long.cut && long.root.is_some());
    assert!(!Query::parse(&"é".repeat(MAX_CHARS), true).cut);
    let deep = format!("{}rust{} java", "(".repeat(400), ")".repeat(400));
    assert_eq!(tree(&deep), "(rust java)");
    assert_eq!(tree(&"-".repeat(999)), "");
    assert_eq!(tree(&format!("{}rust", "NOT ".repeat(200))), "rust");
    assert_eq!(tree(&format!("{}rust", "title:".repeat(150))), "title:rust");
}

fn depth(node: &Node) -> usize {
    match node {
        Node::And(nodes) | Node::Or(nodes) => 1 + nodes.iter().map(depth).max().unwrap_or(0),
        Node::Not(node) => 1 + depth(node),
        _ => 1,
    }
}

proptest! {
    #[test]
    fn anything_is_a_query(text in ".{0,200}") {
        let query = Query::parse(&text, true);
        query.holds(&posting("Engineer", "text"));
    }

    #[test]
    fn any_row_of_operators_is_a_query(parts in prop::collection::vec(
        prop::sample::select(vec!["(", ")", "-", "\"", " OR ", " AND ", " NOT ", " or ", "title:", "tech:", "rust", " c++ ", "*", " "]), 0..120)) {
        let query = Query::parse(&parts.concat(), true);
        if let Some(root) = &query.root {
            prop_assert!(depth(root) <= 3 * MAX_DEPTH + 4);
            prop_assert_eq!(root.holds(&posting("Rust", "")), !Node::Not(Box::new(root.clone())).holds(&posting("Rust", "")));
        }
    }
}
