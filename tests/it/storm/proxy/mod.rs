//! A TCP proxy between processes and one server: it cuts, delays, resets, and swallows answers.
//!
//! It never invents or reorders bytes. What it does to all connections is its [`Mode`]; besides, it can be told to swallow answers: the
//! request is passed on, the server does what was asked, and the client sees its connection die. To add a fault of the network: a mode and
//! its lines in [`Connection`].

mod connection;
pub mod wire;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use connection::Connection;

/// What happens on all connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Pass,
    /// Nothing passes either way; what was sent arrives when it is over.
    BlackHole,
    /// Connections are reset, and so is whoever comes.
    Reset,
    /// Requests arrive, answers do not; connections of that time stay so for ever.
    HalfOpen,
    /// Little at a time, and late.
    Slow,
}

/// What the proxy understands of what passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Postgres,
    /// The next bytes from the server answer the last from the client.
    Simple,
}

/// A proxy before a server.
pub struct Proxy {
    pub port: u16,
    link: Arc<Link>,
    accepting: JoinHandle<()>,
}

/// What all connections of a proxy share.
struct Link {
    protocol: Protocol,
    mode: watch::Sender<Mode>,
    /// Where the server is; nowhere while it is down.
    target: watch::Sender<Option<SocketAddr>>,
    /// Answers that are still to be swallowed.
    armed: AtomicU64,
    swallowed: AtomicU64,
    /// Counts how often connections that hear nothing any more were reset.
    forgotten: watch::Sender<u64>,
}

impl Proxy {
    pub async fn start(protocol: Protocol) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let link = Arc::new(Link {
            protocol,
            mode: watch::Sender::new(Mode::Pass),
            target: watch::Sender::new(None),
            armed: AtomicU64::new(0),
            swallowed: AtomicU64::new(0),
            forgotten: watch::Sender::new(0),
        });
        let shared = Arc::clone(&link);
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(Connection::serve(near, Arc::clone(&shared)));
            }
        });
        Self { port, link, accepting }
    }

    pub fn aim(&self, target: Option<SocketAddr>) {
        self.link.target.send_replace(target);
    }

    pub fn set(&self, mode: Mode) {
        self.link.mode.send_replace(mode);
    }

    /// Swallows the answers to the next `count` writes (PostgreSQL) or requests.
    pub fn swallow(&self, count: u64) {
        self.link.armed.fetch_add(count, Ordering::SeqCst);
    }

    pub fn heal(&self) {
        self.link.armed.store(0, Ordering::SeqCst);
        self.set(Mode::Pass);
    }

    /// Resets connections that were half open once, as a router does that was started again and does not know them.
    pub fn forget_deaf(&self) {
        self.link.forgotten.send_modify(|times| *times += 1);
    }

    /// Answers that were swallowed so far.
    pub fn swallowed(&self) -> u64 {
        self.link.swallowed.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.link.target.send_replace(None);
        self.set(Mode::Reset);
    }
}

impl Link {
    fn mode(&self) -> Mode {
        *self.mode.borrow()
    }

    /// Takes the right to swallow one answer.
    fn disarm(&self) -> bool {
        self.armed.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |armed| armed.checked_sub(1)).is_ok()
    }
}
