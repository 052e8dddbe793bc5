//! How much sharing a skill says, by how rare it is in postings.
//!
//! `skills.tsv` has the number of postings that name a technology, out of those in its first line (see `README.md` beside it); what
//! it does not have is rare.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::matching::text::canonical_skill;

/// A skill that every posting names says this much.
const LEAST: f32 = 0.1;

static WEIGHTS: LazyLock<FxHashMap<String, f32>> = LazyLock::new(|| {
    let mut rows = include_str!("skills.tsv")
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(name, count)| Some((name, count.parse::<f32>().ok()?)));
    let all = rows.next().map_or(2.0, |(_, count)| count.max(2.0));
    let mut counts: FxHashMap<String, f32> = FxHashMap::default();
    for (name, count) in rows {
        if let Some((_, canonical)) = canonical_skill(name) {
            *counts.entry(canonical).or_insert(0.0) += count;
        }
    }
    counts
        .into_iter()
        .map(|(name, count)| (name, ((all / count).ln() / all.ln()).clamp(LEAST, 1.0)))
        .collect()
});

/// The weight of a skill by its canonical name, up to 1 for one that hardly any posting names.
pub fn skill_weight(canonical: &str) -> f32 {
    WEIGHTS.get(canonical).copied().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rarer_the_more() {
        assert!(skill_weight("python") < skill_weight("scala"));
        assert!(skill_weight("scala") < skill_weight("zig-zag"));
        assert!(skill_weight("python") >= LEAST && (skill_weight("zig-zag") - 1.0).abs() < 1e-6);
        assert!(WEIGHTS.len() > 100);
    }
}
