//! The census: what recorded records have filled in, against what the postings read from them have filled in, source by source and field by
//! field. Every gap has a reason in `gaps.toml`. `cargo test --test it census -- --nocapture` prints the table.
//!
//! `sources.toml` says where each source keeps a field; it knows nothing of how the sources are read.

#![expect(clippy::print_stderr, reason = "the table is what this test is for")]

mod paths;

use std::collections::{BTreeMap, BTreeSet};

use career_worker::{domain::Posting, normalize::normalize};
use chrono::{DateTime, NaiveDate};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use self::paths::{document, filled, select};
use crate::{
    exchanges::{self, Exchange, read_all},
    recordings,
};

const FIELDS: [&str; 10] =
    ["url", "company", "date", "deadline", "place", "type", "remote", "pay", "text", "requirements"];

#[derive(Deserialize)]
struct Layout {
    /// Where its records are; the first path with records counts.
    records: Vec<String>,
    id: Vec<String>,
    /// What else stands beside a value that may explain a gap.
    #[serde(default)]
    beside: Vec<String>,
    #[serde(flatten)]
    fields: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Gaps {
    gap: Vec<Gap>,
}

/// Why a field of a source may be filled there and not here.
#[derive(Deserialize)]
struct Gap {
    /// A source, or `*`.
    source: String,
    field: String,
    /// What the source's value looks like then.
    #[serde(with = "serde_regex_text")]
    value: Regex,
    reason: String,
}

mod serde_regex_text {
    use regex::Regex;
    use serde::{Deserialize as _, Deserializer, de::Error as _};

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Regex, D::Error> {
        Regex::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

fn is_filled(posting: &Posting, field: &str) -> bool {
    match field {
        "url" => !posting.url.is_empty(),
        "company" => !posting.company.is_empty(),
        "date" => posting.posted_date.is_some(),
        "deadline" => posting.application_deadline.is_some(),
        "place" => posting.location.is_some(),
        "type" => posting.job_type.is_some(),
        "remote" => posting.remote_option.is_some(),
        "pay" => posting.pay.is_some(),
        "text" => posting.description.is_some(),
        "requirements" => posting.requirements.is_some(),
        other => panic!("no field {other}"),
    }
}

/// Counts of one source and field.
#[derive(Default)]
struct Count {
    source: usize,
    ours: usize,
    /// Filled here where the source has no field for it or left it empty: read from the text.
    gained: usize,
    reasons: BTreeMap<String, usize>,
}

#[derive(Default)]
struct Census {
    records: BTreeMap<String, usize>,
    counts: BTreeMap<(String, &'static str), Count>,
    unexplained: BTreeSet<String>,
}

fn postings(exchange: &Exchange, all: &[Exchange]) -> Vec<Posting> {
    let Ok(mut parsed) = exchange.parse() else { return Vec::new() };
    let recorded = exchange.meta.recorded_at.as_deref().and_then(|at| DateTime::parse_from_rfc3339(at).ok());
    let today = recorded.map_or_else(|| NaiveDate::from_ymd_opt(2026, 8, 22).unwrap(), |at| at.date_naive());
    let raw = exchanges::postings(&mut parsed, all);
    let name = exchange.source().name();
    raw.into_iter().filter_map(|raw| normalize(name, raw, today).ok()).collect()
}

fn of_record<'a>(postings: &'a [Posting], ids: &[String]) -> Option<&'a Posting> {
    postings.iter().find(|posting| {
        ids.iter().any(|id| {
            let own = posting.source_id.as_str();
            own == id || own.ends_with(&format!(":{id}")) || own.ends_with(id.as_str()) && id.len() >= 8
        })
    })
}

impl Census {
    fn take(&mut self, exchange: &Exchange, layout: &Layout, gaps: &[Gap], all: &[Exchange]) {
        let Some(document) = document(&exchange.body) else { return };
        let records = layout
            .records
            .iter()
            .map(|path| select(&document, path))
            .find(|found| found.iter().any(|record| !texts(record, &layout.id).is_empty()));
        let postings = postings(exchange, all);
        for record in records.unwrap_or_default() {
            let ids = texts(record, &layout.id);
            let only = if postings.len() == 1 { postings.first() } else { None };
            let Some(posting) = of_record(&postings, &ids).or(only) else { continue };
            *self.records.entry(exchange.meta.source.clone()).or_default() += 1;
            for field in FIELDS {
                let values: Vec<String> =
                    layout.fields.get(field).map(|paths| texts(record, paths)).unwrap_or_default();
                let beside = texts(record, &layout.beside).join(" | ");
                self.count(exchange, field, &(values, beside), is_filled(posting, field), gaps);
            }
        }
    }

    fn count(
        &mut self,
        exchange: &Exchange,
        field: &'static str,
        (values, beside): &(Vec<String>, String),
        ours: bool,
        gaps: &[Gap],
    ) {
        let source = &exchange.meta.source;
        let count = self.counts.entry((source.clone(), field)).or_default();
        match (values.is_empty(), ours) {
            (true, true) => count.gained += 1,
            (true, false) => {}
            (false, true) => {
                count.source += 1;
                count.ours += 1;
            }
            (false, false) => {
                count.source += 1;
                let value = format!("{} || {beside}", values.join(" | "));
                let value = value.trim_end_matches([' ', '|']);
                let gap = gaps.iter().find(|gap| {
                    (gap.source == *source || gap.source == "*")
                        && gap.field == field
                        && gap.value.is_match(value)
                });
                if let Some(gap) = gap {
                    *count.reasons.entry(gap.reason.clone()).or_default() += 1;
                } else {
                    let start: String = value.chars().take(80).collect();
                    self.unexplained.insert(format!("{} {field}: {start}", exchange.name()));
                }
            }
        }
    }

    fn print(&self) {
        eprintln!(
            "{:<16} {:<13} {:>8} {:>8} {:>8} {:>8}  why not",
            "source", "field", "records", "there", "here", "gained"
        );
        for ((source, field), count) in &self.counts {
            if count.source + count.gained == 0 {
                continue;
            }
            let reasons: Vec<String> =
                count.reasons.iter().map(|(reason, count)| format!("{count} × {reason}")).collect();
            eprintln!(
                "{source:<16} {field:<13} {:>8} {:>8} {:>8} {:>8}  {}",
                self.records.get(source).unwrap_or(&0),
                count.source,
                count.ours,
                count.gained,
                reasons.join("; ")
            );
        }
    }
}

fn texts(record: &Value, paths: &[String]) -> Vec<String> {
    let found = paths.iter().flat_map(|path| select(record, path));
    found.filter(|value| filled(value)).map(paths::text).collect()
}

#[test]
fn no_field_of_a_source_is_lost() {
    let Some(folder) = recordings::folder() else { return };
    let layouts: BTreeMap<String, Layout> = toml::from_str(include_str!("sources.toml")).unwrap();
    let gaps: Gaps = toml::from_str(include_str!("gaps.toml")).unwrap();
    let all = read_all(&folder);
    let mut census = Census::default();
    for exchange in &all {
        if let Some(layout) = layouts.get(&exchange.meta.source) {
            census.take(exchange, layout, &gaps.gap, &all);
        }
    }
    census.print();
    assert!(
        census.unexplained.is_empty(),
        "{} values are lost without a reason:\n{}",
        census.unexplained.len(),
        census.unexplained.iter().cloned().collect::<Vec<_>>().join("\n")
    );
    let urls: Vec<_> = census.counts.iter().filter(|((_, field), _)| *field == "url").collect();
    assert!(urls.iter().all(|(_, count)| count.source == count.ours), "an address is lost");
}
