//! Reading what sources send, which is seldom what they document.
//!
//! Tolerant by construction: an unknown key is ignored, an optional field of another type is absent, a broken record is rejected
//! with its reason and leaves the others alone. Nothing here knows a source; nothing interprets a text.

mod charset;
mod headings;
mod html;
mod json;
mod json_feed;
mod ld;
mod page;
mod pay;
mod place;
mod query;
mod records;
mod tenant;
mod xml;

pub(super) use charset::decode;
pub(super) use headings::asks_for_requirements;
pub(super) use html::{escape, lines_to_html, markup, push_section, unescape_once};
pub(super) use json::{Document, Object, Value};
pub(super) use json_feed::from_json_feed;
pub(super) use ld::{from_json_ld, job_postings, microdata};
pub(super) use page::{HtmlPage, css, identity, line};
pub(super) use pay::{period, range};
pub(super) use place::{PlaceKeys, country_code};
pub(super) use query::{asked_for, number_in, with_number};
pub(super) use records::Records;
pub(super) use tenant::tenant;
pub(super) use xml::{Element, Xml};
