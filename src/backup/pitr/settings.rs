//! The file that pgBackRest reads, and the settings of the server that go with it.

use std::{fmt::Write as _, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use secrecy::ExposeSecret as _;
use url::Url;

use super::super::BackupError;
use crate::{
    config::{Config, PitrConfig},
    servers::Account,
};

/// Writes the file whole or not at all, for the owner of the cluster alone: it has the passphrase. The repository and the spool are made.
pub(super) fn write(config: &Config, port: Option<i32>, account: &Account) -> Result<(), BackupError> {
    let pitr = &config.pitr;
    let text = text(config, port)?;
    if pitr.repository.starts_with('/') {
        folder(Path::new(&pitr.repository), account)?;
    }
    if !pitr.spool.as_os_str().is_empty() {
        folder(&pitr.spool, account)?;
    }
    let parent = pitr.file.parent().unwrap_or(Path::new("/"));
    folder(parent, account)?;
    let new = pitr.file.with_extension("conf.new");
    let shown = || format!("write {}", pitr.file.display());
    let written = || -> std::io::Result<()> {
        if new.exists() {
            std::fs::remove_file(&new)?;
        }
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    written().map_err(BackupError::system(shown()))?;
    account.own(&new).map_err(BackupError::Server)?;
    std::fs::rename(&new, &pitr.file).map_err(BackupError::system(shown()))
}

/// Made where it is missing, and then for the owner of the cluster; one that is empty becomes the owner's.
fn folder(path: &Path, account: &Account) -> Result<(), BackupError> {
    use std::os::unix::fs::DirBuilderExt as _;
    if path.exists() {
        let entries = std::fs::read_dir(path).map_err(BackupError::system(path.display().to_string()))?;
        return if entries.count() == 0 { account.own(path).map_err(BackupError::Server) } else { Ok(()) };
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o750);
    builder.create(path).map_err(BackupError::system(format!("make {}", path.display())))?;
    account.own(path).map_err(BackupError::Server)
}

fn text(config: &Config, port: Option<i32>) -> Result<String, BackupError> {
    let pitr = &config.pitr;
    let mut text =
        String::from("# Written by career-worker backup pitr setup, which writes it anew.\n[global]\n");
    let mut set = |key: &str, value: &str| {
        if value.contains('\n') {
            return Err(BackupError::Settings(format!("pitr: {key}: expected one line")));
        }
        let _ = writeln!(text, "{key}={value}");
        Ok(())
    };
    match Url::parse(&pitr.repository) {
        Ok(url) if url.scheme() == "s3" => bucket(config, &url, &mut set)?,
        _ => set("repo1-path", &pitr.repository)?,
    }
    set("repo1-cipher-type", "aes-256-cbc")?;
    set("repo1-cipher-pass", pitr.cipher_pass.expose_secret().trim())?;
    set("repo1-bundle", "y")?;
    set("repo1-retention-full-type", "time")?;
    set("repo1-retention-full", &pitr.keep_days.to_string())?;
    set("compress-type", "zst")?;
    set("compress-level", "3")?;
    set("process-max", "2")?;
    if !pitr.file.starts_with("/etc") {
        // Beside a file of its own, not where those of another account are.
        let parent = pitr.file.parent().unwrap_or(Path::new("/"));
        set("lock-path", &parent.join("lock").display().to_string())?;
    }
    set("start-fast", "y")?;
    set("log-level-file", "off")?;
    set("log-level-console", "warn")?;
    set("log-level-stderr", "error")?;
    if !pitr.spool.as_os_str().is_empty() {
        set("archive-async", "y")?;
        set("spool-path", &pitr.spool.display().to_string())?;
    }
    let _ = writeln!(text, "[{}]", pitr.stanza);
    let mut set = |key: &str, value: &str| {
        let _ = writeln!(text, "{key}={value}");
    };
    set("pg1-path", &pitr.cluster.display().to_string());
    set("pg1-socket-path", &pitr.socket.display().to_string());
    if let Some(port) = port {
        set("pg1-port", &port.to_string());
    }
    if !pitr.user.is_empty() {
        set("pg1-user", &pitr.user);
        // The role's database of the same name need not be there.
        set("pg1-database", "postgres");
    }
    Ok(text)
}

fn bucket(
    config: &Config,
    url: &Url,
    set: &mut impl FnMut(&str, &str) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let backup = &config.backup;
    set("repo1-type", "s3")?;
    set("repo1-path", if url.path().is_empty() { "/" } else { url.path() })?;
    set("repo1-s3-bucket", url.host_str().unwrap_or_default())?;
    set("repo1-s3-region", &backup.s3_region)?;
    let key = backup.s3_access_key_id.expose_secret();
    if key.is_empty() {
        set("repo1-s3-key-type", "auto")?;
    } else {
        set("repo1-s3-key", key)?;
        set("repo1-s3-key-secret", backup.s3_secret_access_key.expose_secret())?;
    }
    if backup.s3_endpoint.is_empty() {
        return set("repo1-s3-endpoint", &format!("s3.{}.amazonaws.com", backup.s3_region));
    }
    let endpoint = Url::parse(&backup.s3_endpoint)
        .map_err(|_| BackupError::Settings("backup.s3_endpoint: expected https://host".to_owned()))?;
    if endpoint.scheme() != "https" {
        return Err(BackupError::Settings(
            "backup.s3_endpoint: pgBackRest speaks https only, expected https://host".to_owned(),
        ));
    }
    set("repo1-s3-endpoint", endpoint.host_str().unwrap_or_default())?;
    if let Some(port) = endpoint.port() {
        set("repo1-storage-port", &port.to_string())?;
    }
    set("repo1-s3-uri-style", "path")
}

/// As the server's shell reads it.
pub(super) fn archive_command(pitr: &PitrConfig) -> String {
    let quoted = |path: &Path| {
        let text = path.display().to_string();
        // The server replaces what begins with a percent sign.
        format!("'{}'", text.replace('\'', r"'\''").replace('%', "%%"))
    };
    let config = quoted(&pitr.file);
    format!("{} --config={config} --stanza={} archive-push %p", quoted(&pitr.program), pitr.stanza)
}

/// Lines for postgresql.conf.
pub(super) fn by_hand(pitr: &PitrConfig, command: &str) -> Vec<String> {
    vec![
        "wal_level = replica".to_owned(),
        "archive_mode = on".to_owned(),
        format!("archive_timeout = {}s", pitr.archive_timeout.as_secs().max(1)),
        format!("archive_command = '{}'", command.replace('\'', "''")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(overrides: &[(&str, &str)]) -> Config {
        let overrides: Vec<_> = overrides.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        Config::load(None, &overrides).unwrap()
    }

    const PASS: (&str, &str) = ("pitr.cipher_pass", "a long passphrase");
    const CLUSTER: (&str, &str) = ("pitr.cluster", "/data/main");

    #[test]
    fn a_folder_and_a_bucket() {
        let folder = config(&[("pitr.repository", "/backups/pitr"), PASS, CLUSTER]);
        let text = text(&folder, Some(5433)).unwrap();
        assert!(text.contains("repo1-path=/backups/pitr\n") && text.contains("pg1-port=5433\n"), "{text}");
        assert!(text.contains("repo1-cipher-pass=a long passphrase\n"));
        let endpoint = ("backup.s3_endpoint", "https://s3.example.org:9000");
        let bucket = config(&[("pitr.repository", "s3://b/pitr"), endpoint, PASS, CLUSTER]);
        let text = super::text(&bucket, None).unwrap();
        for line in [
            "repo1-type=s3",
            "repo1-path=/pitr",
            "repo1-s3-endpoint=s3.example.org",
            "repo1-storage-port=9000",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
    }

    #[test]
    fn a_line_break_cannot_add_a_setting() {
        let pass = ("pitr.cipher_pass", "a long\nrepo1-cipher-type=none");
        let error = text(&config(&[("pitr.repository", "/r"), pass, CLUSTER]), None).unwrap_err();
        assert!(!error.to_string().contains("none"), "{error}");
    }

    #[test]
    fn the_command_survives_the_shell_and_the_server() {
        let config =
            config(&[("pitr.repository", "/r"), PASS, CLUSTER, ("pitr.file", "/etc/it's 100%.conf")]);
        assert_eq!(
            archive_command(&config.pitr),
            r"'pgbackrest' --config='/etc/it'\''s 100%%.conf' --stanza=career archive-push %p"
        );
    }
}
