//! Notices that were read go.

use super::be_brief;
use crate::store::{Store, StoreError};

/// Which notices go.
#[derive(Clone, Debug)]
pub struct NoticePolicy {
    /// Of these types; empty: of all.
    pub types: Vec<String>,
    /// Days after a notice that was read.
    pub read_days: i32,
    /// Days after one that was not, where those go too.
    pub unread_days: Option<i32>,
}

/// A notice that may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldNotice {
    /// Row.
    pub id: i32,
    /// As it was shown.
    pub title: String,
}

impl Store {
    /// The notices of a window that may go.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_old_notices(
        &self,
        after: i32,
        until: i32,
        policy: &NoticePolicy,
    ) -> Result<Vec<OldNotice>, StoreError> {
        let found = sqlx::query_as!(
            OldNotice,
            "SELECT id, title FROM notifications
             WHERE id > $1 AND id <= $2 AND (type = ANY($3) OR cardinality($3) = 0)
               AND created_at < (now() AT TIME ZONE 'UTC') - make_interval(days => CASE WHEN coalesce(is_read, false) THEN $4::int ELSE $5::int END)
             ORDER BY id",
            after,
            until,
            &policy.types,
            policy.read_days,
            policy.unread_days
        );
        self.within(found.fetch_all(&self.pool)).await
    }

    /// Deletes those of `ids` that may still go and that nobody holds, and gives their number.
    ///
    /// # Errors
    /// [`StoreError::is_busy`] where others hold what it needs; nothing happened then.
    pub async fn delete_old_notices(&self, ids: &[i32], policy: &NoticePolicy) -> Result<u64, StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            be_brief(&mut transaction).await?;
            let deleted = sqlx::query!(
                "DELETE FROM notifications WHERE id IN (
                   SELECT id FROM notifications
                   WHERE id = ANY($1) AND (type = ANY($2) OR cardinality($2) = 0)
                     AND created_at < (now() AT TIME ZONE 'UTC') - make_interval(days => CASE WHEN coalesce(is_read, false) THEN $3::int ELSE $4::int END)
                   ORDER BY id FOR UPDATE SKIP LOCKED)",
                ids,
                &policy.types,
                policy.read_days,
                policy.unread_days
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok::<_, sqlx::Error>(deleted.rows_affected())
        })
        .await
    }
}
