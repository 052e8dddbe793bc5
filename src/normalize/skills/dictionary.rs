//! The dictionary, read once from `dictionary.tsv`.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use rustc_hash::FxHashMap;

/// How carefully a spelling is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Care {
    /// Any case, no cue needed.
    None,
    /// Exact case.
    Case,
    /// Exact case and a cue.
    Cue,
    /// Exact case, beside other technologies only.
    List,
}

/// One spelling of an entry.
pub(super) struct Alias {
    pub text: String,
    pub entry: u16,
    pub care: Care,
}

pub(super) struct Dictionary {
    pub automaton: AhoCorasick,
    pub aliases: Vec<Alias>,
    names: Vec<&'static str>,
    by_text: FxHashMap<String, u16>,
}

pub(super) static DICTIONARY: LazyLock<Dictionary> =
    LazyLock::new(|| Dictionary::read(include_str!("dictionary.tsv")));

impl Dictionary {
    fn read(file: &'static str) -> Self {
        let mut names = Vec::new();
        let mut aliases = Vec::new();
        for line in file.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            let (name, spellings) = line.split_once('\t').unwrap_or((line, line));
            let Ok(entry) = u16::try_from(names.len()) else { break };
            names.push(name);
            for spelling in spellings.split(" | ").map(str::trim) {
                let (care, text) = match spelling.split_at_checked(1) {
                    Some(("=", text)) => (Care::Case, text),
                    Some(("?", text)) => (Care::Cue, text),
                    Some(("!", text)) => (Care::List, text),
                    _ => (Care::None, spelling),
                };
                aliases.push(Alias { text: text.to_owned(), entry, care });
            }
        }
        let mut by_text = FxHashMap::default();
        for alias in &aliases {
            by_text.entry(alias.text.to_lowercase()).or_insert(alias.entry);
        }
        for (entry, name) in (0_u16..).zip(&names) {
            by_text.insert(name.to_lowercase(), entry);
        }
        #[expect(clippy::unwrap_used, reason = "fails only for gigabytes of fixed words")]
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(aliases.iter().map(|alias| alias.text.as_str()))
            .unwrap();
        Self { automaton, aliases, names, by_text }
    }

    pub fn name(&self, entry: u16) -> Option<&'static str> {
        self.names.get(usize::from(entry)).copied()
    }

    /// The entry of a whole string in any case.
    pub fn lookup(&self, text: &str) -> Option<u16> {
        let key = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        self.by_text.get(&key).or_else(|| self.by_text.get(&key.replace('-', " "))).copied()
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.names.len()
    }
}
