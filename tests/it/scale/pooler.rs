//! Everything behind `PgBouncer` in transaction mode.

use serde_json::Value;
use sqlx::PgPool;

use super::{
    bouncer::{Bouncer, CONNECTIONS},
    drill::Drill,
};
use crate::{
    process::{Program, free_port, get},
    rig::until,
    support::{TestDb, redis_url, unique},
};

const POOLED: (&str, &str) = ("CAREER__DATABASE__POOLER", "transaction");

async fn connections(pool: &PgPool) -> i64 {
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'career-worker'";
    sqlx::query_scalar(others).fetch_one(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_on_five_connections_lose_nothing() {
    let db = TestDb::new().await;
    let Some(bouncer) = Bouncer::before(&db.url, 200).await else { return };
    let settings = [
        (POOLED.0, POOLED.1.to_owned()),
        ("CAREER__DATABASE__DIRECT_URL", db.url.clone()),
        ("CAREER__REDIS__PREFIX", unique()),
    ];
    let drill = Drill::start(&db.pool, &bouncer.url, &redis_url().await, &settings).await;
    let most = std::sync::atomic::AtomicI64::new(0);
    let watch = async {
        for _ in 0..50 {
            most.fetch_max(connections(&db.pool).await, std::sync::atomic::Ordering::Relaxed);
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    drill.play(async |_, _| false, watch).await;
    let most = most.into_inner();
    println!("the server saw {most} connections at the most");
    assert!((1..=i64::from(CONNECTIONS)).contains(&most), "{most}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_answer_and_backups_and_migrations_go_past_it() {
    let db = TestDb::unmigrated().await;
    let Some(bouncer) = Bouncer::before(&db.url, 200).await else { return };
    let (files, port) = (tempfile::tempdir().unwrap(), free_port());
    let program = Program::at(&bouncer.url, &redis_url().await, files.path())
        .with(POOLED.0, POOLED.1)
        .with("CAREER__REDIS__PREFIX", unique())
        .with("CAREER__ADMIN__BIND", format!("127.0.0.1:{port}"));
    let refused = program.command(&["db", "migrate"]).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("database.direct_url"), "{said}");

    let program = program.with("CAREER__DATABASE__DIRECT_URL", &db.url);
    program.output(&["db", "migrate"]);
    let token = program.output(&["token", "create", "pooled", "--role", "operator"]);
    let token = token.split_whitespace().find(|word| word.len() > 30).unwrap().to_owned();
    let _endpoint = program.start(&["serve", "--roles", "admin,worker"]);
    until("it is ready", || async {
        get(port, "/readyz", "").await.is_some_and(|body| body.contains("\"ok\""))
    })
    .await;
    let bearer = format!("authorization: Bearer {token}\r\n");
    for path in ["runs", "schedules", "sources", "queues", "postings", "searches/problems", "audit"] {
        let body = get(port, &format!("/api/v1/{path}"), &bearer).await.unwrap();
        let answer: Value =
            serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"));
        assert!(answer.get("code").is_none(), "{path}: {answer}");
    }
    let ready: Value = serde_json::from_str(&get(port, "/readyz", "").await.unwrap()).unwrap();
    assert_eq!(ready["topology"]["pooler"], "transaction", "{ready}");

    let keys = career_worker::backup::keys::generate();
    let backups = files.path().join("backups");
    let backup = program
        .clone()
        .with("CAREER__BACKUP__URL", format!("file://{}", backups.display()))
        .with("CAREER__BACKUP__RECIPIENTS", format!("{:?}", [keys.public]));
    backup.output(&["backup", "run"]);
    assert!(std::fs::read_dir(backups).unwrap().next().is_some(), "a backup was made past the pooler");

    let said = String::from_utf8_lossy(&program.command(&["doctor"]).output().unwrap().stdout).into_owned();
    assert!(said.contains("keeps prepared statements"), "{said}");
    assert!(said.contains("ALTER ROLE"), "a limit that nobody set is missed: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_knows_a_pooler_that_nobody_told_it_of_and_one_that_forgets_statements() {
    let db = TestDb::new().await;
    let Some(bouncer) = Bouncer::before(&db.url, 0).await else { return };
    let files = tempfile::tempdir().unwrap();
    let doctor = |program: Program| {
        String::from_utf8_lossy(&program.command(&["doctor"]).output().unwrap().stdout).into_owned()
    };
    let program = Program::at(&bouncer.url, &redis_url().await, files.path());
    let said = doctor(program.clone());
    assert!(said.contains("database.pooler = \"transaction\""), "{said}");
    let said = doctor(program.with(POOLED.0, POOLED.1));
    assert!(said.contains("max_prepared_statements"), "{said}");
}
