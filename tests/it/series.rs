//! Boards recorded again and again over two weeks, where the recordings are present: what the scrape task says of each listing is what
//! a set difference over the recorded files says.

use std::collections::{BTreeMap, BTreeSet};

use career_worker::dev::{Replay, ReplayOptions};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::{
    exchanges::{Exchange, read_all},
    recordings,
    scraper::Scraper,
};

type Ids = BTreeSet<String>;

/// What one listing changed.
#[derive(Debug, Default, PartialEq)]
struct Difference {
    new: Ids,
    changed: Ids,
    missing: Ids,
    gone: Ids,
    returned: Ids,
}

/// What the files of one board said so far.
#[derive(Default)]
struct Oracle {
    /// Last content by id.
    known: BTreeMap<String, Value>,
    /// Complete listings in a row that lack an id.
    absent: BTreeMap<String, u32>,
    largest: usize,
}

impl Oracle {
    fn next(&mut self, listing: BTreeMap<String, Value>) -> Difference {
        assert!(
            listing.len() * 2 >= self.largest,
            "a short listing says nothing: this series needs another oracle"
        );
        self.largest = self.largest.max(listing.len());
        let mut difference = Difference::default();
        for id in self.known.keys().filter(|id| !listing.contains_key(*id)) {
            let times = self.absent.entry(id.clone()).or_default();
            *times += 1;
            match times {
                1 => difference.missing.insert(id.clone()),
                2 => difference.gone.insert(id.clone()),
                _ => continue,
            };
        }
        for (id, content) in listing {
            if self.absent.remove(&id).is_some() {
                difference.returned.insert(id.clone());
            }
            match self.known.insert(id.clone(), content.clone()) {
                None => drop(difference.new.insert(id)),
                Some(before) if before != content => drop(difference.changed.insert(id)),
                Some(_) => {}
            }
        }
        difference
    }

    /// Known and not gone.
    fn active(&self) -> Ids {
        self.known.keys().filter(|id| self.absent.get(*id).is_none_or(|times| *times < 2)).cloned().collect()
    }
}

/// The records of a file by id, each with the fields that a posting is made of. Others say nothing about the vacancy:
/// `updated_at` moves when anything behind the scenes does; `internal_job_id`, `requisition_id` and `data_compliance` are the employer's
/// own bookkeeping; the `ai_` fields are a notice beside the form; `departments` and `offices` are units of the employer (`offices` count
/// only where `location` is blank); the `…Plain` texts, `opening` and `descriptionBody` repeat the ones read; `applyUrl` follows from
/// `hostedUrl`.
fn listing(exchange: &Exchange) -> BTreeMap<String, Value> {
    let body: Value = serde_json::from_slice(&exchange.body).unwrap();
    let (records, fields): (_, &[&str]) = if exchange.meta.source == "greenhouse" {
        let fields = &[
            "absolute_url",
            "title",
            "company_name",
            "location",
            "content",
            "first_published",
            "application_deadline",
            "language",
            "metadata",
            "pay_input_ranges",
        ];
        (&body["jobs"], fields)
    } else {
        let fields = &[
            "hostedUrl",
            "text",
            "categories",
            "country",
            "description",
            "lists",
            "additional",
            "salaryRange",
            "salaryDescriptionPlain",
            "workplaceType",
            "createdAt",
        ];
        (&body, fields)
    };
    let listing: BTreeMap<_, _> = records
        .as_array()
        .unwrap()
        .iter()
        .map(|record| {
            let id = record["id"].as_str().map_or_else(|| record["id"].to_string(), str::to_owned);
            if exchange.meta.source == "greenhouse" {
                assert!(
                    !record["location"]["name"].as_str().unwrap().trim().is_empty(),
                    "offices would count"
                );
            } else {
                assert!(
                    record["description"].as_str().is_some_and(|text| !text.is_empty()),
                    "descriptionBody would count"
                );
            }
            let field = |name: &&str| ((*name).to_owned(), shown(record[*name].clone()));
            (id, Value::Object(fields.iter().map(field).collect::<Map<_, _>>()))
        })
        .collect();
    assert_eq!(listing.len(), exchange.meta.records);
    listing
}

/// White space, breaking or not, and blocks with nothing else in them show nothing, and editors add and drop them.
fn shown(value: Value) -> Value {
    let Value::String(text) = value else { return value };
    let html = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").replace("&nbsp;", " ");
    let dense: String = html.chars().filter(|letter| !letter.is_whitespace()).collect();
    Value::String(dense.replace("<p></p>", "").replace("<h3></h3>", ""))
}

/// A posting as the database has it.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
struct Stored {
    source_id: String,
    content_hash: String,
    missing: bool,
    gone: bool,
    is_active: bool,
    /// Changes with every write of the row.
    version: String,
}

async fn stored(scraper: &Scraper, source: &str, board: &str) -> BTreeMap<String, Stored> {
    let rows: Vec<Stored> = sqlx::query_as(
        "SELECT s.source_id, s.content_hash, s.missing_since IS NOT NULL AS missing, s.gone_at IS NOT NULL AS gone,
                j.is_active, concat(j.xmin, ' ', j.ctid) AS version
         FROM worker.sightings AS s JOIN jobs AS j ON j.id = s.job_id AND j.source = s.source AND j.source_id = s.source_id
         WHERE s.source = $1 AND s.board = $2",
    )
    .bind(source)
    .bind(board)
    .fetch_all(&scraper.db.pool)
    .await
    .unwrap();
    rows.into_iter().map(|row| (row.source_id.clone(), row)).collect()
}

