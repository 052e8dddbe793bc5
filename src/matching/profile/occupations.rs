//! Which occupations a title is near to, by the words in which ESCO speaks of each.
//!
//! `occupations.tsv` has the words (see `README.md` beside it). A title and an occupation are compared by the four-letter sequences
//! ("grams") of their words: an occupation's weigh by how few occupations have them. The same table says how common a gram is in titles.
//! Read once, on first use.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::words;

/// Occupations a title stands for: the nearest ones.
const NEAREST: usize = 16;

/// Grams in more than this share of the occupations tell nothing.
const COMMONEST: f32 = 0.08;

/// A title names about so many words, each of which may bring a gram.
const WORDS_OF_A_TITLE: f32 = 2.5;

/// Share of titles with a gram that is in no table.
const RARE: f32 = 2e-4;

/// The occupations of the table.
pub static OCCUPATIONS: LazyLock<Occupations> =
    LazyLock::new(|| Occupations::read(include_str!("occupations.tsv")));

/// A word's letters, four in a row, as a number; its first and last have a space beside them.
pub fn grams_of(word: &str) -> impl Iterator<Item = u32> {
    let letters: Vec<char> = std::iter::once(' ').chain(word.chars()).chain(std::iter::once(' ')).collect();
    let count = letters.len().saturating_sub(3).max(1);
    (0..count).map(move |at| {
        letters
            .iter()
            .skip(at)
            .take(4)
            .fold(0x811c_9dc5_u32, |hash, letter| (hash ^ u32::from(*letter)).wrapping_mul(0x0100_0193))
    })
}

#[derive(Clone, Copy, Debug, Default)]
struct Gram {
    /// What sharing it says of two titles.
    weight: f32,
    /// Its occupations, as a range of `Occupations::having`.
    begin: u32,
    end: u32,
}

/// Occupations by gram.
#[derive(Debug)]
pub struct Occupations {
    grams: FxHashMap<u32, Gram>,
    /// Occupation and what the gram adds to its likeness.
    having: Vec<(u16, f32)>,
    count: usize,
    words: FxHashSet<&'static str>,
}

impl Occupations {
    fn read(table: &'static str) -> Self {
        let mut ids: FxHashMap<u32, usize> = FxHashMap::default();
        let mut spelled: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        let mut rows: Vec<Vec<(usize, f32)>> = Vec::new();
        let mut counts: Vec<f32> = Vec::new();
        for line in table.lines().skip(1) {
            let (_, text) = line.split_once('\t').unwrap_or_default();
            let mut row: Vec<usize> = Vec::new();
            for item in text.split(' ') {
                let (word, times) = item.split_once('*').unwrap_or((item, "1"));
                let times: f32 = times.parse().unwrap_or(1.0);
                let grams = spelled.entry(word).or_insert_with(|| {
                    grams_of(word)
                        .map(|gram| {
                            let next = ids.len();
                            *ids.entry(gram).or_insert(next)
                        })
                        .collect()
                });
                counts.resize(ids.len(), 0.0);
                for &id in &*grams {
                    if counts[id] == 0.0 {
                        row.push(id);
                    }
                    counts[id] += times;
                }
            }
            rows.push(row.into_iter().map(|id| (id, std::mem::take(&mut counts[id]).sqrt())).collect());
        }
        let words = spelled.into_keys().collect();
        Self::weigh(&ids, &rows, words)
    }

    #[expect(clippy::cast_precision_loss, reason = "occupations are some thousands")]
    fn weigh(
        ids: &FxHashMap<u32, usize>,
        rows: &[Vec<(usize, f32)>],
        words: FxHashSet<&'static str>,
    ) -> Self {
        let total = rows.len() as f32;
        let mut frequencies = vec![0_u32; ids.len()];
        rows.iter().flatten().for_each(|(id, _)| frequencies[*id] += 1);
        let rarity: Vec<f32> = frequencies
            .iter()
            .map(|&count| {
                let share = count as f32 / total;
                if share > COMMONEST { 0.0 } else { ((total + 1.0) / (count as f32 + 1.0)).ln() }
            })
            .collect();
        let mut ends = Vec::with_capacity(ids.len());
        let mut sum = 0_u32;
        for (count, rarity) in frequencies.iter().zip(&rarity) {
            ends.push(sum);
            sum += if *rarity > 0.0 { *count } else { 0 };
        }
        let begins = ends.clone();
        let mut having = vec![(0_u16, 0.0_f32); sum as usize];
        for (occupation, row) in (0_u16..).zip(rows) {
            let norm = row.iter().map(|(id, times)| (times * rarity[*id]).powi(2)).sum::<f32>().sqrt();
            for &(id, times) in row {
                if rarity[id] > 0.0 {
                    having[ends[id] as usize] =
                        (occupation, times * rarity[id] * rarity[id] / norm.max(1e-9));
                    ends[id] += 1;
                }
            }
        }
        let mut shares: FxHashMap<u32, f32> =
            ids.iter().map(|(gram, id)| (*gram, frequencies[*id] as f32 / total)).collect();
        for language in words::languages() {
            let mut found: FxHashMap<u32, f32> = FxHashMap::default();
            language
                .iter()
                .flat_map(|word| grams_of(word))
                .for_each(|gram| *found.entry(gram).or_insert(0.0) += 1.0);
            for (gram, count) in found {
                let share = 1.0 - (1.0 - count / language.len() as f32).max(0.0).powf(WORDS_OF_A_TITLE);
                let known = shares.entry(gram).or_insert(0.0);
                *known = known.max(share);
            }
        }
        let grams = shares
            .into_iter()
            .map(|(gram, share)| {
                let (begin, end) = ids.get(&gram).map_or((0, 0), |id| (begins[*id], ends[*id]));
                (gram, Gram { weight: weight(share), begin, end })
            })
            .collect();
        Self { grams, having, count: rows.len(), words }
    }

    /// What sharing a gram says of two titles: the rarer, the more; never 0.
    pub fn weight(&self, gram: u32) -> f32 {
        self.grams.get(&gram).map_or_else(|| weight(0.0), |gram| gram.weight)
    }

    /// Whether the table has the word.
    pub fn has_word(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// The occupations nearest to a title of these grams, by number, as a vector of length 1; empty where none is near.
    pub fn nearest(&self, grams: impl Iterator<Item = u32>) -> Box<[(u16, f32)]> {
        let mut scores = vec![0.0_f32; self.count];
        for gram in grams {
            let Some(gram) = self.grams.get(&gram) else { continue };
            for &(occupation, adds) in
                self.having.get(gram.begin as usize..gram.end as usize).unwrap_or_default()
            {
                if let Some(score) = scores.get_mut(usize::from(occupation)) {
                    *score += adds;
                }
            }
        }
        let mut found: Vec<(u16, f32)> = (0_u16..).zip(scores).filter(|(_, score)| *score > 0.0).collect();
        if found.len() > NEAREST {
            let by_score =
                |left: &(u16, f32), right: &(u16, f32)| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0));
            found.select_nth_unstable_by(NEAREST - 1, by_score);
            found.truncate(NEAREST);
        }
        let norm = found.iter().map(|(_, score)| score * score).sum::<f32>().sqrt();
        for (_, score) in &mut found {
            *score /= norm;
        }
        found.sort_unstable_by_key(|(occupation, _)| *occupation);
        found.into_boxed_slice()
    }
}

/// Steep, so that the endings and helping words of titles hardly count.
fn weight(share: f32) -> f32 {
    (-(share + RARE).ln()).max(0.05).powf(1.5)
}
