//! Many processes that store overlapping batches at once.

use std::{collections::BTreeMap, process::Stdio};

use career_worker::{config::Config, domain::Posting, store::Store};

use crate::{
    support::TestDb,
    upsert::{count, posting, sighted},
    upsert_model::check_invariants,
};

/// The postings of the storm: 300 identities that every process stores in batches of its own order, in one of three versions.
fn stormy(id: usize, version: usize) -> Posting {
    let source = ["greenhouse", "lever", "remotive"][id % 3];
    // Every tenth has the URL of its neighbour, which is of another source.
    let url = if id % 10 == 9 { id - 1 } else { id };
    let mut posting =
        posting(source, &format!("s{id}"), &format!("https://jobs.example.org/s/{url}"), "Engineer");
    posting.description = Some(format!("Version {version} of {id}"));
    posting
}

const STORM: usize = 300;

/// One process of [`twenty_processes_store_overlapping_batches`]; does nothing on its own.
#[test]
fn one_process_of_the_storm() {
    let (Ok(url), Ok(number)) = (std::env::var("CAREER_STORM_URL"), std::env::var("CAREER_STORM_NUMBER"))
    else {
        return;
    };
    let number: usize = number.parse().unwrap();
    let mut config = Config::load(None, &[("database.url", url)]).unwrap();
    config.database.max_connections = 2;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&config.database).unwrap();
        let batches = |start: usize| {
            let ids: Vec<usize> = (0..60).map(|n| (start + n * (number % 7 + 1)) % STORM).collect();
            ids.into_iter().map(|id| sighted(stormy(id, number % 3))).collect::<Vec<_>>()
        };
        for start in (0..STORM).step_by(75) {
            let start = (start + number * 37) % STORM;
            let (one, two) = (batches(start), batches(start + 11));
            let (one, two) = tokio::join!(store.upsert_postings(&one, "x"), store.upsert_postings(&two, "x"));
            one.unwrap();
            two.unwrap();
        }
    });
}

#[tokio::test]
async fn twenty_processes_store_overlapping_batches() {
    let db = TestDb::new().await;
    let mut children = Vec::new();
    for number in 0..20 {
        let child = tokio::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "upsert_storm::one_process_of_the_storm", "--nocapture"])
            .env("CAREER_STORM_URL", &db.url)
            .env("CAREER_STORM_NUMBER", number.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        children.push(child);
    }
    for child in children {
        let output = child.wait_with_output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "the child ran the wrong test");
    }
    let latest: BTreeMap<_, _> = (0..STORM)
        .map(|id| {
            let posting = stormy(id, 0);
            ((posting.source.clone(), posting.source_id.clone()), posting)
        })
        .collect();
    check_invariants(&db, &latest, &latest.keys().cloned().collect()).await;
    let shared = i64::try_from(STORM / 10).unwrap();
    let all = i64::try_from(STORM).unwrap();
    assert_eq!(count(&db, "SELECT count(*) FROM jobs").await, all - shared, "one row for each URL");
    assert_eq!(count(&db, "SELECT count(DISTINCT job_id) FROM worker.outbox").await, all - shared);
    let torn = count(
        &db,
        "SELECT count(*) FROM jobs AS j JOIN worker.sightings AS s ON s.job_id = j.id AND s.is_owner
         WHERE j.source <> s.source OR j.source_id <> s.source_id OR j.description !~ ('^Version [012] of ' || substr(s.source_id, 2) || '$')",
    )
    .await;
    assert_eq!(torn, 0, "content of another posting");
}
