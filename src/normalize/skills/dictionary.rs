//! The dictionary, read once from `dictionary.tsv`.
//!
//! A spelling is found by the first word in it: the words of a text are looked up one after the other, so that the time for a text
//! depends on its length and not on the number of spellings.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::{Hit, context, words::Words};

/// How carefully a spelling is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Care {
    /// Any case, no cue needed.
    None,
    /// Exact case.
    Case,
    /// Exact case, and a cue or a word of place or use right before it.
    Name,
    /// Exact case and a cue.
    Cue,
    /// Exact case, beside other technologies only.
    List,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A thing work is done with, or a way of working that postings name as a skill: counts wherever it stands.
    Stack,
    /// A principle, a norm, a field, or an assistant that anybody may use: counts only where a field for technologies names it.
    Topic,
}

/// One technology.
pub(super) struct Entry {
    pub name: &'static str,
    pub kind: Kind,
    /// The one it is a service of: AWS for EC2.
    pub wider: Option<u16>,
}

/// One spelling of an entry.
pub(super) struct Alias {
    pub text: &'static str,
    pub entry: u16,
    pub care: Care,
    /// Bytes before the first word: the dot of `.net`.
    lead: usize,
    key: u64,
}

pub(super) struct Dictionary {
    pub entries: Vec<Entry>,
    /// Those with the same key side by side, the longest first.
    pub aliases: Vec<Alias>,
    by_key: FxHashMap<u64, (u32, u32)>,
    /// One bit for each key, at the place its product names: most words of a text end here.
    filter: Vec<u64>,
    by_text: FxHashMap<String, u16>,
}

/// Eight kilobytes, a bit in thirty set.
const FILTER_BITS: u32 = 16;

/// Where the filter holds the bit of a key.
fn place(key: u64) -> (usize, u64) {
    let bits = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - FILTER_BITS);
    (usize::try_from(bits >> 6).unwrap_or_default(), 1 << (bits & 63))
}

pub(super) static DICTIONARY: LazyLock<Dictionary> =
    LazyLock::new(|| Dictionary::read(include_str!("dictionary.tsv")));

impl Dictionary {
    fn read(file: &'static str) -> Self {
        let (mut entries, mut aliases) = (Vec::new(), Vec::new());
        for row in rows(file) {
            let Ok(entry) = u16::try_from(entries.len()) else { break };
            let kind = if matches!(row.kind, "topic" | "assistant") { Kind::Topic } else { Kind::Stack };
            entries.push(Entry { name: row.name, kind, wider: None });
            aliases.extend(
                row.spellings.split(" | ").filter_map(|spelling| Alias::read(spelling.trim(), entry)),
            );
        }
        let mut by_text = FxHashMap::default();
        for alias in &aliases {
            by_text.entry(alias.text.to_lowercase()).or_insert(alias.entry);
        }
        for (at, entry) in (0_u16..).zip(&entries) {
            by_text.insert(entry.name.to_lowercase(), at);
        }
        for (entry, row) in entries.iter_mut().zip(rows(file)) {
            entry.wider = by_text.get(&row.wider.to_lowercase()).copied();
        }
        aliases.sort_by_key(|alias| (alias.key, std::cmp::Reverse(alias.text.len()), alias.care));
        let mut by_key: FxHashMap<u64, (u32, u32)> = FxHashMap::default();
        let mut filter = vec![0; 1 << (FILTER_BITS - 6)];
        for (at, alias) in (0_u32..).zip(&aliases) {
            by_key.entry(alias.key).or_insert((at, at)).1 = at + 1;
            let (block, bit) = place(alias.key);
            if let Some(bits) = filter.get_mut(block) {
                *bits |= bit;
            }
        }
        Self { entries, aliases, by_key, filter, by_text }
    }

    /// True where some spelling may have a first word with this key.
    pub fn may_hold(&self, key: u64) -> bool {
        let (block, bit) = place(key);
        self.filter.get(block).is_some_and(|bits| bits & bit != 0)
    }

    /// The longest spelling whose first word begins at `start` and that begins at `from` or later.
    pub fn at(&self, text: &str, from: usize, start: usize, key: u64) -> Option<Hit> {
        let &(first, end) = self.by_key.get(&key)?;
        let same = self.aliases.get(first as usize..end as usize)?;
        same.iter().find_map(|alias| {
            let start = start.checked_sub(alias.lead).filter(|start| *start >= from)?;
            let end = start + alias.text.len();
            let found = text.get(start..end)?;
            let fits = if alias.care == Care::None {
                found.eq_ignore_ascii_case(alias.text)
            } else {
                found == alias.text
            };
            (fits && context::is_word(text, start, end, alias.care)).then_some(Hit {
                start,
                end,
                entry: alias.entry,
                care: alias.care,
            })
        })
    }

    pub fn entry(&self, entry: u16) -> Option<&Entry> {
        self.entries.get(usize::from(entry))
    }

    /// The entry of a whole string in any case.
    pub fn lookup(&self, text: &str) -> Option<u16> {
        let key = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        self.by_text.get(&key).or_else(|| self.by_text.get(&key.replace('-', " "))).copied()
    }
}

impl Alias {
    fn read(spelling: &'static str, entry: u16) -> Option<Self> {
        let (care, text) = match spelling.split_at_checked(1) {
            Some(("=", text)) => (Care::Case, text),
            Some(("~", text)) => (Care::Name, text),
            Some(("?", text)) => (Care::Cue, text),
            Some(("!", text)) => (Care::List, text),
            _ => (Care::None, spelling),
        };
        let (lead, key) = Words::new(text).next()?;
        Some(Self { text, entry, care, lead, key })
    }
}

/// One line of the file.
pub(super) struct Row {
    pub name: &'static str,
    pub kind: &'static str,
    pub spellings: &'static str,
    pub wider: &'static str,
}

pub(super) fn rows(file: &'static str) -> impl Iterator<Item = Row> {
    file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut cells = line.split('\t');
        let name = cells.next().filter(|name| !name.is_empty())?;
        let kind = cells.next()?;
        let spellings = cells.next().unwrap_or(name);
        Some(Row { name, kind, spellings, wider: cells.next().unwrap_or_default() })
    })
}
