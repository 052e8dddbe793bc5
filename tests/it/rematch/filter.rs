//! What SQL rules out beforehand is never what the exact check would take.

use std::cell::Cell;

use career_worker::{
    clock::Clock,
    domain::JobId,
    matching::{CompiledSearch, MatchSettings},
    store::{PostingFilter, PostingSpan},
    tasks::posting_filter,
};
use proptest::{
    prelude::*,
    sample::subsequence,
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value, json};

use super::{World, reduced, saved};

fn one_of(values: &[Value]) -> impl Strategy<Value = Value> + use<> {
    prop::sample::select(values.to_vec())
}

fn filters() -> impl Strategy<Value = Value> {
    let keys: Vec<(&'static str, BoxedStrategy<Value>)> = vec![
        (
            "job_type",
            one_of(&[
                json!("full-time"),
                json!(["contract", "internship"]),
                json!("time"),
                json!("praktikum"),
            ])
            .boxed(),
        ),
        ("remote_only", any::<bool>().prop_map(Value::from).boxed()),
        (
            "remote_option",
            one_of(&[json!("hybrid"), json!(["onsite", "remote"]), json!("yes"), json!("nonsense")]).boxed(),
        ),
        (
            "min_salary",
            one_of(&[json!(50_000), json!("70k"), json!(75_000.5), json!(0), json!("much")]).boxed(),
        ),
        ("max_salary", one_of(&[json!(50_000), json!(70_000), json!("120,000")]).boxed()),
        ("currency", one_of(&[json!("EUR"), json!("usd"), json!("XXX"), json!("QQQ")]).boxed()),
        ("posted_within_days", (0_u32..70).prop_map(Value::from).boxed()),
        ("postedWithin", Just(json!(4_000_000_000_u32)).boxed()),
        (
            "posted_after",
            one_of(&[json!("2026-11-01"), json!("0001-01-01"), json!("9999-12-31"), json!("soon")]).boxed(),
        ),
        (
            "source",
            one_of(&[
                json!("Lever"),
                json!(["greenhouse", "workday"]),
                json!("wor\u{212a}day"),
                json!("ün\u{cf}"),
            ])
            .boxed(),
        ),
        ("tech_stack", one_of(&[json!("Rust"), json!(["C++", "SQL"]), json!("go")]).boxed()),
        ("location", one_of(&[json!("Berlin"), json!("remote")]).boxed()),
        ("exclude", one_of(&[json!("python"), json!("nurse")]).boxed()),
        ("rules", Just(json!([{ "field": "job_type", "operator": "equals", "value": "contract" }])).boxed()),
    ];
    let names: Vec<usize> = (0..keys.len()).collect();
    subsequence(names, 0..5).prop_flat_map(move |chosen| {
        let parts: Vec<_> = chosen
            .iter()
            .map(|at| {
                keys[*at].1.clone().prop_map({
                    let name = keys[*at].0;
                    move |value| (name.to_owned(), value)
                })
            })
            .collect();
        parts.prop_map(|parts| Value::Object(parts.into_iter().collect::<Map<_, _>>()))
    })
}

#[test]
fn the_filter_loses_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let today = Clock::system().now().date_naive();
    let (postings, span) = runtime.block_on(async {
        let ids = world.postings(400, 8).await;
        let ids: Vec<_> = ids.into_iter().map(JobId).collect();
        let since = Clock::system().now().naive_utc() - chrono::TimeDelta::days(3650);
        (
            world.db.store.list_postings(&ids).await.unwrap(),
            world.db.store.find_posting_span(since).await.unwrap(),
        )
    });
    let postings: Vec<_> = postings.iter().map(|posting| reduced(posting, today)).collect();
    assert_eq!(i64::try_from(postings.len()).unwrap(), span.total);
    let settings = MatchSettings::from(&world.config.matching);
    let (held, ruled_out) = (Cell::new(0), Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let cases = prop::collection::vec(filters(), 1..4);
    runner
        .run(&cases, |all| {
            let searches: Vec<_> = all.into_iter().map(saved).collect();
            let filter = posting_filter(searches.iter(), &settings, today);
            let page = runtime.block_on(world.db.store.read_posting_page(&span, &filter, 1000)).unwrap();
            let compiled: Vec<_> =
                searches.iter().map(|search| CompiledSearch::new(search, &settings).0).collect();
            for posting in &postings {
                let holds = compiled.iter().any(|search| search.holds(posting, &settings));
                held.set(held.get() + usize::from(holds));
                prop_assert!(
                    !holds || page.ids.contains(&posting.id),
                    "{:?} is lost by {:?}",
                    posting.id,
                    filter
                );
            }
            ruled_out.set(ruled_out.get() + postings.len() - page.ids.len());
            Ok(())
        })
        .unwrap();
    let (held, ruled_out) = (held.get(), ruled_out.get());
    assert!(held > 1000 && ruled_out > 1000, "{held} matched, {ruled_out} were ruled out");
    drop(world);
}

#[tokio::test]
async fn a_span_holds_what_everybody_may_see_and_is_read_once() {
    let world = World::new().await;
    let ann = world.user("ann").await;
    let ids = world.postings(90, 9).await;
    sqlx::query("UPDATE jobs SET user_id = $1 WHERE id % 10 = 0")
        .bind(ann)
        .execute(world.pool())
        .await
        .unwrap();
    let since = Clock::system().now().naive_utc() - chrono::TimeDelta::days(20);
    let mut span = world.db.store.find_posting_span(since).await.unwrap();
    let expected: Vec<i32> = sqlx::query_scalar(
        "SELECT id FROM jobs WHERE created_at >= $1 AND is_active IS NOT FALSE AND user_id IS NULL ORDER BY id DESC",
    )
    .bind(since)
    .fetch_all(world.pool())
    .await
    .unwrap();
    assert!(expected.len() < ids.len() && i64::try_from(expected.len()).unwrap() == span.total);
    let (mut read, mut seen) = (Vec::new(), 0);
    while !span.is_over() {
        let page = world.db.store.read_posting_page(&span, &PostingFilter::default(), 8).await.unwrap();
        seen += page.seen;
        read.extend(page.ids.iter().map(|id| id.0));
        span = PostingSpan { next_id: page.next_id.unwrap(), ..span };
    }
    assert_eq!((read, seen), (expected, span.total));
}
