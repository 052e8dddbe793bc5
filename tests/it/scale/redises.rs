//! Several servers of Redis or Valkey of a test's own, each with a folder, which end with it.

use std::{path::PathBuf, process::Child, time::Duration};

use redis::{Client, FromRedisValue, RedisResult, aio::MultiplexedConnection};

use crate::{
    process::free_port,
    rig::{RedisProgram, until},
};

pub const PASSWORD: &str = "between-friends";

pub struct Node {
    process: Child,
    args: Vec<String>,
    pub port: u16,
}

/// Dropping it kills them all.
pub struct Redises {
    program: RedisProgram,
    folder: tempfile::TempDir,
    pub nodes: Vec<Node>,
}

/// A test's programs: the Redis of all tests, and a Valkey where one is named.
pub async fn programs() -> Vec<(&'static str, RedisProgram)> {
    let mut found = Vec::new();
    match RedisProgram::find().await {
        Some(program) => found.push(("Redis", program)),
        None => eprintln!(
            "NOT CHECKED: the Redis of the tests is on another machine, and cannot be started again here"
        ),
    }
    found
}

/// The Valkey that `CAREER_VALKEY` names.
pub fn valkey() -> Option<RedisProgram> {
    let file = std::env::var_os("CAREER_VALKEY").map(PathBuf::from).filter(|file| file.is_file());
    if file.is_none() {
        eprintln!("NOT CHECKED: Valkey; CAREER_VALKEY names none");
    }
    file.map(|file| RedisProgram::at(&file))
}

impl Redises {
    pub fn new(program: RedisProgram) -> Self {
        Self { program, folder: tempfile::tempdir().unwrap(), nodes: Vec::new() }
    }

    /// Starts one more, with these arguments behind its port and folder; gives its port.
    pub fn add(&mut self, args: &[&str]) -> u16 {
        let port = free_port();
        let folder = self.folder.path().join(port.to_string());
        std::fs::create_dir(&folder).unwrap();
        let mut all =
            vec!["--port".to_owned(), port.to_string(), "--dir".to_owned(), folder.display().to_string()];
        all.extend(["--bind", "127.0.0.1", "--save", ""].map(str::to_owned));
        all.extend(args.iter().map(|arg| (*arg).to_owned()));
        let process = self.program.command().args(&all).spawn().unwrap();
        self.nodes.push(Node { process, args: all, port });
        port
    }

    /// Starts a sentinel with these lines; gives its port.
    pub fn add_sentinel(&mut self, lines: &str) -> u16 {
        let port = free_port();
        let file = self.folder.path().join(format!("sentinel-{port}.conf"));
        let folder = self.folder.path().display();
        std::fs::write(&file, format!("port {port}\nbind 127.0.0.1\ndir {folder}\n{lines}\n")).unwrap();
        let args = vec![file.display().to_string(), "--sentinel".to_owned()];
        let process = self.program.command().args(&args).spawn().unwrap();
        self.nodes.push(Node { process, args, port });
        port
    }

    /// kill -9.
    pub fn kill(&mut self, port: u16) {
        let node = self.node(port);
        node.process.kill().unwrap();
        node.process.wait().unwrap();
    }

    /// Starts one again that was killed.
    pub fn revive(&mut self, port: u16) {
        let mut command = self.program.command();
        let node = self.node(port);
        node.process = command.args(&node.args).spawn().unwrap();
    }

    fn node(&mut self, port: u16) -> &mut Node {
        self.nodes.iter_mut().find(|node| node.port == port).unwrap()
    }
}

impl Drop for Redises {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            let _ = node.process.kill();
            let _ = node.process.wait();
        }
    }
}

pub async fn connect(port: u16, password: &str) -> RedisResult<MultiplexedConnection> {
    let user = if password.is_empty() { String::new() } else { format!(":{password}@") };
    let settings = redis::AsyncConnectionConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(1)))
        .set_response_timeout(Some(Duration::from_secs(2)));
    let client = Client::open(format!("redis://{user}127.0.0.1:{port}")).unwrap();
    client.get_multiplexed_async_connection_with_config(&settings).await
}

/// One command to one server.
pub async fn ask<T: FromRedisValue>(port: u16, password: &str, command: &str) -> RedisResult<T> {
    let mut connection = connect(port, password).await?;
    let mut words = command.split(' ');
    let mut asked = redis::cmd(words.next().unwrap());
    asked.arg(words.collect::<Vec<_>>());
    asked.query_async(&mut connection).await
}

pub async fn until_up(port: u16, password: &str) {
    until(&format!("the Redis at {port} answers"), || async {
        ask::<String>(port, password, "PING").await.is_ok()
    })
    .await;
}
