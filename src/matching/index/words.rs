//! What a reader remembers of words: which atoms each has.
//!
//! Words of postings repeat. A word is stemmed and looked up once; from then on it costs one look into a table whose keys are hashes of the
//! words. The hash has a seed that nobody knows, so that no posting can be written whose words meet others there.

use std::{hash::BuildHasher as _, hint::black_box};

use rustc_hash::FxHashMap;

use super::lexicon::Lexicon;
use crate::matching::text::{Form, Language, Token, WordTerms, starts_form};

/// Words remembered before all are forgotten.
const MAX_WORDS: usize = 300_000;

/// Bytes of a word that are hashed at once.
const CHUNK: usize = 16;

/// What is known of a word.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    /// Its atoms; the number before them is that of its terms.
    begin: u32,
    epoch: u16,
    /// How many atoms, and [`STARTS_FORM`].
    count: u16,
}

/// Technologies may begin with the word.
const STARTS_FORM: u16 = 1 << 15;

impl Known {
    /// Whether technologies may begin with the word.
    pub fn starts_form(self) -> bool {
        self.count & STARTS_FORM != 0
    }

    fn count(self) -> usize {
        usize::from(self.count & !STARTS_FORM)
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// 0 for an empty slot.
    hash: u64,
    known: Known,
}

/// The words a reader remembers.
#[derive(Debug)]
pub struct Words {
    slots: Vec<Slot>,
    used: usize,
    /// Of the words that are looked up at once.
    hashes: Vec<u64>,
    forms: FxHashMap<&'static str, Known>,
    terms: Vec<WordTerms>,
    atoms: Vec<u32>,
    seeds: [u64; 4],
    generation: u32,
    epoch: u16,
}

impl Default for Words {
    fn default() -> Self {
        let random = std::hash::RandomState::new();
        Self {
            slots: vec![Slot::default(); 1 << 12],
            used: 0,
            hashes: Vec::new(),
            forms: FxHashMap::default(),
            terms: Vec::new(),
            atoms: Vec::new(),
            seeds: [0_u8, 1, 2, 3].map(|number| random.hash_one(number) | 1),
            generation: 0,
            epoch: 1,
        }
    }
}

fn folded_product(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    (product as u64 ^ (product >> 64) as u64)
}

impl Words {
    /// Prepares for a posting; what is known of atoms is looked up anew if there are new ones.
    pub fn begin(&mut self, lexicon: &Lexicon) {
        let generation = lexicon.generation();
        if generation != self.generation {
            self.generation = generation;
            self.epoch = self.epoch.wrapping_add(1);
        }
        if self.epoch == 0 || self.terms.len() > MAX_WORDS || self.atoms.len() > 16 * MAX_WORDS {
            *self = Self { generation, seeds: self.seeds, ..Self::default() };
        }
    }

    /// The marked atoms of a word.
    pub fn atoms(&self, known: Known) -> &[u32] {
        if known.count() == 0 {
            return &[];
        }
        let begin = known.begin as usize;
        self.atoms.get(begin..begin + known.count()).unwrap_or_default()
    }

    /// What is known of each of these words of `text`, a text with what follows it.
    ///
    /// All places in memory that the words lead to are looked at first: it answers many questions at once, but only those it has been
    /// asked.
    pub fn of_all(
        &mut self,
        tokens: &[Token<'_>],
        text: &[u8],
        language: Language,
        lexicon: &Lexicon,
        known: &mut Vec<Known>,
    ) {
        let mut hashes = std::mem::take(&mut self.hashes);
        hashes.clear();
        hashes.extend(
            tokens
                .iter()
                .map(|token| self.hash(token.word, text.get(token.begin..).unwrap_or_default(), language)),
        );
        let mask = self.slots.len() - 1;
        let slots = hashes.iter().map(|hash| self.slots.get(place(*hash) & mask).map_or(0, |slot| slot.hash));
        black_box(slots.fold(0, |all, hash| all ^ hash));
        known.clear();
        known.extend(
            tokens.iter().zip(&hashes).map(|(token, hash)| self.find(*hash, token.word, language, lexicon)),
        );
        let atoms =
            known.iter().map(|known| self.atoms.get(known.begin as usize).copied().unwrap_or_default());
        black_box(atoms.fold(0, |all, atom| all ^ atom));
        self.hashes = hashes;
    }

    /// What is known of a folded word.
    pub fn of(&mut self, word: &str, language: Language, lexicon: &Lexicon) -> Known {
        self.find(self.hash(word, word.as_bytes(), language), word, language, lexicon)
    }

    fn find(&mut self, hash: u64, word: &str, language: Language, lexicon: &Lexicon) -> Known {
        let mask = self.slots.len() - 1;
        let mut at = place(hash) & mask;
        let mut old = None;
        while let Some(slot) = self.slots.get(at).filter(|slot| slot.hash != 0) {
            if slot.hash == hash {
                if slot.known.epoch == self.epoch {
                    return slot.known;
                }
                old = Some(slot.known);
                break;
            }
            at = (at + 1) & mask;
        }
        let known = self.resolved(word, language, lexicon, old);
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = Slot { hash, known };
        }
        if old.is_none() {
            self.used += 1;
            if self.used * 3 > self.slots.len() * 2 {
                self.grow();
            }
        }
        known
    }

