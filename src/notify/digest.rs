//! What a digest holds: the postings that were announced since the last one, best first.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A posting in a digest. Any text may stand in any of its texts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DigestPosting {
    /// `jobs.id`.
    pub job_id: i32,
    /// Title.
    pub title: String,
    /// Employer.
    pub company: String,
    /// Place, as people read it.
    pub location: Option<String>,
    /// Where it can be read.
    pub url: Option<String>,
    /// From 0 to 1; 0 where only a search without a score fits.
    pub score: Option<f64>,
    /// Skills that posting and reader have in common.
    pub skills: Option<Vec<String>>,
}

/// What one message is about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Digest {
    /// The postings it names.
    pub postings: Vec<DigestPosting>,
    /// How many more there were.
    pub more: u32,
}

impl Digest {
    /// Reads what the database keeps of a digest.
    ///
    /// # Errors
    /// Says what was not as expected.
    pub fn read(postings: Value, more: i32) -> Result<Self, String> {
        let postings = serde_json::from_value(postings).map_err(|error| format!("postings: {error}"))?;
        Ok(Self { postings, more: u32::try_from(more).unwrap_or(0) })
    }

    /// How many postings it is about, named or not.
    pub fn count(&self) -> usize {
        self.postings.len() + usize::try_from(self.more).unwrap_or(usize::MAX)
    }

    /// One to try a channel with; it names no real posting.
    pub fn sample() -> Self {
        let posting = DigestPosting {
            title: "This is a test".to_owned(),
            company: "career-worker".to_owned(),
            location: Some("nowhere".to_owned()),
            score: Some(1.0),
            ..DigestPosting::default()
        };
        Self { postings: vec![posting], more: 0 }
    }
}

impl DigestPosting {
    /// The address, where a reader may follow it: http or https. Postings bring addresses of others with them.
    pub fn link(&self) -> Option<String> {
        let url = url::Url::parse(self.url.as_deref()?.trim()).ok()?;
        // Written anew, in ASCII and without blanks.
        matches!(url.scheme(), "http" | "https").then(|| url.into())
    }

    /// The score in whole per cent, where there is one.
    pub fn percent(&self) -> Option<u8> {
        self.score.filter(|score| *score > 0.0).map(super::percent)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_database_keeps_can_be_read() {
        let kept = json!([{ "job_id": 7, "title": "Engineer", "company": "Acme", "location": null, "url": "https://a.example/7",
                            "score": 0.58, "skills": ["Rust"] }]);
        let digest = Digest::read(kept, 3).unwrap();
        assert_eq!((digest.count(), digest.postings[0].percent()), (4, Some(58)));
        assert!(Digest::read(json!("x"), 0).unwrap_err().contains("postings"));
    }

    #[test]
    fn only_addresses_of_the_web_are_links() {
        let link = |url: &str| DigestPosting { url: Some(url.to_owned()), ..DigestPosting::default() }.link();
        assert_eq!(link("https://a.example/x").as_deref(), Some("https://a.example/x"));
        assert_eq!(
            link("https://a.example/ü\r\nBcc: y").as_deref(),
            Some("https://a.example/%C3%BCBcc:%20y")
        );
        for bad in ["javascript:alert(1)", "data:text/html,x", "", "/x", "mailto:x@y.example"] {
            assert_eq!(link(bad), None, "{bad:?}");
        }
    }
}
