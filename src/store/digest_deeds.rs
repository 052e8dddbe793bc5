//! What people see of digests and do to them: let one go that is held, drop it, try a failed one again.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{
    Store, StoreError,
    audit::{Actor, insert_audit},
};
use crate::domain::{Channel, DigestId, UserId};

/// A digest as people see it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DigestRow {
    /// A UUID: the `webhook-id`, and the local part of the `Message-ID`.
    pub id: String,
    /// Reader.
    pub user_id: i32,
    /// `email` or `webhook`.
    pub channel: String,
    /// `pending`, `sending`, `sent`, `held`, `failed` or `skipped`.
    pub state: String,
    /// The postings it names.
    pub postings: Value,
    /// How many more there were.
    pub more: i32,
    /// Tries.
    pub attempts: i32,
    /// The run that tried last.
    pub run_id: Option<i64>,
    /// When it is tried next, while it is pending.
    pub next_try: DateTime<Utc>,
    /// What the last try said.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it may first have left.
    pub first_sent_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Which digests to list; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DigestFilter {
    /// Only in this state.
    pub state: Option<String>,
    /// Only for this user.
    pub user: Option<UserId>,
    /// Only by this channel.
    pub channel: Option<Channel>,
    /// Only those after this one: the next page.
    pub after: Option<DigestId>,
}

/// What a person does to a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestDeed {
    /// A held one is sent, again perhaps.
    Release,
    /// A held, failed or pending one is not sent.
    Drop,
    /// A failed one has all its tries again.
    Retry,
}

impl DigestDeed {
    /// The word of the audit and of addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Drop => "drop",
            Self::Retry => "retry",
        }
    }

    /// States in which it can be done.
    pub fn states(self) -> &'static [&'static str] {
        match self {
            Self::Release => &["held"],
            Self::Drop => &["held", "failed", "pending"],
            Self::Retry => &["failed"],
        }
    }
}

impl std::str::FromStr for DigestDeed {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = [Self::Release, Self::Drop, Self::Retry].into_iter().find(|deed| deed.as_str() == word);
        known.ok_or_else(|| format!("unknown deed \"{word}\", expected release, drop or retry"))
    }
}

/// Digests of one channel in one state, for the gauges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestsSeen {
    /// `email` or `webhook`.
    pub channel: String,
    /// A state in which digests wait for something.
    pub state: String,
    /// How many, up to 10000.
    pub digests: i64,
}

impl Store {
    /// The newest digests that fit.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_digests(&self, filter: &DigestFilter, most: i64) -> Result<Vec<DigestRow>, StoreError> {
        let query = sqlx::query_as!(
            DigestRow,
            r#"SELECT d.id::text AS "id!", d.user_id, d.channel, d.state, d.postings, d.more, d.attempts, d.run_id, d.next_try, d.error,
                      d.created_at, d.first_sent_at, d.finished_at
               FROM worker.digests d
               WHERE ($1::text IS NULL OR d.state = $1) AND ($2::int IS NULL OR d.user_id = $2) AND ($3::text IS NULL OR d.channel = $3)
                 AND ($4::text IS NULL
                   OR (d.created_at, d.id) < (SELECT created_at, id FROM worker.digests WHERE id = $4::text::uuid))
               ORDER BY d.created_at DESC, d.id DESC LIMIT $5"#,
            filter.state,
            filter.user.map(|user| user.0),
            filter.channel.map(Channel::as_str),
            filter.after.as_ref().map(DigestId::as_str),
            most
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// Does a deed and records who did it, in one transaction. Whoever still holds the digest changes nothing after that. `None` where
    /// there is no such digest, false where its state does not allow it.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn change_digest_for(
        &self,
        actor: Actor<'_>,
        deed: DigestDeed,
        id: &DigestId,
    ) -> Result<Option<bool>, StoreError> {
        let states: Vec<String> = deed.states().iter().map(|state| (*state).to_owned()).collect();
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let before = sqlx::query!(
                "SELECT user_id, channel, state FROM worker.digests WHERE id = $1::text::uuid FOR UPDATE",
                id.as_str()
            )
            .fetch_optional(&mut *transaction)
            .await?;
            let Some(before) = before else { return Ok(None) };
            if !states.contains(&before.state) {
                return Ok(Some(false));
            }
            sqlx::query!(
                "UPDATE worker.digests SET claim = claim + 1, lease_until = NULL, next_try = now(),
                   state = CASE WHEN $2 THEN 'skipped' ELSE 'pending' END,
                   attempts = CASE WHEN $2 THEN attempts ELSE 0 END,
                   error = CASE WHEN $2 THEN 'dropped by a person' || coalesce('; before: ' || error, '') ELSE error END,
                   finished_at = CASE WHEN $2 THEN now() END
                 WHERE id = $1::text::uuid",
                id.as_str(),
                deed == DigestDeed::Drop
            )
            .execute(&mut *transaction)
            .await?;
            let detail = json!({ "user": before.user_id, "channel": before.channel, "was": before.state });
            let (action, subject) = (format!("{} digest", deed.as_str()), format!("digests/{id}"));
            insert_audit(&mut transaction, actor, &action, &subject, &detail).await?;
            transaction.commit().await?;
            Ok::<_, sqlx::Error>(Some(true))
        })
        .await
    }
}

/// How many digests wait, are held or failed in the last day, by channel; each up to `most`.
pub(super) async fn count_digests(
    connection: &mut PgConnection,
    most: i64,
) -> Result<Vec<DigestsSeen>, sqlx::Error> {
    sqlx::query_as!(
        DigestsSeen,
        r#"SELECT c.channel AS "channel!", s.state AS "state!",
                  (SELECT count(*) FROM (
                     SELECT FROM worker.digests d WHERE d.channel = c.channel AND d.state = s.state
                       AND (s.state <> 'failed' OR d.created_at > now() - interval '1 day') LIMIT $1) x) AS "digests!"
           FROM unnest(ARRAY['email', 'webhook']) AS c (channel),
                unnest(ARRAY['pending', 'sending', 'held', 'failed']) AS s (state) ORDER BY 1, 2"#,
        most
    )
    .fetch_all(connection)
    .await
}
