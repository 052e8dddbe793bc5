use super::*;
use crate::domain::Text;

fn board(name: &str) -> Board {
    Board { board: name.to_owned(), ..Board::default() }
}

fn parse(items: &str) -> Parsed {
    let body = format!("<rss version=\"2.0\"><channel><title>Remote</title>{items}</channel></rss>");
    let page = Page { url: "", content_type: None, body: body.as_bytes() };
    WeWorkRemotely.parse(&board("all"), &page).unwrap()
}

#[test]
fn a_board_is_all_or_a_category() {
    let url = |name: &str| WeWorkRemotely.first(&board(name)).map(|request| request.url);
    assert_eq!(url("all").as_deref(), Ok("https://weworkremotely.com/remote-jobs.rss"));
    assert_eq!(
        url("remote-design-jobs").as_deref(),
        Ok("https://weworkremotely.com/categories/remote-design-jobs.rss")
    );
    assert!(url("a/b").is_err());
}

#[test]
fn an_item_is_read_with_its_own_tags() {
    let parsed = parse(
        "<item><title>Nim &amp; Nam: Cook: night shift</title><region>USA Only</region><country>Peru</country>\
         <state>Lima</state><skills>Knives, Fire,</skills><type>Contract</type><description>&lt;img src=\"x\" /&gt;&lt;p&gt;\
         &lt;strong&gt;Headquarters:&lt;/strong&gt; Lima&lt;/p&gt;&lt;p&gt;Cook at night.&lt;/p&gt;&lt;p&gt;&lt;strong&gt;To apply:&lt;/strong&gt; x&lt;/p&gt;</description>\
         <pubDate>Fri, 10 Jul 2026 22:45:30 +0000</pubDate><expires_at>Sun, 09 Aug 2026 22:45:30 +0000</expires_at>\
         <link>https://weworkremotely.com/remote-jobs/nim-nam-cook</link></item>",
    );
    let posting = &parsed.postings[0];
    assert!(!parsed.complete);
    assert_eq!(posting.source_id, "nim-nam-cook");
    assert_eq!(
        (posting.company.as_deref(), posting.title.as_str()),
        (Some("Nim & Nam"), "Cook: night shift")
    );
    assert_eq!(posting.locations, ["USA Only"]);
    assert_eq!(posting.skills, ["Knives", "Fire"]);
    assert_eq!(posting.description, Some(Text::Html("<p>Cook at night.</p>".to_owned())));
    assert!(posting.deadline.is_some() && posting.posted.is_some());
}

#[test]
fn what_is_no_posting_says_why() {
    let parsed = parse(
        "<item><title>A: B</title></item><item><title>A: B</title><link>mailto:a@b.example</link></item>\
         <item><title>A</title><link>https://weworkremotely.com/remote-jobs/a</link></item>",
    );
    let reasons: Vec<_> = parsed.rejected.iter().map(|rejected| rejected.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "link: expected text, got nothing",
            "link: expected an http(s) address of a posting",
            "title: expected \"Company: Title\""
        ]
    );
}
