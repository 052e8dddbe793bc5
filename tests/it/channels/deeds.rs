//! What people see and do: by API, pages and command line; and what readers do with the link in their mail.

use career_worker::{
    admin::token::Role,
    domain::{Channel, UserId},
    notify,
};
use serde_json::{Value, json};

use super::{SECRET, announce, channel_of, do_sql, settings, smtp::Smtp, user};
use crate::{
    admin::Endpoint,
    pages::{Browser, header},
    process::Program,
    support::{redis_url, unique},
};

const IDS: [&str; 3] = [
    "00000000-0000-4000-8000-000000000001",
    "00000000-0000-4000-8000-000000000002",
    "00000000-0000-4000-8000-000000000003",
];

/// One held, one failed and one pending digest of a user with a channel.
async fn three(endpoint: &Endpoint) -> i32 {
    let ann = user(&endpoint.db, "ann").await;
    channel_of(&endpoint.db, ann, "email", None).await;
    for (id, state) in IDS.iter().zip(["held", "failed", "pending"]) {
        do_sql(
            &endpoint.db,
            &format!(
                "INSERT INTO worker.digests (id, user_id, channel, state, attempts, postings, error)
                 VALUES ('{id}', {ann}, 'email', '{state}', 8, '[{{\"title\": \"<b>Keeper</b>\"}}]', 'said <i>no</i>')"
            ),
        )
        .await;
    }
    ann
}

