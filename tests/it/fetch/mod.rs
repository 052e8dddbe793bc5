//! The HTTP pipeline against a real server that answers well and badly.

pub mod bomb;
mod limits;
mod robots;
pub mod server;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use career_worker::{
    clock::Clock,
    config::{Config, FetchConfig},
    domain::{Politeness, Request},
    fetch::{Ask, Fetch, FetchError, LocalGate, Response, Rule, Validators},
    random::Random,
};
use chrono::{TimeZone as _, Utc};
use serde_json::json;
use server::{Reply, Server, ok, status};
use tokio_util::sync::CancellationToken;
use url::Url;

pub fn config(gateway: Option<&str>) -> FetchConfig {
    let mut config = Config::load(None, &[]).unwrap().fetch;
    config.gateway = gateway.map(|url| url.parse().unwrap());
    config.gateway_per_second = Some(10_000.0);
    config.backoff = Duration::from_millis(4);
    config.max_wait = Duration::from_secs(3);
    config
}

pub fn clock() -> Clock {
    Clock::fixed(Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap())
}

fn fetch_with(config: &FetchConfig) -> Fetch {
    Fetch::new(config, clock(), Random::seeded(1), Arc::new(LocalGate)).unwrap()
}

fn fetch(server: &Server) -> Fetch {
    fetch_with(&config(Some(&server.url)))
}

async fn send(fetch: &Fetch, request: &Request) -> Result<Response, FetchError> {
    send_with(fetch, request, Politeness::API, Validators::default()).await
}

async fn get(fetch: &Fetch, url: &str) -> Result<Response, FetchError> {
    send(fetch, &Request::json(url)).await
}

async fn send_with(
    fetch: &Fetch,
    request: &Request,
    politeness: Politeness,
    validators: Validators,
) -> Result<Response, FetchError> {
    let ask = Ask { request, politeness, validators, cancelled: CancellationToken::new() };
    tokio::time::timeout(Duration::from_secs(20), fetch.send(ask)).await.expect("an answer in time")
}

#[tokio::test]
async fn a_get_says_who_asks_and_brings_body_type_and_validators() {
    let server = Server::start(|_| {
        ok(
            "content-type: application/json\r\netag: W/\"7\"\r\nlast-modified: Sun, 01 Mar 2026 10:00:00 GMT",
            b"{}",
        )
    })
    .await;
    let fetch = fetch(&server);
    let url = "https://API.example.com/a%20b/c?x=1&y=%26#top".to_owned();
    let answer = tokio::spawn(async move { get(&fetch, &url).await }).await.unwrap().unwrap();

    assert_eq!(answer.url, "https://api.example.com/a%20b/c?x=1&y=%26");
    assert_eq!((answer.not_modified, answer.tries, &answer.body[..]), (false, 1, &b"{}"[..]));
    assert_eq!(answer.content_type.as_deref(), Some("application/json"));
    assert_eq!(answer.validators.etag.as_deref(), Some("W/\"7\""));
    assert_eq!(answer.validators.last_modified.as_deref(), Some("Sun, 01 Mar 2026 10:00:00 GMT"));
    let seen = server.seen();
    assert_eq!((seen.len(), seen[0].path.as_str()), (1, "/https/api.example.com/a%20b/c?x=1&y=%26"));
    let agent = seen[0].header("user-agent").unwrap();
    assert!(agent.starts_with("career-worker/") && agent.contains(" (+https://"), "{agent}");
    assert_eq!(seen[0].header("accept"), Some("application/json"));
    for coding in ["gzip", "br", "zstd"] {
        assert!(seen[0].header("accept-encoding").unwrap().contains(coding), "{coding}");
    }
}

