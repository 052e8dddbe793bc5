//! Which notices become a digest, and when.

use career_worker::domain::Outcome;
use serde_json::json;

use super::{World, announce};

#[tokio::test]
async fn a_posting_goes_to_a_user_by_a_channel_once_ever() {
    let world = World::new().await;
    let ann = world.user("ann").await;
    world.channel(ann, "email", None).await;
    world.channel(ann, "webhook", Some("https://hooks.example/200")).await;
    let first = announce(&world.db, &[ann], "Keeper", 0.9).await;
    world.send().await;
    let report = world.send().await;
    assert_eq!((&report["email"]["gathered"], &report["webhook"]["gathered"]), (&json!(0), &json!(0)));
    announce(&world.db, &[ann], "Pilot", 0.5).await;
    world.send().await;
    let mails = world.smtp.accepted();
    let calls = world.receiver.taken();
    assert_eq!((mails.len(), calls.len()), (2, 2));
    assert!(
        mails[0].data.contains("Keeper")
            && !mails[1].data.contains("Keeper")
            && mails[1].data.contains("Pilot")
    );
    let again = sqlx::query("INSERT INTO worker.digest_items (user_id, channel, job_id, digest_id) VALUES ($1, 'email', $2, gen_random_uuid())")
        .bind(ann)
        .bind(first)
        .execute(&world.db.pool)
        .await;
    assert!(again.unwrap_err().to_string().contains("digest_items_pkey"), "the database itself refuses");
    // Digests go after a while, what was sent does not become unknown.
    world.do_sql("UPDATE worker.digests SET finished_at = now() - interval '1 year'").await;
    assert_eq!(world.db.store.delete_old_digests(60, 100).await.unwrap(), 4);
    world.do_sql("UPDATE worker.user_channels SET collected_to = since").await;
    assert_eq!(world.send().await["email"]["gathered"], 0);
}

#[tokio::test]
async fn nothing_is_sent_that_nobody_wants() {
    let world = World::new().await;
    let users = ["off", "new", "gone", "none", "late"];
    let mut ids = Vec::new();
    for name in users {
        let id = world.user(name).await;
        if name != "none" {
            world.channel(id, "email", None).await;
        }
        ids.push(id);
    }
    world.do_sql("UPDATE worker.user_channels SET enabled = false WHERE user_id = (SELECT id FROM users WHERE email LIKE 'off@%')").await;
    world.do_sql("UPDATE worker.user_channels SET confirmed_at = NULL WHERE user_id = (SELECT id FROM users WHERE email LIKE 'new@%')").await;
    world.do_sql("UPDATE users SET is_active = false WHERE email LIKE 'gone@%'").await;
    announce(&world.db, &ids, "Keeper", 0.9).await;
    world.do_sql("UPDATE worker.user_channels SET since = now() WHERE user_id = (SELECT id FROM users WHERE email LIKE 'late@%')").await;
    world.send().await;
    assert_eq!(world.count("worker.digests").await, 0);
    assert!(world.smtp.log().named.is_empty());
}

#[tokio::test]
async fn what_is_gone_when_the_digest_is_made_is_left_out() {
    let world = World::new().await;
    let ann = world.user("ann").await;
    world.channel(ann, "email", None).await;
    announce(&world.db, &[ann], "Filled already", 0.9).await;
    world.do_sql("UPDATE jobs SET is_active = false").await;
    world.send().await;
    assert_eq!(world.digests(ann).await, [("skipped".to_owned(), 0, "its postings are gone".to_owned())]);
    announce(&world.db, &[ann], "Keeper", 0.4).await;
    announce(&world.db, &[ann], "Pilot", 0.8).await;
    world.do_sql("UPDATE jobs SET is_active = false WHERE title = 'Keeper'").await;
    world.send().await;
    let mails = world.smtp.accepted();
    assert!(mails.len() == 1 && mails[0].data.contains("Pilot") && !mails[0].data.contains("Keeper"));
}

