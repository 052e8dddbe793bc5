//! How often a search would have fired: the same check as the task `match`, over postings that are already there, writing nothing.

use chrono::{NaiveDate, TimeDelta};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::{matching::reduce, rematch::posting_filter};
use crate::{
    clock::Clock,
    config::Config,
    domain::{JobId, SavedSearch},
    matching::{CompiledSearch, MatchSettings, Problem},
    store::{Store, StoreError, StoredPosting},
};

/// Postings shown.
const EXAMPLES: usize = 5;

/// What a search would have found.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Preview {
    /// Postings first stored in this many days were meant.
    pub days: u16,
    /// How many those are.
    pub postings: i64,
    /// How many of them were looked at, newest first: all, unless a bound was reached.
    pub looked_at: i64,
    /// Whether all were looked at.
    pub complete: bool,
    /// Postings that match among those looked at.
    pub matches: u64,
    /// Matches a day of the time that was looked at.
    pub per_day: f64,
    /// The newest that match.
    pub examples: Vec<Example>,
    /// Parts of the search that restrict nothing because they cannot be used.
    pub problems: Vec<Problem>,
}

/// A posting that matches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Example {
    /// Which one.
    #[schema(value_type = i32)]
    pub id: JobId,
    /// As published.
    pub title: String,
    /// Employer.
    pub company: String,
    /// As published.
    pub location: Option<String>,
    /// Where it is published.
    pub url: Option<String>,
}

/// Why there is no preview.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    /// The database does not answer or refuses a statement.
    #[error("database")]
    Store(#[from] StoreError),
    /// The process is stopping, or a posting broke the matcher.
    #[error("matching was interrupted")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// Puts a search to the postings first stored in the last `days`, newest first, within the bounds of the settings
/// (`rematch.preview_postings`, `rematch.preview_time`). Whether the search is active does not matter.
///
/// # Errors
/// A [`PreviewError`].
pub async fn preview(
    store: &Store,
    config: &Config,
    clock: &Clock,
    search: &SavedSearch,
    days: u16,
) -> Result<Preview, PreviewError> {
    let bounds = &config.rematch;
    let (deadline, now) = (Instant::now() + bounds.preview_time, clock.now());
    let settings = MatchSettings::from(&config.matching);
    let (compiled, problems) = CompiledSearch::new(search, &settings);
    let filter = posting_filter(std::iter::once(search), &settings, now.date_naive());
    let mut span = store.find_posting_span((now - TimeDelta::days(i64::from(days))).naive_utc()).await?;
    let (mut looked_at, mut compared, mut matches, mut examples) = (0, 0_u32, 0, Vec::new());
    let mut oldest = now.naive_utc();
    let most = bounds.preview_postings;
    while !span.is_over() && compared < most && Instant::now() < deadline {
        let page = i64::from(bounds.page.max(1).min(most - compared));
        let page = store.read_posting_page(&span, &filter, page).await?;
        compared += u32::try_from(page.ids.len()).unwrap_or(u32::MAX);
        let postings = store.list_postings(&page.ids).await?;
        let (search, settings, today) = (compiled.clone(), settings.clone(), now.date_naive());
        let found =
            tokio::task::spawn_blocking(move || matching(&search, &settings, postings, today)).await?;
        matches += found.len() as u64;
        examples.extend(found.into_iter().rev().take(EXAMPLES.saturating_sub(examples.len())).map(example));
        looked_at += page.seen;
        oldest = page.oldest.map_or(oldest, |stored| stored.min(oldest));
        span.next_id = page.next_id.unwrap_or(span.first_id);
    }
    let complete = span.is_over();
    let covered = if complete { TimeDelta::days(i64::from(days)) } else { now.naive_utc() - oldest };
    Ok(Preview {
        days,
        postings: span.total,
        looked_at,
        complete,
        matches,
        per_day: rate(matches, covered),
        examples,
        problems,
    })
}

fn matching(
    search: &CompiledSearch,
    settings: &MatchSettings,
    mut postings: Vec<StoredPosting>,
    today: NaiveDate,
) -> Vec<StoredPosting> {
    postings.retain(|posting| search.holds(&reduce(posting, today), settings));
    postings
}

fn example(posting: StoredPosting) -> Example {
    let StoredPosting { id, title, company, location, url, .. } = posting;
    Example { id, title, company, location, url }
}

/// A day at two decimals; less than an hour counts as an hour.
fn rate(matches: u64, covered: TimeDelta) -> f64 {
    let hours = f64::from(i32::try_from(covered.num_hours()).unwrap_or(i32::MAX).max(1));
    let matches = f64::from(u32::try_from(matches).unwrap_or(u32::MAX));
    (matches / (hours / 24.0) * 100.0).round() / 100.0
}
