use proptest::prelude::*;

use super::*;
use crate::normalize::growth;

fn text(html: &str) -> String {
    to_text(&read(html))
}

#[test]
fn paragraphs_lists_and_headings() {
    let html = "<div><h2>About <em>us</em></h2><p>We build&nbsp;boats.</p><p>Come<br/>along.</p>\
        <ul>\n<li><p>Sail</p></li><li>Row<ul><li>fast</li></ul></li></ul>\n<p>End</p></div>";
    assert_eq!(text(html), "About us\nWe build boats.\n\nCome\nalong.\n\n- Sail\n- Row\n  - fast\n\nEnd");
    assert_eq!(
        to_html(&read(html)),
        "<h2>About <em>us</em></h2><p>We build boats.</p><p>Come<br>along.</p>\
        <ul><li>Sail</li><li>Row<ul><li>fast</li></ul></li></ul><p>End</p>"
    );
}

#[test]
fn words_split_by_inline_tags_stay_whole() {
    assert_eq!(text("<p>Type<b>Script</b>, and <b>Go </b>too<i>!</i></p>"), "TypeScript, and Go too!");
    assert_eq!(
        text("<table><tr><td>Pay</td><td>high</td></tr><tr><td>Days</td><td>5</td></tr></table>"),
        "Pay high\nDays 5"
    );
}

#[test]
fn loose_items_bullets_and_escaped_markup() {
    assert_eq!(text("<li>one</li><li>two</li>"), "- one\n- two");
    assert_eq!(text("<p>• one<br>• two</p>"), "- one\n- two");
    assert_eq!(text("&lt;p&gt;R&amp;amp;D &lt;b&gt;now&lt;/b&gt;&lt;/p&gt;"), "R&D now");
    assert_eq!(text("&lt;p&gt;one&#0; &#x0;two&#x1;&lt;/p&gt;"), "one two", "what no database stores");
    assert_eq!(text("3 &lt; 5 & 7 > 6"), "3 < 5 & 7 > 6");
    assert_eq!(text("<pre>a\nb</pre>c"), "a\nb\n\nc");
    assert_eq!(
        to_text(&plain("Needed:\n* Go\n\u{2022} SQL\n  - joins\nThanks")),
        "Needed:\n- Go\n- SQL\n  - joins\nThanks"
    );
}

#[test]
fn nothing_harmful_is_kept() {
    let html = "<script>alert(1)</script><style>p{}</style><p onclick=\"x()\">Hi <a href='javascript:alert(1)'>a</a>\
        <a href=\"https://x.example/?a=1&amp;b=2\" target=_blank>b</a><img src=x onerror=alert(1)><!-- no -->\
        <a href=\"data:text/html,x\">c</a></p><iframe src=\"//evil\">in</iframe>";
    assert_eq!(text(html), "Hi ab c".replace("b c", "bc"));
    assert_eq!(to_html(&read(html)), "<p>Hi a<a href=\"https://x.example/?a=1&amp;b=2\">b</a>c</p>");
}

#[test]
fn addresses_of_mailboxes_stay() {
    assert_eq!(
        to_html(&read(
            "<p class=x><a href='mailto:crew@x.example' class=y>Write</a> or <a href=tel:12>call</a></p>"
        )),
        "<p><a href=\"mailto:crew@x.example\">Write</a> or call</p>"
    );
    assert_eq!(
        to_html(&read("<a href='https://x.example/\"><i>'>x</a>")),
        "<p><a href=\"https://x.example/&quot;&gt;&lt;i&gt;\">x</a></p>"
    );
}

#[test]
fn what_is_not_shown_is_not_read() {
    assert_eq!(
        text("<p>One</p><div style=\"color:red; display: none\">no <div>no</div> no</div><p>Two</p>"),
        "One\n\nTwo"
    );
    assert_eq!(text("<p>One <span hidden>no</span><SPAN STYLE='DISPLAY:NONE'>no</SPAN>two</p>"), "One two");
    assert_eq!(text("<p hidden>no<p>yes<br style=\"display:none\"><img hidden>still"), "yes\nstill");
    assert_eq!(text("<body style=\"display:none\"><p data-x=hidden style=\"display:inline\">yes</p>"), "yes");
}

