//! The pages over real HTTP: who may see them, what they show, what their forms do, and what hostile text in them becomes.

use std::sync::Arc;

use career_worker::{admin::token::Role, schedule::Schedule};

use crate::admin::{Answer, Endpoint};

/// Text that would do something if it stood in a page, a query or a pattern as it is.
pub const HOSTILE: &str = "<script>alert(1)</script>' OR 1=1; -- \" onmouseover=x %00 \u{202e}&amp;";

/// Schedules of the pages.
pub fn schedules() -> Arc<[Schedule]> {
    let folder = tempfile::tempdir().unwrap();
    let texts = [
        ("hourly", "task = \"prune\"\nschedule = \"0 * * * *\"\n"),
        ("matching", "task = \"match\"\nschedule = \"*/5 * * * *\"\ntimezone = \"Europe/Berlin\"\n"),
    ];
    for (name, text) in texts {
        std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
    }
    career_worker::schedule::load(folder.path()).unwrap().into()
}

/// One of everything that pages show; user, search, posting and run have the id 1, and every text is hostile.
pub async fn fill(endpoint: &Endpoint) {
    let statements = [
        "INSERT INTO users (email, hashed_password, full_name) VALUES ('a@example.com', 'x', $1)",
        "INSERT INTO saved_searches (user_id, name, query, filters) VALUES (1, $1, 'rust', jsonb_build_object('company', $1::text))",
        "INSERT INTO user_profiles (user_id, desired_title, tech_stack) VALUES (1, 'Rust engineer', '[\"Rust\"]')",
        "INSERT INTO jobs (title, company, location, description, requirements, tech_stack, source, source_id, url, job_type,
                           remote_option, salary_min, salary_max, posted_date)
         VALUES ('Rust ' || $1, $1, $1, 'Rust. ' || $1, $1, jsonb_build_array('Rust', $1::text), 'lever', 'p1', 'javascript:alert(1)', 'full_time',
                 'remote', 60000, 80000, '2026-01-02')",
        "INSERT INTO worker.sightings (source, source_id, board, job_id, url, content_hash, match_hash, pay_min, pay_currency, pay_period, facts)
         VALUES ('lever', 'p1', $1, 1, 'https://jobs.example/p1', 'x', 'x', 5000, 'EUR', 'month', jsonb_build_object('said', $1::text))",
        "INSERT INTO worker.matches (job_id, user_id, score, profile_score, search_ids) VALUES (1, 1, 0.9, 0.7, '{1}')",
        "INSERT INTO worker.runs (task, args, queue, state, attempt, trigger, schedule, error, report, finished_at, started_at)
         VALUES ('prune', jsonb_build_object('x', $1::text), 'maintenance', 'dead', 2, 'schedule', 'hourly', $1, jsonb_build_object('y', $1::text),
                 now(), now() - interval '2 s')",
        "INSERT INTO worker.attempts (run_id, claim, attempt, owner, started_at, outcome, error)
         VALUES (1, 1, 1, $1, now() - interval '9 s', 'failed', $1), (1, 2, 2, $1, now() - interval '2 s', 'dead', $1)",
        "INSERT INTO worker.run_lines (run_id, claim, place, at, level, message, fields)
         VALUES (1, 1, 0, now(), 'WARN', $1, jsonb_build_object('z', $1::text))",
        "INSERT INTO worker.source_health (source, board, last_attempt_at, last_success_at, error_kind, error, healthy, seen)
         VALUES ('lever', $1, now(), now(), 'layout', $1, false, 3)",
        "INSERT INTO worker.source_days (source, day, listings, seen, new, changed, gone)
         VALUES ('lever', (now() AT TIME ZONE 'UTC')::date, 2, 6, 3, 1, 1)",
        "INSERT INTO worker.user_channels (user_id, channel, address, secret, disabled_reason) VALUES (1, 'webhook', $1, 'whsec_x', $1)",
        "INSERT INTO worker.digests (user_id, channel, state, postings, error)
         VALUES (1, 'webhook', 'held', jsonb_build_array(jsonb_build_object('title', $1::text)), $1)",
        "INSERT INTO worker.backups (id, engine, state, place, started_at, error) VALUES ($1, 'logical', 'broken', $1, now(), $1)",
        "UPDATE worker.daemon_state SET mode = 'quarantined', reason = $1",
        "INSERT INTO worker.search_problems (search_id, position, key, message) VALUES (1, 0, $1, $1)",
        "INSERT INTO worker.audit (actor, address, action, subject, detail) VALUES ($1, $1, $1, $1, jsonb_build_object('k', $1::text))",
    ];
    let hostile = HOSTILE.replace('\0', "");
    for statement in statements {
        let query = sqlx::query(statement);
        let query = if statement.contains("$1") { query.bind(&hostile) } else { query };
        query.execute(&endpoint.db.pool).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

/// A browser that is signed in.
pub struct Browser<'a> {
    endpoint: &'a Endpoint,
    cookie: String,
}

