//! What became of a board, for people and for the run.

use serde_json::{Value, json};

use super::Fault;
use crate::{sources::Board, store::postings::UpsertReport};

/// What became of one board.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct BoardReport {
    /// Its name.
    pub board: String,
    /// Postings by what became of them.
    pub counts: UpsertReport,
    /// Records that were not stored.
    pub rejected: u64,
    /// Why, each reason once, at most five.
    pub reasons: Vec<String>,
    /// Postings that are not listed for the first time.
    pub missing: u64,
    /// Postings that are gone.
    pub gone: u64,
    /// How many postings the source says there are.
    pub expected: Option<u64>,
    /// The server said that nothing changed.
    pub not_modified: bool,
    /// The whole listing was read.
    pub complete: bool,
    /// Pages of single postings that are to be read with the next listing.
    pub pages_left: u64,
    /// The publisher's terms do not let it be asked again so soon.
    pub too_early: bool,
    /// It was too short to be believed.
    pub short: bool,
    /// Why it was not read to its end.
    pub fault: Option<Fault>,
}

impl BoardReport {
    pub(super) fn failed(board: &Board, fault: Fault) -> Self {
        Self { board: board.board.clone(), fault: Some(fault), ..Self::default() }
    }

    /// Adds it to the counts of its source.
    pub(super) fn count(&self, source: &'static str) {
        let counts = self.counts;
        for (kind, postings) in [
            ("seen", counts.seen),
            ("new", counts.new),
            ("changed", counts.changed),
            ("unchanged", counts.unchanged),
            ("returned", counts.returned),
            ("missing", self.missing),
            ("gone", self.gone),
            ("rejected", self.rejected),
        ] {
            metrics::counter!("career_postings_total", "source" => source, "kind" => kind)
                .increment(postings);
        }
    }

    /// For people.
    pub fn to_json(&self) -> Value {
        json!({
            "board": self.board,
            "seen": self.counts.seen,
            "new": self.counts.new,
            "changed": self.counts.changed,
            "unchanged": self.counts.unchanged,
            "returned": self.counts.returned,
            "missing": self.missing,
            "gone": self.gone,
            "rejected": self.rejected,
            "reasons": self.reasons,
            "expected": self.expected,
            "not_modified": self.not_modified,
            "complete": self.complete,
            "pages_left": self.pages_left,
            "too_early": self.too_early,
            "short": self.short,
            "error": self.fault,
        })
    }
}
