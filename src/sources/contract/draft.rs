//! A posting of which a listing shows a part: the rest is on a page of its own.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::{Parsed, SourceError};
use crate::domain::{RawPosting, Request};

/// What a listing says of a posting, and where the rest is.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// What is known; only `source_id` must be there.
    pub posting: RawPosting,
    /// The page of this posting.
    pub request: Request,
    /// What the listing says of the page's last change, where it does.
    pub changed: Option<String>,
}

impl Draft {
    /// Hex SHA-256 of what the listing says: while it stays the same, the page need not be asked for again. The day of publication is
    /// left out, since many listings say it as an age.
    pub fn hash(&self) -> String {
        let posting = RawPosting { posted: None, ..self.posting.clone() };
        let said = (env!("CARGO_PKG_VERSION"), &posting, &self.request.url, &self.changed);
        let bytes = serde_json::to_vec(&said).unwrap_or_default();
        Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// The posting with what its page says.
    ///
    /// # Errors
    /// [`SourceError::Layout`] where the page has no posting.
    pub fn completed_by(&self, page: Parsed) -> Result<RawPosting, SourceError> {
        let Parsed { postings, rejected, .. } = page;
        match postings.into_iter().next() {
            Some(found) => Ok(found.or(&self.posting)),
            None => Err(SourceError::Layout(
                rejected
                    .into_iter()
                    .next()
                    .map_or_else(|| "expected a posting, got none".to_owned(), |rejected| rejected.reason),
            )),
        }
    }
}
