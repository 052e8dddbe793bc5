//! A lenient tree of XML elements.
//!
//! Feeds are seldom well-formed: stray ampersands, entities of HTML, tags that never close. What can be read is read, and a document
//! that ends before its root closes or is damaged says so ([`Xml::whole`]), so that nothing is concluded from what it lacks. Names are
//! compared without prefix and case. Depth and number of elements are bounded; external entities are never looked at.

use std::fmt::Write as _;

use quick_xml::{
    Reader, XmlVersion,
    escape::unescape,
    events::{BytesRef, Event},
};

use super::{charset::decode, escape};
use crate::{domain::Page, sources::SourceError};

/// Elements within each other that are kept apart; what lies deeper is text of the deepest.
const DEEPEST: usize = 64;
/// Elements that are read.
const MOST: usize = 500_000;
/// Characters that a message shows of a page that is not XML.
const SHOWN: usize = 20;

/// A document.
#[derive(Debug)]
pub(in crate::sources) struct Xml {
    /// Its outermost element.
    pub(in crate::sources) root: Element,
    /// True where the document is well nested and its root closes.
    pub(in crate::sources) whole: bool,
}

/// An element.
#[derive(Debug, Default)]
pub(in crate::sources) struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    content: Vec<Node>,
}

#[derive(Debug)]
enum Node {
    Element(Element),
    Text(String),
}

impl Xml {
    /// Reads a page.
    ///
    /// # Errors
    /// [`SourceError::Layout`] where it has no element, and says what is there instead.
    pub(in crate::sources) fn read(page: &Page<'_>) -> Result<Self, SourceError> {
        Self::from_text(&decode(page.body, page.content_type))
    }

    /// Reads a text.
    ///
    /// # Errors
    /// As [`Xml::read`].
    pub(in crate::sources) fn from_text(text: &str) -> Result<Self, SourceError> {
        let text = text.trim_start_matches('\u{feff}').trim();
        let layout = |found: &str| SourceError::Layout(format!("expected XML, got {found}"));
        match text.as_bytes().first() {
            None => Err(layout("an empty page")),
            Some(b'<') => Tree::read(text).ok_or_else(|| layout("no element")),
            Some(b'{' | b'[') => Err(layout("JSON")),
            Some(_) => {
                let start: String = text.chars().take(SHOWN).collect();
                Err(layout(&format!("\"{}…\"", start.escape_debug())))
            }
        }
    }

    /// The root, which must have one of these names.
    ///
    /// # Errors
    /// [`SourceError::Layout`] names the element that is there.
    pub(in crate::sources) fn root_named(&self, names: &[&str]) -> Result<&Element, SourceError> {
        if names.iter().any(|name| self.root.is(name)) {
            return Ok(&self.root);
        }
        let expected = names.iter().map(|name| format!("<{name}>")).collect::<Vec<_>>().join(" or ");
        let found: String = self.root.name.chars().take(SHOWN).collect();
        Err(SourceError::Layout(format!("expected {expected}, got <{}>", found.escape_debug())))
    }
}

impl Element {
    /// The name without its prefix.
    pub(in crate::sources) fn local(&self) -> &str {
        local(&self.name)
    }

    /// The prefix, where the name has one.
    pub(in crate::sources) fn prefix(&self) -> Option<&str> {
        self.name.split_once(':').map(|(prefix, _)| prefix)
    }

    /// True where the name, without its prefix, is this one.
    pub(in crate::sources) fn is(&self, name: &str) -> bool {
        self.local().eq_ignore_ascii_case(name)
    }

    /// The elements right below.
    pub(in crate::sources) fn elements(&self) -> impl Iterator<Item = &Self> {
        self.content.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The elements right below that have this name.
    pub(in crate::sources) fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.elements().filter(move |element| element.is(name))
    }

    /// The first element right below that has this name.
    pub(in crate::sources) fn child(&self, name: &str) -> Option<&Self> {
        self.elements().find(|element| element.is(name))
    }

    /// The text within, trimmed; none where it is blank.
    pub(in crate::sources) fn text(&self) -> Option<String> {
        let mut text = String::new();
        self.push_text(&mut text);
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }

    /// The text of the first element of this name that has one.
    pub(in crate::sources) fn field(&self, name: &str) -> Option<String> {
        self.elements().filter(|element| element.is(name)).find_map(Self::text)
    }

    /// The text of a field without which there is no posting.
    ///
    /// # Errors
    /// Names the field and what is there.
    pub(in crate::sources) fn required(&self, name: &str) -> Result<String, String> {
        self.field(name).ok_or_else(|| {
            let found = if self.child(name).is_some() { "blank text" } else { "nothing" };
            format!("{name}: expected text, got {found}")
        })
    }

