use proptest::prelude::*;

use super::*;
use crate::normalize::growth;

fn page(html: &str) -> HtmlPage {
    HtmlPage::from_text(html, "https://jobs.test/list/?page=2").unwrap()
}

#[test]
fn links_become_addresses() {
    let plain = page("<html><body><a href=x>x</a></body></html>");
    let resolve = |page: &HtmlPage, link: &str| page.resolve(link).map(String::from);
    for (link, address) in [
        (" job/1#apply ", Some("https://jobs.test/list/job/1")),
        ("/job/1?a=b", Some("https://jobs.test/job/1?a=b")),
        ("?page=3", Some("https://jobs.test/list/?page=3")),
        ("//other.test/x", Some("https://other.test/x")),
        ("https://other.test/#/job/7", Some("https://other.test/#/job/7")),
        ("mailto:a@b.test", None),
        ("javascript:void(0)", None),
        ("#top", None),
        ("", None),
    ] {
        assert_eq!(resolve(&plain, link).as_deref(), address, "{link}");
    }
    let based = page("<html><head><base href='/careers/'></head><body></body></html>");
    assert_eq!(resolve(&based, "job/1").as_deref(), Some("https://jobs.test/careers/job/1"));
}

#[test]
fn a_page_is_known_by_its_address() {
    let of = |url: &str| identity(&Url::parse(url).unwrap());
    assert_eq!(of("HTTPS://Jobs.Test:443/a/?utm_source=x&id=7&fbclid=1#top"), "jobs.test/a?id=7");
    assert_eq!(of("http://jobs.test:8080/#/job/7"), "jobs.test:8080#/job/7");
}

#[test]
fn a_line_has_what_is_seen() {
    let page = page(
        "<body><p>One<b>and</b>a<br>half <style>p {}</style><script>x</script></p><div>two</div><ul><li> </ul></body>",
    );
    assert_eq!(line(page.root()).as_deref(), Some("Oneanda half two"));
    let list = Selector::parse("ul").unwrap();
    assert_eq!(page.select(&list).next().and_then(line), None);
}

#[test]
fn a_page_that_was_cut_does_not_close() {
    assert!(page("<body><p>x</p></body>").whole);
    assert!(page("<p>x</p></HTML\n>").whole);
    assert!(!page("<html><body><p>x</p></body></htm").whole);
    assert!(!page("<html><body><script>'</body></html>'</script><!-- </html> --><p>").whole);
}

#[test]
fn what_is_not_html_says_so() {
    for (text, found) in
        [("", "an empty page"), ("[1]", "JSON"), ("Too many", "\"Too many…\""), ("1 < 2", "\"1 < 2…\"")]
    {
        let error = HtmlPage::from_text(text, "").err().map(|error| error.to_string());
        assert_eq!(error, Some(format!("unexpected layout: expected HTML, got {found}")));
    }
}

#[test]
fn a_hostile_page_costs_no_more_than_its_size() {
    let formatting: Vec<String> = (0..3000).map(|number| format!("<b id={number}>")).collect();
    let formatting = formatting.concat();
    for html in [
        "<div>".repeat(100_000),
        "<span><p>".repeat(100_000),
        format!("<p>{formatting}</p>{}", "<p>x</p>".repeat(50_000)),
        format!("<a {}>", "b ".repeat(200_000)),
        "<table><tr><td>".repeat(60_000),
    ] {
        let error = HtmlPage::from_text(&html, "").err().map(|error| error.to_string());
        assert_eq!(
            error.as_deref(),
            Some("unexpected layout: expected HTML, got elements that nest without end")
        );
    }
    // As deep as a page may be, and read.
    assert!(HtmlPage::from_text(&"<div>".repeat(1000), "").is_ok());
    for html in [
        "<p>".repeat(100_000),
        "<li>x".repeat(100_000),
        "<".repeat(300_000),
        format!("<p>{}", "[".repeat(300_000)),
        "<div></div>".repeat(100_000),
        "<b>x</b>".repeat(100_000),
        "<!--".repeat(100_000),
        "<script>".repeat(100_000),
        "</p>".repeat(100_000),
    ] {
        growth::assert_linear(&html[..20], html.len(), |length| {
            HtmlPage::from_text(&html[..length], "").map(|page| line(page.root()))
        });
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(<|>|/|a|b|p|div|&|;|'|\"|!|--|=| |é|script|td){0,60}") {
        if let Ok(page) = HtmlPage::from_text(&text, "") {
            let _ = line(page.root());
        }
    }
}
