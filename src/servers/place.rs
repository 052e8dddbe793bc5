//! What the private servers have in common.

use std::{fs::File, future::Future, net::TcpListener, path::Path, process::Command, time::Duration};

use anyhow::{Context as _, bail};
use tokio::time::Instant;

use super::{
    account::Account,
    guard::{Guard, StopSignals, Surroundings},
};
use crate::random::Random;

const READY_WITHIN: Duration = Duration::from_secs(90);

/// Where the servers of one stack live.
pub(crate) struct Place<'a> {
    pub account: Account,
    pub data: &'a Path,
    pub cache: &'a Path,
    pub lock: &'a File,
    pub durable: bool,
}

/// What happens to the folder when a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Afterwards {
    Keep,
    Remove,
}

impl Place<'_> {
    /// Starts `server` under guard.
    pub fn spawn(
        &self,
        server: &Command,
        stop: StopSignals,
        log: &str,
        afterwards: Afterwards,
    ) -> anyhow::Result<Guard> {
        let remove = (afterwards == Afterwards::Remove).then_some(self.data);
        let log = self.data.join(log);
        let script = self.data.join("guard.sh");
        let account = &self.account;
        Guard::spawn(
            server,
            stop,
            &Surroundings { account, lock: self.lock, log: &log, script: &script, remove },
        )
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// 32 hexadecimal digits.
pub(crate) fn password() -> String {
    format!("{:032x}", u128::from_be_bytes(Random::system().bytes()))
}

/// Asks with `check` until the server answers; `None` when another process took its port.
pub(crate) async fn wait_until_ready<T, F>(
    guard: &mut Guard,
    name: &str,
    check: impl Fn() -> F,
) -> anyhow::Result<Option<T>>
where
    F: Future<Output = anyhow::Result<T>>,
{
    let deadline = Instant::now() + READY_WITHIN;
    loop {
        let answer = tokio::time::timeout(Duration::from_secs(5), check()).await;
        if let Ok(Ok(answer)) = answer {
            return Ok(Some(answer));
        }
        if let Some(status) = guard.ended()? {
            let log = guard.log();
            if log.contains("Address already in use") {
                return Ok(None);
            }
            bail!("{name} ended at its start ({status}):\n{}", last_lines(&log));
        }
        if Instant::now() > deadline {
            bail!("{name} did not answer within {READY_WITHIN:?}:\n{}", last_lines(&guard.log()));
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let from = lines.len().saturating_sub(20);
    lines.get(from..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const STOP: StopSignals = StopSignals { first: "TERM", harder: "KILL" };

    /// What becomes of a server that is this line of shell and never answers.
    async fn fate(line: &str) -> anyhow::Result<Option<()>> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let lock = File::create(folder.path().join("lock")).unwrap();
        let account = Account::choose().unwrap();
        let place = Place { account, data: folder.path(), cache: folder.path(), lock: &lock, durable: true };
        let mut server = Command::new("sh");
        server.args(["-c", line]);
        let mut guard = place.spawn(&server, STOP, "server.log", Afterwards::Keep).unwrap();
        wait_until_ready(&mut guard, "the server", || async { anyhow::bail!("no answer") }).await
    }

    #[tokio::test]
    async fn a_taken_port_is_told_from_a_failure() {
        let taken = fate("echo 'could not bind: Address already in use' >&2; exit 1").await.unwrap();
        assert_eq!(taken, None);
        let failed = fate("echo 'FATAL: no more memory' >&2; exit 3").await.unwrap_err().to_string();
        assert!(failed.contains("FATAL: no more memory"), "{failed}");
        assert!(failed.contains("exit status: 3"), "{failed}");
    }

    #[test]
    fn the_end_of_a_log_is_shown() {
        let lines: Vec<String> = (0..30).map(|line| format!("line {line}")).collect();
        let log = lines.join("\n");
        assert!(last_lines(&log).starts_with("line 10\n"));
        assert!(last_lines(&log).ends_with("\nline 29"));
        assert_eq!(last_lines("only"), "only");
    }
}
