//! PostgreSQL and Redis out of Debian's (or Ubuntu's) packages, unpacked into a private folder: nothing is installed and nobody has
//! to be root.
//!
//! apt works on lists and a state of its own in which no package counts as installed, so that it names everything that is needed; what
//! every system with apt has anyway, and what only installation scripts need, is left out.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use super::{
    account::create_dir,
    apt::{Apt, package_names, run},
};

/// What a person can do where nothing can be fetched.
pub(crate) const ADVICE: &str = "\
install both and start again:
    Debian, Ubuntu    sudo apt-get install postgresql redis-server
    Fedora            sudo dnf install postgresql-server postgresql-contrib valkey
    Arch              sudo pacman -S postgresql valkey
    Alpine            apk add postgresql postgresql-contrib redis
    macOS             brew install postgresql@17 redis
or use running servers:
    export DATABASE_URL=postgres://user:password@host:5432/career
    export REDIS_URL=redis://host:6379";

/// Unpacked packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tree {
    /// What would be `/` if they were installed.
    pub root: PathBuf,
    /// Folders with shared libraries.
    pub libraries: Vec<PathBuf>,
}

/// The unpacked packages in `cache`; fetched when they are not there yet (about 40 MB). Two processes fetch once.
///
/// # Errors
/// Where this system has no apt or it cannot reach its archives: with what apt said and what to type.
pub(crate) async fn tree(cache: &Path) -> anyhow::Result<Tree> {
    let wanted = ["postgresql", "redis-server"];
    let tree = tree_of(cache, "packages", &wanted).await;
    tree.with_context(|| format!("PostgreSQL or Redis is missing and could not be fetched; {ADVICE}"))
}

/// The program `pgbackrest` out of this system's packages, as a script in `cache` that finds its libraries; fetched once.
///
/// # Errors
/// Where this system has no apt or it cannot reach its archives.
pub async fn pgbackrest(cache: &Path) -> anyhow::Result<PathBuf> {
    let tree =
        tree_of(cache, "pgbackrest", &["pgbackrest"]).await.context("pgBackRest could not be fetched")?;
    let program = tree.root.join("usr/bin/pgbackrest");
    ensure!(program.exists(), "the fetched packages hold no pgbackrest");
    let libraries = std::env::join_paths(&tree.libraries)?;
    let script = cache.join("pgbackrest.sh");
    let text = format!(
        "#!/bin/sh\nLD_LIBRARY_PATH='{}' exec '{}' \"$@\"\n",
        libraries.to_string_lossy(),
        program.display()
    );
    if std::fs::read_to_string(&script).unwrap_or_default() != text {
        use std::os::unix::fs::PermissionsExt as _;
        let new = cache.join(format!("pgbackrest.sh.{}", std::process::id()));
        std::fs::write(&new, text)?;
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o755))?;
        std::fs::rename(&new, &script)?;
    }
    Ok(script)
}

async fn tree_of(cache: &Path, name: &str, wanted: &[&str]) -> anyhow::Result<Tree> {
    create_dir(cache)?;
    let lock = cache.join(format!("{name}.lock"));
    let file = File::create(&lock).with_context(|| lock.display().to_string())?;
    let held = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await?;
    let _held = held.with_context(|| format!("locking {}", lock.display()))?;

    let root = cache.join(name);
    if !root.is_dir() {
        let work = cache.join(format!("{name}.new"));
        remove_dir(&work)?;
        let result = match fetch(&work, wanted).await {
            Ok(unpacked) => std::fs::rename(unpacked, &root).context("keeping the unpacked packages"),
            Err(error) => Err(error),
        };
        remove_dir(&work)?;
        result?;
    }
    let libraries = library_folders(&root);
    Ok(Tree { root, libraries })
}

/// What was fetched before, if anything was.
pub(crate) fn unpacked(cache: &Path) -> Option<Tree> {
    let root = cache.join("packages");
    let libraries = root.is_dir().then(|| library_folders(&root))?;
    Some(Tree { root, libraries })
}

async fn fetch(work: &Path, wanted: &[&str]) -> anyhow::Result<PathBuf> {
    ensure!(
        Path::new("/usr/share/zoneinfo/UTC").exists(),
        "PostgreSQL needs the time zones of the system: sudo apt-get install tzdata"
    );
    let apt = Apt::prepare(work)?;
    tracing::info!(?wanted, "fetching from the packages of this system (once)");
    // An archive that does not answer is no reason to stop as long as another one has the packages.
    let lists = apt.run(&["update"]).await?;
    let mut install = vec!["install", "--print-uris", "-qq", "-y"];
    install.extend(wanted);
    let plan = apt.run(&install).await?;
    ensure!(plan.ok, "apt found no packages\n{}{}", lists.said, plan.said);
    let names = package_names(&plan.out);
    ensure!(!names.is_empty(), "apt named no packages\n{}", plan.said);
    let mut download = vec!["download", "-qq"];
    download.extend(names.iter().map(String::as_str));
    let fetched = apt.run(&download).await?;
    ensure!(fetched.ok, "apt could not fetch packages\n{}", fetched.said);

    let root = work.join("root");
    create_dir(&root)?;
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&apt.files)?.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "deb")) {
        let mut unpack = Command::new("dpkg-deb");
        unpack.arg("-x").arg(file).arg(&root);
        let done = run(unpack).await?;
        ensure!(done.ok, "{} cannot be unpacked: {}", file.display(), done.said);
    }
    tracing::info!(packages = names.len(), "fetched");
    Ok(root)
}

/// Folders below `root` that hold shared libraries: `lib`, `usr/lib` and their folders for one machine type.
fn library_folders(root: &Path) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for base in [root.join("usr/lib"), root.join("lib")] {
        let inner = std::fs::read_dir(&base).into_iter().flatten().filter_map(Result::ok).map(|e| e.path());
        let mut inner: Vec<_> = inner.filter(|path| path.is_dir()).collect();
        inner.sort();
        inner.push(base);
        folders.extend(inner.into_iter().filter(|folder| holds_libraries(folder)));
    }
    folders
}

fn holds_libraries(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.filter_map(Result::ok).any(|entry| entry.file_name().to_string_lossy().contains(".so."))
}

fn remove_dir(path: &Path) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}
