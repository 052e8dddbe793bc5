//! In how many recorded texts the requirements are found, and which headings of lists no table knows.
//!
//! `CAREER_RECORDINGS` names the folder of recordings; `CAREER_SHOW_MISSES` prints the unknown headings, the most frequent first.

#![expect(clippy::print_stderr, reason = "figures are what this test is for")]

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    path::PathBuf,
};

use career_worker::{
    domain::RawPosting,
    normalize::{
        html::{self, Block, Kind},
        language,
        requirements::{self, Topic},
    },
};

use super::exchanges::read_all;

/// Shorter texts are teasers.
const LEAST: usize = 1_500;

/// Distinct texts with the name of their source.
fn texts() -> Option<BTreeMap<String, (String, RawPosting)>> {
    let Some(root) = env::var_os("CAREER_RECORDINGS").map(PathBuf::from).filter(|root| root.is_dir()) else {
        eprintln!("skipped: no recordings (set CAREER_RECORDINGS)");
        return None;
    };
    let mut texts = BTreeMap::new();
    for exchange in read_all(&root) {
        let name = exchange.source().name();
        for posting in exchange.parse().map(|parsed| parsed.postings).unwrap_or_default() {
            let text =
                html::to_text(&posting.description.as_ref().map(html::plain_or_html).unwrap_or_default());
            if text.len() >= LEAST {
                texts.insert(text, (name.to_owned(), posting));
            }
        }
    }
    Some(texts)
}

/// Lines right before the first item of a list that no table knows.
fn unknown_headings(blocks: &[Block]) -> BTreeSet<String> {
    let is_item = |block: &Block| matches!(block.kind, Kind::Item { .. });
    let pairs = blocks.iter().zip(blocks.iter().skip(1));
    let before =
        pairs.filter(|(line, next)| !is_item(line) && is_item(next) && line.text.chars().count() <= 60);
    before
        .filter(|(line, _)| requirements::topic_of(&line.text) == Topic::Unknown)
        .map(|(line, _)| line.text.to_lowercase())
        .collect()
}

#[test]
fn most_texts_have_requirements() {
    let Some(texts) = texts() else { return };
    let mut shares: BTreeMap<(String, &str), (u32, u32)> = BTreeMap::new();
    let mut unknown: BTreeMap<String, u32> = BTreeMap::new();
    for (text, (source, posting)) in &texts {
        let blocks = posting.description.as_ref().map(html::plain_or_html).unwrap_or_default();
        let found = posting.requirements.is_some() || requirements::split(&blocks).is_some();
        let share = shares.entry((source.clone(), language::from_text(text).unwrap_or("?"))).or_default();
        *share = (share.0 + u32::from(found), share.1 + 1);
        for heading in unknown_headings(&blocks) {
            *unknown.entry(heading).or_default() += 1;
        }
    }
    for ((source, language), (found, all)) in &shares {
        eprintln!("{source:<16} {language:<3} requirements in {found:>4} of {all:>4} texts");
    }
    if env::var_os("CAREER_SHOW_MISSES").is_some() {
        let mut unknown: Vec<_> = unknown.into_iter().filter(|(_, times)| *times > 1).collect();
        unknown.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
        for (heading, times) in unknown {
            eprintln!("{times:>4} {heading}");
        }
    }
    let (found, all) = shares.values().fold((0, 0), |sum, share| (sum.0 + share.0, sum.1 + share.1));
    assert!(found * 10 >= all * 8, "{found} of {all}");
}
