//! This machine: files, ports, limits.

use std::{net::SocketAddr, path::Path};

use tokio::net::TcpListener;

use super::Finding;
use crate::{cli::healthcheck, config::Config, domain::Queue, telemetry::open_files};

/// Free space below which temporary files are in danger.
const SPACE: u64 = 1 << 30;
/// File descriptors for everything that is not counted below.
const SPARE_FILES: u64 = 200;

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let mut findings = vec![files(config), temporary(&std::env::temp_dir())];
    let admin = &config.admin;
    if admin.bind.ip().is_loopback() || admin.behind_tls_proxy {
        findings.push(port("admin.bind", admin.bind).await);
    } else {
        findings.push(Finding::bad(
            "admin.bind",
            format!("{} is not a loopback address", admin.bind),
            "bind a loopback address, or set admin.behind_tls_proxy = true where a proxy in front speaks TLS",
        ));
    }
    if let Some(address) = admin.probes {
        findings.push(port("admin.probes", address).await);
    }
    findings
}

/// Each run may have a connection or two outwards and one to the database, and the endpoint 256.
fn files(config: &Config) -> Finding {
    let Some(limit) = open_files() else { return Finding::ok("open files", "no limit") };
    let runs: usize = Queue::ALL.iter().map(|queue| config.queues.get(*queue).concurrency).sum();
    let runs = u64::try_from(runs).unwrap_or(u64::MAX);
    let wanted = runs.saturating_mul(16) + u64::from(config.database.max_connections) + 2 * 256 + SPARE_FILES;
    if limit < wanted {
        let remedy = format!("raise the limit to {wanted} or more (LimitNOFILE=, ulimit -n)");
        return Finding::warning("open files", format!("at most {limit}, {wanted} may be wanted"), remedy);
    }
    Finding::ok("open files", format!("at most {limit}"))
}

fn temporary(dir: &Path) -> Finding {
    let what = "temporary files";
    let remedy = "make the folder writable, or name another in TMPDIR";
    let file = dir.join(format!("career-worker-doctor-{}", std::process::id()));
    let written = std::fs::write(&file, b"x").and_then(|()| std::fs::remove_file(&file));
    if let Err(error) = written {
        return Finding::warning(what, format!("{}: {error}", dir.display()), remedy);
    }
    match rustix::fs::statvfs(dir) {
        Ok(space) => {
            let free = space.f_bavail.saturating_mul(space.f_frsize);
            let says = format!("{} MiB free in {}", free >> 20, dir.display());
            if free < SPACE {
                Finding::warning(what, says, "free some space there, or name another folder in TMPDIR")
            } else {
                Finding::ok(what, says)
            }
        }
        Err(error) => Finding::warning(what, format!("{}: {error}", dir.display()), remedy),
    }
}

/// Free, or taken by a daemon of ours.
async fn port(what: &'static str, address: SocketAddr) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Finding::ok(what, format!("{address} is free; no daemon answers here")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            match healthcheck::ask(address).await {
                Ok((true, _)) => Finding::ok(what, format!("a daemon answers at {address} and is ready")),
                Ok((false, body)) if body.contains("\"database\"") => Finding::warning(
                    what,
                    format!("a daemon answers at {address} and is not ready: {}", body.trim()),
                    "what it lacks is among these findings, or it is stopping",
                ),
                _ => Finding::bad(
                    what,
                    format!("{address} is taken by something else"),
                    format!("stop that, or set {what} to another port"),
                ),
            }
        }
        Err(error) => Finding::bad(
            what,
            format!("{address}: {error}"),
            format!("set {what} to an address of this machine"),
        ),
    }
}
