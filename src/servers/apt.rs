//! apt-get, run by anybody on a state of its own.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};

use super::account::{create_dir, is_root};

/// Of these names, and those that begin with them and a dash or a digit, nothing is fetched: the base system, and what installation
/// scripts need (perl, debconf, locales). PostgreSQL uses LLVM only to compile queries, which the private server has switched off.
const LEFT_OUT: [&str; 42] = [
    "adduser",
    "base-passwd",
    "bash",
    "ca-certificates",
    "cdebconf",
    "coreutils",
    "dash",
    "debconf",
    "debianutils",
    "dpkg",
    "findutils",
    "gcc",
    "grep",
    "init-system-helpers",
    "install-info",
    "libc-bin",
    "libc6",
    "libclang",
    "libdebconfclient0",
    "libgcc",
    "libllvm",
    "libpam-modules",
    "libpam-runtime",
    "libperl",
    "libz3",
    "locales",
    "logrotate",
    "lsb",
    "mawk",
    "netbase",
    "openssl",
    "passwd",
    "perl",
    "postgresql-client-common",
    "postgresql-common",
    "sed",
    "ssl-cert",
    "sysvinit-utils",
    "tar",
    "tzdata",
    "ucf",
    "util-linux",
];

const SETTINGS: &str = r#"Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
APT::Install-Recommends "false";
Debug::NoLocking "1";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
"#;

/// apt with everything that it writes in a folder of ours.
pub(crate) struct Apt {
    settings: PathBuf,
    /// Where packages are fetched to.
    pub files: PathBuf,
}

impl Apt {
    pub fn prepare(work: &Path) -> anyhow::Result<Self> {
        for folder in ["state/lists/partial", "cache/archives/partial", "log", "files"] {
            create_dir(&work.join(folder))?;
        }
        let at = work.to_str().context("the cache folder's name is not UTF-8")?;
        if at.contains('"') {
            bail!("{at}: apt cannot work in a folder with a quotation mark in its name");
        }
        let mut text = SETTINGS.to_owned();
        for (key, value) in [
            ("Dir::State", "state"),
            ("Dir::State::status", "status"),
            ("Dir::Cache", "cache"),
            ("Dir::Log", "log"),
        ] {
            writeln!(text, "{key} \"{at}/{value}\";")?;
        }
        if is_root()? {
            // Otherwise apt drops to a user who cannot write here.
            text += "APT::Sandbox::User \"root\";\n";
        }
        std::fs::write(work.join("status"), "")?;
        let settings = work.join("apt.conf");
        std::fs::write(&settings, text)?;
        Ok(Self { settings, files: work.join("files") })
    }

    pub async fn run(&self, arguments: &[&str]) -> anyhow::Result<Answer> {
        let mut command = Command::new("apt-get");
        command.arg("-c").arg(&self.settings).args(arguments).current_dir(&self.files);
        run(command).await
    }
}

/// What a program said.
pub(crate) struct Answer {
    pub ok: bool,
    pub out: String,
    /// Its complaints, or all it wrote where there are none.
    pub said: String,
}

/// Runs `command` to its end.
pub(crate) async fn run(command: Command) -> anyhow::Result<Answer> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut command = tokio::process::Command::from(command);
    command.env("LC_ALL", "C").env("DEBIAN_FRONTEND", "noninteractive").stdin(std::process::Stdio::null());
    let output = command.kill_on_drop(true).output().await.with_context(|| format!("starting {program}"))?;
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    let said = if complaints.trim().is_empty() { out.clone() } else { complaints };
    Ok(Answer { ok: output.status.success(), out, said })
}

/// The names in `'http://.../libpq5_15.13-0_amd64.deb' libpq5_15.13-0_amd64.deb 190488 SHA256:...`, without those left out.
pub(crate) fn package_names(uris: &str) -> Vec<String> {
    uris.lines()
        .filter_map(|line| line.split_whitespace().nth(1)?.split_once('_'))
        .map(|(name, _)| name.to_owned())
        .filter(|name| !left_out(name))
        .collect()
}

fn left_out(name: &str) -> bool {
    LEFT_OUT.iter().any(|stem| {
        name.strip_prefix(stem)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c == '-' || c.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_the_base_system_is_left_out() {
        let uris = "'http://archive.test/pool/l/libpq5_15.13-0_amd64.deb' libpq5_15.13-0_amd64.deb 190488 SHA256:ab\n\
                    'http://archive.test/pool/g/libc6_2.36-9_amd64.deb' libc6_2.36-9_amd64.deb 2758000 SHA256:cd\n\
                    'http://archive.test/pool/p/postgresql-15_15.13-0_amd64.deb' postgresql-15_15.13-0_amd64.deb 1 MD5Sum:0\n\
                    \n\
                    Reading package lists...\n";
        assert_eq!(package_names(uris), ["libpq5", "postgresql-15"]);
    }

    #[test]
    fn only_whole_stems_are_left_out() {
        for name in
            ["perl", "perl-base", "libllvm14", "libc6", "libgcc-s1", "gcc-12-base", "postgresql-common"]
        {
            assert!(left_out(name), "{name}");
        }
        for name in [
            "postgresql-15",
            "libpcre2-8-0",
            "libperlite",
            "sedutil",
            "libssl3",
            "libicu72",
            "postgresql-client-15",
        ] {
            assert!(!left_out(name), "{name}");
        }
    }
}
