//! The task: it finds what is there, tells or does not, and goes on where it was.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use career_worker::{
    config::{Config, OnChange},
    domain::{Outcome, Queue, RunId},
    store::{NoticeRules, RunDeed},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::World;
use crate::{admin::TEST, rig::until};

#[tokio::test]
async fn a_changed_search_finds_exactly_what_asking_every_posting_finds() {
    let world = World::new().await;
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    world.postings(300, 1).await;
    let mut searches = Vec::new();
    for (user, query, filters) in [
        (ann, "rust", json!({ "job_type": "full-time", "remote_only": true })),
        (ann, "nurse OR analyst", json!({ "min_salary": 60000, "source": ["lever", "greenhouse"] })),
        (ben, "", json!({ "tech_stack": ["C++"], "posted_within_days": 20, "location": "Berlin" })),
        (ben, "senior -python", json!({ "max_salary": 60000, "currency": "USD" })),
    ] {
        searches.push(world.search(user, query, filters).await);
    }
    sqlx::query("UPDATE saved_searches SET query = 'rust engineer' WHERE id = $1")
        .bind(searches[0])
        .execute(world.pool())
        .await
        .unwrap();
    for (at, search) in searches.iter().enumerate() {
        let expected = world.brute_force(&[*search], &[], 30).await;
        assert!(!expected.is_empty(), "search {at} has something to find");
        let report = world.rematch(json!({ "search_id": search })).await;
        assert_eq!(world.pairs().await, expected, "search {at}");
        assert_eq!(report["matches"], json!(expected.len()), "search {at}: {report}");
        let again = world.rematch(json!({ "search_id": search, "days": 30 })).await;
        assert_eq!((&again["matches"], &again["postings"]), (&json!(0), &report["postings"]), "{again}");
        sqlx::query("DELETE FROM worker.matches").execute(world.pool()).await.unwrap();
    }
    let expected = world.brute_force(&searches, &[], 12).await;
    let report = world.rematch(json!({ "search_ids": searches, "days": 12 })).await;
    assert_eq!(world.pairs().await, expected);
    assert!(report["compared"].as_u64() <= report["postings"].as_u64(), "{report}");
}

#[tokio::test]
async fn a_user_has_searches_and_a_profile_and_all_is_everybody() {
    let world = World::new().await;
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    world.postings(200, 2).await;
    let rust = world.search(ann, "rust", json!({})).await;
    let nurse = world.search(ben, "nurse", json!({})).await;
    let off = world.search(ben, "analyst", json!({})).await;
    sqlx::query("UPDATE saved_searches SET is_active = false WHERE id = $1")
        .bind(off)
        .execute(world.pool())
        .await
        .unwrap();
    sqlx::query("INSERT INTO user_profiles (user_id, desired_title, tech_stack) VALUES ($1, 'Data Analyst', '[\"SQL\"]')")
        .bind(ann)
        .execute(world.pool())
        .await
        .unwrap();
    let of_ann = world.brute_force(&[rust], &[ann], 30).await;
    assert!(
        of_ann.len() > world.brute_force(&[rust], &[], 30).await.len(),
        "the profile finds something of its own"
    );
    world.rematch(json!({ "user_id": ann })).await;
    assert_eq!(world.pairs().await, of_ann);
    let scored =
        world.count("worker.matches WHERE profile_score IS NOT NULL AND score = profile_score").await;
    assert!(scored > 0, "pairs have the score that new postings would have");

    let everything = world.brute_force(&[rust, nurse], &[ann, ben], 30).await;
    let report = world.rematch(json!({ "all": true })).await;
    assert_eq!(world.pairs().await, everything);
    assert_eq!(report["matches"], json!(everything.len() - of_ann.len()));
    let nobody = world.rematch(json!({ "search_id": off })).await;
    assert_eq!(nobody["postings"], json!(0), "an inactive search is not looked for: {nobody}");
}

