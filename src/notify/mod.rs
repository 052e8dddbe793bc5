//! What a notice of a match says.
//!
//! Pure: who is told when is decided by the statements in `store`, how many may wait by `room.rs`, the sending by the task `notify`. The form is that of the
//! original application: type `job_match`, score from 0 to 1 in `data`. Further channels say the same of many pairs at once: what a digest is
//! stands in `digest.rs`, how it reads in `letter.rs`, what programs get in `webhook.rs`. A further channel gets a file here.

mod digest;
mod letter;
mod room;
mod unsubscribe;
pub mod webhook;

use serde_json::{Value, json};

use crate::domain::{JobId, SearchId};

pub use digest::{Digest, DigestPosting};
pub use letter::{Letter, write};
pub use room::{Entries, Rooms};
pub use unsubscribe::{Claim, token, who};

/// `notifications.type` of a notice of a match.
pub const NOTICE_TYPE: &str = "job_match";

/// Longest title the column takes, in characters.
const TITLE: usize = 255;

/// What is said of one pair.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names are those of the columns")]
pub struct Announced<'a> {
    pub job_id: JobId,
    pub title: &'a str,
    pub company: &'a str,
    pub location: Option<&'a str>,
    pub url: Option<&'a str>,
    pub score: f64,
    pub skills: &'a [String],
    pub search_ids: &'a [SearchId],
    pub reasons: &'a Value,
    /// How many more postings there are today that no notice comes of.
    pub more: Option<i64>,
}

/// Title, text and data of a notice.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// At most 255 characters.
    pub title: String,
    /// One or two sentences.
    pub message: String,
    /// `job_id`, `job_title`, `company`, `location`, `match_score` (0 to 1), `matching_skills`, `saved_search_ids`, `reasons`, `url`.
    pub data: Value,
}

/// Writes the notice of one pair.
pub fn compose(pair: &Announced<'_>) -> Notice {
    let place = pair.location.map_or_else(String::new, |location| format!(" in {location}"));
    let score = if pair.score > 0.0 { format!(" ({}% match)", percent(pair.score)) } else { String::new() };
    let skills = skills(pair.skills);
    let more = pair.more.map_or_else(String::new, more);
    let message = format!("A new job at {}{place} matches your profile{score}{skills}{more}", pair.company);
    Notice {
        title: cut(&format!("New Job Match: {}", pair.title)),
        message,
        data: json!({
            "job_id": pair.job_id,
            "job_title": pair.title,
            "company": pair.company,
            "location": pair.location,
            "match_score": (pair.score * 10_000.0).round() / 10_000.0,
            "matching_skills": pair.skills,
            "saved_search_ids": pair.search_ids,
            "reasons": pair.reasons,
            "url": pair.url,
        }),
    }
}

fn more(count: i64) -> String {
    let s = if count == 1 { "" } else { "es" };
    format!(". And {count} more match{s} today")
}

fn skills(skills: &[String]) -> String {
    const SHOWN: usize = 3;
    if skills.is_empty() {
        return String::new();
    }
    let shown = skills.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = match skills.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(". Matching skills: {shown}{more}")
}

/// Whole per cent, rounded down but for the noise of binary fractions.
pub(crate) fn percent(score: f64) -> u8 {
    (1..=100u8).rev().find(|whole| f64::from(*whole) <= score * 100.0 + 1e-6).unwrap_or(0)
}

fn cut(title: &str) -> String {
    if title.chars().count() <= TITLE {
        return title.to_owned();
    }
    let head: String = title.chars().take(TITLE - 1).collect();
    let end = head.rfind(' ').filter(|end| *end > TITLE / 2).unwrap_or(head.len());
    format!("{}…", head.get(..end).unwrap_or(&head).trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair<'a>(
        title: &'a str,
        location: Option<&'a str>,
        score: f64,
        skills: &'a [String],
    ) -> Announced<'a> {
        Announced {
            job_id: JobId(7),
            title,
            company: "Acme",
            location,
            url: Some("https://example.com/7"),
            score,
            skills,
            search_ids: &[],
            reasons: &Value::Null,
            more: None,
        }
    }

    #[test]
    fn the_text_is_that_of_the_original() {
        let skills = ["Rust", "Go", "Kafka", "Redis"].map(str::to_owned);
        let notice = compose(&pair("Engineer", Some("Berlin"), 0.58, &skills));
        assert_eq!(notice.title, "New Job Match: Engineer");
        assert_eq!(
            notice.message,
            "A new job at Acme in Berlin matches your profile (58% match). Matching skills: Rust, Go, Kafka and 1 more"
        );
        assert_eq!(notice.data["match_score"], 0.58);
        assert_eq!(
            compose(&pair("Engineer", None, 0.0, &[])).message,
            "A new job at Acme matches your profile"
        );
    }

    #[test]
    fn the_last_notice_of_a_day_says_how_many_more_there_are() {
        let said = |more| compose(&Announced { more, ..pair("Engineer", None, 0.0, &[]) }).message;
        assert_eq!(said(Some(37)), "A new job at Acme matches your profile. And 37 more matches today");
        assert_eq!(said(Some(1)), "A new job at Acme matches your profile. And 1 more match today");
    }

    #[test]
    fn a_long_title_is_cut_to_its_column() {
        for title in ["word ".repeat(120), "ü".repeat(500)] {
            let notice = compose(&pair(&title, None, 1.0, &[]));
            assert!(notice.title.chars().count() <= TITLE && notice.title.ends_with('…'));
        }
    }
}
