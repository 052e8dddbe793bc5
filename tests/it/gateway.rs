//! Every recorded board through the real pipeline, where the recordings are present: each record is stored or rejected, and reading the
//! same again writes nothing.

use std::collections::BTreeSet;

use career_worker::{
    dev::{Replay, ReplayOptions},
    sources::Board,
};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::{
    exchanges::{Exchange, read_all},
    recordings,
    scraper::Scraper,
};

/// The board that a schedule would name to make this request; `None` for a single posting and other pages that no schedule asks for.
fn asked(exchange: &Exchange) -> Option<Board> {
    let whole = exchange.board();
    let mut short = whole.clone();
    short.options.insert("content".to_owned(), false.into());
    let asks =
        |board: &Board| exchange.source().first(board).is_ok_and(|request| request.url == exchange.meta.url);
    [whole, short].into_iter().find(asks)
}

/// Ids as the file has them, in its order.
fn ids(exchange: &Exchange) -> Vec<String> {
    let body: Value = serde_json::from_slice(&exchange.body).unwrap();
    let records = if exchange.meta.source == "lever" { &body } else { &body["jobs"] };
    let id = |record: &Value| record["id"].as_str().map_or_else(|| record["id"].to_string(), str::to_owned);
    records.as_array().unwrap().iter().map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_is_stored_or_rejected_and_the_same_again_writes_nothing() {
    let Some(folder) = recordings::folder() else { return };
    let mut exchanges: Vec<(DateTime<Utc>, Exchange)> = read_all(&folder)
        .into_iter()
        // What those are to be read by is in `recorded_pages.rs`.
        .filter(|exchange| exchange.meta.source != "html")
        .map(|exchange| (exchange.meta.recorded_at.as_ref().unwrap().parse().unwrap(), exchange))
        .collect();
    exchanges.sort_by_key(|(at, _)| *at);
    let replay = Replay::start(std::slice::from_ref(&folder), ReplayOptions::default()).await.unwrap();
    let scraper = Scraper::new(replay.url().clone()).await;
    let mut others = Vec::new();
    let mut records = 0;
    for (at, exchange) in &exchanges {
        let Some(board) = asked(exchange) else {
            others.push(exchange.name());
            continue;
        };
        replay.set_as_of(Some(*at));
        records += scrape(&scraper, exchange, &board).await;
    }
    eprintln!("{records} records of {} listings; no listings: {others:?}", exchanges.len() - others.len());
    others.sort();
    let odd = |name: &String| !name.contains("/detail_") && !name.contains("/departments_");
    assert!(!others.iter().any(odd), "listings that no board asks for: {others:?}");
}

async fn scrape(scraper: &Scraper, exchange: &Exchange, board: &Board) -> usize {
    let name = exchange.name();
    let args = json!({ "source": exchange.meta.source, "boards": [board] });
    let first = scraper.board(args.clone()).await;
    assert_eq!(first["error"], Value::Null, "{name}");
    let ids = ids(exchange);
    let different: BTreeSet<&String> = ids.iter().collect();
    let count = |report: &Value, key: &str| usize::try_from(report[key].as_u64().unwrap()).unwrap();
    assert_eq!(count(&first, "seen") + count(&first, "rejected"), different.len(), "{name}: {first}");
    assert_eq!(ids.len(), exchange.meta.records, "{name}");
    let stored: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM worker.sightings AS s JOIN jobs AS j ON j.id = s.job_id
         WHERE s.source = $1 AND s.board = $2 AND s.source_id = ANY($3) AND s.missing_since IS NULL AND j.is_active",
    )
    .bind(&exchange.meta.source)
    .bind(&exchange.meta.board)
    .bind(&ids)
    .fetch_one(&scraper.db.pool)
    .await
    .unwrap();
    assert_eq!(usize::try_from(stored).unwrap(), count(&first, "seen"), "{name}");

    // Once more as if it were for the first time, then with the validators that this left behind.
    let versions = scraper.versions().await;
    sqlx::query("DELETE FROM worker.http_cache").execute(&scraper.db.pool).await.unwrap();
    let second = scraper.board(args.clone()).await;
    assert_eq!(second["not_modified"], false, "{name}");
    let third = scraper.board(args).await;
    let whole = second["complete"] == true && second["short"] == false;
    assert_eq!(third["not_modified"], whole, "{name}: {second}");
    for report in [&second, &third] {
        let quiet = ["new", "changed", "returned", "missing", "gone"].map(|key| count(report, key));
        assert_eq!(quiet, [0; 5], "{name}: {report}");
        assert_eq!(count(report, "unchanged"), count(&first, "seen"), "{name}: {report}");
    }
    assert_eq!(scraper.versions().await, versions, "{name}: rows written by the same listing again");
    ids.len()
}
