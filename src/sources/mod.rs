//! Where postings come from: one file a source.
//!
//! A source is pure: it says what to ask for and reads what came back. It sees no network, database, queue or clock; the scrape task
//! drives fetching, paging, limits and storing. To add one: `src/sources/x.rs`, two sorted lines here, a folder `fixtures/x/`, and a
//! schedule `jobs/x.toml`; a test says what is missing. `contract/` is what a source is, `reading/` is what sources read with.

mod adzuna;
mod arbeitnow;
mod arbeitsagentur;
mod ashby;
mod bamboohr;
mod breezy;
mod contract;
mod feed;
mod greenhouse;
mod hackernews;
mod himalayas;
mod html;
mod jobicy;
mod json_ld;
mod lever;
mod personio;
mod pinpoint;
mod platsbanken;
mod reading;
mod recruitee;
mod remoteok;
mod remotive;
mod smartrecruiters;
mod teamtailor;
mod themuse;
mod usajobs;
mod weworkremotely;
mod workable;
mod workday;

pub use contract::{Board, Draft, Key, KeyPlace, Parsed, Source, SourceError, Terms};

/// All sources, sorted by name.
pub static SOURCES: &[&dyn Source] = &[
    &adzuna::Adzuna,
    &arbeitnow::Arbeitnow,
    &arbeitsagentur::Arbeitsagentur,
    &ashby::Ashby,
    &bamboohr::BambooHr,
    &breezy::Breezy,
    &feed::Feed,
    &greenhouse::Greenhouse,
    &hackernews::HackerNews,
    &himalayas::Himalayas,
    &html::HtmlBoard,
    &jobicy::Jobicy,
    &json_ld::JsonLd,
    &lever::Lever,
    &personio::Personio,
    &pinpoint::Pinpoint,
    &platsbanken::Platsbanken,
    &recruitee::Recruitee,
    &remoteok::RemoteOk,
    &remotive::Remotive,
    &smartrecruiters::SmartRecruiters,
    &teamtailor::Teamtailor,
    &themuse::TheMuse,
    &usajobs::UsaJobs,
    &weworkremotely::WeWorkRemotely,
    &workable::Workable,
    &workday::Workday,
];

/// The source of that name.
///
/// # Errors
/// Names the sources there are.
pub fn find(name: &str) -> Result<&'static dyn Source, String> {
    SOURCES.iter().copied().find(|source| source.name() == name).ok_or_else(|| {
        let known: Vec<_> = SOURCES.iter().map(|source| source.name()).collect();
        format!("unknown source \"{name}\", expected one of {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use serde_json::Value;
    use url::Url;

    use super::*;

    fn stems(dir: &Path) -> BTreeSet<String> {
        let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
        files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn every_source_has_its_file_its_fixtures_and_its_schedule() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let listed: Vec<_> = SOURCES.iter().map(|source| source.name().to_owned()).collect();
        assert!(listed.is_sorted(), "SOURCES is sorted by name: {listed:?}");

        let mut files = stems(&root.join("src/sources"));
        files.remove("mod");
        for name in &files {
            assert!(listed.contains(name), "add `&{name}::…` to SOURCES in src/sources/mod.rs");
        }
        for name in &listed {
            assert!(files.contains(name), "{name} is in SOURCES and has no src/sources/{name}.rs");
            let fixtures = root.join("fixtures").join(name);
            assert!(fixtures.is_dir(), "make {} with a folder for each case", fixtures.display());
            let schedule = root.join("jobs").join(format!("{name}.toml"));
            let text = std::fs::read_to_string(&schedule).unwrap_or_default();
            let toml: toml::Table =
                text.parse().unwrap_or_else(|error| panic!("{}: {error}", schedule.display()));
            let args = toml.get("args").unwrap_or_else(|| panic!("{}: no [args]", schedule.display()));
            assert_eq!(args.get("source").and_then(toml::Value::as_str), Some(name.as_str()));
            let boards = args.get("boards").and_then(toml::Value::as_array).unwrap();
            let source = find(name).unwrap();
            for board in boards {
                let board = match board {
                    toml::Value::String(name) => Board { board: name.clone(), ..Board::default() },
                    table => table.clone().try_into().unwrap(),
                };
                let request = source.first(&board).unwrap();
                let host = Url::parse(&request.url).unwrap().host_str().unwrap().to_owned();
                let known = source.hosts().iter().any(|pattern| {
                    pattern.strip_prefix('*').map_or(*pattern == host, |end| host.ends_with(end))
                });
                assert!(known, "{host} is not among the hosts of {name}");
            }
        }
    }

    #[test]
    fn a_board_that_cannot_be_asked_for_is_named() {
        for board in ["", " ", "a/b", "..", "a?b=c", "a\nb"] {
            for source in SOURCES {
                let board = Board { board: board.to_owned(), ..Board::default() };
                let error = source.first(&board).unwrap_err().to_string();
                assert!(error.starts_with("board: expected "), "{error}");
            }
        }
        let mut board = Board { board: "acme".to_owned(), ..Board::default() };
        board.options.insert("regoin".to_owned(), Value::from("eu"));
        for source in SOURCES {
            let error = source.first(&board).unwrap_err().to_string();
            assert!(error.starts_with("options.regoin: unknown option, expected "), "{error}");
        }
    }

    #[test]
    fn a_posting_without_an_employer_has_the_boards() {
        let board = |board: &str, company: Option<&str>| Board {
            board: board.to_owned(),
            company: company.map(str::to_owned),
            ..Board::default()
        };
        let url = "https://x.test/Low%20Tide/1";
        assert_eq!(board("nordlicht-robotics", None).employer(url).as_deref(), Some("Nordlicht Robotics"));
        assert_eq!(board("HighTide", Some(" ")).employer(url).as_deref(), Some("HighTide"));
        assert_eq!(board("x", Some("Xylo AG")).employer(url).as_deref(), Some("Xylo AG"));
        assert_eq!(board("", None).employer(url).as_deref(), Some("Low Tide"));
        assert_eq!(board("", None).employer("https://x.test/"), None);
    }
}