#[tokio::test]
async fn validators_are_sent_verbatim_and_a_304_keeps_them() {
    let server =
        Server::start(
            |seen| {
                if seen.header("if-none-match").is_some() { status(304, "") } else { ok("", b"new") }
            },
        )
        .await;
    let fetch = fetch(&server);
    let request = Request::json("https://api.example.com/list");
    let validators = Validators { etag: Some("W/\"a, b\"".into()), last_modified: Some("yesterday".into()) };
    let answer = send_with(&fetch, &request, Politeness::API, validators.clone()).await.unwrap();
    assert!(answer.not_modified && answer.body.is_empty());
    assert_eq!(answer.validators, validators);
    let seen = server.seen().remove(0);
    assert_eq!(
        (seen.header("if-none-match"), seen.header("if-modified-since")),
        (Some("W/\"a, b\""), Some("yesterday"))
    );

    let broken = Validators { etag: Some("a\nb".into()), last_modified: None };
    let answer = send_with(&fetch, &request, Politeness::API, broken).await.unwrap();
    assert_eq!((answer.not_modified, &answer.body[..]), (false, &b"new"[..]));
}

#[tokio::test]
async fn a_304_that_nobody_asked_for_is_an_error() {
    let server = Server::start(|_| status(304, "")).await;
    let error = get(&fetch(&server), "https://a.example/").await.unwrap_err();
    assert!(matches!(error, FetchError::Status { status: 304, .. }), "{error}");
}

#[tokio::test]
async fn a_body_makes_it_a_post_of_json() {
    let server = Server::start(|_| ok("", b"{}")).await;
    let request =
        Request { body: Some(json!({"limit": 20, "text": "ä"})), ..Request::json("https://a.example/jobs") };
    send(&fetch(&server), &request).await.unwrap();
    let seen = server.seen().remove(0);
    assert_eq!((seen.method.as_str(), seen.header("content-type")), ("POST", Some("application/json")));
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&seen.body).unwrap(), request.body.unwrap());
}

