//! The real program as a process, with settings by environment.

use std::{
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use career_worker::dev::Stack;

/// A child that does not outlive the test.
pub struct Running(Child);

impl Running {
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Running {
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Waits for its end, at the most this long.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it has not ended within {within:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// How it ended, if it has.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }

    /// Memory that it has now, KiB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How to start the program again and again.
#[derive(Clone)]
pub struct Program {
    settings: Vec<(String, String)>,
}

impl Program {
    /// With the servers of `stack`, quick leases, and the schedules in `jobs`.
    pub fn on(stack: &Stack, jobs: &Path) -> Self {
        Self::at(&stack.database_url, &stack.redis_url, jobs)
    }

    /// The same with servers at these addresses.
    pub fn at(database_url: &str, redis_url: &str, jobs: &Path) -> Self {
        let given = [
            ("CAREER__DATABASE__URL", database_url.to_owned()),
            ("CAREER__REDIS__URL", redis_url.to_owned()),
            ("CAREER__JOBS__DIR", jobs.display().to_string()),
            ("CAREER__RUNS__LEASE", "3s".to_owned()),
            ("CAREER__RUNS__RENEW", "1s".to_owned()),
            ("CAREER__RUNS__RECONCILE", "1s".to_owned()),
            ("CAREER__RUNS__POLL", "200ms".to_owned()),
            ("CAREER__RUNS__BACKOFF_FIRST", "200ms".to_owned()),
            ("CAREER__RUNS__BACKOFF_MAX", "2s".to_owned()),
            ("CAREER__SCHEDULER__POLL", "100ms".to_owned()),
            ("CAREER__NOTIFY__DAILY_CAP", "1000000".to_owned()),
            ("CAREER__DATABASE__ACQUIRE_TIMEOUT", "2s".to_owned()),
            ("CAREER__LOG__FILTER", "warn".to_owned()),
        ];
        Self { settings: given.map(|(key, value)| (key.to_owned(), value)).to_vec() }
    }

    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.settings.push((key.to_owned(), value.into()));
        self
    }

    pub fn start(&self, args: &[&str]) -> Running {
        let mut command = self.command(args);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Running(command.spawn().unwrap())
    }

    /// Starts it with what it says on standard error at the end of a file.
    pub fn start_logged(&self, args: &[&str], log: &Path) -> Running {
        let mut command = self.command(args);
        let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        Running(command.spawn().unwrap())
    }

    /// What it prints when it has ended well.
    pub fn output(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_career-worker"));
        command.args(args).stdin(Stdio::null());
        command.env_remove("DATABASE_URL").env_remove("REDIS_URL");
        command.envs(self.settings.iter().map(|(key, value)| (key, value)));
        command
    }
}

/// A port that is free now.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The body of what an endpoint on loopback answers, whatever its status; `None` where it does not answer.
pub async fn get(port: u16, path: &str, headers: &str) -> Option<String> {
    let answer = ask(port, "GET", path, headers, "").await?;
    Some(answer.split_once("\r\n\r\n")?.1.to_owned())
}

/// Head and body of an answer.
pub async fn ask(port: u16, method: &str, path: &str, headers: &str, body: &str) -> Option<String> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let asked = async {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok()?;
        Some(answer)
    };
    tokio::time::timeout(Duration::from_secs(10), asked).await.ok().flatten()
}

/// A private stack of this test alone, since it will be broken on purpose.
pub async fn own_stack() -> Stack {
    let data = std::env::temp_dir().join(format!("career-worker-storm-{}", crate::support::unique()));
    let options =
        career_worker::dev::StackOptions { data, durable: false, database_url: None, redis_url: None };
    Stack::start(options).await.unwrap()
}

/// Sends a signal by name to a process.
pub fn signal(name: &str, pid: impl std::fmt::Display) {
    let _ = Command::new("kill").args(["-s", name, &pid.to_string()]).stderr(Stdio::null()).status();
}
