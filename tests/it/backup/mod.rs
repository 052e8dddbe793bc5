//! Backups against real servers: made, damaged, killed, restored, let go. Places are folders and an S3 server in this process.

mod damage;
mod expiry;
pub mod killed;
pub mod kit;
mod pitr;
mod quarantine;
mod restoring;
mod unset;
mod whole;
