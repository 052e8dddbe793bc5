//! Demonstration data and recorded exchanges for `career-worker dev` and for the tests, beside the private servers of
//! [`crate::servers`]. Nothing here is for production.

pub mod replay;
mod seed;

pub use crate::servers::{Search, Stack, StackOptions, default_data_dir};
pub use replay::{Fault, Replay, ReplayOptions};
pub use seed::{refuse_foreign, seed};
