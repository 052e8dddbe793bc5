//! What pgBackRest says of its repository.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::super::BackupError;

/// What is in a repository.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Archive {
    /// Copies, oldest first.
    pub backups: Vec<Copied>,
}

/// One copy of the files.
#[derive(Clone, Debug, PartialEq)]
pub struct Copied {
    /// Its name.
    pub label: String,
    /// `full`, `diff` or `incr`.
    pub kind: String,
    /// It can be restored to any moment after this.
    pub stop: DateTime<Utc>,
    /// What it added to the repository.
    pub bytes: u64,
    /// On the server.
    pub plain_bytes: u64,
    /// It has pages whose checksum is wrong.
    pub error: bool,
}

#[derive(Deserialize)]
struct Stanza {
    name: String,
    status: Status,
    #[serde(default)]
    backup: Vec<Backup>,
}

#[derive(Deserialize)]
struct Status {
    code: i64,
    message: String,
}

#[derive(Deserialize)]
struct Backup {
    label: String,
    r#type: String,
    timestamp: Timestamp,
    info: Info,
    #[serde(default)]
    error: Option<bool>,
}

#[derive(Deserialize)]
struct Timestamp {
    stop: i64,
}

#[derive(Deserialize)]
struct Info {
    size: u64,
    repository: Repository,
}

#[derive(Deserialize)]
struct Repository {
    delta: u64,
}

/// The repository is fine but has no backup yet.
const NO_BACKUP: i64 = 2;
/// "other": an error in a repository.
const UNREADABLE: i64 = 99;

impl Archive {
    /// Reads `pgbackrest info --output=json`.
    ///
    /// # Errors
    /// [`BackupError::Refused`] with what pgBackRest says is wrong.
    pub fn read(text: &str, stanza: &str) -> Result<Self, BackupError> {
        let all: Vec<Stanza> = serde_json::from_str(text)
            .map_err(|error| BackupError::Refused(format!("pgbackrest info: {error}")))?;
        let found = all.into_iter().find(|found| found.name == stanza).ok_or_else(|| {
            BackupError::Refused(format!(
                "the repository does not know {stanza}: run career-worker backup pitr setup"
            ))
        })?;
        match found.status.code {
            0 | NO_BACKUP => {}
            // It says no more than this; its check does.
            UNREADABLE => {
                return Err(BackupError::Refused(
                    "the repository cannot be read: career-worker backup pitr check says why".to_owned(),
                ));
            }
            _ => {
                return Err(BackupError::Refused(format!(
                    "pgbackrest: {}: run career-worker backup pitr setup",
                    found.status.message
                )));
            }
        }
        let mut backups: Vec<Copied> = found
            .backup
            .into_iter()
            .map(|backup| Copied {
                label: backup.label,
                kind: backup.r#type,
                stop: DateTime::from_timestamp(backup.timestamp.stop, 0).unwrap_or_default(),
                bytes: backup.info.repository.delta,
                plain_bytes: backup.info.size,
                error: backup.error == Some(true),
            })
            .collect();
        backups.sort_by(|a, b| (a.stop, &a.label).cmp(&(b.stop, &b.label)));
        Ok(Self { backups })
    }

    /// The newest copy.
    pub fn newest(&self) -> Option<&Copied> {
        self.backups.last()
    }

    /// The first moment that can be had.
    pub fn first_moment(&self) -> Option<DateTime<Utc>> {
        self.backups.first().map(|backup| backup.stop)
    }
}

/// Judges what `pgbackrest verify --output=text --verbose` printed, whose exit code says nothing: what is wrong, where something is.
/// `newest` must be among what it found valid.
pub fn verdict(said: &str, newest: Option<&str>) -> Option<String> {
    let lines = || said.lines().map(str::trim);
    if lines().any(|line| line.contains("status: error")) {
        let wrong: Vec<_> = lines()
            .filter(|line| {
                line.contains("invalid") && !line.contains("invalid 0")
                    || line.contains("missing: ") && !line.contains("missing: 0")
            })
            .take(5)
            .collect();
        return Some(format!(
            "the repository is damaged: {}",
            if wrong.is_empty() { "status: error".to_owned() } else { wrong.join("; ") }
        ));
    }
    if !lines().any(|line| line.contains("status: ok")) {
        return Some("pgbackrest verify did not say that the repository is fine".to_owned());
    }
    let Some(newest) = newest else { return Some("there is no backup in the repository".to_owned()) };
    let valid = lines().any(|line| line.contains(newest) && line.contains("status: valid"));
    (!valid).then(|| format!("backup {newest} is not among the valid ones"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_that_cannot_be_read_says_what_to_do() {
        for (code, said) in [(99, "career-worker backup pitr check"), (1, "career-worker backup pitr setup")]
        {
            let info = format!(r#"[{{"name":"career","status":{{"code":{code},"message":"x"}}}}]"#);
            assert!(Archive::read(&info, "career").unwrap_err().to_string().contains(said));
        }
        let empty = r#"[{"name":"career","status":{"code":2,"message":"no valid backups"}}]"#;
        assert_eq!(Archive::read(empty, "career").unwrap(), Archive::default());
    }

    #[test]
    fn a_verify_that_ends_well_is_judged_by_what_it_prints() {
        let fine =
            "stanza: career\nstatus: ok\n  backup: 20261126-142443F, status: valid, total files checked: 1\n";
        assert_eq!(verdict(fine, Some("20261126-142443F")), None);
        assert!(verdict(fine, Some("20261127-000000F")).is_some());
        assert!(verdict(fine, None).is_some());
        assert!(verdict("", Some("20261126-142443F")).is_some());
        let damaged =
            "stanza: career\nstatus: error\n  archiveId: 15-1, total WAL checked: 4, checksum invalid: 1\n";
        assert!(verdict(damaged, Some("x")).unwrap().contains("checksum invalid: 1"));
    }
}
