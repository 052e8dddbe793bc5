//! The query language: `rust (backend OR platform) -intern title:senior "site reliability" front*`.
//!
//! Reading a query never fails. Whatever is no operator in its place is a word; what has no words restricts nothing.

mod lexer;
mod parser;
#[cfg(test)]
mod tests;

pub(super) use parser::phrase;

use super::{posting::MatchPosting, text::Term};

/// Longest query read, in characters; the column holds as many.
pub const MAX_CHARS: usize = 1000;

/// Deepest nesting of parentheses; deeper ones are left out.
pub const MAX_DEPTH: usize = 32;

/// A set of fields of a posting, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields(pub u8);

impl Fields {
    /// `jobs.title`.
    pub const TITLE: Self = Self(1);
    /// `jobs.company`.
    pub const COMPANY: Self = Self(2);
    /// `jobs.location` and the places.
    pub const LOCATION: Self = Self(4);
    /// `jobs.description` and `jobs.requirements`.
    pub const BODY: Self = Self(8);
    /// `jobs.tech_stack`.
    pub const TECH: Self = Self(16);
    /// What a bare word looks at.
    pub const ALL: Self = Self(31);
    /// Where a lone letter is a technology.
    pub const PROMINENT: Self = Self(1 | 16);

    /// The field a prefix such as `title:` names.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "title" => Self::TITLE,
            "company" => Self::COMPANY,
            "location" => Self::LOCATION,
            "tech" => Self::TECH,
            _ => return None,
        })
    }

    /// Whether any field is in both.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Name of the first field, for people.
    pub fn name(self) -> &'static str {
        match self.0.trailing_zeros() {
            0 => "title",
            1 => "company",
            2 => "location",
            3 => "text",
            _ => "skills",
        }
    }
}

/// One clause of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// All of them.
    And(Box<[Node]>),
    /// At least one of them.
    Or(Box<[Node]>),
    /// Not this.
    Not(Box<Node>),
    /// A word in any of its forms.
    Word {
        /// As typed, folded.
        label: Box<str>,
        /// Where.
        fields: Fields,
        /// Any of these terms, ascending.
        any: Box<[Term]>,
    },
    /// These exact words in a row, within one field.
    Phrase {
        /// As typed, folded.
        label: Box<str>,
        /// Where.
        fields: Fields,
        /// At least one.
        words: Box<[Term]>,
    },
    /// A word that begins so.
    Prefix {
        /// Folded beginning.
        label: Box<str>,
        /// Where.
        fields: Fields,
    },
}

/// A query as read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// `None` restricts nothing.
    pub root: Option<Node>,
    /// The text was longer than [`MAX_CHARS`] and was cut.
    pub cut: bool,
}

impl Query {
    /// Reads `text`; with `synonyms`, bare words stand for their synonyms as well.
    pub fn parse(text: &str, synonyms: bool) -> Self {
        let end = text.char_indices().nth(MAX_CHARS).map(|(at, _)| at);
        let text = end.and_then(|end| text.get(..end)).unwrap_or(text);
        Self { root: parser::parse(&lexer::lex(text), synonyms), cut: end.is_some() }
    }

    /// Reads `text` as plain words in a row, without operators; forms and synonyms count.
    pub fn literal(text: &str, fields: Fields, synonyms: bool) -> Option<Node> {
        parser::literal(text, fields, synonyms)
    }

    /// Reads the name of a technology as lists of them have it.
    pub fn technology(name: &str, synonyms: bool) -> Option<Node> {
        parser::technology(name, synonyms)
    }

    /// Whether `posting` satisfies the query.
    pub fn holds(&self, posting: &MatchPosting) -> bool {
        self.root.as_ref().is_none_or(|root| root.holds(posting))
    }
}

impl Node {
    /// Whether `posting` satisfies this clause.
    pub fn holds(&self, posting: &MatchPosting) -> bool {
        match self {
            Self::And(nodes) => nodes.iter().all(|node| node.holds(posting)),
            Self::Or(nodes) => nodes.iter().any(|node| node.holds(posting)),
            Self::Not(node) => !node.holds(posting),
            leaf => leaf.found_in(posting).is_some(),
        }
    }

    /// For a word, phrase or prefix: the fields it stands in.
    pub fn found_in(&self, posting: &MatchPosting) -> Option<Fields> {
        let found = match self {
            Self::Word { fields, any, .. } => {
                any.iter().fold(0, |found, term| found | posting.fields_of(*term).0) & fields.0
            }
            Self::Phrase { fields, words, .. } => posting.phrase(words, *fields).0,
            Self::Prefix { label, fields } => posting.beginning(label).0 & fields.0,
            Self::And(_) | Self::Or(_) | Self::Not(_) => 0,
        };
        (found != 0).then_some(Fields(found))
    }

    /// The clause as text, for explanations.
    pub fn describe(&self) -> String {
        let list = |nodes: &[Self], between: &str| {
            let parts: Vec<_> = nodes.iter().map(Self::describe).collect();
            format!("({})", parts.join(between))
        };
        match self {
            Self::And(nodes) => list(nodes, " "),
            Self::Or(nodes) => list(nodes, " OR "),
            Self::Not(node) => format!("-{}", node.describe()),
            Self::Word { label, fields, .. } => format!("{}{label}", scope(*fields)),
            Self::Phrase { label, fields, .. } => format!("{}\"{label}\"", scope(*fields)),
            Self::Prefix { label, fields } => format!("{}{label}*", scope(*fields)),
        }
    }
}

fn scope(fields: Fields) -> String {
    if fields == Fields::ALL { String::new() } else { format!("{}:", fields.name()) }
}
