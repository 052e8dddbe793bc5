//! `worker.daemon_state`: whether this database is a restored copy that a person has not looked at yet.
//!
//! A restore of ours makes the schema `career_restore` in its target before anything else and drops it when the quarantine is in its place,
//! so that one which is killed in between leaves no database that looks fit for work. A copy made in any other way is known by its
//! `home`.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    Store, StoreError,
    audit::{Actor, insert_audit},
};

/// What an installation is at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct DaemonState {
    /// Missed ticks are not caught up and nobody is told anything.
    pub quarantined: bool,
    /// Why.
    pub reason: Option<String>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// A restore into this database has not ended, or was killed.
    pub restoring: bool,
}

impl Store {
    /// What this installation is at.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn daemon_state(&self) -> Result<DaemonState, StoreError> {
        let query = sqlx::query_as!(
            DaemonState,
            r#"SELECT mode = 'quarantined' OR to_regclass('career_restore.pending') IS NOT NULL AS "quarantined!", reason, since,
                      to_regclass('career_restore.pending') IS NOT NULL AS "restoring!"
               FROM worker.daemon_state"#
        );
        self.within(query.fetch_one(&self.pool)).await
    }

    /// Whether missed ticks and notices are held.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn is_quarantined(&self) -> Result<bool, StoreError> {
        Ok(self.daemon_state().await?.quarantined)
    }

    /// Remembers where this database is, and puts it in quarantine where it was elsewhere before: then it is a copy. Gives what it is at.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn settle_home(&self) -> Result<DaemonState, StoreError> {
        let home = self.home().await?;
        let query = sqlx::query!(
            "UPDATE worker.daemon_state
             SET mode = CASE WHEN home IS NULL OR home = $1 THEN mode ELSE 'quarantined' END,
                 reason = CASE WHEN home IS NULL OR home = $1 THEN reason
                               ELSE 'this database is a copy: it was cluster/database ' || home || ' and is ' || $1::text END,
                 since = CASE WHEN home IS NULL OR home = $1 THEN since ELSE now() END,
                 home = $1
             WHERE home IS DISTINCT FROM $1",
            home
        );
        self.within(query.execute(&self.pool)).await?;
        self.daemon_state().await
    }

    /// Puts this database in quarantine.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn quarantine(&self, reason: &str) -> Result<(), StoreError> {
        let query = sqlx::query!(
            "UPDATE worker.daemon_state SET mode = 'quarantined', reason = $1, since = now(), acknowledged_at = NULL, acknowledged_by = NULL",
            reason
        );
        self.within(query.execute(&self.pool)).await.map(drop)
    }

    /// Ends the quarantine and records who did it, in one transaction: what was missed stays missed. False where there was none.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn acknowledge_for(&self, actor: Actor<'_>) -> Result<bool, StoreError> {
        let home = self.home().await?;
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let changed = sqlx::query!(
                "UPDATE worker.daemon_state SET mode = 'normal', reason = NULL, since = now(), home = $2, acknowledged_by = $1,
                        acknowledged_at = now()
                 WHERE mode = 'quarantined'",
                actor.id,
                home
            )
            .execute(&mut *transaction)
            .await?
            .rows_affected();
            // Whatever came due in the meantime is not caught up: every schedule starts now.
            if changed == 1 {
                insert_audit(&mut transaction, actor, "acknowledge", "quarantine", &json!({})).await?;
                sqlx::query!("UPDATE worker.schedules SET watermark = now() WHERE watermark < now()")
                    .execute(&mut *transaction)
                    .await?;
            }
            transaction.commit().await?;
            Ok::<_, sqlx::Error>(changed == 1)
        })
        .await
    }

    /// Cluster and database; the cluster's number is left out where the server does not tell it.
    async fn home(&self) -> Result<String, StoreError> {
        let database = "SELECT oid::text FROM pg_database WHERE datname = current_database()";
        let database: String = self.within(sqlx::query_scalar(database).fetch_one(&self.pool)).await?;
        let cluster = "SELECT system_identifier::text FROM pg_control_system()";
        let cluster: String = match self.within(sqlx::query_scalar(cluster).fetch_one(&self.pool)).await {
            Ok(cluster) => cluster,
            Err(StoreError::Refused(_)) => "?".to_owned(),
            Err(error) => return Err(error),
        };
        Ok(format!("{cluster}/{database}"))
    }
}
