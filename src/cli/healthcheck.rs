//! `career-worker healthcheck`: for container images that have no other client.

use std::{io::Write as _, net::SocketAddr, process::ExitCode, time::Duration};

use anyhow::Context as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{Globals, failure};

const PATIENCE: Duration = Duration::from_secs(5);

/// Ask a running daemon whether it is ready: 0 yes, 1 no, 69 it does not answer.
#[derive(Debug, clap::Args)]
pub(super) struct HealthcheckArgs {
    /// Where it listens; admin.probes or admin.bind where not given.
    #[arg(long, value_name = "ADDRESS:PORT")]
    at: Option<SocketAddr>,
}

pub(super) async fn run(globals: &Globals, args: HealthcheckArgs) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let mut address = args.at.or(config.admin.probes).unwrap_or(config.admin.bind);
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let unavailable = |error| failure::Failure::new(failure::UNAVAILABLE, format!("{address}: {error:#}"));
    let (ready, body) = ask(address).await.map_err(unavailable)?;
    if globals.json {
        writeln!(std::io::stdout().lock(), "{}", body.trim())?;
    } else {
        globals.output().say(body.trim());
    }
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether a daemon at `address` is ready, and what it says.
///
/// # Errors
/// Where nobody answers in time.
pub(super) async fn ask(address: SocketAddr) -> anyhow::Result<(bool, String)> {
    let answer = tokio::time::timeout(PATIENCE, exchange(address)).await.context("no answer")??;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let ready = head.starts_with("HTTP/1.1 200") || head.starts_with("HTTP/1.0 200");
    Ok((ready, body.to_owned()))
}

async fn exchange(address: SocketAddr) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await.context("connect")?;
    let request = format!("GET /readyz HTTP/1.0\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.context("ask")?;
    let mut answer = String::new();
    stream.take(64 << 10).read_to_string(&mut answer).await.context("read answer")?;
    Ok(answer)
}
