//! Reads a posting into the atoms of an index, in memory that is used again for the next one.
//!
//! What it reads is by definition the same as [`MatchPosting`]: the texts in the same order, split the same way, each word with the same terms.

use rustc_hash::FxHashMap;

use super::{
    compile::Shared,
    entry::{Have, NO_FLOOR},
    lexicon::{ALWAYS, LONE, NUMBER, POSITIONAL},
    places::{REMOTE_ONLY, Spot},
    view::{NO_PAY, Pay, View, phrase},
    words::{Known, Words},
};
use crate::{
    domain::{JobId, JobType, RemoteOption},
    matching::{
        filters::PostingItem,
        location,
        posting::{MatchPosting, PostingFields, REMOTE, language_of},
        profile::sponsorship,
        query::Fields,
        rates::Rates,
        table::{NONE, Occurrences},
        text::{Language, Term, Token, fold, form_at, scan},
        values,
    },
};
use chrono::NaiveDate;

/// Locations remembered before all are forgotten.
const MAX_SPOTS: usize = 50_000;

/// Reads postings, one at a time.
#[derive(Debug, Default)]
pub struct Reader {
    words: Words,
    /// Empty between postings.
    tokens: Vec<Token<'static>>,
    known: Vec<Known>,
    spots: FxHashMap<Box<str>, Spot>,
    spot_key: String,
    fields: Vec<u8>,
    heads: Vec<u32>,
    atoms: Vec<u32>,
    occurrences: Occurrences,
    position: u32,
    folded: String,
    source: String,
    currencies: Vec<Box<str>>,
    pays: Vec<Pay>,
    stated: Stated,
}

/// What the posting states beside its words.
#[derive(Debug, Default)]
struct Stated {
    remote: Option<RemoteOption>,
    job_type: Option<JobType>,
}

impl Reader {
    /// Reads a posting with all words that are in `shared` by now.
    pub fn read(&mut self, fields: &PostingFields<'_>, shared: &Shared, rates: &Rates) {
        self.words.begin(&shared.lexicon);
        self.forget(shared.lexicon.len());
        self.place(fields, shared);
        let spot = self.spot();
        self.stated = Stated {
            remote: spot.and_then(|spot| spot.remote),
            job_type: fields.job_type.and_then(values::job_type),
        };
        self.texts(fields, shared);
        self.source.clear();
        self.source.push_str(fields.source);
        self.source.make_ascii_lowercase();
        if !self.source.is_ascii() {
            self.source = self.source.to_lowercase();
        }
        self.pays(fields, shared, rates);
    }

