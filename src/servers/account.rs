//! Whose account the private servers run under, and which folders it reaches.
//!
//! PostgreSQL refuses to run as root, so root's servers run as `nobody`; everyone else's run as themselves.

use std::{
    ffi::OsStr,
    io,
    os::unix::{
        fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};

const ROOT_CACHE: &str = "/var/cache/career-worker";
/// Linux gives these numbers to `nobody`; used where /etc/passwd does not name it.
const NOBODY: (u32, u32) = (65534, 65534);

/// The account of the servers: ourselves, or `nobody` where we are root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    other: Option<(u32, u32)>,
}

impl Account {
    /// Picks the account.
    pub(crate) fn choose() -> anyhow::Result<Self> {
        if !is_root()? {
            return Ok(Self { other: None });
        }
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        Ok(Self { other: Some(nobody(&users).unwrap_or(NOBODY)) })
    }

    /// The owner of `folder`: ourselves, or whoever it is where we are root.
    pub(crate) fn owner_of(folder: &Path) -> anyhow::Result<Self> {
        let found = std::fs::metadata(folder).with_context(|| folder.display().to_string())?;
        if is_root()? {
            return Ok(Self { other: (found.uid() != 0).then(|| (found.uid(), found.gid())) });
        }
        let me = std::fs::metadata("/proc/self").map_or_else(|_| found.uid(), |me| me.uid());
        if found.uid() != me {
            bail!("{}: belongs to another account; run this as that one, or as root", folder.display());
        }
        Ok(Self { other: None })
    }

    /// Makes `command` run under this account.
    pub(crate) fn apply(&self, command: &mut Command) {
        if let Some((user, group)) = self.other {
            command.uid(user).gid(group);
        }
    }

    /// Gives `path` (not what is in it) to this account.
    pub(crate) fn own(&self, path: &Path) -> anyhow::Result<()> {
        let Some((user, group)) = self.other else { return Ok(()) };
        std::os::unix::fs::chown(path, Some(user), Some(group))
            .with_context(|| format!("giving {} to the account of the servers", path.display()))
    }

    /// Fails where a folder on the way to `path` is closed to this account.
    pub(crate) fn reaches(&self, path: &Path) -> anyhow::Result<()> {
        if self.other.is_none() {
            return Ok(());
        }
        let path = path.canonicalize().with_context(|| path.display().to_string())?;
        if let Some(closed) = first_closed(&path) {
            bail!(
                "{}: root's servers run as the user nobody, who cannot enter {}; give a folder that everyone can enter, \
                 such as {ROOT_CACHE}",
                path.display(),
                closed.display()
            );
        }
        Ok(())
    }

    /// Context for an error at the start of `program`.
    pub(crate) fn explain(&self, program: &str) -> String {
        match self.other {
            None => format!("starting {program}"),
            Some(_) => format!(
                "starting {program} as the user nobody (PostgreSQL refuses root; as another user, or with \
                 DATABASE_URL and REDIS_URL set, this step is not needed)"
            ),
        }
    }
}

/// Where things are kept that can be made again: `$XDG_CACHE_HOME/career-worker`, `~/.cache/career-worker`, or for root, whose home is
/// closed to the account of the servers, `/var/cache/career-worker`.
///
/// # Errors
/// Where neither `XDG_CACHE_HOME` nor `HOME` is set.
pub fn default_data_dir() -> anyhow::Result<PathBuf> {
    let set = |name| {
        std::env::var_os(name).filter(|value: &std::ffi::OsString| !value.is_empty()).map(PathBuf::from)
    };
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    if is_root()? && cache.as_deref().is_none_or(|cache| first_closed(existing(cache)).is_some()) {
        return Ok(ROOT_CACHE.into());
    }
    match cache {
        Some(cache) => Ok(cache.join("career-worker")),
        None => bail!("neither XDG_CACHE_HOME nor HOME is set; give a data folder"),
    }
}

/// Where fetched programs may be: as [`default_data_dir`]. Where a service has no home, there are none; least of all in a folder that
/// everyone may write to.
pub(crate) fn cache_dir() -> PathBuf {
    default_data_dir().unwrap_or_else(|_| "/nonexistent/career-worker".into())
}

/// Creates `path` and what is missing above it: open to all for root (the servers must pass), else to the user alone.
pub(crate) fn create_dir(path: &Path) -> anyhow::Result<()> {
    let mode = if is_root()? { 0o755 } else { 0o700 };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .with_context(|| format!("creating {}", path.display()))
}

/// Writes `path` anew, readable by its owner alone.
pub(crate) fn write_private(path: &Path, content: &str) -> anyhow::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    let write = || -> io::Result<()> {
        if path.exists() {
            std::fs::remove_file(path)?;
        }
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(content.as_bytes())
    };
    write().with_context(|| format!("writing {}", path.display()))
}

/// Whether this process is root.
pub(crate) fn is_root() -> anyhow::Result<bool> {
    if let Ok(me) = std::fs::metadata("/proc/self") {
        return Ok(me.uid() == 0);
    }
    let output = Command::new("id").arg("-u").output().context("starting id")?;
    Ok(output.stdout.trim_ascii() == b"0")
}

fn nobody(passwd: &str) -> Option<(u32, u32)> {
    let line = passwd.lines().find(|line| line.starts_with("nobody:"))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// The nearest folder above `path`, or `path` itself, that exists.
fn existing(path: &Path) -> &Path {
    path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"))
}

fn first_closed(path: &Path) -> Option<&Path> {
    path.ancestors()
        .filter(|folder| *folder != Path::new(OsStr::new("")))
        .filter(|folder| std::fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o001 == 0))
        .last()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_read_from_the_user_list() {
        let list = "root:x:0:0:root:/root:/bin/sh\nnobody:x:99:98:Nobody:/:/sbin/nologin\n";
        assert_eq!(nobody(list), Some((99, 98)));
        assert_eq!(nobody("root:x:0:0::/root:/bin/sh\n"), None);
        assert_eq!(nobody("nobody:x:minus:98:::\n"), None);
    }

    #[test]
    fn a_closed_folder_above_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        let mode = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        mode(dir.path(), 0o755);
        mode(&dir.path().join("a"), 0o755);
        mode(&inner, 0o755);
        assert_eq!(first_closed(&inner), None);
        mode(&dir.path().join("a"), 0o700);
        assert_eq!(first_closed(&inner), Some(dir.path().join("a").as_path()));
        assert_eq!(existing(&inner.join("c/d")), inner);
    }
}
