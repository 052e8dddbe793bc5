//! What hostile servers cost: each is refused for a reason of a known kind, in bounded memory and time, measured in a process of its own.

use std::{
    collections::HashMap,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use career_worker::{
    clock::Clock,
    config::Config,
    domain::{Politeness, Request},
    fetch::{Ask, Fetch, FetchError, LocalGate, Validators},
    random::Random,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::fetch::{
    bomb,
    server::{Reply, Server, ok},
};

const GATEWAY: &str = "CAREER_OUTBOUND_GATEWAY";
const CASES: &str = "CAREER_OUTBOUND_CASES";
/// Largest body that is read here.
const CAP: u64 = 10 << 20;
/// Memory above idle, KiB.
const MEMORY: u64 = 32 << 10;
const PATIENCE: Duration = Duration::from_secs(3);

fn memory(key: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn kind(error: &FetchError) -> String {
    match error {
        FetchError::Network { fault, .. } => format!("{fault:?}"),
        other => format!("{other:?}").split([' ', '{']).next().unwrap().to_owned(),
    }
}

/// Asks for what it is told and prints what came of each; does nothing on its own.
#[test]
fn one_fetcher() {
    let Ok(cases) = std::env::var(CASES) else { return };
    let mut config = Config::load(None, &[]).unwrap();
    config.fetch.tries = 1;
    config.fetch.connect_timeout = Duration::from_secs(2);
    if let Ok(gateway) = std::env::var(GATEWAY) {
        config.fetch.gateway = Some(gateway.parse().unwrap());
        config.fetch.gateway_per_second = Some(1000.0);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let fetch =
            Fetch::new(&config.fetch, Clock::system(), Random::system(), Arc::new(LocalGate)).unwrap();
        let mut idle = 0;
        for case in cases.split(' ') {
            // The most so far is forgotten, so that each case is measured alone.
            let _ = std::fs::write("/proc/self/clear_refs", "5");
            let request = Request::json(case);
            let politeness = Politeness { max_bytes: CAP, timeout: PATIENCE, ..Politeness::API };
            let ask = Ask {
                request: &request,
                politeness,
                validators: Validators::default(),
                cancelled: CancellationToken::new(),
            };
            let started = Instant::now();
            let answer = fetch.send(ask).await;
            let took = started.elapsed().as_millis();
            let outcome = match &answer {
                Ok(answer) => format!("{} bytes", answer.body.len()),
                Err(error) => kind(error),
            };
            drop(answer);
            // The first case is an ordinary one, after which everything there is has been set up.
            if idle == 0 {
                idle = memory("VmRSS:");
            }
            let above = memory("VmHWM:").saturating_sub(idle);
            println!("\n{}", json!({ "case": case, "outcome": outcome, "above": above, "ms": took }));
        }
    });
    runtime.shutdown_timeout(Duration::from_millis(100));
}

async fn fetch_apart(gateway: Option<&str>, cases: &[&str], env: &[(&str, &str)]) -> Vec<Value> {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "outbound::one_fetcher", "--nocapture"]).env(CASES, cases.join(" "));
    command.stdin(Stdio::null()).stderr(Stdio::inherit()).envs(env.iter().copied());
    if let Some(gateway) = gateway {
        command.env(GATEWAY, gateway);
    }
    let output = command.output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(lines.len(), cases.len(), "{}: {text}", output.status);
    lines
}

