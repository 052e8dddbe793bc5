//! One test binary for everything that needs the real servers or the real program.
#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test says what it skips, and a child what it started"
)]

mod admin;
mod backup;
mod browser;
mod census;
mod channels;
mod cli;
mod cli_sources;
mod dev_once;
mod docs;
mod domain_gate;
mod drain;
mod exchanges;
mod fetch;
mod fixtures;
mod gateway;
mod gazette;
mod half_open;
mod hostile;
mod inbound;
mod labelled;
mod labelled_duplicates;
mod labelled_employment;
mod labelled_floors;
mod labelled_places;
mod labelled_titles;
mod layers;
mod ledger;
mod long_queue;
mod match_notify;
mod matching;
mod mutation;
mod openapi;
mod operate;
mod oracle;
mod other_service;
mod outbound;
mod overlap;
mod pages;
mod poison;
mod poison_runs;
mod process;
mod queries;
mod queue;
mod race;
mod recorded_pages;
mod recorded_requirements;
mod recordings;
mod rematch;
mod replay;
mod retain;
mod rig;
mod scale;
mod scheduler;
mod schema;
mod scrape;
mod scrape_pages;
mod scraper;
mod seed;
mod series;
mod shards;
mod stack;
mod state_machine;
mod storm;
mod support;
mod upsert;
mod upsert_model;
mod upsert_storm;
mod worker;
