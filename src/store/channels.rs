//! Where users want to hear of matches: `worker.user_channels`.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    Store, StoreError,
    audit::{Actor, insert_audit},
};
use crate::domain::{Channel, UserId};

/// A channel of a user. Its secret and the key of its links stay in the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UserChannel {
    /// `users.id`.
    pub user_id: i32,
    /// `email` or `webhook`.
    pub channel: String,
    /// Whether it is wanted.
    pub enabled: bool,
    /// Where it leads: an address of e-mail, or where to post.
    pub address: Option<String>,
    /// `instant`, `hourly` or `daily`; absent: what the settings say.
    pub frequency: Option<String>,
    /// Hour from which daily digests are made; absent: what the settings say.
    pub hour: Option<i16>,
    /// Where that hour is, and where a day begins (IANA name); absent: what the settings say.
    pub time_zone: Option<String>,
    /// Most digests a day; absent: what the settings say.
    pub daily_cap: Option<i32>,
    /// When somebody vouched for the address; nothing is sent before.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// Why it was disabled, where the program or the reader did it.
    pub disabled_reason: Option<String>,
    /// Digests that failed in a row.
    pub failures: i32,
    /// When its last digest was made.
    pub last_digest_at: Option<DateTime<Utc>>,
}

/// What is wanted of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelWish {
    /// Whether it is wanted at all.
    pub enabled: bool,
    /// Where it leads; `None` is the user's own address, for e-mail.
    pub address: Option<String>,
    /// Secrets that webhooks are signed with; `None` keeps those there are.
    pub secret: Option<String>,
    /// Its own frequency.
    pub frequency: Option<String>,
    /// Its own hour.
    pub hour: Option<i16>,
    /// Its own time zone (IANA name).
    pub time_zone: Option<String>,
    /// Its own cap.
    pub daily_cap: Option<i32>,
    /// Somebody vouches for the address.
    pub confirmed: bool,
}

/// What a message by a channel needs.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it leads.
    pub address: String,
    /// Secrets of webhooks.
    pub secret: Option<String>,
    /// Signs links to unsubscribe.
    pub unsubscribe_key: Vec<u8>,
}

impl Store {
    /// Channels after `after` (user and channel), of one user or of all, in the order of their keys.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_channels(
        &self,
        user: Option<UserId>,
        after: Option<(UserId, Channel)>,
        most: i64,
    ) -> Result<Vec<UserChannel>, StoreError> {
        let query = sqlx::query_as!(
            UserChannel,
            r#"SELECT uc.user_id, uc.channel, uc.enabled, coalesce(uc.address, u.email) AS address, uc.frequency, uc.hour,
                      uc.time_zone, uc.daily_cap, uc.confirmed_at, uc.disabled_reason, uc.failures, uc.last_digest_at
               FROM worker.user_channels uc JOIN users u ON u.id = uc.user_id
               WHERE ($1::int IS NULL OR uc.user_id = $1) AND ($2::int IS NULL OR (uc.user_id, uc.channel) > ($2, $3::text))
               ORDER BY uc.user_id, uc.channel LIMIT $4"#,
            user.map(|user| user.0),
            after.map(|(user, _)| user.0),
            after.map(|(_, channel)| channel.as_str()),
            most
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// What a message by this channel needs, whether it is wanted or not.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find_target(&self, user: UserId, channel: Channel) -> Result<Option<Target>, StoreError> {
        let query = sqlx::query_as!(
            Target,
            r#"SELECT coalesce(uc.address, u.email) AS "address!", uc.secret, uc.unsubscribe_key
               FROM worker.user_channels uc JOIN users u ON u.id = uc.user_id WHERE uc.user_id = $1 AND uc.channel = $2"#,
            user.0,
            channel.as_str()
        );
        self.within(query.fetch_optional(&self.pool)).await
    }

    /// Makes or changes a channel and records who did it, in one transaction. A channel that becomes wanted starts now: what was announced
    /// before is not sent. False where there is no such user.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn set_channel_for(
        &self,
        actor: Actor<'_>,
        user: UserId,
        channel: Channel,
        wish: &ChannelWish,
    ) -> Result<bool, StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let set = sqlx::query!(
                "INSERT INTO worker.user_channels AS uc
                   (user_id, channel, enabled, address, secret, frequency, hour, time_zone, daily_cap, confirmed_at)
                 SELECT id, $2, $3, $4, coalesce($5, (SELECT secret FROM worker.user_channels WHERE user_id = $1 AND channel = $2)), $6, $7, $10, $8,
                        CASE WHEN $9 THEN now() END
                 FROM users WHERE id = $1
                 ON CONFLICT (user_id, channel) DO UPDATE SET
                   enabled = $3, address = $4, secret = coalesce($5, uc.secret), frequency = $6, hour = $7, time_zone = $10, daily_cap = $8,
                   confirmed_at = CASE WHEN $9 THEN now() WHEN uc.address IS NOT DISTINCT FROM $4 THEN uc.confirmed_at END,
                   since = CASE WHEN uc.enabled OR NOT $3 THEN uc.since ELSE now() END,
                   disabled_reason = CASE WHEN $3 THEN NULL ELSE uc.disabled_reason END,
                   failures = CASE WHEN $3 THEN 0 ELSE uc.failures END, updated_at = now()",
                user.0,
                channel.as_str(),
                wish.enabled,
                wish.address,
                wish.secret,
                wish.frequency,
                wish.hour,
                wish.daily_cap,
                wish.confirmed,
                wish.time_zone
            )
            .execute(&mut *transaction)
            .await?
            .rows_affected();
            if set == 1 {
                let detail = json!({
                    "enabled": wish.enabled, "frequency": wish.frequency, "confirmed": wish.confirmed,
                    "new_secret": wish.secret.is_some(),
                });
                let subject = format!("users/{}/{channel}", user.0);
                insert_audit(&mut transaction, actor, "set channel", &subject, &detail).await?;
            }
            transaction.commit().await?;
            Ok::<_, sqlx::Error>(set == 1)
        })
        .await
    }

    /// The reader does not want this channel any more; what waits for it is not sent. What it was is left alone where it is off already.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn unsubscribe(&self, user: UserId, channel: Channel) -> Result<(), StoreError> {
        let query = sqlx::query!(
            "UPDATE worker.user_channels SET enabled = false, disabled_reason = 'the reader unsubscribed', updated_at = now()
             WHERE user_id = $1 AND channel = $2 AND enabled",
            user.0,
            channel.as_str()
        );
        self.within(query.execute(&self.pool)).await.map(drop)
    }
}
