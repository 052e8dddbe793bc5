//! Groups of postings that different sources show of one vacancy. Rows are marked, never put together.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use super::plan::{Plan, Target};
use crate::store::StoreError;

/// Most bits in which the simhashes of near-equal texts differ.
const NEAR: i32 = 6;

struct Pair {
    mine: i32,
    other: i32,
}

struct Member {
    job_id: i32,
    group_id: Option<i32>,
    sources: Vec<String>,
}

/// Takes the rows that this batch wrote out of their groups and finds groups for them again.
pub(super) async fn regroup(tx: &mut PgConnection, plan: &Plan, ids: &[i32]) -> Result<(), StoreError> {
    let rewritten: Vec<i32> = plan.updates.iter().map(|write| write.row).collect();
    leave(tx, &rewritten).await?;
    let mut written: BTreeSet<i32> = rewritten.into_iter().chain(ids.iter().copied()).collect();
    // A row that a further source begins to show may no longer be in a group with that source.
    written.extend(plan.sightings.iter().filter_map(|sighting| match sighting.target {
        Target::Row(id) if !sighting.is_owner => Some(id),
        _ => None,
    }));
    let written: Vec<i32> = written.into_iter().collect();
    let pairs = pairs(tx, &written).await?;
    if pairs.is_empty() {
        return Ok(());
    }
    let mut concerned: Vec<i32> = pairs.iter().flat_map(|pair| [pair.mine, pair.other]).collect();
    concerned.sort_unstable();
    concerned.dedup();
    let members = members(tx, &concerned).await?;
    let grouped = group(&pairs, &members);
    let (job_ids, group_ids): (Vec<i32>, Vec<i32>) = grouped.into_iter().unzip();
    sqlx::query!(
        "INSERT INTO worker.duplicates AS d (job_id, group_id) SELECT * FROM unnest($1::int[], $2::int[])
         ON CONFLICT (job_id) DO UPDATE SET group_id = excluded.group_id WHERE d.group_id <> excluded.group_id",
        &job_ids,
        &group_ids,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes rows out of their groups; a group of one is none.
async fn leave(tx: &mut PgConnection, job_ids: &[i32]) -> Result<(), StoreError> {
    if job_ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "DELETE FROM worker.duplicates AS d
         WHERE d.group_id IN (SELECT group_id FROM worker.duplicates WHERE job_id = ANY($1))
           AND (d.job_id = ANY($1)
                OR 2 > (SELECT count(*) FROM worker.duplicates AS o WHERE o.group_id = d.group_id AND o.job_id <> ALL($1)))",
        job_ids
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Pairs of different sources with equal company and title, a common place and near-equal text, the nearest first.
async fn pairs(tx: &mut PgConnection, written: &[i32]) -> Result<Vec<Pair>, StoreError> {
    if written.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as!(
        Pair,
        r#"SELECT mine.job_id AS "mine!", other.job_id AS "other!"
           FROM worker.sightings AS mine
           CROSS JOIN LATERAL (
               SELECT o.job_id, o.simhash, o.place_keys, o.gone_at FROM worker.sightings AS o
               WHERE o.is_owner AND o.company_key = mine.company_key AND o.title_key = mine.title_key AND o.source < mine.source
               UNION ALL
               SELECT o.job_id, o.simhash, o.place_keys, o.gone_at FROM worker.sightings AS o
               WHERE o.is_owner AND o.company_key = mine.company_key AND o.title_key = mine.title_key AND o.source > mine.source
           ) AS other
           CROSS JOIN LATERAL (
               SELECT length(replace((mine.simhash # other.simhash)::bit(64)::text, '0', '')) AS bits
           ) AS distance
           WHERE mine.job_id = ANY($1) AND mine.is_owner AND mine.company_key IS NOT NULL
             AND other.job_id <> mine.job_id AND other.gone_at IS NULL
             AND (cardinality(mine.place_keys) = 0 OR cardinality(other.place_keys) = 0
                  OR mine.place_keys && other.place_keys)
             AND distance.bits <= $2
           ORDER BY distance.bits, least(mine.job_id, other.job_id), greatest(mine.job_id, other.job_id)"#,
        written,
        NEAR,
    )
    .fetch_all(tx)
    .await?)
}

/// These rows and all of their groups, with the sources that show each.
async fn members(tx: &mut PgConnection, job_ids: &[i32]) -> Result<Vec<Member>, StoreError> {
    Ok(sqlx::query_as!(
        Member,
        r#"SELECT s.job_id AS "job_id!", min(d.group_id) AS group_id, array_agg(DISTINCT s.source) AS "sources!"
           FROM worker.sightings AS s
           LEFT JOIN worker.duplicates AS d ON d.job_id = s.job_id
           WHERE s.job_id IN (
               SELECT unnest($1::int[])
               UNION
               SELECT job_id FROM worker.duplicates
               WHERE group_id IN (SELECT group_id FROM worker.duplicates WHERE job_id = ANY($1)))
           GROUP BY s.job_id
           ORDER BY s.job_id"#,
        job_ids
    )
    .fetch_all(tx)
    .await?)
}

/// Joins groups along the pairs, as long as no source is in a group twice. Answers the group of each row that is in one.
fn group(pairs: &[Pair], members: &[Member]) -> BTreeMap<i32, i32> {
    let mut of_job: BTreeMap<i32, i32> = BTreeMap::new();
    let mut groups: BTreeMap<i32, (BTreeSet<i32>, Vec<&str>)> = BTreeMap::new();
    for member in members {
        let group_id = member.group_id.unwrap_or(member.job_id);
        of_job.insert(member.job_id, group_id);
        let (jobs, sources) = groups.entry(group_id).or_default();
        jobs.insert(member.job_id);
        sources.extend(member.sources.iter().map(String::as_str));
    }
    for pair in pairs {
        let (Some(&one), Some(&two)) = (of_job.get(&pair.mine), of_job.get(&pair.other)) else { continue };
        if one == two {
            continue;
        }
        let (keep, drop) = (one.min(two), one.max(two));
        let disjoint = match (groups.get(&keep), groups.get(&drop)) {
            (Some((_, a)), Some((_, b))) => a.iter().all(|source| !b.contains(source)),
            _ => false,
        };
        if !disjoint {
            continue;
        }
        let Some((jobs, sources)) = groups.remove(&drop) else { continue };
        for job in &jobs {
            of_job.insert(*job, keep);
        }
        if let Some(kept) = groups.get_mut(&keep) {
            kept.0.extend(jobs);
            kept.1.extend(sources);
        }
    }
    of_job.retain(|_, group| groups.get(group).is_some_and(|(jobs, _)| jobs.len() > 1));
    of_job
}

#[cfg(test)]
mod tests {
    use super::{Member, Pair, group};

    fn member(job_id: i32, group_id: Option<i32>, sources: &[&str]) -> Member {
        Member { job_id, group_id, sources: sources.iter().map(|source| (*source).to_owned()).collect() }
    }

    #[test]
    fn a_source_is_in_a_group_once() {
        let members = [member(1, None, &["a"]), member(2, None, &["a"]), member(3, None, &["b"])];
        let pairs = [Pair { mine: 3, other: 1 }, Pair { mine: 3, other: 2 }];
        let grouped: Vec<_> = group(&pairs, &members).into_iter().collect();
        assert_eq!(grouped, [(1, 1), (3, 1)]);
    }

    #[test]
    fn a_third_source_joins_an_existing_group() {
        let members = [member(1, Some(1), &["a"]), member(2, Some(1), &["b"]), member(9, None, &["c"])];
        let grouped = group(&[Pair { mine: 9, other: 2 }], &members);
        assert_eq!(grouped.into_iter().collect::<Vec<_>>(), [(1, 1), (2, 1), (9, 1)]);
    }

    #[test]
    fn a_row_that_two_sources_show_keeps_both_out() {
        let members = [member(1, None, &["a", "b"]), member(2, None, &["b"])];
        assert!(group(&[Pair { mine: 2, other: 1 }], &members).is_empty());
    }
}
