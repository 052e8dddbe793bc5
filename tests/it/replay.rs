//! The replay server over real HTTP, asked through the pipeline and by plain requests.

use std::{fs, path::Path, sync::Arc, time::Duration};

use career_worker::{
    dev::replay::{Fault, Replay, ReplayError, ReplayOptions},
    domain::{Politeness, Request},
    fetch::{Ask, Fetch, FetchError, LocalGate, Response, Validators},
    random::Random,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

fn put(root: &Path, folder: &str, exchange: &str, response: Option<(&str, &str)>) {
    let folder = root.join(folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("exchange.toml"), exchange).unwrap();
    if let Some((name, body)) = response {
        fs::write(folder.join(name), body).unwrap();
    }
}

/// A board at two instants, a list behind POST, a feed, a search with a key, a throttled and a missing board.
fn fixtures() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let board = "url = \"https://API.boards.example/v1/acme/jobs?content=true&page=1\"\nrecorded_at = ";
    put(
        root,
        "acme/new",
        &format!("{board}\"2026-03-08T00:00:00Z\""),
        Some(("response.json", "{\"jobs\":[1,2]}")),
    );
    put(root, "acme/old", &format!("{board}2026-03-01T00:00:00Z"), Some(("response.json", "{\"jobs\":[1]}")));
    for offset in [0, 20] {
        let exchange = format!(
            "method = \"POST\"\nurl = \"https://list.example/jobs\"\nrequest_body = '{{\"offset\": {offset}, \"limit\": 20}}'"
        );
        put(root, &format!("list/{offset}"), &exchange, Some(("response.json", &format!("[{offset}]"))));
    }
    put(
        root,
        "feed",
        "url = \"http://feed.example/rss\"\ncontent_type = \"application/rss+xml; charset=utf-8\"\n[headers]\netag = 'W/\"own\"'",
        Some(("response.xml", "<rss/>")),
    );
    put(
        root,
        "search",
        "url = \"https://search.example/?app_id=APP_ID&app_key=APP_KEY&what=rust\"",
        Some(("response.json", "[]")),
    );
    put(
        root,
        "busy",
        "url = \"https://busy.example/x\"\nstatus = 429\n[headers]\nretry-after = \"7200\"",
        None,
    );
    put(
        root,
        "gone",
        "url = \"https://gone.example/x\"\nstatus = 404",
        Some(("response.html", "<p>gone</p>")),
    );
    dir
}

async fn start(root: &Path, options: ReplayOptions) -> Replay {
    Replay::start(&[root.to_owned()], options).await.unwrap()
}

fn fetch(replay: &Replay) -> Fetch {
    let mut config = crate::fetch::config(Some(replay.url().as_str()));
    config.tries = 2;
    Fetch::new(&config, crate::fetch::clock(), Random::seeded(1), Arc::new(LocalGate)).unwrap()
}

async fn send(fetch: &Fetch, request: &Request, validators: Validators) -> Result<Response, FetchError> {
    let ask = Ask { request, politeness: Politeness::API, validators, cancelled: CancellationToken::new() };
    tokio::time::timeout(Duration::from_secs(20), fetch.send(ask)).await.expect("an answer in time")
}

async fn get(fetch: &Fetch, url: &str) -> Result<Response, FetchError> {
    send(fetch, &Request::json(url), Validators::default()).await
}

/// One plain HTTP/1.0 request: status line, headers and body as they came.
async fn raw(replay: &Replay, head: &str) -> (String, String) {
    let address = replay.url().socket_addrs(|| None).unwrap()[0];
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}\r\n\r\n").as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

#[tokio::test]
async fn an_exchange_is_found_whatever_the_order_and_case() {
    let dir = fixtures();
    let replay = start(dir.path(), ReplayOptions::default()).await;
    assert_eq!(replay.exchanges(), 8);
    let fetch = fetch(&replay);
    for url in [
        "https://api.boards.example/v1/acme/jobs?content=true&page=1",
        "https://API.Boards.example/v1/acme/jobs?page=1&content=true",
        "http://api.boards.example/v1/acme/jobs?page=1&content=true",
    ] {
        let answer = get(&fetch, url).await.unwrap();
        assert_eq!(&answer.body[..], b"{\"jobs\":[1,2]}", "{url}: the newest");
        assert_eq!(answer.content_type.as_deref(), Some("application/json; charset=utf-8"));
        assert_eq!(answer.validators.last_modified.as_deref(), Some("Sun, 08 Mar 2026 00:00:00 GMT"));
    }
    assert_eq!(
        &get(&fetch, "https://search.example/?what=rust&app_key=1&app_id=2").await.unwrap().body[..],
        b"[]"
    );
    let feed = get(&fetch, "https://feed.example/rss").await.unwrap();
    assert_eq!(feed.content_type.as_deref(), Some("application/rss+xml; charset=utf-8"));
    assert_eq!(feed.validators.etag.as_deref(), Some("W/\"own\""));
    replay.stop().await;
}

