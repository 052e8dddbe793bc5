//! Digests: what was announced, gathered for a channel of a user (`worker.digests`, `worker.digest_items`).
//!
//! A digest is made in the transaction that notes its postings. It goes from `pending` through `sending` to `sent`, `failed` or `held`;
//! each claim has a number, and whoever holds an older one changes nothing. `sending` is committed before the first byte that could
//! make a receiver accept it, so that what may have arrived can be told from what has not.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{Postgres, Transaction};

use super::{Store, StoreError, Target, duration::interval};
use crate::domain::{Channel, DigestId, RunId, UserId};

/// Channels gathered for in one transaction.
const GATHERED: i64 = 200;

/// What holds for the channels of users without a setting.
#[derive(Clone, Copy, Debug)]
pub struct DigestRules<'a> {
    /// `instant`, `hourly` or `daily`.
    pub frequency: &'a str,
    /// Hour from which daily ones are made.
    pub hour: i16,
    /// Where the hour is and a day begins, IANA name.
    pub time_zone: &'a str,
    /// Most digests a day.
    pub daily_cap: i32,
    /// Postings that are named.
    pub postings: i32,
}

/// A digest that this claim holds.
#[derive(Clone, Debug)]
pub struct ClaimedDigest {
    /// Which.
    pub id: DigestId,
    /// Number of the claim.
    pub claim: i32,
    /// Tries, this one included.
    pub attempts: i32,
    /// Reader.
    pub user_id: UserId,
    /// The postings that are named, as JSON.
    pub postings: Value,
    /// How many more there were.
    pub more: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Where it goes; `None` where it is not wanted any more.
    pub target: Option<Target>,
}

/// What became of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// The receiver has it.
    Sent,
    /// The receiver does not have it, and another try may help.
    Again {
        /// Not before.
        after: Duration,
        /// Why.
        error: String,
    },
    /// It was not the digest's fault: as if it had not been tried.
    NotTried {
        /// Why.
        error: String,
    },
    /// The receiver does not want it, ever.
    Failed {
        /// Why.
        error: String,
        /// The channel is no good for anything else either.
        disable: bool,
    },
    /// Nobody knows whether the receiver has it.
    Held {
        /// Why.
        error: String,
    },
    /// The reader does not want it any more.
    Skipped {
        /// Why.
        error: String,
    },
}

