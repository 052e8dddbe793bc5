//! One process of the program, which is killed, stopped, and started again as an init would.

use std::{path::PathBuf, process::ExitStatus};

use super::skew::{self, Skew};
use crate::process::{Program, Running, signal};

/// Exit code of a process that could not reach its servers when it started.
const UNAVAILABLE: i32 = 69;

/// How a replica is started.
pub struct Role {
    pub name: String,
    pub args: Vec<String>,
    /// Seconds that its clock is ahead.
    pub skew: i64,
    pub settings: Vec<(&'static str, String)>,
}

/// A role with its process.
pub struct Replica {
    pub role: Role,
    program: Program,
    running: Running,
    clock: PathBuf,
    log: PathBuf,
    frozen: bool,
    /// What it died of when nobody had killed it.
    pub deaths: Vec<String>,
}

impl Replica {
    pub fn start(role: Role, program: &Program, skew: &Skew, folder: &std::path::Path) -> Self {
        let (clock, log) =
            (folder.join(format!("{}.clock", role.name)), folder.join(format!("{}.log", role.name)));
        skew::set(&clock, role.skew);
        let mut program = program.clone();
        for (key, value) in skew.environment(&clock) {
            program = program.with(&key, value);
        }
        for (key, value) in &role.settings {
            program = program.with(key, value);
        }
        let running = Self::run(&role, &program, &log);
        Self { role, program, running, clock, log, frozen: false, deaths: Vec::new() }
    }

    fn run(role: &Role, program: &Program, log: &std::path::Path) -> Running {
        let args: Vec<&str> = role.args.iter().map(String::as_str).collect();
        program.start_logged(&args, log)
    }

    /// kill -9, and a new one at once; one that is frozen is to wake up as it was.
    pub fn kill(&mut self) -> bool {
        if !self.frozen {
            self.running.kill();
            self.again();
        }
        !self.frozen
    }

    /// A new one where the last has ended by itself.
    pub fn tend(&mut self) {
        let Some(status) = self.running.status() else { return };
        if status.code() != Some(UNAVAILABLE) {
            self.deaths.push(format!("{} ({}): {}", self.role.name, self.running.id(), said(status)));
        }
        self.again();
    }

    fn again(&mut self) {
        skew::clear(self.running.id());
        self.running = Self::run(&self.role, &self.program, &self.log);
    }

    /// Stops it where it is, as a machine that is suspended.
    pub fn freeze(&mut self) {
        self.frozen = true;
        signal("STOP", self.running.id());
    }

    /// Lets it go on.
    pub fn thaw(&mut self) {
        self.frozen = false;
        signal("CONT", self.running.id());
    }

    /// Sets its clock, besides its skew.
    pub fn jump(&self, seconds: i64) {
        skew::set(&self.clock, self.role.skew + seconds);
    }

    /// Memory in KiB and open files of its process.
    pub fn usage(&self) -> Option<(u64, u64)> {
        let folder = PathBuf::from(format!("/proc/{}", self.running.id()));
        let status = std::fs::read_to_string(folder.join("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let memory = line.split_whitespace().next()?.parse().ok()?;
        Some((memory, std::fs::read_dir(folder.join("fd")).ok()?.count() as u64))
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.running.kill();
        skew::clear(self.running.id());
    }
}

fn said(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    status.signal().map_or_else(|| status.to_string(), |signal| format!("ended by signal {signal}"))
}
