//! Postings a second on one core: parsing, normalizing, both, and where the time goes.

use std::hint::black_box;

use career_worker::{
    domain::{Page, Posting, RawPosting, Text},
    normalize::{
        self, company, dates, fingerprint, html, job_type, language, pay, places, remote, requirements,
        seniority,
        skills::{Part, Skills},
        title, url, years,
    },
    sources::{self, Board, Source},
};
use chrono::NaiveDate;

use super::Recorded;
use crate::processor::time;

/// A posting with what the extractors see of it.
struct Seen {
    raw: RawPosting,
    blocks: Vec<html::Block>,
    posting: Posting,
    text: String,
}

/// Prints the table.
pub fn print(responses: &[Recorded]) {
    let Ok(source) = sources::find("greenhouse") else { return };
    let today = NaiveDate::from_ymd_opt(2026, 9, 1).unwrap_or_default();
    let raw: Vec<RawPosting> = responses.iter().flat_map(|response| parse(source, response)).collect();
    let seen: Vec<Seen> = raw
        .iter()
        .filter_map(|raw| {
            let blocks = raw.description.as_ref().map(html::plain_or_html).unwrap_or_default();
            let posting = normalize::normalize(source.name(), raw.clone(), today).ok()?;
            Some(Seen { raw: raw.clone(), text: html::to_text(&blocks), blocks, posting })
        })
        .collect();
    let kilobytes = responses.iter().map(|response| response.body.len()).sum::<usize>() / 1024;
    println!("{} postings of {} responses, {kilobytes} KiB", seen.len(), responses.len());
    println!("{:<22} {:>12} {:>14}", "step", "us/posting", "postings/s");
    let row = |name: &str, work: &dyn Fn()| {
        let micros = time(seen.len(), work);
        println!("{name:<22} {micros:>12.1} {:>14.0}", 1e6 / micros);
        micros
    };
    let parsing = row("parse", &|| {
        for response in responses {
            black_box(parse(source, response));
        }
    });
    let copying = time(seen.len(), &|| {
        for seen in &seen {
            black_box(seen.raw.clone());
        }
    });
    let normalizing = time(seen.len(), &|| {
        for seen in &seen {
            let _ = black_box(normalize::normalize(source.name(), seen.raw.clone(), today));
        }
    }) - copying;
    for (name, micros) in [("normalize", normalizing), ("parse + normalize", parsing + normalizing)] {
        println!("{name:<22} {micros:>12.1} {:>14.0}", 1e6 / micros);
    }
    for (name, work) in steps(today) {
        row(name, &|| {
            for seen in &seen {
                work(seen);
            }
        });
    }
}

type Step = (&'static str, Box<dyn Fn(&Seen)>);

/// The parts of normalizing, then what the store adds.
fn steps(today: NaiveDate) -> Vec<Step> {
    fn step<T: 'static>(name: &'static str, work: impl Fn(&Seen) -> T + 'static) -> Step {
        (name, Box::new(move |seen| _ = black_box(work(seen))))
    }
    fn hints(posting: &Posting) -> pay::Hints<'_> {
        pay::Hints { language: posting.language.as_deref(), country_code: None }
    }
    vec![
        step("  html read", |seen| match &seen.raw.description {
            Some(Text::Html(text)) => html::read(text),
            Some(Text::Plain(text)) => html::plain(text),
            None => Vec::new(),
        }),
        step("  html to text", |seen| html::to_text(&seen.blocks)),
        step("  html sanitize", |seen| html::to_html(&seen.blocks)),
        step("  requirements", |seen| requirements::split(&seen.blocks)),
        step("  title and company", |seen| {
            let company = seen.raw.company.as_deref().and_then(company::clean);
            (title::clean(&seen.raw.title), company)
        }),
        step("  cues of the title", |seen| {
            let title = &seen.posting.title;
            (seniority::from_title(title), job_type::from_title(title), remote::from_title(title))
        }),
        step("  cues of fields", |seen| {
            let remote = remote::resolve(seen.raw.workplace.as_ref(), &seen.raw.locations, "", "");
            (job_type::from_employment(&seen.raw.employment), remote)
        }),
        step("  dates", move |seen| seen.raw.posted.as_ref().and_then(|date| dates::posted(date, today))),
        step("  url", |seen| url::canonical(&seen.raw.url)),
        step("  places", |seen| {
            seen.raw.locations.iter().map(|place| places::from_text(place)).collect::<Vec<_>>()
        }),
        step("  language", |seen| language::from_text(&seen.text)),
        step("  pay", |seen| pay::from_text(&seen.text, hints(&seen.posting))),
        step("  job type", |seen| job_type::from_text(&seen.text)),
        step("  remote", |seen| remote::from_text(&seen.text)),
        step("  skills", |seen| {
            let mut skills = Skills::default();
            skills.read(&seen.raw.title, Part::Title);
            skills.read(&seen.text, Part::Text);
            skills.names()
        }),
        step("  years", |seen| {
            let wanted = seen.posting.requirements.as_deref().and_then(years::from_text);
            wanted.or_else(|| years::from_text(&seen.text))
        }),
        step("  deadline in text", move |seen| dates::deadline_in_text(&seen.text, today)),
        step("+ fingerprint", |seen| {
            let posting = &seen.posting;
            (
                fingerprint::company_key(&posting.company),
                fingerprint::title_key(&posting.title),
                fingerprint::simhash(posting.description.as_deref().unwrap_or_default()),
            )
        }),
        step("+ hashes", |seen| (seen.posting.content_hash(), seen.posting.match_hash())),
    ]
}

pub fn parse(source: &dyn Source, response: &Recorded) -> Vec<RawPosting> {
    let page = Page { url: &response.url, content_type: Some("application/json"), body: &response.body };
    let board = Board { board: "acme".to_owned(), ..Board::default() };
    source.parse(&board, &page).map(|parsed| parsed.postings).unwrap_or_default()
}
