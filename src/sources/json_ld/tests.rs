use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::normalize::growth;

fn board(options: &serde_json::Value) -> Board {
    Board {
        board: "Harbour".to_owned(),
        company: Some("Harbour Ltd".to_owned()),
        options: options.as_object().unwrap().clone(),
    }
}

fn parse(board: &Board, url: &str, body: &[u8]) -> Result<Parsed, SourceError> {
    JsonLd.parse(board, &Page { url, content_type: None, body })
}

fn page(posting: &str) -> String {
    format!("<html><body><script type=application/ld+json>{posting}</script></body></html>")
}

#[test]
fn a_board_says_where_its_pages_are() {
    let first = |options: &serde_json::Value| JsonLd.first(&board(options)).map(|request| request.url);
    assert_eq!(
        first(&json!({"url": "https://h.test/jobs", "path": "/jobs/"})).as_deref(),
        Ok("https://h.test/jobs")
    );
    assert_eq!(
        first(&json!({"sitemap": "https://h.test/sitemap.xml"})).as_deref(),
        Ok("https://h.test/sitemap.xml")
    );
    assert_eq!(
        first(&json!({"url": "https://h.test/jobs", "sitemap": "robots"})).as_deref(),
        Ok("https://h.test/robots.txt")
    );
    for (options, message) in [
        (json!({}), "options.url: expected the address of a listing page, or options.sitemap"),
        (json!({"sitemap": "robots"}), "options.url: expected an address of the site, for its robots.txt"),
        (json!({"url": "ftp://h.test"}), "options.url: expected an http(s) address, got \"ftp://h.test\""),
        (
            json!({"url": "https://h.test"}),
            "options.path: expected a pattern of the addresses of postings, or options.links",
        ),
        (json!({"url": "https://h.test", "path": 7}), "options.path: expected text, got 7"),
    ] {
        assert_eq!(first(&options).unwrap_err().to_string(), message);
    }
    for (key, value, start) in [
        ("path", "(", "options.path: expected a path or a regular expression, got \"(\": "),
        ("links", "a[", "options.links: expected a CSS selector, got \"a[\": "),
    ] {
        let error = first(&json!({"url": "https://h.test", key: value})).unwrap_err().to_string();
        assert!(error.starts_with(start), "{error}");
    }
}

#[test]
fn a_listing_leads_to_pages() {
    let options =
        json!({"url": "https://h.test/jobs/", "path": "/jobs/", "next": "a.next", "empty": ".none"});
    let board = board(&options);
    let html = "<html><body><a href='/jobs/'>all</a><a href='1-cook#x'>1</a><a href='/jobs/1-cook?utm_source=a'>1</a>\
                <a href='https://other.test/jobs/2'>2</a><a href=/about>a</a><a class=next href='?p=2'>next</a></body></html>";
    let parsed = parse(&board, "https://h.test/jobs/", html.as_bytes()).unwrap();
    let [draft] = parsed.drafts.as_slice() else { panic!("{parsed:?}") };
    assert_eq!(
        (draft.posting.source_id.as_str(), draft.request.url.as_str()),
        ("harbour:h.test/jobs/1-cook", "https://h.test/jobs/1-cook")
    );
    assert_eq!(parsed.next[0].url, "https://h.test/jobs/?p=2");
    assert!(parsed.complete);

    let second = "<html><body><a href='/jobs/2-baker'>2</a></body></html>";
    assert_eq!(parse(&board, "https://h.test/jobs/?p=2", second.as_bytes()).unwrap().drafts.len(), 1);
    let none = "<html><body><p class=none>Nothing</p></body></html>";
    assert!(parse(&board, "https://h.test/jobs/", none.as_bytes()).unwrap().complete);
    let other = "<html><body><p>Welcome</p></body></html>";
    assert!(parse(&board, "https://h.test/jobs/", other.as_bytes()).is_err());
}

#[test]
fn a_page_is_known_by_its_address() {
    let board = board(&json!({"url": "https://h.test/jobs", "path": "/jobs/"}));
    let html =
        page(r#"{"@type": "JobPosting", "title": "Cook", "url": "https://apply.test/77", "identifier": 77}"#);
    let parsed = parse(&board, "https://h.test/jobs/1-cook", html.as_bytes()).unwrap();
    let posting = &parsed.postings[0];
    assert_eq!(
        (posting.source_id.as_str(), posting.url.as_str()),
        ("harbour:h.test/jobs/1-cook", "https://h.test/jobs/1-cook")
    );
    assert_eq!(posting.company.as_deref(), Some("Harbour Ltd"));
    assert!(!parsed.complete);
    let error = parse(&board, "https://h.test/jobs/2", page("").as_bytes()).unwrap_err().to_string();
    assert_eq!(error, "unexpected layout: expected a JobPosting in JSON-LD or microdata, got none");
}

#[test]
fn several_postings_of_one_page_are_told_apart() {
    let board = board(&json!({"url": "https://h.test/jobs", "links": "a.job"}));
    let html = page(
        r#"[{"@type": "JobPosting", "title": "A", "url": "/jobs/a"}, {"@type": "JobPosting", "title": "B", "identifier": "b7"},
        {"@type": "JobPosting", "title": "C"}, {"@type": "JobPosting"}]"#,
    );
    let parsed = parse(&board, "https://h.test/team", html.as_bytes()).unwrap();
    let urls: Vec<_> = parsed.postings.iter().map(|posting| posting.url.as_str()).collect();
    assert_eq!(urls, ["https://h.test/jobs/a", "https://h.test/team#/b7", "https://h.test/team#/3"]);
    assert_eq!(parsed.rejected[0].reason, "title: expected text, got nothing");

    let draft = draft(&board, &Url::parse("https://h.test/jobs/a").unwrap(), None);
    let page = Page { url: "https://h.test/team", content_type: None, body: html.as_bytes() };
    assert_eq!(JsonLd.complete(&board, &page, &draft).unwrap().title, "A");
    let other =
        Draft { posting: RawPosting { source_id: "harbour:x".to_owned(), ..RawPosting::default() }, ..draft };
    assert!(JsonLd.complete(&board, &page, &other).is_err());
}

