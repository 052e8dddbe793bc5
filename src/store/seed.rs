//! Users for a demonstration: written once, left alone when they are there.

use serde::Deserialize;
use serde_json::Value;

use super::{Store, StoreError};
use crate::domain::UserId;

/// A user with a profile and searches. The password given to the web application's column fits no password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedUser {
    /// What the user is known by.
    pub email: String,
    /// Name for people.
    pub full_name: String,
    /// What the user looks for.
    pub profile: SeedProfile,
    /// Searches by name.
    #[serde(default, rename = "search")]
    pub searches: Vec<SeedSearch>,
}

/// Columns of `user_profiles`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the columns")]
pub struct SeedProfile {
    pub current_title: Option<String>,
    pub years_experience: Option<i32>,
    pub desired_title: Option<String>,
    #[serde(default)]
    pub desired_locations: Vec<String>,
    #[serde(default)]
    pub tech_stack: Vec<String>,
    pub salary_expectation_min: Option<i32>,
    pub salary_expectation_max: Option<i32>,
    pub salary_currency: Option<String>,
    pub remote_preference: Option<String>,
    #[serde(default)]
    pub job_types: Vec<String>,
    #[serde(default)]
    pub preferred_companies: Vec<String>,
}

/// Columns of `saved_searches`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of the columns")]
pub struct SeedSearch {
    pub name: String,
    pub query: Option<String>,
    #[serde(default)]
    pub filters: Value,
}

impl Store {
    /// Whether the database knows users other than these; false where it has no users table yet.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn has_users_besides(&self, emails: &[String]) -> Result<bool, StoreError> {
        self.within(async {
            let made: bool = sqlx::query_scalar("SELECT to_regclass('public.users') IS NOT NULL")
                .fetch_one(&self.pool)
                .await?;
            if !made {
                return Ok(false);
            }
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM public.users WHERE email <> ALL($1))")
                .bind(emails)
                .fetch_one(&self.pool)
                .await
        })
        .await
    }

    /// Inserts the user, the profile and the searches that are missing; what is there stays as it is. Whole or not at all.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn insert_seed_user(&self, user: &SeedUser) -> Result<UserId, StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            // The update locks the row, so that of two seeds at once one waits and then finds all of it.
            let id = sqlx::query_scalar!(
                "INSERT INTO users (email, hashed_password, full_name) VALUES ($1, '!', $2)
                 ON CONFLICT (email) DO UPDATE SET email = excluded.email
                 RETURNING id",
                user.email,
                user.full_name,
            )
            .fetch_one(&mut *transaction)
            .await?;
            insert_profile(&mut transaction, id, &user.profile).await?;
            for search in &user.searches {
                insert_search(&mut transaction, id, search).await?;
            }
            transaction.commit().await?;
            Ok::<_, sqlx::Error>(UserId(id))
        })
        .await
    }
}

async fn insert_profile(
    connection: &mut sqlx::PgConnection,
    user: i32,
    profile: &SeedProfile,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO user_profiles (user_id, current_title, years_experience, desired_title, desired_locations, tech_stack,
             salary_expectation_min, salary_expectation_max, salary_currency, remote_preference, job_types,
             preferred_companies)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (user_id) DO NOTHING",
        user,
        profile.current_title,
        profile.years_experience,
        profile.desired_title,
        Value::from(profile.desired_locations.as_slice()),
        Value::from(profile.tech_stack.as_slice()),
        profile.salary_expectation_min,
        profile.salary_expectation_max,
        profile.salary_currency,
        profile.remote_preference,
        Value::from(profile.job_types.as_slice()),
        Value::from(profile.preferred_companies.as_slice()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_search(
    connection: &mut sqlx::PgConnection,
    user: i32,
    search: &SeedSearch,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO saved_searches (user_id, name, query, filters)
         SELECT $1::integer, $2::varchar, $3::varchar, $4::jsonb
         WHERE NOT EXISTS (SELECT FROM saved_searches WHERE user_id = $1::integer AND name = $2::varchar)",
        user,
        search.name,
        search.query,
        search.filters,
    )
    .execute(connection)
    .await?;
    Ok(())
}
