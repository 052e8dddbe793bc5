use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::*;
use crate::domain::{Period, Text, Workplace};

fn board(options: &Value) -> Board {
    let mut all = json!({"url": "https://feeds.test/jobs.xml"});
    all.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    Board { board: "pier".to_owned(), options: all.as_object().unwrap().clone(), ..Board::default() }
}

fn parse(options: &Value, body: &str) -> Parsed {
    let page = Page { url: "https://feeds.test/jobs.xml", content_type: None, body: body.as_bytes() };
    Feed.parse(&board(options), &page).unwrap()
}

fn one(body: &str) -> RawPosting {
    let parsed = parse(&json!({}), body);
    assert!(parsed.rejected.is_empty() && parsed.postings.len() == 1, "{parsed:?}");
    parsed.postings.into_iter().next().unwrap()
}

#[test]
fn a_board_says_where_its_feed_is() {
    let first = |options: &Value| Feed.first(&board(options)).map(|request| request.url);
    assert_eq!(first(&json!({})).as_deref(), Ok("https://feeds.test/jobs.xml"));
    for (options, message) in [
        (
            json!({"title": "title"}),
            "options.title: expected \"company: title\" or \"title at company\", got \"title\"",
        ),
        (json!({"whole": "yes"}), "options.whole: expected true or false, got \"yes\""),
        (json!({"url": "feeds.test"}), "options.url: expected an http(s) address, got \"feeds.test\""),
    ] {
        assert_eq!(first(&options).unwrap_err().to_string(), message);
    }
}

#[test]
fn the_tags_of_publishers_are_read() {
    let posting = one(
        "<rss version='2.0' xmlns:j='x'><channel><title>Jobs</title><item><title>Cook &amp; baker</title><link>/job/1</link>\
         <guid isPermaLink='false'>id-1</guid><pubDate>Mon, 02 Nov 2026 08:00:00 GMT</pubDate><description>short</description>\
         <content:encoded><![CDATA[<p>Long</p>]]></content:encoded><j:company_name>Pier &amp; Co</j:company_name>\
         <j:location>Hull</j:location><j:state>Yorkshire</j:state><j:minimumSalary>1,200.50</j:minimumSalary>\
         <j:maximumSalary>Not shown</j:maximumSalary><j:salaryCurrency>GBP</j:salaryCurrency><j:salaryInterval>Week</j:salaryInterval>\
         <j:jobType>Part Time</j:jobType><j:advertiseToDateTime>Tue, 01 Dec 2026 23:59:00</j:advertiseToDateTime>\
         <j:remote>false</j:remote><category>Food, Sea</category><category>Sea</category><dc:language>en</dc:language>\
         <media:content url='x'>picture</media:content></item></channel></rss>",
    );
    assert_eq!((posting.source_id.as_str(), posting.url.as_str()), ("pier:id-1", "https://feeds.test/job/1"));
    assert_eq!((posting.title.as_str(), posting.company.as_deref()), ("Cook & baker", Some("Pier & Co")));
    let place = &posting.places[0];
    assert_eq!((place.city.as_deref(), place.region.as_deref()), (Some("Hull"), Some("Yorkshire")));
    assert_eq!(posting.description, Some(Text::Html("<p>Long</p>".to_owned())));
    let pay = posting.pay.unwrap();
    assert_eq!((pay.min, pay.max, pay.period), (Some(Decimal::new(12005, 1)), None, Some(Period::Week)));
    assert_eq!(
        (posting.employment, posting.skills),
        (vec!["Part Time".to_owned()], vec!["Food".to_owned(), "Sea".to_owned()])
    );
    assert!(posting.deadline.is_some() && posting.posted.is_some() && posting.workplace.is_none());
    assert_eq!(posting.language.as_deref(), Some("en"));
}

#[test]
fn atom_has_links_in_attributes() {
    let posting = one(
        "<feed xmlns='http://www.w3.org/2005/Atom'><link rel='self' href='x'/><entry xml:lang='de'><id>https://Feeds.test/job/2?utm_source=f</id>\
         <title>Koch</title><link rel='edit' href='/edit'/><link href='job/2'/><updated>2026-11-02T08:00:00Z</updated>\
         <published>2026-11-01T08:00:00Z</published><category term='fish'/><content type='xhtml'><div>Koche <b>gut</b></div></content>\
         <author><name>Max</name></author></entry></feed>",
    );
    assert_eq!(
        (posting.source_id.as_str(), posting.url.as_str()),
        ("pier:feeds.test/job/2", "https://feeds.test/job/2")
    );
    assert_eq!(posting.company.as_deref(), Some("Pier"));
    assert_eq!(posting.description, Some(Text::Html("<div>Koche <b>gut</b></div>".to_owned())));
    assert_eq!(posting.posted, Some(crate::domain::RawDate::Text("2026-11-01T08:00:00Z".to_owned())));
    assert_eq!(
        (posting.language.as_deref(), posting.skills.as_slice()),
        (Some("de"), ["fish".to_owned()].as_slice())
    );
}

