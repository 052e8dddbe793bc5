//! Reading what sources send, which is seldom what they document.
//!
//! Tolerant by construction: an unknown key is ignored, an optional field of another type is absent, a broken record is rejected
//! with its reason and leaves the others alone. Nothing here knows a source; nothing interprets a text.

mod headings;
mod html;
mod json;
mod pay;
mod query;
mod records;

pub(super) use headings::asks_for_requirements;
pub(super) use html::{escape, lines_to_html, unescape_once};
pub(super) use json::{Document, Object, Value};
pub(super) use pay::range;
pub(super) use query::{asked_for, number_in, with_number};
pub(super) use records::Records;