impl Store {
    /// Makes the digests of a channel that are due: those of up to some hundred users after `after`. Gives the last user looked at, and
    /// how many were made; `None` where nobody is left.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn gather_digests(
        &self,
        channel: Channel,
        after: Option<UserId>,
        rules: DigestRules<'_>,
    ) -> Result<Option<(UserId, u64)>, StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let due = claim_channels(&mut transaction, channel, after, rules).await?;
            let Some(last) = due.last().copied() else { return Ok(None) };
            let made = make_digests(&mut transaction, channel, &due, rules).await?;
            transaction.commit().await?;
            Ok::<_, sqlx::Error>(Some((UserId(last), u64::try_from(made).unwrap_or(0))))
        })
        .await
    }

    /// Whether digests of a channel are due to be sent, or were left on their way.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn has_due_digests(&self, channel: Channel) -> Result<bool, StoreError> {
        let query = sqlx::query_scalar!(
            r#"SELECT (EXISTS (SELECT FROM worker.digests WHERE state = 'pending' AND channel = $1 AND next_try <= now()
                                 AND (lease_until IS NULL OR lease_until < now()))
                    OR EXISTS (SELECT FROM worker.digests WHERE state = 'sending' AND channel = $1 AND lease_until < now()))
                   AND NOT EXISTS (SELECT FROM worker.runs WHERE task = 'send' AND state IN ('queued', 'failed')
                                   AND coalesce(args ->> 'channel', $1) = $1) AS "due!""#,
            channel.as_str()
        );
        self.within(query.fetch_one(&self.pool)).await
    }

    /// Digests that were left on their way by whoever held them: webhooks are repeated, since their receivers know them by their id; an
    /// e-mail may have arrived, so it is held. Gives how many there were.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn settle_lost_digests(&self, channel: Channel) -> Result<u64, StoreError> {
        let query = sqlx::query!(
            "UPDATE worker.digests SET state = CASE channel WHEN 'webhook' THEN 'pending' ELSE 'held' END, lease_until = NULL,
                    next_try = now(), error = 'whoever was sending it was lost on the way: it may have arrived'
             WHERE state = 'sending' AND channel = $1 AND lease_until < now()",
            channel.as_str()
        );
        Ok(self.within(query.execute(&self.pool)).await?.rows_affected())
    }

    /// Claims the digest of a channel that is due first, for `lease`. Nothing of it has left before [`Store::fence_digest`].
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn claim_digest(
        &self,
        channel: Channel,
        run: RunId,
        lease: Duration,
    ) -> Result<Option<ClaimedDigest>, StoreError> {
        let query = sqlx::query!(
            r#"WITH claimed AS (
                 UPDATE worker.digests SET claim = claim + 1, attempts = attempts + 1, run_id = $2, lease_until = now() + $3::interval
                 WHERE id = (SELECT id FROM worker.digests
                             WHERE state = 'pending' AND channel = $1 AND next_try <= now() AND (lease_until IS NULL OR lease_until < now())
                             ORDER BY next_try LIMIT 1 FOR UPDATE SKIP LOCKED)
                 RETURNING id, claim, attempts, user_id, channel, postings, more, created_at
               )
               SELECT c.id::text AS "id!", c.claim, c.attempts, c.user_id, c.postings, c.more, c.created_at,
                      coalesce(uc.enabled AND uc.confirmed_at IS NOT NULL AND u.is_active IS NOT FALSE, false) AS "wanted!",
                      coalesce(uc.address, u.email) AS address, uc.secret AS "secret?", uc.unsubscribe_key AS "key?"
               FROM claimed c JOIN users u ON u.id = c.user_id
               LEFT JOIN worker.user_channels uc ON uc.user_id = c.user_id AND uc.channel = c.channel"#,
            channel.as_str(),
            run.0,
            interval(lease)
        );
        let Some(row) = self.within(query.fetch_optional(&self.pool)).await? else { return Ok(None) };
        let Ok(id) = row.id.parse::<DigestId>() else { return Ok(None) };
        let target = match (row.wanted, row.address, row.key) {
            (true, Some(address), Some(unsubscribe_key)) => {
                Some(Target { address, secret: row.secret, unsubscribe_key })
            }
            _ => None,
        };
        Ok(Some(ClaimedDigest {
            id,
            claim: row.claim,
            attempts: row.attempts,
            user_id: UserId(row.user_id),
            postings: row.postings,
            more: row.more,
            created_at: row.created_at,
            target,
        }))
    }

    /// Commits that the digest may be on its way from now on. False where the claim is not ours any more or the channel was switched off:
    /// then nothing may leave.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing may leave either.
    pub async fn fence_digest(&self, id: &DigestId, claim: i32, lease: Duration) -> Result<bool, StoreError> {
        let query = sqlx::query!(
            "UPDATE worker.digests d
             SET state = 'sending', lease_until = now() + $3::interval, first_sent_at = coalesce(first_sent_at, now())
             WHERE id = $1::text::uuid AND claim = $2 AND state = 'pending' AND lease_until > now()
               AND EXISTS (SELECT FROM worker.user_channels uc WHERE uc.user_id = d.user_id AND uc.channel = d.channel AND uc.enabled)",
            id.as_str(),
            claim,
            interval(lease)
        );
        Ok(self.within(query.execute(&self.pool)).await?.rows_affected() == 1)
    }

    /// Writes what became of a try, unless the claim is not ours any more. An answer that comes after the digest was held still counts.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn finish_digest(
        &self,
        id: &DigestId,
        claim: i32,
        tried: &Tried,
        tries: i32,
        disable_after: i32,
    ) -> Result<(), StoreError> {
        let (state, error, after, disable) = match tried {
            Tried::Sent => ("sent", None, None, false),
            Tried::Again { after, error } => ("pending", Some(error), Some(*after), false),
            Tried::NotTried { error } => ("not tried", Some(error), None, false),
            Tried::Failed { error, disable } => ("failed", Some(error), None, *disable),
            Tried::Held { error } => ("held", Some(error), None, false),
            Tried::Skipped { error } => ("skipped", Some(error), None, false),
        };
        let query = sqlx::query!(
            "WITH done AS (
               UPDATE worker.digests SET
                 state = CASE WHEN $3 = 'not tried' THEN 'pending' WHEN $3 = 'pending' AND attempts >= $6 THEN 'failed' ELSE $3 END,
                 attempts = attempts - CASE WHEN $3 = 'not tried' THEN 1 ELSE 0 END,
                 error = $4, lease_until = NULL, next_try = now() + coalesce($5::interval, interval '0'),
                 finished_at = CASE WHEN $3 IN ('sent', 'failed', 'skipped') OR $3 = 'pending' AND attempts >= $6 THEN now() END
               WHERE id = $1::text::uuid AND claim = $2 AND state IN ('pending', 'sending', 'held')
               RETURNING user_id, channel, state
             )
             UPDATE worker.user_channels uc SET
               failures = CASE d.state WHEN 'sent' THEN 0 ELSE uc.failures + 1 END,
               enabled = uc.enabled AND d.state = 'sent' OR uc.enabled AND NOT $7 AND uc.failures + 1 < $8,
               disabled_reason = CASE WHEN d.state = 'failed' AND uc.enabled AND ($7 OR uc.failures + 1 >= $8) THEN $4 ELSE uc.disabled_reason END
             FROM done d WHERE uc.user_id = d.user_id AND uc.channel = d.channel
               AND (d.state = 'failed' OR d.state = 'sent' AND uc.failures > 0)",
            id.as_str(),
            claim,
            state,
            error,
            after.map(interval) as Option<sqlx::postgres::types::PgInterval>,
            tries,
            disable,
            disable_after
        );
        self.within(query.execute(&self.pool)).await.map(drop)
    }

    /// Forgets digests that ended more than `days` days ago, at most `batch`; what was sent to whom stays known.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn delete_old_digests(&self, days: i32, batch: i64) -> Result<u64, StoreError> {
        let query = sqlx::query!(
            "DELETE FROM worker.digests WHERE ctid = ANY(ARRAY(
               SELECT ctid FROM worker.digests WHERE finished_at < now() - make_interval(days => $1) LIMIT $2))",
            days,
            batch
        );
        Ok(self.within(query.execute(&self.pool)).await?.rows_affected())
    }
}

