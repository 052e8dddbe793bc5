//! What a posting is reduced from.

use chrono::{NaiveDate, NaiveDateTime};

use crate::{
    domain::{JobType, Place, Posting, RemoteOption, Salary, Seniority, Years},
    matching::text::Language,
};

/// What a posting is reduced from: the columns of `jobs` and the facts beside them. Every text may hold anything.
#[derive(Clone, Debug, Default)]
pub struct PostingFields<'a> {
    /// `jobs.title`
    pub title: &'a str,
    /// `jobs.company`
    pub company: &'a str,
    /// `jobs.location`
    pub location: Option<&'a str>,
    /// Places in parts, where known.
    pub places: &'a [Place],
    /// `jobs.description`
    pub description: Option<&'a str>,
    /// `jobs.requirements`
    pub requirements: Option<&'a str>,
    /// `jobs.tech_stack`
    pub tech_stack: &'a [String],
    /// `jobs.salary_min`, `salary_max`, `salary_currency`
    pub salary: Salary,
    /// `jobs.job_type`, in any spelling.
    pub job_type: Option<&'a str>,
    /// `jobs.remote_option`, in any spelling.
    pub remote_option: Option<&'a str>,
    /// `jobs.source`
    pub source: &'a str,
    /// `jobs.posted_date`; a caller may give the day it was first seen where the source states none.
    pub posted_date: Option<NaiveDate>,
    /// `jobs.created_at`, for the rule trees of the web application.
    pub created_at: Option<NaiveDateTime>,
    /// ISO 639-1; decides the word forms beside the English ones. Recognized from the text where absent.
    pub language: Option<&'a str>,
    /// Level asked for.
    pub seniority: Option<Seniority>,
    /// Experience asked for.
    pub years: Option<Years>,
}

impl<'a> PostingFields<'a> {
    /// The fields of a normalized posting.
    pub fn of(posting: &'a Posting) -> Self {
        Self {
            title: &posting.title,
            company: &posting.company,
            location: posting.location.as_deref(),
            places: &posting.places,
            description: posting.description.as_deref(),
            requirements: posting.requirements.as_deref(),
            tech_stack: &posting.tech_stack,
            salary: posting.salary.clone(),
            job_type: posting.job_type.map(JobType::as_str),
            remote_option: posting.remote_option.map(RemoteOption::as_str),
            source: &posting.source,
            posted_date: posting.posted_date,
            created_at: None,
            language: posting.language.as_deref(),
            seniority: posting.seniority,
            years: posting.years,
        }
    }
}

impl PostingFields<'_> {
    /// When the row was made, or the beginning of the day it was published.
    pub(in crate::matching) fn created(&self) -> Option<NaiveDateTime> {
        self.created_at.or_else(|| self.posted_date.and_then(|day| day.and_hms_opt(0, 0, 0)))
    }
}

/// Characters of the text that are enough to recognize its language.
const SAMPLE: usize = 600;

pub(in crate::matching) fn language_of(fields: &PostingFields<'_>) -> Language {
    if let Some(code) = fields.language {
        return Language::from_code(code).unwrap_or(Language::En);
    }
    let text = fields.description.or(fields.requirements).unwrap_or(fields.title);
    let end = text.char_indices().nth(SAMPLE).map_or(text.len(), |(at, _)| at);
    let info = whatlang::detect(text.get(..end).unwrap_or_default());
    info.filter(whatlang::Info::is_reliable).map_or(Language::En, |info| match info.lang() {
        whatlang::Lang::Deu => Language::De,
        whatlang::Lang::Fra => Language::Fr,
        whatlang::Lang::Spa => Language::Es,
        whatlang::Lang::Ita => Language::It,
        whatlang::Lang::Nld => Language::Nl,
        whatlang::Lang::Por => Language::Pt,
        whatlang::Lang::Swe => Language::Sv,
        whatlang::Lang::Dan => Language::Da,
        _ => Language::En,
    })
}