    /// The value of an attribute, trimmed; none where it is blank.
    pub(in crate::sources) fn attribute(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(key, _)| local(key).eq_ignore_ascii_case(name))?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// The content as markup: text as it is where there is only text, and tags written out where the markup was not escaped.
    pub(in crate::sources) fn markup(&self) -> Option<String> {
        if self.elements().next().is_none() {
            return self.text();
        }
        let mut out = String::new();
        self.push_markup(&mut out);
        Some(out).filter(|markup| !markup.trim().is_empty())
    }

    fn push_text(&self, out: &mut String) {
        for node in &self.content {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Element(element) => element.push_text(out),
            }
        }
    }

    fn push_markup(&self, out: &mut String) {
        for node in &self.content {
            match node {
                Node::Text(text) => out.push_str(&escape(text)),
                Node::Element(element) => {
                    let name = element.local();
                    out.push('<');
                    out.push_str(name);
                    for (key, value) in &element.attributes {
                        let value = escape(value).replace('"', "&quot;");
                        let _ = write!(out, " {key}=\"{value}\"");
                    }
                    out.push('>');
                    element.push_markup(out);
                    if !matches!(name, "br" | "hr" | "img" | "input" | "wbr") {
                        let _ = write!(out, "</{name}>");
                    }
                }
            }
        }
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// A document under construction.
#[derive(Default)]
struct Tree {
    /// Elements that are open, the root first.
    open: Vec<Element>,
    /// Elements that are open below the deepest.
    deeper: usize,
    root: Option<Element>,
    count: usize,
    damaged: bool,
}

impl Tree {
    fn read(text: &str) -> Option<Xml> {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        let mut tree = Self::default();
        while tree.root.is_none() && tree.count < MOST {
            match reader.read_event() {
                Ok(Event::Start(tag)) => tree.tags(&tag, false),
                Ok(Event::Empty(tag)) => tree.tags(&tag, true),
                Ok(Event::End(tag)) => tree.close(tag.name().as_ref()),
                Ok(Event::Text(text)) => tree.text(&text.xml_content(XmlVersion::Implicit1_0)),
                Ok(Event::CData(text)) => tree.text(&text.xml_content(XmlVersion::Implicit1_0)),
                Ok(Event::GeneralRef(reference)) => tree.reference(&reference),
                Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
                Ok(Event::Eof) | Err(_) => break,
            }
        }
        let whole = tree.root.is_some() && !tree.damaged;
        while tree.root.is_none() && !tree.open.is_empty() {
            tree.end();
        }
        Some(Xml { root: tree.root?, whole })
    }

    /// One tag; or several, where one of them is not closed before the next begins.
    fn tags(&mut self, raw: &str, empty: bool) {
        let mut rest = raw;
        while let Some(at) = unquoted(rest, '<') {
            self.damaged = true;
            let (tag, next) = rest.split_at(at);
            self.tag(tag, false);
            rest = next.get(1..).unwrap_or_default();
        }
        self.tag(rest, empty);
    }

    fn tag(&mut self, raw: &str, empty: bool) {
        if let Some(name) = raw.strip_prefix('/') {
            return self.close(name);
        }
        let name = raw.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        if name.is_empty() {
            return;
        }
        if self.open.len() >= DEEPEST {
            self.damaged = true;
            self.deeper += usize::from(!empty);
            return;
        }
        self.count += 1;
        let tag = quick_xml::events::BytesStart::from_content(raw, name.len());
        let mut attributes = Vec::new();
        for attribute in tag.html_attributes().with_checks(false).filter_map(Result::ok) {
            let value = unescape(&attribute.value).unwrap_or_else(|_| attribute.value.clone());
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        self.open.push(Element { name: name.to_owned(), attributes, content: Vec::new() });
        if empty {
            self.end();
        }
    }

    /// Closes the element of that name, and those within it that were left open.
    fn close(&mut self, name: &str) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let name = name.trim();
        let Some(at) = self.open.iter().rposition(|element| element.name == name) else {
            self.damaged = true;
            return;
        };
        self.damaged |= at + 1 < self.open.len();
        while self.open.len() > at {
            self.end();
        }
    }

    fn end(&mut self) {
        let Some(element) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(parent) => parent.content.push(Node::Element(element)),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, text: &str) {
        let Some(element) = self.open.last_mut() else { return };
        match element.content.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ => element.content.push(Node::Text(text.to_owned())),
        }
    }

    /// A character by number or name. Names that only HTML knows stay as they are: the text may be HTML.
    fn reference(&mut self, reference: &BytesRef<'_>) {
        if let Ok(Some(character)) = reference.resolve_char_ref() {
            return self.text(character.encode_utf8(&mut [0; 4]));
        }
        let name: &str = reference;
        match quick_xml::escape::resolve_xml_entity(name) {
            Some(character) => self.text(character),
            None => self.text(&format!("&{name};")),
        }
    }
}

/// Where the character stands outside of quotes.
fn unquoted(text: &str, character: char) -> Option<usize> {
    let mut quote = None;
    for (position, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), close) if open == close => quote = None,
            (None, found) if found == character => return Some(position),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests;
