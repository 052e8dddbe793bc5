//! The filters of saved searches against SQL over `jobs`: the same postings in the table, the same filters as conditions.

use career_worker::{
    domain::{JobId, Posting},
    matching::{CompiledSearch, MatchPosting, PostingFields},
};
use serde_json::{Value, json};

use super::{
    answers::Bits,
    corpus::{Corpus, today},
    filters::{REMOTE, random_filters, shares_a_stem},
    index::saved,
};
use crate::support::TestDb;

/// Filters put to the postings.
const FILTERS: usize = 1_500;

/// Stores what `jobs` holds of the postings, and the words of each.
async fn store(db: &TestDb, corpus: &Corpus, rates: &[(String, f64)]) {
    let rows: Vec<Value> = (1..)
        .zip(&corpus.cases)
        .map(|(id, case)| {
            let mut row = serde_json::to_value(&case.posting).unwrap();
            row["id"] = json!(id);
            row
        })
        .collect();
    sqlx::query(
        "INSERT INTO jobs (id, title, company, location, description, requirements, tech_stack, salary_min, salary_max, salary_currency,
                           job_type, remote_option, source, source_id, posted_date)
         SELECT id, title, company, location, description, requirements, tech_stack, (salary ->> 'min')::int, (salary ->> 'max')::int,
                salary ->> 'currency', job_type, remote_option, source, source_id, posted_date
         FROM jsonb_to_recordset($1) AS p (id int, title text, company text, location text, description text, requirements text,
              tech_stack jsonb, salary jsonb, job_type text, remote_option text, source text, source_id text, posted_date date)",
    )
    .bind(Value::Array(rows))
    .execute(&db.pool)
    .await
    .unwrap();
    for statement in [
        r"CREATE FUNCTION oracle_folded(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
            SELECT regexp_replace(normalize(lower($1), NFKD), '[\u0300-\u036f\u00ad\u200b-\u200d\ufeff]', '', 'g') $$",
        "CREATE TABLE oracle_word AS
            SELECT DISTINCT j.id AS job, w.word FROM jobs j, LATERAL regexp_split_to_table(oracle_folded(concat_ws(E'\\n', title, company,
                location, description, requirements, (SELECT string_agg(skill, E'\\n') FROM jsonb_array_elements_text(tech_stack) skill))),
                '[^[:alnum:]]+') w (word)",
        // A remote posting has the word, whether it says it or not.
        &format!("INSERT INTO oracle_word SELECT j.id, 'remote' FROM jobs j WHERE {REMOTE}"),
        "CREATE INDEX ON oracle_word (word, job)",
        "CREATE TABLE oracle_rate (code text PRIMARY KEY, rate float8)",
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&db.pool).await.unwrap();
    }
    let (codes, rates): (Vec<&str>, Vec<f64>) =
        rates.iter().map(|(code, rate)| (code.as_str(), *rate)).unzip();
    let insert = sqlx::query("INSERT INTO oracle_rate SELECT * FROM unnest($1::text[], $2::float8[])");
    insert.bind(codes).bind(rates).execute(&db.pool).await.unwrap();
}

/// The columns of `jobs`, without the facts beside them.
fn of_the_row(id: i32, posting: &Posting) -> MatchPosting {
    let fields = PostingFields { places: &[], seniority: None, years: None, ..PostingFields::of(posting) };
    MatchPosting::new(JobId(id), &fields, today())
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_equal_sql_over_jobs() {
    let corpus = tokio::task::spawn_blocking(Corpus::get).await.unwrap();
    let settings = super::settings();
    let db = TestDb::new().await;
    store(&db, corpus, &super::rates()).await;
    let postings: Vec<_> = (1..).zip(&corpus.cases).map(|(id, case)| of_the_row(id, &case.posting)).collect();
    let (mut held, mut restricting, mut stems, mut wrong) = (0, 0, 0, Vec::new());
    for filter in random_filters(corpus, super::seed()).take(FILTERS) {
        let (search, problems) = CompiledSearch::new(&saved(0, "", filter.json.clone()), &settings);
        assert!(problems.iter().all(|problem| problem.key != "filters"), "{problems:?}");
        let ours = Bits::of((0..postings.len()).filter(|at| search.holds(&postings[*at], &settings)));
        let select = format!("SELECT j.id FROM jobs j WHERE {}", filter.condition);
        let found: Vec<i32> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(select)).fetch_all(&db.pool).await.unwrap();
        let theirs = Bits::of(found.into_iter().map(|id| usize::try_from(id - 1).unwrap()));
        held += theirs.count();
        restricting += usize::from((1..postings.len()).contains(&theirs.count()));
        for at in ours.difference(&theirs) {
            let posting = &corpus.cases[at].posting;
            if ours.get(at) && shares_a_stem(&filter.json, &posting.tech_stack) {
                stems += 1;
                continue;
            }
            wrong.push(format!(
                "{} ({} here): {} {:?} {:?}",
                filter.json,
                ours.get(at),
                posting.title,
                posting.location,
                posting.tech_stack
            ));
        }
    }
    let pairs = FILTERS * postings.len();
    println!(
        "SQL over jobs: {FILTERS} filters, {pairs} pairs, {held} match, {stems} technologies found by a stem only, {} differ",
        wrong.len()
    );
    assert!(stems * 1_000_000 <= pairs, "{stems} technologies are found by a stem only");
    assert!(restricting * 2 > FILTERS, "{restricting} filters prove something");
    assert!(wrong.is_empty(), "{:#?}", wrong.iter().take(8).collect::<Vec<_>>());
}
