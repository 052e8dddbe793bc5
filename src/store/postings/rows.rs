//! The rows of `jobs`, many in one statement.

use std::borrow::Cow;

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::{
    Item,
    plan::{Known, Plan, Row, Write, distinct_url, numbered_url},
};
use crate::{
    domain::{JobType, RemoteOption},
    store::StoreError,
};

/// The rows that postings of the batch may go to or collide with: those their sightings point at, those with their identity, and those
/// with their URL.
pub(super) async fn load(
    tx: &mut PgConnection,
    items: &[Item<'_>],
    known: &[Known],
) -> Result<Vec<Row>, StoreError> {
    let ids: Vec<i32> = known.iter().map(|sighting| sighting.job_id).collect();
    let sources: Vec<&str> = items.iter().map(|item| item.posting.source.as_str()).collect();
    let source_ids: Vec<&str> = items.iter().map(|item| item.posting.source_id.as_str()).collect();
    let mut urls: Vec<String> = items.iter().map(|item| item.posting.url.clone()).collect();
    urls.extend(
        items
            .iter()
            .map(|item| distinct_url(&item.posting.url, &item.posting.source, &item.posting.source_id)),
    );
    Ok(sqlx::query_as!(
        Row,
        r#"SELECT id, user_id IS NOT NULL AS "of_user!", source, source_id, url, title, location,
                  coalesce(is_active, true) AS "is_active!"
           FROM public.jobs
           WHERE id IN (
               SELECT unnest($1::int[])
               UNION
               SELECT j.id FROM unnest($2::text[], $3::text[]) AS k (source, source_id)
               JOIN public.jobs AS j ON j.source = k.source AND j.source_id = k.source_id
               UNION
               SELECT j.id FROM unnest($4::text[]) AS k (url) JOIN public.jobs AS j ON j.url = k.url
               UNION
               SELECT s.job_id FROM unnest($4::text[]) AS k (url)
               JOIN worker.sightings AS s ON s.url = k.url AND s.url_taken
           )
           ORDER BY id"#,
        &ids,
        &sources as _,
        &source_ids as _,
        &urls,
    )
    .fetch_all(tx)
    .await?)
}

/// Ids for new rows, so that sightings need not be matched to them afterwards.
pub(super) async fn next_ids(tx: &mut PgConnection, count: usize) -> Result<Vec<i32>, StoreError> {
    if count == 0 {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_scalar!(
        r#"SELECT nextval(pg_get_serial_sequence('public.jobs', 'id'))::int AS "id!" FROM generate_series(1, $1::int)"#,
        i32::try_from(count).unwrap_or(i32::MAX),
    )
    .fetch_all(tx)
    .await?)
}

/// Locks the rows to write in the order of their ids, and clears the keys that change, so that two rows can swap theirs.
pub(super) async fn release_keys(tx: &mut PgConnection, plan: &Plan) -> Result<(), StoreError> {
    let mut all: Vec<i32> =
        plan.updates.iter().map(|write| write.row).chain(plan.reactivate.iter().copied()).collect();
    if all.is_empty() {
        return Ok(());
    }
    all.sort_unstable();
    sqlx::query_scalar!("SELECT id FROM public.jobs WHERE id = ANY($1) ORDER BY id FOR UPDATE", &all)
        .fetch_all(&mut *tx)
        .await?;
    if !plan.release.is_empty() {
        sqlx::query!(
            "UPDATE public.jobs SET url = NULL, source_id = NULL WHERE id = ANY($1) AND user_id IS NULL",
            &plan.release
        )
        .execute(tx)
        .await?;
    }
    Ok(())
}

#[derive(Default)]
struct Columns<'a> {
    id: Vec<i32>,
    title: Vec<&'a str>,
    company: Vec<&'a str>,
    location: Vec<Option<&'a str>>,
    description: Vec<Option<&'a str>>,
    requirements: Vec<Option<&'a str>>,
    tech_stack: Vec<serde_json::Value>,
    salary_min: Vec<Option<i32>>,
    salary_max: Vec<Option<i32>>,
    salary_currency: Vec<Option<&'a str>>,
    job_type: Vec<Option<&'a str>>,
    remote_option: Vec<Option<&'a str>>,
    source: Vec<&'a str>,
    source_id: Vec<Option<&'a str>>,
    url: Vec<Option<Cow<'a, str>>>,
    posted_date: Vec<Option<NaiveDate>>,
    application_deadline: Vec<Option<NaiveDate>>,
    activate: Vec<bool>,
}