    /// The posting read last.
    pub fn view<'a>(&'a self, fields: &'a PostingFields<'a>, today: NaiveDate) -> View<'a> {
        let Stated { remote, job_type } = self.stated;
        let areas = self.spot().map(|spot| spot.areas.as_slice());
        View {
            fields: &self.fields,
            heads: &self.heads,
            occurrences: &self.occurrences,
            atoms: &self.atoms,
            have: Have::new(remote, job_type, fields.seniority),
            pays: &self.pays,
            areas: areas.unwrap_or_default(),
            age: fields.posted_date.map(|posted| (today - posted).num_days().max(0)),
            source: Term::source(&self.source),
            item: PostingItem {
                title: fields.title,
                company: fields.company,
                location: fields.location,
                tech_stack: fields.tech_stack,
                salary: &fields.salary,
                remote,
                job_type,
                source: &self.source,
                created: fields.created(),
                posted: fields.posted_date,
            },
            today,
        }
    }

    /// Where the posting read last is.
    pub fn spot(&self) -> Option<&Spot> {
        self.spots.get(self.spot_key.as_str())
    }

    /// Whether the employer of the posting read last sponsors visas.
    pub fn sponsorship(&self, shared: &Shared) -> Option<bool> {
        let in_a_row =
            |atoms: &[u32]| phrase(&self.fields, &self.heads, &self.occurrences, atoms, Fields::BODY).0 != 0;
        shared.visa_cues.iter().any(|atoms| in_a_row(atoms)).then(|| sponsorship(&self.folded)).flatten()
    }

    /// Whether the posting read last is remote.
    pub fn is_remote(&self) -> bool {
        self.stated.remote == Some(RemoteOption::Remote)
    }

    fn forget(&mut self, atoms: usize) {
        for atom in self.atoms.drain(..) {
            if let Some(fields) = self.fields.get_mut(atom as usize) {
                *fields = 0;
            }
        }
        if self.fields.len() < atoms {
            self.fields.resize(atoms.next_power_of_two(), 0);
            self.heads.resize(atoms.next_power_of_two(), NONE);
        }
        self.occurrences.clear();
        self.position = 0;
        if let Some(fields) = self.fields.get_mut(ALWAYS as usize) {
            *fields = u8::MAX;
            self.atoms.push(ALWAYS);
        }
    }

    /// Finds out where a posting is, with all areas that are in `shared` by now.
    pub fn place(&mut self, fields: &PostingFields<'_>, shared: &Shared) {
        self.spot_key.clear();
        for part in [fields.remote_option, fields.location] {
            self.spot_key.push_str(part.unwrap_or_default());
            self.spot_key.push(if part.is_some() { '\u{1}' } else { '\u{2}' });
        }
        for place in fields.places {
            for part in [&place.city, &place.region, &place.country, &place.country_code] {
                self.spot_key.push_str(part.as_deref().unwrap_or_default());
                self.spot_key.push(if part.is_some() { '\u{1}' } else { '\u{2}' });
            }
        }
        let known = self.spots.get(self.spot_key.as_str());
        if known.is_some_and(|spot| !shared.places.is_stale(spot)) {
            return;
        }
        let only_place = PostingFields {
            location: fields.location,
            places: fields.places,
            remote_option: fields.remote_option,
            language: Some("en"),
            ..PostingFields::default()
        };
        let view = MatchPosting::new(JobId(0), &only_place, NaiveDate::default());
        if let Some(spot) = self.spots.get_mut(self.spot_key.as_str()) {
            shared.places.ask(spot, &view);
            return;
        }
        if self.spots.len() >= MAX_SPOTS {
            self.spots.clear();
        }
        self.spots.insert(self.spot_key.as_str().into(), shared.places.spot(&view));
    }

    fn pays(&mut self, fields: &PostingFields<'_>, shared: &Shared, rates: &Rates) {
        self.currencies.extend(shared.currencies.after(self.currencies.len()));
        self.pays.clear();
        let salary = &fields.salary;
        let codes = std::iter::once(None).chain(self.currencies.iter().map(|code| Some(&**code)));
        for code in codes {
            if self.pays.len() == NO_FLOOR as usize {
                self.pays.push(Pay { low: f64::NEG_INFINITY, high: f64::INFINITY });
            }
            let pay = if salary.min.is_none() && salary.max.is_none() {
                NO_PAY
            } else {
                let (min, max) = rates.salary_in(salary, code);
                Pay { low: min.or(max).unwrap_or(f64::NAN), high: max.or(min).unwrap_or(f64::NAN) }
            };
            self.pays.push(pay);
        }
        self.pays.resize(
            self.pays.len().max(NO_FLOOR as usize + 1),
            Pay { low: f64::NEG_INFINITY, high: f64::INFINITY },
        );
    }

    fn texts(&mut self, fields: &PostingFields<'_>, shared: &Shared) {
        let language = language_of(fields);
        let mut tokens = emptied(std::mem::take(&mut self.tokens));
        let mut folded = std::mem::take(&mut self.folded);
        folded.clear();
        let texts = [
            (Fields::TITLE, fields.title),
            (Fields::COMPANY, fields.company),
            (Fields::LOCATION, fields.location.unwrap_or_default()),
        ];
        let places = location::text_of_places(fields.places);
        let more = [
            (Fields::LOCATION, places.as_str()),
            (Fields::BODY, fields.description.unwrap_or_default()),
            (Fields::BODY, fields.requirements.unwrap_or_default()),
        ];
        let stack = fields.tech_stack.iter().map(|name| (Fields::TECH, name.as_str()));
        let mut ranges = Vec::with_capacity(6 + fields.tech_stack.len());
        for (field, text) in texts.into_iter().chain(more).chain(stack) {
            let begin = folded.len();
            fold(text, &mut folded);
            ranges.push((field, begin, folded.len()));
            folded.push('\n');
        }
        for (field, begin, end) in ranges {
            let text = folded.get(begin..end).unwrap_or_default();
            let tail = folded.as_bytes().get(begin..).unwrap_or_default();
            if field == Fields::LOCATION || field == Fields::TECH {
                let mut at = 0;
                for part in text.split(location::separates) {
                    let tail = tail.get(at..).unwrap_or_default();
                    self.text(part, tail, field, language, shared, &mut tokens);
                    at += part.len() + 1;
                }
            } else {
                self.text(text, tail, field, language, shared, &mut tokens);
            }
        }
        if self.is_remote() {
            let known = self.words.of(REMOTE, language, &shared.lexicon);
            self.mark(known, Fields::LOCATION);
        }
        self.tokens = emptied(tokens);
        self.folded = folded;
    }

    fn text<'a>(
        &mut self,
        text: &'a str,
        tail: &'a [u8],
        field: Fields,
        language: Language,
        shared: &Shared,
        tokens: &mut Vec<Token<'a>>,
    ) {
        tokens.clear();
        scan(text, tokens);
        let mut all = std::mem::take(&mut self.known);
        self.words.of_all(tokens, tail, language, &shared.lexicon, &mut all);
        let mut at = 0;
        while let Some(known) = all.get(at).copied() {
            at += 1;
            if known.starts_form()
                && let Some(form) = tokens.get(at - 1..).and_then(form_at)
            {
                let technology = self.words.of_form(form, &shared.lexicon);
                self.mark(technology, field);
                if form.closed {
                    self.position += 1;
                    at += form.tokens - 1;
                    continue;
                }
            }
            self.mark(known, field);
            self.position += 1;
        }
        self.position += 2;
        self.known = all;
    }

    fn mark(&mut self, known: Known, field: Fields) {
        for marked in self.words.atoms(known) {
            if marked & LONE != 0 && !Fields::PROMINENT.meets(field) {
                continue;
            }
            let atom = marked & NUMBER;
            let at = atom as usize;
            let (Some(fields), Some(head)) = (self.fields.get_mut(at), self.heads.get_mut(at)) else {
                continue;
            };
            if *fields == 0 {
                *head = NONE;
                self.atoms.push(atom);
            }
            *fields |= field.0;
            if marked & POSITIONAL != 0 {
                *head = self.occurrences.push(*head, field, self.position);
            }
        }
    }
}

/// No tokens, in the memory of those given.
fn emptied<'a>(mut tokens: Vec<Token<'_>>) -> Vec<Token<'a>> {
    tokens.clear();
    tokens.into_iter().map(|token| Token { word: "", begin: token.begin, join: token.join }).collect()
}

/// The areas that every posting, or every remote posting, is in.
pub fn wide_areas(remote: bool) -> &'static [u32] {
    if remote { &[super::places::EVERYWHERE, REMOTE_ONLY] } else { &[super::places::EVERYWHERE] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emptied_tokens_keep_their_memory() {
        let mut tokens = Vec::with_capacity(1_000);
        let text = String::from("one two");
        scan(&text, &mut tokens);
        let emptied: Vec<Token<'static>> = emptied(tokens);
        assert!(emptied.is_empty() && emptied.capacity() >= 1_000);
    }
}
