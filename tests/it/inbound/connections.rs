//! Callers that open connections and say nothing, little, or too much.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    admin::Endpoint,
    process::{Program, Running, free_port},
    rig::until,
    support::{TestDb, redis_url, unique},
};

/// Nobody waits longer for an answer, whatever others do.
const SOON: Duration = Duration::from_secs(2);
/// A connection without a head is closed within this: five seconds on a machine that is idle, and long before its life of two minutes
/// is over on one that is not.
const CLOSED_WITHIN: Duration = Duration::from_mins(1);

/// Sends bytes and reads until the server closes; `None` where it does not within ten seconds.
async fn exchange(address: &str, bytes: &[u8]) -> Option<String> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    read.ok().map(|_| String::from_utf8_lossy(&answer).into_owned())
}

async fn is_healthy(address: &str) -> bool {
    let started = Instant::now();
    let answer = exchange(address, b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    answer.is_some_and(|answer| answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok\n"))
        && started.elapsed() < SOON
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_comes_slowly_is_not_waited_for_and_keeps_nobody_out() {
    let endpoint = Endpoint::start().await;
    let address = endpoint.address.to_string();
    let started = Instant::now();
    let slow = (0..300).map(|n| {
        let address = address.clone();
        tokio::spawn(async move {
            let stream = TcpStream::connect(&address).await.unwrap();
            let (mut read, mut write) = stream.into_split();
            // A byte now and then, some of them silent, some with a head that never ends.
            let drip = async {
                let _ = write
                    .write_all(if n % 3 == 0 { b"" } else { b"GET /healthz HTTP/1.1\r\nhost: x\r\n" })
                    .await;
                while n % 3 == 2 && write.write_all(b"x-a: b\r\n").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
                std::future::pending::<()>().await;
            };
            let mut rest = Vec::new();
            tokio::select! {
                () = drip => {}
                _ = read.read_to_end(&mut rest) => {}
            }
            started.elapsed()
        })
    });
    let slow: Vec<_> = slow.collect();
    while !slow.iter().all(tokio::task::JoinHandle::is_finished) {
        assert!(is_healthy(&address).await, "others are kept waiting");
        let held: Vec<_> = (0..slow.len()).filter(|n| !slow[*n].is_finished()).collect();
        assert!(
            started.elapsed() < CLOSED_WITHIN,
            "slow heads are still waited for: silent, stopped or dripping (n % 3): {held:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut longest = Duration::ZERO;
    for held in slow {
        longest = longest.max(held.await.unwrap());
    }
    println!("300 slow connections, the longest held {longest:?}");
    assert!(longest < CLOSED_WITHIN, "{longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_closed_and_a_busy_one_is_used_again() {
    let endpoint = Endpoint::start().await;
    let mut stream = TcpStream::connect(endpoint.address).await.unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 2048];
        let read = stream.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
    }
    let started = Instant::now();
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut rest)).await;
    assert!(
        closed.is_ok() && rest.is_empty() && started.elapsed() > Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_are_too_large_or_no_http_are_refused() {
    let endpoint = Endpoint::start().await;
    let address = endpoint.address.to_string();
    let mut many = "GET /healthz HTTP/1.1\r\nhost: x\r\n".to_owned();
    (0..101).for_each(|n| write!(many, "x-{n}: a\r\n").unwrap());
    let cases = [
        (many + "\r\n", "HTTP/1.1 431"),
        (format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx-a: {}\r\n\r\n", "a".repeat(20_000)), "HTTP/1.1 431"),
        (format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(70_000)), "HTTP/1.1 4"),
        ("GET /healthz HTTP/9.9\r\n\r\n".to_owned(), "HTTP/1.1 400"),
        ("GET /healthz HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n".to_owned(), "HTTP/1.1 400"),
        // Two ways to say where the body ends is how requests are smuggled past a proxy.
        (
            "POST /api/v1/runs HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd"
                .to_owned(),
            "HTTP/1.1 400",
        ),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), ""),
        ("\u{16}\u{3}\u{1} a greeting in TLS".to_owned(), ""),
    ];
    for (bytes, start) in cases {
        let shown: String = bytes.chars().take(60).collect();
        let answer = exchange(&address, bytes.as_bytes()).await;
        let answer = answer.unwrap_or_else(|| panic!("{shown}: left open"));
        assert!(answer.starts_with(start) && !answer.starts_with("HTTP/1.1 2"), "{shown}: {answer}");
    }
    assert!(is_healthy(&address).await);
}

async fn daemon(db: &TestDb) -> (Running, String, tempfile::TempDir) {
    let (jobs, address) = (tempfile::tempdir().unwrap(), format!("127.0.0.1:{}", free_port()));
    let program = Program::at(&db.url, &redis_url().await, jobs.path())
        .with("CAREER__REDIS__PREFIX", unique())
        .with("CAREER__ADMIN__BIND", address.clone());
    let running = program.start(&["serve", "--roles", "admin"]);
    until("it listens", || async { TcpStream::connect(&address).await.is_ok() }).await;
    (running, address, jobs)
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_connections_keep_nobody_out() {
    const CONNECTIONS: usize = 10_000;
    let db = TestDb::new().await;
    let (running, address, _jobs) = daemon(&db).await;
    assert!(is_healthy(&address).await);
    let idle = running.memory();
    let (mut held, started, mut most) = (Vec::with_capacity(CONNECTIONS), Instant::now(), 0);
    for n in 0..CONNECTIONS {
        match TcpStream::connect(&address).await {
            Ok(mut stream) => {
                // Every other one begins a request.
                if n % 2 == 0 {
                    let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n").await;
                }
                held.push(stream);
            }
            Err(error) => panic!("connection {n}: {error}"),
        }
        if n % 1000 == 999 {
            assert!(is_healthy(&address).await, "after {} connections", n + 1);
            most = most.max(running.memory());
        }
    }
    println!(
        "{CONNECTIONS} connections in {:?}; memory {idle} KiB before, {most} KiB at the most",
        started.elapsed()
    );
    assert!(most - idle < 32 << 10, "{idle} -> {most} KiB");
    drop(held);
    assert!(is_healthy(&address).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_comes_slowly_ends_with_the_time_of_a_request() {
    let endpoint = Endpoint::start().await;
    let bearer = endpoint.token(career_worker::admin::token::Role::Operator, None).await;
    let head = format!(
        "POST /api/v1/runs HTTP/1.1\r\nhost: x\r\nauthorization: bearer {bearer}\r\ncontent-length: 1000\r\n\r\n{{"
    );
    let mut stream = TcpStream::connect(endpoint.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let (started, mut answer) = (Instant::now(), [0; 256]);
    let read =
        tokio::time::timeout(Duration::from_secs(20), stream.read(&mut answer)).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&answer[..read]);
    assert!(text.starts_with("HTTP/1.1 503") && started.elapsed() < Duration::from_secs(12), "{text}");
    // Without a token no body is waited for at all.
    let head = "POST /api/v1/runs HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{";
    let (mut stream, started) = (TcpStream::connect(endpoint.address).await.unwrap(), Instant::now());
    stream.write_all(head.as_bytes()).await.unwrap();
    let read = stream.read(&mut answer).await.unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 401") && started.elapsed() < SOON);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_requests_are_under_way_than_allowed() {
    const AT_ONCE: usize = 64;
    let endpoint = Endpoint::start().await;
    let mut held = Vec::new();
    let mut bearer = String::new();
    for n in 0..AT_ONCE {
        if n % 16 == 0 {
            bearer = endpoint.token(career_worker::admin::token::Role::Operator, None).await;
        }
        let head = format!(
            "POST /api/v1/runs HTTP/1.1\r\nhost: x\r\nauthorization: bearer {bearer}\r\ncontent-length: 9\r\n\r\n{{"
        );
        let mut stream = TcpStream::connect(endpoint.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        held.push(stream);
    }
    until("one more is refused", || async { endpoint.ask("GET", "/healthz", &[], "").await.status == 503 })
        .await;
    drop(held);
    until("there is room again", || async { endpoint.ask("GET", "/healthz", &[], "").await.status == 200 })
        .await;
}
