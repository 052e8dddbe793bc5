//! Recorded pages that only selectors or `JobPosting` blocks can read: what a board would say of each, and that its fields are found.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and says what it saw")]

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use career_worker::{
    domain::{Page, Posting},
    normalize::normalize,
    sources::{self, Board, Parsed},
};
use chrono::NaiveDate;
use serde_json::{Value, json};

fn folder() -> Option<PathBuf> {
    let named = env::var_os("CAREER_RECORDINGS").map(PathBuf::from);
    let root = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/recordings"));
    if !root.is_dir() {
        eprintln!("skipped: no recordings (set CAREER_RECORDINGS)");
    }
    root.is_dir().then_some(root)
}

/// The body of a recording and the address it was asked for.
fn recording(root: &Path, case: &str) -> (Vec<u8>, String) {
    let dir = root.join(case);
    let exchange: toml::Table = fs::read_to_string(dir.join("exchange.toml")).unwrap().parse().unwrap();
    let names = ["response.html", "response.xml", "response.json"];
    let file = names.iter().map(|name| dir.join(name)).find(|file| file.is_file()).unwrap();
    (fs::read(file).unwrap(), exchange["url"].as_str().unwrap().to_owned())
}

fn read(root: &Path, case: &str, source: &'static str, options: &Value) -> (Parsed, Vec<Posting>) {
    let (body, url) = recording(root, case);
    let options = options.as_object().unwrap().clone();
    let board = Board { board: "recorded".to_owned(), company: Some("Recorded".to_owned()), options };
    let page = Page { url: &url, content_type: None, body: &body };
    let source = sources::find(source).unwrap();
    source.first(&board).unwrap();
    let mut parsed = source.parse(&board, &page).unwrap_or_else(|error| panic!("{case}: {error}"));
    let today = NaiveDate::from_ymd_opt(2026, 8, 22).unwrap();
    let drafts = parsed.drafts.iter().map(|draft| draft.posting.clone());
    let raw = parsed.postings.drain(..).chain(drafts);
    let postings: Vec<_> = raw.map(|raw| normalize(source.name(), raw, today).unwrap()).collect();
    if env::var_os("CAREER_SHOW").is_some() {
        for posting in &postings {
            eprintln!("{case}: {}", serde_json::to_string_pretty(posting).unwrap());
        }
    }
    (parsed, postings)
}

#[test]
fn a_list_of_cards_is_read_by_selectors() {
    let Some(root) = folder() else { return };
    let labelled = |label: &str| json!({"select": "ul li", "pattern": format!("{label} : (.+)")});
    let options = json!({
        "url": "https://www.emploitunisie.com/recherche-jobs-tunisie/devops",
        "item": ".card-job", "title": "h3 a", "link": "@data-href", "company": ".company-name",
        "description": ".card-job-description p", "location": labelled("Région de"), "type": labelled("Contrat proposé"),
        "tags": {"select": "ul li", "pattern": "Compétences clés : (.+)", "split": " - "}, "date": "time@datetime",
    });
    let (parsed, postings) = read(&root, "html/emploitunisie_list", "html", &options);
    assert_eq!((postings.len(), parsed.rejected.len(), parsed.complete), (5, 0, true));
    for posting in &postings {
        assert!(
            posting.location.is_some() && posting.description.is_some() && posting.posted_date.is_some(),
            "{posting:?}"
        );
        assert!(!posting.tech_stack.is_empty() && posting.company != "Recorded", "{posting:?}");
    }
}

#[test]
fn a_table_and_its_pages_are_read_by_selectors() {
    let Some(root) = folder() else { return };
    let options = json!({
        "url": "https://careers.hkjc.com/search/?q=finance", "item": "tr.data-row:not(.header)",
        "title": ".jobTitle-link", "link": ".jobTitle-link",
        "id": {"select": ".jobTitle-link", "attribute": "href", "pattern": "/(\\d+)/$"},
        "location": ".colLocation .jobLocation", "type": ".colShifttype .jobShifttype", "date": ".jobDate",
        "page": {"parameter": "startrow", "first": 0, "step": 25},
        "detail": {"title": "[itemprop=title]", "description": "[itemprop=description]"},
    });
    let (parsed, postings) = read(&root, "successfactors/listing_page1", "html", &options);
    assert_eq!((postings.len(), parsed.drafts.len(), parsed.rejected.len()), (6, 6, 0));
    assert!(parsed.next[0].url.ends_with("startrow=25"));
    for posting in &postings {
        assert!(
            posting.location.is_some() && posting.posted_date.is_some() && posting.job_type.is_some(),
            "{posting:?}"
        );
    }

    let (body, url) = recording(&root, "successfactors/detail");
    let draft = parsed.drafts.iter().find(|draft| draft.request.url == url).unwrap();
    let board = Board {
        board: "recorded".to_owned(),
        options: options.as_object().unwrap().clone(),
        ..Board::default()
    };
    let page = Page { url: &url, content_type: None, body: &body };
    let posting = sources::find("html").unwrap().complete(&board, &page, draft).unwrap();
    assert_eq!(posting.source_id, draft.posting.source_id);
    assert!(posting.description.is_some() && posting.posted.is_some() && !posting.locations.is_empty());
}

