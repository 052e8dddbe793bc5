//! A look over markup before it is parsed: what it would cost, and whether it ends as a page does.

/// Elements that hold nothing, or are closed by the next of their kind.
const FLAT: &str = "area base body br col dd dt embed head hr html img input li link meta option p param path source tbody td tfoot \
                    th thead tr track wbr";
/// Elements that a parser opens anew in every paragraph for as long as they are not closed.
const FORMATTING: &str = "a b big code em font i nobr s small strike strong tt u";
/// Elements whose content is text.
const RAW: [&str; 5] = ["script", "style", "textarea", "title", "xmp"];
/// Steps a parser may take, as the product of tags and open elements.
const STEPS: usize = 30_000_000;
/// Formatting elements within each other that pages have.
const USUAL: usize = 16;
/// Steps for those beyond: each may be copied into every element that is open, once for every tag.
const COPIES: usize = 10_000_000;
/// Attributes of one tag.
const ATTRIBUTES: usize = 2000;

/// What a page looks like.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// Tags, opening and closing.
    pub(super) tags: usize,
    /// True where the parser would take far more steps than there are bytes.
    pub(super) costly: bool,
    /// True where the document closes, or the body where no tag opens the document.
    pub(super) closes: bool,
}

/// Looks over a page in one pass.
pub(super) fn scan(html: &str) -> Scan {
    let mut scan = Scan::default();
    let (mut open, mut deepest) = (0_usize, 0_usize);
    let (mut formatting, mut most_formatting) = (0_usize, 0_usize);
    let (mut root, mut closed_html, mut closed_body) = (false, false, false);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = rest.get(at + 1..).unwrap_or_default();
        if let Some(comment) = rest.strip_prefix("!--") {
            let Some(end) = comment.find("-->") else { break };
            rest = comment.get(end..).unwrap_or_default();
            continue;
        }
        let closing = rest.starts_with('/');
        let tag = rest.trim_start_matches('/');
        if !tag.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let Some((end, attributes)) = end(tag) else { break };
        let name = tag.get(..end).unwrap_or_default();
        let name = name
            .split(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
            .next()
            .unwrap_or_default();
        let name = name.get(..16).unwrap_or(name).to_ascii_lowercase();
        rest = tag.get(end..).unwrap_or_default();
        scan.tags += 1;
        scan.costly |= attributes > ATTRIBUTES;
        match name.as_str() {
            "html" if !closing => root = true,
            "html" => closed_html = true,
            "body" if closing => closed_body = true,
            _ => {}
        }
        if RAW.contains(&name.as_str()) && !closing {
            let Some(close) = closing_tag(rest, &name) else { break };
            rest = rest.get(close..).unwrap_or_default();
            continue;
        }
        if among(FORMATTING, &name) {
            formatting = if closing { formatting.saturating_sub(1) } else { formatting + 1 };
            most_formatting = most_formatting.max(formatting);
        }
        if !among(FLAT, &name) {
            open = if closing { open.saturating_sub(1) } else { open + 1 };
            deepest = deepest.max(open);
        }
    }
    scan.closes = closed_html || closed_body && !root;
    scan.costly |= deepest.saturating_mul(scan.tags) > STEPS;
    let copied = most_formatting.saturating_sub(USUAL).saturating_mul(deepest);
    scan.costly |= copied.saturating_mul(scan.tags) > COPIES;
    scan
}

fn among(names: &str, name: &str) -> bool {
    names.split(' ').any(|known| known == name)
}

/// Where a tag ends, and how many attributes it may have.
fn end(tag: &str) -> Option<(usize, usize)> {
    let mut quote = None;
    let mut parts = 0;
    let mut before = b' ';
    for (at, byte) in tag.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some((at, parts)),
            (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
            (None, b' ' | b'\n' | b'\t' | b'\r' | b'\x0c' | b'/') => parts += 1,
            (Some(open), close) if open == close => {
                quote = None;
                parts += 1;
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    None
}

/// Where the text of a raw element ends.
fn closing_tag(text: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find("</")?;
        let start = at + 2;
        if text.get(start..start + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return Some(at);
        }
        from = start;
    }
}
