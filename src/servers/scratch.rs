//! One PostgreSQL on a folder of its own, for a while: a restored backup is looked at in it, and then both are gone.

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, ensure};

use super::{
    account::{Account, cache_dir, create_dir},
    binaries,
    guard::Guard,
    place::{Place, password},
    postgres,
};

/// What to start, and where.
#[derive(Clone, Debug, Default)]
pub struct ScratchOptions {
    /// Folder in which the folder of the cluster is made; the system's for what is temporary where not given.
    pub parent: Option<PathBuf>,
    /// Folder of the programs; looked for where not given.
    pub programs: Option<PathBuf>,
    /// Reads dumps of this major version.
    pub major: u32,
    /// More settings, `name=value`.
    pub settings: Vec<String>,
}

/// A running cluster. It is stopped and its folder removed when this is dropped, or when the process ends in whatever way.
#[derive(Debug)]
pub struct Scratch {
    /// Address of an empty database, with its superuser.
    pub url: String,
    folder: PathBuf,
    programs: binaries::Postgres,
    guard: Option<Guard>,
    lock: Option<File>,
}

/// An empty folder this old is nobody's.
const EMPTY: Duration = Duration::from_mins(1);
/// In front of the names of the folders.
const NAME: &str = "career-worker-scratch-";

impl Scratch {
    /// Makes a cluster and starts it; what killed processes left beside it is removed first.
    ///
    /// # Errors
    /// Says which programs are missing, or what the server wrote.
    pub async fn start(options: &ScratchOptions) -> anyhow::Result<Self> {
        let cache = cache_dir();
        let programs = binaries::server_tools(options.programs.as_deref(), &cache, options.major).await?;
        let account = Account::choose()?;
        let parent = scratch_dir(options.parent.as_deref());
        create_dir(&parent)?;
        sweep(&parent);
        let folder = parent.join(format!("{NAME}{}", password()));
        create_dir(&folder)?;
        account.reaches(&folder)?;
        account.own(&folder)?;
        let lock = File::create(folder.join("lock")).with_context(|| folder.display().to_string())?;
        lock.try_lock().with_context(|| format!("locking {}", folder.display()))?;
        let mut scratch = Self { url: String::new(), folder, programs, guard: None, lock: None };
        let place = Place { account, data: &scratch.folder, cache: &cache, lock: &lock, durable: false };
        let (guard, url) = postgres::start_with(&place, &scratch.programs, &options.settings).await?;
        scratch.url = url;
        scratch.guard = Some(guard);
        scratch.lock = Some(lock);
        Ok(scratch)
    }

    /// Its folder, to watch the space on its disk.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Major version.
    pub fn major(&self) -> u32 {
        self.programs.major
    }

    /// Another program of the same folder, where there is one.
    pub fn program(&self, name: &str) -> Option<std::process::Command> {
        self.programs.has(name).then(|| self.programs.command(name))
    }

    /// Stops it and removes its folder; as dropping does, but without holding up a thread of the runtime.
    ///
    /// # Errors
    /// Where the folder is still there.
    pub async fn stop(self) -> anyhow::Result<()> {
        let folder = self.folder.clone();
        tokio::task::spawn_blocking(move || drop(self)).await?;
        ensure!(!folder.exists(), "{} could not be removed", folder.display());
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.guard.take();
        std::fs::remove_dir_all(&self.folder).unwrap_or_default();
        self.lock.take();
    }
}

/// Where throw-away clusters are made.
pub fn scratch_dir(given: Option<&Path>) -> PathBuf {
    given.map_or_else(std::env::temp_dir, Path::to_path_buf)
}

/// Removes folders whose process is gone: a cluster holds its lock.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let ours = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(NAME));
        if !ours {
            continue;
        }
        // The account of a server empties its folder and may not remove it from one that is not its own.
        let left = path.metadata().and_then(|found| found.modified()).ok().and_then(|at| at.elapsed().ok());
        if left.is_some_and(|age| age > EMPTY) && std::fs::remove_dir(&path).is_ok() {
            continue;
        }
        let free =
            File::options().write(true).open(path.join("lock")).is_ok_and(|lock| lock.try_lock().is_ok());
        if free && let Err(error) = std::fs::remove_dir_all(&path) {
            tracing::warn!(folder = %path.display(), %error, "a folder that a killed restore test left stays");
        }
    }
}

/// The version of the server that a [`Scratch`] would be, for people.
///
/// # Errors
/// Says which programs are missing.
pub async fn server_programs(folder: Option<&Path>, major: u32) -> anyhow::Result<String> {
    let programs = binaries::server_tools(folder, &cache_dir(), major).await?;
    Ok(format!("in a PostgreSQL {} of its own", programs.major))
}
