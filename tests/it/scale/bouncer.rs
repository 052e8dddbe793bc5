//! A real `PgBouncer` on loopback, in transaction mode, with few connections of the server.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use url::Url;

use crate::{process::free_port, rig::until};

/// Connections of the server, for all clients together.
pub const CONNECTIONS: u32 = 5;
/// The first that follows prepared statements.
const OLDEST: (u32, u32) = (1, 21);

/// Dropping it kills it.
pub struct Bouncer {
    process: Child,
    folder: tempfile::TempDir,
    /// Address of the database by way of it.
    pub url: String,
}

/// Where there is one that is new enough; says so where not.
pub fn program() -> Option<PathBuf> {
    let found = std::env::var_os("CAREER_PGBOUNCER").map_or_else(
        || {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
            folders.map(|folder| folder.join("pgbouncer")).find(|file| file.is_file())
        },
        |file| Some(PathBuf::from(file)),
    );
    let version = found.as_ref().and_then(|file| Command::new(file).arg("--version").output().ok());
    let version =
        version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    if number(&version).is_some_and(|number| number >= OLDEST) {
        return found;
    }
    let version = version.lines().next().unwrap_or("none");
    eprintln!(
        "NOT CHECKED: behind PgBouncer, of which there is {version}; CAREER_PGBOUNCER names one of 1.21 or newer"
    );
    None
}

fn number(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split_whitespace().nth(1)?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

impl Bouncer {
    /// Before the database at `url`, following as many prepared statements a client.
    pub async fn before(url: &str, prepared: u32) -> Option<Self> {
        let program = program()?;
        let url = Url::parse(url).unwrap();
        let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
        let database = url.path().trim_start_matches('/');
        let password =
            percent_encoding::percent_decode_str(url.password().unwrap_or_default()).decode_utf8_lossy();
        let settings = format!(
            "[databases]\n{database} = host={} port={} dbname={database} user={} password={password} pool_size={CONNECTIONS}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             max_prepared_statements = {prepared}\nmax_client_conn = 200\nlog_connections = 0\nlog_disconnections = 0\n",
            url.host_str().unwrap_or("127.0.0.1"),
            url.port().unwrap_or(5432),
            url.username(),
        );
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        let mut command = Command::new(program);
        if std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
            // It refuses to be root.
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
            command.args(["-u", "nobody"]);
        }
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let process =
            command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut by = url;
        by.set_host(Some("127.0.0.1")).unwrap();
        by.set_port(Some(port)).unwrap();
        let bouncer = Self { process, folder, url: by.into() };
        until("the pooler answers", || async {
            let options: PgConnectOptions = bouncer.url.parse().unwrap();
            match PgConnection::connect_with(&options.extra_float_digits(None)).await {
                Ok(connection) => connection.close().await.is_ok(),
                Err(error) => {
                    let log = std::fs::read_to_string(bouncer.folder.path().join("log")).unwrap_or_default();
                    assert!(!log.contains("FATAL"), "{error}: {log}");
                    false
                }
            }
        })
        .await;
        Some(bouncer)
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