#[tokio::test]
async fn silent_pairs_are_seen_already_and_announced_ones_wait() {
    let world = World::new().await;
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let ids = world.postings(120, 3).await;
    let first = world.search(ann, "engineer", json!({})).await;
    let known: i32 = sqlx::query_scalar(
        "INSERT INTO worker.matches (job_id, user_id, score, search_ids)
         SELECT id, $1, 0.25, '{}' FROM jobs
         WHERE title LIKE '%Engineer%' AND is_active IS NOT FALSE AND created_at > now() - interval '29 days' LIMIT 1 RETURNING job_id",
    )
    .bind(ann)
    .fetch_one(world.pool())
    .await
    .unwrap();
    let waits: i32 = sqlx::query_scalar(
        "INSERT INTO worker.outbox (job_id)
         SELECT id FROM jobs WHERE title LIKE '%Engineer%' AND is_active IS NOT FALSE AND created_at > now() - interval '29 days' AND id <> $1
         LIMIT 1 RETURNING job_id",
    )
    .bind(known)
    .fetch_one(world.pool())
    .await
    .unwrap();
    world.rematch(json!({ "search_id": first })).await;
    let waiting: Vec<i32> =
        sqlx::query_scalar("SELECT job_id FROM worker.matches WHERE user_id = $1 AND notified_at IS NULL AND NOT silent ORDER BY job_id")
            .bind(ann)
            .fetch_all(world.pool())
            .await
            .unwrap();
    let mut expected = [known, waits];
    expected.sort_unstable();
    assert_eq!(waiting, expected, "what waited still waits, and a posting that is not matched yet is news");
    let untouched = world.count(&format!("worker.matches WHERE job_id = {known} AND score = 0.25")).await;
    assert_eq!(untouched, 1, "a known pair stays as it is");
    let silent = world.count("worker.matches WHERE silent AND notified_at IS NOT NULL").await;
    assert_eq!(i64::try_from(world.pairs().await.len()).unwrap(), silent + 2);
    assert!(silent > 5 && ids.len() == 120);

    let second = world.search(ben, "engineer", json!({})).await;
    let report = world.rematch(json!({ "search_id": second, "announce": true, "limit": 5 })).await;
    assert_eq!(report["matches"], json!(5));
    let told = format!("worker.matches WHERE user_id = {ben} AND notified_at IS NULL AND NOT silent");
    assert_eq!(world.count(&told).await, 5);
    let newest: Vec<i32> =
        world.brute_force(&[second], &[], 30).await.into_iter().map(|(job, _)| job).rev().take(5).collect();
    let kept: Vec<i32> =
        sqlx::query_scalar("SELECT job_id FROM worker.matches WHERE user_id = $1 ORDER BY job_id DESC")
            .bind(ben)
            .fetch_all(world.pool())
            .await
            .unwrap();
    assert_eq!(kept, newest);
    let rules = NoticeRules { frequency: "instant", daily_cap: 50, backlog_days: 7 };
    let due = world.db.store.list_due_users(None, 10, rules).await.unwrap();
    let batch = world.db.store.claim_notices(&due, rules).await.unwrap();
    let readers: Vec<i32> = batch.waiting.iter().map(|pair| pair.user_id.0).collect();
    assert_eq!(readers.iter().filter(|user| **user == ben).count(), 5);
    assert_eq!(readers.iter().filter(|user| **user == ann).count(), 2, "nobody is told of silent pairs");
}

#[tokio::test]
async fn somebody_who_applied_or_left_is_not_matched() {
    let world = World::new().await;
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    world.postings(60, 4).await;
    let (of_ann, of_ben) =
        (world.search(ann, "engineer", json!({})).await, world.search(ben, "engineer", json!({})).await);
    let expected = world.brute_force(&[of_ann], &[], 30).await;
    let (applied, _) = *expected.first().unwrap();
    sqlx::query("INSERT INTO applications (job_id, user_id, status) VALUES ($1, $2, 'applied')")
        .bind(applied)
        .bind(ann)
        .execute(world.pool())
        .await
        .unwrap();
    sqlx::query("UPDATE users SET is_active = false WHERE id = $1")
        .bind(ben)
        .execute(world.pool())
        .await
        .unwrap();
    world.rematch(json!({ "search_ids": [of_ann, of_ben] })).await;
    let found = world.pairs().await;
    assert_eq!(found.len(), expected.len() - 1);
    assert!(!found.contains(&(applied, ann)));
}

async fn progress(world: &World) -> (i64, i64) {
    let row =
        sqlx::query_as("SELECT postings, total FROM worker.rematches").fetch_optional(world.pool()).await;
    row.unwrap().unwrap_or_default()
}

/// kill -9 of the program in the middle: another worker goes on there, and every posting was looked at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_goes_on_where_it_was() {
    let world = World::new().await;
    let ann = world.user("ann").await;
    world.postings(240, 5).await;
    let search = world.search(ann, "engineer OR nurse", json!({})).await;
    let expected = world.brute_force(&[search], &[], 30).await;
    let mut program = Command::new(env!("CARGO_BIN_EXE_career-worker"))
        .args(["run", "--task", "rematch", "--args", &json!({ "search_id": search }).to_string()])
        .env("DATABASE_URL", &world.db.url)
        .env("REDIS_URL", "redis://127.0.0.1:1")
        .env("CAREER__REMATCH__PAGE", "5")
        .env("CAREER__REMATCH__PER_SECOND", "20")
        .env("CAREER__RUNS__LEASE", "2s")
        .env("CAREER__RUNS__RENEW", "500ms")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("some pages are done", || async { progress(&world).await.0 >= 10 }).await;
    program.kill().unwrap();
    program.wait().unwrap();
    let (done, total) = progress(&world).await;
    assert!(done < total, "it was killed in the middle: {done} of {total}");
    let before = world.pairs().await;
    assert!(before.len() < expected.len() && before.is_subset(&expected));

    let (shutdown, halt) = (CancellationToken::new(), CancellationToken::new());
    let (worker, stop) = (world.worker(), shutdown.clone());
    let ended = tokio::spawn(async move { worker.run(&[Queue::Maintenance], stop, halt).await });
    let id: i64 = sqlx::query_scalar("SELECT id FROM worker.runs WHERE task = 'rematch'")
        .fetch_one(world.pool())
        .await
        .unwrap();
    let state = || async { world.db.store.get_run(RunId(id)).await.unwrap().unwrap() };
    until("the run is done", || async { state().await.state == "done" }).await;
    shutdown.cancel();
    ended.await.unwrap();
    let report = state().await.report.unwrap();
    assert_eq!(world.pairs().await, expected);
    assert_eq!(
        (&report["postings"], &report["matches"]),
        (&json!(total), &json!(expected.len())),
        "{report}"
    );
}

