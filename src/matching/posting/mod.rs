//! A posting reduced once to what searches and profiles look at.

mod fields;
mod reader;
mod skills;

use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};

pub use self::fields::PostingFields;
pub(super) use self::{fields::language_of, skills::weighed_skill};
use self::{
    reader::{Reader, Surface},
    skills::skills_of,
};
use super::{
    filters::PostingItem,
    location::{self, Whereabouts},
    profile::{TitleShape, speaks_of_visas, sponsorship},
    query::Fields,
    table::TermTable,
    text::{Term, fold},
    values,
};
use crate::domain::{JobId, JobType, RemoteOption, Salary, Seniority, Years};

/// The word that stands in the location of every remote posting.
pub(super) const REMOTE: &str = "remote";

/// A technology of a posting.
#[derive(Clone, Debug)]
pub struct Skill {
    /// One for all its spellings.
    pub term: Term,
    /// As the posting has it.
    pub name: Box<str>,
    /// How much sharing it says.
    pub weight: f32,
}

/// A posting ready to be matched any number of times; building it is the costly part.
#[derive(Clone, Debug)]
pub struct MatchPosting {
    /// Which one.
    pub id: JobId,
    /// The day this is matched on.
    pub today: NaiveDate,
    pub(super) title: String,
    pub(super) company: String,
    pub(super) location: Option<String>,
    pub(super) tech_stack: Vec<String>,
    pub(super) salary: Salary,
    pub(super) job_type: Option<JobType>,
    pub(super) remote: Option<RemoteOption>,
    pub(super) source: String,
    pub(super) posted: Option<NaiveDate>,
    pub(super) created: Option<NaiveDateTime>,
    pub(super) seniority: Option<Seniority>,
    pub(super) years: Option<Years>,
    pub(super) skills: Vec<Skill>,
    pub(super) whereabouts: Whereabouts,
    pub(super) shape: Arc<TitleShape>,
    /// Whether visas are sponsored.
    pub(super) sponsorship: Option<bool>,
    table: TermTable,
    folded: String,
    surfaces: Vec<(Surface, Term)>,
}

impl MatchPosting {
    /// Reduces a posting, seen on `today`.
    pub fn new(id: JobId, fields: &PostingFields<'_>, today: NaiveDate) -> Self {
        let mut posting = Self::outline(id, fields, today, Arc::new(TitleShape::new(fields.title)));
        posting.sponsorship = speaks_of_visas(|words| posting.phrase(words, Fields::BODY).0 != 0)
            .then(|| sponsorship(&posting.folded))
            .flatten();
        posting
    }

    /// Reduces a posting whose title is reduced already, without reading whether visas are sponsored.
    pub(super) fn outline(
        id: JobId,
        fields: &PostingFields<'_>,
        today: NaiveDate,
        shape: Arc<TitleShape>,
    ) -> Self {
        let places = location::text_of_places(fields.places);
        let stack = fields.tech_stack.join("\n");
        let texts = [
            (Fields::TITLE, fields.title),
            (Fields::COMPANY, fields.company),
            (Fields::LOCATION, fields.location.unwrap_or_default()),
            (Fields::LOCATION, &places),
            (Fields::BODY, fields.description.unwrap_or_default()),
            (Fields::BODY, fields.requirements.unwrap_or_default()),
            (Fields::TECH, &stack),
        ];
        let mut folded = String::with_capacity(texts.iter().map(|(_, text)| text.len() + 1).sum());
        let mut ranges = Vec::with_capacity(texts.len());
        for (field, text) in texts {
            let begin = folded.len();
            fold(text, &mut folded);
            ranges.push((field, begin, folded.len()));
            folded.push('\n');
        }
        let mut reader = Reader {
            language: language_of(fields),
            table: TermTable::for_words(folded.len() / 4),
            surfaces: Vec::with_capacity(folded.len() / 8),
            position: 0,
        };
        let mut tokens = Vec::with_capacity(folded.len() / 5);
        for &(field, begin, end) in &ranges {
            let text = folded.get(begin..end).unwrap_or_default();
            if field == Fields::LOCATION || field == Fields::TECH {
                let mut at = begin;
                for part in text.split(location::separates) {
                    reader.read(part, at, field, &mut tokens);
                    at += part.len() + 1;
                }
            } else {
                reader.read(text, begin, field, &mut tokens);
            }
        }
        let whereabouts = Whereabouts::new(fields.location, fields.places);
        let placed_remote = reader.table.fields_of(Term::exact(REMOTE)).meets(Fields::LOCATION);
        let stated = fields.remote_option.and_then(values::remote_option);
        let remote = stated.or(placed_remote.then_some(RemoteOption::Remote));
        if remote == Some(RemoteOption::Remote) && !placed_remote {
            reader.terms(Surface::Canonical(REMOTE), REMOTE, Fields::LOCATION);
        }
        let Reader { table, surfaces, .. } = reader;
        let skills = skills_of(fields.tech_stack);
        Self {
            id,
            today,
            title: fields.title.to_owned(),
            company: fields.company.to_owned(),
            location: fields.location.map(str::to_owned),
            tech_stack: fields.tech_stack.to_vec(),
            salary: fields.salary.clone(),
            job_type: fields.job_type.and_then(values::job_type),
            remote,
            source: fields.source.to_lowercase(),
            posted: fields.posted_date,
            created: fields.created(),
            seniority: fields.seniority,
            years: fields.years,
            skills,
            whereabouts,
            shape,
            sponsorship: None,
            table,
            folded,
            surfaces,
        }
    }

    /// The fields a term stands in.
    pub fn fields_of(&self, term: Term) -> Fields {
        self.table.fields_of(term)
    }

    /// The fields of `within` in which the exact `words` stand in a row.
    pub fn phrase(&self, words: &[Term], within: Fields) -> Fields {
        self.table.phrase(words, within)
    }

    /// The fields with a word that begins with `letters` (folded).
    pub fn beginning(&self, letters: &str) -> Fields {
        let found = self.surfaces().filter(|(word, _)| word.starts_with(letters));
        Fields(found.fold(0, |fields, (_, term)| fields | self.fields_of(term).0))
    }

    /// The different words as written, with their exact term.
    pub fn surfaces(&self) -> impl Iterator<Item = (&str, Term)> {
        self.surfaces.iter().map(|&(surface, term)| match surface {
            Surface::Written(begin, len) => {
                let begin = begin as usize;
                (self.folded.get(begin..begin + len as usize).unwrap_or_default(), term)
            }
            Surface::Canonical(name) => (name, term),
        })
    }

    /// All terms with their fields.
    pub fn terms(&self) -> impl Iterator<Item = (Term, Fields)> {
        self.table.terms()
    }

    /// Positions of an exact term, counted over all fields with a gap between them.
    pub fn positions(&self, term: Term) -> impl Iterator<Item = u32> {
        self.table.positions(term)
    }

    /// How many different terms there are.
    pub fn term_count(&self) -> usize {
        self.table.len()
    }

    /// The posting as rule trees see it.
    pub(super) fn item(&self) -> PostingItem<'_> {
        PostingItem {
            title: &self.title,
            company: &self.company,
            location: self.location.as_deref(),
            tech_stack: &self.tech_stack,
            salary: &self.salary,
            remote: self.remote,
            job_type: self.job_type,
            source: &self.source,
            created: self.created,
            posted: self.posted,
        }
    }

    /// Days since publication, never negative; `None` where the day is unknown.
    pub fn age_days(&self) -> Option<i64> {
        self.posted.map(|posted| (self.today - posted).num_days().max(0))
    }
}