impl<'a> Browser<'a> {
    pub async fn sign_in(endpoint: &'a Endpoint, role: Role) -> Browser<'a> {
        let token = endpoint.token(role, None).await;
        let answer = form(
            endpoint,
            "/login",
            &[("sec-fetch-site", "same-origin")],
            &format!("token={token}&next=/runs"),
        )
        .await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert_eq!(header(&answer, "location"), "/runs");
        let set = header(&answer, "set-cookie");
        assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict"), "{set}");
        assert!(!set.contains(token.splitn(3, '_').nth(2).unwrap()), "the token itself is in no cookie");
        Browser { endpoint, cookie: set.split(';').next().unwrap().to_owned() }
    }

    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.endpoint.ask("GET", path, &[("cookie", &self.cookie)], "").await
    }

    pub async fn post(&self, path: &str, body: &str) -> Answer {
        form(self.endpoint, path, &[("cookie", &self.cookie), ("sec-fetch-site", "same-origin")], body).await
    }
}

async fn form(endpoint: &Endpoint, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
    all.extend_from_slice(headers);
    endpoint.ask("POST", path, &all, body).await
}

pub fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let lines = answer.head.lines().filter_map(|line| line.split_once(": "));
    lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
}

fn text(answer: &Answer) -> String {
    answer.body.as_str().unwrap_or_default().to_owned()
}

/// Every page there is, once [`fill`] has been there.
pub const PAGES: [&str; 22] = [
    "/",
    "/?live=1",
    "/runs",
    "/runs?state=dead&task=prune",
    "/runs/1",
    "/schedules",
    "/sources",
    "/sources/lever",
    "/queues",
    "/postings",
    "/postings?q=rust&active=yes",
    "/postings/1",
    "/matches",
    "/matches?user=1",
    "/matches/1/1",
    "/searches",
    "/searches?problems=1",
    "/digests",
    "/digests?state=held&user=1",
    "/audit",
    "/backups",
    "/api",
];