async fn state(endpoint: &Endpoint, id: &str) -> (String, i32) {
    sqlx::query_as("SELECT state, attempts FROM worker.digests WHERE id = $1::text::uuid")
        .bind(id)
        .fetch_one(&endpoint.db.pool)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_decides_of_what_is_held_and_it_is_audited() {
    let endpoint = Endpoint::start().await;
    let ann = three(&endpoint).await;
    let (operator, viewer) =
        (endpoint.token(Role::Operator, None).await, endpoint.token(Role::Viewer, None).await);
    let ask = async |token: &str, method: &str, path: &str| {
        endpoint.ask(method, path, &[("authorization", &format!("bearer {token}"))], "").await
    };
    let found = ask(&viewer, "GET", &format!("/api/v1/digests?state=held&user={ann}&channel=email")).await;
    assert_eq!((found.status, found.body["items"].as_array().unwrap().len()), (200, 1), "{}", found.body);
    assert_eq!(found.body["items"][0]["id"], IDS[0]);
    let mut cursor = String::new();
    let mut seen = Vec::new();
    loop {
        let page = ask(&viewer, "GET", &format!("/api/v1/digests?limit=1{cursor}")).await.body;
        seen.push(page["items"][0]["id"].as_str().unwrap().to_owned());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    seen.sort();
    assert_eq!(seen, IDS);
    for (token, path, status) in [
        (&viewer, format!("/api/v1/digests/{}/release", IDS[0]), 403),
        (&operator, format!("/api/v1/digests/{}/retry", IDS[0]), 409),
        (&operator, format!("/api/v1/digests/{}/release", IDS[1]), 409),
        (&operator, format!("/api/v1/digests/{}/dance", IDS[0]), 404),
        (&operator, "/api/v1/digests/00000000-0000-4000-8000-00000000000f/drop".to_owned(), 404),
        (&operator, "/api/v1/digests/x'%20OR%201=1/drop".to_owned(), 404),
        (&operator, format!("/api/v1/digests/{}/release", IDS[0]), 204),
        (&operator, format!("/api/v1/digests/{}/retry", IDS[1]), 204),
        (&operator, format!("/api/v1/digests/{}/drop", IDS[2]), 204),
    ] {
        assert_eq!(ask(token, "POST", &path).await.status, status, "{path}");
    }
    assert_eq!(state(&endpoint, IDS[0]).await, ("pending".to_owned(), 0));
    assert_eq!(state(&endpoint, IDS[1]).await, ("pending".to_owned(), 0));
    assert_eq!(state(&endpoint, IDS[2]).await.0, "skipped");
    assert_eq!(
        endpoint
            .count("worker.audit WHERE action IN ('release digest', 'retry digest', 'drop digest')")
            .await,
        3
    );
    for bad in ["state=x", "channel=sms", "cursor=x", "limit=0"] {
        assert_eq!(ask(&viewer, "GET", &format!("/api/v1/digests?{bad}")).await.status, 422, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_held_ones_first_and_do_what_their_buttons_say() {
    let endpoint = Endpoint::start().await;
    three(&endpoint).await;
    let viewer = Browser::sign_in(&endpoint, Role::Viewer).await;
    let text = |body: &Value| body.as_str().unwrap_or_default().to_owned();
    let page = text(&viewer.get("/digests").await.body);
    assert!(page.contains("<h2>Held</h2>") && !page.contains("/release\""), "{page}");
    assert!(page.contains("&lt;b&gt;Keeper") && page.contains("&lt;i&gt;no") && !page.contains("<b>Keeper"));
    assert!(page.contains("ann@example.org") && !page.contains("whsec_"));
    let overview = text(&viewer.get("/").await.body);
    assert!(overview.contains("1 digest is</a> held") || overview.contains("1 digest is"), "{overview}");
    assert_eq!(viewer.post(&format!("/digests/{}/release", IDS[0]), "").await.status, 403);
    let browser = Browser::sign_in(&endpoint, Role::Operator).await;
    let answer = browser.post(&format!("/digests/{}/release", IDS[0]), "back=/digests").await;
    assert_eq!((answer.status, header(&answer, "location")), (303, "/digests?said=release"));
    assert!(text(&browser.get("/digests?said=release").await.body).contains("role=\"status\""));
    assert_eq!(state(&endpoint, IDS[0]).await.0, "pending");
    assert!(!text(&browser.get("/digests").await.body).contains("<h2>Held</h2>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_can_be_set_and_is_checked() {
    let endpoint = Endpoint::start().await;
    let ann = user(&endpoint.db, "ann").await;
    let token = endpoint.token(Role::Operator, None).await;
    let bearer = format!("bearer {token}");
    let set = async |user: i32, channel: &str, body: Value| {
        endpoint
            .ask(
                "POST",
                &format!("/api/v1/channels/{user}/{channel}"),
                &[("authorization", &bearer)],
                &body.to_string(),
            )
            .await
    };
    for (channel, body, status, says) in [
        (
            "webhook",
            json!({ "enabled": true, "address": "http://10.0.0.1/x", "secret": SECRET }),
            422,
            "address",
        ),
        ("webhook", json!({ "enabled": true, "address": "https://hooks.example/x" }), 422, "secret"),
        (
            "webhook",
            json!({ "enabled": true, "address": "https://hooks.example/x", "secret": SECRET, "confirmed": true }),
            204,
            "",
        ),
        (
            "webhook",
            json!({ "enabled": true, "address": "https://hooks.example/y", "frequency": "hourly" }),
            204,
            "",
        ),
        ("email", json!({ "enabled": true, "frequency": "weekly" }), 422, "frequency"),
        ("email", json!({ "enabled": true, "time_zone": "Mars/Base" }), 422, "time_zone"),
        ("sms", json!({ "enabled": true }), 422, "channel"),
        ("email", json!({ "enabled": true, "confirmed": true, "secret": "hunter2" }), 422, "secret"),
        (
            "email",
            json!({ "enabled": true, "confirmed": true, "hour": 7, "time_zone": "Pacific/Auckland" }),
            204,
            "",
        ),
    ] {
        let answer = set(ann, channel, body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
        let said = answer.body.to_string();
        assert!(said.contains(says) && !said.contains("hunter2"), "{said}");
    }
    assert_eq!(set(ann + 1, "email", json!({ "enabled": true })).await.status, 404);
    let list = endpoint
        .ask("GET", &format!("/api/v1/channels?user={ann}"), &[("authorization", &bearer)], "")
        .await
        .body;
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!((&items[0]["channel"], &items[0]["address"]), (&json!("email"), &json!("ann@example.org")));
    assert_eq!((&items[0]["hour"], &items[0]["time_zone"]), (&json!(7), &json!("Pacific/Auckland")));
    // An address that changed is nobody's until somebody vouches for it again.
    assert_eq!(
        (&items[1]["address"], &items[1]["confirmed_at"]),
        (&json!("https://hooks.example/y"), &Value::Null)
    );
    assert!(!list.to_string().contains("whsec_"));
    assert_eq!(
        endpoint.count("worker.audit WHERE action = 'set channel' AND detail::text NOT LIKE '%whsec%'").await,
        3
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_a_mail_ends_the_mails_by_post_alone() {
    let endpoint = Endpoint::start().await;
    let ann = three(&endpoint).await;
    let key: Vec<u8> = sqlx::query_scalar("SELECT unsubscribe_key FROM worker.user_channels")
        .fetch_one(&endpoint.db.pool)
        .await
        .unwrap();
    let token = notify::token(UserId(ann), Channel::Email, &key);
    let path = format!("/unsubscribe/{token}");
    let off = "worker.user_channels WHERE NOT enabled";
    for method in ["GET", "HEAD"] {
        let looked = endpoint.ask(method, &path, &[], "").await;
        assert_eq!((looked.status, endpoint.count(off).await), (200, 0), "looking changes nothing");
    }
    let page = endpoint.ask("GET", &path, &[], "").await;
    assert!(page.body.as_str().unwrap().contains("<form method=\"post\""), "{}", page.body);
    assert!(!page.body.as_str().unwrap().contains("ann@"), "a link tells nothing of the reader");
    for wrong in [
        notify::token(UserId(ann + 1), Channel::Email, &key),
        notify::token(UserId(ann), Channel::Webhook, &key),
        notify::token(UserId(ann), Channel::Email, b"another"),
        "x".to_owned(),
        format!("{token}x"),
    ] {
        for method in ["GET", "POST"] {
            assert_eq!(
                endpoint.ask(method, &format!("/unsubscribe/{wrong}"), &[], "").await.status,
                404,
                "{wrong}"
            );
        }
    }
    let foreign = endpoint.ask("POST", &path, &[("sec-fetch-site", "cross-site")], "").await;
    assert_eq!(
        (foreign.status, endpoint.count(off).await),
        (403, 0),
        "a page of elsewhere cannot press the button"
    );
    // As mail programs do it (RFC 8058): no cookies, no origin, this body.
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let done = endpoint.ask("POST", &path, &headers, "List-Unsubscribe=One-Click").await;
    assert_eq!((done.status, endpoint.count(off).await), (200, 1));
    assert_eq!(
        endpoint.ask("POST", &path, &headers, "List-Unsubscribe=One-Click").await.status,
        200,
        "and again"
    );
    let reason: String = sqlx::query_scalar("SELECT disabled_reason FROM worker.user_channels")
        .fetch_one(&endpoint.db.pool)
        .await
        .unwrap();
    assert_eq!(reason, "the reader unsubscribed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_sets_tries_and_decides() {
    let endpoint = Endpoint::start().await;
    let ann = three(&endpoint).await;
    let (smtp, empty) = (Smtp::start().await, tempfile::tempdir().unwrap());
    let config = settings(&endpoint.db, smtp.port, "http://127.0.0.1:1", &[]);
    let program = Program::at(&endpoint.db.url, &redis_url().await, empty.path())
        .with("CAREER__REDIS__PREFIX", unique())
        .with("CAREER__NOTIFY__EMAIL__HOST", "127.0.0.1")
        .with("CAREER__NOTIFY__EMAIL__PORT", smtp.port.to_string())
        .with("CAREER__NOTIFY__EMAIL__TLS", "none")
        .with("CAREER__NOTIFY__EMAIL__FREQUENCY", "instant")
        .with("CAREER__NOTIFY__EMAIL__FROM", config.notify.email.from.clone())
        .with("CAREER__NOTIFY__EMAIL__UNSUBSCRIBE_URL", "https://jobs.example");
    let user = ann.to_string();
    let run = async |args: &[&str]| {
        let (program, args) = (program.clone(), args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>());
        let args =
            move || program.command(&args.iter().map(String::as_str).collect::<Vec<_>>()).output().unwrap();
        let output = tokio::task::spawn_blocking(args).await.unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code().unwrap_or(-1), text)
    };
    let (code, text) = run(&["channels", "test", &user, "email"]).await;
    assert!(code == 0 && text.contains("accepted for ann@example.org: 2.0.0 queued"), "{text}");
    assert!(smtp.accepted()[0].data.contains("This is a test"));
    let (code, secret) =
        run(&["channels", "set", &user, "webhook", "--address", "https://hooks.example/x", "--quiet"]).await;
    assert!(code == 0 && secret.starts_with("whsec_"), "{secret}");
    let (code, both) = run(&["channels", "set", &user, "webhook", "--new-secret", "--quiet"]).await;
    assert!(code == 0 && both.starts_with("whsec_") && both != secret, "{both}");
    let kept: String =
        sqlx::query_scalar("SELECT secret FROM worker.user_channels WHERE channel = 'webhook'")
            .fetch_one(&endpoint.db.pool)
            .await
            .unwrap();
    assert_eq!(kept, format!("{} {}", both.trim(), secret.trim()));
    let (code, text) = run(&["channels", "set", &user, "webhook", "--address", "http://127.0.0.1/x"]).await;
    assert!(code == 2 && text.contains("address"), "{text}");
    let (_, text) = run(&["channels", "list", "--user", &user]).await;
    assert!(text.contains("https://hooks.example/x") && !text.contains("whsec_"), "{text}");
    let (_, text) = run(&["digests", "list", "--state", "held"]).await;
    assert!(text.contains(IDS[0]) && !text.contains(IDS[1]), "{text}");
    assert_eq!(run(&["digests", "release", IDS[0]]).await.0, 0);
    let (code, text) = run(&["digests", "release", IDS[0]]).await;
    assert!(code == 1 && text.contains("has to be held"), "{text}");
    assert_eq!(run(&["digests", "drop", "x"]).await.0, 2);
    assert_eq!(state(&endpoint, IDS[0]).await.0, "pending");
    announce(&endpoint.db, &[ann], "Keeper", 0.9).await;
    let (code, text) = run(&["run", "--task", "send"]).await;
    assert!(code == 0, "{text}");
    assert_eq!(smtp.accepted().len(), 4, "the test, the released and the pending one, and the new one");
    let (code, text) = run(&["doctor"]).await;
    assert!(text.contains("takes mail"), "{code}: {text}");
}