/// What the database says happened between two looks at it, and whose rows were written.
fn happened(before: &BTreeMap<String, Stored>, after: &BTreeMap<String, Stored>) -> (Difference, Ids) {
    assert!(before.keys().all(|id| after.contains_key(id)), "no posting is ever deleted");
    let (mut difference, mut written) = (Difference::default(), Ids::new());
    for (id, now) in after {
        let Some(was) = before.get(id) else {
            difference.new.insert(id.clone());
            written.insert(id.clone());
            continue;
        };
        let facts = [
            (&mut difference.changed, was.content_hash != now.content_hash),
            (&mut difference.missing, now.missing && !was.missing),
            (&mut difference.gone, now.gone && !was.gone),
            (&mut difference.returned, was.missing && !now.missing),
            (&mut written, was.version != now.version),
        ];
        for (ids, _) in facts.into_iter().filter(|(_, true_now)| *true_now) {
            ids.insert(id.clone());
        }
    }
    (difference, written)
}

/// One scrape of the board, held against the oracle.
async fn step(scraper: &Scraper, oracle: &mut Oracle, exchange: &Exchange) -> Difference {
    let (source, board) = (exchange.meta.source.as_str(), exchange.meta.board.as_str());
    let was_active = oracle.active();
    let expected = oracle.next(listing(exchange));
    let before = stored(scraper, source, board).await;
    let args = json!({ "source": source, "boards": [board], "confirm_after": "0s" });
    let report = scraper.board(args).await;
    let after = stored(scraper, source, board).await;

    let name = exchange.name();
    let (found, written) = happened(&before, &after);
    assert_eq!(found, expected, "{name}");
    // Nothing is written for a posting that is as it was, that is missing for the first time, or that comes back before it was gone.
    let revived = expected.returned.iter().filter(|id| !was_active.contains(*id));
    let touched: Ids = [&expected.new, &expected.changed, &expected.gone]
        .into_iter()
        .flatten()
        .chain(revived)
        .cloned()
        .collect();
    assert_eq!(written, touched, "{name}: rows of jobs that were written");
    let active: Ids = after.values().filter(|row| row.is_active).map(|row| row.source_id.clone()).collect();
    assert_eq!(active, oracle.active(), "{name}: active rows");
    for (key, count) in [
        ("seen", exchange.meta.records),
        ("new", expected.new.len()),
        ("changed", expected.changed.len()),
        ("unchanged", exchange.meta.records - expected.new.len() - expected.changed.len()),
        ("missing", expected.missing.len()),
        ("gone", expected.gone.len()),
        ("returned", expected.returned.len()),
        ("rejected", 0),
    ] {
        assert_eq!(report[key], count, "{name}: {key} in {report}");
    }
    assert_eq!((&report["complete"], &report["short"]), (&true.into(), &false.into()), "{name}: {report}");
    expected
}

fn recorded_at(exchange: &Exchange) -> DateTime<Utc> {
    exchange.meta.recorded_at.as_ref().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn listings_over_two_weeks_change_what_a_set_difference_says() {
    let Some(folder) = recordings::folder() else { return };
    let mut series: Vec<_> =
        read_all(&folder).into_iter().filter(|exchange| exchange.name().contains("/series_")).collect();
    series.sort_by_key(recorded_at);
    let replay = Replay::start(std::slice::from_ref(&folder), ReplayOptions::default()).await.unwrap();
    let scraper = Scraper::new(replay.url().clone()).await;

    let mut oracles: BTreeMap<(&str, &str), (Oracle, &Exchange)> = BTreeMap::new();
    let mut all = [0; 5];
    let mut count = |difference: &Difference| {
        let Difference { new, changed, missing, gone, returned } = difference;
        for (sum, ids) in all.iter_mut().zip([new, changed, missing, gone, returned]) {
            *sum += ids.len();
        }
    };
    for exchange in &series {
        replay.set_as_of(Some(recorded_at(exchange)));
        let key = (exchange.meta.source.as_str(), exchange.meta.board.as_str());
        let (oracle, last) = oracles.entry(key).or_insert_with(|| (Oracle::default(), exchange));
        *last = exchange;
        count(&step(&scraper, oracle, exchange).await);
    }
    // The last listing once more, which is "not modified" now: what it lacks is gone.
    for (oracle, last) in oracles.values_mut() {
        let before = oracle.active().len();
        let difference = step(&scraper, oracle, last).await;
        assert_eq!(difference, Difference { gone: difference.gone.clone(), ..Difference::default() });
        assert_eq!(before - difference.gone.len(), last.meta.records, "active is present");
        assert_eq!(oracle.active(), listing(last).into_keys().collect(), "active is present");
        count(&difference);
    }
    eprintln!(
        "{} listings of {} boards: new, changed, missing, gone, returned {all:?}",
        series.len(),
        oracles.len()
    );
    assert!(all.iter().all(|count| *count > 0), "every kind of change occurs: {all:?}");
}
