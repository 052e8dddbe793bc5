//! A server that cannot outlive this process.
//!
//! A small shell runs the server and reads a pipe that only we hold. When we end, by return, panic or `kill -9`, the system closes the
//! pipe and the shell stops the server. The shell is in a process group of its own, so that Ctrl-C reaches us first.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Seek as _, SeekFrom},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::Context as _;

use super::account::Account;

const SCRIPT: &str = include_str!("guard.sh");
const STOP_WITHIN: Duration = Duration::from_secs(30);

/// How a server is asked to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StopSignals {
    /// Clean stop.
    pub first: &'static str,
    /// When the first had no effect for 15 s.
    pub harder: &'static str,
}

/// A running server and what holds it.
#[derive(Debug)]
pub(crate) struct Guard {
    shell: Child,
    pipe: Option<ChildStdin>,
    log: File,
}

/// Where a guarded server writes, what it locks and what goes when it is gone.
pub(crate) struct Surroundings<'a> {
    pub account: &'a Account,
    pub lock: &'a File,
    pub log: &'a Path,
    pub script: &'a Path,
    pub remove: Option<&'a Path>,
}

impl Guard {
    /// Starts `server`; its environment is taken over, its standard streams are not.
    pub(crate) fn spawn(
        server: &Command,
        stop: StopSignals,
        around: &Surroundings<'_>,
    ) -> anyhow::Result<Self> {
        let log = open_log(around.log)?;
        // A file rather than an argument, so that the list of processes stays readable.
        std::fs::write(around.script, SCRIPT).with_context(|| around.script.display().to_string())?;
        let mut shell = Command::new("sh");
        shell.arg(around.script).args([stop.first, stop.harder]);
        shell.arg(around.remove.unwrap_or(Path::new("")));
        shell.arg(server.get_program()).args(server.get_args());
        for (key, value) in server.get_envs() {
            match value {
                Some(value) => shell.env(key, value),
                None => shell.env_remove(key),
            };
        }
        shell.current_dir("/").process_group(0);
        around.account.apply(&mut shell);
        let mut shell = shell
            .stdin(Stdio::piped())
            .stdout(around.lock.try_clone().context("lock of the data folder")?)
            .stderr(log.try_clone().with_context(|| around.log.display().to_string())?)
            .spawn()
            .with_context(|| around.account.explain("sh"))?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe, log })
    }

    /// How the server ended, if it did.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.shell.try_wait().context("waiting for a server")
    }

    /// What the server wrote so far.
    pub(crate) fn log(&mut self) -> String {
        let mut text = Vec::new();
        // The server appends, so moving the shared position does not disturb it.
        let read = self.log.seek(SeekFrom::Start(0)).and_then(|_| self.log.read_to_end(&mut text));
        match read {
            Ok(_) => String::from_utf8_lossy(&text).into_owned(),
            Err(error) => format!("(log cannot be read: {error})"),
        }
    }

    /// Asks the server to stop, without waiting.
    pub(crate) fn release(&mut self) {
        self.pipe.take();
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.release();
        let deadline = Instant::now() + STOP_WITHIN;
        while let Ok(None) = self.shell.try_wait() {
            if Instant::now() > deadline {
                tracing::warn!(guard.pid = self.shell.id(), "a private server does not stop");
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn open_log(path: &Path) -> anyhow::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    if path.exists() {
        std::fs::remove_file(path).with_context(|| path.display().to_string())?;
    }
    OpenOptions::new()
        .read(true)
        .append(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| path.display().to_string())
}
