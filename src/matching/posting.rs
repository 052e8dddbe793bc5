//! A posting reduced once to what searches and profiles look at.

use chrono::{NaiveDate, NaiveDateTime};

use super::{
    location::{self, Whereabouts},
    profile::{skill_weight, title::TitleShape},
    query::{Fields, Node, Query},
    table::TermTable,
    text::{Language, Stems, Term, Token, canonical_skill, fold, form_at, head, lone_letter, scan},
    values,
};
use crate::domain::{JobId, JobType, Place, Posting, RemoteOption, Salary, Seniority, Years};

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

/// A technology of a posting.
#[derive(Clone, Debug)]
pub struct Skill {
    /// One for all its spellings.
    pub term: Term,
    /// As the posting has it.
    pub name: Box<str>,
    /// How much sharing it says.
    pub weight: f32,
    /// The clause that looks for it.
    pub(super) clause: Option<Node>,
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
    pub(super) shape: TitleShape,
    table: TermTable,
    folded: String,
    surfaces: Vec<(Surface, Term)>,
}

impl MatchPosting {
    /// Reduces a posting, seen on `today`.
    pub fn new(id: JobId, fields: &PostingFields<'_>, today: NaiveDate) -> Self {
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
        let mut folded = String::with_capacity(texts.iter().map(|(_, text)| text.len()).sum());
        let mut ranges = Vec::with_capacity(texts.len());
        for (field, text) in texts {
            let begin = folded.len();
            fold(text, &mut folded);
            ranges.push((field, begin, folded.len()));
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
        let Reader { mut table, surfaces, .. } = reader;
        let whereabouts = Whereabouts::new(fields.location, fields.places);
        let remote = fields.remote_option.and_then(values::remote_option).or_else(|| {
            table.fields_of(Term::exact("remote")).meets(Fields::LOCATION).then_some(RemoteOption::Remote)
        });
        if remote == Some(RemoteOption::Remote) {
            table.mark(Term::exact("remote"), Fields::LOCATION);
            table.mark(Term::form("remot"), Fields::LOCATION);
        }
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
            created: fields
                .created_at
                .or_else(|| fields.posted_date.and_then(|day| day.and_hms_opt(0, 0, 0))),
            seniority: fields.seniority,
            years: fields.years,
            skills,
            whereabouts,
            shape: TitleShape::new(fields.title),
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

    /// Days since publication, never negative; `None` where the day is unknown.
    pub fn age_days(&self) -> Option<i64> {
        self.posted.map(|posted| (self.today - posted).num_days().max(0))
    }
}

#[derive(Clone, Copy, Debug)]
enum Surface {
    /// Begin and length in the folded text.
    Written(u32, u32),
    /// A technology under its canonical name.
    Canonical(&'static str),
}

struct Reader {
    language: Language,
    table: TermTable,
    surfaces: Vec<(Surface, Term)>,
    position: u32,
}

impl Reader {
    /// Reads one text of `field` that starts at `base`; the next text comes after a gap, so that no phrase spans both.
    fn read<'a>(&mut self, text: &'a str, base: usize, field: Fields, tokens: &mut Vec<Token<'a>>) {
        tokens.clear();
        scan(text, tokens);
        let mut at = 0;
        while let Some(rest) = tokens.get(at..)
            && let Some(first) = rest.first()
        {
            let form = form_at(rest);
            if let Some(form) = form {
                self.table.mark(Term::form(form.canonical), field);
            }
            match form {
                Some(form) if form.closed => {
                    self.place(Surface::Canonical(form.canonical), Term::exact(form.canonical), field);
                    at += form.tokens;
                }
                _ => {
                    self.word(first, base, field);
                    at += 1;
                }
            }
        }
        self.position += 2;
    }

    fn word(&mut self, token: &Token<'_>, base: usize, field: Fields) {
        let stems = Stems::of(token.word, self.language);
        let range = (u32::try_from(base + token.begin), u32::try_from(token.word.len()));
        let (Ok(begin), Ok(len)) = range else { return };
        self.place(Surface::Written(begin, len), stems.exact, field);
        self.table.mark(stems.english, field);
        if stems.own != stems.english {
            self.table.mark(stems.own, field);
        }
        if (field == Fields::TITLE || field == Fields::TECH)
            && let Some(technology) = lone_letter(token.word)
        {
            self.table.mark(Term::form(technology), field);
        }
        if let Some(head) = head(token.word) {
            let stems = Stems::of(head, self.language);
            self.table.mark(stems.english, field);
            self.table.mark(stems.own, field);
        }
    }

    fn place(&mut self, surface: Surface, exact: Term, field: Fields) {
        if self.table.place(exact, field, self.position) {
            self.surfaces.push((surface, exact));
        }
        self.position += 1;
    }
}

fn skills_of(tech_stack: &[String]) -> Vec<Skill> {
    let mut skills: Vec<Skill> = Vec::with_capacity(tech_stack.len());
    for name in tech_stack {
        if let Some((term, canonical)) = canonical_skill(name)
            && !skills.iter().any(|skill| skill.term == term)
        {
            skills.push(Skill {
                term,
                name: name.as_str().into(),
                weight: skill_weight(&canonical),
                clause: Query::literal(name, Fields::ALL, false),
            });
        }
    }
    skills
}

/// Characters of the text that are enough to recognize its language.
const SAMPLE: usize = 600;

fn language_of(fields: &PostingFields<'_>) -> Language {
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
