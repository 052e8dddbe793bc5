//! Hacker News, "Who is hiring?": the comments of the month's thread that answer the thread itself.
//!
//! The first request looks for the newest thread, and its answer leads to the comments; a board is `latest` or the number of a thread.
//! A comment is free text. Its first line names company, role, place, hours and pay between bars, in an order that only most keep; what
//! it does not name is looked for in labelled lines and in the lists below, and is not made up. A comment of several roles is one
//! posting.

/// A pattern that is compiled once, at its first use.
macro_rules! regex {
    ($visible:vis $name:ident, $pattern:expr) => {
        $visible static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).unwrap());
    };
}

mod head;
mod labels;
mod roles;
mod text;
mod words;

use url::Url;

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, Value, asked_for},
};
use crate::domain::{Page, Politeness, RawDate, RawPosting, Request, Text, Workplace};
use head::Head;
use words::{Kind, is, words};

/// The source.
#[derive(Debug)]
pub struct HackerNews;

const SEARCH: &str = "https://hn.algolia.com/api/v1/search_by_date";
/// Comments on a page, which is all that a search shows.
const SIZE: &str = "1000";

impl Source for HackerNews {
    fn name(&self) -> &'static str {
        "hackernews"
    }

    fn title(&self) -> &'static str {
        "Hacker News"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["hn.algolia.com"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://hn.algolia.com/api",
            "public search API without a key, 10000 requests an hour from one address",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness { per_second: 1.0, burst: 1, concurrency: 1, ..Politeness::API }
    }

    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&[])?;
        let expected = "latest or the number of a thread";
        match asked_for(board, expected)? {
            Some("latest") => {
                let query =
                    [("query", "hiring"), ("tags", "story,author_whoishiring"), ("hitsPerPage", "12")];
                search(&query).ok_or_else(|| board.not_a_board(expected))
            }
            Some(id) if id.bytes().all(|byte| byte.is_ascii_digit()) => {
                comments(id, None).ok_or_else(|| board.not_a_board(expected))
            }
            _ => Err(board.not_a_board(expected)),
        }
    }

    fn parse(&self, _: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let answer = document.root()?.object().map_err(SourceError::Layout)?;
        let Some(hits) = answer.get("hits") else {
            return Err(SourceError::Layout(format!("hits: expected a list, got {}", answer.found("hits"))));
        };
        let hits = hits.items().map_err(|why| SourceError::Layout(format!("hits: {why}")))?;
        if page.url.contains("tags=story%2Cauthor_") || page.url.contains("tags=story,author_") {
            return thread(&hits);
        }
        let mut records = Records::default();
        let mut oldest: Option<i64> = None;
        let mut story = None;
        let shown = u64::try_from(hits.len()).unwrap_or(u64::MAX);
        for hit in hits {
            let Ok(comment) = hit.object() else {
                records.reject(None, format!("record: expected an object, got {}", hit.kind()));
                continue;
            };
            let written = comment.get("created_at_i").and_then(Value::integer);
            oldest = oldest.into_iter().chain(written).min();
            let thread = comment.get("story_id").and_then(Value::id);
            let parent = comment.get("parent_id").and_then(Value::id);
            story = story.or_else(|| thread.clone());
            // Answers to a posting are no postings.
            if parent.is_some() && parent != thread {
                continue;
            }
            records.push(posting(&comment), || comment.get("objectID").and_then(Value::id));
        }
        let found = answer.get("nbHits").and_then(Value::integer).and_then(|n| u64::try_from(n).ok());
        let mut parsed = records.into_parsed(None, found.is_some());
        if shown > 0 && found.is_some_and(|found| found > shown) {
            // A search shows its first thousand only; the next one begins where they end.
            let next = story.zip(oldest).and_then(|(story, oldest)| comments(&story, Some(oldest)));
            parsed.complete &= next.is_some();
            parsed.next.extend(next);
        }
        Ok(parsed)
    }
}

fn search(query: &[(&str, &str)]) -> Option<Request> {
    let url = Url::parse_with_params(SEARCH, query).ok()?;
    Some(Request::json(url))
}

/// The comments of a thread, newest first, up to a second.
fn comments(thread: &str, until: Option<i64>) -> Option<Request> {
    let tags = format!("comment,story_{thread}");
    let until = until.map(|until| format!("created_at_i<={until}"));
    let mut query = vec![("tags", tags.as_str()), ("hitsPerPage", SIZE)];
    query.extend(until.as_deref().map(|until| ("numericFilters", until)));
    search(&query)
}

/// The newest thread of employers; the same author asks for freelancers and for people who look for work.
fn thread(hits: &[Value<'_>]) -> Result<Parsed, SourceError> {
    let threads = hits.iter().filter_map(|hit| hit.object().ok());
    let hiring = threads
        .filter(|hit| hit.text("title").is_some_and(|title| title.to_lowercase().contains("who is hiring")));
    let newest = hiring.max_by_key(|hit| hit.get("created_at_i").and_then(Value::integer));
    let id = newest.as_ref().and_then(|hit| hit.get("objectID")?.id());
    let next = id.filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
    let Some(next) = next.and_then(|id| comments(&id, None)) else {
        return Err(SourceError::Layout("hits: expected a thread \"Who is hiring?\", got none".to_owned()));
    };
    Ok(Parsed { next: vec![next], complete: true, ..Parsed::default() })
}

fn posting(comment: &Object<'_>) -> Result<RawPosting, String> {
    let source_id = comment.required_id("objectID")?;
    if comment.get("parent_id").is_none() {
        return Err(format!("parent_id: expected an id, got {}", comment.found("parent_id")));
    }
    let html = comment.required_text("comment_text")?;
    let paragraphs = text::paragraphs(&html);
    if labels::seeks_work(&paragraphs) {
        return Err("comment_text: expected an employer, got someone who looks for work".to_owned());
    }
    // Some begin with a line drawn of hyphens.
    let line = paragraphs.iter().flatten().find(|line| line.contains(char::is_alphanumeric));
    let labelled = labels::read(&paragraphs);
    let head = if labelled.company.is_some() {
        labelled
    } else {
        let head = line.and_then(|line| Head::read(line)).unwrap_or_default();
        head.named_below(&paragraphs).or(labelled)
    };
    let title = title(&head, &paragraphs);
    let Some(company) = head.company else {
        return Err("comment_text: expected a company in the first line, got none".to_owned());
    };
    let Some(title) = title else {
        return Err("comment_text: expected a role, got none".to_owned());
    };
    Ok(RawPosting {
        url: format!("https://news.ycombinator.com/item?id={source_id}"),
        source_id,
        title,
        company: Some(company),
        locations: head.places,
        description: Some(Text::Html(text::readable(&html))),
        pay_text: head.pay,
        employment: head.terms,
        workplace: (!head.workplace.is_empty()).then(|| Workplace::Text(head.workplace.join("; "))),
        posted: comment.get("created_at_i").and_then(Value::integer).map(RawDate::EpochSeconds),
        ..RawPosting::default()
    })
}

/// The roles of the first line; where it only says that there are some, those listed below.
fn title(head: &Head, paragraphs: &[Vec<String>]) -> Option<String> {
    let exact = |role: &String| {
        words(role).iter().any(|word| is(word, Kind::Role) && !roles::GENERAL.contains(&word.as_str()))
    };
    let roles = |from: &[String]| (!from.is_empty()).then(|| from.join("; "));
    if head.roles.iter().any(exact) {
        return roles(&head.roles);
    }
    roles::below(paragraphs).or_else(|| roles(&head.roles)).or_else(|| roles(&head.areas))
}

#[cfg(test)]
mod tests;