#[test]
fn older_and_plainer_forms_are_read() {
    let rdf = one(
        "<rdf:RDF xmlns='http://purl.org/rss/1.0/'><channel><title>x</title></channel><item rdf:about='u'><title>Cook</title>\
         <link>https://feeds.test/3</link><dc:date>2026-11-01</dc:date></item></rdf:RDF>",
    );
    assert_eq!((rdf.source_id.as_str(), rdf.posted.is_some()), ("pier:feeds.test/3", true));
    let jobs = one(
        "<source><publisher>Pier</publisher><job><title>Cook</title><referencenumber>4</referencenumber><url>https://feeds.test/4</url>\
         <company>Ship</company><city>Hull</city><country>GB</country><salary>20 GBP an hour</salary><jobtype>fulltime</jobtype>\
         <remotetype>Fully remote</remotetype></job></source>",
    );
    assert_eq!((jobs.source_id.as_str(), jobs.pay_text.as_deref()), ("pier:4", Some("20 GBP an hour")));
    assert_eq!(jobs.workplace, Some(Workplace::Text("Fully remote".to_owned())));
    let json = one(
        r#"{"version": "https://jsonfeed.org/version/1", "items": [{"id": 5, "url": "https://feeds.test/5", "title": "Cook",
        "content_text": "Cook well", "tags": ["fish"], "date_published": "2026-11-01", "language": "en"}]}"#,
    );
    assert_eq!((json.source_id.as_str(), json.skills.len()), ("pier:5", 1));
}

#[test]
fn the_employer_may_stand_in_the_title() {
    let split = |form: &str, title: &str| {
        let body = format!(
            "<rss><channel><item><title>{title}</title><link>https://f.test/1</link></item></channel></rss>"
        );
        let parsed = parse(&json!({"title": form}), &body);
        match parsed.postings.first() {
            Some(posting) => Ok((posting.company.clone().unwrap(), posting.title.clone())),
            None => Err(parsed.rejected[0].reason.clone()),
        }
    };
    let said = |company: &str, title: &str| Ok((company.to_owned(), title.to_owned()));
    assert_eq!(split("company: title", "Ship: Cook: nights"), said("Ship", "Cook: nights"));
    assert_eq!(split("title at company", "Cook at sea at Ship"), said("Ship", "Cook at sea"));
    assert_eq!(split("company: title", "Cook"), Err("title: expected \"Company: Title\"".to_owned()));
    assert_eq!(split("title at company", "Cook"), Err("title: expected \"Title at Company\"".to_owned()));
}

#[test]
fn a_feed_is_whole_where_the_board_says_so() {
    let body =
        "<rss><channel><atom:link rel='next' href='?page=2'/><item><title>A</title></item></channel></rss>";
    let parsed = parse(&json!({"whole": true}), body);
    assert!(parsed.complete);
    assert_eq!(parsed.next[0].url, "https://feeds.test/jobs.xml?page=2");
    assert_eq!(parsed.rejected[0].reason, "link: expected an http(s) address, got nothing");
    assert!(!parse(&json!({}), body).complete);
    assert!(!parse(&json!({"whole": true}), &body[..body.len() - 9]).complete);
}

#[test]
fn what_is_no_feed_says_so() {
    for (body, message) in [
        ("<html></html>", "unexpected layout: expected <rss> or <feed> or <rdf:RDF> or <jobs>, got <html>"),
        ("<rss/>", "unexpected layout: channel: expected an element, got nothing"),
        ("{}", "unexpected layout: items: expected a list, got nothing"),
        ("Try later", "unexpected layout: expected XML, got \"Try later…\""),
    ] {
        let page = Page { url: "", content_type: None, body: body.as_bytes() };
        assert_eq!(Feed.parse(&board(&json!({})), &page).unwrap_err().to_string(), message);
    }
}

#[test]
fn depth_is_no_danger() {
    for open in ["<rss>", "<rss><channel><item>", "<a>", "{\"items\":[", "["] {
        let body = open.repeat(300_000);
        let page = Page { url: "", content_type: None, body: body.as_bytes() };
        let parsed = Feed.parse(&board(&json!({"whole": true})), &page);
        assert!(parsed.is_err() || parsed.is_ok_and(|parsed| !parsed.complete), "{open}");
    }
}

proptest! {
    #[test]
    fn any_markup_is_read_or_refused(
        body in "(<rss>|<feed>|<channel>|<item>|<entry>|<link>|</link>|<title>|</item>|<guid>|https://f.test/|&amp;|<category|:| at |é|>){0,40}",
        url in "(https://f.test/)?[a-z/?#]{0,8}",
    ) {
        let page = Page { url: &url, content_type: None, body: body.as_bytes() };
        let _ = Feed.parse(&board(&json!({"title": "company: title"})), &page);
    }
}
