//! Damaged exchanges, fixtures and recordings alike: cut at a hundred places, with bytes flipped, with fields of another type. A damaged
//! listing is an error, or loses records with a reason; what is left of it is never taken for the whole.

use std::path::Path;

use career_worker::{
    normalize::normalize,
    sources::{Parsed, SourceError},
};
use chrono::NaiveDate;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

use crate::{
    exchanges::{Exchange, read_all},
    recordings,
};

/// Places at which each body is cut.
const CUTS: usize = 100;
/// Bodies with flipped bytes, and with a field of another type, made of each.
const DAMAGED: usize = 24;
/// Longer bodies are damaged less often: they repeat themselves.
const LONG: usize = 300_000;

fn exchanges() -> Vec<Exchange> {
    let mut all = read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"));
    if let Some(folder) = recordings::folder() {
        all.extend(read_all(&folder));
    }
    // Pages recorded for selectors are nothing without them.
    let selected = |exchange: &Exchange| exchange.meta.source != "html" || !exchange.meta.options.is_empty();
    all.retain(|exchange| exchange.meta.status == 200 && !exchange.body.is_empty() && selected(exchange));
    all
}

fn times(exchange: &Exchange) -> usize {
    if exchange.body.len() > LONG { DAMAGED / 8 } else { DAMAGED }
}

/// Normalizes all that was read: no damage may stop that either.
fn normalize_all(exchange: &Exchange, parsed: Parsed) {
    let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
    let drafts = parsed.drafts.into_iter().map(|draft| draft.posting);
    for raw in parsed.postings.into_iter().chain(drafts).take(2) {
        let _ = normalize(exchange.source().name(), raw, today);
    }
}

fn records(parsed: &Parsed) -> usize {
    parsed.postings.len() + parsed.drafts.len() + parsed.rejected.len()
}

#[test]
fn a_cut_body_is_an_error_or_a_part() {
    for exchange in exchanges() {
        let whole = exchange.body.len();
        for point in 0..CUTS {
            let cut = &exchange.body[..whole * point / CUTS];
            match exchange.parse_body(cut) {
                Err(SourceError::Layout(reason)) => assert!(!reason.is_empty()),
                Err(error) => panic!("{} cut to {} bytes: {error}", exchange.name(), cut.len()),
                Ok(parsed) => {
                    assert!(
                        !parsed.complete,
                        "{} cut to {} bytes is taken for whole",
                        exchange.name(),
                        cut.len()
                    );
                }
            }
        }
    }
}

#[test]
fn flipped_bytes_lose_records_at_most() {
    let mut random = StdRng::seed_from_u64(11);
    for exchange in exchanges() {
        for _ in 0..times(&exchange) {
            let mut body = exchange.body.clone();
            for _ in 0..random.random_range(1..20) {
                let at = random.random_range(0..body.len());
                body[at] = random.random();
            }
            if let Ok(parsed) = exchange.parse_body(&body) {
                normalize_all(&exchange, parsed);
            }
        }
    }
}

/// Pointers to all values of a document.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| pointers(item, &format!("{at}/{index}"), all));
        }
        Value::Object(keys) => keys.iter().for_each(|(key, item)| {
            pointers(item, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), all);
        }),
        _ => {}
    }
}

fn other(value: &Value, random: &mut StdRng) -> Value {
    let others = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("\u{0}<p>\u{202e}x"),
        json!([]),
        json!({}),
        json!([[], { "a": null }, "b"]),
    ];
    loop {
        let other = &others[random.random_range(0..others.len())];
        if std::mem::discriminant(other) != std::mem::discriminant(value) || other != value {
            return other.clone();
        }
    }
}

#[test]
fn a_field_of_another_type_loses_its_record_at_most() {
    let mut random = StdRng::seed_from_u64(13);
    let mut tried = 0;
    for exchange in exchanges() {
        let Ok(document) = serde_json::from_slice::<Value>(&exchange.body) else { continue };
        let Ok(sound) = exchange.parse() else { continue };
        let mut all = Vec::new();
        pointers(&document, "", &mut all);
        for _ in 0..times(&exchange) {
            let pointer = &all[random.random_range(0..all.len())];
            let mut damaged = document.clone();
            let value = damaged.pointer_mut(pointer).unwrap();
            *value = other(value, &mut random);
            tried += 1;
            let Ok(parsed) = exchange.parse_body(damaged.to_string().as_bytes()) else { continue };
            // A list that became something else takes its records with it; a field takes its own at most, and that with a reason.
            let depth = pointer.matches('/').count();
            let in_record =
                depth >= 3 && pointer.split('/').filter(|part| part.parse::<usize>().is_ok()).count() == 1;
            if in_record && parsed.complete && sound.complete {
                assert!(
                    records(&parsed) + 1 >= records(&sound),
                    "{} with another {pointer}: {} records instead of {}",
                    exchange.name(),
                    records(&parsed),
                    records(&sound)
                );
            }
            normalize_all(&exchange, parsed);
        }
    }
    assert!(tried > 500, "{tried} damaged documents");
}
