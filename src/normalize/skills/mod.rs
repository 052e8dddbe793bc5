//! Technologies in titles and texts, by their canonical names.
//!
//! The dictionary is `dictionary.tsv`; to add a technology, add a line there, and to add a cue in some language, a word in
//! `cues.tsv`. Names that are also ordinary words (Go, Excel, Spring) count only in their exact spelling and beside a cue, see
//! `context.rs`. Principles, norms and assistants are known but not read from texts, see `README.md`. Nothing is guessed from a name
//! alone; only a service names the cloud or system it is part of.

mod context;
mod dictionary;
mod words;

use dictionary::{Care, DICTIONARY, Kind};
use rustc_hash::FxHashSet;
use words::Words;

/// Where a text stands: short titles name technologies in their own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A title.
    Title,
    /// Running text.
    Text,
}

/// Collects names in order of first occurrence.
#[derive(Default)]
pub struct Skills {
    names: Vec<String>,
    seen: FxHashSet<u16>,
}

impl Skills {
    /// Adds all that a text names.
    pub fn read(&mut self, text: &str, part: Part) {
        for hit in hits(text, part) {
            if DICTIONARY.entry(hit.entry).is_some_and(|entry| entry.kind == Kind::Stack) {
                self.add(hit.entry);
            }
        }
    }

    /// Adds what a field made for technologies holds; words that are no technology are left out.
    pub fn tag(&mut self, tag: &str) {
        if let Some(entry) = DICTIONARY.lookup(tag) {
            self.add(entry);
        } else if tag.chars().count() <= 200 {
            self.read(tag, Part::Text);
        }
    }

    /// The names so far.
    pub fn names(self) -> Vec<String> {
        self.names
    }

    fn add(&mut self, entry: u16) {
        if self.seen.insert(entry)
            && let Some(entry) = DICTIONARY.entry(entry)
        {
            self.names.push(entry.name.to_owned());
            if let Some(wider) = entry.wider {
                self.add(wider);
            }
        }
    }
}

/// All that one text names.
pub fn find(text: &str, part: Part) -> Vec<String> {
    let mut skills = Skills::default();
    skills.read(text, part);
    skills.names()
}

/// The canonical name of one technology in any of its spellings.
pub fn canonical(name: &str) -> Option<&'static str> {
    DICTIONARY.lookup(name).and_then(|entry| DICTIONARY.entry(entry)).map(|entry| entry.name)
}

/// One spelling found in a text.
#[derive(Clone, Copy, Debug)]
struct Hit {
    start: usize,
    end: usize,
    entry: u16,
    care: Care,
}

fn hits(text: &str, part: Part) -> Vec<Hit> {
    let mut found: Vec<Hit> = Vec::new();
    let mut end = 0;
    let dictionary = &*DICTIONARY;
    for (start, key) in Words::new(text) {
        if dictionary.may_hold(key)
            && start >= end
            && let Some(hit) = dictionary.at(text, end, start, key)
        {
            end = hit.end;
            found.push(hit);
        }
    }
    context::confirm(text, part, found)
}

#[cfg(test)]
mod tests;
