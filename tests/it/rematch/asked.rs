//! How people and programs ask: HTTP, command line, SQL.

use assert_cmd::Command;
use career_worker::{
    admin::token::Role,
    clock::Clock,
    tasks::{self, Matcher},
};
use serde_json::{Value, json};

use super::{World, saved};
use crate::admin::Endpoint;

fn program(world: &World) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_career-worker"));
    program.env("DATABASE_URL", &world.db.url).env("REDIS_URL", "redis://127.0.0.1:1");
    program.env("CAREER__LOG__FILTER", "error");
    program
}

fn run(program: &mut Command) -> (i32, String, String) {
    let output = program.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn a_preview_says_how_often_a_search_would_have_fired() {
    let world = World::with(|config| config.rematch.page = 16).await;
    world.postings(200, 10).await;
    let ann = world.user("ann").await;
    let filters = json!({ "remote_option": "remote", "colour": "red" });
    let search = world.search(ann, "engineer", filters.clone()).await;
    let expected = world.brute_force(&[search], &[], 20).await;
    let mut wish = saved(filters);
    wish.query = Some("engineer".to_owned());
    let (store, clock) = (&world.db.store, Clock::system());
    let preview = tasks::preview(store, &world.config, &clock, &wish, 20).await.unwrap();
    assert_eq!(preview.matches, expected.len() as u64);
    assert!(preview.complete && preview.looked_at == preview.postings);
    let per_day = f64::from(u32::try_from(expected.len()).unwrap()) / 20.0;
    assert!((preview.per_day - per_day).abs() < 0.01, "{}", preview.per_day);
    let shown: Vec<i32> = preview.examples.iter().map(|example| example.id.0).collect();
    let newest: Vec<i32> = expected.iter().rev().map(|(job, _)| *job).take(5).collect();
    assert_eq!(shown, newest);
    assert_eq!(preview.problems.len(), 1);

    let mut config = (*world.config).clone();
    config.rematch.preview_postings = 30;
    let all = saved(json!({}));
    let bounded = tasks::preview(store, &config, &clock, &all, 30).await.unwrap();
    assert!(!bounded.complete && bounded.looked_at < bounded.postings);
    assert_eq!((bounded.matches, bounded.looked_at), (30, 30), "the newest, and the answer says so");
    assert_eq!(world.count("worker.matches").await, 0, "nothing is written");
}

#[tokio::test]
async fn the_admin_endpoint_previews_rematches_and_lists_problems() {
    let endpoint = Endpoint::start().await;
    let ids: Vec<i32> = sqlx::query_scalar(
        "WITH u AS (INSERT INTO users (email, hashed_password) VALUES ('ann@example.com', 'x') RETURNING id),
              j AS (INSERT INTO jobs (title, company, source) VALUES ('Rust Engineer', 'Nordwind', 'lever') RETURNING id)
         INSERT INTO saved_searches (user_id, name, query, filters, is_active)
         SELECT u.id, 'mine', 'rust', '{\"colour\": \"red\"}', active FROM u, unnest(ARRAY[true, false]) AS active RETURNING id",
    )
    .fetch_all(&endpoint.db.pool)
    .await
    .unwrap();
    let (viewer, operator) =
        (endpoint.token(Role::Viewer, None).await, endpoint.token(Role::Operator, None).await);
    let narrow = endpoint.token(Role::Operator, Some(vec!["match".to_owned()])).await;
    let ask = async |token: &str, method: &str, path: &str, body: &str| {
        let bearer = format!("bearer {token}");
        endpoint.ask(method, path, &[("authorization", bearer.as_str())], body).await
    };

    let wish = json!({ "query": "rust", "filters": { "colour": "red" }, "days": 3 }).to_string();
    let path = "/api/v1/searches/preview";
    assert_eq!(endpoint.ask("POST", path, &[], &wish).await.status, 401);
    let seen = ask(&viewer, "POST", path, &wish).await;
    assert_eq!(
        (seen.status, &seen.body["matches"], &seen.body["complete"]),
        (200, &json!(1), &json!(true)),
        "{}",
        seen.body
    );
    assert_eq!(seen.body["examples"][0]["title"], "Rust Engineer");
    assert_eq!(seen.body["problems"][0]["key"], "filters.colour");
    for (body, part) in [
        ("{\"days\": 0}", "days: expected 1 to 90"),
        ("{\"color\": 1}", "unknown field `color`"),
        ("", "body"),
    ] {
        let refused = ask(&viewer, "POST", path, body).await;
        let message = refused.body["detail"].as_str().unwrap_or_default();
        assert!(refused.status == 422 && message.contains(part), "{body}: {} {message}", refused.status);
    }

    let path = format!("/api/v1/searches/{}/rematch", ids[0]);
    assert_eq!(ask(&viewer, "POST", &path, "").await.status, 403);
    assert_eq!(ask(&narrow, "POST", &path, "").await.status, 403);
    assert_eq!(
        ask(&operator, "POST", &format!("/api/v1/searches/{}/rematch", ids[1]), "").await.status,
        404,
        "inactive"
    );
    assert_eq!(ask(&operator, "POST", &path, "{\"days\": 0}").await.status, 422);
    let accepted = ask(&operator, "POST", &path, "{\"days\": 3, \"announce\": true}").await;
    assert_eq!((accepted.status, &accepted.body["task"]), (202, &json!("rematch")), "{}", accepted.body);
    assert_eq!(
        (
            &accepted.body["args"]["search_id"],
            &accepted.body["args"]["announce"],
            &accepted.body["args"]["days"]
        ),
        (&json!(ids[0]), &json!(true), &json!(3))
    );
    assert_eq!(endpoint.count("worker.audit WHERE action = 'enqueue' AND subject = 'rematch'").await, 1);

    let matcher = Matcher::new(&endpoint.db.config().matching);
    matcher.load(&endpoint.db.store).await.unwrap();
    matcher.note_problems(&endpoint.db.store).await.unwrap();
    let problems = ask(&viewer, "GET", "/api/v1/searches/problems", "").await;
    assert_eq!(
        (problems.status, &problems.body["items"][0]["search_id"]),
        (200, &json!(ids[0])),
        "{}",
        problems.body
    );
    assert_eq!(problems.body["items"].as_array().map(Vec::len), Some(1));
    let others = ask(&viewer, "GET", "/api/v1/searches/problems?user=999999", "").await;
    assert_eq!(others.body, json!({ "items": [] }));
    assert_eq!(ask(&viewer, "GET", "/api/v1/searches/problems?limit=0", "").await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_previews_rematches_and_lists_problems() {
    let world = World::new().await;
    world.postings(40, 11).await;
    let ann = world.user("ann").await;
    let search = world.search(ann, "engineer", json!({ "colour": "red" })).await;
    let expected = world.brute_force(&[search], &[], 7).await.len();

    let query = ["searches", "preview", "--query", "engineer", "--filters", "{\"colour\": \"red\"}"];
    let (code, out, err) = run(program(&world).args(query));
    assert!(code == 0 && out.starts_with(&format!("{expected} of the ")), "{code} {out}{err}");
    assert!(out.contains("filters.colour: unknown key"), "{out}");
    let (code, out, _) =
        run(program(&world).args(["searches", "preview", "--json", "--search", &search.to_string()]));
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &value["matches"], &value["days"]), (0, &json!(expected), &json!(7)));
    let (code, _, err) = run(program(&world).args(["searches", "preview", "--filters", "{"]));
    assert!(code == 2 && err.contains("expected a JSON object"), "{code} {err}");
    let (code, _, err) = run(program(&world).args(["searches", "preview"]));
    assert!(code == 2 && err.contains("--query"), "{code} {err}");

    let (code, out, err) = run(program(&world).args(["run", "--task", "match"]));
    assert_eq!(code, 0, "{out}{err}");
    let (code, out, _) = run(program(&world).args(["searches", "problems", "--user", &ann.to_string()]));
    assert!(code == 0 && out.contains("filters.colour") && out.contains("a search"), "{out}");
    let (_, out, _) = run(program(&world).args(["searches", "problems", "--user", "999999", "--json"]));
    assert_eq!(out, "");

    let id = search.to_string();
    for (args, code, part) in [
        (&["rematch"][..], 2, "--search"),
        (&["rematch", "--all", "--search", "1"], 2, "cannot be used with"),
        (&["rematch", "--search", "999999"], 1, "there is no active search 999999"),
        (&["rematch", "--user", "999999"], 1, "there is no user 999999"),
        (&["rematch", "--search", &id, "--days", "0"], 2, "1..=3650"),
    ] {
        let (found, _, err) = run(program(&world).args(args));
        assert!(found == code && err.contains(part), "{args:?}: {found} {err}");
    }
    let (code, out, err) =
        run(program(&world).args(["rematch", "--search", &id, "--days", "7", "--announce", "--json"]));
    let queued: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &queued["queue"]), (0, &json!("maintenance")), "{err}");
    let args: Value = sqlx::query_scalar("SELECT args FROM worker.runs WHERE id = $1")
        .bind(queued["id"].as_i64().unwrap())
        .fetch_one(world.pool())
        .await
        .unwrap();
    assert_eq!(args, json!({ "search_id": search, "days": 7, "announce": true }));

    let stop = tokio_util::sync::CancellationToken::new();
    let (worker, shutdown) = (world.worker(), stop.clone());
    let ended = tokio::spawn(async move {
        worker
            .run(
                &[career_worker::domain::Queue::Maintenance],
                shutdown,
                tokio_util::sync::CancellationToken::new(),
            )
            .await;
    });
    let mut waiting = program(&world);
    waiting.args(["rematch", "--user", &ann.to_string(), "--wait", "--json"]);
    let (code, out, err) = tokio::task::spawn_blocking(move || run(&mut waiting)).await.unwrap();
    stop.cancel();
    ended.await.unwrap();
    let done: Value = serde_json::from_str(&out).unwrap_or_default();
    assert_eq!((code, &done["report"]["days"]), (0, &json!(30)), "{out}{err}");
    assert_eq!(world.pairs().await, world.brute_force(&[search], &[ann], 30).await);
}

