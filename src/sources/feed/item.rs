//! One item of a feed: what its tags mean, and the identity it gets.

use std::{str::FromStr as _, sync::LazyLock};

use rust_decimal::Decimal;
use url::Url;

use super::{
    super::{
        Board, SourceError,
        reading::{Element, identity, markup, period, range},
    },
    Titles,
};
use crate::domain::{Pay, Place, RawDate, RawPosting, Workplace};

/// Prefixes of tags that speak of pictures and comments.
const OTHERS: [&str; 6] = ["media", "itunes", "thr", "slash", "wfw", "georss"];

/// Fields with the names of tags that mean them, the best first; names are in lower case without `-`, `_` and `.`.
static TAGS: LazyLock<Vec<(&str, Vec<&str>)>> = LazyLock::new(|| {
    let lines = include_str!("tags.tsv").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once('\t'))
        .map(|(field, names)| (field, names.split(' ').collect()))
        .collect()
});

/// Reads the items of one board.
pub(super) struct Reader<'a> {
    board: &'a Board,
    label: String,
    titles: Titles,
    base: Option<Url>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(board: &'a Board, url: &str) -> Result<Self, SourceError> {
        Ok(Self { board, label: board.label()?, titles: Titles::of(board)?, base: Url::parse(url).ok() })
    }

    /// The web address that a link of the feed leads to.
    pub(super) fn resolve(&self, link: &str) -> Option<String> {
        let link = link.trim();
        let url = match &self.base {
            Some(base) if !link.is_empty() => base.join(link).ok()?,
            _ => Url::parse(link).ok()?,
        };
        (matches!(url.scheme(), "http" | "https") && url.host_str().is_some()).then(|| url.into())
    }

    /// The posting of an item of XML.
    pub(super) fn read(&self, item: &Element) -> Result<RawPosting, String> {
        let tags = Tags::of(item);
        let text = |field: &str| tags.texts(field).into_iter().next();
        let id = text("id");
        let link = link(item).or_else(|| text("link")).or_else(|| permalink(item));
        let url = link.as_deref().and_then(|link| self.resolve(link));
        let Some(url) = url else {
            let found = if link.is_some() { "something else" } else { "nothing" };
            return Err(format!("link: expected an http(s) address, got {found}"));
        };
        let (places, locations) = tags.places();
        let (pay, pay_text) = tags.pay();
        let workplace =
            text("remote").filter(|said| !matches!(said.to_lowercase().as_str(), "false" | "no" | "0"));
        let posting = RawPosting {
            url,
            title: text("title").ok_or("title: expected text, got nothing")?,
            company: text("company"),
            locations,
            places,
            description: tags.markup("content").as_deref().and_then(markup),
            requirements: tags.markup("requirements").as_deref().and_then(markup),
            pay,
            pay_text,
            employment: tags.texts("type"),
            workplace: workplace.map(Workplace::Text),
            skills: tags.lists("tag"),
            posted: text("posted").map(RawDate::Text),
            deadline: text("deadline").map(RawDate::Text),
            language: text("language").or_else(|| item.attribute("lang").map(str::to_owned)),
            ..RawPosting::default()
        };
        self.finish(posting, id)
    }

    /// The posting with its employer, its title and its identity: the id that the feed gives, or else the address.
    pub(super) fn finish(&self, mut posting: RawPosting, id: Option<String>) -> Result<RawPosting, String> {
        if let Some((company, title)) = self.titles.split(&posting.title) {
            let (company, title) = (company.trim().to_owned(), title.trim().to_owned());
            posting.company.get_or_insert(company);
            posting.title = title;
        }
        if posting.company.is_none() {
            let configured = self.board.company.as_ref().filter(|name| !name.trim().is_empty());
            posting.company = match self.titles {
                Titles::Plain => self.board.employer(&posting.url),
                _ => configured.cloned(),
            };
        }
        if posting.company.is_none() {
            return Err(match self.titles {
                Titles::CompanyFirst => "title: expected \"Company: Title\"".to_owned(),
                _ => "title: expected \"Title at Company\"".to_owned(),
            });
        }
        let known = id.unwrap_or_else(|| posting.url.clone());
        let address = Url::parse(&known).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let known = address.map_or(known, |url| identity(&url));
        posting.source_id = format!("{}:{known}", self.label);
        Ok(posting)
    }
}

