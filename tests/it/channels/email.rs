//! What a mail server gets, and what becomes of a digest where it refuses, cuts off or says nothing.

use std::time::Duration;

use career_worker::domain::Outcome;
use serde_json::json;

use super::{World, announce};

#[tokio::test]
async fn a_digest_arrives_as_text_and_html_with_a_way_out() {
    let world = World::new().await;
    let ann = world.user("ann").await;
    world.channel(ann, "email", None).await;
    announce(&world.db, &[ann], "Keeper <b>of</b> the \"light\"", 0.58).await;
    let hostile = announce(
        &world.db,
        &[ann],
        "x\r\nBcc: evil@example.com\r\n\r\n<script>alert(1)</script>\r\n.\r\nQUIT",
        0.9,
    )
    .await;
    world.do_sql(&format!("UPDATE jobs SET url = 'javascript:alert(1)' WHERE id = {hostile}")).await;
    let report = world.send().await;
    assert_eq!((&report["email"]["gathered"], &report["email"]["sent"]), (&json!(1), &json!(1)));
    let mails = world.smtp.accepted();
    let mail = &mails[0];
    assert_eq!(
        (mails.len(), mail.from.as_str(), mail.to.as_str()),
        (1, "matches@example.com", "ann@example.org")
    );
    assert_eq!(
        mail.header("Subject"),
        "2 new matches: x Bcc: evil@example.com <script>alert(1)</script> . QUIT and more"
    );
    assert_eq!(
        (mail.header("Bcc"), mail.header("Auto-Submitted")),
        (String::new(), "auto-generated".to_owned())
    );
    assert_eq!(mail.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let way_out = mail.header("List-Unsubscribe");
    let token = way_out
        .strip_prefix("<https://jobs.example/unsubscribe/")
        .unwrap()
        .strip_suffix('>')
        .unwrap()
        .to_owned();
    let id: String =
        sqlx::query_scalar("SELECT id::text FROM worker.digests").fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(mail.digest(), id);
    let data = mail.data.replace("=\r\n", "").replace("=3D", "=");
    assert!(
        data.contains("Content-Type: text/plain; charset=utf-8")
            && data.contains("Content-Type: text/html; charset=utf-8")
    );
    assert!(data.contains("Nordwind =C2=B7 Bergen =C2=B7 58% match"), "{data}");
    assert!(data.contains("Keeper &lt;b&gt;of&lt;/b&gt; the &quot;light&quot;"), "{data}");
    assert!(!data.contains("javascript:") && data.contains("https://app.example/matches"));
    let html = data.split("text/html").nth(1).unwrap();
    assert!(!html.contains("<script") && html.contains(&token), "{html}");
    assert!(career_worker::notify::who(&token).is_some());
}

/// What a mail server does, and what becomes of digest and channel.
#[tokio::test]
async fn what_is_known_decides_whether_a_mail_is_tried_again_given_up_or_held() {
    let world = World::with(&[("notify.retry_first", "1h"), ("notify.retry_max", "1h")]).await;
    let cases = [
        ("rcpt450", "pending", "refused for now at RCPT", true),
        ("rcpt421", "pending", "refused for now at RCPT", true),
        ("rcpt550", "failed", "no such reader", false),
        ("rcpt554", "failed", "we do not like you", true),
        ("data451", "pending", "refused for now at DATA", true),
        ("end452", "pending", "refused for now at the text", true),
        ("end554", "failed", "we do not take this text", true),
        ("cut-end", "held", "not answered", true),
        ("swallow", "held", "not answered", true),
        ("ann", "sent", "", true),
    ];
    let mut users = Vec::new();
    for (name, ..) in cases {
        let user = world.user(name).await;
        world.channel(user, "email", None).await;
        users.push(user);
    }
    announce(&world.db, &users, "Keeper", 0.9).await;
    let report = world.send().await;
    assert_eq!(report["email"]["gathered"], 10, "{report}");
    for (user, (name, state, says, on)) in users.iter().zip(cases) {
        let (found, attempts, error) = world.digests(*user).await.remove(0);
        assert_eq!((found.as_str(), attempts), (state, 1), "{name}: {error}");
        assert!(error.contains(says), "{name}: {error}");
        let (enabled, reason) = world.is_on(*user).await;
        assert_eq!(enabled, on, "{name}: {reason}");
        assert!(on || reason.contains("no such reader"), "{name}: {reason}");
    }
    // A server that closes before the text may be any server that restarts: our side wrote the whole text, and cannot know.
    let mut taken: Vec<String> = world.smtp.accepted().into_iter().map(|mail| mail.to).collect();
    taken.sort();
    assert_eq!(taken, ["ann@example.org", "cut-end@example.org", "swallow@example.org"]);
    let rows: Vec<i64> = sqlx::query_scalar(
        "SELECT extract(epoch FROM next_try - now())::bigint FROM worker.digests WHERE state = 'pending'",
    )
    .fetch_all(&world.db.pool)
    .await
    .unwrap();
    assert!(rows.len() == 4 && rows.iter().all(|wait| (1_700..=3_600).contains(wait)), "{rows:?}");
}

#[tokio::test]
async fn a_text_that_never_left_whole_is_known_not_to_have_been_taken() {
    let world = World::with(&[("notify.retry_first", "1h"), ("notify.digest_postings", "100000")]).await;
    let ann = world.user("cut-text").await;
    world.channel(ann, "email", None).await;
    // More than any buffer on the way holds: the server is gone while it is being written.
    announce(&world.db, &[ann], &"word ".repeat(50), 0.9).await;
    world.send().await;
    world
        .do_sql(
            "UPDATE worker.digests SET state = 'pending', next_try = now(), lease_until = NULL, attempts = 0",
        )
        .await;
    world
        .do_sql(
            "UPDATE worker.digests SET postings = (SELECT jsonb_agg(one.posting) FROM (SELECT postings -> 0 AS posting) one, generate_series(1, 3000))",
        )
        .await;
    world.send().await;
    let (state, _, error) = world.digests(ann).await.remove(0);
    assert_eq!(state, "pending", "{error}");
    assert!(error.contains("session lost at the text"), "{error}");
    assert!(world.smtp.accepted().is_empty());
}

#[tokio::test]
async fn tries_end_and_channels_that_always_fail_are_disabled() {
    let more = [
        ("notify.tries", "3"),
        ("notify.disable_after", "2"),
        ("notify.retry_first", "1ms"),
        ("notify.retry_max", "2ms"),
    ];
    let world = World::with(&more).await;
    let ann = world.user("data451").await;
    world.channel(ann, "email", None).await;
    for (round, on) in [(1, true), (2, false)] {
        announce(&world.db, &[ann], "Keeper", 0.9).await;
        for _ in 0..5 {
            world.send().await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let digests = world.digests(ann).await;
        assert_eq!(digests.len(), round);
        let (state, attempts, error) = &digests[round - 1];
        assert_eq!((state.as_str(), *attempts), ("failed", 3), "{error}");
        assert_eq!(world.is_on(ann).await.0, on, "after {round} failed digests");
    }
    assert!(world.is_on(ann).await.1.contains("no room"));
}

#[tokio::test]
async fn a_server_that_is_away_costs_no_digest_a_try() {
    let world = World::new().await;
    let away = super::settings(&world.db, 1, "http://127.0.0.1:1", &[]);
    let ann = world.user("ann").await;
    world.channel(ann, "email", None).await;
    announce(&world.db, &[ann], "Keeper", 0.9).await;
    let without = World { worker: super::worker(&world.db, std::sync::Arc::new(away)), ..world };
    let outcome = without.execute("send", json!({ "channel": "email" })).await;
    let Outcome::Retry { error, .. } = outcome else { panic!("{outcome:?}") };
    assert!(error.contains("no session with the mail server: 127.0.0.1:1"), "{error}");
    let digests = without.digests(ann).await;
    assert_eq!((digests[0].0.as_str(), digests[0].1), ("pending", 0), "{digests:?}");
    let back = World { worker: super::worker(&without.db, without.config.clone()), ..without };
    back.send().await;
    assert_eq!(back.smtp.accepted().len(), 1);
}

#[tokio::test]
async fn one_session_sends_many_messages() {
    let world = World::with(&[("notify.email.connections", "1")]).await;
    let mut users = Vec::new();
    for number in 0..20 {
        // A refused reader in between ends no session.
        let name = if number % 5 == 0 { format!("rcpt554+{number}") } else { format!("ann+{number}") };
        let user = world.user(&name).await;
        world.channel(user, "email", None).await;
        users.push(user);
    }
    announce(&world.db, &users, "Keeper", 0.9).await;
    let report = world.send().await;
    assert_eq!((&report["email"]["sent"], &report["email"]["failed"]), (&json!(16), &json!(4)), "{report}");
    let log = world.smtp.log();
    assert_eq!((log.sessions, log.accepted.len()), (1, 16));
}
