//! Backups: made, looked at, restored and let go.
//!
//! A logical backup is `pg_dump` of one snapshot, compressed, encrypted and uploaded as it comes, with a manifest of what was in that
//! snapshot. It is a backup once its manifest is in its place, which is written last and by one writer only; what has no manifest is
//! rubbish. It is *verified* once it was fetched from its place, decrypted and restored into a throw-away cluster, and everything the
//! manifest says was found there. Where the server is ours, [`pitr`] keeps its WAL beside that, so that any moment can be had back.
//!
//! Nothing here schedules anything or prints. No secret is in an error, and none in the arguments of a program. Another way of making
//! backups is another [`BackupEngine`].

mod archive;
mod catalog;
mod compare;
mod connection;
mod dump;
mod engine;
mod error;
mod expire;
pub mod keys;
mod logical;
mod manifest;
mod pieces;
pub mod pitr;
mod process;
mod restore;
mod seal;
mod site;
mod survey;
mod verify;
mod watch;

pub use archive::{ARCHIVES, archive_name, read_archive, write_archive};
pub use catalog::{Catalog, Entry, Verification};
pub use compare::differences;
pub use dump::{LogicalDump, Made};
pub use engine::{BackupEngine, Found, Preflight, Tested, Which, Work};
pub use error::{BackupDecision, BackupError};
pub use expire::{Candidate, Expired, Plan, Policy, expire, plan};
pub use manifest::{DumpObject, Manifest, manifest_name};
pub use pieces::{PieceReader, PieceWriter};
pub use restore::{RestoreWish, Restored, restore};
pub use seal::{Sealed, Unsealed, seal, unseal};
pub use site::{Site, Watch};
pub use survey::{Survey, survey};
pub use verify::{Defect, test_restore};
pub use watch::{Health, observe};
