//! Saved searches and profiles, and who changed them: `saved_searches`, `user_profiles`, `worker.search_changes`.
//!
//! A follower keeps the oldest transaction that may still be unseen and reads everything from there again, so that a slow writer is
//! never passed over. The cursor lives in memory only: transaction numbers mean nothing in a restored database.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::{Store, StoreError};
use crate::domain::{Profile, SavedSearch, SearchId, Shard, UserId};

/// Up to which transaction changes have been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeCursor(i64);

/// What has changed since a cursor; a search or profile that is named here without a row is gone or inactive.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Searches to forget, then to add again from `searches`.
    pub touched_searches: Vec<SearchId>,
    /// Users whose profile is to be forgotten, then added again from `profiles`.
    pub touched_profiles: Vec<UserId>,
    /// Active searches of active users.
    pub searches: Vec<SavedSearch>,
    /// Profiles of active users.
    pub profiles: Vec<Profile>,
}

impl Changes {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.touched_searches.is_empty() && self.touched_profiles.is_empty()
    }
}

/// A saved search, for people.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct KnownSearch {
    /// Row.
    pub id: i32,
    /// Whose.
    pub user_id: Option<i32>,
    /// As the user named it.
    pub name: String,
    /// Free text.
    pub query: Option<String>,
    /// Filters as stored.
    pub filters: Value,
    /// Inactive searches never match.
    pub is_active: bool,
    /// When it was last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// How much in it cannot be used.
    pub problems: i64,
}

