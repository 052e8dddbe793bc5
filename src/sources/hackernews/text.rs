//! A comment's markup as paragraphs of lines: paragraphs begin with `<p>`, a link becomes its address.

use crate::sources::reading::unescape_once;

/// Longest text of a link, bytes.
const SHOWN: usize = 500;

/// The paragraphs of a comment, each as its lines; what is blank is left out.
pub(super) fn paragraphs(comment: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut text = String::new();
    let mut rest = comment;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let Some((tag, after)) = tag.split_once('>') else {
            rest = "";
            break;
        };
        rest = after;
        if tag == "p" || tag == "/p" {
            finish(&mut all, &mut text);
        } else if let Some(address) = address(tag) {
            text.push(' ');
            text.push_str(address);
            text.push(' ');
            // What is shown of a link is its address once more, cut short.
            let shown = after.get(..after.floor_char_boundary(SHOWN)).unwrap_or_default();
            rest = shown.find("</a>").and_then(|end| after.get(end + 4..)).unwrap_or(after);
        }
    }
    text.push_str(rest);
    finish(&mut all, &mut text);
    all
}

/// The comment as HTML that shows links and lines as they were written: a link is shown cut short, a line break only in the source.
pub(super) fn readable(comment: &str) -> String {
    let mut html = String::with_capacity(comment.len());
    let mut rest = comment;
    while let Some((before, link)) = rest.split_once("<a ") {
        html.push_str(before);
        html.push_str("<a ");
        rest = link;
        let Some((tag, shown)) = link.split_once('>') else { break };
        let Some((text, after)) = shown.split_once("</a>") else { break };
        let address = address(&format!("a {tag}")).map(str::to_owned);
        html.push_str(tag);
        html.push('>');
        html.push_str(address.as_deref().filter(|_| text.ends_with("...")).unwrap_or(text));
        html.push_str("</a>");
        rest = after;
    }
    html.push_str(rest);
    if html.contains("<pre") { html } else { html.replace('\n', "<br>") }
}

fn finish(all: &mut Vec<Vec<String>>, text: &mut String) {
    let decoded = unescape_once(text).replace("&#x2F;", "/").replace("&nbsp;", " ");
    let lines = decoded.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    if !lines.is_empty() {
        all.push(lines);
    }
    text.clear();
}

fn address(tag: &str) -> Option<&str> {
    let href = tag.strip_prefix("a ")?.split_once("href=\"")?.1;
    Some(href.split_once('"')?.0)
}

/// Whether a word is an address of the web, with or without its scheme.
pub(super) fn is_address(word: &str) -> bool {
    let word =
        word.trim_matches(|c: char| matches!(c, '(' | ')' | '[' | ']' | ',' | ';' | '.' | ':' | '<' | '>'));
    if word.starts_with("http://") || word.starts_with("https://") {
        return true;
    }
    let host = word.split('/').next().unwrap_or_default();
    let Some((name, end)) = host.rsplit_once('.') else { return false };
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    // Two capitals in a row are initials (U.S., Ph.D.), three letters and less a library (Node.js).
    let domain = (2..=12).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_lowercase());
    domain && !matches!(end, "js" | "ts" | "rs" | "py") && name.len() > 1 && plain(name)
}

/// A line without the addresses in it, and without the brackets around them.
pub(super) fn without_addresses(line: &str) -> String {
    let kept = line.split(' ').filter(|word| !is_address(word));
    let text = kept.collect::<Vec<_>>().join(" ").replace("()", "").replace("( )", "").replace("[]", "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_has_paragraphs_of_lines() {
        let comment = "Tern &amp; Co (<a href=\"https:&#x2F;&#x2F;tern.test\" rel=\"nofollow\">https:&#x2F;&#x2F;ter...</a>) | Diver\n\n\
                       R&#x27;n&#x27;D<p><i>We</i> dive<p>  <p>a &lt; b";
        assert_eq!(
            paragraphs(comment),
            [vec!["Tern & Co ( https://tern.test ) | Diver", "R'n'D"], vec!["We dive"], vec!["a < b"]]
        );
        assert_eq!(paragraphs("a <b"), [vec!["a"]]);
        assert_eq!(paragraphs(""), Vec::<Vec<String>>::new());
        assert_eq!(paragraphs(&"<a href=\"x\">".repeat(100_000)).len(), 1);
    }

    #[test]
    fn links_are_shown_whole() {
        let comment = "See <a href=\"https:&#x2F;&#x2F;tern.test&#x2F;jobs\" rel=\"nofollow\">https:&#x2F;&#x2F;ter...</a>\nnow";
        let shown = "See <a href=\"https:&#x2F;&#x2F;tern.test&#x2F;jobs\" rel=\"nofollow\">https:&#x2F;&#x2F;tern.test&#x2F;jobs</a><br>now";
        assert_eq!(readable(comment), shown);
        for odd in ["<a ", "x <a href=\"y", "<a href=\"y\">z", "<pre>a\nb</pre>"] {
            assert_eq!(readable(odd), odd);
        }
    }

    #[test]
    fn addresses_are_told_from_words() {
        for word in ["https://a.test/x", "tern.dev", "(www.tern.co.uk/jobs)", "a-b.io,"] {
            assert!(is_address(word), "{word}");
        }
        for word in ["Node.js", "U.S.", "e.g.", "Inc.", "tern", "3.5", "Mr.Tern"] {
            assert!(!is_address(word), "{word}");
        }
        assert_eq!(without_addresses("Tern ( https://tern.test ) dives"), "Tern dives");
    }
}
