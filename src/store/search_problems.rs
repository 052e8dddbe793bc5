//! Parts of saved searches that cannot be used: `worker.search_problems`.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Store, StoreError};
use crate::domain::{SearchId, UserId};

/// Problems kept of one search.
const MOST: usize = 50;
/// Characters kept of a key and of a message.
const KEY: usize = 200;
const MESSAGE: usize = 500;

/// Something in a search that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SearchProblem {
    /// The key, with its parents.
    pub key: String,
    /// What was found and what was expected.
    pub message: String,
}

/// A problem with the search it is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct KnownProblem {
    /// Which search.
    pub search_id: i32,
    /// Whose.
    pub user_id: Option<i32>,
    /// As the user named it.
    pub name: String,
    /// The key, with its parents.
    pub key: String,
    /// What was found and what was expected.
    pub message: String,
    /// Since when it is known.
    pub noted_at: DateTime<Utc>,
}

impl Store {
    /// Makes these the problems of these searches; a search without problems loses those it had. What is known already is not
    /// written again.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn record_search_problems(
        &self,
        searches: &[(SearchId, Vec<SearchProblem>)],
    ) -> Result<(), StoreError> {
        const CHUNK: usize = 5_000;
        let mut once = HashSet::new();
        let mut latest: Vec<_> = searches.iter().rev().filter(|(search, _)| once.insert(*search)).collect();
        latest.sort_by_key(|(search, _)| *search);
        for chunk in latest.chunks(CHUNK) {
            let searches: Vec<i32> = chunk.iter().map(|(search, _)| search.0).collect();
            let (mut ids, mut positions) = (Vec::new(), Vec::new());
            let (mut keys, mut messages) = (Vec::new(), Vec::new());
            for (search, problems) in chunk {
                for (position, problem) in (0_i16..).zip(problems.iter().take(MOST)) {
                    ids.push(search.0);
                    positions.push(position);
                    keys.push(shorten(&problem.key, KEY));
                    messages.push(shorten(&problem.message, MESSAGE));
                }
            }
            let query = sqlx::query!(
                "WITH given AS (
                   SELECT * FROM UNNEST($2::int[], $3::smallint[], $4::text[], $5::text[]) AS g (search_id, position, key, message)
                 ), mended AS (
                   DELETE FROM worker.search_problems p
                   WHERE p.search_id = ANY($1) AND NOT EXISTS (
                     SELECT FROM given g WHERE g.search_id = p.search_id AND g.position = p.position)
                 ), fresh AS (
                   SELECT * FROM given g WHERE NOT EXISTS (
                     SELECT FROM worker.search_problems p
                     WHERE p.search_id = g.search_id AND p.position = g.position AND p.key = g.key AND p.message = g.message)
                 ), there AS (
                   SELECT id FROM saved_searches WHERE id IN (SELECT search_id FROM fresh) FOR KEY SHARE SKIP LOCKED
                 )
                 INSERT INTO worker.search_problems (search_id, position, key, message)
                 SELECT g.search_id, g.position, g.key, g.message FROM fresh g JOIN there ON there.id = g.search_id
                 ORDER BY g.search_id, g.position
                 ON CONFLICT (search_id, position) DO UPDATE SET key = excluded.key, message = excluded.message, noted_at = now()
                 WHERE (search_problems.key, search_problems.message) IS DISTINCT FROM (excluded.key, excluded.message)",
                &searches,
                &ids,
                &positions,
                &keys,
                &messages
            );
            self.within(query.execute(&self.pool)).await?;
        }
        Ok(())
    }

    /// The searches of which problems are known.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_searches_with_problems(&self) -> Result<Vec<SearchId>, StoreError> {
        let query = sqlx::query_scalar!("SELECT DISTINCT search_id FROM worker.search_problems");
        let ids = self.within(query.fetch_all(&self.pool)).await?;
        Ok(ids.into_iter().map(SearchId).collect())
    }

    /// The problems of all searches, or of one user's, in the order of the searches; those of searches after `after`, at most of `most`
    /// searches.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_search_problems(
        &self,
        user: Option<UserId>,
        after: Option<SearchId>,
        most: i64,
    ) -> Result<Vec<KnownProblem>, StoreError> {
        let query = sqlx::query_as!(
            KnownProblem,
            "WITH meant AS (
               SELECT DISTINCT p.search_id FROM worker.search_problems p JOIN saved_searches s ON s.id = p.search_id
               WHERE ($1::int IS NULL OR s.user_id = $1) AND ($2::int IS NULL OR p.search_id > $2)
               ORDER BY p.search_id LIMIT $3
             )
             SELECT p.search_id, s.user_id, s.name, p.key, p.message, p.noted_at
             FROM meant JOIN worker.search_problems p USING (search_id) JOIN saved_searches s ON s.id = p.search_id
             ORDER BY p.search_id, p.position",
            user.map(|user| user.0),
            after.map(|search| search.0),
            most
        );
        self.within(query.fetch_all(&self.pool)).await
    }
}

/// The beginning of a text, without the sign that PostgreSQL cannot store.
fn shorten(text: &str, most: usize) -> String {
    let mut kept: String = text.chars().filter(|sign| *sign != '\0').take(most).collect();
    if text.chars().nth(most).is_some() {
        kept.pop();
        kept.push('…');
    }
    kept
}
