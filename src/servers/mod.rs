//! Private PostgreSQL and Redis: the programs, found on this machine or fetched, and servers that cannot outlive this process.
//!
//! [`Stack`] is the pair that `career-worker dev` and the tests live on; [`Scratch`] is one PostgreSQL on a folder of its own, thrown away
//! at the end, into which backups are restored to see whether they can be. Nothing here is a server of production: those are given by
//! their addresses. To look for programs in one more place: `binaries.rs`.

mod account;
mod apt;
pub(crate) mod binaries;
mod guard;
mod packages;
mod place;
mod postgres;
mod recovered;
mod redis;
mod scratch;
mod stack;

pub use account::default_data_dir;
pub(crate) use account::{Account, cache_dir};
pub use binaries::{ClientTools, Search, client_tools};
pub use packages::pgbackrest;
pub(crate) use recovered::{Recovered, Room};
pub use scratch::{Scratch, ScratchOptions, scratch_dir, server_programs};
pub use stack::{Stack, StackOptions};