/// Users whose digest is due, locked until the transaction ends; those that somebody else gathers for are left out.
async fn claim_channels(
    transaction: &mut Transaction<'_, Postgres>,
    channel: Channel,
    after: Option<UserId>,
    rules: DigestRules<'_>,
) -> Result<Vec<i32>, sqlx::Error> {
    sqlx::query_scalar!(
                "SELECT uc.user_id FROM worker.user_channels uc
                 JOIN users u ON u.id = uc.user_id AND u.is_active IS NOT FALSE
                 CROSS JOIN LATERAL coalesce(uc.time_zone, $7) AS zone
                 WHERE uc.channel = $1 AND uc.user_id > $2 AND uc.enabled AND uc.confirmed_at IS NOT NULL
                   AND coalesce(uc.last_digest_at, uc.since) < CASE coalesce(uc.frequency, $3)
                         WHEN 'instant' THEN 'infinity'
                         WHEN 'hourly' THEN date_trunc('hour', now(), 'UTC')
                         WHEN 'daily' THEN (date_trunc('day', now() AT TIME ZONE zone - make_interval(hours => coalesce(uc.hour, $4)))
                                            + make_interval(hours => coalesce(uc.hour, $4))) AT TIME ZONE zone
                         ELSE '-infinity' END
                   AND (SELECT count(*) FROM worker.digests d WHERE d.user_id = uc.user_id AND d.channel = uc.channel
                          AND d.created_at >= date_trunc('day', now(), zone) AND d.state <> 'skipped') < coalesce(uc.daily_cap, $5)
                   AND EXISTS (SELECT FROM worker.announcements a
                               WHERE a.user_id = uc.user_id AND a.announced_at >= greatest(uc.since, uc.collected_to - interval '1 hour')
                                 AND NOT EXISTS (SELECT FROM worker.digest_items i
                                   WHERE i.user_id = a.user_id AND i.channel = uc.channel AND i.job_id = a.job_id))
                 ORDER BY uc.user_id LIMIT $6 FOR NO KEY UPDATE OF uc SKIP LOCKED",
                channel.as_str(),
                after.map_or(i32::MIN, |user| user.0),
                rules.frequency,
                rules.hour,
                rules.daily_cap,
                GATHERED,
                rules.time_zone
            )
            .fetch_all(&mut **transaction)
            .await
}

