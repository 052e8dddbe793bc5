//! What in a search cannot be used is kept beside it, for its owner.

use std::sync::Arc;

use career_worker::{
    domain::SearchId,
    store::{KnownProblem, SearchProblem},
    tasks::Matcher,
};
use serde_json::{Value, json};

use super::World;

async fn follow(world: &World, matcher: &Matcher) -> Vec<(i32, String)> {
    matcher.load(&world.db.store).await.unwrap();
    matcher.note_problems(&world.db.store).await.unwrap();
    known(world).await.into_iter().map(|problem| (problem.search_id, problem.key)).collect()
}

async fn known(world: &World) -> Vec<KnownProblem> {
    world.db.store.list_search_problems(None, None, 100).await.unwrap()
}

async fn change(world: &World, search: i32, filters: Value) {
    sqlx::query("UPDATE saved_searches SET filters = $2 WHERE id = $1")
        .bind(search)
        .bind(filters)
        .execute(world.pool())
        .await
        .unwrap();
}

/// Changes with every write, be it a lock.
async fn versions(world: &World) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT search_id || ' ' || xmin::text || ' ' || xmax::text || ' ' || ctid::text FROM worker.search_problems
         UNION ALL SELECT id || ' ' || xmin::text || ' ' || xmax::text || ' ' || ctid::text FROM saved_searches ORDER BY 1",
    )
    .fetch_all(world.pool())
    .await
    .unwrap()
}

#[tokio::test]
async fn problems_appear_change_and_vanish_with_the_searches() {
    let world = World::new().await;
    let matcher = Arc::new(Matcher::new(&world.config.matching));
    let (ann, ben) = (world.user("ann").await, world.user("ben").await);
    let good = world.search(ann, "rust", json!({ "location": "Berlin" })).await;
    let bad = world.search(ann, "rust", json!({ "colour": "red", "min_salary": "much" })).await;
    let empty = world.search(ben, "", json!({})).await;
    let key = |search: i32, key: &str| (search, key.to_owned());
    let all = [key(bad, "filters.colour"), key(bad, "filters.min_salary"), key(empty, "query")];
    assert_eq!(follow(&world, &matcher).await, all);

    let before = versions(&world).await;
    assert_eq!(
        follow(&world, &Matcher::new(&world.config.matching)).await,
        all,
        "another process finds the same"
    );
    assert_eq!(versions(&world).await, before, "and writes nothing");

    change(&world, bad, json!({ "min_salary": "more" })).await;
    change(&world, good, json!({ "location": "Berlin", "size": 3 })).await;
    let now = [key(good, "filters.size"), key(bad, "filters.min_salary"), key(empty, "query")];
    assert_eq!(follow(&world, &matcher).await, now, "followed without any posting");
    assert!(known(&world).await[1].message.contains("\"more\""));

    change(&world, bad, json!({ "min_salary": 1 })).await;
    sqlx::query("UPDATE saved_searches SET is_active = false WHERE id = $1")
        .bind(good)
        .execute(world.pool())
        .await
        .unwrap();
    assert_eq!(follow(&world, &matcher).await, [key(empty, "query")], "mended, and switched off");
    sqlx::query("DELETE FROM saved_searches WHERE id = $1").bind(empty).execute(world.pool()).await.unwrap();
    assert!(known(&world).await.is_empty(), "gone with its search at once");
    assert!(follow(&world, &matcher).await.is_empty());
}

#[tokio::test]
async fn what_changed_while_nobody_looked_is_put_right_by_the_next_process() {
    let world = World::new().await;
    let ann = world.user("ann").await;
    let bad = world.search(ann, "rust", json!({ "colour": "red" })).await;
    assert_eq!(follow(&world, &Matcher::new(&world.config.matching)).await.len(), 1);
    change(&world, bad, json!({})).await;
    assert!(follow(&world, &Matcher::new(&world.config.matching)).await.is_empty());
}

#[tokio::test]
async fn any_text_and_any_number_of_problems_can_be_kept() {
    let world = World::new().await;
    let ann = world.user("ann").await;
    let search = world.search(ann, "rust", json!({})).await;
    let problem = |at: usize| SearchProblem {
        key: format!("filters.{}\0", "ü".repeat(at)),
        message: "€".repeat(5_000),
    };
    let many: Vec<_> = (0..2_000).map(problem).collect();
    let gone = (SearchId(i32::MAX), vec![problem(1)]);
    let store = &world.db.store;
    store
        .record_search_problems(&[(SearchId(search), Vec::new()), gone, (SearchId(search), many)])
        .await
        .unwrap();
    let known = known(&world).await;
    assert_eq!(known.len(), 50, "the first of them");
    assert!(known.iter().all(|problem| problem.search_id == search && problem.message.ends_with("€…")));
    store
        .record_search_problems(&[(SearchId(search), vec![problem(1)]), (SearchId(search), Vec::new())])
        .await
        .unwrap();
    assert_eq!(world.count("worker.search_problems").await, 0, "the last word counts");
}
