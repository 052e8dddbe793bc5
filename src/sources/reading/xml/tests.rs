use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

fn xml(text: &str) -> Xml {
    Xml::from_text(text).unwrap()
}

#[test]
fn names_attributes_and_texts_are_read() {
    let read = xml(
        "<?xml version='1.0'?><!DOCTYPE rss><!-- a --><rss xmlns:job=\"x\"><job:Title lang=\"e&amp;n\">\n Baker &amp; \
         <![CDATA[<b>Co</b>]]> &#xe9;&nbsp;</job:Title><title/><br/></rss>",
    );
    assert!(read.whole);
    let root = read.root_named(&["feed", "RSS"]).unwrap();
    assert_eq!(root.field("title").as_deref(), Some("Baker & <b>Co</b> é&nbsp;"));
    let title = root.child("title").unwrap();
    assert_eq!((title.prefix(), title.local(), title.attribute("LANG")), (Some("job"), "Title", Some("e&n")));
    assert_eq!(root.children("title").count(), 2);
    assert_eq!(root.required("br"), Err("br: expected text, got blank text".to_owned()));
    assert_eq!(root.required("id"), Err("id: expected text, got nothing".to_owned()));
}

#[test]
fn markup_that_was_not_escaped_is_written_out() {
    let read = xml("<a><d>One <b class='x'>two</b> &lt; 3<br/></d><e>&lt;p&gt;Four&lt;/p&gt;</e></a>");
    let root = &read.root;
    let markup = |name: &str| root.child(name).unwrap().markup();
    assert_eq!(markup("d").as_deref(), Some("One <b class=\"x\">two</b> &lt; 3<br>"));
    assert_eq!(markup("e").as_deref(), Some("<p>Four</p>"));
}

#[test]
fn a_part_of_a_document_is_known_as_one() {
    let text = "<list><item><name>Cook &amp; chef</name></item><item><name>Baker</name></item></list>";
    assert!(xml(text).whole);
    for end in 6..text.len() {
        if let Ok(part) = Xml::from_text(&text[..end]) {
            assert!(!part.whole, "{}", &text[..end]);
        }
    }
}

#[test]
fn damage_is_survived_and_told() {
    let open = xml("<list <item><name>Cook</name></item><item><name>Tom & Jerry</item></list>");
    assert!(!open.whole);
    let names: Vec<_> = open.root.children("item").filter_map(|item| item.field("name")).collect();
    assert_eq!(names, ["Cook", "Tom & Jerry"]);
    assert!(!xml("<list></item></list>").whole);
    assert!(xml("<list a='1 < 2'><item/></list> <!-- end").whole);
}

#[test]
fn what_is_not_xml_says_so() {
    for (text, message) in [
        ("", "unexpected layout: expected XML, got an empty page"),
        (" {\"a\": 1}", "unexpected layout: expected XML, got JSON"),
        ("Busy. Come back later.", "unexpected layout: expected XML, got \"Busy. Come back late…\""),
        ("<!-- nothing -->", "unexpected layout: expected XML, got no element"),
    ] {
        assert_eq!(Xml::from_text(text).unwrap_err().to_string(), message);
    }
    let page = xml("<!doctype html><html></html>");
    let error = page.root_named(&["rss", "feed"]).unwrap_err().to_string();
    assert_eq!(error, "unexpected layout: expected <rss> or <feed>, got <html>");
}

#[test]
fn neither_depth_nor_size_is_a_danger() {
    let deep = format!("{}deep{}", "<a>".repeat(300_000), "</a>".repeat(300_000));
    let read = xml(&deep);
    assert!(!read.whole);
    assert_eq!(read.root.text().as_deref(), Some("deep"));
    assert!(Xml::from_text(&"<a b='".repeat(200_000)).is_err());
    assert!(Xml::from_text(&format!("<a {}>", "<b ' ".repeat(200_001))).is_err());
    assert!(!xml(&format!("<a {}>", "<b ' ".repeat(200_000))).whole);
    let mut wide = "<list>".to_owned();
    for number in 0..600_000 {
        let _ = write!(wide, "<i>{}</i>", number % 10);
    }
    assert!(!xml(&wide).whole);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "(<|>|/|a|b|&|;|'|\"|!|\\[|CDATA|--|\\?| |=|é|\u{0}){0,60}") {
        if let Ok(read) = Xml::from_text(&text) {
            let _ = (read.root.text(), read.root.markup());
        }
    }

    #[test]
    fn escaped_text_comes_back(text in "[a-z<>&'\" é]{0,40}") {
        let read = xml(&format!("<a>{}</a>", escape(&text)));
        prop_assert_eq!(read.root.text().unwrap_or_default(), text.trim());
    }
}
