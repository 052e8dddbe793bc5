//! Finding the programs of PostgreSQL and Redis: on this machine, or fetched into our cache.
//!
//! To look in one more place: a line in [`postgres_folders`] or [`redis_files`].

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use super::packages;

/// The oldest PostgreSQL that the migrations run on.
const OLDEST: u32 = 13;

/// The programs of one PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Postgres {
    bin: PathBuf,
    libraries: Vec<PathBuf>,
    /// Major version.
    pub(crate) major: u32,
}

impl Postgres {
    /// One of the programs, `postgres` or `initdb`.
    pub(crate) fn command(&self, program: &str) -> Command {
        with_libraries(&self.bin.join(program), &self.libraries)
    }

    /// Whether the folder has this program too.
    pub(crate) fn has(&self, program: &str) -> bool {
        self.bin.join(program).exists()
    }
}

/// The programs with which a server is dumped and restored, those of one folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientTools {
    bin: PathBuf,
    libraries: Vec<PathBuf>,
    /// Major version.
    pub major: u32,
    /// As `pg_dump` says it.
    pub version: String,
}

impl ClientTools {
    /// One of the programs, `pg_dump` or `pg_restore`.
    pub fn command(&self, program: &str) -> Command {
        with_libraries(&self.bin.join(program), &self.libraries)
    }

    /// Whether the folder has this program too.
    pub fn has(&self, program: &str) -> bool {
        self.bin.join(program).exists()
    }

    /// Their folder.
    pub fn folder(&self) -> &Path {
        &self.bin
    }
}

/// Finds `pg_dump` and its kin for a server of version `major`: of the same version, else the next newer one. `folder` alone is looked into
/// where it is given; nothing is fetched.
///
/// # Errors
/// Says what there is and what to type.
pub async fn client_tools(folder: Option<&Path>, cache: &Path, major: u32) -> anyhow::Result<ClientTools> {
    let mut found = Vec::new();
    if let Some(folder) = folder {
        found.extend(try_tools(folder, &[]).await);
    } else {
        for bin in postgres_folders() {
            found.extend(try_tools(&bin, &[]).await);
        }
        if let Some(tree) = packages::unpacked(cache) {
            for bin in versions_under(&tree.root.join("usr/lib/postgresql"), "bin") {
                found.extend(try_tools(&bin, &tree.libraries).await);
            }
        }
    }
    let there: Vec<String> = found.iter().map(|tools| tools.major.to_string()).collect();
    let best = found.into_iter().filter(|tools| tools.major >= major).min_by_key(|tools| tools.major);
    best.with_context(|| {
        let there =
            if there.is_empty() { "none".to_owned() } else { format!("version {}", there.join(", ")) };
        let place = folder.map_or_else(|| "here".to_owned(), |folder| format!("in {}", folder.display()));
        format!(
            "pg_dump and pg_restore {place}: {there}, expected {major} or newer; install postgresql-client-{major} (Debian), or name their \
             folder in backup.programs"
        )
    })
}

/// Finds the programs of a server that reads dumps of version `major`: in `folder` where it is given, else on this machine or among what
/// was fetched before; nothing is fetched.
///
/// # Errors
/// Says what to type.
pub(crate) async fn server_tools(
    folder: Option<&Path>,
    cache: &Path,
    major: u32,
) -> anyhow::Result<Postgres> {
    let mut found = Vec::new();
    if let Some(folder) = folder {
        found.extend(try_postgres(folder, &[]).await);
    } else {
        found = installed_postgres().await;
        if let Some(tree) = packages::unpacked(cache) {
            for bin in versions_under(&tree.root.join("usr/lib/postgresql"), "bin") {
                found.extend(try_postgres(&bin, &tree.libraries).await);
            }
        }
    }
    let best = found.into_iter().filter(|found| found.major >= major).min_by_key(|found| found.major);
    best.with_context(|| {
        format!(
            "a restore test needs the programs of a PostgreSQL server (initdb, postgres), version {major} or newer: install postgresql-{major} \
             (Debian), or name their folder in backup.programs"
        )
    })
}

/// All of them must be there. What Debian has in PATH is a script that looks for a server of its own: it is left out.
async fn try_tools(bin: &Path, libraries: &[PathBuf]) -> Option<ClientTools> {
    let program = bin.join("pg_dump").canonicalize().ok()?;
    let bin = program.parent()?.to_path_buf();
    if program.file_name()? != "pg_dump" || !bin.join("pg_restore").exists() {
        return None;
    }
    let command = with_libraries(&program, libraries);
    let version = version(command).await?;
    let major = major(&version)?;
    Some(ClientTools { bin, libraries: libraries.to_vec(), major, version: version.trim().to_owned() })
}

/// The program of one Redis or Valkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Redis {
    file: PathBuf,
    libraries: Vec<PathBuf>,
}

impl Redis {
    /// The server.
    pub(crate) fn command(&self) -> Command {
        with_libraries(&self.file, &self.libraries)
    }
}

/// Which programs may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Those of the machine, else fetched ones.
    Everywhere,
    /// Fetched ones only, as on a machine that has none.
    FetchedOnly,
}

