//! Claims, fences and ends of digests on the database itself: whatever happens in whatever order, a mail leaves at most once unless a
//! person says otherwise.

use std::time::Duration;

use career_worker::{
    domain::{Channel, DigestId, RunId},
    store::{Actor, ClaimedDigest, DigestDeed, Store, Tried},
};
use proptest::prelude::*;

use super::{World, announce, channel_of, do_sql, user};
use crate::support::TestDb;

const LEASE: Duration = Duration::from_mins(1);
const PERSON: Actor<'static> = Actor { id: "test", address: None };

async fn claim(store: &Store, channel: Channel) -> Option<ClaimedDigest> {
    store.claim_digest(channel, RunId(1), LEASE).await.unwrap()
}

async fn finish(store: &Store, digest: &ClaimedDigest, tried: Tried) {
    store.finish_digest(&digest.id, digest.claim, &tried, 8, 5).await.unwrap();
}

async fn fence(store: &Store, digest: &ClaimedDigest) -> bool {
    store.fence_digest(&digest.id, digest.claim, LEASE).await.unwrap()
}

async fn state(db: &TestDb) -> String {
    sqlx::query_scalar("SELECT state FROM worker.digests").fetch_one(&db.pool).await.unwrap()
}

async fn lose(db: &TestDb) {
    do_sql(
        db,
        "UPDATE worker.digests SET lease_until = now() - interval '1 s' WHERE lease_until IS NOT NULL",
    )
    .await;
}

/// A database with one pending digest.
async fn one(channel: &str) -> (TestDb, i32) {
    let db = TestDb::new().await;
    let ann = user(&db, "ann").await;
    channel_of(&db, ann, channel, Some("https://hooks.example/200").filter(|_| channel == "webhook")).await;
    do_sql(
        &db,
        &format!("INSERT INTO worker.digests (user_id, channel, postings) VALUES ({ann}, '{channel}', '[]')"),
    )
    .await;
    (db, ann)
}

#[tokio::test]
async fn a_claim_that_is_lost_before_the_fence_is_taken_over() {
    let (db, _) = one("email").await;
    let first = claim(&db.store, Channel::Email).await.unwrap();
    assert!(claim(&db.store, Channel::Email).await.is_none(), "it is held");
    lose(&db).await;
    assert!(!fence(&db.store, &first).await, "a claim whose lease is over fences nothing");
    let second = claim(&db.store, Channel::Email).await.unwrap();
    assert_eq!((second.claim, second.attempts), (first.claim + 1, 2));
    assert!(!fence(&db.store, &first).await && fence(&db.store, &second).await);
    finish(&db.store, &first, Tried::Failed { error: "late".to_owned(), disable: true }).await;
    assert_eq!(state(&db).await, "sending", "who lost the claim changes nothing");
    finish(&db.store, &second, Tried::Sent).await;
    assert_eq!(state(&db).await, "sent");
}

#[tokio::test]
async fn a_mail_that_was_cut_off_is_held_and_an_answer_that_comes_late_still_counts() {
    let (db, _) = one("email").await;
    let digest = claim(&db.store, Channel::Email).await.unwrap();
    assert!(fence(&db.store, &digest).await);
    assert_eq!(db.store.settle_lost_digests(Channel::Email).await.unwrap(), 0, "its lease is good");
    lose(&db).await;
    assert_eq!(db.store.settle_lost_digests(Channel::Email).await.unwrap(), 1);
    assert_eq!(state(&db).await, "held");
    assert!(claim(&db.store, Channel::Email).await.is_none());
    finish(&db.store, &digest, Tried::Sent).await;
    assert_eq!(state(&db).await, "sent");
}

#[tokio::test]
async fn after_a_persons_word_an_old_answer_counts_no_more() {
    let (db, _) = one("email").await;
    let digest = claim(&db.store, Channel::Email).await.unwrap();
    assert!(fence(&db.store, &digest).await);
    lose(&db).await;
    db.store.settle_lost_digests(Channel::Email).await.unwrap();
    let released = db.store.change_digest_for(PERSON, DigestDeed::Release, &digest.id).await.unwrap();
    assert_eq!(released, Some(true));
    finish(&db.store, &digest, Tried::Sent).await;
    assert_eq!(state(&db).await, "pending");
    assert_eq!(claim(&db.store, Channel::Email).await.unwrap().id, digest.id);
}

#[tokio::test]
async fn a_webhook_that_was_cut_off_is_repeated_under_its_id() {
    let world = World::new().await;
    let ann = world.user("ann").await;
    world.channel(ann, "webhook", Some("https://hooks.example/200")).await;
    announce(&world.db, &[ann], "Keeper", 0.9).await;
    world.send().await;
    // As if the one who sent it had died before it could write so.
    world.do_sql("UPDATE worker.digests SET state = 'sending', finished_at = NULL, lease_until = now() - interval '1 s'").await;
    world.do_sql("UPDATE jobs SET title = 'Changed in the meantime'").await;
    world.send().await;
    let taken = world.receiver.taken();
    assert_eq!(taken.len(), 2);
    assert_eq!((&taken[0].id, &taken[0].body), (&taken[1].id, &taken[1].body), "the same once more");
    assert_eq!(world.digests(ann).await[0].0, "sent");
}

