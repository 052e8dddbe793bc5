//! A server on a data directory that was restored file by file, for as long as it takes to bring it to its moment and to look at it.
//!
//! It speaks on a socket in a folder that only its account and root can enter, and trusts whoever gets there. The settings of the server it
//! is a copy of may be elsewhere (Debian keeps them in /etc) or not fit here, so it has its own.

use std::{
    fs::File,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};

use super::{
    Account,
    account::{cache_dir, create_dir},
    binaries,
    guard::{Guard, StopSignals},
    place::{Afterwards, Place, password, wait_until_ready},
};

const STOP: StopSignals = StopSignals { first: "INT", harder: "QUIT" };
/// Longest recovery.
const LIMIT: Duration = Duration::from_hours(6);
/// Longer names of sockets are refused by the system.
const LONGEST: usize = 103;
const SOCKET: &str = "/.s.PGSQL.5432";

/// A folder in which a data directory is restored.
#[derive(Debug)]
pub(crate) struct Room {
    folder: PathBuf,
    /// Where the data directory is put.
    pub data: PathBuf,
    account: Account,
    keep: bool,
}

/// A server on it.
#[derive(Debug)]
pub(crate) struct Recovered {
    /// Address of a database of it.
    pub url: String,
    programs: binaries::Postgres,
    guard: Option<Guard>,
    lock: Option<File>,
    _room: Room,
}

impl Room {
    /// One below `parent`, thrown away at the end.
    pub(crate) fn new(parent: &Path, account: Account) -> anyhow::Result<Self> {
        let folder = parent.join(name());
        let data = folder.join("data");
        let room = Self { folder, data, account, keep: false };
        room.make()?;
        Ok(room)
    }

    /// One for `data`, which stays; what is needed beside it is thrown away.
    pub(crate) fn keeping(data: &Path, account: Account) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(name());
        let room = Self { folder, data: data.to_owned(), account, keep: true };
        room.make()?;
        Ok(room)
    }

    fn make(&self) -> anyhow::Result<()> {
        let socket = self.socket();
        for folder in [&self.folder, &socket, &self.data] {
            create_dir(folder)?;
            self.account.own(folder)?;
        }
        self.account.reaches(&self.data)?;
        for folder in [&socket, &self.data] {
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
                .with_context(|| folder.display().to_string())?;
        }
        ensure!(
            socket.as_os_str().len() + SOCKET.len() <= LONGEST,
            "{}: too long a name for the folder of a socket; name a shorter one in backup.scratch",
            socket.display()
        );
        Ok(())
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("s")
    }

    /// Starts a server on what was restored and waits until it has come to its moment and takes work.
    pub(crate) async fn start(
        self,
        programs: Option<&Path>,
        user: &str,
        database: &str,
    ) -> anyhow::Result<Recovered> {
        let version = std::fs::read_to_string(self.data.join("PG_VERSION"))
            .with_context(|| format!("{}: no data directory", self.data.display()))?;
        let major = version.trim().parse().context("PG_VERSION")?;
        let cache = cache_dir();
        let found = binaries::server_tools(programs, &cache, major).await?;
        ensure!(found.major == major, "expected the programs of PostgreSQL {major}, found {}", found.major);
        let lock =
            File::create(self.folder.join("lock")).with_context(|| self.folder.display().to_string())?;
        lock.try_lock().with_context(|| format!("locking {}", self.folder.display()))?;
        let hba = self.folder.join("hba.conf");
        let conf = self.folder.join("server.conf");
        let ident = self.folder.join("ident.conf");
        for (file, text) in [(&hba, "local all all trust\n"), (&conf, ""), (&ident, "")] {
            std::fs::write(file, text).with_context(|| file.display().to_string())?;
            self.account.own(file)?;
        }
        let mut server = found.command("postgres");
        server.arg("-D").arg(&self.data);
        for setting in [
            format!("config_file={}", conf.display()),
            format!("hba_file={}", hba.display()),
            format!("ident_file={}", ident.display()),
            format!("unix_socket_directories={}", self.socket().display()),
            "listen_addresses=".to_owned(),
            "port=5432".to_owned(),
            "archive_mode=off".to_owned(),
            "hot_standby=off".to_owned(),
            "shared_preload_libraries=".to_owned(),
            "ssl=off".to_owned(),
            "jit=off".to_owned(),
            "log_destination=stderr".to_owned(),
            "logging_collector=off".to_owned(),
        ] {
            server.args(["-c", &setting]);
        }
        let place =
            Place { account: self.account, data: &self.folder, cache: &cache, lock: &lock, durable: true };
        let afterwards = if self.keep { Afterwards::Keep } else { Afterwards::Remove };
        let mut guard = place.spawn(&server, STOP, "server.log", afterwards)?;
        let socket = self.socket();
        let options = PgConnectOptions::new_without_pgpass()
            .socket(&socket)
            .port(5432)
            .username(user)
            .database("postgres");
        let ready = tokio::time::timeout(
            LIMIT,
            wait_until_ready(&mut guard, "the restored PostgreSQL", || {
                let options = options.clone();
                async move {
                    let mut connection = PgConnection::connect_with(&options).await?;
                    let recovering: bool =
                        sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(&mut connection).await?;
                    ensure!(!recovering, "it is in recovery");
                    connection.close().await?;
                    Ok(())
                }
            }),
        );
        if ready.await.context("recovery")??.is_none() {
            bail!("the restored PostgreSQL found its socket taken");
        }
        let mut url = url::Url::parse("postgres://localhost")?;
        url.set_path(database);
        url.query_pairs_mut().append_pair("host", &socket.to_string_lossy()).append_pair("user", user);
        Ok(Recovered { url: url.into(), programs: found, guard: Some(guard), lock: Some(lock), _room: self })
    }
}

/// Short, since the name of a socket is in it.
fn name() -> String {
    format!("career-worker-scratch-{:.8}", password())
}

impl Recovered {
    /// Another program of the same folder, where there is one.
    pub(crate) fn program(&self, name: &str) -> Option<std::process::Command> {
        self.programs.has(name).then(|| self.programs.command(name))
    }

    /// Stops the server in order.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        tokio::task::spawn_blocking(move || drop(self)).await.context("stop the restored PostgreSQL")
    }
}

impl Drop for Recovered {
    fn drop(&mut self) {
        self.guard.take();
        self.lock.take();
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).unwrap_or_default();
    }
}