#[tokio::test]
async fn a_cancelled_run_keeps_its_pages_and_can_be_taken_up_again() {
    let world = World::with(|config| (config.rematch.page, config.rematch.per_second) = (5, 50)).await;
    let ann = world.user("ann").await;
    world.postings(150, 6).await;
    let search = world.search(ann, "engineer", json!({})).await;
    let expected = world.brute_force(&[search], &[], 30).await;
    let (cancel, worker) = (CancellationToken::new(), world.worker());
    let run = World::run_of(json!({ "search_id": search }));
    let (executed, ()) = tokio::join!(worker.execute(&run, &cancel), async {
        until("some pages are done", || async { progress(&world).await.0 >= 10 }).await;
        cancel.cancel();
    });
    let (id, outcome) = executed.unwrap();
    assert_eq!(outcome, Outcome::Cancelled);
    let (done, total) = progress(&world).await;
    assert!(done < total && !expected.is_empty());

    world.db.store.change_run_for(TEST, RunDeed::Retry, id).await.unwrap();
    let (shutdown, halt) = (CancellationToken::new(), CancellationToken::new());
    let mut config = Config::clone(&world.config);
    config.rematch.per_second = 1_000_000;
    let quick = World { db: world.db, config: std::sync::Arc::new(config) };
    let (worker, stop) = (quick.worker(), shutdown.clone());
    let ended = tokio::spawn(async move { worker.run(&[Queue::Maintenance], stop, halt).await });
    until("the run is done", || async { quick.db.store.get_run(id).await.unwrap().unwrap().state == "done" })
        .await;
    shutdown.cancel();
    ended.await.unwrap();
    assert_eq!(quick.pairs().await, expected);
    assert_eq!(progress(&quick).await, (total, total));
}

#[tokio::test]
async fn a_new_search_is_rematched_by_itself_where_that_is_wished() {
    for (wish, waiting) in [(OnChange::Off, None), (OnChange::Silent, Some(0)), (OnChange::Announce, Some(1))]
    {
        let world = World::with(|config| config.rematch.on_change = wish).await;
        let ann = world.user("ann").await;
        world.postings(60, 7).await;
        let search = world.search(ann, "engineer", json!({})).await;
        world.search(ann, "nurse", json!({})).await;
        let (shutdown, halt) = (CancellationToken::new(), CancellationToken::new());
        let (worker, stop) = (world.worker(), shutdown.clone());
        let ended = tokio::spawn(async move { worker.run(&[Queue::Maintenance], stop, halt).await });
        if waiting.is_some() {
            until("the run is done", || async {
                world.count("worker.runs WHERE task = 'rematch' AND state = 'done'").await == 1
            })
            .await;
            sqlx::query("UPDATE saved_searches SET query = 'analyst' WHERE id = $1")
                .bind(search)
                .execute(world.pool())
                .await
                .unwrap();
            until("the change is followed", || async {
                world.count("worker.runs WHERE task = 'rematch' AND state = 'done'").await == 2
            })
            .await;
        } else {
            until("the reconciler has looked", || async { world.count("worker.tasks").await > 0 }).await;
        }
        tokio::time::timeout(Duration::from_secs(20), async {
            shutdown.cancel();
            ended.await.unwrap();
        })
        .await
        .unwrap();
        let runs = world.count("worker.runs WHERE task = 'rematch'").await;
        let told = world.count("worker.matches WHERE notified_at IS NULL").await;
        match waiting {
            None => assert_eq!((runs, world.pairs().await.len()), (0, 0), "{wish:?}"),
            Some(any) => {
                assert_eq!(
                    (runs, told.min(1)),
                    (2, any),
                    "{wish:?}: one run took both searches, one the change"
                );
                assert!(!world.pairs().await.is_empty());
            }
        }
    }
}