#[tokio::test(flavor = "multi_thread")]
async fn hostile_text_is_only_text() {
    let endpoint = Endpoint::with_schedules(schedules()).await;
    fill(&endpoint).await;
    let browser = Browser::sign_in(&endpoint, Role::Admin).await;
    let mut turned = Vec::new();
    for path in PAGES.into_iter().chain(["/tokens"]) {
        let answer = browser.get(path).await;
        let page = text(&answer);
        assert_eq!(answer.status, 200, "{path}: {page}");
        for bad in ["<script", "onmouseover=x \"", "href=\"javascript:", "&amp;amp;amp;"] {
            assert!(!page.contains(bad), "{path} holds {bad}");
        }
        for must in ["<!DOCTYPE html>", "lang=\"en\"", "<main", "<h1>", "name=\"viewport\""] {
            assert!(page.contains(must), "{path} lacks {must}");
        }
        for behind in page.split("\u{202e}&amp;amp;").skip(1) {
            let text = behind.split('<').next().unwrap_or_default();
            let is_data = text.is_empty()
                || text.starts_with('\u{2069}')
                || text.starts_with('"')
                || text.starts_with("&quot;");
            if !is_data {
                turned.push(format!("{path}: {text}"));
            }
        }
        let policy = header(&answer, "content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert!(!page.contains("style=\""), "{path}: a style that the policy would refuse");
    }
    assert!(turned.is_empty(), "text that runs from right to left goes on with ours: {turned:#?}");
    let shown = text(&browser.get("/postings/1").await);
    assert!(shown.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_a_page_without_signing_in() {
    let endpoint = Endpoint::with_schedules(schedules()).await;
    for path in PAGES {
        let answer = endpoint.ask("GET", path, &[], "").await;
        assert_eq!(answer.status, 303, "{path}");
        assert!(header(&answer, "location").starts_with("/login?next=%2F"), "{path}: {}", answer.head);
    }
    for cookie in ["career_session=", "career_session=x", "__Host-career_session=x"] {
        assert_eq!(endpoint.ask("GET", "/runs", &[("cookie", cookie)], "").await.status, 303);
        assert_eq!(endpoint.ask("GET", "/api/v1/runs", &[("cookie", cookie)], "").await.status, 401);
    }
    let wrong = form(&endpoint, "/login", &[], "token=cw_aaaaaaaa_b").await;
    assert_eq!((wrong.status, wrong.head.contains("set-cookie")), (401, false));
    for _ in 0..12 {
        form(&endpoint, "/login", &[], "token=cw_aaaaaaaa_b").await;
    }
    assert_eq!(form(&endpoint, "/login", &[], "token=cw_aaaaaaaa_b").await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_with_its_token_and_when_it_is_left() {
    let endpoint = Endpoint::with_schedules(schedules()).await;
    let (left, revoked) =
        (Browser::sign_in(&endpoint, Role::Viewer).await, Browser::sign_in(&endpoint, Role::Viewer).await);
    assert_eq!((left.get("/runs").await.status, revoked.get("/runs").await.status), (200, 200));
    assert_eq!(left.get("/api/v1/runs").await.status, 200, "a session is good for the API too");
    assert_eq!(left.post("/logout", "").await.status, 303);
    assert_eq!(left.get("/runs").await.status, 303);
    let admin = Browser::sign_in(&endpoint, Role::Admin).await;
    let ids: Vec<String> = sqlx::query_scalar("SELECT id FROM worker.api_tokens WHERE role = 'viewer'")
        .fetch_all(&endpoint.db.pool)
        .await
        .unwrap();
    for id in ids {
        assert_eq!(
            header(&admin.post(&format!("/tokens/{id}/revoke"), "back=/tokens").await, "location"),
            "/tokens?said=revoke"
        );
    }
    assert_eq!(revoked.get("/runs").await.status, 303);
    sqlx::query("UPDATE worker.admin_sessions SET expires_at = now()")
        .execute(&endpoint.db.pool)
        .await
        .unwrap();
    assert_eq!(admin.get("/runs").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_do_what_they_say_and_lead_back() {
    let endpoint = Endpoint::with_schedules(schedules()).await;
    fill(&endpoint).await;
    let browser = Browser::sign_in(&endpoint, Role::Operator).await;
    for (path, body, leads, check) in [
        (
            "/runs/1/retry",
            "back=/runs/1",
            "/runs/1?said=retry",
            "worker.runs WHERE id = 1 AND state = 'queued'",
        ),
        (
            "/runs/1/cancel",
            "back=/runs/1",
            "/runs/1?said=cancel",
            "worker.runs WHERE id = 1 AND state = 'cancelled'",
        ),
        (
            "/runs/change",
            "action=retry&ids=1&ids=99&back=/runs%3Fstate%3Ddead",
            "/runs?state=dead&said=retry",
            "worker.runs WHERE id = 1 AND state = 'queued'",
        ),
        (
            "/runs/change",
            "action=retry&ids=1&back=/runs",
            "/runs?said=none",
            "worker.runs WHERE id = 1 AND state = 'queued'",
        ),
        (
            "/runs/change",
            "action=cancel&ids=1&back=//evil.example",
            "/?said=cancel",
            "worker.runs WHERE id = 1 AND state = 'cancelled'",
        ),
        (
            "/schedules/hourly/run",
            "back=/schedules",
            "/schedules?said=run",
            "worker.runs WHERE schedule = 'hourly' AND trigger = 'admin'",
        ),
        (
            "/schedules/hourly/pause",
            "",
            "/schedules?said=pause",
            "worker.pauses WHERE kind = 'schedule' AND name = 'hourly'",
        ),
        (
            "/sources/lever/pause",
            "back=/sources/lever",
            "/sources/lever?said=pause",
            "worker.pauses WHERE kind = 'source' AND name = 'lever'",
        ),
        (
            "/queues/match/pause",
            "back=/queues",
            "/queues?said=pause",
            "worker.pauses WHERE kind = 'queue' AND name = 'match'",
        ),
        ("/searches/1/rematch", "", "/searches?said=run", "worker.runs WHERE task = 'rematch'"),
    ] {
        let answer = browser.post(path, body).await;
        assert_eq!((answer.status, header(&answer, "location")), (303, leads), "{path}: {}", answer.body);
        assert_eq!(endpoint.count(check).await, 1, "{path}");
        assert!(text(&browser.get(leads).await).contains("role=\"status\""), "{leads} says what was done");
    }
    for path in ["/schedules/hourly/resume", "/sources/lever/resume", "/queues/match/resume"] {
        assert_eq!(browser.post(path, "").await.status, 303);
    }
    assert_eq!(endpoint.count("worker.pauses").await, 0);
    assert_eq!(endpoint.count("worker.audit WHERE actor <> 'test' AND action IN ('pause', 'resume', 'enqueue', 'retry', 'cancel')").await, 12);
    for (path, status) in [
        ("/runs/99/retry", 404),
        ("/runs/1/dance", 404),
        ("/runs/x/retry", 404),
        ("/queues/none/pause", 404),
        ("/tokens/x/revoke", 403),
    ] {
        assert_eq!(browser.post(path, "").await.status, status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_needs_the_browsers_word_that_it_is_ours() {
    let endpoint = Endpoint::with_schedules(schedules()).await;
    let browser = Browser::sign_in(&endpoint, Role::Operator).await;
    let cookie = browser.cookie.as_str();
    for foreign in [
        &[][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ] {
        let headers = [&[("cookie", cookie)], foreign].concat();
        for path in ["/queues/match/pause", "/api/v1/queues/match/pause"] {
            let answer = form(&endpoint, path, &headers, "").await;
            assert_eq!(answer.status, 403, "{path} {foreign:?}");
        }
    }
    assert_eq!(endpoint.count("worker.pauses").await, 0);
    let own = [("cookie", cookie), ("origin", "http://x")];
    assert_eq!(form(&endpoint, "/queues/match/pause", &own, "").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_see_and_do_what_is_theirs() {
    let endpoint = Endpoint::with_schedules(schedules()).await;
    fill(&endpoint).await;
    let viewer = Browser::sign_in(&endpoint, Role::Viewer).await;
    let page = text(&viewer.get("/schedules").await);
    assert!(!page.contains("Run now") && !page.contains("/audit\"") && !page.contains("/tokens\""), "{page}");
    for (path, status) in [("/audit", 403), ("/tokens", 403), ("/runs/1", 200)] {
        assert_eq!(viewer.get(path).await.status, status, "{path}");
    }
    for path in [
        "/runs/1/retry",
        "/schedules/hourly/run",
        "/queues/match/pause",
        "/searches/1/rematch",
        "/tokens",
        "/tokens/x/revoke",
    ] {
        let answer = viewer.post(path, "name=x&role=admin").await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.body);
    }
    let admin = Browser::sign_in(&endpoint, Role::Admin).await;
    let made = text(&admin.post("/tokens", "name=ci&role=viewer&days=3").await);
    let token = made.split("<pre tabindex=\"0\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap();
    let bearer = format!("bearer {token}");
    assert_eq!(endpoint.ask("GET", "/api/v1/runs", &[("authorization", &bearer)], "").await.status, 200);
    assert!(!text(&admin.get("/tokens").await).contains(token), "a secret is shown once");
}