#[tokio::test]
async fn the_best_are_named_and_the_others_counted() {
    let world = World::with(&[("notify.digest_postings", "2")]).await;
    let ann = world.user("ann").await;
    world.channel(ann, "webhook", Some("https://hooks.example/200")).await;
    for (title, score) in [("fair", 0.6), ("best", 0.9), ("good", 0.7), ("poor", 0.3)] {
        announce(&world.db, &[ann], title, score).await;
    }
    world.send().await;
    let body = world.receiver.taken()[0].json();
    let titles: Vec<_> = body["data"]["postings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|posting| posting["title"].as_str().unwrap())
        .collect();
    assert_eq!((titles, &body["data"]["more"]), (vec!["best", "good"], &json!(2)));
    assert_eq!(world.count("worker.digest_items").await, 4);
}

#[tokio::test]
async fn each_hears_as_often_as_wanted() {
    let world = World::new().await;
    let ann = world.user("ann").await;
    world.channel(ann, "email", None).await;
    // How often, hour, zone, when the last digest was made, whether one is due. Times are set back from now by the database; an hour is
    // this one (0), the next one (1) or the one before (-1) in its zone, or that of the settings.
    let cases = [
        ("instant", None, "NULL", "now()", true),
        ("hourly", None, "NULL", "now()", false),
        ("hourly", None, "NULL", "date_trunc('hour', now()) - interval '1 s'", true),
        ("hourly", None, "NULL", "date_trunc('hour', now())", false),
        ("daily", Some(("UTC", 0)), "NULL", "now() - interval '2 h'", true),
        ("daily", Some(("UTC", 0)), "NULL", "now()", false),
        ("daily", Some(("UTC", 1)), "NULL", "now() - interval '2 h'", false),
        ("daily", Some(("UTC", 1)), "NULL", "now() - interval '24 h'", true),
        ("daily", Some(("Pacific/Auckland", 0)), "'Pacific/Auckland'", "now() - interval '2 h'", true),
        ("daily", Some(("Pacific/Auckland", 0)), "'Pacific/Auckland'", "now()", false),
        ("daily", Some(("Pacific/Auckland", 1)), "'Pacific/Auckland'", "now() - interval '2 h'", false),
        ("daily", Some(("Asia/Kolkata", -1)), "'Asia/Kolkata'", "now() - interval '3 h'", true),
    ];
    for (frequency, hour, zone, last, due) in cases {
        let hour = hour.map_or_else(
            || "NULL".to_owned(),
            |(zone, later)| format!("extract(hour FROM now() AT TIME ZONE '{zone}' + interval '{later} h')"),
        );
        announce(&world.db, &[ann], "Keeper", 0.9).await;
        world
            .do_sql(&format!("UPDATE worker.user_channels SET frequency = '{frequency}', hour = {hour}, time_zone = {zone}, last_digest_at = {last}, collected_to = since"))
            .await;
        let before = world.smtp.accepted().len();
        world.send().await;
        assert_eq!(
            world.smtp.accepted().len() - before,
            usize::from(due),
            "{frequency}, hour {hour}, zone {zone}, last {last}"
        );
    }
    let unknown =
        sqlx::query("UPDATE worker.user_channels SET time_zone = 'Mars/Base'").execute(&world.db.pool).await;
    assert!(unknown.unwrap_err().to_string().contains("time_zone"), "one row would end the digests of all");
    // A day has so many and no more; what comes later waits.
    world.do_sql("UPDATE worker.user_channels SET frequency = 'instant', daily_cap = 0").await;
    announce(&world.db, &[ann], "Keeper", 0.9).await;
    assert_eq!(world.send().await["email"]["gathered"], 0);
    world.do_sql("UPDATE worker.user_channels SET daily_cap = NULL").await;
    assert_eq!(world.send().await["email"]["gathered"], 1);
}

#[tokio::test]
async fn several_processes_gather_each_posting_once() {
    let world = World::new().await;
    let mut users = Vec::new();
    for number in 0..40 {
        let user = world.user(&format!("user+{number}")).await;
        world.channel(user, "webhook", Some("https://hooks.example/200")).await;
        users.push(user);
    }
    for number in 0..5 {
        announce(&world.db, &users, &format!("Keeper {number}"), 0.9).await;
    }
    let ends = futures::future::join_all((0..4).map(|_| world.execute("send", json!({})))).await;
    assert!(ends.iter().all(|end| matches!(end, Outcome::Done(_))), "{ends:?}");
    world.send().await;
    assert_eq!(world.count("worker.digest_items").await, 200);
    let mut postings = 0;
    for taken in world.receiver.taken() {
        postings += taken.json()["data"]["postings"].as_array().unwrap().len();
    }
    assert_eq!(postings, 200, "each pair was sent once");
}

#[tokio::test]
async fn without_settings_there_is_nothing_and_nothing_is_asked() {
    let world = World::with(&[("notify.email.host", ""), ("notify.webhook.enabled", "false")]).await;
    let ann = world.user("ann").await;
    world.channel(ann, "email", None).await;
    announce(&world.db, &[ann], "Keeper", 0.9).await;
    assert_eq!(world.send().await, json!({ "configured": false }));
    world
        .do_sql(&format!(
            "INSERT INTO worker.digests (user_id, channel, postings) VALUES ({ann}, 'email', '[]')"
        ))
        .await;
    let wanted = career_worker::tasks::wanted(&world.db.store, &world.config).await.unwrap();
    assert!(wanted.iter().all(|(run, _)| run.task != "send"), "{wanted:?}");
}

#[tokio::test]
async fn the_reconciler_wants_what_is_due_by_channel() {
    let world = World::new().await;
    let ann = world.user("ann").await;
    let wanted = || async {
        let wanted = career_worker::tasks::wanted(&world.db.store, &world.config).await.unwrap();
        wanted.into_iter().filter(|(run, _)| run.task == "send").map(|(run, _)| run.args).collect::<Vec<_>>()
    };
    assert!(wanted().await.is_empty());
    world
        .do_sql(&format!(
            "INSERT INTO worker.digests (user_id, channel, postings) VALUES ({ann}, 'email', '[]')"
        ))
        .await;
    assert_eq!(wanted().await, [json!({ "channel": "email" })]);
    world.do_sql("UPDATE worker.digests SET next_try = now() + interval '1 h'").await;
    assert!(wanted().await.is_empty());
    world.do_sql("UPDATE worker.digests SET state = 'sending', lease_until = now() - interval '1 s'").await;
    assert_eq!(wanted().await.len(), 1);
}

#[tokio::test]
async fn a_notice_in_the_application_wants_a_digest() {
    let world = World::new().await;
    let ann = world.user("ann").await;
    world.channel(ann, "email", None).await;
    let job: i32 = sqlx::query_scalar("INSERT INTO jobs (title, company, source, source_id) VALUES ('Keeper', 'Nordwind', 'test', '1') RETURNING id")
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    world
        .do_sql(&format!("INSERT INTO worker.matches (job_id, user_id, score) VALUES ({job}, {ann}, 0.75)"))
        .await;
    let told = world.execute("notify", json!({})).await;
    assert!(matches!(&told, Outcome::Done(report) if report["notifications"] == 1), "{told:?}");
    assert_eq!(world.count("worker.runs WHERE task = 'send' AND state = 'queued'").await, 2);
    world.send().await;
    let mail = &world.smtp.accepted()[0];
    assert_eq!(mail.header("Subject"), "New match: Keeper at Nordwind");
    assert!(mail.data.contains("75% match"), "{}", mail.data);
}

#[tokio::test]
async fn in_quarantine_nobody_is_sent_anything() {
    let world = World::new().await;
    let ann = world.user("ann").await;
    world.channel(ann, "email", None).await;
    announce(&world.db, &[ann], "Keeper", 0.9).await;
    world.db.store.quarantine("a copy").await.unwrap();
    assert!(matches!(world.execute("send", json!({})).await, Outcome::Snooze { .. }));
    assert!(world.smtp.log().sessions == 0 && world.count("worker.digests").await == 0);
}
