//! We Work Remotely: RSS feeds of the newest postings, one over all and one for each category.
//!
//! The title is `Company: Title`. The fields that matter are tags of their own without a prefix. `state` and `country` are where the
//! company is, `region` is where one may live; the text begins with the company's logo, town and site, which are not the posting's.

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Element, Records, Xml, markup},
};
use crate::domain::{Page, Politeness, RawDate, RawPosting, RemoteOption, Request, Workplace};

/// The source.
#[derive(Debug)]
pub struct WeWorkRemotely;

impl Source for WeWorkRemotely {
    fn name(&self) -> &'static str {
        "weworkremotely"
    }

    fn title(&self) -> &'static str {
        "We Work Remotely"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["weworkremotely.com"]
    }

    /// The feeds themselves say that they are good for 60 minutes.
    fn terms(&self) -> Terms {
        Terms {
            every_minutes: 60,
            credit: Some("We Work Remotely"),
            ..Terms::open(
                "https://weworkremotely.com/remote-job-rss-feed",
                "anyone may use the RSS feeds who attributes the links back to We Work Remotely",
            )
        }
    }

    fn politeness(&self) -> Politeness {
        Politeness::PAGES
    }

    /// The board is `all`, or a category as in its address (`remote-programming-jobs`).
    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&[])?;
        let Ok(category) = board.label() else {
            return Err(board.not_a_board("\"all\" or a category like \"remote-programming-jobs\""));
        };
        Ok(Request::xml(match category.as_str() {
            "all" => "https://weworkremotely.com/remote-jobs.rss".to_owned(),
            category => format!("https://weworkremotely.com/categories/{category}.rss"),
        }))
    }

    /// A feed holds the newest postings, never all that are open.
    fn parse(&self, _board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let feed = Xml::read(page)?;
        let channel = feed.root_named(&["rss"])?.child("channel");
        let Some(channel) = channel else {
            return Err(SourceError::Layout("channel: expected an element, got nothing".to_owned()));
        };
        let mut records = Records::default();
        for item in channel.children("item") {
            records.push(posting(item), || item.field("guid"));
        }
        Ok(records.into_parsed(None, false))
    }
}

fn posting(item: &Element) -> Result<RawPosting, String> {
    let url = item.field("link").or_else(|| item.field("guid")).ok_or("link: expected text, got nothing")?;
    let parsed = url::Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let slug = parsed.as_ref().and_then(|url| url.path_segments()?.rfind(|segment| !segment.is_empty()));
    let slug = slug.ok_or("link: expected an http(s) address of a posting")?.to_owned();
    let heading = item.required("title")?;
    let Some((company, title)) = heading.split_once(": ") else {
        return Err("title: expected \"Company: Title\"".to_owned());
    };
    let skills = item.field("skills").unwrap_or_default();
    let skills = skills.split(',').map(str::trim).filter(|skill| !skill.is_empty());
    Ok(RawPosting {
        source_id: slug,
        url,
        title: title.to_owned(),
        company: Some(company.to_owned()),
        locations: item.children("region").filter_map(Element::text).collect(),
        description: item.child("description").and_then(Element::markup).and_then(|html| markup(body(&html))),
        employment: item.children("type").filter_map(Element::text).collect(),
        workplace: Some(Workplace::Stated(RemoteOption::Remote)),
        skills: skills.map(str::to_owned).collect(),
        posted: item.field("pubDate").map(RawDate::Text),
        deadline: item.field("expires_at").map(RawDate::Text),
        ..RawPosting::default()
    })
}

/// The text without what stands above it about the company, and without the link to its own page below.
fn body(html: &str) -> &str {
    let head = html.find("Headquarters:").filter(|at| *at < 2000);
    let start = head.and_then(|at| Some(at + html.get(at..)?.find("</p>")? + "</p>".len()));
    let text = start.and_then(|start| html.get(start..)).unwrap_or(html);
    let end = text.rfind("<strong>To apply:</strong>").and_then(|at| text.get(..at)?.rfind("<p>"));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests;
