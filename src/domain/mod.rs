//! Plain values that every layer speaks of: postings, pay, places, searches, profiles, runs.
//!
//! No I/O, no clock, no database types. A new word of the domain gets its own file here.

mod channel;
mod exchange;
mod pay;
mod place;
mod posting;
mod profile;
mod run;
mod search;
mod shard;

pub use channel::{Channel, DigestId};
pub use exchange::{Page, Politeness, Request};
pub use pay::{Pay, Period, Salary};
pub use place::Place;
pub use posting::{
    JobId, JobType, Posting, RawDate, RawPosting, Rejected, RemoteOption, Seniority, Text, Workplace, Years,
};
pub use profile::{Profile, UserId};
pub use run::{ClaimedRun, NewRun, Outcome, Queue, RunId, RunState, Trigger};
pub use search::{SavedSearch, SearchId, SearchIds};
pub use shard::Shard;
