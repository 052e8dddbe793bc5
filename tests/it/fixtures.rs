//! The committed exchanges: what is read from each, and that no damage to them can do more than lose records.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
    sync::LazyLock,
};

use career_worker::{
    normalize::normalize,
    sources::{Board, SOURCES},
};
use chrono::DateTime;
use proptest::prelude::*;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};

use crate::exchanges::{Exchange, postings, read_all};

fn fixtures() -> Vec<Exchange> {
    read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"))
}

fn read(exchange: &Exchange, all: &[Exchange]) -> Value {
    if exchange.meta.status != 200 {
        return json!({ "status": exchange.meta.status });
    }
    let mut parsed = match exchange.parse() {
        Ok(parsed) => parsed,
        Err(error) => return json!({ "error": error.to_string() }),
    };
    let recorded = exchange.meta.recorded_at.as_deref().expect("a fixture says when it was recorded");
    let today = DateTime::parse_from_rfc3339(recorded).unwrap().date_naive();
    let total = parsed.expected_total;
    let complete = parsed.complete;
    let next: Vec<_> = parsed.next.iter().map(|request| request.url.clone()).collect();
    let pages: Vec<_> = parsed.drafts.iter().map(|draft| draft.request.url.clone()).collect();
    let raw = postings(&mut parsed, all);
    let mut rejected = parsed.rejected;
    let mut postings = Vec::new();
    for raw in raw {
        match normalize(exchange.source().name(), raw, today) {
            Ok(posting) => postings.push(serde_json::to_value(posting).unwrap()),
            Err(why) => rejected.push(why),
        }
    }
    assert_eq!(postings.len() + rejected.len(), exchange.meta.records, "records of {}", exchange.name());
    assert_eq!(complete, exchange.meta.complete, "complete of {}", exchange.name());
    postings.sort_by_key(|posting| posting["source_id"].to_string());
    rejected.sort_by(|a, b| (&a.source_id, &a.reason).cmp(&(&b.source_id, &b.reason)));
    let mut read = json!({
        "postings": postings, "rejected": rejected, "expected_total": total, "complete": complete,
    });
    for (key, urls) in [("next", next), ("pages", pages)] {
        if !urls.is_empty() {
            read[key] = urls.into();
        }
    }
    read
}

#[test]
fn each_exchange_is_read_as_expected() {
    let update = env::var_os("UPDATE_FIXTURES").is_some();
    let mut different = Vec::new();
    let all = fixtures();
    for exchange in &all {
        let file = exchange.dir.join("expected.json");
        let read = serde_json::to_string_pretty(&read(exchange, &all)).unwrap() + "\n";
        if update {
            fs::write(&file, read).unwrap();
        } else if fs::read_to_string(&file).unwrap_or_default() != read {
            different.push(exchange.name());
        }
    }
    assert!(
        different.is_empty(),
        "other than in expected.json: {different:?}; run with UPDATE_FIXTURES=1 and look at the difference"
    );
}

#[test]
fn each_source_shows_every_case() {
    let names: BTreeSet<_> = fixtures().iter().map(Exchange::name).collect();
    for source in SOURCES {
        for case in ["ordinary", "messy", "empty", "layout", "throttled", "gone"] {
            let name = format!("{}/{case}", source.name());
            assert!(names.contains(&name), "no fixtures/{name}");
        }
    }
}

