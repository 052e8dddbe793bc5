//! Saved searches and profiles against postings that are already there.

mod asked;
mod filter;
mod problems;
mod runs;

use std::{collections::BTreeSet, sync::Arc};

use career_worker::{
    clock::Clock,
    config::Config,
    domain::{JobId, NewRun, Outcome, Salary, SavedSearch, SearchId, Trigger, UserId},
    fetch::{Fetch, LocalGate},
    matching::{CompiledProfile, CompiledSearch, MatchPosting, MatchSettings, PostingFields},
    queue::Transport,
    random::Random,
    store::{Store, StoredPosting},
    tasks::{self, Matcher},
    worker::{Parts, Worker},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::support::TestDb;

/// A database with users, searches and postings, and workers with the program's own tasks.
pub struct World {
    pub db: TestDb,
    pub config: Arc<Config>,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With small pages at full speed and short leases, and what `change` does to the settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let db = TestDb::new().await;
        let settings = [
            ("database.url", db.url.clone()),
            ("redis.url", "redis://127.0.0.1:1".to_owned()),
            ("fetch.gateway", "http://127.0.0.1:1".to_owned()),
            ("runs.lease", "2s".to_owned()),
            ("runs.renew", "200ms".to_owned()),
            ("runs.poll", "100ms".to_owned()),
            ("runs.reconcile", "200ms".to_owned()),
        ];
        let mut config = Config::load(None, &settings).unwrap();
        config.database.max_connections = 6;
        (config.rematch.page, config.rematch.per_second) = (7, 1_000_000);
        change(&mut config);
        Self { db, config: Arc::new(config) }
    }

    pub fn pool(&self) -> &PgPool {
        &self.db.pool
    }

    pub fn worker(&self) -> Worker {
        let config = Arc::clone(&self.config);
        let fetch =
            Fetch::new(&config.fetch, Clock::system(), Random::system(), Arc::new(LocalGate)).unwrap();
        let parts = Parts {
            store: Store::open(&config.database).unwrap(),
            matcher: Arc::new(Matcher::new(&config.matching)),
            config,
            fetch,
            clock: Clock::system(),
            random: Random::system(),
            transport: Transport::local(),
        };
        Worker::new("test", parts)
    }

    pub fn run_of(args: Value) -> NewRun {
        tasks::new_run(tasks::find("rematch").unwrap(), args, Trigger::Cli)
    }

    /// Runs the task here and now and gives its report.
    pub async fn rematch(&self, args: Value) -> Value {
        let executed = self.worker().execute(&Self::run_of(args), &CancellationToken::new()).await;
        match executed.unwrap().1 {
            Outcome::Done(report) => report,
            other => panic!("{other:?}"),
        }
    }

    pub async fn user(&self, name: &str) -> i32 {
        sqlx::query_scalar(
            "INSERT INTO users (email, hashed_password) VALUES ($1 || '@example.com', 'x') RETURNING id",
        )
        .bind(name)
        .fetch_one(self.pool())
        .await
        .unwrap()
    }

    pub async fn search(&self, user: i32, query: &str, filters: Value) -> i32 {
        sqlx::query_scalar("INSERT INTO saved_searches (user_id, name, query, filters) VALUES ($1, 'a search', $2, $3) RETURNING id")
            .bind(user)
            .bind(query)
            .bind(filters)
            .fetch_one(self.pool())
            .await
            .unwrap()
    }

    /// Postings that were stored and matched `age` days ago, with what the columns may hold.
    pub async fn postings(&self, count: u32, seed: u64) -> Vec<i32> {
        let random = Random::seeded(seed);
        let mut rows = Vec::new();
        for number in 0..count {
            rows.push(Self::posting(number, &random));
        }
        sqlx::query_scalar(
            "INSERT INTO jobs (title, company, location, description, tech_stack, salary_min, salary_max, salary_currency, job_type,
                               remote_option, source, source_id, url, posted_date, created_at, scraped_at, is_active, user_id)
             SELECT r.title, r.company, r.location, r.description, r.tech_stack, r.salary_min, r.salary_max, r.salary_currency, r.job_type,
                    r.remote_option, r.source, md5(random()::text), 'https://example.com/' || md5(random()::text), r.posted_date,
                    aged.at, aged.at, r.is_active, r.user_id
             FROM jsonb_array_elements($1) WITH ORDINALITY AS given (fields, place),
                  jsonb_populate_record(NULL::jobs, given.fields) AS r,
                  LATERAL (SELECT now() AT TIME ZONE 'UTC' - (given.fields ->> 'age')::float8 * interval '1 day' AS at) AS aged
             ORDER BY given.place RETURNING id",
        )
        .bind(Value::from(rows))
        .fetch_all(self.pool())
        .await
        .unwrap()
    }

    fn posting(number: u32, random: &Random) -> Value {
        let pick =
            |values: &[Value]| values[usize::try_from(random.below(values.len() as u64)).unwrap()].clone();
        let texts = |values: &[&str]| {
            let mut values: Vec<Value> = values.iter().map(|text| json!(text)).collect();
            values.push(Value::Null);
            pick(&values)
        };
        let title = format!(
            "{} {} {number}",
            pick(&[json!("Senior"), json!("Junior"), json!("Lead")]).as_str().unwrap(),
            pick(&[json!("Rust Engineer"), json!("Nurse"), json!("C++ Developer"), json!("Data Analyst")])
                .as_str()
                .unwrap()
        );
        let today = Clock::system().now().date_naive();
        let posted = today - chrono::Days::new(random.below(60));
        json!({
            "title": title,
            "company": pick(&[json!("Nordwind"), json!("Acme GmbH")]),
            "location": texts(&["Berlin, Germany", "Remote", "Hamburg (remote)", "Paris"]),
            "description": texts(&["We write Rust and Python.", "Caring for people."]),
            "tech_stack": pick(&[Value::Null, json!([]), json!(["Rust", "SQL"]), json!("Rust"), json!(["C++"]), json!({ "a": 1 })]),
            "salary_min": pick(&[Value::Null, json!(40_000), json!(70_000)]),
            "salary_max": pick(&[Value::Null, json!(75_000), json!(120_000)]),
            "salary_currency": texts(&["EUR", "USD", "XXX"]),
            "job_type": texts(&["full-time", "Full Time", "part-time", "contract", "CONTRACTOR", "internship", "blorp", "\u{130}nternship"]),
            "remote_option": texts(&["remote", "Remote", "hybrid", "onsite", "on-site", "yes", "?"]),
            "source": texts(&["lever", "Lever", "greenhouse", "wor\u{212a}day", "\u{dc}n\u{ef}"]),
            "posted_date": pick(&[Value::Null, json!(posted), json!(today)]),
            "age": f64::from(u32::try_from(random.below(40 * 24)).unwrap()) / 24.0,
            "is_active": pick(&[json!(true), json!(true), json!(true), Value::Null, json!(false)]),
        })
    }

    /// Pairs in the table.
    pub async fn pairs(&self) -> BTreeSet<(i32, i32)> {
        let pairs = sqlx::query_as("SELECT job_id, user_id FROM worker.matches").fetch_all(self.pool()).await;
        pairs.unwrap().into_iter().collect()
    }

    pub async fn count(&self, what: &str) -> i64 {
        let statement = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {what}"));
        sqlx::query_scalar(statement).fetch_one(self.pool()).await.unwrap()
    }

    /// Pairs of these searches, and of the profiles of these users, with postings first stored in the last days: asked one by one.
    pub async fn brute_force(&self, searches: &[i32], users: &[i32], days: i32) -> BTreeSet<(i32, i32)> {
        let settings = MatchSettings::from(&self.config.matching);
        let today = Clock::system().now().date_naive();
        let ids: Vec<i32> = sqlx::query_scalar(
            "SELECT id FROM jobs WHERE is_active IS NOT FALSE AND user_id IS NULL
               AND created_at >= now() AT TIME ZONE 'UTC' - make_interval(days => $1)",
        )
        .bind(days)
        .fetch_all(self.pool())
        .await
        .unwrap();
        let ids: Vec<JobId> = ids.into_iter().map(JobId).collect();
        let postings = self.db.store.list_postings(&ids).await.unwrap();
        let postings: Vec<_> = postings.iter().map(|posting| reduced(posting, today)).collect();
        let mut found = BTreeSet::new();
        for search in searches {
            let search = self.db.store.find_search(SearchId(*search)).await.unwrap().unwrap();
            let (compiled, _) = CompiledSearch::new(&search, &settings);
            let held = postings.iter().filter(|posting| compiled.holds(posting, &settings));
            found.extend(held.map(|posting| (posting.id.0, search.user_id.0)));
        }
        for user in users {
            let wishes = self.db.store.find_wishes(UserId(*user)).await.unwrap().unwrap();
            let Some(profile) = wishes.profile.as_ref().map(CompiledProfile::new) else { continue };
            let fits = |posting: &&MatchPosting| {
                profile.can_match()
                    && profile.total(posting, &settings).is_some_and(|score| score >= settings.threshold)
            };
            found.extend(postings.iter().filter(fits).map(|posting| (posting.id.0, *user)));
        }
        found
    }
}

/// A posting without facts, as the matcher wants it.
pub fn reduced(posting: &StoredPosting, today: chrono::NaiveDate) -> MatchPosting {
    let tech_stack: Vec<String> = serde_json::from_value(posting.tech_stack.clone()).unwrap_or_default();
    let fields = PostingFields {
        title: &posting.title,
        company: &posting.company,
        location: posting.location.as_deref(),
        description: posting.description.as_deref(),
        requirements: posting.requirements.as_deref(),
        tech_stack: &tech_stack,
        salary: Salary {
            min: posting.salary_min,
            max: posting.salary_max,
            currency: posting.salary_currency.clone(),
        },
        job_type: posting.job_type.as_deref(),
        remote_option: posting.remote_option.as_deref(),
        source: posting.source.as_deref().unwrap_or_default(),
        posted_date: posting.posted_date,
        created_at: posting.created_at,
        ..PostingFields::default()
    };
    MatchPosting::new(posting.id, &fields, today)
}

pub fn saved(filters: Value) -> SavedSearch {
    SavedSearch {
        id: SearchId(0),
        user_id: UserId(0),
        name: String::new(),
        query: None,
        filters,
        is_active: true,
    }
}
