//! `career-worker doctor` on installations that lack something.

use serde_json::Value;

use super::World;

/// Exit code, and the findings that are not ok: what and state, with the remedy.
fn look(world: &World, change: &[(&str, &str)]) -> (i32, Vec<(String, String, String)>) {
    let mut command = world.program.command(&["--json", "doctor"]);
    command.envs(change.iter().copied());
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("c4nary"), "{text}");
    let findings = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let found = findings
        .filter(|finding| finding["state"] != "ok")
        .map(|finding| {
            let remedy = word(&finding, "remedy");
            assert!(!remedy.is_empty(), "{finding}: without a remedy");
            (
                word(&finding, "what"),
                word(&finding, "state"),
                format!("{} / {remedy}", word(&finding, "says")),
            )
        })
        .collect();
    (output.status.code().unwrap(), found)
}

fn has(found: &[(String, String, String)], what: &str, state: &str, part: &str) {
    let hit = found.iter().any(|(known, is, says)| known == what && is == state && says.contains(part));
    assert!(hit, "{what} {state} \"{part}\" in {found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_installation_is_sound() {
    let world = World::new().await;
    let (code, found) = look(&world, &[("CAREER__FETCH__CONTACT", "https://career.test/bot")]);
    assert_eq!(code, 0, "{found:#?}");
    assert!(found.iter().all(|(_, state, _)| state == "warning"), "{found:#?}");
    has(&found, "tokens", "warning", "token create");
    has(&found, "worker", "warning", "career-worker serve");
    let _running = world.start().await;
    let (code, found) = look(&world, &[]);
    assert_eq!(code, 0, "{found:#?}");
    assert!(found.iter().all(|(what, ..)| what != "worker" && what != "admin.bind"), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_that_is_broken_is_named_with_its_remedy() {
    let world = World::new().await;
    let url = |user: &str, name: &str| {
        let mut url = url::Url::parse(&world.db.url).unwrap();
        if !user.is_empty() {
            url.set_username(user).unwrap();
            url.set_password(Some("c4nary")).unwrap();
        }
        if !name.is_empty() {
            url.set_path(name);
        }
        String::from(url)
    };
    let (code, found) = look(
        &world,
        &[
            ("CAREER__DATABASE__URL", "postgres://x:c4nary@127.0.0.1:1/x"),
            ("CAREER__DATABASE__ACQUIRE_TIMEOUT", "1s"),
        ],
    );
    assert_eq!(code, 69);
    has(&found, "database", "bad", "host and port");
    let (_, found) = look(&world, &[("CAREER__DATABASE__URL", "db.example.com")]);
    has(&found, "database", "bad", "database.url: expected postgres://");
    let (_, found) = look(&world, &[("CAREER__DATABASE__URL", &url("", "no_such_database"))]);
    has(&found, "database", "bad", "createdb");
    let (_, found) = look(&world, &[("CAREER__DATABASE__URL", &url("no_such_role", ""))]);
    has(&found, "database", "bad", "user and password");
    let (code, found) = look(&world, &[("CAREER__DATABASE__MAX_CONNECTIONS", "100000")]);
    assert_eq!(code, 78);
    has(&found, "database connections", "bad", "lower database.max_connections");
    let (code, found) = look(&world, &[("CAREER__REDIS__URL", "redis://127.0.0.1:1")]);
    assert_eq!(code, 69);
    has(&found, "redis", "bad", "start Redis");
    let (code, found) = look(&world, &[("CAREER__JOBS__DIR", "/no/such/folder")]);
    assert_eq!(code, 78);
    has(&found, "schedules", "bad", "/no/such/folder");
    let (code, found) = look(&world, &[("CAREER__ADMIN__BIND", "0.0.0.0:8686")]);
    assert_eq!(code, 78);
    has(&found, "admin.bind", "bad", "behind_tls_proxy");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (_, found) = look(&world, &[("CAREER__ADMIN__BIND", &taken.local_addr().unwrap().to_string())]);
    has(&found, "admin.bind", "bad", "taken by something else");
    let (code, found) = look(&world, &[("CAREER__RUNS__LEASE", "soon")]);
    assert_eq!(code, 78);
    has(&found, "settings", "bad", "runs.lease");
    let (_, found) = look(&world, &[("CAREER__LOG__FILTER", "a=b=c")]);
    has(&found, "settings", "bad", "log.filter");
    let (_, found) = look(&world, &[("TMPDIR", "/no/such/folder")]);
    has(&found, "temporary files", "warning", "TMPDIR");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_older_newer_or_out_of_reach_is_named() {
    let world = World::new().await;
    let run = async |statement: &'static str| sqlx::query(statement).execute(&world.db.pool).await.unwrap();
    run("INSERT INTO public._sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', true, '', 0)").await;
    let (code, found) = look(&world, &[]);
    assert_eq!(code, 0);
    has(&found, "migrations", "warning", "9999 of a newer one");
    run("DELETE FROM public._sqlx_migrations WHERE version = 9999 OR version = 3").await;
    let (code, found) = look(&world, &[]);
    assert_eq!(code, 78);
    has(&found, "migrations", "bad", "3 missing / run career-worker db migrate");
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_nobody_does_is_named() {
    let world = World::new().await;
    for statement in [
        "INSERT INTO worker.outbox (job_id, created_at) VALUES (1, now() - interval '1 hour')",
        "INSERT INTO worker.outbox_dead (id, job_id, error) VALUES (1, 1, 'x')",
        "INSERT INTO worker.runs (task, queue, run_at, trigger) VALUES ('match', 'match', now() - interval '1 hour', 'sql')",
        "INSERT INTO worker.runs (task, queue, state, finished_at, trigger) VALUES ('match', 'match', 'dead', now() - interval '1 day', 'sql')",
        "INSERT INTO worker.pauses (kind, name) VALUES ('queue', 'notify')",
    ] {
        sqlx::query(statement).execute(&world.db.pool).await.unwrap();
    }
    let (code, found) = look(&world, &[]);
    assert_eq!(code, 0);
    has(&found, "outbox", "warning", "one for 60 minutes");
    has(&found, "outbox", "warning", "1 postings were set aside");
    has(&found, "queues", "warning", "match has been due for 60 minutes");
    has(&found, "queues", "warning", "queues resume notify");
    has(&found, "runs", "warning", "1 failed for good");
    has(&found, "worker", "warning", "career-worker serve");
}
