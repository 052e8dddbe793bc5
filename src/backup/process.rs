//! A program in a process group of its own that cannot outlive the one who waits for it.

use std::{
    io::{self, Read},
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use rustix::process::{Pid, Signal, kill_process_group};

use super::BackupError;

/// How much of what a program complains is kept.
const SAID: usize = 4 << 10;

/// A running program; dropped, it and its group are killed.
#[derive(Debug)]
pub(super) struct Group {
    name: String,
    child: Child,
    said: Option<JoinHandle<String>>,
    killer: Killer,
}

/// Kills the group from elsewhere, as long as there is one.
#[derive(Clone, Debug)]
pub(super) struct Killer(Arc<Mutex<Option<Pid>>>);

impl Killer {
    pub(super) fn kill(&self) {
        let pid = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pid) = *pid {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

/// Kills when it is dropped, so that a future that is dropped leaves no program behind.
#[derive(Debug)]
pub(super) struct KillOnDrop(pub(super) Killer);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        self.0.kill();
    }
}

impl Group {
    /// Starts it with `stdin` and `stdout` as set by the caller; its complaints are gathered.
    pub(super) fn start(name: &str, mut command: Command) -> Result<Self, BackupError> {
        command.process_group(0).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(BackupError::system(format!("start {name}")))?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let said = child.stderr.take().map(|stderr| std::thread::spawn(move || tail(stderr)));
        Ok(Self { name: name.to_owned(), child, said, killer: Killer(Arc::new(Mutex::new(pid))) })
    }

    pub(super) fn killer(&self) -> Killer {
        self.killer.clone()
    }

    pub(super) fn stdout(&mut self) -> io::Result<ChildStdout> {
        self.child.stdout.take().ok_or_else(|| io::Error::other("no standard output"))
    }

    pub(super) fn stdin(&mut self) -> io::Result<ChildStdin> {
        self.child.stdin.take().ok_or_else(|| io::Error::other("no standard input"))
    }

    /// Waits for its end. Blocking.
    ///
    /// # Errors
    /// [`BackupError::Program`] with the end of what it wrote, where it did not end well.
    pub(super) fn finish(mut self) -> Result<(), BackupError> {
        let status = self.child.wait().map_err(BackupError::system(format!("wait for {}", self.name)));
        self.killer.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let said = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        let status = status?;
        if status.success() {
            return Ok(());
        }
        let said = if said.trim().is_empty() { how(status) } else { said.trim().to_owned() };
        Err(BackupError::Program { program: self.name.clone(), said })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.killer.kill();
        let _ = self.child.wait();
        self.killer.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

fn how(status: ExitStatus) -> String {
    match status.signal() {
        Some(signal) => format!("killed by signal {signal}"),
        None => status.to_string(),
    }
}

/// The end of a stream.
fn tail(mut from: impl Read) -> String {
    let (mut kept, mut buffer) = (Vec::new(), [0; 1024]);
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        kept.extend_from_slice(buffer.get(..read).unwrap_or_default());
        let over = kept.len().saturating_sub(SAID);
        kept.drain(..over);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// Runs a program to its end and gives what it printed. Blocking.
///
/// # Errors
/// Where it cannot be started or does not end well.
pub(super) fn output(name: &str, mut command: Command) -> Result<String, BackupError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut group = Group::start(name, command)?;
    let mut printed = Vec::new();
    let read = group.stdout().and_then(|mut stdout| stdout.read_to_end(&mut printed));
    group.finish()?;
    read.map_err(BackupError::system(format!("read from {name}")))?;
    Ok(String::from_utf8_lossy(&printed).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(line: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        command
    }

    #[test]
    fn what_a_program_complains_is_the_error() {
        assert_eq!(output("sh", shell("echo fine")).unwrap(), "fine\n");
        let error = output("sh", shell("echo part; echo 'no such table' >&2; exit 3")).unwrap_err();
        assert_eq!(error.to_string(), "sh: no such table");
        assert!(output("sh", shell("kill -9 $$")).unwrap_err().to_string().contains("signal 9"));
    }

    #[test]
    fn the_whole_group_goes() {
        let mut command = shell("sleep 600 & echo $!; wait");
        command.stdout(Stdio::piped());
        let mut group = Group::start("sh", command).unwrap();
        let (mut stdout, mut first) = (group.stdout().unwrap(), [0; 16]);
        let read = stdout.read(&mut first).unwrap();
        let pid = std::str::from_utf8(&first[..read]).unwrap().trim().to_owned();
        assert!(std::path::Path::new(&format!("/proc/{pid}")).exists() || cfg!(not(target_os = "linux")));
        drop(group);
        let mut rest = Vec::new();
        // The pipe ends only when nobody holds it any more.
        stdout.read_to_end(&mut rest).unwrap();
    }
}