#[tokio::test]
async fn what_is_switched_off_meanwhile_does_not_leave() {
    let (db, ann) = one("email").await;
    let digest = claim(&db.store, Channel::Email).await.unwrap();
    db.store.unsubscribe(digest.user_id, Channel::Email).await.unwrap();
    assert!(!fence(&db.store, &digest).await);
    lose(&db).await;
    let again = claim(&db.store, Channel::Email).await.unwrap();
    assert!(again.target.is_none(), "user {ann} does not want it");
    finish(&db.store, &again, Tried::Skipped { error: "not wanted".to_owned() }).await;
    assert_eq!(state(&db).await, "skipped");
}

/// Something that happens to the only digest there is.
#[derive(Clone, Copy, Debug)]
enum Event {
    Claim,
    /// By the holder of an older claim, or the latest.
    Fence {
        latest: bool,
    },
    Finish {
        latest: bool,
        how: u8,
    },
    Lose,
    Settle,
    Due,
    Person(u8),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Claim),
        4 => any::<bool>().prop_map(|old| Event::Fence { latest: !old }),
        4 => (any::<bool>(), 0..6_u8).prop_map(|(old, how)| Event::Finish { latest: !old, how }),
        3 => Just(Event::Lose),
        3 => Just(Event::Settle),
        2 => Just(Event::Due),
        1 => (0..3_u8).prop_map(Event::Person),
    ]
}

/// Plays events and gives how often a message may have left without anybody knowing that the one before had not arrived.
async fn play(db: &TestDb, id: &DigestId, events: &[Event]) -> Result<(), String> {
    let mut claims: Vec<ClaimedDigest> = Vec::new();
    // A message may have arrived since: whoever was let through the fence and is not known to have been refused.
    let mut may_have_arrived = false;
    let mut fenced: Option<i32> = None;
    for event in events {
        let held = |latest: &bool| if *latest { claims.last() } else { claims.first() };
        match event {
            Event::Claim => claims.extend(claim(&db.store, Channel::Email).await),
            Event::Fence { latest } => {
                let Some(digest) = held(latest) else { continue };
                if fence(&db.store, digest).await {
                    if may_have_arrived {
                        return Err(format!("{event:?}: it leaves although it may have arrived"));
                    }
                    (may_have_arrived, fenced) = (true, Some(digest.claim));
                }
            }
            Event::Finish { latest, how } => {
                let Some(digest) = held(latest).cloned() else { continue };
                let error = || "x".to_owned();
                let mine = fenced == Some(digest.claim);
                // What is said must be true: only what was let through can have been sent, be refused or be unknown.
                let tried = match (how, mine) {
                    (0, true) => Tried::Sent,
                    (1, _) => Tried::Again { after: Duration::ZERO, error: error() },
                    (2, _) => Tried::Failed { error: error(), disable: false },
                    (3, true) => Tried::Held { error: error() },
                    (4, false) => Tried::NotTried { error: error() },
                    _ => continue,
                };
                let known_not_to_have_arrived = matches!(tried, Tried::Again { .. } | Tried::Failed { .. });
                finish(&db.store, &digest, tried).await;
                if mine && known_not_to_have_arrived {
                    (may_have_arrived, fenced) = (false, None);
                }
            }
            Event::Lose => lose(db).await,
            Event::Settle => drop(db.store.settle_lost_digests(Channel::Email).await.unwrap()),
            Event::Due => do_sql(db, "UPDATE worker.digests SET next_try = now()").await,
            Event::Person(which) => {
                let deed = [DigestDeed::Release, DigestDeed::Retry, DigestDeed::Drop][usize::from(*which)];
                let done = db.store.change_digest_for(PERSON, deed, id).await.unwrap();
                if done == Some(true) {
                    // They may send it twice, and know.
                    (may_have_arrived, fenced) = (false, None);
                }
            }
        }
        let state = state(db).await;
        if may_have_arrived && !["sending", "held", "sent"].contains(&state.as_str()) {
            return Err(format!("{event:?}: it may have arrived and is {state}"));
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_order_of_events_sends_a_mail_twice() {
    let (db, _) = one("email").await;
    let id: String =
        sqlx::query_scalar("SELECT id::text FROM worker.digests").fetch_one(&db.pool).await.unwrap();
    let id: DigestId = id.parse().unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let handle = tokio::runtime::Handle::current();
    let played = tokio::task::block_in_place(|| {
        runner.run(&proptest::collection::vec(event(), 1..40), |events| {
            handle.block_on(async {
                do_sql(
                    &db,
                    "UPDATE worker.digests SET state = 'pending', claim = 0, attempts = 0, lease_until = NULL, next_try = now(), finished_at = NULL",
                )
                .await;
                do_sql(&db, "UPDATE worker.user_channels SET enabled = true, failures = 0").await;
                play(&db, &id, &events).await.map_err(TestCaseError::fail)
            })
        })
    });
    played.unwrap();
}
