//! People for a demonstration, so that a first run has somebody to tell. They are in `seed.toml`; to add one: a `[[user]]` there.

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use crate::store::{SeedUser, Store};

const USERS: &str = include_str!("seed.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    #[serde(rename = "user")]
    users: Vec<SeedUser>,
}

/// Refuses a database that has users of its own: a demonstration adds invented people and postings.
///
/// # Errors
/// Says so, or that the database does not answer.
pub async fn refuse_foreign(store: &Store) -> anyhow::Result<()> {
    let emails: Vec<String> = read()?.users.into_iter().map(|user| user.email).collect();
    ensure!(
        !store.has_users_besides(&emails).await.context("look for users")?,
        "this database has users of its own, and dev adds invented people and postings: name another one in DATABASE_URL, leave it \
         unset for a private one, or use serve"
    );
    Ok(())
}

/// Inserts those that are missing and gives how many there are.
///
/// # Errors
/// Where the database does not take them.
pub async fn seed(store: &Store) -> anyhow::Result<usize> {
    let seed = read()?;
    for user in &seed.users {
        store.insert_seed_user(user).await.with_context(|| format!("seeding {}", user.email))?;
    }
    Ok(seed.users.len())
}

fn read() -> anyhow::Result<Seed> {
    toml::from_str(USERS).context("seed.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_people_are_no_real_ones_and_have_what_a_match_needs() {
        let users = read().unwrap().users;
        assert!(users.len() >= 8);
        let mut emails: Vec<_> = users.iter().map(|user| user.email.as_str()).collect();
        emails.sort_unstable();
        emails.dedup();
        assert_eq!(emails.len(), users.len(), "each address once");
        for user in &users {
            assert!(user.email.ends_with("@example.com"), "{}", user.email);
            assert!(user.profile.desired_title.is_some() || !user.searches.is_empty(), "{}", user.email);
            assert!(user.searches.iter().all(|search| search.filters.is_object()), "{}", user.email);
        }
    }
}
