//! What a score is made of, and why there may be none.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{JobType, RemoteOption};

/// What a part of the score judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of the weights")]
pub enum PartName {
    Skills,
    Title,
    Seniority,
    Place,
    JobType,
    Salary,
    Company,
    Visa,
    Freshness,
}

impl PartName {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Skills,
        Self::Title,
        Self::Seniority,
        Self::Place,
        Self::JobType,
        Self::Salary,
        Self::Company,
        Self::Visa,
        Self::Freshness,
    ];

    /// The name of its weight.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skills => "skills",
            Self::Title => "title",
            Self::Seniority => "seniority",
            Self::Place => "place",
            Self::JobType => "job_type",
            Self::Salary => "salary",
            Self::Company => "company",
            Self::Visa => "visa",
            Self::Freshness => "freshness",
        }
    }
}

/// One part of a score.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Part {
    /// What is judged.
    #[schema(value_type = String)]
    pub name: PartName,
    /// 0 to 1; one half where the posting does not say.
    pub value: f64,
    /// Share of the score; the weights of all parts present add up to 1.
    pub weight: f64,
    /// What was found, for people.
    pub evidence: String,
}

/// Why a posting is out for a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusion {
    /// Stated to be of a type not wished for.
    JobType(JobType),
    /// Remote where presence is wished for, or the reverse.
    Remote(RemoteOption),
    /// Pays at most this, in the profile's currency, which is less than nine tenths of the wish.
    Salary(i64),
    /// Somewhere else.
    Place(String),
    /// The user needs a visa, the employer sponsors none.
    Visa,
    /// Skills and title together fit to this many per cent only.
    TooLittleInCommon(u8),
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JobType(kind) => write!(f, "job type is {}", kind.as_str()),
            Self::Remote(option) => write!(f, "work is {}", option.as_str()),
            Self::Salary(pay) => write!(f, "pays at most {pay}"),
            Self::Place(place) => write!(f, "is in {place}"),
            Self::Visa => write!(f, "visas are not sponsored"),
            Self::TooLittleInCommon(share) => write!(f, "skills and title fit to {share} % only"),
        }
    }
}

/// The score of one posting for one profile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProfileScore {
    /// 0 to 1.
    pub total: f64,
    /// What it is made of.
    pub parts: Vec<Part>,
    /// Skills in common, as the posting names them, the rarest first.
    pub matching_skills: Vec<String>,
}
