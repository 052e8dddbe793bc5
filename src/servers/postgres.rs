//! The private PostgreSQL.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use sqlx::{
    Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};

use super::{
    account::{create_dir, write_private},
    binaries::{self, Search},
    guard::{Guard, StopSignals},
    place::{Afterwards, Place, free_port, password, wait_until_ready},
};

const USER: &str = "career";
const DATABASE: &str = "career";
/// Fast shutdown; immediate shutdown.
const STOP: StopSignals = StopSignals { first: "INT", harder: "QUIT" };

/// Starts the server on its data, made when there is none, and gives its address.
pub(crate) async fn start(place: &Place<'_>, search: Search) -> anyhow::Result<(Guard, String)> {
    let programs = binaries::postgres(search, place.cache, made_by(&place.data.join("postgres"))).await?;
    start_with(place, &programs, &[]).await
}

/// As [`start`], by these programs and with more settings (`name=value`).
pub(crate) async fn start_with(
    place: &Place<'_>,
    programs: &binaries::Postgres,
    settings: &[String],
) -> anyhow::Result<(Guard, String)> {
    let cluster = place.data.join("postgres");
    let secret_file = place.data.join("postgres.password");
    if !cluster.exists() {
        let secret = password();
        write_private(&secret_file, &secret)?;
        place.account.own(&secret_file)?;
        create_cluster(place, programs, &cluster, &secret_file).await?;
    }
    let secret = std::fs::read_to_string(&secret_file).with_context(|| secret_file.display().to_string())?;
    // The lock on the data folder is held by every process of a server of ours; as we have it, none is left and the file that says
    // so is of a crash. PostgreSQL itself would take any process that got the same number since for the old server.
    match std::fs::remove_file(cluster.join("postmaster.pid")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).context("postmaster.pid");
        }
        _ => {}
    }

    let afterwards = if place.durable { Afterwards::Keep } else { Afterwards::Remove };
    for _ in 0..5 {
        let port = free_port()?;
        let mut server = server(programs, &cluster, port, place.durable);
        for setting in settings {
            server.args(["-c", setting]);
        }
        let mut guard = place.spawn(&server, STOP, "postgres.log", afterwards)?;
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(port)
            .username(USER)
            .password(&secret)
            .ssl_mode(PgSslMode::Disable);
        let ready = wait_until_ready(&mut guard, "PostgreSQL", || {
            let options = options.clone().database("postgres");
            async move { PgConnection::connect_with(&options).await.map_err(Into::into) }
        });
        if let Some(connection) = ready.await? {
            tokio::time::timeout(Duration::from_mins(1), ensure_database(connection))
                .await
                .context("creating the database")??;
            return Ok((guard, format!("postgres://{USER}:{secret}@127.0.0.1:{port}/{DATABASE}")));
        }
    }
    bail!("PostgreSQL found no free port on 127.0.0.1")
}

/// Major version of the PostgreSQL that made the data.
fn made_by(cluster: &Path) -> Option<u32> {
    std::fs::read_to_string(cluster.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// Made under another name first, so that an interruption leaves nothing that looks whole.
async fn create_cluster(
    place: &Place<'_>,
    programs: &binaries::Postgres,
    cluster: &Path,
    secret_file: &Path,
) -> anyhow::Result<()> {
    let unfinished = place.data.join("postgres.new");
    if unfinished.exists() {
        std::fs::remove_dir_all(&unfinished).with_context(|| unfinished.display().to_string())?;
    }
    create_dir(&unfinished)?;
    place.account.own(&unfinished)?;
    let locale = if cfg!(target_os = "macos") { "en_US.UTF-8" } else { "C.UTF-8" };
    let mut initdb = programs.command("initdb");
    initdb.env_remove("LC_ALL").current_dir("/");
    initdb.args(["--auth=scram-sha-256", "--encoding=UTF8", "--lc-messages=C", "--username", USER]);
    initdb.arg(format!("--locale={locale}"));
    if !place.durable {
        initdb.arg("--no-sync");
    }
    initdb.arg("--pwfile").arg(secret_file).arg("--pgdata").arg(&unfinished);
    place.account.apply(&mut initdb);
    let output = tokio::process::Command::from(initdb)
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| place.account.explain("initdb"))?;
    ensure!(
        output.status.success(),
        "initdb: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::rename(&unfinished, cluster).context("naming the new cluster")
}

fn server(
    programs: &binaries::Postgres,
    cluster: &PathBuf,
    port: u16,
    durable: bool,
) -> std::process::Command {
    let mut server = programs.command("postgres");
    server.arg("-D").arg(cluster);
    // TCP only: the name of a socket in a deep folder can be longer than the system allows.
    let mut set = |setting: &str| {
        server.args(["-c", setting]);
    };
    set(&format!("port={port}"));
    set("listen_addresses=127.0.0.1");
    set("unix_socket_directories=");
    set("timezone=UTC");
    set("log_timezone=UTC");
    set("jit=off");
    if !durable {
        set("fsync=off");
        set("synchronous_commit=off");
        set("full_page_writes=off");
        set("max_connections=300");
    }
    server
}

async fn ensure_database(mut connection: PgConnection) -> anyhow::Result<()> {
    let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(DATABASE)
        .fetch_one(&mut connection)
        .await?;
    if !exists {
        sqlx::query("CREATE DATABASE career").execute(&mut connection).await?;
    }
    Ok(connection.close().await?)
}
