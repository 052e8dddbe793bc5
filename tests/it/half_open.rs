//! Connections whose other end is gone without a word: statements fail in time, and their places in the pool are free again.

use std::time::Duration;

use career_worker::{config::Config, store::Store};

use crate::{
    storm::{controls, proxy::Mode},
    support::{TestDb, eventually},
};

#[tokio::test]
async fn a_pool_outlives_all_its_connections() {
    let db = TestDb::new().await;
    let (proxy, url) = controls::before(&db).await;
    let short = "1s".to_owned();
    let settings = [
        ("database.url", url),
        ("database.acquire_timeout", short.clone()),
        ("database.statement_timeout", short),
    ];
    let mut config = Config::load(None, &settings).unwrap();
    config.database.max_connections = 2;
    let store = Store::open(&config.database).unwrap();
    tokio::try_join!(store.queue_stats(), store.queue_stats()).unwrap();

    // Both connections are in use when their answers stop coming.
    let mut lock = db.pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE worker.runs").execute(&mut *lock).await.unwrap();
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let cut = async {
        eventually(Duration::from_secs(5), || async {
            sqlx::query_scalar::<_, i64>(waiting).fetch_one(&db.pool).await.unwrap() == 2
        })
        .await;
        proxy.set(Mode::HalfOpen);
    };
    let (one, two, ()) = tokio::join!(store.queue_stats(), store.queue_stats(), cut);
    assert!(one.is_err() && two.is_err());
    lock.rollback().await.unwrap();
    proxy.heal();
    eventually(Duration::from_secs(5), || async { store.queue_stats().await.is_ok() }).await;
}