#[test]
fn pages_of_single_postings_are_read_by_selectors() {
    let Some(root) = folder() else { return };
    let detail = |url: &str, detail: Value| json!({"url": url, "item": ".no-such-item", "title": "a", "link": "a", "detail": detail});
    let talentclue = json!({
        "title": "h1.job-page__header-title", "description": ".job-description",
        "location": {"select": ".job-summary__text", "pattern": "(?:Ubicación|Ubicació|Location): (.+)"},
    });
    for (case, host) in [
        ("decathlon_talentclue_jobpage", "decathlon"),
        ("ayuda_en_accion_talentclue_jobpage", "empleoayudaenaccion"),
        ("barcelona_activa_talentclue_jobpage_admin", "barcelonactiva"),
    ] {
        let options = detail(&format!("https://{host}.talentclue.com/"), talentclue.clone());
        let (_, postings) = read(&root, &format!("html/{case}"), "html", &options);
        let posting = &postings[0];
        assert!(posting.location.is_some() && posting.description.is_some(), "{posting:?}");
    }
    let dated = |label: &str| json!({"select": ".card-cell-left", "pattern": format!("{label} ?(.+)")});
    let peoplestrong = json!({
        "title": "h2.title", "location": "ul.listing-inline li.last-child", "description": ".panel-full .panel-body",
        "date": dated("Posted On"), "deadline": dated("End Date"),
    });
    let options = detail("https://bflcareers.peoplestrong.com/job/joblist", peoplestrong);
    let (_, postings) = read(&root, "html/peoplestrong_bajaj_finserv", "html", &options);
    let posting = &postings[0];
    assert!(
        posting.location.is_some() && posting.description.is_some() && posting.posted_date.is_some(),
        "{posting:?}"
    );

    let options = detail(
        "https://talent.didiglobal.com/",
        json!({"title": "h2.mainT", "location": ".subT span", "description": ".content .htmlCon"}),
    );
    let (_, postings) = read(&root, "html/didi_global_jobdetail", "html", &options);
    assert!(postings[0].location.is_some() && postings[0].description.is_some());
}

#[test]
fn blocks_of_search_engines_are_read() {
    let Some(root) = folder() else { return };
    let options = json!({"url": "https://www.metacareers.com/jobs", "path": "/jobs/"});
    let (_, postings) = read(&root, "html/jsonld_meta_software_engineer", "json_ld", &options);
    let posting = &postings[0];
    assert!(
        posting.requirements.is_some() && posting.description.is_some() && posting.job_type.is_some(),
        "{posting:?}"
    );
    assert!(posting.places.len() > 1 && posting.posted_date.is_some() && posting.company != "Recorded");

    let (body, url) = recording(&root, "html/decathlon_talentclue_jobpage");
    let options = json!({"url": "https://decathlon.talentclue.com/", "path": "/es/node/"});
    let board = Board {
        board: "recorded".to_owned(),
        options: options.as_object().unwrap().clone(),
        ..Board::default()
    };
    let page = Page { url: &url, content_type: None, body: &body };
    let error = sources::find("json_ld").unwrap().parse(&board, &page).unwrap_err().to_string();
    assert_eq!(error, "unexpected layout: expected a JobPosting in JSON-LD or microdata, got none");
}

#[test]
fn feeds_with_tags_of_their_own_are_read() {
    let Some(root) = folder() else { return };
    for (case, records) in [("neogov/neogov_sample", 5), ("neogov/expired", 1), ("weworkremotely/wwr_1", 4)] {
        let mut options =
            json!({"url": "https://agency.governmentjobs.com/michigan/default.cfm", "whole": true});
        if case.starts_with("we") {
            options["title"] = "company: title".into();
        }
        let (parsed, postings) = read(&root, case, "feed", &options);
        assert_eq!((postings.len(), parsed.rejected.len(), parsed.complete), (records, 0, true), "{case}");
        for posting in &postings {
            assert!(
                posting.location.is_some() && posting.description.is_some() && posting.posted_date.is_some(),
                "{posting:?}"
            );
        }
        let typed = postings.iter().filter(|posting| posting.job_type.is_some()).count();
        let paid = postings.iter().filter(|posting| posting.pay.is_some()).count();
        eprintln!("{case}: {records} records, {typed} with a type, {paid} with pay");
    }
}
