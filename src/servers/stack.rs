//! One PostgreSQL and one Redis, given or private.

use std::{
    fs::{File, TryLockError},
    io::{Read as _, Seek as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use tokio::time::Instant;

use super::{
    account::{Account, create_dir, default_data_dir},
    binaries::Search,
    guard::Guard,
    place::{Afterwards, Place},
    postgres, redis,
};

/// How long the servers of a run that just ended may take to stop.
const LOCKED_WITHIN: Duration = Duration::from_secs(5);

/// What to start, and where.
#[derive(Clone, Debug)]
pub struct StackOptions {
    /// Folder of the private servers' data; created when it is missing.
    pub data: PathBuf,
    /// Keeps the data and survives a crash of the machine. Otherwise nothing is forced to disk, and the whole folder is removed at the end.
    pub durable: bool,
    /// Used as it is, instead of a private PostgreSQL.
    pub database_url: Option<String>,
    /// Used as it is, instead of a private Redis.
    pub redis_url: Option<String>,
}

/// The two servers; private ones stop when this is dropped, or when the process ends in whatever way.
pub struct Stack {
    /// PostgreSQL, with an empty database at first.
    pub database_url: String,
    /// Redis.
    pub redis_url: String,
    guards: Vec<Guard>,
    /// Folder to remove at the end.
    temporary: Option<PathBuf>,
    /// Held by the servers too, so that it is free only when they are gone.
    lock: Option<File>,
}

impl Stack {
    /// Starts what is not given and waits until it answers.
    ///
    /// # Errors
    /// Says what to type where the servers' programs are missing; that another process has the data folder; what a server that does not
    /// start wrote.
    pub async fn start(options: StackOptions) -> anyhow::Result<Self> {
        Self::start_with(options, Search::Everywhere).await
    }

    /// As [`Stack::start`], with a choice of programs.
    ///
    /// # Errors
    /// Those of [`Stack::start`].
    pub async fn start_with(options: StackOptions, search: Search) -> anyhow::Result<Self> {
        let given = |url: Option<String>| url.filter(|url| !url.is_empty());
        let options = StackOptions {
            database_url: given(options.database_url),
            redis_url: given(options.redis_url),
            ..options
        };
        if let (Some(database_url), Some(redis_url)) = (&options.database_url, &options.redis_url) {
            return Ok(Self {
                database_url: database_url.clone(),
                redis_url: redis_url.clone(),
                guards: Vec::new(),
                temporary: None,
                lock: None,
            });
        }
        let account = Account::choose()?;
        let data = std::path::absolute(&options.data)?;
        if !options.durable {
            refuse_foreign(&data)?;
        }
        create_dir(&data)?;
        account.reaches(&data)?;
        if !options.durable {
            account.own(&data)?;
        }
        let lock = lock(&data).await?;
        let cache = default_data_dir()?;
        let place = Place { account, data: &data, cache: &cache, lock: &lock, durable: options.durable };

        // From here on, dropping the unfinished stack cleans up.
        let mut stack = Self {
            database_url: options.database_url.unwrap_or_default(),
            redis_url: options.redis_url.unwrap_or_default(),
            guards: Vec::new(),
            temporary: (!options.durable).then(|| data.clone()),
            lock: None,
        };
        if stack.redis_url.is_empty() {
            // Where there are two servers, PostgreSQL is the one that still writes as it stops.
            let last = !options.durable && !stack.database_url.is_empty();
            let afterwards = if last { Afterwards::Remove } else { Afterwards::Keep };
            let (guard, url) = redis::start(&place, search, afterwards).await?;
            stack.guards.push(guard);
            stack.redis_url = url;
        }
        if stack.database_url.is_empty() {
            let (guard, url) = postgres::start(&place, search).await?;
            stack.guards.push(guard);
            stack.database_url = url;
        }
        stack.lock = Some(lock);
        Ok(stack)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // All at once; each is then waited for as it is dropped.
        self.guards.iter_mut().for_each(Guard::release);
        self.guards.clear();
        // The guards did so already, except for a folder in one that their account may not change.
        if let Some(data) = &self.temporary {
            std::fs::remove_dir_all(data).unwrap_or_default();
        }
        self.lock.take();
    }
}

/// What is removed at the end must have been made by us.
fn refuse_foreign(data: &Path) -> anyhow::Result<()> {
    let Ok(mut entries) = std::fs::read_dir(data) else { return Ok(()) };
    if entries.next().is_some() && !data.join("lock").exists() {
        bail!("{}: data that need not last goes into a new or empty folder", data.display());
    }
    Ok(())
}

/// Takes the lock of the data folder; waits a moment for servers that are about to stop.
async fn lock(data: &Path) -> anyhow::Result<File> {
    let path = data.join("lock");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .with_context(|| path.display().to_string())?;
    let deadline = Instant::now() + LOCKED_WITHIN;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).unwrap_or_default();
                bail!(
                    "{} is in use by process {}: stop that one, or give this one a data folder of its own",
                    data.display(),
                    holder.trim()
                );
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("locking {}", path.display()));
            }
        }
    }
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(format!("{}\n", std::process::id()).as_bytes())?;
    Ok(file)
}
