//! Pages of single postings: which of them need not be asked for again.

use std::{collections::HashMap, time::Duration};

use super::{Store, StoreError, sightings};

/// What a listing says of one posting that has a page of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPage {
    /// Identity of the posting.
    pub source_id: String,
    /// Of what the listing says.
    pub hash: String,
}

/// What is known of such a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownPage {
    /// Read and stored, and the listing says the same since.
    Fresh,
    /// Read, the listing says the same since, and it holds no posting: why.
    Refused(String),
    /// The posting is stored, but its page is to be read again.
    Stored,
}

/// A page that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotedPage {
    /// What the listing said of it.
    pub listed: ListedPage,
    /// Why it holds no posting.
    pub reason: Option<String>,
}

impl Store {
    /// What is known of these pages; nothing where neither page nor posting is. A page that was read longer than `max_age` ago, or of a
    /// posting that was missing meanwhile, is to be read again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_pages(
        &self,
        source: &str,
        board: &str,
        pages: &[ListedPage],
        max_age: Duration,
    ) -> Result<HashMap<String, KnownPage>, StoreError> {
        let (ids, hashes): (Vec<&str>, Vec<&str>) =
            pages.iter().map(|page| (page.source_id.as_str(), page.hash.as_str())).unzip();
        let query = sqlx::query!(
            r#"SELECT k.source_id AS "source_id!", p.reason,
                      (p.listing_hash IS NOT NULL AND p.listing_hash = k.hash
                       AND p.read_at > now() - make_interval(secs => $5)) AS "same!",
                      s.source_id IS NOT NULL AS "stored!",
                      (s.missing_since IS NULL AND NOT s.stale AND s.board = $2) AS quiet
               FROM unnest($3::text[], $4::text[]) AS k (source_id, hash)
               LEFT JOIN worker.posting_pages AS p ON p.source = $1 AND p.source_id = k.source_id
               LEFT JOIN worker.sightings AS s ON s.source = $1 AND s.source_id = k.source_id
               WHERE p.source_id IS NOT NULL OR s.source_id IS NOT NULL"#,
            source,
            board,
            &ids as _,
            &hashes as _,
            max_age.as_secs_f64(),
        );
        let rows = self.within(query.fetch_all(&self.pool)).await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let known = match row.reason {
                    Some(reason) if row.same => KnownPage::Refused(reason),
                    None if row.same && row.quiet == Some(true) => KnownPage::Fresh,
                    _ if row.stored => KnownPage::Stored,
                    _ => return None,
                };
                Some((row.source_id, known))
            })
            .collect())
    }

    /// Notes that these pages were read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_pages(&self, source: &str, board: &str, pages: &[NotedPage]) -> Result<(), StoreError> {
        let ids: Vec<&str> = pages.iter().map(|page| page.listed.source_id.as_str()).collect();
        let hashes: Vec<&str> = pages.iter().map(|page| page.listed.hash.as_str()).collect();
        let reasons: Vec<Option<&str>> = pages.iter().map(|page| page.reason.as_deref()).collect();
        let query = sqlx::query!(
            "INSERT INTO worker.posting_pages (source, source_id, board, listing_hash, reason)
             SELECT DISTINCT ON (n.source_id) $1, n.source_id, $2, n.hash, left(n.reason, 500)
             FROM unnest($3::text[], $4::text[], $5::text[]) AS n (source_id, hash, reason)
             ORDER BY n.source_id
             ON CONFLICT (source, source_id) DO UPDATE SET
                 board = excluded.board, listing_hash = excluded.listing_hash, reason = excluded.reason, read_at = now()",
            source,
            board,
            &ids as _,
            &hashes as _,
            &reasons as _,
        );
        self.within(query.execute(&self.pool)).await?;
        Ok(())
    }

    /// Notes that these postings of a board are listed, without looking at what they say; answers how many of them are stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch_listed(&self, source: &str, board: &str, ids: &[String]) -> Result<u64, StoreError> {
        self.within(async {
            let mut tx = self.pool.begin().await?;
            let touched = sightings::touch_board(&mut tx, source, board, Some(ids)).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(touched)
        })
        .await
    }

    /// Forgets pages that were read longer than `days` ago; at most `limit` at once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_old_pages(&self, days: i32, limit: i64) -> Result<u64, StoreError> {
        let query = sqlx::query!(
            "DELETE FROM worker.posting_pages WHERE ctid = ANY(ARRAY(
                 SELECT ctid FROM worker.posting_pages WHERE read_at < now() - make_interval(days => $1)
                 ORDER BY read_at LIMIT $2))",
            days,
            limit,
        );
        Ok(self.within(query.execute(&self.pool)).await?.rows_affected())
    }
}
