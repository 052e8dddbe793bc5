//! Searches come, change and go while postings arrive and matchers are killed: no pair is missed, doubled or made up.
//!
//! Every writer notes when its commit was asked for and when it was answered. A pair must exist where the search in its last form was
//! answered before the posting's commit was asked for; it must not exist where no form of the search that lived after that time fits.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use career_worker::{
    config::{Config, DEFAULTS, MatchingConfig},
    domain::{JobId, SavedSearch, SearchId, Shard, UserId},
    matching::{CompiledSearch, MatchPosting, MatchSettings, PostingFields},
    random::Random,
    store::Store,
};
use sqlx::{PgPool, postgres::PgPoolOptions};

use crate::process::{Program, Running, own_stack};

const USERS: usize = 40;
const SEARCHES: usize = 200;
const POSTINGS: usize = 2_000;
const SEARCHERS: usize = 8;
const POSTERS: usize = 4;
const WORDS: [&str; 12] = [
    "rust", "java", "nurse", "driver", "senior", "cloud", "night", "teacher", "keeper", "welder", "analyst",
    "cook",
];

/// One form of a search, from the answer to its commit to the answer to the commit that ended it.
struct Form {
    search: SavedSearch,
    committed: Instant,
    ended: Option<Instant>,
}

struct Posted {
    id: JobId,
    title: String,
    asked: Instant,
}

#[derive(Default)]
struct History {
    forms: Mutex<Vec<Form>>,
    postings: Mutex<Vec<Posted>>,
}

impl History {
    fn begin(&self, search: SavedSearch) {
        self.forms.lock().unwrap().push(Form { search, committed: Instant::now(), ended: None });
    }

    fn end(&self, id: SearchId) {
        let mut forms = self.forms.lock().unwrap();
        let open = forms.iter_mut().find(|form| form.search.id == id && form.ended.is_none());
        open.expect("a form that has not ended").ended = Some(Instant::now());
    }
}

fn words(random: &Random, count: usize) -> Vec<&'static str> {
    let mut words = Vec::new();
    while words.len() < count {
        let word = WORDS[usize::try_from(random.below(WORDS.len() as u64)).unwrap()];
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

fn query(random: &Random) -> String {
    let words = words(random, 2);
    match random.below(4) {
        0 => format!("{} {}", words[0], words[1]),
        1 => format!("{} -{}", words[0], words[1]),
        2 => format!("{} or {}", words[0], words[1]),
        _ => words[0].to_owned(),
    }
}

/// A transaction that stays open for a random moment.
async fn linger(random: &Random, most: u64) {
    tokio::time::sleep(random.up_to(Duration::from_millis(most))).await;
}

/// Creates searches one by one; in between changes or deletes some of its own.
async fn search_around(pool: PgPool, random: Random, history: Arc<History>, users: Arc<Vec<i32>>) {
    let mut own: Vec<SavedSearch> = Vec::new();
    for _ in 0..SEARCHES / SEARCHERS {
        let user = users[usize::try_from(random.below(users.len() as u64)).unwrap()];
        let mut search = SavedSearch {
            id: SearchId(0),
            user_id: UserId(user),
            name: "race".to_owned(),
            query: Some(query(&random)),
            filters: serde_json::json!({}),
            is_active: true,
        };
        let mut transaction = pool.begin().await.unwrap();
        let id: i32 = sqlx::query_scalar(
            "INSERT INTO saved_searches (user_id, name, query) VALUES ($1, $2, $3) RETURNING id",
        )
        .bind(user)
        .bind(&search.name)
        .bind(&search.query)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
        linger(&random, 40).await;
        transaction.commit().await.unwrap();
        search.id = SearchId(id);
        history.begin(search.clone());
        own.push(search);
        for _ in 0..2 {
            let at = usize::try_from(random.below(own.len() as u64)).unwrap();
            let mut transaction = pool.begin().await.unwrap();
            if random.below(4) == 0 && own.len() > 1 {
                let gone = own.swap_remove(at);
                sqlx::query("DELETE FROM saved_searches WHERE id = $1")
                    .bind(gone.id.0)
                    .execute(&mut *transaction)
                    .await
                    .unwrap();
                linger(&random, 30).await;
                transaction.commit().await.unwrap();
                history.end(gone.id);
            } else {
                own[at].query = Some(query(&random));
                sqlx::query("UPDATE saved_searches SET query = $2 WHERE id = $1")
                    .bind(own[at].id.0)
                    .bind(&own[at].query)
                    .execute(&mut *transaction)
                    .await
                    .unwrap();
                linger(&random, 30).await;
                transaction.commit().await.unwrap();
                history.end(own[at].id);
                history.begin(own[at].clone());
            }
        }
        linger(&random, 500).await;
    }
}

async fn post(pool: PgPool, random: Random, history: Arc<History>, poster: usize) {
    for number in 0..POSTINGS / POSTERS {
        let title = words(&random, 3).join(" ");
        let mut transaction = pool.begin().await.unwrap();
        let id: i32 = sqlx::query_scalar(
            "WITH job AS (
               INSERT INTO jobs (title, company, location, source, source_id, url)
               VALUES ($1, 'Acme', 'Berlin', 'test', $2, 'https://example.com/' || $2) RETURNING id
             )
             INSERT INTO worker.outbox (job_id) SELECT id FROM job RETURNING job_id",
        )
        .bind(&title)
        .bind(format!("{poster}-{number}"))
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
        linger(&random, 20).await;
        let asked = Instant::now();
        transaction.commit().await.unwrap();
        history.postings.lock().unwrap().push(Posted { id: JobId(id), title, asked });
        linger(&random, 30).await;
    }
}

