//! The real program, killed at any moment while it archives: a posting is in the database or in an archive, and in the end all are gone.

use std::{collections::BTreeSet, time::Duration};

use career_worker::random::Random;

use super::{archived, left};
use crate::{
    backup::{killed::program, kit::Rig},
    support::eventually,
};

const POSTINGS: usize = 15_000;
const ROUNDS: usize = 9;

#[tokio::test(flavor = "multi_thread")]
async fn no_posting_is_lost_between_database_and_archive() {
    let rig = Rig::new().await;
    sqlx::query("DELETE FROM jobs").execute(&rig.db.pool).await.unwrap();
    sqlx::query(
        "INSERT INTO jobs (title, company, description, source, source_id, is_active, updated_at, scraped_at, created_at)
         SELECT 'Cook ' || n, 'Acme', repeat(md5(n::text), 10), 'old', n::text, false, '2020-01-01', '2020-01-01', '2020-01-01'
         FROM generate_series(1, $1) n",
    )
    .bind(i32::try_from(POSTINGS).unwrap())
    .execute(&rig.db.pool)
    .await
    .unwrap();
    let all: BTreeSet<i32> = left(&rig.db.pool).await.into_iter().collect();
    let program = program(&rig);
    let jobs = rig.folder.join("jobs");
    std::fs::write(
        jobs.join("old.toml"),
        "task = \"retain\"\nschedule = \"0 4 * * *\"\n[args]\npolicy = \"archive\"\n",
    )
    .unwrap();
    let random = Random::seeded(3);
    let (mut halfway, mut begun) = (0, 0);
    for round in 0..ROUNDS {
        let before = left(&rig.db.pool).await.len();
        let most = usize::try_from(random.below(2_000)).unwrap();
        let mut running = program.start(&["run", "old"]);
        // In turns: while an archive is written, and while its postings are deleted.
        eventually(Duration::from_mins(1), || async {
            let archives: i64 = sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM worker.archives")
                .fetch_one(&rig.db.pool)
                .await
                .unwrap();
            if round % 3 == 0 { archives > begun } else { left(&rig.db.pool).await.len() + most < before }
        })
        .await;
        running.kill();
        // What it had asked for last is over when its connections are.
        eventually(Duration::from_secs(30), || async {
            let open: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'career-worker' AND xact_start IS NOT NULL",
            )
            .fetch_one(&rig.db.pool)
            .await
            .unwrap();
            open == 0
        })
        .await;
        begun = sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM worker.archives")
            .fetch_one(&rig.db.pool)
            .await
            .unwrap();
        let here: BTreeSet<i32> = left(&rig.db.pool).await.into_iter().collect();
        let written: Vec<String> =
            sqlx::query_scalar("SELECT object FROM worker.archives WHERE state <> 'writing'")
                .fetch_all(&rig.db.pool)
                .await
                .unwrap();
        let mut there = BTreeSet::new();
        for object in written {
            let content = career_worker::backup::read_archive(&rig.site(), &object).await.unwrap();
            for line in content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let line: serde_json::Value = serde_json::from_slice(line).unwrap();
                there.insert(i32::try_from(line["posting"]["id"].as_i64().unwrap()).unwrap());
            }
        }
        let lost: Vec<&i32> = all.difference(&here).filter(|id| !there.contains(id)).collect();
        assert!(lost.is_empty(), "{} postings are nowhere: {:?}", lost.len(), &lost[..lost.len().min(5)]);
        halfway += usize::from(!here.is_empty() && here.len() < POSTINGS);
    }
    assert!(halfway > 1, "it was never killed in the middle");
    // What the last one left is taken up once its lease is over.
    eventually(Duration::from_mins(1), || async {
        program.output(&["run", "old"]);
        sqlx::query_scalar::<_, bool>("SELECT NOT EXISTS (SELECT FROM worker.archives WHERE state <> 'done')")
            .fetch_one(&rig.db.pool)
            .await
            .unwrap()
    })
    .await;
    assert_eq!(left(&rig.db.pool).await, Vec::<i32>::new());
    let lines = archived(&rig).await;
    let there: BTreeSet<i64> = lines.iter().map(|line| line["posting"]["id"].as_i64().unwrap()).collect();
    assert_eq!(there.len(), POSTINGS);
    let objects = rig.site().storage.list("archives").await.unwrap().len();
    let known: i64 = sqlx::query_scalar("SELECT count(*) FROM worker.archives WHERE state = 'done'")
        .fetch_one(&rig.db.pool)
        .await
        .unwrap();
    assert_eq!(i64::try_from(objects).unwrap(), known, "an object is left that no archive is");
}
