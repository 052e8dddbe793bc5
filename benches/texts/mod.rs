//! Bodies of postings as career sites write them, drawn from a seed.

use std::fmt::Write as _;

use career_worker::domain::{RawDate, RawPosting, Text};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

const WORDS: [&str; 32] = [
    "we",
    "build",
    "the",
    "platform",
    "that",
    "moves",
    "goods",
    "across",
    "borders",
    "with",
    "people",
    "who",
    "care",
    "about",
    "quality",
    "and",
    "clear",
    "work",
    "teams",
    "own",
    "services",
    "from",
    "idea",
    "to",
    "production",
    "customers",
    "remote",
    "data",
    "Kafka",
    "Rust",
    "PostgreSQL",
    "Kubernetes",
];

/// So many words, as they come.
pub fn sentence(random: &mut StdRng, words: usize) -> String {
    (0..words).map(|_| WORDS[random.random_range(0..WORDS.len())]).collect::<Vec<_>>().join(" ")
}

/// A body of about five kilobytes, as career sites write them.
fn body(random: &mut StdRng) -> String {
    let mut html = String::from("<div class=\"content-intro\"><p><span style=\"font-weight: 400;\">");
    html.push_str(&sentence(random, 60));
    html.push_str("</span></p></div>");
    for heading in ["About the role", "What you&rsquo;ll do", "What you&rsquo;ll bring", "What we offer"] {
        let _ = writeln!(html, "<p><strong>{heading}</strong></p>\n<ul>");
        for _ in 0..random.random_range(4..9) {
            let words = random.random_range(8..24);
            let _ = writeln!(html, "<li aria-level=\"1\">{}&nbsp;&amp; more</li>", sentence(random, words));
        }
        html.push_str("</ul>");
    }
    html.push_str(
        "<div class=\"pay-range\"><span>$120,000</span><span>&mdash;</span><span>$150,000 USD</span></div>",
    );
    html
}

/// Two hundred postings, the same each time.
pub fn postings() -> Vec<RawPosting> {
    let mut random = StdRng::seed_from_u64(7);
    (0..200)
        .map(|number| RawPosting {
            source_id: number.to_string(),
            url: format!("https://boards.example.com/acme/jobs/{number}?gh_jid={number}&utm_source=x"),
            title: format!("Senior {} Engineer (m/w/d)", WORDS[random.random_range(28..32)]),
            company: Some("ACME GmbH".into()),
            locations: vec!["Berlin, Germany".into()],
            description: Some(Text::Html(body(&mut random))),
            employment: vec!["Full-time".into()],
            posted: Some(RawDate::Text("2026-02-01T10:00:00-05:00".into())),
            ..RawPosting::default()
        })
        .collect()
}
