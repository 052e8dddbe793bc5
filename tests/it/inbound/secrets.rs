//! Canaries: secrets of every kind, and everything the program says while it uses them.

use std::{path::Path, time::Duration};

use career_worker::domain::{NewRun, Queue};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    fetch::server::{Server, ok, status},
    process::{Program, free_port, own_stack, signal},
    rig::{new_run, until},
    support::{TestDb, unique},
};

/// In every secret there is; shown nowhere.
const CANARY: &str = "c4nary";

fn secret(name: &str) -> String {
    format!("{CANARY}{name}{CANARY}")
}

/// A role with a password in the database of the test.
async fn with_password(db: &TestDb) -> String {
    let role = format!("role_{}", unique());
    let password = secret("database");
    for statement in [
        format!("CREATE ROLE \"{role}\" SUPERUSER LOGIN PASSWORD '{password}'"),
        format!("ALTER ROLE \"{role}\" SET log_statement TO 'none'"),
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(&db.pool).await.unwrap();
    }
    let mut url = url::Url::parse(&db.url).unwrap();
    url.set_username(&role).unwrap();
    url.set_password(Some(&password)).unwrap();
    url.to_string()
}

async fn drop_role(db: &TestDb, url: &str) {
    let role = url::Url::parse(url).unwrap().username().to_owned();
    let drop = format!("DROP ROLE IF EXISTS \"{role}\"");
    let _ = sqlx::query(AssertSqlSafe(drop)).execute(&db.pool).await;
}

/// All that the program keeps, as text.
async fn everything_stored(pool: &PgPool) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
         WHERE table_schema IN ('worker', 'public') AND table_type = 'BASE TABLE'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert!(tables.len() > 20);
    let mut all = String::new();
    for table in tables {
        let statement =
            format!("SELECT coalesce(string_agg(row_to_json(t)::text, E'\\n'), '') FROM {table} t");
        let rows: String = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(pool).await.unwrap();
        all.push_str(&rows);
    }
    all
}

