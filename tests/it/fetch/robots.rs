//! robots.txt through the whole pipeline.

use super::*;

const PAGES: Politeness = Politeness { robots: true, ..Politeness::API };

async fn page(fetch: &Fetch, url: &str) -> Result<Response, FetchError> {
    send_with(fetch, &Request::json(url), PAGES, Validators::default()).await
}

#[tokio::test]
async fn pages_ask_robots_once_and_apis_do_not() {
    let server = Server::start(|seen| {
        if seen.path.ends_with("/robots.txt") {
            ok("content-type: text/plain", b"User-agent: *\nDisallow: /private\n")
        } else {
            ok("", b"page")
        }
    })
    .await;
    let fetch = fetch(&server);
    for n in 0..3 {
        assert_eq!(&page(&fetch, &format!("https://a.example/{n}?robots")).await.unwrap().body[..], b"page");
    }
    let error = page(&fetch, "https://a.example/private/1?key=s3cret").await.unwrap_err();
    assert!(
        matches!(error, FetchError::Robots { .. })
            && !error.is_retryable()
            && !error.to_string().contains("s3cret")
    );
    get(&fetch, "https://a.example/private/1").await.unwrap();
    page(&fetch, "http://a.example/1").await.unwrap();
    let asked: Vec<_> =
        server.seen().into_iter().map(|seen| seen.path).filter(|path| path.ends_with("robots.txt")).collect();
    assert_eq!(
        asked,
        ["/https/a.example/robots.txt", "/http/a.example/robots.txt"],
        "once a host and scheme"
    );
}

#[tokio::test]
async fn a_redirect_into_a_disallowed_page_is_not_followed() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/https/a.example/robots.txt" => status(404, ""),
        "/https/a.example/1" => status(302, "location: https://b.example/closed"),
        "/https/b.example/robots.txt" => status(301, "location: /moved.txt"),
        "/https/b.example/moved.txt" => ok("", b"User-agent: career-worker\nDisallow: /\n"),
        _ => ok("", b"page"),
    })
    .await;
    let error = page(&fetch(&server), "https://a.example/1").await.unwrap_err();
    assert!(matches!(&error, FetchError::Robots { url } if url == "https://b.example/closed"), "{error}");
    assert!(!server.seen().iter().any(|seen| seen.path.ends_with("/closed")));
}

#[tokio::test]
async fn no_robots_is_a_yes_and_an_unreachable_one_a_no_for_a_while() {
    for (code, allowed) in [(404, true), (403, true), (401, true), (410, true), (500, false), (503, false)] {
        let server = Server::start(move |seen| {
            if seen.path.ends_with("/robots.txt") { status(code, "") } else { ok("", b"page") }
        })
        .await;
        let fetch = fetch(&server);
        let answer = page(&fetch, "https://a.example/").await;
        assert_eq!(answer.is_ok(), allowed, "{code}");
        if let Err(error) = answer {
            assert!(matches!(error, FetchError::RobotsUnavailable { .. }) && error.is_retryable(), "{error}");
            assert_eq!(error.retry_after(), Some(Duration::from_mins(5)));
            let before = server.seen().len();
            assert!(page(&fetch, "https://a.example/2").await.is_err());
            assert_eq!(server.seen().len(), before, "not asked again at once");
        }
    }
}

#[tokio::test]
async fn a_long_robots_counts_up_to_half_a_mebibyte() {
    let filler = "# nothing here\n".repeat(40_000);
    let early = format!("User-agent: *\nDisallow: /x\n{filler}");
    let late = format!("User-agent: *\n{filler}Disallow: /x\n");
    assert!(filler.len() > 512 << 10);
    for (text, allowed) in [(early, false), (late, true)] {
        let server = Server::start(move |seen| {
            if seen.path.ends_with("/robots.txt") { ok("", text.as_bytes()) } else { ok("", b"page") }
        })
        .await;
        assert_eq!(page(&fetch(&server), "https://a.example/x").await.is_ok(), allowed);
    }
}

#[tokio::test]
async fn a_crawl_delay_is_the_least_gap() {
    let server = Server::start(|seen| {
        if seen.path.ends_with("/robots.txt") {
            ok("", b"User-agent: *\nCrawl-delay: 0.2\n")
        } else {
            ok("", b"")
        }
    })
    .await;
    let mut config = config(Some(&server.url));
    config.gateway_per_second = None;
    let fetch = fetch_with(&config);
    let politeness = Politeness { per_second: 1000.0, burst: 100, ..PAGES };
    let start = Instant::now();
    for n in 0..3 {
        let request = Request::json(format!("https://a.example/{n}"));
        send_with(&fetch, &request, politeness, Validators::default()).await.unwrap();
    }
    assert!(start.elapsed() >= Duration::from_millis(395), "{:?}", start.elapsed());
}
