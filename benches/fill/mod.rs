//! Rows of the workload for the database.

use anyhow::Result;
use sqlx::{Executor as _, PgConnection};

use crate::workload::World;

/// Rows of one INSERT.
pub const ROWS: usize = 5_000;

/// Writes the first `count` searches, two of each user.
pub async fn searches(admin: &mut PgConnection, world: &World, count: usize) -> Result<()> {
    sqlx::query("INSERT INTO users (id, email, hashed_password) SELECT n, n || '@example.com', 'x' FROM generate_series(0, $1) n")
        .bind(i32::try_from(count / 2)?)
        .execute(&mut *admin)
        .await?;
    let numbers: Vec<usize> = (0..count).collect();
    for part in numbers.chunks(ROWS) {
        let searches: Vec<_> = part.iter().map(|number| world.search(*number).saved(world)).collect();
        sqlx::query(
            "INSERT INTO saved_searches (id, user_id, name, query, filters)
             SELECT * FROM UNNEST($1::int[], $2::int[], $3::text[], $4::text[], $5::json[])",
        )
        .bind(searches.iter().map(|search| search.id.0).collect::<Vec<_>>())
        .bind(searches.iter().map(|search| search.user_id.0).collect::<Vec<_>>())
        .bind(searches.iter().map(|search| search.name.clone()).collect::<Vec<_>>())
        .bind(searches.iter().map(|search| search.query.clone()).collect::<Vec<_>>())
        .bind(searches.iter().map(|search| search.filters.clone()).collect::<Vec<_>>())
        .execute(&mut *admin)
        .await?;
    }
    // Noted changes of before the start are no news to the matcher.
    admin.execute("TRUNCATE worker.search_changes").await?;
    Ok(())
}