impl Store {
    /// Where changes are to be read from by somebody who reads everything after this.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find_change_cursor(&self) -> Result<ChangeCursor, StoreError> {
        self.within(async {
            let mut connection = self.pool.acquire().await?;
            current_cursor(&mut connection).await
        })
        .await
    }

    /// All active searches and profiles of `shard`, sent in pages, for a first load. No more pages are read ahead than the channel takes.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn load_searches(
        &self,
        shard: Shard,
        pages: mpsc::Sender<SearchPage>,
    ) -> Result<(), StoreError> {
        let mut connection = self.within(self.pool.acquire()).await?;
        let mut last = i32::MIN;
        loop {
            let page = self.within(search_page(&mut connection, shard, last)).await?;
            let Some(newest) = page.last().map(|search| search.id.0) else { break };
            last = newest;
            if pages.send(SearchPage::Searches(page)).await.is_err() {
                break;
            }
        }
        last = i32::MIN;
        loop {
            let page = self.within(profile_page(&mut connection, shard, last)).await?;
            let Some(newest) = page.last().map(|profile| profile.user_id.0) else { break };
            last = newest;
            if pages.send(SearchPage::Profiles(page)).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// Rows of one page.
const PAGE: i64 = 20_000;

/// A part of a first load.
#[derive(Clone, Debug)]
pub enum SearchPage {
    /// Active searches of active users, by id.
    Searches(Vec<SavedSearch>),
    /// Profiles of active users, by user.
    Profiles(Vec<Profile>),
}

/// What one user has, inactive searches included, to explain why something did not match.
#[derive(Clone, Debug, Default)]
pub struct UserWishes {
    /// Saved searches.
    pub searches: Vec<SavedSearch>,
    /// Profile, if there is one.
    pub profile: Option<Profile>,
}

impl Store {
    /// Saved searches by id, those after `after`.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_searches(
        &self,
        user: Option<UserId>,
        after: Option<SearchId>,
        limit: i64,
    ) -> Result<Vec<KnownSearch>, StoreError> {
        let query = sqlx::query_as!(
            KnownSearch,
            r#"SELECT id, user_id, name, query, coalesce(filters, '{}') AS "filters!", is_active IS NOT FALSE AS "is_active!", updated_at AT TIME ZONE 'UTC' AS updated_at,
                      (SELECT count(*) FROM worker.search_problems p WHERE p.search_id = s.id) AS "problems!"
               FROM saved_searches s
               WHERE ($1::int IS NULL OR user_id = $1) AND ($2::int IS NULL OR id > $2)
               ORDER BY id LIMIT $3"#,
            user.map(|user| user.0),
            after.map(|search| search.0),
            limit
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// The searches and the profile of one user; `None` where there is no such user.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find_wishes(&self, user: UserId) -> Result<Option<UserWishes>, StoreError> {
        self.within(async {
            let mut connection = self.pool.acquire().await?;
            let known =
                sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM users WHERE id = $1) AS "known!""#, user.0)
                    .fetch_one(&mut *connection)
                    .await?;
            if !known {
                return Ok(None);
            }
            let rows = sqlx::query!(
                r#"SELECT id, name, query, filters, is_active IS NOT FALSE AS "is_active!" FROM saved_searches
                   WHERE user_id = $1 ORDER BY id"#,
                user.0
            )
            .fetch_all(&mut *connection)
            .await?;
            let searches = rows
                .into_iter()
                .map(|row| SavedSearch {
                    id: SearchId(row.id),
                    user_id: user,
                    name: row.name,
                    query: row.query,
                    filters: row.filters.unwrap_or_default(),
                    is_active: row.is_active,
                })
                .collect();
            let profile = profiles_by_user(&mut connection, &[user.0]).await?.pop();
            Ok::<_, sqlx::Error>(Some(UserWishes { searches, profile }))
        })
        .await
    }
}

/// The oldest transaction that may still be running: changes of older ones are visible now.
pub(super) async fn current_cursor(connection: &mut PgConnection) -> Result<ChangeCursor, sqlx::Error> {
    let xmin =
        sqlx::query_scalar!(r#"SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS "xmin!""#)
            .fetch_one(connection)
            .await?;
    Ok(ChangeCursor(xmin))
}

/// The changes of all transactions from `since` on that are visible now, and the cursor to go on with.
pub(super) async fn read_changes(
    connection: &mut PgConnection,
    since: ChangeCursor,
) -> Result<(Changes, ChangeCursor), sqlx::Error> {
    let next = current_cursor(connection).await?;
    let rows = sqlx::query!(
        "SELECT kind, id FROM worker.search_changes WHERE xid >= ($1::bigint)::text::xid8",
        since.0
    )
    .fetch_all(&mut *connection)
    .await?;
    if rows.is_empty() {
        return Ok((Changes::default(), next));
    }
    let of = |kind: &str| rows.iter().filter(|row| row.kind == kind).map(|row| row.id).collect::<Vec<_>>();
    let (searches, profiles, users) = (of("search"), of("profile"), of("user"));
    let touched = sqlx::query_scalar!("SELECT id FROM saved_searches WHERE user_id = ANY($1)", &users)
        .fetch_all(&mut *connection)
        .await?;
    let mut touched_searches: Vec<i32> = searches.into_iter().chain(touched).collect();
    touched_searches.sort_unstable();
    touched_searches.dedup();
    let mut touched_profiles: Vec<i32> = profiles.into_iter().chain(users).collect();
    touched_profiles.sort_unstable();
    touched_profiles.dedup();
    let changes = Changes {
        searches: searches_by_id(connection, &touched_searches).await?,
        profiles: profiles_by_user(connection, &touched_profiles).await?,
        touched_searches: touched_searches.into_iter().map(SearchId).collect(),
        touched_profiles: touched_profiles.into_iter().map(UserId).collect(),
    };
    Ok((changes, next))
}

struct SearchRow {
    id: i32,
    user_id: i32,
    name: String,
    query: Option<String>,
    filters: Option<Value>,
}

impl From<SearchRow> for SavedSearch {
    fn from(row: SearchRow) -> Self {
        Self {
            id: SearchId(row.id),
            user_id: UserId(row.user_id),
            name: row.name,
            query: row.query,
            filters: row.filters.unwrap_or_default(),
            is_active: true,
        }
    }
}

async fn search_page(
    connection: &mut PgConnection,
    shard: Shard,
    after: i32,
) -> Result<Vec<SavedSearch>, sqlx::Error> {
    let rows = sqlx::query_as!(
        SearchRow,
        r#"SELECT s.id, s.user_id AS "user_id!", s.name, s.query, s.filters
           FROM saved_searches s JOIN users u ON u.id = s.user_id AND u.is_active IS NOT FALSE
           WHERE s.is_active IS NOT FALSE AND s.id > $1 AND (s.user_id % $3 + $3) % $3 = $4 ORDER BY s.id LIMIT $2"#,
        after,
        PAGE,
        shard.of(),
        shard.number()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

pub(super) async fn searches_by_id(
    connection: &mut PgConnection,
    ids: &[i32],
) -> Result<Vec<SavedSearch>, sqlx::Error> {
    let rows = sqlx::query_as!(
        SearchRow,
        r#"SELECT s.id, s.user_id AS "user_id!", s.name, s.query, s.filters
           FROM saved_searches s JOIN users u ON u.id = s.user_id AND u.is_active IS NOT FALSE
           WHERE s.is_active IS NOT FALSE AND s.id = ANY($1) ORDER BY s.id"#,
        ids
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

struct ProfileRow {
    user_id: i32,
    current_title: Option<String>,
    current_company: Option<String>,
    years_experience: Option<i32>,
    desired_title: Option<String>,
    desired_locations: Option<Value>,
    tech_stack: Option<Value>,
    salary_expectation_min: Option<i32>,
    salary_expectation_max: Option<i32>,
    salary_currency: Option<String>,
    remote_preference: Option<String>,
    job_types: Option<Value>,
    visa_sponsorship_needed: Option<bool>,
    preferred_companies: Option<Value>,
}

impl From<ProfileRow> for Profile {
    fn from(row: ProfileRow) -> Self {
        Self {
            user_id: UserId(row.user_id),
            current_title: row.current_title,
            current_company: row.current_company,
            years_experience: row.years_experience,
            desired_title: row.desired_title,
            desired_locations: row.desired_locations.unwrap_or_default(),
            tech_stack: row.tech_stack.unwrap_or_default(),
            salary_expectation_min: row.salary_expectation_min,
            salary_expectation_max: row.salary_expectation_max,
            salary_currency: row.salary_currency,
            remote_preference: row.remote_preference,
            job_types: row.job_types.unwrap_or_default(),
            visa_sponsorship_needed: row.visa_sponsorship_needed,
            preferred_companies: row.preferred_companies.unwrap_or_default(),
        }
    }
}

async fn profile_page(
    connection: &mut PgConnection,
    shard: Shard,
    after: i32,
) -> Result<Vec<Profile>, sqlx::Error> {
    let rows = sqlx::query_as!(
        ProfileRow,
        r#"SELECT p.user_id AS "user_id!", current_title, current_company, years_experience, desired_title, desired_locations,
                  tech_stack, salary_expectation_min, salary_expectation_max, salary_currency, remote_preference, job_types,
                  visa_sponsorship_needed, preferred_companies
           FROM user_profiles p JOIN users u ON u.id = p.user_id AND u.is_active IS NOT FALSE
           WHERE p.user_id > $1 AND (p.user_id % $3 + $3) % $3 = $4 ORDER BY p.user_id LIMIT $2"#,
        after,
        PAGE,
        shard.of(),
        shard.number()
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

pub(super) async fn profiles_by_user(
    connection: &mut PgConnection,
    users: &[i32],
) -> Result<Vec<Profile>, sqlx::Error> {
    let rows = sqlx::query_as!(
        ProfileRow,
        r#"SELECT p.user_id AS "user_id!", current_title, current_company, years_experience, desired_title, desired_locations,
                  tech_stack, salary_expectation_min, salary_expectation_max, salary_currency, remote_preference, job_types,
                  visa_sponsorship_needed, preferred_companies
           FROM user_profiles p JOIN users u ON u.id = p.user_id AND u.is_active IS NOT FALSE
           WHERE p.user_id = ANY($1) ORDER BY p.user_id"#,
        users
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}
