//! What joins two amounts to a range: a dash, "to", or "and" behind "between".
//!
//! The words are in `joints.txt`, which says how they are written; to teach it a language, add its words there.

use std::sync::LazyLock;

use super::span::tail_before;

/// The sections of `joints.txt`.
const WORDS: &str = include_str!("joints.txt");

/// Bytes that may stand between the two amounts.
const LONGEST_GAP: usize = 48;
/// Bytes before the first amount in which "between" may stand.
const OPENER: usize = 32;

struct Joints {
    joiners: Vec<&'static str>,
    fillers: Vec<&'static str>,
    /// A word and what must stand before the first amount.
    paired: Vec<(&'static str, &'static str)>,
}

static JOINTS: LazyLock<Joints> = LazyLock::new(|| {
    let mut joints = Joints { joiners: Vec::new(), fillers: Vec::new(), paired: Vec::new() };
    let mut section = "";
    for line in WORDS.lines().filter(|line| !line.starts_with('#')) {
        if let Some(title) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = title;
            continue;
        }
        let words = line.split(';').map(str::trim).filter(|word| !word.is_empty());
        match (section, section.strip_suffix(" after")) {
            ("joiner", _) => joints.joiners.extend(words),
            ("filler", _) => joints.fillers.extend(words),
            (_, Some(word)) => joints.paired.extend(words.map(|opener| (word, opener))),
            _ => {}
        }
    }
    joints
});

/// Whether the gap between two amounts, the first of which starts at `start`, makes them a range.
pub(super) fn joins(text: &str, start: usize, gap: &str) -> bool {
    if gap.len() > LONGEST_GAP || gap.contains('\n') {
        return gap.len() <= 8 && matches!(gap.trim(), "-" | "–" | "—" | "to");
    }
    if gap == "/" {
        return true;
    }
    let bare = gap.trim_end_matches(['+', '~']).trim_start_matches('+');
    let bare = if bare.trim().is_empty() { gap } else { bare };
    let lower = without_brackets(bare).trim().to_lowercase();
    let joints = &*JOINTS;
    let filled = |head: &str| {
        head.split_whitespace().all(|word| joints.fillers.contains(&word.trim_matches(['(', ')', ','])))
    };
    let joined = joints.joiners.iter().any(|joiner| {
        lower.strip_suffix(joiner).is_some_and(|head| {
            let apart = head.is_empty()
                || head.ends_with(char::is_whitespace)
                || !joiner.starts_with(char::is_alphabetic);
            apart && filled(head)
        })
    });
    joined || {
        let last = lower.rsplit(char::is_whitespace).next().unwrap_or_default();
        let mut openers = joints.paired.iter().filter(|(word, _)| *word == last).peekable();
        openers.peek().is_some() && filled(lower.strip_suffix(last).unwrap_or_default()) && {
            let before = tail_before(text, start, OPENER);
            openers.any(|(_, opener)| before.contains(opener))
        }
    }
}

/// The gap without a note in brackets before its joiner: "(average) to".
fn without_brackets(gap: &str) -> &str {
    let inner = gap.trim_start().strip_prefix('(');
    inner.and_then(|inner| inner.split_once(')')).map_or(gap, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_join_in_their_place_only() {
        assert!(JOINTS.joiners.len() > 20 && JOINTS.fillers.len() > 50 && JOINTS.paired.len() > 10);
        for (lead, gap, expected) in [
            ("", " - ", true),
            ("", " per hour to ", true),
            ("", " bruto per maand tot ", true),
            ("", " (junior) up to ", true),
            ("between ", " and ", true),
            ("entre ", " brutos y ", true),
            ("", " and ", false),
            ("zwischen ", " und noch einmal ", false),
            ("", ", ", false),
            ("", "\n", false),
        ] {
            assert_eq!(joins(lead, lead.len(), gap), expected, "{lead}..{gap}");
        }
    }
}
