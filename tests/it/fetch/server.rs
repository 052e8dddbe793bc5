//! An HTTP/1.1 server of raw sockets, so that it can also answer what no proper server would.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// One request as the server got it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub head: String,
    pub body: Vec<u8>,
    /// How often this path was asked before.
    pub count: usize,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// What the server does.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Sends these bytes and closes.
    Bytes(Vec<u8>),
    /// Sends the first, then the second again and again.
    Endless(Vec<u8>, Vec<u8>, Duration),
    /// Sends these bytes and resets the connection.
    Reset(Vec<u8>),
}

impl Reply {
    pub fn whole(code: u16, headers: &str, body: &[u8]) -> Self {
        let length = if code == 304 { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        let headers = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
        Self::raw(&format!("HTTP/1.1 {code} X\r\nconnection: close\r\n{length}{headers}\r\n"), body)
    }

    pub fn raw(head: &str, body: &[u8]) -> Self {
        Self::Bytes([head.as_bytes(), body].concat())
    }
}

pub fn ok(headers: &str, body: &[u8]) -> Reply {
    Reply::whole(200, headers, body)
}

pub fn status(code: u16, headers: &str) -> Reply {
    Reply::whole(code, headers, b"")
}

pub struct Server {
    pub url: String,
    log: Arc<Mutex<Vec<Seen>>>,
    accept: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

impl Server {
    pub async fn start(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let log = Arc::new(Mutex::new(Vec::<Seen>::new()));
        let counts = Arc::new(Mutex::new(HashMap::<String, usize>::new()));
        let handler = Arc::new(handler);
        let accept = tokio::spawn({
            let log = Arc::clone(&log);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (log, counts, handler) =
                        (Arc::clone(&log), Arc::clone(&counts), Arc::clone(&handler));
                    tokio::spawn(async move {
                        let mut stream = stream;
                        let Some(mut seen) = read(&mut stream).await else { return };
                        seen.count = {
                            let mut counts = counts.lock().unwrap();
                            let count = counts.entry(seen.path.clone()).or_default();
                            std::mem::replace(count, *count + 1)
                        };
                        log.lock().unwrap().push(seen.clone());
                        answer(stream, handler(&seen)).await;
                    });
                }
            }
        });
        Self { url, log, accept }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.log.lock().unwrap().clone()
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut body = bytes.split_off(end + 4);
    let mut words = head.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut seen = Seen { method, path, head, body: Vec::new(), count: 0 };
    let length: usize = seen.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    seen.body = body;
    Some(seen)
}

async fn answer(mut stream: TcpStream, reply: Reply) {
    match reply {
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Reply::Endless(first, again, pause) => {
            let mut next = first;
            while stream.write_all(&next).await.is_ok() {
                next.clone_from(&again);
                tokio::time::sleep(pause).await;
            }
        }
        Reply::Reset(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.flush().await;
            // Unread bytes would do it too; a zero linger time makes the close a reset for certain.
            let _ = stream.set_zero_linger();
        }
    }
}
