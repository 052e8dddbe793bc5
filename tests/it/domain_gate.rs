//! Two replicas, one database: only one of them asks a domain at a time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use career_worker::{
    domain::{Politeness, Request},
    fetch::{Ask, DomainGate as _, Entry, Fetch, FetchError, Response, Validators},
    random::Random,
    tasks::DatabaseGate,
};
use tokio_util::sync::CancellationToken;

use crate::{
    fetch::server::{Server, ok, status},
    process::Program,
    storm::source::Source,
    support::{TestDb, eventually, redis_url, unique},
};

const SECOND: Duration = Duration::from_secs(1);

fn replica(db: &TestDb, server: &Server, owner: &str, lease: Duration) -> Fetch {
    let gate = DatabaseGate::new(db.store.clone(), owner).with_lease(lease);
    let config = crate::fetch::config(Some(&server.url));
    Fetch::new(&config, crate::fetch::clock(), Random::seeded(1), Arc::new(gate)).unwrap()
}

async fn get(fetch: &Fetch, url: &str) -> Result<Response, FetchError> {
    let request = Request::json(url);
    let politeness = Politeness { timeout: Duration::from_secs(10), ..Politeness::API };
    let cancelled = CancellationToken::new();
    fetch.send(Ask { request: &request, politeness, validators: Validators::default(), cancelled }).await
}

#[tokio::test]
async fn a_domain_belongs_to_one_until_given_up_or_run_out() {
    let db = TestDb::new().await;
    let a = DatabaseGate::new(db.store.clone(), "a");
    let b = DatabaseGate::new(db.store.clone(), "b").with_lease(Duration::from_millis(300));
    let held = |entry: &Entry, least: u64, most: u64| match entry {
        Entry::Held { lease, blocked: None } => lease.as_secs() >= least && lease.as_secs() <= most,
        _ => false,
    };
    let first = a.enter("x.example", SECOND).await.unwrap();
    assert!(held(&first, 29, 30), "{first:?}");
    let Entry::Busy { retry_after } = b.enter("x.example", SECOND).await.unwrap() else {
        panic!("two owners")
    };
    assert!(retry_after > 28 * SECOND && retry_after <= 30 * SECOND);
    assert!(held(&a.enter("x.example", 50 * SECOND).await.unwrap(), 49, 50), "renewed, for as long as asked");

    b.leave("x.example", Duration::ZERO).await.unwrap();
    assert!(
        matches!(b.enter("x.example", SECOND).await.unwrap(), Entry::Busy { .. }),
        "only the owner gives it up"
    );
    a.leave("x.example", Duration::ZERO).await.unwrap();
    assert!(held(&b.enter("x.example", Duration::ZERO).await.unwrap(), 0, 0));
    let start = Instant::now();
    while !matches!(a.enter("x.example", SECOND).await.unwrap(), Entry::Held { .. }) {
        assert!(start.elapsed() < 5 * SECOND, "a lease that is over can be taken");
    }
}

