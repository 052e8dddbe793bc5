//! A vacancy: as a source sends it ([`RawPosting`]) and as the table `jobs` keeps it ([`Posting`]).

use std::fmt::Write as _;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Pay, Place, Salary};

/// `jobs.id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub i32);

/// Marked-up or plain text, as the source sends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Text {
    /// Real HTML (a source that escapes its HTML once more unescapes it before it says this).
    Html(String),
    /// Plain text.
    Plain(String),
}

/// A point in time in a source's own form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RawDate {
    /// Anything readable: ISO 8601, RFC 2822, `2025-12-01 21:24:45 UTC`, `vor 3 Tagen`.
    Text(String),
    /// Seconds since 1970.
    EpochSeconds(i64),
    /// Milliseconds since 1970.
    EpochMillis(i64),
}

/// What a source says in a field of its own about the place of work; nothing is derived from text here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Workplace {
    /// The source states it in a closed set of values.
    Stated(RemoteOption),
    /// A tenant's free text in a field meant for it; the normalizer reads it.
    Text(String),
}

/// One posting as parsed from a response, before any interpretation. Every string may hold anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RawPosting {
    /// The source's own id, with the tenant in front where ids are per tenant (`acme:39`).
    pub source_id: String,
    /// Public address of the posting.
    pub url: String,
    /// Title as sent.
    pub title: String,
    /// Employer as sent, or the board's configured company.
    pub company: Option<String>,
    /// Free-text places in the source's order, the main one first.
    pub locations: Vec<String>,
    /// Places the source gives in parts (city, region, country); country may be a name or a code.
    pub places: Vec<Place>,
    /// Body.
    pub description: Option<Text>,
    /// Requirements, where the source has a field for them.
    pub requirements: Option<Text>,
    /// Pay in the source's own fields.
    pub pay: Option<Pay>,
    /// Free text in a field meant for pay.
    pub pay_text: Option<String>,
    /// Employment words in the source's own fields (`FullTime`, `CDI`, `Full-time: Remote`).
    pub employment: Vec<String>,
    /// Place-of-work field.
    pub workplace: Option<Workplace>,
    /// Technologies or tags in a field of their own.
    pub skills: Vec<String>,
    /// Day of publication.
    pub posted: Option<RawDate>,
    /// Last day to apply.
    pub deadline: Option<RawDate>,
    /// Language of the text where the source states it (ISO 639-1, `en-US` is accepted).
    pub language: Option<String>,
}

impl RawPosting {
    /// This posting under the identity of `draft`, with what `draft` says where this one says nothing.
    #[must_use]
    pub fn or(self, draft: &Self) -> Self {
        fn text(own: String, other: &str) -> String {
            if own.trim().is_empty() { other.to_owned() } else { own }
        }
        fn list<T: Clone>(own: Vec<T>, other: &[T]) -> Vec<T> {
            if own.is_empty() { other.to_vec() } else { own }
        }
        Self {
            source_id: draft.source_id.clone(),
            url: text(draft.url.clone(), &self.url),
            title: text(self.title, &draft.title),
            company: self.company.or_else(|| draft.company.clone()),
            locations: list(self.locations, &draft.locations),
            places: list(self.places, &draft.places),
            description: self.description.or_else(|| draft.description.clone()),
            requirements: self.requirements.or_else(|| draft.requirements.clone()),
            pay: self.pay.or_else(|| draft.pay.clone()),
            pay_text: self.pay_text.or_else(|| draft.pay_text.clone()),
            employment: list(self.employment, &draft.employment),
            workplace: self.workplace.or_else(|| draft.workplace.clone()),
            skills: list(self.skills, &draft.skills),
            posted: self.posted.or_else(|| draft.posted.clone()),
            deadline: self.deadline.or_else(|| draft.deadline.clone()),
            language: self.language.or_else(|| draft.language.clone()),
        }
    }
}

/// One record of a listing that cannot become a posting, with why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The source's id, where it could be read.
    pub source_id: Option<String>,
    /// One line for people: field and what was expected.
    pub reason: String,
}

