//! What a receiver gets, what its answers mean, and where nothing is ever posted to.

use std::sync::Arc;

use serde_json::json;

use super::{SECRET, World, announce, settings, worker};

#[tokio::test]
async fn a_signed_digest_arrives_and_answers_decide() {
    let world = World::with(&[("notify.retry_first", "40s"), ("notify.retry_max", "40s")]).await;
    let cases = [
        ("200", "sent", "", true),
        ("204", "sent", "", true),
        ("vast", "sent", "", true),
        ("410", "failed", "gone for good", false),
        ("404", "failed", "status 404", true),
        ("moved", "failed", "redirects are not followed", true),
        ("500", "pending", "status 500", true),
        ("busy", "pending", "status 429", true),
        ("silent", "pending", "no complete answer", true),
    ];
    let mut users = Vec::new();
    for (word, ..) in cases {
        let user = world.user(word).await;
        world.channel(user, "webhook", Some(&format!("https://hooks.example/{word}"))).await;
        users.push(user);
    }
    let job = announce(&world.db, &users, "Keeper", 0.58).await;
    world.send().await;
    for (user, (word, state, says, on)) in users.iter().zip(cases) {
        let (found, attempts, error) = world.digests(*user).await.remove(0);
        assert_eq!((found.as_str(), attempts), (state, 1), "{word}: {error}");
        assert!(error.contains(says) && !error.contains("whsec_"), "{word}: {error}");
        assert_eq!(world.is_on(*user).await.0, on, "{word}");
    }
    let waits: Vec<(String, i64)> = sqlx::query_as(
        "SELECT u.email, extract(epoch FROM d.next_try - now())::bigint FROM worker.digests d JOIN users u ON u.id = d.user_id
         WHERE state = 'pending' ORDER BY 1",
    )
    .fetch_all(&world.db.pool)
    .await
    .unwrap();
    for (email, wait) in &waits {
        let range = if email.starts_with("busy") { 590..=600 } else { 15..=40 };
        assert!(range.contains(wait), "{email}: {wait}");
    }
    assert_eq!(waits.len(), 3);
    let taken = world.receiver.taken();
    assert_eq!(taken.len(), cases.len(), "each was asked once, and nobody was led elsewhere");
    for call in &taken {
        assert!(call.path.starts_with("/https/hooks.example/") && call.is_signed(SECRET), "{call:?}");
        assert!(!call.is_signed("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
        let body = call.json();
        assert_eq!(body["type"], "matches.digest");
        let posting = &body["data"]["postings"][0];
        assert_eq!(
            (&posting["job_id"], &posting["title"], &posting["score"]),
            (&json!(job), &json!("Keeper"), &json!(0.58))
        );
    }
    let ids: std::collections::BTreeSet<_> = taken.iter().map(|call| call.id.clone()).collect();
    assert_eq!(ids.len(), cases.len());
}

#[tokio::test]
async fn nothing_is_posted_into_the_private_network() {
    let world = World::new().await;
    // Without a gateway: what is not refused would be asked for real.
    let mut direct = settings(&world.db, world.smtp.port, "http://127.0.0.1:1", &[("notify.email.host", "")]);
    direct.fetch.gateway = None;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let addresses = [
        format!("http://127.0.0.1:{port}/x"),
        format!("https://127.0.0.1:{port}/x"),
        "https://127.0.0.1/x".to_owned(),
        "https://[::ffff:127.0.0.1]/x".to_owned(),
        "https://2130706433/x".to_owned(),
        "https://localhost/x".to_owned(),
        "https://169.254.169.254/latest".to_owned(),
        "https://user:hunter2@hooks.example/x".to_owned(),
        "file:///etc/passwd".to_owned(),
        "no address".to_owned(),
    ];
    let mut users = Vec::new();
    for (number, address) in addresses.iter().enumerate() {
        let user = world.user(&format!("user+{number}")).await;
        world.channel(user, "webhook", Some(address)).await;
        users.push(user);
    }
    announce(&world.db, &users, "Keeper", 0.9).await;
    let refused = World { worker: worker(&world.db, Arc::new(direct.clone())), ..world };
    refused.send().await;
    for (user, address) in users.iter().zip(&addresses) {
        let (state, _, error) = refused.digests(*user).await.remove(0);
        assert_eq!(state, "failed", "{address}: {error}");
        assert!(error.contains("refused") && !error.contains("hunter2"), "{address}: {error}");
    }
    let nobody = tokio::time::timeout(std::time::Duration::from_millis(100), listener.accept()).await;
    assert!(nobody.is_err(), "no connection was made");
    drop(listener);

    // An origin that the settings name is reached, that one alone.
    let (receiver, origin) = super::Receiver::start(std::time::Duration::ZERO).await;
    direct.notify.webhook.internal = vec![origin.parse().unwrap()];
    let allowed = World { worker: worker(&refused.db, Arc::new(direct)), receiver, ..refused };
    let bob = allowed.user("bob").await;
    allowed.channel(bob, "webhook", Some(&format!("{origin}/200"))).await;
    announce(&allowed.db, &[bob], "Keeper", 0.9).await;
    allowed.send().await;
    assert_eq!(allowed.digests(bob).await[0].0, "sent");
    assert_eq!(allowed.receiver.taken().len(), 1);
}

#[tokio::test]
async fn a_secret_that_is_none_is_found_before_anything_leaves() {
    let world = World::new().await;
    let ann = world.user("ann").await;
    world.channel(ann, "webhook", Some("https://hooks.example/200")).await;
    world.do_sql("UPDATE worker.user_channels SET secret = 'hunter2'").await;
    announce(&world.db, &[ann], "Keeper", 0.9).await;
    world.send().await;
    let (state, _, error) = world.digests(ann).await.remove(0);
    assert!(
        state == "failed" && error.starts_with("secret: expected") && !error.contains("hunter2"),
        "{error}"
    );
    assert!(!world.is_on(ann).await.0 && world.receiver.taken().is_empty());
}
