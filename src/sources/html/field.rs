//! One field of a board: which elements, what of them, and which part of that.

use regex::Regex;
use scraper::{ElementRef, Selector};
use serde_json::{Map, Value as Json};

use super::super::{
    SourceError,
    reading::{css, line, markup},
};
use crate::domain::Text;

/// Elements that are read for one field.
const MOST: usize = 100;

/// Where a value stands: `a.title`, `a.title@href`, `@data-id` for the element itself, or a table of `select`, `attribute` and
/// `pattern` (a regular expression whose group is the value) and `split` (what stands between several values in one text).
#[derive(Debug)]
pub(super) struct Field {
    /// Elements within; the element itself where there is none.
    select: Option<Selector>,
    attribute: Option<String>,
    pattern: Option<Regex>,
    split: Option<String>,
}

impl Field {
    /// Reads an option.
    ///
    /// # Errors
    /// [`SourceError::Args`] names it and what was expected.
    pub(super) fn read(option: &str, value: &Json) -> Result<Self, SourceError> {
        match value {
            Json::String(text) => Self::short(option, text),
            Json::Object(table) => Self::table(option, table),
            other => Err(SourceError::Args(format!(
                "options.{option}: expected a CSS selector or a table, got {other}"
            ))),
        }
    }

    /// [`Field::read`] for a link: its address is in `href` where nothing else is said.
    ///
    /// # Errors
    /// As [`Field::read`].
    pub(super) fn link(option: &str, value: &Json) -> Result<Self, SourceError> {
        let mut field = Self::read(option, value)?;
        field.attribute.get_or_insert_with(|| "href".to_owned());
        Ok(field)
    }

    fn short(option: &str, text: &str) -> Result<Self, SourceError> {
        let (select, attribute) = match text.rsplit_once('@') {
            Some((select, name)) if is_name(name) => (select, Some(name.to_ascii_lowercase())),
            _ => (text, None),
        };
        let select = select.trim();
        if select.is_empty() && attribute.is_none() {
            return Err(SourceError::Args(format!("options.{option}: expected a CSS selector, got \"\"")));
        }
        let select = (!select.is_empty()).then(|| css(option, select)).transpose()?;
        Ok(Self { select, attribute, pattern: None, split: None })
    }

    fn table(option: &str, table: &Map<String, Json>) -> Result<Self, SourceError> {
        let wrong = |message: String| SourceError::Args(format!("options.{option}.{message}"));
        let known = ["select", "attribute", "pattern", "split"];
        if let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(wrong(format!("{key}: unknown option, expected {}", known.join(", "))));
        }
        let text = |key: &str| match table.get(key) {
            None => Ok(None),
            Some(Json::String(text)) if !text.trim().is_empty() => Ok(Some(text.trim())),
            Some(other) => Err(wrong(format!("{key}: expected text, got {other}"))),
        };
        let select = text("select")?.map(|text| css(&format!("{option}.select"), text)).transpose()?;
        let attribute = text("attribute")?.map(str::to_ascii_lowercase);
        let pattern = text("pattern")?.map(|text| {
            let regex = Regex::new(text).ok().filter(|regex| regex.captures_len() == 2);
            let shown = text.escape_debug();
            regex.ok_or_else(|| {
                wrong(format!("pattern: expected a regular expression with one group, got \"{shown}\""))
            })
        });
        let split = match table.get("split") {
            None => None,
            Some(Json::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(other) => return Err(wrong(format!("split: expected text, got {other}"))),
        };
        Ok(Self { select, attribute, pattern: pattern.transpose()?, split })
    }

    /// The first value within an element.
    pub(super) fn value(&self, scope: ElementRef<'_>) -> Option<String> {
        self.elements(scope).find_map(|element| self.of(element))
    }

    /// All values within an element, each once.
    pub(super) fn values(&self, scope: ElementRef<'_>) -> Vec<String> {
        let mut values: Vec<String> = Vec::new();
        for value in self.elements(scope).take(MOST).filter_map(|element| self.of(element)) {
            let parts: Vec<&str> = match &self.split {
                Some(between) => value.split(between.as_str()).map(str::trim).collect(),
                None => vec![value.as_str()],
            };
            for part in parts {
                if !part.is_empty() && values.len() < MOST && values.iter().all(|known| known != part) {
                    values.push(part.to_owned());
                }
            }
        }
        values
    }

    /// The markup of all elements, one after the other; an attribute or a part of the text is what it looks like.
    pub(super) fn markup(&self, scope: ElementRef<'_>) -> Option<Text> {
        if self.attribute.is_some() || self.pattern.is_some() {
            return markup(&self.values(scope).join("\n"));
        }
        let mut html = String::new();
        for element in self.elements(scope).take(MOST).filter(|element| line(*element).is_some()) {
            html.push_str("<div>");
            html.push_str(&element.inner_html());
            html.push_str("</div>");
        }
        (!html.is_empty()).then_some(Text::Html(html))
    }

    fn elements<'a>(&'a self, scope: ElementRef<'a>) -> impl Iterator<Item = ElementRef<'a>> {
        let within = self.select.as_ref().map(|select| scope.select(select));
        let itself = self.select.is_none().then_some(scope);
        within.into_iter().flatten().chain(itself)
    }

    fn of(&self, element: ElementRef<'_>) -> Option<String> {
        let text = match &self.attribute {
            Some(name) => element.attr(name).map(|value| value.trim().to_owned()),
            None => line(element),
        };
        let text = text.filter(|text| !text.is_empty())?;
        let Some(pattern) = &self.pattern else { return Some(text) };
        let part = pattern.captures(&text)?.get(1)?.as_str().trim();
        (!part.is_empty()).then(|| part.to_owned())
    }
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'))
}
