//! Technologies in titles and texts, by their canonical names.
//!
//! The dictionary is `dictionary.tsv`; to add a technology, add a line there. Names that are also ordinary words (Go, Excel,
//! Spring) count only in their exact spelling and beside a cue, see `context.rs`. Nothing is guessed from a name alone.

mod context;
mod dictionary;

use dictionary::{Alias, Care, DICTIONARY};
use rustc_hash::FxHashSet;

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
            self.add(hit.entry);
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
            && let Some(name) = DICTIONARY.name(entry)
        {
            self.names.push(name.to_owned());
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
    DICTIONARY.lookup(name).and_then(|entry| DICTIONARY.name(entry))
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
    let mut found: Vec<Hit> = DICTIONARY
        .automaton
        .find_overlapping_iter(text)
        .filter_map(|found| {
            let alias: &Alias = DICTIONARY.aliases.get(found.pattern().as_usize())?;
            let (start, end) = (found.start(), found.end());
            if alias.care != Care::None && text.get(start..end) != Some(alias.text.as_str()) {
                return None;
            }
            context::is_word(text, start, end, alias.care).then_some(Hit {
                start,
                end,
                entry: alias.entry,
                care: alias.care,
            })
        })
        .collect();
    found.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end), hit.care));
    let mut end = 0;
    found.retain(|hit| {
        let kept = hit.start >= end;
        if kept {
            end = hit.end;
        }
        kept
    });
    context::confirm(text, part, found)
}

#[cfg(test)]
mod tests;
