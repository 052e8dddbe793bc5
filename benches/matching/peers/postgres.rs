//! PostgreSQL: typed columns and text search, in a private server that ends with us.

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _, time::Duration};

use career_worker::dev::{Stack, StackOptions};
use sqlx::{Connection as _, PgConnection};

use super::{Round, compare, ours};
use crate::{
    engine::Engine,
    process,
    report::{line, short},
    workload::{PostingText, World},
};

const TABLES: &str = include_str!("../../peers/matching/postgres/tables.sql");
const INDEXES: &str = include_str!("../../peers/matching/postgres/indexes.sql");
const COPY_SEARCHES: &str = "COPY searches (id, user_id, query, place_kind, place, remote, job_types, pay, technologies, companies, \
                             excluded) FROM STDIN";
const COPY_POSTINGS: &str =
    "COPY postings (id, text, city, country, remote, job_type, pay, company, technologies) FROM STDIN";
const WAYS: [(&str, &str); 2] = [
    ("PostgreSQL p2", include_str!("../../peers/matching/postgres/p2.sql")),
    ("PostgreSQL p3", include_str!("../../peers/matching/postgres/p3.sql")),
];

/// Rows sent at a time.
const ROWS: usize = 5_000;

/// Loads everything and joins the postings of each round with the searches, both ways.
///
/// # Errors
/// Those of the server.
pub fn measure(
    world: &World,
    engine: &Engine,
    searches: usize,
    rounds: &[Vec<PostingText>],
) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(measured(world, engine, searches, rounds))
}

async fn measured(
    world: &World,
    engine: &Engine,
    searches: usize,
    rounds: &[Vec<PostingText>],
) -> anyhow::Result<()> {
    // The servers of root run as another user.
    let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir()?;
    let stack = Stack::start(StackOptions {
        data: folder.path().join("servers"),
        durable: false,
        database_url: None,
        // Nothing here asks Redis.
        redis_url: Some("redis://127.0.0.1:1".to_owned()),
    })
    .await?;
    let mut server = Server::connect(&stack.database_url).await?;
    let before = server.busy()?;
    server.load(world, searches, rounds).await?;
    line(
        "PostgreSQL: load",
        format!("{} s of a processor", short(server.busy()?.saturating_sub(before).as_secs_f64())),
    );
    for (name, way) in WAYS {
        let (mut our_rounds, mut their_rounds) = (Vec::new(), Vec::new());
        for postings in rounds {
            our_rounds.push(ours(engine, postings));
            their_rounds.push(server.join(way, postings).await?);
        }
        compare(name, rounds[0].len(), &our_rounds, &their_rounds);
    }
    Ok(())
}

/// One connection, whose process does all the work: parallel workers are off.
struct Server {
    connection: PgConnection,
    process: i32,
}

impl Server {
    async fn connect(url: &str) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect(url).await?;
        sqlx::raw_sql("SET max_parallel_workers_per_gather = 0; SET max_parallel_maintenance_workers = 0; SET work_mem = '256MB'")
            .execute(&mut connection)
            .await?;
        let process = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await?;
        Ok(Self { connection, process })
    }

    fn busy(&self) -> anyhow::Result<Duration> {
        process::process_time(self.process)
    }

    async fn load(
        &mut self,
        world: &World,
        searches: usize,
        rounds: &[Vec<PostingText>],
    ) -> anyhow::Result<()> {
        sqlx::raw_sql(TABLES).execute(&mut self.connection).await?;
        self.copy(COPY_SEARCHES, (0..searches).map(|id| world.search(id).row())).await?;
        let postings = rounds.iter().flatten().map(|posting| world.posting(posting.id).row(world));
        self.copy(COPY_POSTINGS, postings).await?;
        sqlx::raw_sql(INDEXES).execute(&mut self.connection).await?;
        Ok(())
    }

    async fn copy(
        &mut self,
        command: &'static str,
        mut rows: impl Iterator<Item = String>,
    ) -> anyhow::Result<()> {
        let mut copy = self.connection.copy_in_raw(command).await?;
        loop {
            let part: String = rows.by_ref().take(ROWS).collect();
            if part.is_empty() {
                break;
            }
            copy.send(part.into_bytes()).await?;
        }
        copy.finish().await?;
        Ok(())
    }

    /// Joins a round of postings, whose numbers follow each other.
    async fn join(&mut self, way: &'static str, postings: &[PostingText]) -> anyhow::Result<Round> {
        let first = i32::try_from(postings[0].id)?;
        let end = first + i32::try_from(postings.len())?;
        let before = self.busy()?;
        let pairs: i64 = sqlx::query_scalar(way)
            .bind(first)
            .bind(end)
            .persistent(false)
            .fetch_one(&mut self.connection)
            .await?;
        let busy = self.busy()?.saturating_sub(before).as_secs_f64();
        Ok(Round { busy, pairs: usize::try_from(pairs)? })
    }
}
