//! The connections of the admin endpoint: how many at once, how long each may take over a head, how large that may be.
//!
//! Whoever opens connections and says nothing, or says it slowly, must not keep others out: a connection without a request is closed
//! after [`HEAD_WITHIN`], and while there are as many as allowed a new one takes the place of the oldest that has no request under way.
//! It must not know what is asked; the routes and their limits are in the module above.

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, response::Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// Connections at once.
const MOST: usize = 256;
/// Longest time for the head of a request, the wait for it included.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// Connections that may wait to be accepted. Those beyond it the kernel acknowledges by a cookie and forgets: a client that waits for us
/// to speak, or to close, then waits for ever. The standard library's 128 are less than one burst of ours.
const WAITING: u32 = 1024;
/// Largest head of a request, bytes, and most headers in it.
const HEAD: (usize, usize) = (16 << 10, 100);
/// Longest life of a connection; a client that reads slowly is held no longer.
const LIFE: Duration = Duration::from_mins(2);
/// Longest time for what is under way when the process stops, or a connection's life is over.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// After an error of the listener (no file descriptor is free), a pause.
const PAUSE: Duration = Duration::from_millis(50);

/// The connections there are, oldest first.
#[derive(Debug, Default)]
struct Open(Mutex<VecDeque<Arc<Connection>>>);

#[derive(Debug, Default)]
struct Connection {
    /// Requests under way.
    requests: AtomicUsize,
    closed: CancellationToken,
}

impl Open {
    /// Notes a new connection, in the place of an idle one where there are too many; `None` where none is idle.
    fn add(&self) -> Option<Arc<Connection>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            let idle = all.iter().position(|known| known.requests.load(Ordering::Acquire) == 0)?;
            if let Some(oldest) = all.remove(idle) {
                oldest.closed.cancel();
                metrics::counter!("career_admin_connections_evicted_total").increment(1);
            }
        }
        let new = Arc::new(Connection::default());
        all.push_back(Arc::clone(&new));
        Some(new)
    }

    fn remove(&self, gone: &Arc<Connection>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|known| !Arc::ptr_eq(known, gone));
    }
}

/// Opens a listener.
pub(super) fn open(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// Serves `router` until `shutdown`, then until what is under way has its answer.
pub(super) async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let (open, mut serving) = (Arc::<Open>::default(), JoinSet::new());
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
            Some(_) = serving.join_next() => continue,
        };
        match accepted {
            Ok((stream, address)) => {
                let Some(connection) = open.add() else { continue };
                let (open, router, shutdown) = (Arc::clone(&open), router.clone(), shutdown.clone());
                serving.spawn(async move {
                    one(stream, address, router, &connection, shutdown).await;
                    open.remove(&connection);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "no connection accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(LAST_WORDS, async { while serving.join_next().await.is_some() {} }).await;
}

async fn one(
    stream: TcpStream,
    address: SocketAddr,
    router: Router,
    connection: &Arc<Connection>,
    shutdown: CancellationToken,
) {
    let counted = Arc::clone(connection);
    let service = service_fn(move |request| answer(router.clone(), address, request, Arc::clone(&counted)));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_headers(HEAD.1)
        .max_buf_size(HEAD.0)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    tokio::select! {
        // An error is the client's: it went away, was too slow, or does not speak HTTP.
        _ = &mut serving => return,
        () = connection.closed.cancelled() => return,
        () = shutdown.cancelled() => {}
        () = tokio::time::sleep(LIFE) => {}
    }
    serving.as_mut().graceful_shutdown();
    tokio::select! {
        _ = tokio::time::timeout(LAST_WORDS, serving) => {}
        () = connection.closed.cancelled() => {}
    }
}

async fn answer(
    router: Router,
    address: SocketAddr,
    request: hyper::Request<Incoming>,
    connection: Arc<Connection>,
) -> Result<Response, Infallible> {
    connection.requests.fetch_add(1, Ordering::AcqRel);
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(address));
    let response = router.oneshot(request).await;
    connection.requests.fetch_sub(1, Ordering::AcqRel);
    response
}
