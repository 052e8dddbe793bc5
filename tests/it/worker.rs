//! Workers on the real ledger, without Redis.

use std::time::{Duration, Instant};

use career_worker::{
    domain::{Outcome, Queue, Shard},
    store::{Changed, PauseKind, RunDeed},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    admin::TEST,
    rig::{Rig, effects, label, new_run, open_gate, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_from_queued_to_done() {
    let (rig, label) = (Rig::new().await, label());
    let id = rig.enqueue(&new_run("note", &label)).await;
    assert_eq!(rig.run(id).await.state, "queued");
    let worker = rig.start();
    let run = rig.until_state(id, "done").await;
    assert_eq!((run.attempt, run.owner, run.error), (1, None, None));
    assert_eq!((run.report, run.progress_done, run.progress_total), (Some(json!({ "noted": 0 })), 1, 1));
    assert!(run.started_at >= Some(run.created_at) && run.finished_at >= run.started_at);
    assert_eq!(effects(&label).runs, 1);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_task_and_a_panicking_task_are_dead_after_their_attempts() {
    let (rig, failing, panicking) = (Rig::new().await, label(), label());
    let fail = rig.enqueue(&new_run("fail", &failing)).await;
    let panic = rig.enqueue(&new_run("panic", &panicking)).await;
    let unknown = rig.enqueue(&new_run("nonsense", "")).await;
    let worker = rig.start();
    let run = rig.until_state(fail, "dead").await;
    assert_eq!((run.attempt, run.error.as_deref()), (3, Some("always fails")));
    let run = rig.until_state(panic, "dead").await;
    assert_eq!((run.attempt, run.error.as_deref()), (3, Some("panicked: poison 0")));
    let run = rig.until_state(unknown, "dead").await;
    assert_eq!(run.attempt, 1);
    assert!(run.error.unwrap().starts_with("unknown task \"nonsense\", expected one of note"));
    assert_eq!((effects(&failing).runs, effects(&panicking).runs), (3, 3));
    let after = rig.enqueue(&new_run("note", &failing)).await;
    rig.until_state(after, "done").await;
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_never_returns_times_out_and_is_tried_again() {
    let (rig, label) = (Rig::new().await, label());
    let id = rig.enqueue(&new_run("hang", &label)).await;
    let worker = rig.start();
    let run = rig.until_state(id, "dead").await;
    assert_eq!((run.attempt, run.error.as_deref()), (2, Some("timed out after 200ms")));
    assert_eq!(effects(&label).runs, 2);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn snoozing_costs_no_attempt() {
    let (rig, label) = (Rig::new().await, label());
    let id = rig.enqueue(&new_run("snooze", &label)).await;
    let worker = rig.start();
    let run = rig.until_state(id, "done").await;
    assert_eq!((run.attempt, run.max_attempts, effects(&label).runs), (1, 1, 5));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_runs_at_once_than_slots_and_no_fewer() {
    let (rig, label) = (Rig::new().await, label());
    for _ in 0..80 {
        rig.enqueue(&new_run("busy", &label)).await;
    }
    let worker = rig.start();
    until("all are done", || async { rig.count("done").await == 80 }).await;
    let effects = effects(&label);
    assert_eq!((effects.runs, effects.most), (80, 8));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn higher_priority_goes_first_then_the_longest_due() {
    let rig = Rig::new().await;
    let label = label();
    let mut expected = Vec::new();
    for (n, priority) in [(1, 0), (2, 5), (3, -1), (4, 5), (5, 0)] {
        let mut run = new_run("note", &label);
        run.priority = priority;
        run.args = json!({ "label": label, "n": n });
        rig.enqueue(&run).await;
        expected.push((-priority, n));
    }
    expected.sort_unstable();
    let claimed = rig
        .db
        .store
        .claim_runs(Queue::Maintenance, "me", Duration::from_secs(9), 9, Shard::WHOLE)
        .await
        .unwrap();
    let order: Vec<_> = claimed.iter().map(|run| run.args["n"].as_i64().unwrap()).collect();
    assert_eq!(order, expected.iter().map(|(_, n)| *n).collect::<Vec<i64>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn paused_queues_schedules_and_sources_wait() {
    let (rig, label) = (Rig::new().await, label());
    let store = &rig.db.store;
    store.insert_pause(PauseKind::Schedule, "nightly", Some("ann")).await.unwrap();
    let mut scheduled = new_run("note", &label);
    scheduled.schedule = Some("nightly".to_owned());
    let scheduled = rig.enqueue(&scheduled).await;
    store.insert_pause(PauseKind::Source, "lever", None).await.unwrap();
    let mut sourced = new_run("note", &label);
    sourced.args = json!({ "label": label, "source": "lever" });
    let sourced = rig.enqueue(&sourced).await;
    let worker = rig.start();
    let free = rig.enqueue(&new_run("note", &label)).await;
    rig.until_state(free, "done").await;
    assert_eq!(
        (rig.run(scheduled).await.state, rig.run(sourced).await.state),
        ("queued".into(), "queued".into())
    );
    assert!(store.delete_pause(PauseKind::Schedule, "nightly").await.unwrap());
    rig.until_state(scheduled, "done").await;

    assert!(store.insert_pause(PauseKind::Queue, "maintenance", None).await.unwrap());
    assert!(!store.insert_pause(PauseKind::Queue, "maintenance", None).await.unwrap());
    store.delete_pause(PauseKind::Source, "lever").await.unwrap();
    let stats = store.queue_stats().await.unwrap();
    let stats = stats.iter().find(|stats| stats.queue == "maintenance").unwrap();
    assert!(stats.paused && stats.due == 1 && stats.done == 2);
    assert_eq!(store.list_due_queues(&Queue::ALL).await.unwrap(), []);
    store.delete_pause(PauseKind::Queue, "maintenance").await.unwrap();
    // Its arguments name a key that this task does not know: it runs at last, and says so.
    let run = rig.until_state(sourced, "dead").await;
    assert!(run.error.unwrap().contains("unknown field `source`"));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_and_running_runs_are_cancelled_and_tried_again_on_wish() {
    let (rig, label) = (Rig::new().await, label());
    let store = &rig.db.store;
    let waiting = rig.enqueue(&new_run("note", &label)).await;
    assert_eq!(store.change_run_for(TEST, RunDeed::Cancel, waiting).await.unwrap(), Changed::Now);
    assert_eq!(store.change_run_for(TEST, RunDeed::Cancel, waiting).await.unwrap(), Changed::No);
    let worker = rig.start();
    let running = rig.enqueue(&new_run("wait", &label)).await;
    rig.until_state(running, "running").await;
    until("progress is shown", || async { rig.run(running).await.progress_done == 2 }).await;
    assert_eq!(store.change_run_for(TEST, RunDeed::Cancel, running).await.unwrap(), Changed::Soon);
    rig.until_state(running, "cancelled").await;
    assert_eq!(rig.run(waiting).await.state, "cancelled");
    open_gate(&label);
    assert_eq!(store.change_run_for(TEST, RunDeed::Retry, running).await.unwrap(), Changed::Now);
    let run = rig.until_state(running, "done").await;
    assert_eq!((run.attempt, run.cancel_wanted), (1, false));
    let attempts = store.list_attempts_of(running).await.unwrap();
    let outcomes: Vec<(i32, &str)> =
        attempts.iter().map(|attempt| (attempt.claim, attempt.outcome.as_str())).collect();
    assert_eq!(outcomes, [(1, "cancelled")], "what ended well with its first attempt has no row of its own");
    assert_eq!(store.change_run_for(TEST, RunDeed::Retry, running).await.unwrap(), Changed::No);
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_a_dead_worker_runs_again_after_its_lease() {
    let (rig, label) = (Rig::with(&[("runs.lease", "600ms")]).await, label());
    let id = rig.enqueue(&new_run("note", &label)).await;
    let lost = rig
        .db
        .store
        .claim_runs(Queue::Maintenance, "dead", Duration::from_millis(600), 1, Shard::WHOLE)
        .await
        .unwrap();
    let claimed = Instant::now();
    assert_eq!(lost.len(), 1);
    let worker = rig.start();
    let run = rig.until_state(id, "done").await;
    assert!(claimed.elapsed() >= Duration::from_millis(600));
    assert!(claimed.elapsed() < Duration::from_secs(5));
    assert_eq!((run.attempt, effects(&label).runs), (2, 1));
    worker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lost_its_lease_stops_and_changes_nothing() {
    let (rig, label) = (Rig::new().await, label());
    let id = rig.enqueue(&new_run("wait", &label)).await;
    let worker = rig.start();
    rig.until_state(id, "running").await;
    sqlx::query(
        "UPDATE worker.runs SET owner = 'thief', claim = claim + 1, lease_until = now() + interval '1 hour'",
    )
    .execute(&rig.db.pool)
    .await
    .unwrap();
    until("the attempt is stopped", || async { effects(&label).now == 0 }).await;
    let run = rig.run(id).await;
    assert_eq!((run.state.as_str(), run.owner.as_deref()), ("running", Some("thief")));
    worker.stop().await;
    assert_eq!(rig.run(id).await.owner.as_deref(), Some("thief"));
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_finishes_what_it_can_and_gives_back_the_rest() {
    let (rig, quick, slow) = (Rig::with(&[("runs.drain", "500ms")]).await, label(), label());
    let finishing = rig.enqueue(&new_run("wait", &quick)).await;
    let heeding = rig.enqueue(&new_run("wait", &slow)).await;
    let stubborn = rig.enqueue(&new_run("stubborn", &slow)).await;
    let worker = rig.start();
    until("all run", || async { rig.count("running").await == 3 && effects(&slow).now == 2 }).await;
    let started = Instant::now();
    worker.shutdown.cancel();
    open_gate(&quick);
    rig.until_state(finishing, "done").await;
    let late = rig.enqueue(&new_run("note", &slow)).await;
    worker.stop().await;
    assert!(started.elapsed() < Duration::from_millis(500 + 1000 + 2000));
    for id in [heeding, stubborn] {
        let run = rig.run(id).await;
        assert_eq!((run.state.as_str(), run.attempt, run.owner), ("queued", 0, None));
    }
    assert_eq!(rig.run(late).await.state, "queued");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_stops_at_once() {
    let (rig, label) = (Rig::new().await, label());
    let id = rig.enqueue(&new_run("stubborn", &label)).await;
    let worker = rig.start();
    until("it runs", || async { effects(&label).now == 1 }).await;
    let started = Instant::now();
    worker.halt.cancel();
    worker.ended.await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(rig.run(id).await.state, "queued");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_run_each_of_four_hundred_once() {
    // A lease that no crowded machine lets run out: nobody dies here.
    let rig = Rig::with(&[("runs.lease", "25s")]).await;
    let labels: Vec<_> = (0..400).map(|_| label()).collect();
    let workers = [rig.start(), rig.start()];
    let enqueued = futures::future::join_all(labels.iter().map(|label| {
        let run = new_run("note", label);
        let rig = &rig;
        async move { rig.enqueue(&run).await }
    }));
    enqueued.await;
    until("all are done", || async { rig.count("done").await == 400 }).await;
    assert!(labels.iter().all(|label| effects(label).runs == 1));
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cutting_the_connections_to_the_database_loses_nothing() {
    // Longer than a crowded machine holds anybody up, shorter than the wait for runs whose claim was cut off.
    let rig = Rig::with(&[("runs.lease", "8s")]).await;
    let labels: Vec<_> = (0..100).map(|_| label()).collect();
    for label in &labels {
        // A claim whose answer is lost counts as an attempt: the worker cannot know of it.
        let run = career_worker::domain::NewRun { max_attempts: 9, ..new_run("busy", label) };
        rig.enqueue(&run).await;
    }
    let workers = [rig.start(), rig.start()];
    for round in 1..=5 {
        until("work goes on", || async { rig.count("done").await >= round * 15 }).await;
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'career-worker'",
        )
        .execute(&rig.db.pool)
        .await
        .unwrap();
    }
    until("all are over", || async { rig.count("done").await == 100 }).await;
    assert!(labels.iter().all(|label| effects(label).runs == 1));
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_stops_in_time_though_the_database_does_not_answer() {
    let (rig, label) = (Rig::with(&[("runs.drain", "300ms")]).await, label());
    let id = rig.enqueue(&new_run("wait", &label)).await;
    let (cut_off, hole) = rig.start_through_hole().await;
    until("it runs", || async { effects(&label).now == 1 }).await;
    hole.swallow();
    let started = Instant::now();
    cut_off.stop().await;
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    open_gate(&label);
    let other = rig.start();
    assert_eq!(rig.until_state(id, "done").await.attempt, 2);
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_executed_in_process_past_the_queue() {
    let (rig, label) = (Rig::new().await, label());
    let worker = rig.worker(career_worker::queue::Transport::local());
    let mut wish = new_run("note", &label);
    wish.key = Some("once".to_owned());
    let never = CancellationToken::new();
    let (id, outcome) = worker.execute(&wish, &never).await.unwrap();
    assert_eq!(outcome, Outcome::Done(json!({ "noted": 0 })));
    assert_eq!(rig.run(id).await.state, "done");
    let error = worker.execute(&wish, &never).await.unwrap_err();
    assert_eq!(error.to_string(), "key \"once\" was used by an earlier run");
    let error = worker.execute(&new_run("nonsense", ""), &never).await.unwrap_err();
    assert!(error.to_string().starts_with("unknown task \"nonsense\""));
    assert_eq!(rig.count("done").await, 1);

    let cancel = CancellationToken::new();
    let waiting = new_run("wait", &label);
    let (executed, ()) = tokio::join!(worker.execute(&waiting, &cancel), async {
        until("it runs", || async { effects(&label).now == 1 }).await;
        cancel.cancel();
    });
    let (id, outcome) = executed.unwrap();
    assert_eq!(outcome, Outcome::Cancelled);
    assert_eq!(rig.run(id).await.state, "cancelled");
}