/// The address without the parameters that stand for a credential.
fn without_keys(url: &str) -> String {
    let mut url = url::Url::parse(url).unwrap();
    let kept: Vec<_> = url
        .query_pairs()
        .into_owned()
        .filter(|(_, value)| !["APP_ID", "APP_KEY", "REDACTED"].contains(&value.as_str()))
        .collect();
    if kept.len() < url.query_pairs().count() {
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    url.to_string()
}

#[test]
fn each_exchange_has_an_address_that_the_source_asks() {
    let all = fixtures();
    let mut asked: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for exchange in &all {
        let urls = asked.entry(&exchange.meta.source).or_default();
        urls.insert(exchange.source().first(&exchange.board()).unwrap().url);
        let Ok(parsed) = exchange.parse() else { continue };
        let pages = parsed.drafts.into_iter().map(|draft| draft.request);
        urls.extend(parsed.next.into_iter().chain(pages).map(|request| request.url));
    }
    for exchange in &all {
        let url = without_keys(&exchange.meta.url);
        let urls = &asked[exchange.meta.source.as_str()];
        assert!(urls.contains(&url), "{}: nobody asks for {url}, but for {urls:?}", exchange.name());
    }
}

#[test]
fn a_truncated_exchange_is_an_error_or_a_part() {
    for exchange in fixtures() {
        let whole = exchange.body.len();
        for point in 0..100 {
            let cut = exchange.body.get(..whole * point / 100).unwrap();
            if let Ok(parsed) = exchange.parse_body(cut) {
                assert!(!parsed.complete, "{} cut to {} bytes gave {parsed:?}", exchange.name(), cut.len());
            }
        }
    }
}

#[test]
fn a_damaged_exchange_loses_records_at_most() {
    let mut random = StdRng::seed_from_u64(7);
    for exchange in fixtures() {
        for _ in 0..200 {
            let mut body = exchange.body.clone();
            for _ in 0..random.random_range(1..20) {
                let at = random.random_range(0..body.len());
                body[at] = random.random();
            }
            let _ = exchange.parse_body(&body);
        }
    }
}

/// JSON of any shape, with the keys that sources look for among its own.
#[expect(clippy::too_many_lines, reason = "a list of keys is as long as it is")]
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(Value::from("https://jobs.example/1")),
    ];
    let key = prop::sample::select(vec![
        "jobs",
        "meta",
        "total",
        "departments",
        "id",
        "title",
        "text",
        "absolute_url",
        "hostedUrl",
        "jobUrl",
        "metadata",
        "name",
        "value",
        "unit",
        "min_value",
        "content",
        "offices",
        "location",
        "categories",
        "allLocations",
        "lists",
        "salaryRange",
        "min",
        "interval",
        "compensation",
        "compensationTiers",
        "components",
        "compensationType",
        "minValue",
        "address",
        "postalAddress",
        "secondaryLocations",
        "pay_input_ranges",
        "min_cents",
        "isListed",
        "Details",
        "MatchedObjectDescriptor",
        "MatchedObjectId",
        "PositionRemuneration",
        "PositionTitle",
        "PositionURI",
        "SearchResult",
        "SearchResultItems",
        "UserArea",
        "_jobposting",
        "_source",
        "addressCountry",
        "adresse",
        "applicationLink",
        "area",
        "atsLocation",
        "baseSalary",
        "bulletFields",
        "careers_url",
        "comment_text",
        "company",
        "companyName",
        "compensation_minimum",
        "content_html",
        "count",
        "countryCode",
        "created_at_i",
        "customField",
        "data",
        "description",
        "display_name",
        "employer",
        "employmentType",
        "ergebnisliste",
        "experienceRequirements",
        "externalPath",
        "facetParameter",
        "facets",
        "fertigkeiten",
        "guid",
        "headline",
        "hiringOrganization",
        "hits",
        "identifier",
        "items",
        "jobAd",
        "jobGeo",
        "jobLocation",
        "jobOpening",
        "jobOpeningName",
        "jobPostingInfo",
        "jobPostings",
        "jobTitle",
        "landing_page",
        "legal",
        "links",
        "locationRestrictions",
        "locations",
        "maxErgebnisse",
        "monthsOfExperience",
        "must_have",
        "nbHits",
        "nextCursor",
        "next_url",
        "objectID",
        "offers",
        "page_count",
        "parent_id",
        "position",
        "redirect_url",
        "referenznummer",
        "refs",
        "result",
        "results",
        "salary",
        "salaryPeriod",
        "salary_is_predicted",
        "salary_min",
        "sections",
        "shortcode",
        "skills",
        "slug",
        "stellenangebotsTitel",
        "stellenlokationen",
        "story_id",
        "tags",
        "total-job-count",
        "totalFound",
        "translations",
        "url",
        "values",
        "workplace_type",
    ]);
    leaf.prop_recursive(6, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..8)
                .prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(value in any_json()) {
        let body = value.to_string();
        let wrapped = json!({ "jobs": [value] }).to_string();
        for source in SOURCES {
            for body in [&body, &wrapped, &format!("[{body}]")] {
                let page = career_worker::domain::Page { url: "", content_type: None, body: body.as_bytes() };
                let _ = source.parse(&Board::default(), &page);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300)) {
        for source in SOURCES {
            let page = career_worker::domain::Page { url: "", content_type: None, body: &body };
            let _ = source.parse(&Board::default(), &page);
        }
    }
}

#[test]
fn depth_does_not_overflow_the_stack() {
    for open in ["[", "{\"jobs\":[", "{\"jobs\":", "[{\"categories\":"] {
        let body = open.repeat(300_000);
        for source in SOURCES {
            let page = career_worker::domain::Page { url: "", content_type: None, body: body.as_bytes() };
            assert!(source.parse(&Board::default(), &page).is_err());
        }
    }
    let deep = format!("{}{}", "[".repeat(300_000), "]".repeat(300_000));
    for body in [format!("[{{\"id\": {deep}}}]"), format!("{{\"jobs\": [{{\"id\": {deep}}}]}}")] {
        for source in SOURCES {
            let page = career_worker::domain::Page { url: "", content_type: None, body: body.as_bytes() };
            let _ = source.parse(&Board::default(), &page);
        }
    }
}

/// One exchange of each source: without its board and address some sources read nothing.
static ORDINARY: LazyLock<Vec<Exchange>> = LazyLock::new(|| {
    fixtures().into_iter().filter(|exchange| exchange.name().ends_with("/ordinary")).collect()
});

/// Keys under which answers keep their records.
const LISTS: [&str; 6] = ["content", "data", "jobPostings", "jobs", "offers", "result"];

proptest! {
    #[test]
    fn any_json_of_a_known_board_is_read_or_refused(value in any_json(), list in prop::sample::select(&LISTS)) {
        let body = value.to_string();
        let wrapped = json!({ list: [&value, &value], "total": 2000, "facets": [value] }).to_string();
        for exchange in &*ORDINARY {
            let _ = exchange.parse_body(body.as_bytes());
            let _ = exchange.parse_body(wrapped.as_bytes());
        }
    }
}

#[test]
fn depth_of_a_known_board_does_not_overflow_the_stack() {
    let deep = format!("{}{}", "[".repeat(300_000), "]".repeat(300_000));
    let values = format!("{}1{}", "[{\"values\":".repeat(60_000), "}]".repeat(60_000));
    for list in LISTS {
        let record = format!(
            "{{\"id\": 1, \"locations\": {deep}, \"location\": {deep}, \"externalPath\": \"/job/a_1\"}}"
        );
        let body = format!("{{\"{list}\": [{record}, {deep}], \"total\": 2000, \"facets\": {values}}}");
        for exchange in &*ORDINARY {
            let _ = exchange.parse_body(body.as_bytes());
        }
    }
}