#[tokio::test]
async fn headers_of_the_pipeline_cannot_be_set_and_user_agent_can() {
    let server = Server::start(|_| ok("", b"")).await;
    let fetch = fetch(&server);
    let with = |name, value: &str| Request {
        headers: vec![(name, value.to_owned())],
        ..Request::json("https://a.example/")
    };
    send(&fetch, &with("user-agent", "jobs@example.org")).await.unwrap();
    assert_eq!(server.seen()[0].header("user-agent"), Some("jobs@example.org"));
    for (name, value) in
        [("Host", "b.example"), ("accept-encoding", "identity"), ("x y", "1"), ("x-a", "1\r\nx-b: 2")]
    {
        let error = send(&fetch, &with(name, value)).await.unwrap_err();
        assert!(matches!(&error, FetchError::Header { name: bad, .. } if bad == name), "{error}");
        assert!(!error.is_retryable());
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn statuses_become_errors_that_say_what_follows() {
    let server =
        Server::start(|seen| status(seen.path.rsplit('/').next().unwrap().parse().unwrap(), "")).await;
    let fetch = fetch(&server);
    for (code, tries, retryable, gone) in [
        (400, 1, false, false),
        (401, 1, false, false),
        (403, 1, false, false),
        (404, 1, false, true),
        (410, 1, false, true),
        (408, 3, true, false),
        (500, 3, true, false),
        (501, 1, false, false),
        (502, 3, true, false),
        (503, 3, true, false),
        (504, 3, true, false),
        (202, 1, false, false),
        (204, 1, false, false),
    ] {
        let before = server.seen().len();
        let error = get(&fetch, &format!("https://a{code}.example/{code}")).await.unwrap_err();
        assert_eq!(server.seen().len() - before, tries, "{error}");
        assert_eq!((error.is_retryable(), error.is_gone()), (retryable, gone), "{error}");
        assert!(
            error.to_string().contains(&code.to_string()) && !error.to_string().contains('\n'),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_short_retry_after_is_slept_through_by_all_of_the_domain() {
    let server =
        Server::start(|seen| if seen.count == 0 { status(429, "retry-after: 1") } else { ok("", b"ok") })
            .await;
    let fetch = fetch(&server);
    let start = Instant::now();
    let answer = get(&fetch, "https://a.example.com/").await.unwrap();
    assert_eq!(answer.tries, 2);
    assert!(
        start.elapsed() >= Duration::from_secs(1) && answer.waited >= Duration::from_millis(900),
        "{:?}",
        answer.waited
    );
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_retry_after_as_a_date_is_read_by_our_clock() {
    let server = Server::start(|seen| {
        let date = "retry-after: Sun, 01 Mar 2026 12:00:01 GMT";
        if seen.count == 0 { status(503, date) } else { ok("", b"ok") }
    })
    .await;
    let start = Instant::now();
    assert_eq!(get(&fetch(&server), "https://a.example.com/").await.unwrap().tries, 2);
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_long_retry_after_puts_the_whole_domain_off() {
    let server = Server::start(|_| status(429, "retry-after: 86400")).await;
    let fetch = fetch(&server);
    let start = Instant::now();
    for (host, asked) in [("a.example.com", 1), ("b.example.com", 1), ("c.example.net", 2)] {
        let error = get(&fetch, &format!("https://{host}/")).await.unwrap_err();
        assert!(error.is_put_off() && error.is_retryable(), "{error}");
        let wait = error.retry_after().unwrap();
        assert!(
            wait > Duration::from_secs(3590) && wait <= Duration::from_hours(1),
            "at most an hour: {wait:?}"
        );
        assert_eq!(server.seen().len(), asked, "{host}");
    }
    assert!(start.elapsed() < Duration::from_millis(2900), "nothing is slept through");
}

#[tokio::test]
async fn throttling_without_a_time_backs_off_and_then_asks_for_a_minute() {
    let server = Server::start(|_| status(429, "")).await;
    let error = get(&fetch(&server), "https://a.example/").await.unwrap_err();
    assert_eq!((server.seen().len(), error.retry_after()), (3, Some(Duration::from_mins(1))), "{error}");
}

#[tokio::test]
async fn redirects_are_followed_as_from_the_original_address() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/https/a.example/1?x=1" => status(302, "location: ../2?y=2"),
        "/https/a.example/2?y=2" => status(308, "location: //b.example/3"),
        "/https/b.example/3" => status(301, "location: http://c.example/4#part"),
        _ => ok("etag: \"z\"", b"end"),
    })
    .await;
    let request = Request {
        headers: vec![
            ("authorization", "Bearer s3cret".to_owned()),
            ("x-api-key", "s3cret".to_owned()),
            ("cookie", "s3cret".to_owned()),
            ("accept-language", "de".to_owned()),
        ],
        ..Request::json("https://a.example/1?x=1")
    };
    let answer = send(&fetch(&server), &request).await.unwrap();
    assert_eq!((&answer.body[..], answer.tries), (&b"end"[..], 1));
    assert_eq!(answer.url, "http://c.example/4");
    let seen = server.seen();
    assert_eq!(
        seen.iter().map(|s| s.path.as_str()).collect::<Vec<_>>(),
        ["/https/a.example/1?x=1", "/https/a.example/2?y=2", "/https/b.example/3", "/http/c.example/4"]
    );
    for (index, secret) in [(0, true), (1, true), (2, false), (3, false)] {
        assert_eq!(seen[index].head.contains("s3cret"), secret, "hop {index}: {}", seen[index].head);
        assert_eq!(seen[index].header("accept-language"), Some("de"));
    }
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused() {
    for (to, private) in [
        ("http://127.0.0.1/admin", true),
        ("http://0x7f.1/", true),
        ("https://[::ffff:169.254.169.254]/latest", true),
        ("http://localhost/", true),
        ("http://example.com:6379/", true),
        ("file:///etc/passwd", true),
        ("https://u:p@example.com/", true),
        ("http://[::1", false),
    ] {
        let server = Server::start(move |_| status(302, &format!("location: {to}"))).await;
        let error = get(&fetch(&server), "https://a.example/").await.unwrap_err();
        assert_eq!(matches!(error, FetchError::Refused { .. }), private, "{to}: {error}");
        assert!(!error.is_retryable() && !error.to_string().contains("u:p"), "{error}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn redirects_end() {
    let server =
        Server::start(|seen| status(302, &format!("location: {}x", seen.path.rsplit('/').next().unwrap())))
            .await;
    let error = get(&fetch(&server), "https://a.example/x").await.unwrap_err();
    assert!(
        matches!(error, FetchError::TooManyRedirects { limit: 5, .. }) && !error.is_retryable(),
        "{error}"
    );
    assert_eq!(server.seen().len(), 6);

    let server = Server::start(|_| status(302, "")).await;
    let error = get(&fetch(&server), "https://a.example/x").await.unwrap_err();
    assert!(matches!(error, FetchError::BadRedirect { .. }), "{error}");
}

#[tokio::test]
async fn a_post_is_never_turned_into_a_get() {
    let server = Server::start(|seen| match seen.count {
        0 if seen.path.ends_with("/flaky") => status(303, "location: /other"),
        _ if seen.path.ends_with("/away") => status(307, "location: https://b.example/x"),
        _ if seen.path.ends_with("/here") => status(307, "location: /there"),
        _ => ok("", b"list"),
    })
    .await;
    let fetch = fetch(&server);
    let post = |path| Request { body: Some(json!({})), ..Request::json(format!("https://a.example/{path}")) };
    assert_eq!(send(&fetch, &post("flaky")).await.unwrap().tries, 2, "303 to a POST passes");
    assert_eq!(send(&fetch, &post("here")).await.unwrap().url, "https://a.example/there");
    let error = send(&fetch, &post("away")).await.unwrap_err();
    assert!(matches!(error, FetchError::Status { status: 307, .. }), "{error}");
    assert!(server.seen().iter().all(|seen| seen.method == "POST" && !seen.path.contains("b.example")));
}

/// The address forms of which a resolver never hears, against a server that listens there.
#[tokio::test]
async fn without_a_gateway_no_form_of_address_reaches_this_machine() {
    let server = Server::start(|_| ok("", b"secret")).await;
    let port = Url::parse(&server.url).unwrap().port().unwrap();
    let fetch = fetch_with(&config(None));
    for host in [
        "127.0.0.1",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "localhost",
        "[::1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[2002:7f00:1::]",
    ] {
        for url in [format!("http://{host}:{port}/"), format!("http://{host}/"), format!("https://{host}/")] {
            let error = get(&fetch, &url).await.unwrap_err();
            assert!(matches!(error, FetchError::Refused { .. }) && !error.is_retryable(), "{url}: {error}");
        }
    }
    for url in ["nonsense", "https://", "https://u:s3cret@a b/?token=s3cret", "ftp://a.example/", ""] {
        let error = get(&fetch, url).await.unwrap_err();
        assert!(matches!(error, FetchError::Refused { .. }), "{url}: {error}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_a_network_error() {
    let mut config = config(None);
    config.tries = 1;
    let error =
        get(&fetch_with(&config), "https://nothing.is.here.career-worker.example/").await.unwrap_err();
    assert!(matches!(error, FetchError::Network { .. }) && error.is_retryable(), "{error}");
}

#[tokio::test]
async fn cancelling_ends_a_wait() {
    let server = Server::start(|_| status(429, "retry-after: 3")).await;
    let fetch = fetch(&server);
    let request = Request::json("https://a.example/");
    let cancelled = CancellationToken::new();
    let ask = Ask {
        request: &request,
        politeness: Politeness::API,
        validators: Validators::default(),
        cancelled: cancelled.clone(),
    };
    let stop = async {
        while server.seen().is_empty() {
            tokio::task::yield_now().await;
        }
        cancelled.cancel();
    };
    let start = Instant::now();
    let (answer, ()) = tokio::join!(fetch.send(ask), stop);
    assert!(matches!(answer, Err(FetchError::Cancelled)));
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn the_rate_of_the_source_holds_over_hosts_of_one_domain() {
    let server = Server::start(|_| ok("", b"")).await;
    let mut config = config(Some(&server.url));
    config.gateway_per_second = None;
    let fetch = fetch_with(&config);
    let politeness = Politeness { per_second: 20.0, burst: 1, concurrency: 1, ..Politeness::API };
    let start = Instant::now();
    let urls = [
        "https://a.example.com/",
        "https://b.example.com/",
        "https://c.example.com/",
        "https://d.example.com/",
    ];
    let requests = urls.map(Request::json);
    futures::future::join_all(
        requests.iter().map(|request| send_with(&fetch, request, politeness, Validators::default())),
    )
    .await
    .into_iter()
    .for_each(|answer| drop(answer.unwrap()));
    assert!(start.elapsed() >= Duration::from_millis(145), "3 gaps of 50 ms: {:?}", start.elapsed());
}

#[tokio::test]
async fn errors_and_refusals_hide_secrets() {
    let server = Server::start(|_| status(500, "")).await;
    let error = get(&fetch(&server), "https://a.example/?app_key=s3cret&what=x").await.unwrap_err();
    assert_eq!(error.to_string(), "https://a.example/?app_key=***&what=x: unexpected status 500");
    let error = get(&fetch(&server), "https://u:s3cret@a.example/?token=s3cret").await.unwrap_err();
    assert!(
        matches!(&error, FetchError::Refused { rule: Rule::Userinfo, .. })
            && !format!("{error:?}").contains("s3cret")
    );
}

#[test]
fn settings_that_cannot_work_are_refused_at_the_start() {
    for (config, word) in [
        (FetchConfig { contact: "a\nb".to_owned(), ..config(None) }, "contact"),
        (FetchConfig { gateway_per_second: Some(0.0), ..config(None) }, "gateway_per_second"),
        (FetchConfig { gateway: Some("ftp://x/".parse().unwrap()), ..config(None) }, "gateway"),
    ] {
        let error = Fetch::new(&config, clock(), Random::seeded(1), Arc::new(LocalGate)).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[tokio::test]
async fn each_exchange_is_counted_by_domain_and_outcome() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = Server::start(|seen| match seen.path.rsplit('/').next() {
        Some("1") => status(302, "location: /2"),
        Some("down") => status(502, ""),
        _ => ok("", b""),
    })
    .await;
    let fetch = fetch(&server);
    get(&fetch, "https://a.example.com/1").await.unwrap();
    get(&fetch, "https://b.example.com/2").await.unwrap();
    get(&fetch, "https://b.example.com/down").await.unwrap_err();
    get(&fetch, "http://127.0.0.1/").await.unwrap_err();
    let text = recorder.handle().render();
    for (domain, outcome, count) in [
        ("example.com", "ok", 2),
        ("example.com", "redirect", 1),
        ("example.com", "server_error", 3),
        ("127.0.0.1", "refused", 1),
    ] {
        let line =
            format!("career_http_requests_total{{host_group=\"{domain}\",outcome=\"{outcome}\"}} {count}");
        assert!(text.lines().any(|known| known == line), "{line} in {text}");
    }
}

#[tokio::test]
async fn a_reply_is_not_reused_for_another_request() {
    let server = Server::start(|seen| Reply::whole(200, "", seen.path.as_bytes())).await;
    let fetch = fetch(&server);
    let urls: Vec<_> = (0..40).map(|n| Request::json(format!("https://h{}.example/{n}", n % 7))).collect();
    let answers = futures::future::join_all(urls.iter().map(|request| send(&fetch, request))).await;
    for (request, answer) in urls.iter().zip(answers) {
        let path = request.url.replace("https://", "/https/");
        assert_eq!(answer.unwrap().body, path.as_bytes());
    }
}