/// How a server behaves at this path, and what a client must make of it.
fn hostile(name: &str) -> (Reply, &'static str) {
    let raw = |head: &str, body: &[u8]| Reply::raw(head, body);
    let endless = |first: &str, again: &[u8], pause: u64| {
        Reply::Endless(first.as_bytes().to_vec(), again.to_vec(), Duration::from_millis(pause))
    };
    match name {
        "plain" => (ok("", b"{}"), "2 bytes"),
        "gzip-1-gib" => (ok("content-encoding: gzip", &bomb::gzip()), "TooLarge"),
        "brotli-1-gib" => (ok("content-encoding: br", &bomb::brotli()), "TooLarge"),
        "zstd-1-gib" => (ok("content-encoding: zstd", &bomb::zstd()), "TooLarge"),
        // A frame may ask its reader for a window of this size before it has said anything.
        "zstd-window-128-mib" => (ok("content-encoding: zstd", &bomb::zstd_with_window(27)), "TooLarge"),
        "zstd-window-2-gib" => (ok("content-encoding: zstd", &bomb::zstd_with_window(31)), "Body"),
        // Stands for nothing, again and again.
        "gzip-of-nothing" => {
            let empty = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            (endless("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n", &empty.repeat(3000), 0), "")
        }
        // The name of a file in the head of a gzip that does not end.
        "gzip-endless-head" => {
            let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n\x1f";
            let mut first = head.as_bytes().to_vec();
            first.extend([0x8b, 8, 8, 0, 0, 0, 0, 0, 255]);
            (Reply::Endless(first, vec![b'n'; 60_000], Duration::ZERO), "")
        }
        "endless-body" => (endless("HTTP/1.1 200 OK\r\n\r\n", &vec![b'x'; 60_000], 0), "TooLarge"),
        "endless-headers" => (
            endless("HTTP/1.1 200 OK\r\n", "x-filler: aaaaaaaaaaaaaaaaaaaa\r\n".repeat(2000).as_bytes(), 0),
            "Head",
        ),
        "endless-header" => (endless("HTTP/1.1 200 OK\r\nx-a: ", &vec![b'a'; 60_000], 0), "Head"),
        "endless-continue" => (endless("", "HTTP/1.1 100 Continue\r\n\r\n".repeat(2000).as_bytes(), 0), ""),
        "endless-chunk-extension" => (
            endless("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;", &vec![b'e'; 60_000], 0),
            "Body",
        ),
        "endless-trailers" => (
            endless(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n",
                "x-t: aaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(2000).as_bytes(),
                0,
            ),
            "Body",
        ),
        "vast-chunk" => {
            (raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n", b"x"), "Body")
        }
        "vast-length" => {
            (raw("HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775807\r\n\r\n", b"x"), "TooLarge")
        }
        "impossible-length" => {
            (raw("HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n", b"x"), "Head")
        }
        "length-too-long" => (raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n", b"short"), "Body"),
        "two-lengths" => {
            (raw("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n", b"abcde"), "Head")
        }
        "drip-body" => (endless("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", b"z", 100), "Timeout"),
        "drip-head" => (endless("HTTP/1.1 200 OK\r\nx-a: ", b"z", 100), "Timeout"),
        "silent" => (endless("", b"", 100), "Timeout"),
        "redirect-loop" => (Reply::whole(302, "location: redirect-loop", b""), "TooManyRedirects"),
        other => panic!("no case {other}"),
    }
}

const HOSTILE: [&str; 22] = [
    "plain",
    "gzip-1-gib",
    "brotli-1-gib",
    "zstd-1-gib",
    "zstd-window-128-mib",
    "zstd-window-2-gib",
    "gzip-of-nothing",
    "gzip-endless-head",
    "endless-body",
    "endless-headers",
    "endless-header",
    "endless-continue",
    "endless-chunk-extension",
    "endless-trailers",
    "vast-chunk",
    "vast-length",
    "impossible-length",
    "length-too-long",
    "two-lengths",
    "drip-body",
    "drip-head",
    "silent",
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_server_sends_costs_less_than_32_mb_and_no_more_than_its_time() {
    // Made beforehand: a bomb takes longer to write than to refuse.
    let replies: HashMap<&str, Reply> =
        HOSTILE.into_iter().chain(["redirect-loop"]).map(|name| (name, hostile(name).0)).collect();
    let server = Server::start(move |seen| replies[seen.path.rsplit('/').next().unwrap()].clone()).await;
    let cases: Vec<String> = HOSTILE
        .iter()
        .chain(&["redirect-loop"])
        .map(|name| format!("https://{name}.example/{name}"))
        .collect();
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    for line in fetch_apart(Some(&server.url), &cases, &[]).await {
        println!("{line}");
        let name = line["case"].as_str().unwrap().rsplit('/').next().unwrap();
        let expected = hostile(name).1;
        let outcome = line["outcome"].as_str().unwrap();
        // Where nothing is named any refusal will do, as long as it is one.
        assert!(if expected.is_empty() { !outcome.contains("bytes") } else { outcome == expected }, "{line}");
        assert!(line["above"].as_u64().unwrap() < MEMORY, "{line}");
        // Its deadline is three seconds; the rest is what a crowded machine adds.
        assert!(line["ms"].as_u64().unwrap() < 20_000, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_in_the_environment_are_not_asked() {
    let trap = Server::start(|_| ok("", b"trapped")).await;
    let server = Server::start(|_| ok("", b"{}")).await;
    let names = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];
    let env: Vec<(&str, &str)> = names.iter().map(|name| (*name, trap.url.as_str())).collect();
    let nowhere =
        ["http://nothing.is.here.career-worker.example/", "https://nothing.is.here.career-worker.example/"];
    for line in fetch_apart(None, &nowhere, &env).await {
        assert!(matches!(line["outcome"].as_str(), Some("Dns" | "Connect")), "{line}");
    }
    let private = ["http://localhost/", "http://127.0.0.1/", "http://[64:ff9b::7f00:1]/"];
    for line in fetch_apart(None, &private, &env).await {
        assert_eq!(line["outcome"], "Refused", "{line}");
    }
    let through = fetch_apart(Some(&server.url), &["https://a.example/"], &env).await;
    assert_eq!((through[0]["outcome"].as_str(), server.seen().len()), (Some("2 bytes"), 1));
    assert!(trap.seen().is_empty());
}
