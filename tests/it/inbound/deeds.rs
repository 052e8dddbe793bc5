//! Who may do how much, from where, and what is kept of it.

use std::{num::NonZeroU32, sync::Arc};

use career_worker::{admin::token::Role, store::RunDeed};
use serde_json::json;

use crate::{
    admin::{Endpoint, TEST},
    rig::new_run,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_changes_nothing() {
    let endpoint = Endpoint::start().await;
    let bearer = format!("Bearer {}", endpoint.token(Role::Operator, None).await);
    let form = ("content-type", "application/x-www-form-urlencoded");
    for foreign in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://x.evil.example"),
        ("origin", "http://x:81"),
    ] {
        let headers = [("authorization", bearer.as_str()), form, foreign];
        let answer = endpoint.ask("POST", "/api/v1/runs", &headers, "{\"task\":\"match\"}").await;
        assert_eq!(answer.status, 403, "{foreign:?}: {}", answer.body);
    }
    assert_eq!(endpoint.count("worker.runs").await, 0);
    // The host that is asked is x.
    for own in [
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
        ("origin", "http://x"),
        ("origin", "https://x"),
    ] {
        let headers = [("authorization", bearer.as_str()), own];
        let answer = endpoint.ask("POST", "/api/v1/runs", &headers, "{\"task\":\"match\"}").await;
        assert_eq!(answer.status, 202, "{own:?}: {}", answer.body);
    }
    let reading = [("authorization", bearer.as_str()), ("sec-fetch-site", "cross-site")];
    assert_eq!(endpoint.ask("GET", "/api/v1/runs", &reading, "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_and_the_holder_of_a_token_is_not() {
    let endpoint = Endpoint::start().await;
    let token = endpoint.token(Role::Viewer, None).await;
    let id = token.trim_start_matches("cw_").get(..8).unwrap().to_owned();
    let mut last = None;
    for n in 0..30_u8 {
        // Names that exist and names that do not are refused alike.
        let guess =
            format!("Bearer cw_{}_{}", if n % 2 == 0 { id.as_str() } else { "aaaaaaaa" }, "b".repeat(43));
        last = Some(endpoint.ask("GET", "/api/v1/runs", &[("authorization", &guess)], "").await);
    }
    let last = last.unwrap();
    assert_eq!((last.status, &last.body["code"]), (429, &json!("too_many")));
    assert!(last.head.to_ascii_lowercase().contains("retry-after: 60"), "{}", last.head);
    let used = format!("worker.api_tokens WHERE id = '{id}' AND last_used_at IS NOT NULL");
    assert_eq!(endpoint.count(&used).await, 0, "a guess is no use");
    let bearer = format!("Bearer {token}");
    assert_eq!(endpoint.ask("GET", "/api/v1/runs", &[("authorization", &bearer)], "").await.status, 200);
    assert_eq!(endpoint.count(&used).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_has_a_third_of_its_minute_at_once_and_others_are_not_held_up() {
    let more = Endpoint::with(Arc::from([]), |config| {
        config.admin.requests_per_minute = NonZeroU32::new(90).unwrap();
    });
    for (endpoint, at_once) in [(Endpoint::start().await, 20), (more.await, 30)] {
        let bearer = format!("Bearer {}", endpoint.token(Role::Viewer, None).await);
        let mut statuses = Vec::new();
        for _ in 0..at_once + 5 {
            let answer = endpoint.ask("GET", "/api/v1/queues", &[("authorization", &bearer)], "").await;
            statuses.push(answer.status);
        }
        assert!(statuses[..at_once].iter().all(|status| *status == 200), "{statuses:?}");
        assert_eq!(statuses[at_once + 4], 429);
        assert_eq!(endpoint.ask_as(Role::Viewer, "GET", "/api/v1/queues", "").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deed_that_cannot_be_recorded_is_not_done() {
    let endpoint = Endpoint::start().await;
    let (store, pool) = (&endpoint.db.store, &endpoint.db.pool);
    let (waiting, _) = store.insert_run(&new_run("match", "a")).await.unwrap();
    let (cancelled, _) = store.insert_run(&new_run("match", "b")).await.unwrap();
    store.change_run_for(TEST, RunDeed::Cancel, cancelled).await.unwrap();
    let deeds = [
        ("/api/v1/runs".to_owned(), json!({ "task": "match" }).to_string()),
        (format!("/api/v1/runs/{waiting}/cancel"), String::new()),
        (format!("/api/v1/runs/{cancelled}/retry"), String::new()),
        ("/api/v1/queues/match/pause".to_owned(), String::new()),
    ];
    let state = "SELECT array_agg(state || attempt ORDER BY id)::text || (SELECT count(*) FROM worker.pauses) FROM worker.runs";
    let before: String = sqlx::query_scalar(state).fetch_one(pool).await.unwrap();
    for statement in [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the audit is full'; END $$",
        "CREATE TRIGGER refuse BEFORE INSERT ON worker.audit EXECUTE FUNCTION refuse()",
    ] {
        sqlx::query(statement).execute(pool).await.unwrap();
    }
    for (path, body) in &deeds {
        assert_eq!(endpoint.ask_as(Role::Operator, "POST", path, body).await.status, 500, "{path}");
    }
    assert_eq!(sqlx::query_scalar::<_, String>(state).fetch_one(pool).await.unwrap(), before);
    sqlx::query("DROP TRIGGER refuse ON worker.audit").execute(pool).await.unwrap();
    for (path, body) in &deeds {
        let status = endpoint.ask_as(Role::Operator, "POST", path, body).await.status;
        assert!(matches!(status, 202 | 204), "{path}: {status}");
    }
    let recorded: Vec<(String, String)> =
        sqlx::query_as("SELECT action, subject FROM worker.audit WHERE actor <> 'test' ORDER BY id")
            .fetch_all(pool)
            .await
            .unwrap();
    let expected = [
        ("enqueue", "match".to_owned()),
        ("cancel", waiting.to_string()),
        ("retry", cancelled.to_string()),
        ("pause", "queues/match".to_owned()),
    ];
    assert_eq!(recorded, expected.map(|(action, subject)| (action.to_owned(), subject)));
}
