//! The run ledger against a model of it: any order of events leads to the state that the model says.

use std::time::Duration;

use career_worker::{
    domain::{ClaimedRun, NewRun, Outcome},
    store::{Changed, Renewal, RunDeed},
};
use proptest::prelude::*;
use serde_json::json;

use crate::{
    admin::TEST,
    ledger::{LEASE, claim, expire, finish, retry},
    rig::new_run,
    support::TestDb,
};

/// What may happen to a run.
#[derive(Clone, Debug)]
enum Step {
    Claim(usize),
    /// The holder of the n-th claim, perhaps long stale, reports.
    Finish(usize, Outcome),
    Renew(usize),
    LeaseRunsOut,
    Recover,
    Cancel,
    Retry,
    TimePasses,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let outcome = prop_oneof![
        Just(Outcome::Done(json!({ "ok": true }))),
        Just(retry()),
        Just(Outcome::Retry { after: Some(Duration::from_secs(5)), error: "busy".to_owned() }),
        Just(Outcome::Snooze { after: Duration::from_secs(9), reason: "later".to_owned() }),
        Just(Outcome::Stuck { error: "does not stop".to_owned() }),
        Just(Outcome::Fail { error: "hopeless".to_owned() }),
        Just(Outcome::Cancelled),
    ];
    let step = prop_oneof![
        4 => (0..2_usize).prop_map(Step::Claim),
        4 => (0..3_usize, outcome).prop_map(|(n, outcome)| Step::Finish(n, outcome)),
        1 => (0..3_usize).prop_map(Step::Renew),
        2 => Just(Step::LeaseRunsOut),
        2 => Just(Step::Recover),
        1 => Just(Step::Cancel),
        1 => Just(Step::Retry),
        4 => Just(Step::TimePasses),
    ];
    proptest::collection::vec(step, 1..30)
}

/// The run as it should be.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact about the run")]
#[derive(Debug)]
struct Model {
    state: &'static str,
    attempt: i16,
    max_attempts: i16,
    due: bool,
    cancel: bool,
    holder: Option<(usize, i32)>,
    lapsed: bool,
    claims: i32,
    suspect: bool,
}

impl Model {
    fn ends(&mut self, state: &'static str) {
        self.state = if self.cancel && matches!(state, "queued" | "failed") { "cancelled" } else { state };
        self.holder = None;
        self.lapsed = false;
    }

    fn finishes(&mut self, outcome: &Outcome) {
        self.suspect |= matches!(outcome, Outcome::Stuck { .. });
        match outcome {
            Outcome::Done(_) => self.ends("done"),
            Outcome::Fail { .. } => self.ends("dead"),
            Outcome::Cancelled => self.ends("cancelled"),
            Outcome::Retry { .. } | Outcome::Stuck { .. } if self.attempt >= self.max_attempts => {
                self.ends("dead");
            }
            Outcome::Retry { .. } | Outcome::Stuck { .. } => {
                self.ends("failed");
                self.due = false;
            }
            Outcome::Snooze { .. } => {
                self.ends("queued");
                self.attempt -= 1;
                self.due = false;
            }
        }
    }
}

const OWNERS: [&str; 2] = ["ann", "bob"];