    /// What is known of a technology.
    pub fn of_form(&mut self, form: Form, lexicon: &Lexicon) -> Known {
        let old = self.forms.get(form.canonical).copied();
        if let Some(known) = old.filter(|known| known.epoch == self.epoch) {
            return known;
        }
        let begin = self.atoms.len();
        lexicon.resolve_form(form.canonical, form.closed, &mut self.atoms);
        let known = self.known(begin, false);
        self.forms.insert(form.canonical, known);
        known
    }

    fn resolved(&mut self, word: &str, language: Language, lexicon: &Lexicon, old: Option<Known>) -> Known {
        let known_terms =
            old.and_then(|known| self.atoms.get((known.begin as usize).checked_sub(1)?).copied());
        let number = known_terms.unwrap_or_else(|| {
            self.terms.push(WordTerms::of(word, language));
            u32::try_from(self.terms.len() - 1).unwrap_or(u32::MAX)
        });
        self.atoms.push(number);
        let begin = self.atoms.len();
        if let Some(terms) = self.terms.get(number as usize) {
            lexicon.resolve(terms, word, &mut self.atoms);
        }
        self.known(begin, old.map_or_else(|| starts_form(word), Known::starts_form))
    }

    fn known(&self, begin: usize, starts_form: bool) -> Known {
        let count = u16::try_from(self.atoms.len() - begin).unwrap_or(u16::MAX).min(STARTS_FORM - 1);
        Known {
            begin: u32::try_from(begin).unwrap_or(u32::MAX),
            epoch: self.epoch,
            count: if starts_form { count | STARTS_FORM } else { count },
        }
    }

    /// Of a word and what follows it; never 0.
    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    fn hash(&self, word: &str, tail: &[u8], language: Language) -> u64 {
        let [first, second, third, fourth] = self.seeds;
        let bytes = word.as_bytes();
        // Not put beside the letters as they are: 50 in one language would be 40 in another.
        let mut hash = folded_product(fourth ^ ((bytes.len() as u64) << 8 | language as u64), first);
        let mut rest = bytes;
        let mut tail = tail;
        loop {
            let length = rest.len().min(CHUNK);
            let chunk = match tail.first_chunk::<CHUNK>() {
                Some(chunk) if length < CHUNK => u128::from_le_bytes(*chunk) & ((1 << (length * 8)) - 1),
                Some(chunk) => u128::from_le_bytes(*chunk),
                None => rest.iter().take(CHUNK).rev().fold(0, |all, byte| all << 8 | u128::from(*byte)),
            };
            hash = folded_product(chunk as u64 ^ first ^ hash, (chunk >> 64) as u64 ^ second);
            if rest.len() <= CHUNK {
                break;
            }
            rest = rest.get(CHUNK..).unwrap_or_default();
            tail = tail.get(CHUNK..).unwrap_or_default();
        }
        folded_product(hash, third).max(1)
    }

    fn grow(&mut self) {
        let bigger = vec![Slot::default(); self.slots.len() * 2];
        let old = std::mem::replace(&mut self.slots, bigger);
        let mask = self.slots.len() - 1;
        for slot in old.into_iter().filter(|slot| slot.hash != 0) {
            let mut at = place(slot.hash) & mask;
            while self.slots.get(at).is_some_and(|other| other.hash != 0) {
                at = (at + 1) & mask;
            }
            if let Some(free) = self.slots.get_mut(at) {
                *free = slot;
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "only some bits of the hash are wanted")]
fn place(hash: u64) -> usize {
    hash as usize
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn words_of_all_languages_and_lengths_are_kept_apart() {
        let words = Words::default();
        let mut seen = HashSet::new();
        for language in Language::ALL {
            for number in 0..3_000 {
                for word in [number.to_string(), format!("{number:020}"), format!("w{number:015}")] {
                    let tail = format!("{word} and what comes after it");
                    let hash = words.hash(&word, tail.as_bytes(), language);
                    assert_eq!(hash, words.hash(&word, word.as_bytes(), language), "{word}");
                    assert!(seen.insert(hash), "{word} {language:?}");
                }
            }
        }
    }
}
