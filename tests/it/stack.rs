//! The private servers: they start, keep their data, and are gone when we are.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use career_worker::dev::{Search, Stack, StackOptions};
use sqlx::{Connection as _, PgConnection};
use tokio::net::TcpStream;
use url::Url;

use crate::support::{TestDb, eventually, redis_url, unique};

const HOLD: &str = "CAREER_TEST_HOLD";
const GONE_WITHIN: Duration = Duration::from_secs(20);

/// A folder that root's servers reach too.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("career-worker-stack-{}", unique())))
    }

    fn options(&self, durable: bool) -> StackOptions {
        StackOptions { data: self.0.clone(), durable, database_url: None, redis_url: None }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

async fn set(stack: &Stack, key: &str) {
    let mut redis = redis(stack).await;
    let () = redis::cmd("SET").arg(key).arg("kept").query_async(&mut redis).await.unwrap();
    // The log is on disk a second later at the latest; this makes it now.
    let mut database = PgConnection::connect(&stack.database_url).await.unwrap();
    sqlx::query("CREATE TABLE kept (name text)").execute(&mut database).await.unwrap();
    sqlx::query("INSERT INTO kept VALUES ($1)").bind(key).execute(&mut database).await.unwrap();
}

async fn get(stack: &Stack, key: &str) -> (Option<String>, Option<String>) {
    let mut redis = redis(stack).await;
    let in_redis = redis::cmd("GET").arg(key).query_async(&mut redis).await.unwrap();
    let mut database = PgConnection::connect(&stack.database_url).await.unwrap();
    let in_database =
        sqlx::query_scalar("SELECT name FROM kept").fetch_optional(&mut database).await.unwrap();
    (in_redis, in_database)
}

async fn redis(stack: &Stack) -> redis::aio::MultiplexedConnection {
    redis::Client::open(stack.redis_url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

async fn is_up(url: &str) -> bool {
    let url = Url::parse(url).unwrap();
    TcpStream::connect((url.host_str().unwrap(), url.port().unwrap())).await.is_ok()
}

#[tokio::test]
async fn each_test_has_a_migrated_database_of_its_own() {
    let (one, two) = (TestDb::new().await, TestDb::new().await);
    for db in [&one, &two] {
        sqlx::query("INSERT INTO users (email, hashed_password) VALUES ('a@example.com', '!')")
            .execute(&db.pool)
            .await
            .unwrap();
    }
    let url = one.url.clone();
    drop(one);
    assert!(PgConnection::connect(&url).await.is_err(), "a dropped database is gone");
    let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&two.pool).await.unwrap();
    assert_eq!(users, 1);
    two.store.migrate().await.unwrap();
    assert_ne!(two.config().redis.prefix, TestDb::unmigrated().await.config().redis.prefix);
}

#[tokio::test]
async fn a_test_of_the_migrations_starts_from_nothing() {
    let db = TestDb::unmigrated().await;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert_eq!(tables, 0);
    db.store.migrate().await.unwrap();
}

#[tokio::test]
async fn all_tests_share_one_redis() {
    let key = unique();
    for url in [redis_url().await, redis_url().await] {
        let client = redis::Client::open(url).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let () = redis::cmd("INCR").arg(&key).query_async(&mut connection).await.unwrap();
        let () = redis::cmd("EXPIRE").arg(&key).arg(60).query_async(&mut connection).await.unwrap();
    }
    let mut connection =
        redis::Client::open(redis_url().await).unwrap().get_multiplexed_async_connection().await.unwrap();
    let count: i64 = redis::cmd("GET").arg(&key).query_async(&mut connection).await.unwrap();
    assert_eq!(count, 2);
}

#[tokio::test]
async fn a_second_start_finds_the_data_of_the_first() {
    let folder = Folder::new();
    let first = Stack::start(folder.options(true)).await.unwrap();
    set(&first, "key").await;
    let urls = [first.database_url.clone(), first.redis_url.clone()];
    drop(first);
    for url in &urls {
        assert!(!is_up(url).await, "{url} still answers");
    }
    let second = Stack::start(folder.options(true)).await.unwrap();
    let kept = Some("key".to_owned());
    assert_eq!(get(&second, "key").await, (Some("kept".to_owned()), kept));
}

#[tokio::test]
async fn others_without_the_password_are_refused() {
    let folder = Folder::new();
    let stack = Stack::start(folder.options(false)).await.unwrap();
    let mut database = Url::parse(&stack.database_url).unwrap();
    database.set_password(Some("wrong")).unwrap();
    assert!(PgConnection::connect(database.as_str()).await.is_err());
    let mut server = Url::parse(&stack.redis_url).unwrap();
    server.set_password(None).unwrap();
    let client = redis::Client::open(server.as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let refused: Result<(), _> = redis::cmd("SET").arg("a").arg("b").query_async(&mut connection).await;
    assert!(refused.is_err());
    for file in ["postgres.password", "redis.conf"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.0.join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file} is open to others");
    }
}

#[tokio::test]
async fn a_folder_in_use_is_refused_and_data_that_need_not_last_goes() {
    let folder = Folder::new();
    let stack = Stack::start(folder.options(false)).await.unwrap();
    let message = Stack::start(folder.options(false)).await.err().unwrap().to_string();
    assert!(message.contains("in use by process"), "{message}");
    assert!(message.contains(&std::process::id().to_string()), "{message}");
    drop(stack);
    assert!(!folder.0.exists());
}

#[tokio::test]
async fn a_folder_of_somebody_else_is_never_taken_for_throw_away_data() {
    let folder = Folder::new();
    std::fs::create_dir(&folder.0).unwrap();
    std::fs::write(folder.0.join("diary.txt"), "mine").unwrap();
    let message = Stack::start(folder.options(false)).await.err().unwrap().to_string();
    assert!(message.contains("new or empty folder"), "{message}");
    assert!(folder.0.join("diary.txt").exists());
}

#[tokio::test]
async fn given_servers_are_used_as_they_are() {
    let folder = Folder::new();
    let options = StackOptions {
        database_url: Some("postgres://db.example/career".to_owned()),
        redis_url: Some("redis://cache.example".to_owned()),
        ..folder.options(true)
    };
    let stack = Stack::start(options).await.unwrap();
    assert_eq!(stack.database_url, "postgres://db.example/career");
    assert_eq!(stack.redis_url, "redis://cache.example");
    assert!(!folder.0.exists());
}

/// Not a test of its own: the process that the next ones kill. Holds servers until its standard input closes.
#[tokio::test]
#[ignore = "run by the tests that kill it"]
async fn hold_servers() {
    let Ok(given) = std::env::var(HOLD) else { return };
    let (durable, data) = given.split_once(' ').unwrap();
    let options = StackOptions {
        data: data.into(),
        durable: durable == "durable",
        database_url: None,
        redis_url: None,
    };
    let stack = Stack::start(options).await.unwrap();
    println!("\n{HOLD} {} {}", stack.database_url, stack.redis_url);
    let mut input = String::new();
    tokio::task::spawn_blocking(move || std::io::stdin().read_to_string(&mut input)).await.unwrap().unwrap();
}

/// Starts [`hold_servers`] in a process of its own and gives the addresses of its servers.
fn hold(data: &Path, durable: &str) -> (Child, Vec<String>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["stack::hold_servers", "--exact", "--ignored", "--nocapture"])
        .env(HOLD, format!("{durable} {}", data.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.into_iter().find(|line| line.starts_with(HOLD)).expect("the child starts its servers");
    let urls = line.split(' ').skip(1).map(str::to_owned).collect();
    (child, urls)
}

#[tokio::test]
async fn a_kill_leaves_no_server_and_no_throw_away_data() {
    let folder = Folder::new();
    let (mut child, urls) = hold(&folder.0, "temporary");
    for url in &urls {
        assert!(is_up(url).await);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for url in &urls {
        eventually(GONE_WITHIN, || async { !is_up(url).await }).await;
    }
    eventually(GONE_WITHIN, || async { !folder.0.exists() }).await;
}

#[tokio::test]
async fn after_a_kill_the_next_start_has_the_data() {
    let folder = Folder::new();
    let (mut child, urls) = hold(&folder.0, "durable");
    let mut database = PgConnection::connect(&urls[0]).await.unwrap();
    sqlx::query("CREATE TABLE kept (name text)").execute(&mut database).await.unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    // At once, while the old servers may still be stopping.
    let stack = Stack::start(folder.options(true)).await.unwrap();
    assert_eq!(get(&stack, "key").await, (None, None));
}

#[tokio::test]
async fn a_stale_process_file_does_not_stop_the_start() {
    let folder = Folder::new();
    drop(Stack::start(folder.options(true)).await.unwrap());
    // The number of a living process, as after a restart of the machine.
    let stale =
        format!("{}\n{}\n0\n1\n\n127.0.0.1\n0 0\n", std::process::id(), folder.0.join("postgres").display());
    std::fs::write(folder.0.join("postgres/postmaster.pid"), stale).unwrap();
    Stack::start(folder.options(true)).await.unwrap();
}

#[tokio::test]
async fn servers_are_fetched_where_there_are_none() {
    if std::env::var_os("CAREER_TEST_FETCH").is_none() {
        eprintln!("skipped: fetches packages; set CAREER_TEST_FETCH=1");
        return;
    }
    let folder = Folder::new();
    let stack = Stack::start_with(folder.options(false), Search::FetchedOnly).await.unwrap();
    set(&stack, "key").await;
    let mut database = PgConnection::connect(&stack.database_url).await.unwrap();
    sqlx::query("CREATE EXTENSION pg_trgm").execute(&mut database).await.unwrap();
}