#[tokio::test]
async fn a_post_is_matched_by_its_json() {
    let dir = fixtures();
    let replay = start(dir.path(), ReplayOptions::default()).await;
    let fetch = fetch(&replay);
    let post = |body| Request { body: Some(body), ..Request::json("https://list.example/jobs") };
    for offset in [0, 20] {
        let request = post(json!({"limit": 20, "offset": offset}));
        let answer = send(&fetch, &request, Validators::default()).await.unwrap();
        assert_eq!(answer.body, format!("[{offset}]").as_bytes());
    }
    let error =
        send(&fetch, &post(json!({"limit": 20, "offset": 40})), Validators::default()).await.unwrap_err();
    assert!(error.is_gone(), "{error}");
    assert!(
        get(&fetch, "https://list.example/jobs").await.unwrap_err().is_gone(),
        "a GET is another request"
    );
}

#[tokio::test]
async fn an_unchanged_answer_is_a_304_and_time_can_be_moved() {
    let dir = fixtures();
    let time = |text: &str| Some(text.parse().unwrap());
    let options = ReplayOptions { as_of: time("2026-03-02T00:00:00Z"), ..ReplayOptions::default() };
    let replay = start(dir.path(), options).await;
    let fetch = fetch(&replay);
    let request = Request::json("https://api.boards.example/v1/acme/jobs?content=true&page=1");
    let old = send(&fetch, &request, Validators::default()).await.unwrap();
    assert_eq!(&old.body[..], b"{\"jobs\":[1]}");
    assert!(!old.validators.etag.as_deref().unwrap().starts_with("W/"), "strong");
    let again = send(&fetch, &request, old.validators.clone()).await.unwrap();
    assert!(again.not_modified && again.validators == old.validators);
    let by_date = Validators { etag: None, ..old.validators.clone() };
    assert!(send(&fetch, &request, by_date).await.unwrap().not_modified);

    replay.set_as_of(None);
    let new = send(&fetch, &request, old.validators).await.unwrap();
    assert_eq!((new.not_modified, &new.body[..]), (false, &b"{\"jobs\":[1,2]}"[..]));
    replay.set_as_of(time("2026-02-01T00:00:00Z"));
    assert!(
        send(&fetch, &request, Validators::default()).await.unwrap_err().is_gone(),
        "nothing was recorded yet"
    );
    assert!(get(&fetch, "https://feed.example/rss").await.is_ok(), "without a time it is always there");
}

#[tokio::test]
async fn recorded_failures_are_served_as_they_are() {
    let dir = fixtures();
    let replay = start(dir.path(), ReplayOptions::default()).await;
    let fetch = fetch(&replay);
    let error = get(&fetch, "https://busy.example/x").await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_hours(1)), "{error}");
    assert!(get(&fetch, "https://gone.example/x").await.unwrap_err().is_gone());
    let (head, body) = raw(&replay, "GET /https/gone.example/x HTTP/1.0").await;
    assert!(head.starts_with("http/1.0 404") && head.contains("content-type: text/html"), "{head}");
    assert_eq!(body, "<p>gone</p>");
}

#[tokio::test]
async fn unknown_addresses_are_explained_and_listed() {
    let dir = fixtures();
    let replay = start(dir.path(), ReplayOptions::default()).await;
    let (head, body) = raw(&replay, "GET /https/api.boards.example/v1/acme/jobs?page=2 HTTP/1.0").await;
    assert!(head.starts_with("http/1.0 404"), "{head}");
    assert!(body.starts_with("not recorded: GET https://api.boards.example/v1/acme/jobs?page=2\n"), "{body}");
    assert!(body.contains("recorded for this path: GET https://api.boards.example/v1/acme/jobs?content=true&page=1 at 2026-03-01"), "{body}");
    for path in ["/nothing", "/ftp/x.example/", "/https/", "/https/a%20b/"] {
        let (head, _) = raw(&replay, &format!("GET {path} HTTP/1.0")).await;
        assert!(head.starts_with("http/1.0 40"), "{path}: {head}");
    }
    let (head, body) = raw(&replay, "HEAD /https/feed.example/rss HTTP/1.0").await;
    assert!(
        head.starts_with("http/1.0 200") && head.contains("content-length: 6") && body.is_empty(),
        "{head}"
    );

    let (_, page) = raw(&replay, "GET / HTTP/1.0").await;
    let page: Value = serde_json::from_str(&page).unwrap();
    let exchanges = page["exchanges"].as_array().unwrap();
    assert_eq!(exchanges.len(), 8);
    let feed = exchanges.iter().find(|exchange| exchange["folder"] == "feed").unwrap();
    assert_eq!((&feed["url"], &feed["requests"]), (&json!("http://feed.example/rss"), &json!(1)));
    assert_eq!(page["unknown"]["GET https://api.boards.example/v1/acme/jobs?page=2"], 1);
}

