//! Leases on the domains that are asked over HTTP. All times are those of the database's clock, so that replicas need not agree on one.

use std::time::Duration;

use super::{Store, StoreError};

/// A domain, as the one who asked for it finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DomainLease {
    /// It belongs to the one who asked.
    pub ours: bool,
    /// How long the lease lasts, whoever has it.
    pub lease: Duration,
    /// How much longer nobody may ask it.
    pub blocked: Option<Duration>,
}

/// Where a domain stands, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct DomainState {
    /// Which.
    pub domain: String,
    /// How much longer a replica has it for itself.
    pub held: Option<Duration>,
    /// How much longer nobody may ask it.
    pub blocked: Option<Duration>,
}

impl Store {
    /// All domains that a replica holds or nobody may ask.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_domains(&self) -> Result<Vec<DomainState>, StoreError> {
        let query = sqlx::query!(
            "SELECT domain, extract(epoch FROM lease_until - now())::float8 AS held,
                    extract(epoch FROM blocked_until - now())::float8 AS blocked
             FROM worker.domains WHERE lease_until > now() OR blocked_until > now() ORDER BY domain"
        );
        let rows = self.within(query.fetch_all(&self.pool)).await?;
        let states = rows.into_iter().map(|row| DomainState {
            domain: row.domain,
            held: row.held.and_then(positive),
            blocked: row.blocked.and_then(positive),
        });
        Ok(states.collect())
    }

    /// Takes `domain` for `owner`, or renews it, where it is free, his, or its lease is over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_domain(
        &self,
        domain: &str,
        owner: &str,
        lease: Duration,
    ) -> Result<DomainLease, StoreError> {
        let query = sqlx::query!(
            r#"WITH taken AS (
                   INSERT INTO worker.domains AS d (domain, owner, lease_until)
                   VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
                   ON CONFLICT (domain) DO UPDATE SET owner = excluded.owner, lease_until = excluded.lease_until
                   WHERE d.owner IS NULL OR d.owner = excluded.owner OR d.lease_until <= clock_timestamp()
                   RETURNING d.lease_until, d.blocked_until
               ), found AS (
                   SELECT true AS ours, lease_until, blocked_until FROM taken
                   UNION ALL
                   SELECT false, lease_until, blocked_until FROM worker.domains
                   WHERE domain = $1 AND NOT EXISTS (SELECT FROM taken)
               )
               SELECT ours AS "ours!",
                      extract(epoch FROM lease_until - clock_timestamp())::float8 AS lease,
                      extract(epoch FROM blocked_until - clock_timestamp())::float8 AS blocked
               FROM found"#,
            domain,
            owner,
            lease.as_secs_f64(),
        );
        let row = self.within(query.fetch_optional(&self.pool)).await?;
        // No row: another took the domain for the first time since this statement began.
        Ok(row.map_or(DomainLease { ours: false, lease, blocked: None }, |row| DomainLease {
            ours: row.ours,
            lease: row.lease.and_then(positive).unwrap_or_default(),
            blocked: row.blocked.and_then(positive),
        }))
    }

    /// Keeps everyone from asking `domain` for this long, unless it is blocked for longer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn block_domain(&self, domain: &str, wait: Duration) -> Result<(), StoreError> {
        let query = sqlx::query!(
            "INSERT INTO worker.domains AS d (domain, blocked_until)
             VALUES ($1, clock_timestamp() + make_interval(secs => $2))
             ON CONFLICT (domain) DO UPDATE SET blocked_until = greatest(d.blocked_until, excluded.blocked_until)",
            domain,
            wait.as_secs_f64(),
        );
        self.within(query.execute(&self.pool)).await?;
        Ok(())
    }

    /// Gives `domain` up where it is `owner`'s, and keeps everyone from asking it for the time `rest`; a longer block stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_domain(&self, domain: &str, owner: &str, rest: Duration) -> Result<(), StoreError> {
        let query = sqlx::query!(
            "UPDATE worker.domains SET owner = NULL, lease_until = NULL,
                    blocked_until = CASE WHEN $3::float8 > 0 THEN greatest(blocked_until, clock_timestamp() + make_interval(secs => $3))
                                         ELSE blocked_until END
             WHERE domain = $1 AND owner = $2",
            domain,
            owner,
            rest.as_secs_f64(),
        );
        self.within(query.execute(&self.pool)).await?;
        Ok(())
    }
}

fn positive(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().filter(|duration| !duration.is_zero())
}
