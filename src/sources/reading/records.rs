//! The records of one page: each becomes a posting or a rejection, none is lost and none stands twice.

use std::collections::HashSet;

use super::{Object, Value};
use crate::{
    domain::{RawPosting, Rejected},
    sources::Parsed,
};

/// Collects what the records of a page gave.
#[derive(Default)]
pub(in crate::sources) struct Records {
    postings: Vec<RawPosting>,
    rejected: Vec<Rejected>,
    seen: HashSet<String>,
}

impl Records {
    /// Reads one record; `read` says in one line, field first, why it cannot.
    pub(in crate::sources) fn add(
        &mut self,
        record: Value<'_>,
        read: impl FnOnce(&Object<'_>) -> Result<RawPosting, String>,
    ) {
        let object = match record.object() {
            Ok(object) => object,
            Err(reason) => return self.reject(None, format!("record: {reason}")),
        };
        match read(&object) {
            Ok(posting) if self.seen.insert(posting.source_id.clone()) => self.postings.push(posting),
            Ok(posting) => {
                self.reject(Some(posting.source_id), "id: expected once, listed a second time".to_owned());
            }
            Err(reason) => self.reject(object.get("id").and_then(Value::id), reason),
        }
    }

    fn reject(&mut self, source_id: Option<String>, reason: String) {
        self.rejected.push(Rejected { source_id, reason });
    }

    /// How many records were read, either way.
    pub(in crate::sources) fn len(&self) -> usize {
        self.postings.len() + self.rejected.len()
    }

    /// What came of them.
    pub(in crate::sources) fn into_parsed(self, expected_total: Option<u64>, complete: bool) -> Parsed {
        Parsed {
            postings: self.postings,
            rejected: self.rejected,
            next: Vec::new(),
            expected_total,
            complete,
        }
    }
}
