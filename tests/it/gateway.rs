//! Every recorded exchange through the real pipeline, where the recordings are present: each record is stored or rejected, and reading
//! the same again writes nothing.

use std::{collections::BTreeSet, fs, path::Path};

use career_worker::{
    dev::{Replay, ReplayOptions},
    sources::{Board, KeyPlace},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::{
    exchanges::{Exchange, read_all},
    recordings,
    scraper::Scraper,
};

/// Boards for recordings that name none, or that name it otherwise than a schedule would.
const BOARDS: [&str; 4] = ["all", "latest", "us", "de"];

/// The board that a schedule would name to ask for this.
fn board(exchange: &Exchange) -> Board {
    let recorded = exchange.board();
    let others = BOARDS.map(|board| Board { board: board.to_owned(), ..recorded.clone() });
    let mut boards = std::iter::once(recorded.clone()).chain(others);
    // A site on Workday is known by host, tenant and site, which all stand in the address.
    let workday = || {
        let url = url::Url::parse(&exchange.meta.url).ok()?;
        let host = url.host_str()?.split('.').nth(1)?.to_owned();
        let site = url.path_segments()?.nth(3)?.to_owned();
        let tenant = url.path_segments()?.nth(2)?.to_owned();
        let options =
            [("wd".to_owned(), host.into()), ("site".to_owned(), site.into())].into_iter().collect();
        Some(Board { board: tenant, options, ..recorded.clone() })
    };
    if exchange.meta.source == "workday" {
        return workday().unwrap();
    }
    let found = boards.find(|board| exchange.source().first(board).is_ok());
    found.unwrap_or_else(|| panic!("{}: no board asks for it", exchange.name()))
}

/// Puts an exchange where its source asks for it first: many were recorded from the middle of a listing.
fn place(exchange: &Exchange, board: &Board, recorded_at: DateTime<Utc>, folder: &Path) {
    let request = exchange.source().first(board).unwrap();
    let mut url = url::Url::parse(&request.url).unwrap();
    for key in exchange.source().keys() {
        if let KeyPlace::Query(name) = key.place {
            url.query_pairs_mut().append_pair(name, "REDACTED");
        }
    }
    let mut toml = toml::Table::new();
    toml.insert("url".to_owned(), url.to_string().into());
    toml.insert("recorded_at".to_owned(), recorded_at.to_rfc3339().into());
    toml.insert("content_type".to_owned(), exchange.meta.content_type.clone().into());
    if let Some(body) = &request.body {
        toml.insert("method".to_owned(), "POST".into());
        toml.insert("request_body".to_owned(), body.to_string().into());
    }
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("exchange.toml"), toml::to_string(&toml).unwrap()).unwrap();
    fs::write(folder.join("response.json"), &exchange.body).unwrap();
}

/// Identities in the file, in its order.
fn ids(exchange: &Exchange) -> Vec<String> {
    let parsed = exchange.parse().unwrap();
    let drafts = parsed.drafts.into_iter().map(|draft| draft.posting);
    let ids = parsed.postings.into_iter().chain(drafts).map(|posting| posting.source_id);
    ids.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_is_stored_or_rejected_and_the_same_again_writes_nothing() {
    let Some(folder) = recordings::folder() else { return };
    let all = read_all(&folder);
    // What those are to be read by is in `recorded_pages.rs`, and forms that are no longer sent are not read.
    let exchanges: Vec<_> = all
        .iter()
        .filter(|exchange| exchange.meta.source != "html" && exchange.meta.shape != "legacy")
        .collect();
    // Many have one address: each has a time of its own, at which it is the newest.
    let start = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    let at = |number: usize| start + TimeDelta::hours(i64::try_from(number).unwrap());
    let served = tempfile::tempdir().unwrap();
    let boards: Vec<Board> = exchanges.iter().map(|exchange| board(exchange)).collect();
    for (number, (exchange, board)) in exchanges.iter().zip(&boards).enumerate() {
        place(exchange, board, at(number), &served.path().join(number.to_string()));
    }
    let replay = Replay::start(&[served.path().to_owned()], ReplayOptions::default()).await.unwrap();
    let scraper = Scraper::new(replay.url().clone()).await;
    let mut records = 0;
    for (number, (exchange, board)) in exchanges.iter().zip(&boards).enumerate() {
        replay.set_as_of(Some(at(number)));
        sqlx::query(
            "TRUNCATE jobs, worker.sightings, worker.source_health, worker.http_cache, worker.posting_pages, worker.outbox CASCADE",
        )
        .execute(&scraper.db.pool)
        .await
        .unwrap();
        records += scrape(&scraper, exchange, board).await;
    }
    eprintln!("{records} records of {} exchanges", exchanges.len());
}

async fn scrape(scraper: &Scraper, exchange: &Exchange, board: &Board) -> usize {
    let name = exchange.name();
    // Further pages are exchanges of their own.
    let args = json!({ "source": exchange.meta.source, "boards": [board], "max_pages": 1 });
    let first = scraper.board(args.clone()).await;
    assert_eq!(first["error"], Value::Null, "{name}");
    let ids = ids(exchange);
    let different: BTreeSet<&String> = ids.iter().collect();
    let count = |report: &Value, key: &str| usize::try_from(report[key].as_u64().unwrap()).unwrap();
    let stored: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM worker.sightings AS s JOIN jobs AS j ON j.id = s.job_id
         WHERE s.source = $1 AND s.source_id = ANY($2) AND s.missing_since IS NULL AND j.is_active",
    )
    .bind(&exchange.meta.source)
    .bind(&ids)
    .fetch_one(&scraper.db.pool)
    .await
    .unwrap();
    assert_eq!(usize::try_from(stored).unwrap(), count(&first, "seen"), "{name}");
    let records = count(&first, "seen") + count(&first, "rejected");
    assert!(count(&first, "seen") <= different.len(), "{name}: {first}");
    assert_eq!(records, exchange.meta.records, "{name}: {first}");

    // Once more as if it were for the first time, then with the validators that this left behind.
    let versions = scraper.versions().await;
    sqlx::query("DELETE FROM worker.http_cache").execute(&scraper.db.pool).await.unwrap();
    let ask_again = || async {
        let now = "UPDATE worker.source_health SET last_attempt_at = NULL";
        sqlx::query(now).execute(&scraper.db.pool).await.unwrap();
        scraper.board(args.clone()).await
    };
    let second = ask_again().await;
    assert_eq!(second["not_modified"], false, "{name}");
    let third = ask_again().await;
    let parsed = exchange.parse().unwrap();
    let posted = exchange.source().first(board).unwrap().body.is_some();
    let whole = second["complete"] == true && second["short"] == false && parsed.drafts.is_empty() && !posted;
    assert_eq!(third["not_modified"], whole, "{name}: {second}");
    for report in [&second, &third] {
        let quiet = ["new", "changed", "returned", "missing", "gone"].map(|key| count(report, key));
        assert_eq!(quiet, [0; 5], "{name}: {report}");
        assert_eq!(count(report, "unchanged"), count(&first, "seen"), "{name}: {report}");
    }
    assert_eq!(scraper.versions().await, versions, "{name}: rows written by the same listing again");
    exchange.meta.records
}