#[tokio::test]
async fn a_block_outlives_its_owner_and_is_never_shortened() {
    let db = TestDb::new().await;
    let (a, b) = (DatabaseGate::new(db.store.clone(), "a"), DatabaseGate::new(db.store.clone(), "b"));
    a.block("x.example", 100 * SECOND).await.unwrap();
    a.block("x.example", 5 * SECOND).await.unwrap();
    a.enter("x.example", SECOND).await.unwrap();
    a.leave("x.example", Duration::ZERO).await.unwrap();
    match b.enter("x.example", SECOND).await.unwrap() {
        Entry::Held { blocked: Some(blocked), .. } => {
            assert!(blocked > 95 * SECOND && blocked <= 100 * SECOND);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn of_many_who_ask_at_once_one_gets_it() {
    let db = TestDb::new().await;
    for round in 0..10 {
        let domain = format!("d{round}.example");
        let won = futures::future::join_all((0..12).map(|n| {
            let (gate, domain) =
                (DatabaseGate::new(db.store.clone(), format!("replica {n}")), domain.clone());
            async move { matches!(gate.enter(&domain, SECOND).await.unwrap(), Entry::Held { .. }) }
        }))
        .await;
        assert_eq!(won.into_iter().filter(|won| *won).count(), 1, "{domain}");
    }
}

#[tokio::test]
async fn replicas_wait_for_each_other_and_learn_of_blocks() {
    let db = TestDb::new().await;
    let asked = Arc::new(AtomicU64::new(0));
    let server = Server::start({
        let asked = Arc::clone(&asked);
        move |seen| {
            asked.fetch_add(1, Ordering::SeqCst);
            if seen.path.ends_with("/full") { status(429, "retry-after: 600") } else { ok("", b"") }
        }
    })
    .await;
    let a = replica(&db, &server, "a", 30 * SECOND);
    let b = replica(&db, &server, "b", 30 * SECOND);
    get(&a, "https://one.x.example/1").await.unwrap();
    a.release().await;
    let busy = DatabaseGate::new(db.store.clone(), "busy");
    while !matches!(busy.enter("x.example", SECOND).await.unwrap(), Entry::Held { .. }) {}
    let error = get(&b, "https://two.x.example/1").await.unwrap_err();
    assert!(
        matches!(&error, FetchError::Busy { domain, .. } if domain == "x.example") && error.is_put_off(),
        "{error}"
    );
    get(&b, "https://y.example/1").await.unwrap();
    busy.leave("x.example", Duration::ZERO).await.unwrap();
    assert!(matches!(get(&a, "https://one.x.example/full").await, Err(FetchError::Throttled { .. })));
    assert_eq!(asked.load(Ordering::SeqCst), 3);

    a.release().await;
    let error = get(&b, "https://two.x.example/1").await.unwrap_err();
    let FetchError::Throttled { retry_after, .. } = error else { panic!("{error}") };
    assert!(retry_after > 590 * SECOND && retry_after <= 600 * SECOND);
    assert_eq!(asked.load(Ordering::SeqCst), 3, "the block of one holds for the other");
}

#[tokio::test]
async fn an_idle_domain_is_given_up_by_itself() {
    let db = TestDb::new().await;
    let server = Server::start(|_| ok("", b"")).await;
    let a = replica(&db, &server, "a", 600 * SECOND);
    let b = replica(&db, &server, "b", 600 * SECOND);
    get(&a, "https://x.example/1").await.unwrap();
    let start = Instant::now();
    while let Err(error) = get(&b, "https://x.example/1").await {
        assert!(matches!(error, FetchError::Busy { .. }) && start.elapsed() < 10 * SECOND, "{error}");
        assert!(error.retry_after().unwrap() <= 10 * SECOND);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(start.elapsed() > SECOND / 5, "not at once");
}

#[tokio::test]
async fn a_lease_is_renewed_while_an_answer_takes_long() {
    let db = TestDb::new().await;
    let server = Server::start(|seen| {
        if seen.path.ends_with("/slow") {
            let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n".to_vec();
            crate::fetch::server::Reply::Endless(head, b"x".to_vec(), 2 * SECOND)
        } else {
            ok("", b"")
        }
    })
    .await;
    let a = replica(&db, &server, "a", Duration::from_millis(1500));
    let b = replica(&db, &server, "b", Duration::from_millis(1500));
    let slow = get(&a, "https://x.example/slow");
    let other = async {
        while server.seen().is_empty() {
            tokio::task::yield_now().await;
        }
        let waited = tokio::time::timeout(3 * SECOND, get(&b, "https://x.example/fast")).await;
        assert!(waited.is_err(), "it is not had while the answer comes: {waited:?}");
    };
    let (answer, ()) = tokio::join!(slow, other);
    assert_eq!(&answer.unwrap().body[..], b"xx");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_in_a_process_of_its_own_leaves_no_lease_behind() {
    let (db, source, jobs) = (TestDb::new().await, Source::start().await, tempfile::tempdir().unwrap());
    let program = Program::at(&db.url, &redis_url().await, jobs.path())
        .with("CAREER__REDIS__PREFIX", unique())
        .with("CAREER__RUNS__LEASE", "5m")
        .with("CAREER__FETCH__GATEWAY", format!("http://{}", source.address))
        .with("CAREER__FETCH__GATEWAY_PER_SECOND", "100");
    let _worker = program.start(&["serve", "--roles", "worker"]);
    let number = async |statement: &'static str| -> i64 {
        sqlx::query_scalar(statement).fetch_one(&db.pool).await.unwrap()
    };
    let known = "SELECT count(*) FROM worker.tasks WHERE name = 'scrape'";
    eventually(Duration::from_mins(1), || async { number(known).await == 1 }).await;
    let mut transaction = db.pool.begin().await.unwrap();
    // Each waits for those before it: one lease that is left behind and none of the others gets on.
    let wanted = r#"SELECT worker.enqueue('scrape', '{"source": "greenhouse", "boards": ["storm1"]}') FROM generate_series(1, 20)"#;
    for statement in [wanted, "UPDATE worker.runs SET suspect = true"] {
        sqlx::query(statement).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let done = "SELECT count(*) FROM worker.runs WHERE task = 'scrape' AND state = 'done'";
    // Twenty processes on a busy machine take their time; a lease that is left behind takes five minutes.
    eventually(Duration::from_mins(3), || async { number(done).await == 20 }).await;
    assert_eq!(number("SELECT count(*) FROM worker.domains").await, 1, "a domain was asked");
    assert_eq!(number("SELECT count(*) FROM worker.domains WHERE owner IS NOT NULL").await, 0);
}
