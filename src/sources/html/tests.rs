use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{domain::Text, normalize::growth};

fn board(options: &Value) -> Board {
    Board {
        board: "quay".to_owned(),
        company: Some("Quay Inc".to_owned()),
        options: options.as_object().unwrap().clone(),
    }
}

fn with(more: &Value) -> Board {
    let mut all = json!({"url": "https://quay.test/jobs", "item": "li.job", "title": "h2", "link": "a"});
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    board(&all)
}

fn parse(board: &Board, url: &str, body: &str) -> Result<Parsed, SourceError> {
    HtmlBoard.parse(board, &Page { url, content_type: None, body: body.as_bytes() })
}

fn page(body: &str) -> String {
    format!("<!doctype html><html><body>{body}</body></html>")
}

#[test]
fn every_field_has_its_selector() {
    let board = with(&json!({
        "id": "@data-id", "company": ".by", "location": ".place", "description": ".text", "requirements": ".needs li",
        "date": "time@datetime", "deadline": {"select": ".until", "pattern": "until (.+)"}, "pay": ".pay", "type": ".kind span",
        "remote": ".remote", "tags": {"select": ".tag", "split": " - "}, "language": "@lang",
    }));
    let html = page(
        "<ul><li class=job data-id=7 lang=en><h2>Cook<br>at sea</h2><a href='job/7#x'>more</a><i class=by>Ship &amp; Co</i>\
         <i class=place>Hull</i><i class=place>Bergen</i><i class=place>Hull</i><div class=text><p>Cook <b>well</b>.</p></div>\
         <div class=needs><ul><li>Knife</li><li>Fire</li></ul></div><time datetime=2026-11-01>1 Nov</time>\
         <i class=until>Open until 1 December 2026</i><i class=pay>20 EUR an hour</i><p class=kind><span>Full-time</span>\
         <span>Fixed term</span></p><i class=remote>On board</i><i class=tag>fish - salt</i></li></ul>",
    );
    let parsed = parse(&board, "https://quay.test/jobs", &html).unwrap();
    assert!(parsed.complete && parsed.rejected.is_empty());
    let posting = &parsed.postings[0];
    assert_eq!((posting.source_id.as_str(), posting.url.as_str()), ("quay:7", "https://quay.test/job/7"));
    assert_eq!((posting.title.as_str(), posting.company.as_deref()), ("Cook at sea", Some("Ship & Co")));
    assert_eq!(posting.locations, ["Hull", "Bergen"]);
    assert_eq!(posting.description, Some(Text::Html("<div><p>Cook <b>well</b>.</p></div>".to_owned())));
    assert_eq!(posting.requirements, Some(Text::Html("<div>Knife</div><div>Fire</div>".to_owned())));
    assert_eq!(posting.posted, Some(RawDate::Text("2026-11-01".to_owned())));
    assert_eq!(posting.deadline, Some(RawDate::Text("1 December 2026".to_owned())));
    assert_eq!(posting.pay_text.as_deref(), Some("20 EUR an hour"));
    assert_eq!(posting.employment, ["Full-time", "Fixed term"]);
    assert_eq!(posting.workplace, Some(Workplace::Text("On board".to_owned())));
    assert_eq!(
        (posting.skills.as_slice(), posting.language.as_deref()),
        (["fish".to_owned(), "salt".to_owned()].as_slice(), Some("en"))
    );
}

#[test]
fn an_item_without_title_or_link_is_rejected() {
    let html = page(
        "<ul><li class=job><h2>One</h2><a href='/1?utm_source=x'>1</a></li><li class=job><h2>Two</h2></li>\
         <li class=job><a href=/3>3</a></li><li class=job><h2>Four</h2><a href='mailto:x@quay.test'>4</a></li></ul>",
    );
    let parsed = parse(&with(&json!({})), "https://quay.test/jobs", &html).unwrap();
    assert_eq!(parsed.postings[0].source_id, "quay:quay.test/1");
    assert_eq!(parsed.postings[0].company.as_deref(), Some("Quay Inc"));
    let reasons: Vec<_> = parsed.rejected.iter().map(|rejected| rejected.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "link: expected an address, got nothing",
            "title: expected text, got nothing",
            "link: expected an http(s) address"
        ]
    );
}

#[test]
fn a_page_without_items_says_so_or_has_changed() {
    let board = with(&json!({"empty": "p.none", "page": "p"}));
    let first = "https://quay.test/jobs";
    assert!(parse(&board, first, &page("<p class=none>Nothing open</p>")).unwrap().complete);
    let error = parse(&board, first, &page("<p>New site</p>")).unwrap_err().to_string();
    assert!(
        error.starts_with("unexpected layout: item: expected an element that matches, got none"),
        "{error}"
    );
    let last = parse(&board, "https://quay.test/jobs?p=3", &page("<p>No more</p>")).unwrap();
    assert!(last.complete && last.next.is_empty());
    let cut = "<html><body><li class=job><h2>One</h2><a href=/1>1</a></li>";
    assert!(!parse(&board, first, cut).unwrap().complete);
}