impl<'a> Columns<'a> {
    fn of(items: &'a [Item<'_>], writes: impl Iterator<Item = (i32, &'a Write)>) -> Self {
        let mut columns = Self::default();
        for (id, write) in writes {
            let Some(item) = items.get(write.item) else { continue };
            let posting = item.posting;
            columns.id.push(id);
            columns.title.push(&posting.title);
            columns.company.push(&posting.company);
            columns.location.push(posting.location.as_deref());
            columns.description.push(posting.description.as_deref());
            columns.requirements.push(posting.requirements.as_deref());
            columns.tech_stack.push(posting.tech_stack.clone().into());
            columns.salary_min.push(posting.salary.min);
            columns.salary_max.push(posting.salary.max);
            columns.salary_currency.push(posting.salary.currency.as_deref());
            columns.job_type.push(posting.job_type.map(JobType::as_str));
            columns.remote_option.push(posting.remote_option.map(RemoteOption::as_str));
            columns.source.push(&posting.source);
            columns.source_id.push(write.with_source_id.then_some(&posting.source_id));
            columns.url.push(
                write
                    .url
                    .as_deref()
                    .map(|url| if write.numbered { numbered_url(url, id).into() } else { url.into() }),
            );
            columns.posted_date.push(posting.posted_date);
            columns.application_deadline.push(posting.application_deadline);
            columns.activate.push(write.activate);
        }
        columns
    }
}

/// Writes the content of known rows. A row that is inactive becomes active when it comes back, or when its deadline moved ahead.
pub(super) async fn update(tx: &mut PgConnection, items: &[Item<'_>], plan: &Plan) -> Result<(), StoreError> {
    if plan.updates.is_empty() {
        return Ok(());
    }
    let c = Columns::of(items, plan.updates.iter().map(|write| (write.row, write)));
    sqlx::query!(
        "UPDATE public.jobs AS j SET
             title = n.title, company = n.company, location = n.location, description = n.description,
             requirements = n.requirements, tech_stack = n.tech_stack, salary_min = n.salary_min,
             salary_max = n.salary_max, salary_currency = n.salary_currency, job_type = n.job_type,
             remote_option = n.remote_option, source = n.source, source_id = n.source_id, url = n.url,
             posted_date = n.posted_date, application_deadline = n.application_deadline,
             scraped_at = now() AT TIME ZONE 'UTC', updated_at = now() AT TIME ZONE 'UTC',
             is_active = n.activate OR coalesce(j.is_active, true)
                 OR (n.application_deadline >= (now() AT TIME ZONE 'UTC')::date
                     AND j.application_deadline < n.application_deadline)
         FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::int[], $9::int[],
                     $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::date[], $17::date[],
                     $18::bool[])
             AS n (id, title, company, location, description, requirements, tech_stack, salary_min, salary_max,
                   salary_currency, job_type, remote_option, source, source_id, url, posted_date, application_deadline, activate)
         WHERE j.id = n.id AND j.user_id IS NULL",
        &c.id,
        &c.title as _,
        &c.company as _,
        &c.location as _,
        &c.description as _,
        &c.requirements as _,
        &c.tech_stack,
        &c.salary_min as _,
        &c.salary_max as _,
        &c.salary_currency as _,
        &c.job_type as _,
        &c.remote_option as _,
        &c.source as _,
        &c.source_id as _,
        &c.url as _,
        &c.posted_date as _,
        &c.application_deadline as _,
        &c.activate,
    )
    .execute(tx)
    .await?;
    Ok(())
}

pub(super) async fn insert(
    tx: &mut PgConnection,
    items: &[Item<'_>],
    plan: &Plan,
    ids: &[i32],
) -> Result<(), StoreError> {
    if plan.inserts.is_empty() {
        return Ok(());
    }
    let c = Columns::of(items, ids.iter().copied().zip(&plan.inserts));
    sqlx::query!(
        "INSERT INTO public.jobs (id, title, company, location, description, requirements, tech_stack, salary_min, salary_max,
                 salary_currency, job_type, remote_option, source, source_id, url, posted_date, application_deadline,
                 scraped_at, created_at, updated_at, is_active)
         SELECT n.*, t.utc, t.utc, t.utc, true
         FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::int[], $9::int[],
                     $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::date[], $17::date[])
             AS n (id, title, company, location, description, requirements, tech_stack, salary_min, salary_max,
                   salary_currency, job_type, remote_option, source, source_id, url, posted_date, application_deadline),
             (SELECT now() AT TIME ZONE 'UTC') AS t (utc)",
        &c.id,
        &c.title as _,
        &c.company as _,
        &c.location as _,
        &c.description as _,
        &c.requirements as _,
        &c.tech_stack,
        &c.salary_min as _,
        &c.salary_max as _,
        &c.salary_currency as _,
        &c.job_type as _,
        &c.remote_option as _,
        &c.source as _,
        &c.source_id as _,
        &c.url as _,
        &c.posted_date as _,
        &c.application_deadline as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Rows whose posting is back with the content it had.
pub(super) async fn reactivate(tx: &mut PgConnection, ids: &[i32]) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE public.jobs SET is_active = true, updated_at = now() AT TIME ZONE 'UTC'
         WHERE id = ANY($1) AND user_id IS NULL",
        ids
    )
    .execute(tx)
    .await?;
    Ok(())
}