/// `jobs.job_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobType {
    /// Full-time employment.
    FullTime,
    /// Part-time employment.
    PartTime,
    /// Contract or freelance work.
    Contract,
    /// Internship, traineeship, working student.
    Internship,
    /// Temporary or seasonal work.
    Temporary,
}

impl JobType {
    /// All values, in the order of the documentation.
    pub const ALL: [Self; 5] =
        [Self::FullTime, Self::PartTime, Self::Contract, Self::Internship, Self::Temporary];

    /// The word stored in `jobs.job_type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FullTime => "full-time",
            Self::PartTime => "part-time",
            Self::Contract => "contract",
            Self::Internship => "internship",
            Self::Temporary => "temporary",
        }
    }
}

/// `jobs.remote_option`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RemoteOption {
    /// Work from anywhere, or anywhere within a country.
    Remote,
    /// Partly in an office.
    Hybrid,
    /// In an office or on a site.
    Onsite,
}

impl RemoteOption {
    /// The word stored in `jobs.remote_option`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Remote => "remote",
            Self::Hybrid => "hybrid",
            Self::Onsite => "onsite",
        }
    }
}

/// Level a title or text asks for; kept as a fact in the sighting, the table `jobs` has no column for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seniority {
    /// Intern, trainee, working student.
    Intern,
    /// Entry level, graduate.
    Entry,
    /// Junior.
    Junior,
    /// Mid level.
    Mid,
    /// Senior.
    Senior,
    /// Staff, lead, principal.
    Lead,
    /// Manager, head of.
    Manager,
    /// Director and above.
    Director,
}

/// Years of experience asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Years {
    /// At least.
    pub min: u8,
    /// At most, where a range is given.
    pub max: Option<u8>,
}

/// A normalized posting: the columns of `jobs`, and the facts that only the sighting keeps.
///
/// Holds what the database can take: lengths within the columns, no NUL, NFC. Unknown is `None`, never a guess.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// At most 500 characters, never empty.
    pub title: String,
    /// At most 255 characters, never empty.
    pub company: String,
    /// Display form of all places, at most 255 characters.
    pub location: Option<String>,
    /// Clean text, lists kept as lines.
    pub description: Option<String>,
    /// Clean text of the requirements section.
    pub requirements: Option<String>,
    /// Canonical technology names in order of first occurrence.
    pub tech_stack: Vec<String>,
    /// Yearly pay.
    pub salary: Salary,
    /// Employment type.
    pub job_type: Option<JobType>,
    /// Place of work.
    pub remote_option: Option<RemoteOption>,
    /// Name of the source, lower case, at most 100 characters.
    pub source: String,
    /// At most 255 characters, never empty.
    pub source_id: String,
    /// Canonical address, at most 1000 characters.
    pub url: String,
    /// Day of publication.
    pub posted_date: Option<NaiveDate>,
    /// Last day to apply.
    pub application_deadline: Option<NaiveDate>,

    /// Pay as published.
    pub pay: Option<Pay>,
    /// Places in parts.
    pub places: Vec<Place>,
    /// Sanitized HTML of the body.
    pub description_html: Option<String>,
    /// ISO 639-1.
    pub language: Option<String>,
    /// Level asked for.
    pub seniority: Option<Seniority>,
    /// Experience asked for.
    pub years: Option<Years>,
    /// Names of fields that were cut to fit their column.
    pub cut: Vec<String>,
}

impl Posting {
    /// Hex SHA-256 over everything that is stored: equal hashes mean that nothing needs to be written.
    pub fn content_hash(&self) -> String {
        hash(self)
    }

    /// Hex SHA-256 over what a search or profile can see: a change that leaves it alone is not matched again.
    pub fn match_hash(&self) -> String {
        hash(&(
            &self.title,
            &self.company,
            &self.location,
            &self.description,
            &self.requirements,
            &self.tech_stack,
            &self.salary,
            self.job_type,
            self.remote_option,
            (self.seniority, self.years),
        ))
    }
}

fn hash<T: Serialize + ?Sized>(value: &T) -> String {
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
