//! Postings that are already there, in pages by falling id.
//!
//! What SQL says of a posting beforehand ([`PostingFilter`]) may only rule out what the exact check would refuse. Full-text search is not
//! asked: its words are not those of the matcher (forms, synonyms, C++), so it would lose pairs. To rule out more: a field of the
//! filter, a line in [`Store::read_posting_page`], a case in the test of this rule.

use chrono::{NaiveDate, NaiveDateTime};

use super::{Store, StoreError};
use crate::domain::JobId;

/// The postings that were first stored since some time and may be shown to everyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostingSpan {
    /// Since when, UTC.
    pub since: NaiveDateTime,
    /// The lowest id.
    pub first_id: i64,
    /// One above the highest id that is still to be read.
    pub next_id: i64,
    /// How many there are in all.
    pub total: i64,
}

impl PostingSpan {
    /// Whether nothing is left to read.
    pub fn is_over(&self) -> bool {
        self.next_id <= self.first_id
    }
}

/// What the columns of a posting must say for it to be worth a closer look; the default rules nothing out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PostingFilter {
    /// A job type is stated, and it is not written as one of these.
    pub not_job_types: Option<Vec<String>>,
    /// The place of work is not written as one of these.
    pub not_remote_options: Option<Vec<String>>,
    /// Any pay is stated.
    pub pay_stated: bool,
    /// The highest pay is at least this, in whatever currency.
    pub pay_reaches: Option<f64>,
    /// The lowest pay is at most this, in whatever currency.
    pub pay_starts_by: Option<f64>,
    /// Not published before this day.
    pub posted_from: Option<NaiveDate>,
    /// From one of these sources, in lower case.
    pub sources: Option<Vec<String>>,
    /// Some technology is known.
    pub with_skills: bool,
}

/// The next postings of a span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostingPage {
    /// Where the page after this one begins; `None` where there is no page.
    pub next_id: Option<i64>,
    /// Postings of the span that were looked at.
    pub seen: i64,
    /// When the oldest of them was first stored.
    pub oldest: Option<NaiveDateTime>,
    /// Those that the filter lets pass, newest first.
    pub ids: Vec<JobId>,
}

impl Store {
    /// The postings first stored since then. A posting is written (`scraped_at`, which has an index) no earlier than it is first stored.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find_posting_span(&self, since: NaiveDateTime) -> Result<PostingSpan, StoreError> {
        let query = sqlx::query!(
            r#"WITH span AS MATERIALIZED (
                 SELECT id FROM jobs
                 WHERE (scraped_at >= $1 OR scraped_at IS NULL) AND created_at >= $1 AND user_id IS NULL AND is_active IS NOT FALSE
               )
               SELECT coalesce(min(id), 0)::bigint AS "first_id!", coalesce(max(id)::bigint + 1, 0) AS "next_id!", count(*) AS "total!"
               FROM span"#,
            since
        );
        let row = self.within(query.fetch_one(&self.pool)).await?;
        Ok(PostingSpan { since, first_id: row.first_id, next_id: row.next_id, total: row.total })
    }

    /// The next `limit` rows of a span, newest first, with those that pass the filter.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn read_posting_page(
        &self,
        span: &PostingSpan,
        filter: &PostingFilter,
        limit: i64,
    ) -> Result<PostingPage, StoreError> {
        let query = sqlx::query!(
            r#"SELECT id, created_at,
                      (created_at >= $3 AND user_id IS NULL AND is_active IS NOT FALSE) IS TRUE AS "counts!",
                      (($5::text[] IS NULL OR job_type IS NOT NULL AND job_type <> ALL($5))
                       AND ($6::text[] IS NULL OR remote_option IS NULL OR remote_option <> ALL($6))
                       AND (NOT $7 OR coalesce(salary_max, salary_min) IS NOT NULL)
                       AND ($8::float8 IS NULL OR coalesce(salary_max, salary_min)::float8 >= $8)
                       AND ($9::float8 IS NULL OR coalesce(salary_min, salary_max)::float8 <= $9)
                       AND ($10::date IS NULL OR posted_date IS NULL OR posted_date >= $10)
                       AND ($11::text[] IS NULL OR lower(source COLLATE "C") = ANY($11) OR octet_length(source) <> char_length(source))
                       AND (NOT $12 OR tech_stack <> '[]')) IS TRUE AS "passes!"
               FROM jobs WHERE id < $1::bigint AND id >= $2::bigint ORDER BY id DESC LIMIT $4"#,
            span.next_id,
            span.first_id,
            span.since,
            limit,
            filter.not_job_types.as_deref(),
            filter.not_remote_options.as_deref(),
            filter.pay_stated,
            filter.pay_reaches,
            filter.pay_starts_by,
            filter.posted_from,
            filter.sources.as_deref(),
            filter.with_skills
        );
        let rows = self.within(query.fetch_all(&self.pool)).await?;
        let next_id = rows.last().map(|row| i64::from(row.id));
        let rows: Vec<_> = rows.into_iter().filter(|row| row.counts).collect();
        Ok(PostingPage {
            next_id,
            seen: i64::try_from(rows.len()).unwrap_or(i64::MAX),
            oldest: rows.iter().filter_map(|row| row.created_at).min(),
            ids: rows.iter().filter(|row| row.passes).map(|row| JobId(row.id)).collect(),
        })
    }
}
