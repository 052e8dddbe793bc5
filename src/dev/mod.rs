//! Private servers and demonstration data for `career-worker dev` and for the tests.
//!
//! [`Stack`] starts PostgreSQL and Redis for one process and one data folder, without root, Docker or anything to install, and they never
//! outlive that process. Nothing here is for production: there the servers are given by their addresses.

mod account;
mod apt;
mod binaries;
mod guard;
mod packages;
mod postgres;
mod redis;
pub mod replay;
mod seed;
mod servers;
mod stack;

pub use account::default_data_dir;
pub use binaries::Search;
pub use replay::{Fault, Replay, ReplayOptions};
pub use seed::{refuse_foreign, seed};
pub use stack::{Stack, StackOptions};
