//! What a board says of its pages.

use std::collections::BTreeMap;

use scraper::Selector;
use serde_json::{Map, Value as Json};
use url::Url;

use super::{
    super::{
        Board, SourceError,
        reading::{HtmlPage, css, identity},
    },
    field::Field,
};

/// Fields of a posting, as an option names them.
const FIELDS: [&str; 14] = [
    "title",
    "link",
    "id",
    "company",
    "location",
    "description",
    "requirements",
    "date",
    "deadline",
    "pay",
    "type",
    "remote",
    "tags",
    "language",
];
/// Options that are not fields.
const OTHERS: [&str; 7] = ["url", "item", "next", "page", "pages", "empty", "detail"];
/// Pages of a listing that are asked for where the board does not say how many.
const PAGES: u64 = 50;

/// Fields by name.
pub(super) type Fields = BTreeMap<&'static str, Field>;

/// The options of a board.
///
/// - `url`: the first page of the listing; `item`: a selector of one posting in it; `title` and `link` must be there, any other field may.
/// - `next`: a selector of the link to the next page; or `page`: the name of the parameter that counts pages, or a table of
///   `parameter`, `first` (1) and `step` (1), with `pages`, the most that are asked for.
/// - `empty`: a selector of the notice that nothing is open. A first page without items and without it is a change of layout.
/// - `detail`: a table of fields on the page of a posting.
pub(super) struct Options {
    pub(super) url: Url,
    pub(super) item: Selector,
    pub(super) fields: Fields,
    pub(super) detail: Option<Fields>,
    pub(super) empty: Option<Selector>,
    next: Option<Field>,
    page: Option<Counter>,
}

/// A parameter that counts pages or postings.
struct Counter {
    parameter: String,
    first: u64,
    step: u64,
    pages: u64,
}

impl Options {
    pub(super) fn read(board: &Board) -> Result<Self, SourceError> {
        let known: Vec<_> = OTHERS.iter().chain(&FIELDS).copied().collect();
        board.only_options(&known)?;
        board.label()?;
        let missing = |key: &str, what: &str| wrong(&format!("{key}: expected {what}, got nothing"));
        let url = board.url_option("url")?.ok_or_else(|| missing("url", "the address of the listing"))?;
        let item = board.text_option("item")?.ok_or_else(|| missing("item", "a CSS selector"))?;
        let fields = fields("", &board.options)?;
        for key in ["title", "link"] {
            if !fields.contains_key(key) {
                return Err(missing(key, "a CSS selector"));
            }
        }
        let detail = match board.options.get("detail") {
            None => None,
            Some(Json::Object(table)) => {
                let known =
                    |key: &&String| !FIELDS.contains(&key.as_str()) || matches!(key.as_str(), "link" | "id");
                if let Some(key) = table.keys().find(known) {
                    return Err(wrong(&format!(
                        "detail.{key}: unknown option, expected a field of a posting"
                    )));
                }
                Some(self::fields("detail.", table)?)
            }
            Some(other) => return Err(wrong(&format!("detail: expected a table of selectors, got {other}"))),
        };
        let next = board.options.get("next").map(|value| Field::link("next", value));
        Ok(Self {
            url,
            item: css("item", item)?,
            fields,
            detail,
            empty: board.text_option("empty")?.map(|text| css("empty", text)).transpose()?,
            next: next.transpose()?,
            page: Counter::read(board)?,
        })
    }

    /// The page after one that holds items; true where there may be more than are asked for.
    pub(super) fn next(&self, html: &HtmlPage, own: &Url) -> (Option<Url>, bool) {
        if let Some(next) = &self.next {
            let next = next.value(html.root()).and_then(|link| html.resolve(&link));
            return (next.filter(|next| identity(next) != identity(own)), false);
        }
        let Some(counter) = &self.page else { return (None, false) };
        let next = counter.after(own);
        let cut = next.is_none();
        (next, cut)
    }
}

fn wrong(message: &str) -> SourceError {
    SourceError::Args(format!("options.{message}"))
}

fn fields(within: &str, options: &Map<String, Json>) -> Result<Fields, SourceError> {
    let mut fields = Fields::new();
    for name in FIELDS {
        if let Some(value) = options.get(name) {
            let option = format!("{within}{name}");
            let read = if name == "link" { Field::link(&option, value) } else { Field::read(&option, value) };
            fields.insert(name, read?);
        }
    }
    Ok(fields)
}

impl Counter {
    fn read(board: &Board) -> Result<Option<Self>, SourceError> {
        let number = |key: &str, value: Option<&Json>, least: u64| match value {
            None => Ok(None),
            Some(value) => match value.as_u64().filter(|number| *number >= least && *number <= 1_000_000) {
                Some(number) => Ok(Some(number)),
                None => Err(wrong(&format!("{key}: expected a number from {least}, got {value}"))),
            },
        };
        let pages = number("pages", board.options.get("pages"), 1)?.unwrap_or(PAGES);
        match board.options.get("page") {
            None => Ok(None),
            Some(Json::String(name)) if !name.trim().is_empty() => {
                Ok(Some(Self { parameter: name.trim().to_owned(), first: 1, step: 1, pages }))
            }
            Some(Json::Object(table)) => {
                let known = ["parameter", "first", "step"];
                if let Some(key) = table.keys().find(|key| !known.contains(&key.as_str())) {
                    return Err(wrong(&format!("page.{key}: unknown option, expected {}", known.join(", "))));
                }
                let Some(name) =
                    table.get("parameter").and_then(Json::as_str).filter(|name| !name.is_empty())
                else {
                    return Err(wrong("page.parameter: expected the name of a parameter"));
                };
                let first = number("page.first", table.get("first"), 0)?.unwrap_or(1);
                let step = number("page.step", table.get("step"), 1)?.unwrap_or(1);
                Ok(Some(Self { parameter: name.to_owned(), first, step, pages }))
            }
            Some(other) => {
                Err(wrong(&format!("page: expected the name of a parameter or a table, got {other}")))
            }
        }
    }

    /// The address after this one; none after the last page that is asked for.
    fn after(&self, own: &Url) -> Option<Url> {
        let current = own.query_pairs().find(|(key, _)| *key == self.parameter);
        let current = current.map_or(Some(self.first), |(_, value)| value.parse().ok())?;
        let next = current.checked_add(self.step)?;
        let most = self.step.checked_mul(self.pages.saturating_sub(1))?.checked_add(self.first)?;
        if next > most {
            return None;
        }
        let others: Vec<(String, String)> =
            own.query_pairs().into_owned().filter(|(key, _)| *key != self.parameter).collect();
        let mut url = own.clone();
        url.query_pairs_mut().clear().extend_pairs(others).append_pair(&self.parameter, &next.to_string());
        Some(url)
    }
}