/// Finds PostgreSQL, of the version `major` if one is given, or fetches it.
///
/// # Errors
/// Says what to type where there is none and none can be fetched.
pub(crate) async fn postgres(search: Search, cache: &Path, major: Option<u32>) -> anyhow::Result<Postgres> {
    let fits = |found: &Postgres| found.major >= OLDEST && major.is_none_or(|major| major == found.major);
    if search == Search::Everywhere
        && let Some(found) = installed_postgres().await.into_iter().find(fits)
    {
        return Ok(found);
    }
    let tree = packages::tree(cache).await?;
    let folders = versions_under(&tree.root.join("usr/lib/postgresql"), "bin");
    for bin in folders {
        if let Some(found) = try_postgres(&bin, &tree.libraries).await
            && fits(&found)
        {
            return Ok(found);
        }
    }
    let wanted = major.map_or_else(|| format!("{OLDEST} or newer"), |major| major.to_string());
    anyhow::bail!("no PostgreSQL {wanted} here, nor among the packages of this system; {}", packages::ADVICE)
}

/// Finds Redis or Valkey, or fetches it.
///
/// # Errors
/// Says what to type where there is none and none can be fetched.
pub(crate) async fn redis(search: Search, cache: &Path) -> anyhow::Result<Redis> {
    if search == Search::Everywhere {
        for file in redis_files() {
            let found = Redis { file, libraries: Vec::new() };
            if found.file.is_file() && version(found.command()).await.is_some() {
                return Ok(found);
            }
        }
    }
    let tree = packages::tree(cache).await?;
    let file = ["usr/bin/redis-server", "usr/bin/valkey-server"]
        .iter()
        .map(|name| tree.root.join(name))
        .find(|file| file.exists())
        .context("the fetched packages hold no redis-server")?;
    let found = Redis { file, libraries: tree.libraries };
    version(found.command()).await.context("the fetched redis-server does not run")?;
    Ok(found)
}

/// What is on this machine: those in PATH first, then the newest first.
async fn installed_postgres() -> Vec<Postgres> {
    let mut found = Vec::new();
    for bin in postgres_folders() {
        if let Some(postgres) = try_postgres(&bin, &[]).await
            && !found.contains(&postgres)
        {
            found.push(postgres);
        }
    }
    found
}

fn postgres_folders() -> Vec<PathBuf> {
    let mut folders = path_folders();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output()
        && let Ok(text) = String::from_utf8(output.stdout)
        && output.status.success()
    {
        folders.push(text.trim().into());
    }
    folders.extend(versions_under(Path::new("/usr/lib/postgresql"), "bin"));
    for prefix in ["/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt", "/usr"] {
        folders.extend(versions_under(Path::new(prefix), "bin"));
    }
    folders.push("/Applications/Postgres.app/Contents/Versions/latest/bin".into());
    folders
}

fn redis_files() -> Vec<PathBuf> {
    let usual = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin"];
    path_folders()
        .into_iter()
        .chain(usual.map(PathBuf::from))
        .flat_map(|folder| ["redis-server", "valkey-server"].map(|name| folder.join(name)))
        .collect()
}

fn path_folders() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// `{parent}/{N}/{leaf}` and `{parent}/{postgresql@N, pgsql-N}/{leaf}`, highest N first.
fn versions_under(parent: &Path, leaf: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name();
            let name = name.to_str()?;
            let number = name.strip_prefix("postgresql@").or(name.strip_prefix("pgsql-")).unwrap_or(name);
            Some((number.parse().ok()?, entry.path().join(leaf)))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}

/// Both programs must be there; a link in PATH is followed, since the others are beside what it points to.
async fn try_postgres(bin: &Path, libraries: &[PathBuf]) -> Option<Postgres> {
    let bin = bin.join("postgres").canonicalize().ok()?.parent()?.to_path_buf();
    if !bin.join("initdb").exists() {
        return None;
    }
    let mut found = Postgres { bin, libraries: libraries.to_vec(), major: 0 };
    found.major = major(&version(found.command("postgres")).await?)?;
    Some(found)
}

/// What `command --version` prints, if it runs.
async fn version(mut command: Command) -> Option<String> {
    command.arg("--version");
    let output = tokio::process::Command::from(command).kill_on_drop(true).output().await.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// 15 of "postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"; also of "18beta1".
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number.get(..digits)?.parse().ok()
}

fn with_libraries(program: &Path, libraries: &[PathBuf]) -> Command {
    let mut command = Command::new(program);
    command.env("LC_ALL", "C");
    if !libraries.is_empty() {
        let inherited = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
        let all = libraries.iter().cloned().chain(std::env::split_paths(&inherited));
        // A folder with a colon in its name cannot be given this way; then the machine's own libraries have to do.
        let joined: OsString = std::env::join_paths(all).unwrap_or_default();
        command.env("LD_LIBRARY_PATH", joined);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("postgres (PostgreSQL) 9.6.24\n"), Some(9));
        assert_eq!(major("Redis server v=7.0.15"), None);
    }

    #[test]
    fn versions_are_listed_newest_first() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["9", "15", "postgresql@17", "pgsql-16", "common", "postgresql@"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        let found = versions_under(dir.path(), "bin");
        let expected = ["postgresql@17", "pgsql-16", "15", "9"].map(|name| dir.path().join(name).join("bin"));
        assert_eq!(found, expected);
        assert_eq!(versions_under(&dir.path().join("none"), "bin"), Vec::<PathBuf>::new());
    }
}