/// Kills a matcher now and then until `over`; gives the number of kills. Between two kills the matchers get somewhere: those that never do
/// would rightly take a posting for what stops them.
async fn kill_around(
    pool: &PgPool,
    random: &Random,
    programs: &[Program; 2],
    over: impl Future<Output = ()>,
) -> usize {
    let start = |program: &Program| program.start(&["serve", "--roles", "worker", "--queues", "match"]);
    let mut matchers: Vec<Running> = programs.iter().map(start).collect();
    let mut kills = 0;
    let mut over = std::pin::pin!(over);
    loop {
        let pause = Duration::from_millis(200) + random.up_to(Duration::from_millis(1_400));
        let next = async {
            if kills < 12 {
                oldest_is_done(pool).await;
            }
            tokio::time::sleep(pause).await;
        };
        tokio::select! {
            () = &mut over => return kills,
            () = next => {}
        }
        let victim = usize::try_from(random.below(2)).unwrap();
        if kills < 12 {
            matchers[victim].kill();
            matchers[victim] = start(&programs[victim]);
            kills += 1;
        }
    }
}

/// Waits until the posting that has waited longest is matched.
async fn oldest_is_done(pool: &PgPool) {
    let oldest = || async {
        sqlx::query_scalar::<_, Option<i64>>("SELECT min(id) FROM worker.outbox")
            .fetch_one(pool)
            .await
            .unwrap()
    };
    let first = oldest().await;
    while first.is_some() && oldest().await == first {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn drained(pool: &PgPool) {
    let deadline = Instant::now() + Duration::from_mins(2);
    loop {
        let left: i64 =
            sqlx::query_scalar("SELECT count(*) FROM worker.outbox").fetch_one(pool).await.unwrap();
        if left == 0 {
            return;
        }
        assert!(Instant::now() < deadline, "{left} rows of the outbox are left");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn settings() -> MatchSettings {
    let defaults: toml::Table = DEFAULTS.parse().unwrap();
    let matching: MatchingConfig = defaults["matching"].clone().try_into().unwrap();
    MatchSettings::from(&matching)
}

/// Compares what is in the table with what every form of every search says of every posting.
async fn check(pool: &PgPool, history: &History) {
    let settings = settings();
    let rows: Vec<(i32, i32, Vec<i32>)> =
        sqlx::query_as("SELECT job_id, user_id, search_ids FROM worker.matches")
            .fetch_all(pool)
            .await
            .unwrap();
    let found: HashSet<(i32, i32, i32)> = rows
        .iter()
        .flat_map(|(job, user, searches)| searches.iter().map(move |search| (*job, *user, *search)))
        .collect();
    let doubled = rows.iter().map(|row| row.2.len()).sum::<usize>() - found.len();
    assert_eq!(doubled, 0, "a search is named twice for one pair");
    let (forms, postings) = (history.forms.lock().unwrap(), history.postings.lock().unwrap());
    assert_eq!(
        (postings.len(), forms.iter().map(|form| form.search.id).collect::<HashSet<_>>().len()),
        (POSTINGS, SEARCHES)
    );
    let compiled: Vec<_> = forms.iter().map(|form| CompiledSearch::new(&form.search, &settings).0).collect();
    let (mut missed, mut allowed, mut must) = (Vec::new(), HashSet::new(), 0);
    for posting in postings.iter() {
        let fields = PostingFields {
            title: &posting.title,
            company: "Acme",
            location: Some("Berlin"),
            source: "test",
            ..PostingFields::default()
        };
        let reduced = MatchPosting::new(posting.id, &fields, chrono::NaiveDate::default());
        for (form, compiled) in forms.iter().zip(&compiled) {
            if form.ended.is_some_and(|ended| ended < posting.asked) || !compiled.holds(&reduced, &settings) {
                continue;
            }
            let pair = (posting.id.0, form.search.user_id.0, form.search.id.0);
            allowed.insert(pair);
            if form.ended.is_none() && form.committed < posting.asked {
                must += 1;
                if !found.contains(&pair) {
                    missed.push(pair);
                }
            }
        }
    }
    let made_up: Vec<_> = found.difference(&allowed).collect();
    println!("{must} pairs must exist, {} may, {} do", allowed.len(), found.len());
    assert!(must > 5_000 && must < allowed.len(), "the race proves nothing: {must} of {}", allowed.len());
    assert!(missed.is_empty(), "{} pairs are missed: {:?}", missed.len(), &missed[..missed.len().min(5)]);
    assert!(
        made_up.is_empty(),
        "{} pairs are made up: {:?}",
        made_up.len(),
        &made_up[..made_up.len().min(5)]
    );
}

async fn race(seed: u64, shards: [&str; 2]) {
    let seed = std::env::var("CAREER_STORM_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(seed);
    println!("seed {seed} (CAREER_STORM_SEED)");
    let random = Random::seeded(seed);
    let stack = own_stack().await;
    let jobs = tempfile::tempdir().unwrap();
    let pool = PgPoolOptions::new().max_connections(20).connect(&stack.database_url).await.unwrap();
    let config = Config::load(None, &[("database.url", stack.database_url.clone())]).unwrap();
    Store::open(&config.database).unwrap().migrate().await.unwrap();
    let mut users = Vec::new();
    for user in 0..USERS {
        let id: i32 =
            sqlx::query_scalar("INSERT INTO users (email, hashed_password) VALUES ($1, 'x') RETURNING id")
                .bind(format!("user{user}@example.com"))
                .fetch_one(&pool)
                .await
                .unwrap();
        users.push(id);
    }
    let (history, users) = (Arc::new(History::default()), Arc::new(users));
    let programs = shards.map(|shard| {
        Program::on(&stack, jobs.path())
            .with("CAREER__RUNS__RECONCILE", "200ms")
            .with("CAREER__MATCHING__BATCH", "20")
            .with("CAREER__MATCHING__SHARD", shard)
    });
    let mut writing = tokio::task::JoinSet::new();
    for number in 0..SEARCHERS {
        let random = Random::seeded(seed ^ (number as u64 + 100));
        writing.spawn(search_around(pool.clone(), random, Arc::clone(&history), Arc::clone(&users)));
    }
    for number in 0..POSTERS {
        let random = Random::seeded(seed ^ (number as u64 + 200));
        writing.spawn(post(pool.clone(), random, Arc::clone(&history), number));
    }
    let kills = kill_around(&pool, &random, &programs, async {
        while let Some(ended) = writing.join_next().await {
            ended.unwrap();
        }
        drained(&pool).await;
    })
    .await;
    println!("{kills} kills");
    assert!(kills > 3, "the matchers were not killed");
    check(&pool, &history).await;
    let dead: Vec<String> =
        sqlx::query_scalar("SELECT error FROM worker.outbox_dead").fetch_all(&pool).await.unwrap();
    assert!(dead.is_empty(), "a kill is no posting's fault: {dead:?}");
    let by_user: HashMap<i32, i64> =
        sqlx::query_as::<_, (i32, i64)>("SELECT user_id, count(*) FROM worker.matches GROUP BY 1")
            .fetch_all(&pool)
            .await
            .unwrap()
            .into_iter()
            .collect();
    for shard in shards.map(|shard| shard.parse::<Shard>().unwrap()) {
        assert!(by_user.keys().any(|user| shard.holds(UserId(*user))), "nobody of shard {shard} was matched");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_and_postings_meet_while_replicas_are_killed() {
    race(71, ["1/1", "1/1"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_and_postings_meet_while_shards_are_killed() {
    race(72, ["1/2", "2/2"]).await;
}