#[tokio::test]
async fn sql_wants_one_inside_its_own_transaction() {
    let world = World::new().await;
    let ann = world.user("ann").await;
    world.postings(40, 12).await;
    let stop = tokio_util::sync::CancellationToken::new();
    let (worker, shutdown) = (world.worker(), stop.clone());
    let ended = tokio::spawn(async move {
        worker
            .run(
                &[career_worker::domain::Queue::Maintenance],
                shutdown,
                tokio_util::sync::CancellationToken::new(),
            )
            .await;
    });
    crate::rig::until("the task is known", || async {
        world.count("worker.tasks WHERE name = 'rematch'").await == 1
    })
    .await;
    let search: i32 = sqlx::query_scalar(
        "WITH mine AS (INSERT INTO saved_searches (user_id, name, query) VALUES ($1, 'mine', 'nurse') RETURNING id)
         SELECT id FROM mine, LATERAL (SELECT worker.enqueue('rematch', jsonb_build_object('search_id', id))) AS wanted",
    )
    .bind(ann)
    .fetch_one(world.pool())
    .await
    .unwrap();
    crate::rig::until("it is done", || async {
        world.count("worker.runs WHERE task = 'rematch' AND state = 'done'").await == 1
    })
    .await;
    stop.cancel();
    ended.await.unwrap();
    assert_eq!(world.pairs().await, world.brute_force(&[search], &[], 30).await);
    for (args, part) in [
        (json!({}), "expected one of search_id"),
        (json!({ "all": true, "user_id": 1 }), "all: expected without"),
        (json!({ "all": true, "days": 0 }), "days = 0, expected 1 to 3650"),
        (json!({ "all": true, "limit": 0 }), "limit = 0"),
        (json!({ "search_ids": vec![1; 1001] }), "expected at most 1000"),
        (json!({ "search": 1 }), "unknown field `search`"),
    ] {
        let refused = tasks::find("rematch").unwrap().check(&args).unwrap_err();
        assert!(refused.contains(part), "{args}: {refused}");
    }
}
