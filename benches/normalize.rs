//! Time and allocations for a few hundred postings from their markup to the row: `cargo bench --bench normalize`.
//!
//! With `CAREER_RECORDINGS` set, `-- recordings` prints a table over recorded texts and `-- memory` the memory that a long listing
//! takes.

#![expect(clippy::print_stdout, reason = "figures are what this is for")]

mod processor;
mod recorded;
mod texts;

use career_worker::{
    domain::{RawPosting, Text},
    normalize::{self, dates, html, pay, places, remote, seniority, skills, years},
};
use chrono::NaiveDate;
use rand::{Rng, SeedableRng, rngs::StdRng};

use self::texts::{postings, sentence};

/// Counts allocations beside the time.
#[global_allocator]
static ALLOCATIONS: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["listing", path, url] => recorded::memory::measure(path, url),
        ["recordings"] => _ = recorded::responses().map(|responses| recorded::speed::print(&responses)),
        ["memory"] => _ = recorded::responses().map(|responses| recorded::memory::print(&responses)),
        _ => divan::main(),
    }
}

fn each<T>(bencher: divan::Bencher<'_, '_>, work: impl Fn(&RawPosting) -> T + Sync) {
    let postings = postings();
    bencher.counter(divan::counter::ItemsCount::new(postings.len())).bench(|| {
        for posting in &postings {
            divan::black_box(work(posting));
        }
    });
}

#[divan::bench(sample_count = 20)]
fn whole(bencher: divan::Bencher<'_, '_>) {
    let today = NaiveDate::from_ymd_opt(2026, 2, 15).unwrap_or_default();
    each(bencher, |posting| normalize::normalize("example", posting.clone(), today));
}

#[divan::bench(sample_count = 20)]
fn read_markup(bencher: divan::Bencher<'_, '_>) {
    each(bencher, |posting| html::to_text(&blocks(posting)));
}

#[divan::bench(sample_count = 20)]
fn sanitize_markup(bencher: divan::Bencher<'_, '_>) {
    each(bencher, |posting| html::to_html(&blocks(posting)));
}

#[divan::bench(sample_count = 20)]
fn find_skills(bencher: divan::Bencher<'_, '_>) {
    each(bencher, |posting| match &posting.description {
        Some(Text::Html(text) | Text::Plain(text)) => skills::find(text, skills::Part::Text),
        None => Vec::new(),
    });
}

/// Plain text of about five kilobytes with what pay and deadlines are mistaken for, and one line of each.
fn text(random: &mut StdRng) -> String {
    let mut text = String::new();
    while text.len() < 4_600 {
        text.push_str(&sentence(random, 14));
        let aside = [
            ". In 2024 we raised $40M and passed 300 customers – “more to come”.\n",
            ". You bring 5+ years of experience and work 40 hours per week.\n",
            ". Apply with your CV, we answer within 3 days.\n",
            ", and up to $2,000 a year for learning.\n",
        ];
        text.push_str(if random.random_bool(0.2) { aside[random.random_range(0..4)] } else { ".\n" });
    }
    text.push_str("The base salary range for this role is $120,000 - $150,000.\nApply by March 3, 2026.\n");
    text
}

fn texts() -> Vec<String> {
    let mut random = StdRng::seed_from_u64(11);
    (0..200).map(|_| text(&mut random)).collect()
}

#[divan::bench(sample_count = 20)]
fn find_pay(bencher: divan::Bencher<'_, '_>) {
    let texts = texts();
    let hints = pay::Hints { language: Some("en"), country_code: Some("US") };
    bencher.counter(divan::counter::ItemsCount::new(texts.len())).bench(|| {
        for text in &texts {
            divan::black_box(pay::from_text(text, hints));
        }
    });
}

#[divan::bench(sample_count = 20)]
fn find_deadline(bencher: divan::Bencher<'_, '_>) {
    let today = NaiveDate::from_ymd_opt(2026, 2, 15).unwrap_or_default();
    let texts = texts();
    bencher.counter(divan::counter::ItemsCount::new(texts.len())).bench(|| {
        for text in &texts {
            divan::black_box(dates::deadline_in_text(text, today));
        }
    });
}

/// The plain texts of all postings, made beforehand.
fn each_text<T>(bencher: divan::Bencher<'_, '_>, work: impl Fn(&str) -> T + Sync) {
    let texts: Vec<String> = postings().iter().map(|posting| html::to_text(&blocks(posting))).collect();
    bencher.counter(divan::counter::ItemsCount::new(texts.len())).bench(|| {
        for text in &texts {
            divan::black_box(work(text));
        }
    });
}

#[divan::bench(sample_count = 20)]
fn find_remote(bencher: divan::Bencher<'_, '_>) {
    each_text(bencher, remote::from_text);
}

#[divan::bench(sample_count = 20)]
fn find_years(bencher: divan::Bencher<'_, '_>) {
    each_text(bencher, years::from_text);
}

#[divan::bench(sample_count = 20)]
fn find_level(bencher: divan::Bencher<'_, '_>) {
    each(bencher, |posting| seniority::from_title(&posting.title));
}

#[divan::bench(sample_count = 20)]
fn find_places(bencher: divan::Bencher<'_, '_>) {
    each(bencher, |posting| posting.locations.iter().map(|text| places::from_text(text)).collect::<Vec<_>>());
}

fn blocks(posting: &RawPosting) -> Vec<html::Block> {
    posting.description.as_ref().map(html::plain_or_html).unwrap_or_default()
}
