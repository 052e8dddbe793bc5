//! Reading what sources send, which is seldom what they document.
//!
//! Tolerant by construction: an unknown key is ignored, an optional field of another type is absent, a broken record is rejected
//! with its reason and leaves the others alone. Nothing here knows a source; nothing interprets a text.

mod headings;
mod html;
mod json;
mod ld;
mod pay;
mod place;
mod query;
mod records;
mod tenant;

pub(super) use headings::asks_for_requirements;
pub(super) use html::{escape, lines_to_html, push_section, unescape_once};
pub(super) use json::{Document, Object, Value};
pub(super) use ld::job_postings;
pub(super) use pay::{period, range};
pub(super) use place::{PlaceKeys, country_code};
pub(super) use query::{asked_for, number_in, with_number};
pub(super) use records::Records;
pub(super) use tenant::tenant;