#[expect(clippy::too_many_lines, reason = "one arm a step")]
async fn walk(db: &TestDb, max_attempts: i16, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let store = &db.store;
    sqlx::query("TRUNCATE worker.runs CASCADE").execute(&db.pool).await.unwrap();
    let new = NewRun { max_attempts, ..new_run("note", "a") };
    let (id, _) = store.insert_run(&new).await.unwrap();
    let mut model = Model {
        state: "queued",
        attempt: 0,
        max_attempts,
        due: true,
        cancel: false,
        holder: None,
        lapsed: false,
        claims: 0,
        suspect: false,
    };
    let mut held: Vec<(usize, ClaimedRun)> = Vec::new();
    for step in steps {
        match &step {
            Step::Claim(owner) => {
                let claimed = claim(store, OWNERS[*owner]).await;
                let open = matches!(model.state, "queued" | "failed") && model.due;
                prop_assert_eq!(claimed.is_some(), open, "{:?}", model);
                if let Some(run) = claimed {
                    model.state = "running";
                    model.attempt += 1;
                    model.claims += 1;
                    model.holder = Some((*owner, model.claims));
                    prop_assert_eq!((run.attempt, run.claim), (model.attempt, model.claims));
                    prop_assert_eq!(run.suspect, model.suspect);
                    held.push((*owner, run));
                }
            }
            Step::Finish(back, outcome) => {
                let Some((owner, run)) = held.iter().rev().nth(*back) else { continue };
                let landed = finish(store, run, OWNERS[*owner], outcome.clone()).await;
                prop_assert_eq!(landed, model.holder == Some((*owner, run.claim)), "{:?}", model);
                if landed {
                    model.finishes(outcome);
                }
            }
            Step::Renew(back) => {
                let Some((owner, run)) = held.iter().rev().nth(*back) else { continue };
                let renewal = Renewal { id, claim: run.claim, progress: (1, 2) };
                let renewed = store.renew_leases(OWNERS[*owner], LEASE, &[renewal]).await.unwrap();
                let ours = model.holder == Some((*owner, run.claim));
                prop_assert_eq!(renewed.lost.is_empty(), ours);
                prop_assert_eq!(!renewed.cancel_wanted.is_empty(), ours && model.cancel);
                model.lapsed &= !ours;
            }
            Step::LeaseRunsOut => {
                expire(&db.pool).await;
                model.lapsed = model.state == "running";
            }
            Step::Recover => {
                let recovered = store.recover_expired(10).await.unwrap();
                prop_assert_eq!(recovered.len(), usize::from(model.lapsed));
                if model.lapsed {
                    let used_up = model.attempt >= model.max_attempts;
                    model.ends(if model.cancel {
                        "cancelled"
                    } else if used_up {
                        "dead"
                    } else {
                        "queued"
                    });
                    model.suspect = true;
                    // It was due when it was claimed.
                    model.due = true;
                }
            }
            Step::Cancel => {
                let expected = match model.state {
                    "queued" | "failed" => Changed::Now,
                    "running" => Changed::Soon,
                    _ => Changed::No,
                };
                prop_assert_eq!(store.change_run_for(TEST, RunDeed::Cancel, id).await.unwrap(), expected);
                model.cancel |= expected != Changed::No;
                if expected == Changed::Now {
                    model.ends("cancelled");
                }
            }
            Step::Retry => {
                let open = matches!(model.state, "dead" | "cancelled");
                let expected = if open { Changed::Now } else { Changed::No };
                prop_assert_eq!(store.change_run_for(TEST, RunDeed::Retry, id).await.unwrap(), expected);
                if open {
                    (model.state, model.attempt, model.due, model.cancel) = ("queued", 0, true, false);
                }
            }
            Step::TimePasses => {
                sqlx::query("UPDATE worker.runs SET run_at = now()").execute(&db.pool).await.unwrap();
                model.due = true;
            }
        }
        let run = store.get_run(id).await.unwrap().unwrap();
        prop_assert_eq!(run.state.as_str(), model.state, "after {:?}: {:?}", step, model);
        prop_assert_eq!(run.attempt, model.attempt);
        prop_assert_eq!(run.cancel_wanted, model.cancel);
        prop_assert_eq!(run.owner.as_deref(), model.holder.map(|(owner, _)| OWNERS[owner]));
        prop_assert!(run.attempt <= run.max_attempts);
    }
    Ok(())
}

#[test]
fn any_order_of_events_keeps_to_the_state_machine() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let db = runtime.block_on(TestDb::new());
    let config = ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(max_attempts in 1..4_i16, steps in steps())| {
        runtime.block_on(walk(&db, max_attempts, steps))?;
    });
    runtime.block_on(async { drop(db) });
}
