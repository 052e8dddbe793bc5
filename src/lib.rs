//! The ingestion worker and scheduler of Career Copilot.
//!
//! Layers, from the bottom: a module uses only modules above it in this list (a test reads the `use` lines).

pub mod clock;
pub mod domain;
pub mod random;

pub mod config;
pub mod schedule;
pub mod telemetry;

pub mod fetch;
pub mod mail;
pub mod queue;
pub mod servers;
pub mod storage;
pub mod store;

pub mod backup;
pub mod matching;
pub mod normalize;
pub mod notify;
pub mod sources;

pub mod tasks;

pub mod observe;
pub mod scheduler;
pub mod worker;

pub mod admin;
pub mod dev;

pub mod cli;