#[tokio::test]
async fn faults_come_as_often_as_asked_for() {
    let dir = fixtures();
    let replay = start(dir.path(), ReplayOptions::default()).await;
    let url = "https://feed.example/rss";
    let all = |fault: &str| vec![fault.parse::<Fault>().unwrap()];

    replay.set_faults(all("500=1"));
    assert!(matches!(get(&fetch(&replay), url).await, Err(FetchError::Status { status: 500, .. })));
    replay.set_faults(all("truncate=1"));
    let error = get(&fetch(&replay), url).await.unwrap_err();
    assert!(matches!(error, FetchError::Network { .. }) && error.is_retryable(), "{error}");
    replay.set_faults(all("429=1"));
    let error = get(&fetch(&replay), url).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(1)));
    replay.set_faults(all("slow=1"));
    let start = std::time::Instant::now();
    assert_eq!(&get(&fetch(&replay), url).await.unwrap().body[..], b"<rss/>");
    assert!(start.elapsed() >= Duration::from_secs(2));

    replay.set_faults(all("500=0.3"));
    let mut failed = 0;
    for _ in 0..200 {
        failed += u32::from(
            raw(&replay, "GET /https/feed.example/rss HTTP/1.0").await.0.starts_with("http/1.0 500"),
        );
    }
    assert!((30..=90).contains(&failed), "{failed} of 200");
}

#[tokio::test]
async fn what_cannot_be_served_is_said_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let start =
        async |root: &Path| Replay::start(&[root.to_owned()], ReplayOptions::default()).await.unwrap_err();
    assert!(matches!(start(dir.path()).await, ReplayError::Nothing(_)));
    assert!(matches!(start(&dir.path().join("none")).await, ReplayError::Read { .. }));
    put(dir.path(), "case", "url = \"https://a.example/\"\nmethod = \"PUT\"", None);
    let error = start(dir.path()).await.to_string();
    assert!(error.contains("exchange.toml: method: \"PUT\", expected GET or POST"), "{error}");

    let served = fixtures();
    let replay = self::start(served.path(), ReplayOptions::default()).await;
    let port = replay.url().port().unwrap();
    let options = ReplayOptions { port, ..ReplayOptions::default() };
    let error = Replay::start(&[served.path().to_owned()], options).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot listen on 127.0.0.1:{port}: ")), "{error}");
    let url = replay.url().clone();
    replay.stop().await;
    assert!(tokio::net::TcpStream::connect(url.socket_addrs(|| None).unwrap()[0]).await.is_err(), "stopped");
}

/// Every recorded exchange, where there are any: asked at its own time it comes back byte for byte.
#[tokio::test]
async fn recordings_are_served_byte_for_byte() {
    let given = std::env::var_os("CAREER_RECORDINGS").map(std::path::PathBuf::from);
    let root = given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/recordings"));
    if !root.is_dir() {
        println!("skipped: no recordings at {}", root.display());
        return;
    }
    let replay = start(&root, ReplayOptions::default()).await;
    let fetch = fetch(&replay);
    let (_, page) = raw(&replay, "GET / HTTP/1.0").await;
    let page: Value = serde_json::from_str(&page).unwrap();
    let mut bytes = 0;
    for exchange in page["exchanges"].as_array().unwrap() {
        let folder = root.join(exchange["folder"].as_str().unwrap());
        let text = fs::read_to_string(folder.join("exchange.toml")).unwrap();
        let recorded: toml::Table = text.parse().unwrap();
        replay.set_as_of(exchange["recorded_at"].as_str().map(|time| time.parse().unwrap()));
        let body =
            recorded.get("request_body").map(|body| serde_json::from_str(body.as_str().unwrap()).unwrap());
        let request = Request { body, ..Request::json(recorded["url"].as_str().unwrap()) };
        let answer =
            send(&fetch, &request, Validators::default()).await.unwrap_or_else(|error| panic!("{error}"));
        let file = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let expected = file
            .filter(|path| path.file_stem().is_some_and(|stem| stem == "response"))
            .map(|path| fs::read(path).unwrap());
        assert_eq!(answer.content_type.as_deref(), recorded["content_type"].as_str(), "{text}");
        let expected: Vec<_> = expected.collect();
        // Two recordings of one address and one time cannot be told apart.
        let twins = page["exchanges"].as_array().unwrap().iter().filter(|other| {
            other["url"] == exchange["url"] && other["recorded_at"] == exchange["recorded_at"]
        });
        if twins.count() == 1 {
            assert!(expected == [&answer.body[..]], "{text}");
        }
        let again = send(&fetch, &request, answer.validators).await.unwrap();
        assert!(again.not_modified, "{text}");
        bytes += answer.body.len();
    }
    println!("{} exchanges, {bytes} bytes", replay.exchanges());
}