/// Makes the digests of these users and gives how many there are to be sent. A statement of its own: its snapshot is younger than the locks,
/// so it sees what another process has gathered. Notices that were committed late are at most an hour old, since no transaction of the
/// notifier lives that long.
async fn make_digests(
    transaction: &mut Transaction<'_, Postgres>,
    channel: Channel,
    due: &[i32],
    rules: DigestRules<'_>,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
                r#"WITH found AS (
                     SELECT uc.user_id, a.job_id, j.id IS NOT NULL AS there,
                            row_number() OVER (PARTITION BY uc.user_id, j.id IS NOT NULL ORDER BY n.score DESC NULLS LAST, a.job_id DESC) AS place,
                            jsonb_build_object('job_id', j.id, 'title', j.title, 'company', j.company, 'location', j.location, 'url', j.url,
                                               'score', n.score, 'skills', n.skills) AS posting
                     FROM worker.user_channels uc
                     JOIN worker.announcements a
                       ON a.user_id = uc.user_id AND a.announced_at >= greatest(uc.since, uc.collected_to - interval '1 hour')
                     LEFT JOIN jobs j ON j.id = a.job_id AND j.is_active IS NOT FALSE
                     LEFT JOIN LATERAL (
                       SELECT CASE WHEN jsonb_typeof(data -> 'match_score') = 'number' THEN data -> 'match_score' END AS score,
                              CASE WHEN jsonb_typeof(data -> 'matching_skills') = 'array' THEN data -> 'matching_skills' END AS skills
                       FROM notifications WHERE id = a.notification_id
                     ) n ON true
                     WHERE uc.user_id = ANY($1) AND uc.channel = $2
                       AND NOT EXISTS (SELECT FROM worker.digest_items i
                                       WHERE i.user_id = a.user_id AND i.channel = uc.channel AND i.job_id = a.job_id)
                   ), made AS (
                     INSERT INTO worker.digests (user_id, channel, state, postings, more, error, finished_at)
                     SELECT user_id, $2, CASE WHEN bool_or(there) THEN 'pending' ELSE 'skipped' END,
                            coalesce(jsonb_agg(posting ORDER BY place) FILTER (WHERE there AND place <= $3), '[]'),
                            count(*) FILTER (WHERE there AND place > $3),
                            CASE WHEN NOT bool_or(there) THEN 'its postings are gone' END, CASE WHEN NOT bool_or(there) THEN now() END
                     FROM found GROUP BY user_id ORDER BY user_id
                     RETURNING id, user_id, state
                   ), noted AS (
                     INSERT INTO worker.digest_items (user_id, channel, job_id, digest_id)
                     SELECT f.user_id, $2, f.job_id, m.id FROM found f JOIN made m USING (user_id) ORDER BY f.user_id, f.job_id
                   ), moved AS (
                     UPDATE worker.user_channels uc
                     SET collected_to = now(), last_digest_at = CASE WHEN m.state = 'pending' THEN now() ELSE uc.last_digest_at END
                     FROM made m WHERE uc.user_id = m.user_id AND uc.channel = $2
                   )
                   SELECT count(*) FILTER (WHERE state = 'pending') AS "made!" FROM made"#,
                due,
                channel.as_str(),
                i64::from(rules.postings)
            )
            .fetch_one(&mut **transaction)
            .await
}