#[test]
fn pages_follow_each_other() {
    let html = page("<li class=job><h2>One</h2><a href=/1>1</a></li><a rel=next href='?a=1&p=9'>more</a>");
    let next = |more: &Value, url: &str| {
        let parsed = parse(&with(more), url, &html).unwrap();
        (parsed.next.first().map(|request| request.url.clone()), parsed.complete)
    };
    let url = |url: &str| Some(url.to_owned());
    let first = "https://quay.test/jobs?q=a%20b";
    assert_eq!(next(&json!({}), first), (None, true));
    assert_eq!(next(&json!({"next": "a[rel=next]"}), first), (url("https://quay.test/jobs?a=1&p=9"), true));
    assert_eq!(next(&json!({"next": "a[rel=next]"}), "https://quay.test/jobs?a=1&p=9"), (None, true));
    assert_eq!(next(&json!({"page": "p"}), first), (url("https://quay.test/jobs?q=a+b&p=2"), true));
    let rows = json!({"page": {"parameter": "from", "first": 0, "step": 25}, "pages": 3});
    assert_eq!(next(&rows, "https://quay.test/jobs"), (url("https://quay.test/jobs?from=25"), true));
    assert_eq!(next(&rows, "https://quay.test/jobs?from=25"), (url("https://quay.test/jobs?from=50"), true));
    assert_eq!(next(&rows, "https://quay.test/jobs?from=50"), (None, false));
}

#[test]
fn a_posting_may_have_a_page_of_its_own() {
    let board = with(
        &json!({"location": "i", "detail": {"title": "h1", "description": "article", "location": ".where"}}),
    );
    let listing = page("<li class=job><h2>Cook</h2><a href=/1>1</a><i>Hull</i></li>");
    let parsed = parse(&board, "https://quay.test/jobs", &listing).unwrap();
    let draft = &parsed.drafts[0];
    assert_eq!((draft.request.url.as_str(), draft.posting.title.as_str()), ("https://quay.test/1", "Cook"));

    let html = page("<h1>Cook at sea</h1><article><p>Cook.</p></article>");
    let own = Page { url: "https://quay.test/1", content_type: None, body: html.as_bytes() };
    let posting = HtmlBoard.complete(&board, &own, draft).unwrap();
    assert_eq!((posting.title.as_str(), posting.source_id.as_str()), ("Cook at sea", "quay:quay.test/1"));
    assert_eq!(
        (posting.locations.as_slice(), posting.company.as_deref()),
        (["Hull".to_owned()].as_slice(), Some("Quay Inc"))
    );
    let read = parse(&board, own.url, &html).unwrap();
    assert_eq!((read.postings.len(), read.complete), (1, false));

    let cut = Page { body: &html.as_bytes()[..70], ..own };
    assert!(HtmlBoard.complete(&board, &cut, draft).is_err());
    let other = Page { body: b"<html><body>Gone</body></html>", ..own };
    let error = HtmlBoard.complete(&board, &other, draft).unwrap_err().to_string();
    assert_eq!(error, "unexpected layout: detail: expected a posting, got none");
}

#[test]
fn a_wrong_option_is_named() {
    for (options, message) in [
        (json!({}), "options.url: expected the address of the listing, got nothing"),
        (json!({"url": "https://quay.test"}), "options.item: expected a CSS selector, got nothing"),
        (
            json!({"url": "https://quay.test", "item": "li"}),
            "options.title: expected a CSS selector, got nothing",
        ),
        (
            json!({"url": "https://quay.test", "item": "li", "title": 7, "link": "a"}),
            "options.title: expected a CSS selector or a table, got 7",
        ),
        (
            json!({"url": "https://quay.test", "item": "li", "title": {"select": "a", "attr": "x"}, "link": "a"}),
            "options.title.attr: unknown option, expected select, attribute, pattern, split",
        ),
        (
            json!({"url": "https://quay.test", "item": "li", "title": {"pattern": "(a)(b)"}, "link": "a"}),
            "options.title.pattern: expected a regular expression with one group, got \"(a)(b)\"",
        ),
        (
            json!({"url": "https://quay.test", "item": "li", "title": "a", "link": "a", "pages": 0}),
            "options.pages: expected a number from 1, got 0",
        ),
        (
            json!({"url": "https://quay.test", "item": "li", "title": "a", "link": "a", "page": {"first": 1}}),
            "options.page.parameter: expected the name of a parameter",
        ),
        (
            json!({"url": "https://quay.test", "item": "li", "title": "a", "link": "a", "detail": {"link": "a"}}),
            "options.detail.link: unknown option, expected a field of a posting",
        ),
    ] {
        assert_eq!(HtmlBoard.first(&board(&options)).unwrap_err().to_string(), message);
    }
    for (key, value) in [("item", "li["), ("next", "a["), ("empty", "p["), ("date", "time[")] {
        let error = HtmlBoard.first(&with(&json!({ key: value }))).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("options.{key}: expected a CSS selector, got \"{value}\": ")),
            "{error}"
        );
    }
}

#[test]
fn depth_is_no_danger() {
    for open in [
        "<div>",
        "<li class=job>",
        "<table><tr><td>",
        "<b>",
        "<",
        "<p>",
        "[",
        "<li class=job><h2><a href=x>",
        "<a href=x><div></a>",
        "<b><p></b>x",
        "<p><b><i></p>x",
    ] {
        let read = |times| {
            let parsed = parse(&with(&json!({})), "https://quay.test/jobs", &open.repeat(times));
            assert!(parsed.is_err() || parsed.is_ok_and(|parsed| !parsed.complete), "{open} {times} times");
        };
        [80, 500, 2500].into_iter().for_each(read);
        growth::assert_linear(open, 100_000, read);
    }
}

proptest! {
    #[test]
    fn any_markup_is_read_or_refused(
        body in "(<html>|</html>|<body>|<li class=job>|</li>|<h2>|<a href=|'|>|https://q.test/|&amp;|<base href=/|é|<table>|<td>){0,40}",
        url in "(https://quay.test/)?[a-z/?#]{0,8}",
    ) {
        let page = Page { url: &url, content_type: None, body: body.as_bytes() };
        let board = with(&json!({"next": "a", "page": "p", "detail": {"title": "h2"}}));
        let _ = HtmlBoard.parse(&board, &page);
    }
}