/// One command to its end; what it says is added to the log.
fn command(program: &Program, args: &[&str], log: &Path) -> String {
    let output = program.command(args).output().unwrap();
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let known = std::fs::read_to_string(log).unwrap_or_default();
    std::fs::write(log, format!("{known}\n$ {args:?}\n{text}")).unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A publisher that fails in every way, and then repeats what it was sent.
async fn publisher() -> Server {
    Server::start(|seen| {
        let asked = seen.path.split_once("/https/").map_or("", |(_, path)| path);
        match seen.count % 4 {
            0 => status(500, ""),
            1 => status(302, &format!("location: https://{asked}&again=1")),
            2 => status(403, "x-reason: no"),
            _ => ok("", seen.head.as_bytes()),
        }
    })
    .await
}

/// One request with a token and a cookie; the whole answer.
async fn ask(address: &str, token: &str, head: &str, body: &str) -> String {
    let request = format!(
        "{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\ncookie: session={CANARY}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut answer = String::new();
    if let Ok(mut stream) = TcpStream::connect(address).await {
        let _ = stream.write_all(request.as_bytes()).await;
        let _ = stream.read_to_string(&mut answer).await;
    }
    answer
}

/// The daemon does its work, badly, loses its servers and ends; what it answered and what others see of its process.
async fn a_daemon_at_work(
    program: &Program,
    db: &TestDb,
    redis: &mut redis::aio::MultiplexedConnection,
    (address, token, log): (&str, &str, &Path),
) -> String {
    let mut running = program.start_logged(&["serve"], log);
    until("it listens", || async { TcpStream::connect(address).await.is_ok() }).await;
    let mut runs = Vec::new();
    for (source, board) in [("adzuna", "gb"), ("usajobs", "all")] {
        let args = json!({ "source": source, "boards": [board] });
        let run = NewRun { args, queue: Queue::Scrape, max_attempts: 2, ..new_run("scrape", "a") };
        runs.push(db.store.insert_run(&run).await.unwrap().0);
    }
    let mut said = String::new();
    for (head, body) in [
        ("POST /api/v1/runs", "{\"task\":\"prune\"}"),
        ("POST /api/v1/runs", "{\"task\":"),
        ("GET /api/v1/sources", ""),
        ("GET /api/v1/tasks", ""),
        ("GET /readyz", ""),
        ("GET /metrics", ""),
    ] {
        said.push_str(&ask(address, token, head, body).await);
    }
    until("they have failed", || async {
        let mut failed = true;
        for id in &runs {
            failed &= db.store.get_run(*id).await.unwrap().unwrap().error.is_some();
        }
        failed
    })
    .await;
    said.push_str(&ask(address, token, "GET /api/v1/runs", "").await);
    let arguments = std::fs::read(format!("/proc/{}/cmdline", running.id())).unwrap();
    said.push_str(&String::from_utf8_lossy(&arguments));
    // Both servers are cut off under the running program.
    let kill: Result<i64, _> = redis::cmd("CLIENT").arg(&["KILL", "TYPE", "normal"]).query_async(redis).await;
    println!("connections to Redis cut: {kill:?}");
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        .execute(&db.pool)
        .await
        .unwrap();
    until("it works again", || async {
        ask(address, token, "GET /readyz", "").await.starts_with("HTTP/1.1 200")
    })
    .await;
    signal("TERM", running.id());
    running.ended(Duration::from_secs(40)).await;
    said
}

/// The commands of people, with right and with wrong settings: passwords, addresses, what is no address.
fn commands(program: &Program, database_url: &str, redis_url: &str, log: &Path) {
    for args in [
        &["config", "show"][..],
        &["doctor"],
        &["runs", "list"],
        &["sources", "list"],
        &["token", "list"],
        &["enqueue", "--task", "prune"],
        &["run", "--task", "prune"],
        &["healthcheck"],
        &["db", "migrate"],
    ] {
        command(program, args, log);
    }
    let port = free_port();
    let wrong = database_url.replace(&secret("database"), &format!("wrong{CANARY}"));
    let nowhere = format!("postgres://u:{CANARY}@nothing.is.here.example/x?password={CANARY}");
    for (database, redis) in [
        (format!("postgres://u:{CANARY}@127.0.0.1:{port}/x"), redis_url.to_owned()),
        (nowhere, redis_url.to_owned()),
        (format!("{CANARY}://{CANARY}"), redis_url.to_owned()),
        (wrong, redis_url.to_owned()),
        (database_url.to_owned(), format!("redis://:wrong{CANARY}@127.0.0.1:{port}")),
        (database_url.to_owned(), format!("{CANARY}:{CANARY}@x")),
    ] {
        let program =
            program.clone().with("CAREER__DATABASE__URL", database).with("CAREER__REDIS__URL", redis);
        for args in [&["doctor"][..], &["config", "show"], &["runs", "list"], &["enqueue", "--task", "prune"]]
        {
            command(&program, args, log);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_said_or_stored_whatever_the_program_does() {
    let stack = own_stack().await;
    let client = redis::Client::open(stack.redis_url.as_str()).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let set = ["SET", "requirepass", &secret("redis")];
    redis::cmd("CONFIG").arg(&set).query_async::<()>(&mut redis).await.unwrap();
    let mut redis_url = url::Url::parse(&stack.redis_url).unwrap();
    redis_url.set_password(Some(&secret("redis"))).unwrap();
    let db = TestDb::new().await;
    let database_url = with_password(&db).await;
    let server = publisher().await;
    let files = tempfile::tempdir().unwrap();
    let (jobs, log) = (files.path().join("jobs"), files.path().join("log"));
    std::fs::create_dir_all(&jobs).unwrap();
    let address = format!("127.0.0.1:{}", free_port());
    let program = Program::at(&database_url, redis_url.as_str(), &jobs)
        .with("CAREER__ADMIN__BIND", address.clone())
        .with("CAREER__FETCH__GATEWAY", server.url.clone())
        .with("CAREER__FETCH__BACKOFF", "1ms")
        .with("CAREER__FETCH__GATEWAY_PER_SECOND", "1000")
        .with("CAREER__SOURCES__ADZUNA_APP_ID", secret("adzunaid"))
        .with("CAREER__SOURCES__ADZUNA_APP_KEY", secret("adzunakey"))
        .with("CAREER__SOURCES__USAJOBS_EMAIL", secret("usajobsmail"))
        .with("CAREER__SOURCES__USAJOBS_KEY", secret("usajobskey"))
        .with("CAREER__LOG__FILTER", "trace,sqlx=debug");

    let shown = command(&program, &["token", "create", "ci", "--role", "operator"], &log);
    let token = shown.split_whitespace().find(|word| word.starts_with("cw_")).expect("a token").to_owned();
    // Shown once, on purpose; from here on it is a secret.
    let told = std::fs::read_to_string(&log).unwrap().replace(&token, "");
    std::fs::write(&log, told).unwrap();

    let said = a_daemon_at_work(&program, &db, &mut redis, (&address, &token, &log)).await;
    commands(&program, &database_url, redis_url.as_str(), &log);

    let (log, stored) = (std::fs::read_to_string(&log).unwrap(), everything_stored(&db.pool).await);
    drop_role(&db, &database_url).await;
    assert!(
        log.lines().count() > 100 && log.contains("adzuna") && stored.contains("adzuna"),
        "it did something"
    );
    for (what, text) in [("the log", &log), ("an answer", &said), ("the database", &stored)] {
        let secret = |line: &&str| line.contains(CANARY) || line.contains(&token[12..]);
        let found: Vec<_> = text.lines().filter(secret).collect();
        assert!(
            found.is_empty(),
            "{what}: {} lines\n{}",
            found.len(),
            found[..found.len().min(12)].join("\n")
        );
    }
}
