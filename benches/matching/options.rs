//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::workload::Preset;

/// Postings matched against saved searches and profiles.
#[derive(Debug, Parser)]
#[command(name = "cargo bench --bench matching --")]
pub struct Options {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Which searches there are
    #[arg(long, global = true, default_value = "sel")]
    pub preset: Preset,
    /// Sizes of the index; costs are compared with those of the first
    #[arg(long, global = true, value_delimiter = ',', default_value = "10000,100000")]
    pub searches: Vec<usize>,
    /// Profiles to match, alone and together with the searches of the last size
    #[arg(long, default_value_t = 10_000)]
    pub profiles: usize,
    /// Postings in each round
    #[arg(long, global = true, default_value_t = 1_000)]
    pub postings: usize,
    /// Rounds, of which the median and the extremes are shown
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Numbers of threads
    #[arg(long, value_delimiter = ',', default_value = "1,2")]
    pub threads: Vec<usize>,
    /// Searches changed just before matching; at most half of all
    #[arg(long, default_value_t = 100_000)]
    pub delta: usize,
    /// Postings of which every match is compared with that of asking each search and profile
    #[arg(long, default_value_t = 20)]
    pub check: usize,
    /// Other engines to measure on the same data
    #[arg(long, value_delimiter = ',')]
    pub peers: Vec<PeerName>,
    /// Postings for other engines, in each round
    #[arg(long, default_value_t = 200)]
    pub peer_postings: usize,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// What to do instead of measuring.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Writes the first of `--searches` and `--postings` as typed columns, `searches.tsv` and `postings.tsv`
    Export {
        /// Folder, made when it is missing
        folder: PathBuf,
    },
}

/// Another engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PeerName {
    /// PostgreSQL, two ways: `benches/peers/matching/postgres`
    Pg,
    /// Lucene's monitor: `benches/peers/matching/lucene`
    Lucene,
}
