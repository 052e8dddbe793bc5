//! The records of one page: each becomes a posting or a rejection, none is lost and none stands twice.

use std::collections::HashSet;

use super::{Object, Value};
use crate::{
    domain::{RawPosting, Rejected},
    sources::{Draft, Parsed},
};

/// Collects what the records of a page gave.
#[derive(Default)]
pub(in crate::sources) struct Records {
    postings: Vec<RawPosting>,
    drafts: Vec<Draft>,
    rejected: Vec<Rejected>,
    seen: HashSet<String>,
}

impl Records {
    /// Reads one JSON record; `read` says in one line, field first, why it cannot.
    pub(in crate::sources) fn add(
        &mut self,
        record: Value<'_>,
        read: impl FnOnce(&Object<'_>) -> Result<RawPosting, String>,
    ) {
        match record.object() {
            Ok(object) => self.push(read(&object), || object.get("id").and_then(Value::id)),
            Err(reason) => self.reject(None, format!("record: {reason}")),
        }
    }

    /// Reads one JSON record of a listing that shows postings in parts.
    pub(in crate::sources) fn add_draft(
        &mut self,
        record: Value<'_>,
        read: impl FnOnce(&Object<'_>) -> Result<Draft, String>,
    ) {
        match record.object() {
            Ok(object) => self.push_draft(read(&object), || object.get("id").and_then(Value::id)),
            Err(reason) => self.reject(None, format!("record: {reason}")),
        }
    }

    /// Takes what was read from a record of any form; `id` names one that could not be read.
    pub(in crate::sources) fn push(
        &mut self,
        read: Result<RawPosting, String>,
        id: impl FnOnce() -> Option<String>,
    ) {
        match read {
            Ok(posting) if self.is_first(&posting) => self.postings.push(posting),
            Ok(_) => {}
            Err(reason) => self.reject(id(), reason),
        }
    }

    /// [`Records::push`] for a posting that is shown in parts.
    pub(in crate::sources) fn push_draft(
        &mut self,
        read: Result<Draft, String>,
        id: impl FnOnce() -> Option<String>,
    ) {
        match read {
            Ok(draft) if self.is_first(&draft.posting) => self.drafts.push(draft),
            Ok(_) => {}
            Err(reason) => self.reject(id(), reason),
        }
    }

    fn is_first(&mut self, posting: &RawPosting) -> bool {
        let first = self.seen.insert(posting.source_id.clone());
        if !first {
            let reason = "id: expected once, listed a second time".to_owned();
            self.reject(Some(posting.source_id.clone()), reason);
        }
        first
    }

    /// Sets a record aside.
    pub(in crate::sources) fn reject(&mut self, source_id: Option<String>, reason: String) {
        self.rejected.push(Rejected { source_id, reason });
    }

    /// How many records were read, either way.
    pub(in crate::sources) fn len(&self) -> usize {
        self.postings.len() + self.drafts.len() + self.rejected.len()
    }

    /// What came of them.
    pub(in crate::sources) fn into_parsed(self, expected_total: Option<u64>, complete: bool) -> Parsed {
        Parsed {
            postings: self.postings,
            drafts: self.drafts,
            rejected: self.rejected,
            expected_total,
            complete,
            ..Parsed::default()
        }
    }
}
