//! Work that waits for a run nobody has wanted yet.

use super::{NoticeRules, Store, StoreError};
use crate::domain::Shard;

/// Stages that have work waiting and no run to do it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitingStages {
    /// The outbox holds postings.
    pub r#match: bool,
    /// Notices are due.
    pub notify: bool,
    /// Where the posting that waits longest comes from, as traceparent.
    pub match_trace: Option<String>,
    /// Where the matches that wait longest come from.
    pub notify_trace: Option<String>,
}

impl Store {
    /// Which stages wait without a queued run that would see what waits. A running one may have looked already.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn waiting_stages(
        &self,
        shard: Shard,
        rules: NoticeRules<'_>,
    ) -> Result<WaitingStages, StoreError> {
        self.within(
            sqlx::query_as!(
                WaitingStages,
                r#"SELECT
                     EXISTS (SELECT FROM worker.outbox WHERE shard % gcd(shards, $3) = $4 % gcd(shards, $3))
                       AND NOT EXISTS (SELECT FROM worker.runs WHERE task = 'match' AND state IN ('queued', 'failed')
                                       AND coalesce(args ->> 'shard', '1/1') = $5) AS "match!",
                     (EXISTS (SELECT FROM worker.fresh_matches) OR EXISTS (
                       SELECT FROM worker.matches m LEFT JOIN worker.user_settings s USING (user_id)
                       JOIN users u ON u.id = m.user_id AND u.is_active IS NOT FALSE
                       WHERE m.sorted AND m.notified_at IS NULL
                         AND m.matched_at < CASE coalesce(s.frequency, $1) WHEN 'instant' THEN 'infinity'
                                 WHEN 'hourly' THEN date_trunc('hour', now(), 'UTC') WHEN 'daily' THEN date_trunc('day', now(), 'UTC')
                                 ELSE '-infinity' END
                         AND (SELECT count(*) FROM worker.announcements a
                              WHERE a.user_id = m.user_id AND a.announced_at >= date_trunc('day', now(), 'UTC'))
                             < coalesce(s.daily_cap, $2)
                         AND EXISTS (SELECT FROM jobs j WHERE j.id = m.job_id AND j.is_active IS NOT FALSE)
                     )) AND NOT EXISTS (SELECT FROM worker.runs WHERE task = 'notify' AND state IN ('queued', 'failed')) AS "notify!",
                     (SELECT traceparent FROM worker.outbox ORDER BY id LIMIT 1) AS match_trace,
                     (SELECT traceparent FROM worker.fresh_matches ORDER BY id LIMIT 1) AS notify_trace"#,
                rules.frequency,
                rules.daily_cap,
                shard.of(),
                shard.number(),
                shard.to_string()
            )
            .fetch_one(&self.pool),
        )
        .await
    }
}