#[test]
fn sitemaps_lead_to_pages() {
    let options = json!({"url": "https://h.test/", "sitemap": "robots", "sitemaps": "jobs", "path": "/job/"});
    let board = board(&options);
    let robots = b"User-agent: *\nDisallow:\nSitemap: https://h.test/pages.xml\nsitemap : /jobs.xml.gz\n";
    let parsed = parse(&board, "https://h.test/robots.txt", robots).unwrap();
    assert_eq!(parsed.next.len(), 1);
    assert_eq!(parsed.next[0].url, "https://h.test/jobs.xml.gz");

    let index = b"<sitemapindex><sitemap><loc>https://h.test/jobs-1.xml</loc></sitemap><sitemap><loc>https://h.test/x.xml</loc></sitemap></sitemapindex>";
    let parsed = parse(&board, "https://h.test/jobs.xml.gz", index).unwrap();
    assert_eq!((parsed.next.len(), parsed.complete), (1, true));

    let list = "<urlset><url><loc> https://h.test/job/1?a=1&amp;b=2 </loc><lastmod>2026-11-01</lastmod></url>\
                <url><loc>https://h.test/about</loc></url><url><loc>job</loc></url></urlset>";
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(list.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let parsed = parse(&board, "https://h.test/jobs-1.xml", &gzip).unwrap();
    assert_eq!(parsed.drafts[0].request.url, "https://h.test/job/1?a=1&b=2");
    assert_eq!(parsed.drafts[0].changed.as_deref(), Some("2026-11-01"));
    assert_eq!(parsed.rejected[0].reason, "loc: expected an http(s) address");
    assert!(parsed.complete && parsed.drafts.len() == 1);
    for end in 0..gzip.len() {
        if let Ok(part) = parse(&board, "https://h.test/jobs-1.xml", &gzip[..end]) {
            assert!(!part.complete, "{end}");
        }
    }
}

#[test]
fn microdata_says_the_same() {
    let board = board(&json!({"url": "https://h.test/jobs", "path": "/jobs/"}));
    let html = "<html><body><div itemscope itemtype='http://schema.org/JobPosting'><h1 itemprop=title>Cook <b>at sea</b></h1>\
                <meta itemprop=datePosted content=2026-10-01><span itemprop=hiringOrganization itemscope itemtype=x>\
                <span itemprop=name>Ship &amp; Co</span></span><div itemprop=jobLocation itemscope><div itemprop=address itemscope>\
                <span itemprop=addressLocality>Hull</span></div></div><div itemprop=description><p>Cook.</p></div>\
                <span itemprop=employmentType>FULL_TIME</span><span itemprop=employmentType>TEMPORARY</span></div></body></html>";
    assert!(
        parse(&board, "https://h.test/jobs/1", html.trim_end_matches("</body></html>").as_bytes()).is_err()
    );
    let parsed = parse(&board, "https://h.test/jobs/1", html.as_bytes()).unwrap();
    let posting = &parsed.postings[0];
    assert_eq!((posting.title.as_str(), posting.company.as_deref()), ("Cook at sea", Some("Ship & Co")));
    assert_eq!(posting.places[0].city.as_deref(), Some("Hull"));
    assert_eq!(posting.employment, ["FULL_TIME", "TEMPORARY"]);
    assert_eq!(posting.description, Some(crate::domain::Text::Html("<p>Cook.</p>".to_owned())));
}

#[test]
fn depth_is_no_danger() {
    let board = board(&json!({"url": "https://h.test/", "path": "/jobs/"}));
    for open in [
        "<div>",
        "<div itemscope itemprop=a itemtype=schema.org/JobPosting>",
        "<urlset>",
        "<script type=ld+json>{\"@graph\":[",
        "[",
    ] {
        let read = |times| {
            let parsed = parse(&board, "https://h.test/jobs/1", open.repeat(times).as_bytes());
            assert!(parsed.is_err() || parsed.is_ok_and(|parsed| !parsed.complete), "{open} {times} times");
        };
        read(500);
        growth::assert_linear(open, 100_000, read);
    }
}

proptest! {
    #[test]
    fn any_markup_is_read_or_refused(
        body in "(<script type=application/ld\\+json>|</script>|\\{|\\}|\"@type\":|\"JobPosting\"|\"title\":|\"x\"|,|<a href=/jobs/1>|\
                 <div itemscope itemtype=schema.org/JobPosting>|<i itemprop=title>|<urlset>|<url>|<loc>|é|\\[|\\]){0,40}",
        url in "(https://h.test/)?[a-z/?#]{0,8}",
    ) {
        let board = board(&json!({"url": "https://h.test/", "path": "/jobs/", "next": "a"}));
        let _ = parse(&board, &url, body.as_bytes());
    }
}
