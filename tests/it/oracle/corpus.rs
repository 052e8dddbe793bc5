//! Real postings: those of the recordings where they are present, and those of the project's own fixtures.

use std::{collections::HashSet, path::Path, sync::LazyLock};

use career_worker::{
    domain::{JobId, Posting, RawPosting},
    matching::{MatchPosting, PostingFields},
    normalize::normalize,
};
use chrono::NaiveDate;

use crate::{
    exchanges::{Exchange, postings, read_all},
    recordings::folder,
};

/// Postings taken; those with a text come first.
const MOST: usize = 2_200;

/// The day on which everything is matched.
pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 8, 22).unwrap()
}

/// One posting, as stored and as matched.
pub struct Case {
    pub posting: Posting,
    pub reduced: MatchPosting,
    /// ISO 639-1, as stated or recognized.
    pub language: Option<String>,
}

/// The postings of this run, in an order that is always the same.
pub struct Corpus {
    pub cases: Vec<Case>,
    /// Whether the recordings are among them.
    pub recorded: bool,
}

impl Corpus {
    pub fn get() -> &'static Self {
        static CORPUS: LazyLock<Corpus> = LazyLock::new(Corpus::read);
        &CORPUS
    }

    /// How many of them are in `language`.
    pub fn spoken(&self, language: &str) -> usize {
        self.cases.iter().filter(|case| case.language.as_deref() == Some(language)).count()
    }

    fn read() -> Self {
        let fixtures = read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"));
        let recordings = folder().map(|root| read_all(&root)).unwrap_or_default();
        let recorded = !recordings.is_empty();
        let mut raw: Vec<_> =
            [fixtures, recordings].iter().flat_map(|exchanges| records(exchanges)).collect();
        let mut seen = HashSet::new();
        raw.retain(|(source, raw)| seen.insert((*source, raw.source_id.clone())));
        raw.sort_by_key(|(_, raw)| raw.description.is_none() && raw.requirements.is_none());
        let normalized = raw.into_iter().filter_map(|(source, raw)| normalize(source, raw, today()).ok());
        let cases = (1..).zip(normalized.take(MOST)).map(|(id, posting)| {
            let reduced = MatchPosting::new(JobId(id), &PostingFields::of(&posting), today());
            let language = posting.language.clone().or_else(|| recognized(&posting));
            Case { posting, reduced, language }
        });
        Self { cases: cases.collect(), recorded }
    }
}

/// What can be read of answers; pages that only a board's own selectors can read are left out.
fn records(exchanges: &[Exchange]) -> Vec<(&'static str, RawPosting)> {
    let readable = |exchange: &&Exchange| exchange.meta.status == 200 && exchange.meta.source != "html";
    let mut all = Vec::new();
    for exchange in exchanges.iter().filter(readable) {
        if let Ok(mut parsed) = exchange.parse() {
            let name = exchange.source().name();
            all.extend(postings(&mut parsed, exchanges).into_iter().map(|raw| (name, raw)));
        }
    }
    all
}

/// The language of a text, English and German only.
fn recognized(posting: &Posting) -> Option<String> {
    let text: String = posting.description.as_ref()?.chars().take(600).collect();
    let info = whatlang::detect(&text).filter(whatlang::Info::is_reliable)?;
    match info.lang() {
        whatlang::Lang::Eng => Some("en".to_owned()),
        whatlang::Lang::Deu => Some("de".to_owned()),
        _ => None,
    }
}
