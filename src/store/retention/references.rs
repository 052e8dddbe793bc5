//! Who refers to a posting: every foreign key to `jobs` that is not the worker's own, whichever table the web application adds.

use std::fmt::Write as _;

use crate::store::{Store, StoreError};

/// A foreign key to `jobs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `schema.table`, for people and settings.
    pub table: String,
    /// The same, quoted for a statement.
    quoted_table: String,
    /// Column, quoted.
    quoted_column: String,
    /// Column.
    pub column: String,
    /// An index leads with the column: who refers to a posting is found without reading the whole table.
    pub indexed: bool,
}

impl Store {
    /// All of them, by name.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_references(&self) -> Result<Vec<Reference>, StoreError> {
        let found = sqlx::query!(
            r#"SELECT n.nspname || '.' || t.relname AS "table!", format('%I.%I', n.nspname, t.relname) AS "quoted_table!",
                      a.attname::text AS "column!", quote_ident(a.attname) AS "quoted_column!",
                      EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indisvalid AND i.indpred IS NULL
                                AND i.indkey[0] = c.conkey[1]) AS "indexed!"
               FROM pg_constraint c
               JOIN pg_class t ON t.oid = c.conrelid
               JOIN pg_namespace n ON n.oid = t.relnamespace
               JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
               WHERE c.contype = 'f' AND c.confrelid = 'public.jobs'::regclass AND c.conparentid = 0 AND n.nspname <> 'worker'
               ORDER BY 1, 3"#
        );
        let found = self.within(found.fetch_all(&self.pool)).await?;
        let references = found.into_iter().map(|row| Reference {
            table: row.table,
            quoted_table: row.quoted_table,
            quoted_column: row.quoted_column,
            column: row.column,
            indexed: row.indexed,
        });
        Ok(references.collect())
    }
}

/// A condition on `j`, a row of `jobs`: nobody refers to it by one of these.
pub(super) fn unreferenced(references: &[Reference]) -> String {
    references.iter().fold("true".to_owned(), |mut condition, reference| {
        let Reference { quoted_table, quoted_column, .. } = reference;
        let _ = write!(
            condition,
            " AND NOT EXISTS (SELECT FROM {quoted_table} r WHERE r.{quoted_column} = j.id)"
        );
        condition
    })
}

/// An expression with the rows that refer to `j`, by table.
pub(super) fn referring(references: &[Reference]) -> String {
    let tables: Vec<String> = references
        .iter()
        .map(|Reference { table, quoted_table, quoted_column, .. }| {
            let key = table.replace('\'', "''");
            format!(
                "'{key}', (SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM {quoted_table} r WHERE r.{quoted_column} = j.id)"
            )
        })
        .collect();
    format!("jsonb_build_object({})", tables.join(", "))
}