/// Atom's link: an element with its address in an attribute.
fn link(item: &Element) -> Option<String> {
    let links = || item.children("link").filter(|link| link.attribute("href").is_some());
    let main = links().find(|link| matches!(link.attribute("rel"), None | Some("alternate")));
    Some(main.or_else(|| links().next())?.attribute("href")?.to_owned())
}

/// An id that is the address of the posting.
fn permalink(item: &Element) -> Option<String> {
    let guid = item.child("guid").filter(|guid| guid.attribute("isPermaLink") != Some("false"))?;
    guid.text().filter(|text| text.starts_with("http"))
}

/// The elements of an item by their plain names.
struct Tags<'a>(Vec<(String, &'a Element)>);

impl<'a> Tags<'a> {
    fn of(item: &'a Element) -> Self {
        let own = |element: &&Element| element.prefix().is_none_or(|prefix| !OTHERS.contains(&prefix));
        let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_', '.'], "");
        Self(item.elements().filter(own).map(|element| (plain(element.local()), element)).collect())
    }

    /// The elements of the best name for a field that say something.
    fn elements(&self, field: &str) -> Vec<&'a Element> {
        let names = TAGS.iter().filter(|(known, _)| *known == field).flat_map(|(_, names)| names);
        for name in names {
            let named = self.0.iter().filter(|(known, _)| known == name).map(|(_, element)| *element);
            let said: Vec<_> = named.filter(|element| words(element).is_some()).collect();
            if !said.is_empty() {
                return said;
            }
        }
        Vec::new()
    }

    fn texts(&self, field: &str) -> Vec<String> {
        self.elements(field).into_iter().filter_map(words).collect()
    }

    /// The words of all lists for a field, whatever their names.
    fn lists(&self, field: &str) -> Vec<String> {
        let names = TAGS.iter().filter(|(known, _)| *known == field).flat_map(|(_, names)| names);
        let mut all: Vec<String> = Vec::new();
        for name in names {
            for (_, element) in self.0.iter().filter(|(known, _)| known == name) {
                let said = words(element)
                    .or_else(|| element.attribute("term").map(str::to_owned))
                    .unwrap_or_default();
                let parts = said.split([',', ';', '|']).map(str::trim).filter(|part| !part.is_empty());
                all.extend(parts.map(str::to_owned));
            }
        }
        let mut seen = std::collections::HashSet::new();
        all.retain(|word| seen.insert(word.clone()));
        all
    }

    fn markup(&self, field: &str) -> Option<String> {
        self.elements(field).first()?.markup()
    }

    /// Parts that stand in tags of their own make one place; without them a place is text.
    fn places(&self) -> (Vec<Place>, Vec<String>) {
        let part = |field: &str| self.texts(field).into_iter().next();
        let locations = self.texts("location");
        // An area is where one may live, and not a part of an address.
        let areas = self.texts("area");
        let (city, region, country) = (part("city"), part("region"), part("country"));
        if city.is_none() && region.is_none() && country.is_none() {
            return (Vec::new(), [locations, areas].concat());
        }
        let town = match locations.as_slice() {
            [town] if city.is_none() && !town.contains(',') => Some(town.clone()),
            _ => None,
        };
        let left = if town.is_some() { areas } else { [locations, areas].concat() };
        (vec![Place { city: city.or(town), region, country, country_code: None }], left)
    }

    fn pay(&self) -> (Option<Pay>, Option<String>) {
        let text = |field: &str| self.texts(field).into_iter().next();
        let amount = |field: &str| {
            let plain = text(field)?.replace(',', "");
            Decimal::from_str(plain.trim_start_matches(['$', '€', '£']).trim()).ok()
        };
        let period = text("pay_period").and_then(|word| period(&word));
        let pay = range(amount("pay_min"), amount("pay_max"), text("pay_currency").as_deref(), period);
        (pay, text("pay"))
    }
}

/// The text of an element; of one with parts, the parts.
fn words(element: &Element) -> Option<String> {
    let parts: Vec<String> = element.elements().filter_map(Element::text).collect();
    if parts.is_empty() { element.text() } else { Some(parts.join(", ")) }
}