#[test]
fn headings_in_lists() {
    assert_eq!(
        text("<ul><li><h2>Mend nets</h2></li><li><h2>Mend sails</h2></li></ul>"),
        "- Mend nets\n- Mend sails"
    );
    assert_eq!(
        text("<ul><li><h3>You have</h3><ul><li>time</li></ul></li></ul><p>x</p>"),
        "You have\n  - time\n\nx"
    );
}

#[test]
fn blanks_of_all_kinds_are_one() {
    assert_eq!(text("<p>a&nbsp; b\u{2003}c\t d<b> </b>e&#8203;f&shy;g</p>"), "a b c d efg");
    assert_eq!(to_text(&plain("a&#0; b&#8203;c&nbsp;&nbsp;d")), "a bc d");
    assert_eq!(text("<p>one&shy;</p>two &shy; three"), "one\n\ntwo three");
    assert_eq!(
        to_html(&read("<p>Tom &amp; <b>&lt;i&gt; \"x\"</b></p>")),
        "<p>Tom &amp; <strong>\"x\"</strong></p>".replace("<strong>", "<strong>&lt;i&gt; ")
    );
}

#[test]
fn bold_beginnings_are_known() {
    let bold = |html: &str| read(html).iter().map(|block| block.bold).collect::<Vec<_>>();
    assert_eq!(bold("<p><strong>Your profile</strong></p>"), [12]);
    assert_eq!(bold("<p><strong>Your profile</strong>:<br>plain <b>x</b></p>"), [13, 0]);
    assert_eq!(bold("<strong>One<br>Two</strong> three"), [3, 3]);
    assert_eq!(bold("<span style=\"font-weight: 700\">Profil</span>"), [6]);
}

#[test]
fn broken_markup_keeps_its_text() {
    assert_eq!(text("<p title=\"open>Text</p><p>More</p>"), "Text\n\nMore");
    assert_eq!(text("a <b>c"), "a c");
    assert_eq!(text("a </ b"), "a </ b");
    assert_eq!(text("<p"), "");
    assert_eq!(text("</p></ul></li>x"), "x");
}

#[test]
fn hostile_markup_takes_linear_time() {
    for (head, piece, tail) in [
        ("", "<div>", ""),
        ("", "<div hidden>", ""),
        ("", "<p hidden>", ""),
        ("", "<li><h2>x", ""),
        ("<p style=\"", "display:", "\">x"),
        ("", "<ul><li>x", ""),
        ("", "<b><i><a href=http://x>", ""),
        ("<a ", "b=1 ", ">x"),
        ("", "<a href=\"", ""),
        ("", "<!--", ""),
        ("", "<script></", ""),
        ("", "&", ""),
        ("", "<b>x<p>", ""),
        ("", "</b>", ""),
    ] {
        growth::assert_linear(piece, 200_000, |length| {
            let blocks = read(&format!("{head}{}{tail}", piece.repeat(length / piece.len())));
            (to_html(&blocks), to_text(&blocks))
        });
    }
}

proptest! {
    #[test]
    fn any_text_reads(html in "(?s:.{0,200})|(<|>|/|b|p|ul|li|h2|&lt;|\"|'|=| |x|\\n|!--|-->|script){0,80}") {
        let blocks = read(&html);
        prop_assert!(blocks.iter().all(|block| !block.text.is_empty() && !block.text.contains('\n')));
        let html = to_html(&blocks);
        prop_assert!(!html.contains("<script"));
        prop_assert_eq!(to_text(&read(&html)).split_whitespace().collect::<String>(),
            to_text(&blocks).split_whitespace().collect::<String>());
    }

    #[test]
    fn our_html_is_what_a_sanitizer_would_leave(html in "(?s:.{0,100})|(<|>|/|<b>|</b>|<i>|<a href='|https://x.example|mailto:|'>|</a>|<p>|<li>|<ul>|<ol>|</ul>|<h2>|&lt;|&amp;quot;|\"|'|=| |x|\\n){0,60}") {
        let ours = to_html(&read(&html));
        let mut sanitizer = ammonia::Builder::default();
        sanitizer
            .tags(["p", "br", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "code", "a"].into())
            .tag_attributes([("a", ["href"].into())].into())
            .generic_attributes([].into())
            .url_schemes(["http", "https", "mailto"].into())
            .link_rel(None);
        prop_assert_eq!(sanitizer.clean(&ours).to_string(), ours);
    }
}
