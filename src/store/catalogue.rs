//! Postings as people look at them: searched, and one with everything that is known of it.
//!
//! A search reads the newest postings backwards within a window, so that its cost is bounded however many there are; what is older is on the
//! next page.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Store, StoreError};
use crate::domain::JobId;

/// Postings that one search looks at.
const WINDOW: i64 = 100_000;

/// Which postings to list; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogueFilter {
    /// Part of the title or the company, in any case.
    pub text: Option<String>,
    /// Only of this source.
    pub source: Option<String>,
    /// Only those that are, or are not, open.
    pub active: Option<bool>,
    /// Only with a smaller id: the next page.
    pub before: Option<i32>,
}

/// A posting in a list.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[expect(missing_docs, reason = "the names are those of the columns of jobs")]
pub struct ListedPosting {
    pub id: i32,
    pub title: String,
    pub company: String,
    pub location: Option<String>,
    pub job_type: Option<String>,
    pub remote_option: Option<String>,
    pub salary_min: Option<i32>,
    pub salary_max: Option<i32>,
    pub salary_currency: Option<String>,
    pub source: Option<String>,
    pub url: Option<String>,
    pub posted_date: Option<NaiveDate>,
    pub is_active: bool,
    pub created_at: Option<DateTime<Utc>>,
}

/// What only a single posting shows.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct PostingDetail {
    /// What a list shows of it.
    #[serde(flatten)]
    pub posting: ListedPosting,
    /// Text without markup.
    pub description: Option<String>,
    /// Requirements, split off the text.
    pub requirements: Option<String>,
    /// Names of technologies.
    pub tech_stack: Option<Value>,
    /// Last day to apply.
    pub application_deadline: Option<NaiveDate>,
    /// The user who entered it himself.
    pub user_id: Option<i32>,
    /// Other postings that are very likely the same vacancy.
    pub duplicates: Vec<i32>,
    /// Users it fits.
    pub matches: i64,
    /// It still waits for the matcher.
    pub waits: bool,
    /// Where it is shown.
    pub sightings: Vec<Sighting>,
}

/// One source that shows a posting.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[expect(missing_docs, reason = "the names are those of the columns of worker.sightings")]
pub struct Sighting {
    pub source: String,
    pub source_id: String,
    pub board: String,
    pub is_owner: bool,
    pub url: String,
    #[schema(value_type = Option<f64>)]
    pub pay_min: Option<Decimal>,
    #[schema(value_type = Option<f64>)]
    pub pay_max: Option<Decimal>,
    pub pay_currency: Option<String>,
    pub pay_period: Option<String>,
    /// Seniority, years, places and other facts read from the posting.
    pub facts: Value,
    pub first_seen: DateTime<Utc>,
    pub last_seen: DateTime<Utc>,
    pub missing_since: Option<DateTime<Utc>>,
    pub gone_at: Option<DateTime<Utc>>,
}

/// A page of postings, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    /// At most as many as were asked for.
    pub postings: Vec<ListedPosting>,
    /// Where the next page begins ([`CatalogueFilter::before`]); `None` at the end.
    pub next: Option<i32>,
}

impl Store {
    /// The newest postings that fit. A page may be short, even empty, and still have a next one.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_catalogue(
        &self,
        filter: &CatalogueFilter,
        limit: i64,
    ) -> Result<Catalogue, StoreError> {
        let pattern = filter.text.as_deref().map(contains);
        let query = sqlx::query_as!(
            ListedPosting,
            r#"SELECT id, title, company, location, job_type, remote_option, salary_min, salary_max, salary_currency, source, url,
                      posted_date, is_active IS NOT FALSE AS "is_active!", created_at AT TIME ZONE 'UTC' AS created_at
               FROM (SELECT * FROM jobs WHERE id < coalesce($1, 2147483647) ORDER BY id DESC LIMIT $2) newest
               WHERE ($3::text IS NULL OR title ILIKE $3 OR company ILIKE $3) AND ($4::text IS NULL OR source = $4)
                 AND ($5::boolean IS NULL OR (is_active IS NOT FALSE) = $5)
               ORDER BY id DESC LIMIT $6"#,
            filter.before,
            WINDOW,
            pattern,
            filter.source,
            filter.active,
            limit
        );
        let postings = self.within(query.fetch_all(&self.pool)).await?;
        let full = usize::try_from(limit).is_ok_and(|limit| postings.len() >= limit);
        let next =
            if full { postings.last().map(|last| last.id) } else { self.end_of_window(filter).await? };
        Ok(Catalogue { postings, next })
    }

    /// The oldest posting that a search looks at, where there are older ones.
    async fn end_of_window(&self, filter: &CatalogueFilter) -> Result<Option<i32>, StoreError> {
        let query = sqlx::query_scalar!(
            "SELECT id FROM jobs WHERE id < coalesce($1, 2147483647) ORDER BY id DESC OFFSET $2::bigint - 1 LIMIT 1",
            filter.before,
            WINDOW
        );
        self.within(query.fetch_optional(&self.pool)).await
    }

    /// Everything that is known of one posting.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find_posting(&self, id: JobId) -> Result<Option<PostingDetail>, StoreError> {
        let query = sqlx::query!(
            r#"SELECT id, title, company, location, job_type, remote_option, salary_min, salary_max, salary_currency, source, url,
                      posted_date, is_active IS NOT FALSE AS "is_active!", created_at AT TIME ZONE 'UTC' AS created_at, description, requirements, tech_stack,
                      application_deadline, user_id,
                      ARRAY(SELECT other.job_id FROM worker.duplicates own JOIN worker.duplicates other USING (group_id)
                            WHERE own.job_id = j.id AND other.job_id <> j.id ORDER BY other.job_id) AS "duplicates!",
                      (SELECT count(*) FROM worker.matches m WHERE m.job_id = j.id) AS "matches!",
                      EXISTS (SELECT FROM worker.outbox o WHERE o.job_id = j.id) AS "waits!"
               FROM jobs j WHERE id = $1"#,
            id.0
        );
        let Some(row) = self.within(query.fetch_optional(&self.pool)).await? else { return Ok(None) };
        let sightings = sqlx::query_as!(
            Sighting,
            "SELECT source, source_id, board, is_owner, url, pay_min, pay_max, pay_currency, pay_period, facts, first_seen, last_seen,
                    missing_since, gone_at
             FROM worker.sightings WHERE job_id = $1 ORDER BY is_owner DESC, source, source_id LIMIT 100",
            id.0
        );
        let sightings = self.within(sightings.fetch_all(&self.pool)).await?;
        Ok(Some(PostingDetail {
            posting: ListedPosting {
                id: row.id,
                title: row.title,
                company: row.company,
                location: row.location,
                job_type: row.job_type,
                remote_option: row.remote_option,
                salary_min: row.salary_min,
                salary_max: row.salary_max,
                salary_currency: row.salary_currency,
                source: row.source,
                url: row.url,
                posted_date: row.posted_date,
                is_active: row.is_active,
                created_at: row.created_at,
            },
            description: row.description,
            requirements: row.requirements,
            tech_stack: row.tech_stack,
            application_deadline: row.application_deadline,
            user_id: row.user_id,
            duplicates: row.duplicates,
            matches: row.matches,
            waits: row.waits,
            sightings,
        }))
    }
}

/// The pattern of LIKE for "contains this text".
fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::contains;

    #[test]
    fn signs_of_patterns_stand_for_themselves() {
        assert_eq!(contains("100%_\\x"), "%100\\%\\_\\\\x%");
    }
}
