//! Random queries of the vocabulary of the postings: all that the language has, and what people type by mistake.

use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};

use super::vocabulary::Vocabulary;

const FIELDS: [&str; 6] = ["title", "title", "company", "location", "tech", "Title"];
const TECHNOLOGIES: [&str; 16] = [
    "C++",
    "C#",
    ".NET",
    "Node.js",
    "nodejs",
    "ASP.NET",
    "F#",
    "Objective-C",
    "Go",
    "R",
    "C",
    "CI/CD",
    "full-stack",
    "machine learning",
    "k8s",
    "R&D",
];
const JUNK: [&str; 24] = [
    "\"",
    "(",
    ")",
    "((",
    "))",
    "\"\"",
    "()",
    "AND",
    "OR",
    "NOT",
    "and or not",
    "-",
    "--",
    "*",
    "**",
    "title:",
    "-()",
    "\"( OR",
    "&& ||",
    "!!",
    "🚀",
    "((((((((",
    "company:\"",
    "NOT NOT",
];

/// Seeded queries; the same seed gives the same ones.
pub struct Queries<'a> {
    vocabulary: &'a Vocabulary,
    rng: StdRng,
}

impl<'a> Queries<'a> {
    pub fn new(vocabulary: &'a Vocabulary, seed: u64) -> Self {
        Self { vocabulary, rng: StdRng::seed_from_u64(seed) }
    }

    /// One or more bare words without operators, fields or quotes.
    pub fn plain(&mut self) -> String {
        let count = *[1, 1, 1, 2, 2, 3].choose(&mut self.rng).unwrap_or(&1);
        if count > 1 && self.rng.random_bool(0.5) {
            return self.vocabulary.row(count, &mut self.rng);
        }
        (0..count).map(|_| self.vocabulary.word(&mut self.rng)).collect::<Vec<_>>().join(" ")
    }

    fn any(&mut self) -> String {
        match self.rng.random_range(0..20) {
            0..7 => self.plain(),
            7..9 => self.quoted(),
            19 => self.mistaken(),
            _ => self.nested(0),
        }
    }

    fn quoted(&mut self) -> String {
        let count = self.rng.random_range(1..5);
        let mut row = self.vocabulary.row(count, &mut self.rng);
        if self.rng.random_bool(0.2) {
            row = row.split(' ').rev().collect::<Vec<_>>().join(" ");
        }
        let (open, close) =
            *[("\"", "\""), ("„", "“"), ("«", "»")].choose(&mut self.rng).unwrap_or(&("\"", "\""));
        format!("{open}{row}{close}")
    }

    fn leaf(&mut self) -> String {
        match self.rng.random_range(0..24) {
            0..11 => self.word(),
            11..14 => self.quoted(),
            14..16 => self.beginning(),
            16..20 => {
                let field = *FIELDS.choose(&mut self.rng).unwrap_or(&"title");
                let word = self.vocabulary.word_of(&field.to_lowercase(), &mut self.rng).to_owned();
                let minus = if self.rng.random_bool(0.1) { "-" } else { "" };
                format!("{minus}{field}:{word}")
            }
            20 => {
                let field = *FIELDS.choose(&mut self.rng).unwrap_or(&"title");
                format!("{field}:{}", self.quoted())
            }
            21 => format!("\"{}\"", TECHNOLOGIES.choose(&mut self.rng).unwrap_or(&"C++")),
            _ => (*TECHNOLOGIES.choose(&mut self.rng).unwrap_or(&"C++")).to_owned(),
        }
    }

    /// A word, at times in another case, with its umlauts written out, or without its accents.
    fn word(&mut self) -> String {
        let word = self.vocabulary.word(&mut self.rng).to_owned();
        match self.rng.random_range(0..12) {
            0 => word.to_uppercase(),
            1 => word.to_lowercase(),
            2 => word.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue").replace('é', "e"),
            3 => word.replace("ae", "ä").replace("oe", "ö").replace("ue", "ü"),
            _ => word,
        }
    }

    fn beginning(&mut self) -> String {
        let word = self.vocabulary.word(&mut self.rng);
        let count = self.rng.random_range(2..6);
        format!("{}*", word.chars().take(count).collect::<String>())
    }

    fn nested(&mut self, depth: usize) -> String {
        let count = self.rng.random_range(1..4);
        let parts: Vec<String> = (0..count)
            .map(|_| {
                if depth < 3 && self.rng.random_bool(0.3) {
                    let inner = self.nested(depth + 1);
                    let field = if self.rng.random_bool(0.1) { "title:" } else { "" };
                    format!("{field}({inner})")
                } else {
                    self.leaf()
                }
            })
            .collect();
        let mut text = String::new();
        for part in parts {
            if !text.is_empty() {
                text.push_str(match self.rng.random_range(0..12) {
                    0..5 => " ",
                    5 | 6 => " OR ",
                    7 => " or ",
                    8 => " AND ",
                    9 => " and ",
                    10 => " | ",
                    _ => " not ",
                });
            }
            text.push_str(match self.rng.random_range(0..20) {
                0 | 1 => "-",
                2 => "NOT ",
                _ => "",
            });
            text.push_str(&part);
        }
        text
    }

    fn mistaken(&mut self) -> String {
        let count = self.rng.random_range(1..5);
        let mut parts = Vec::new();
        for _ in 0..count {
            parts.push((*JUNK.choose(&mut self.rng).unwrap_or(&"\"")).to_owned());
            if self.rng.random_bool(0.6) {
                parts.push(self.leaf());
            }
        }
        parts.join(if self.rng.random_bool(0.5) { " " } else { "" })
    }
}

impl Iterator for Queries<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        Some(self.any())
    }
}
