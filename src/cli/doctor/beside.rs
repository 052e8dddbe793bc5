//! What stands before and beside the database: a pooler, a replica.

use std::time::Duration;

use super::{Finding, database::root};
use crate::{
    config::Config,
    store::{ReplicaState, StoreError},
};

pub(super) fn replica(found: Result<Option<ReplicaState>, StoreError>, limit: Duration) -> Option<Finding> {
    let what = "database replica";
    let limit = humantime::format_duration(limit);
    match found {
        Ok(None) => None,
        Ok(Some(state)) if state.used => {
            Some(Finding::ok(what, format!("less than {:.1} s behind", state.lag.as_secs_f64().max(0.1))))
        }
        Ok(Some(_)) => Some(Finding::warning(
            what,
            format!(
                "answers, and does not follow the primary within {limit}: pages are read from the primary"
            ),
            "look at pg_stat_replication of the primary and pg_is_wal_replay_paused() of the replica; a replica that was promoted is none",
        )),
        Err(error) => Some(Finding::warning(
            what,
            format!("{}: pages are read from the primary", root(&error)),
            "start the replica, or mend database.read_url",
        )),
    }
}

pub(super) fn pooler(keeps_prepared: Result<bool, StoreError>, config: &Config) -> Finding {
    let what = "database pooler";
    match keeps_prepared {
        Ok(true) if config.database.session_url().is_ok() => {
            Finding::ok(what, "transaction, keeps prepared statements; migrations and backups go past it")
        }
        Ok(true) => Finding::warning(
            what,
            "transaction, keeps prepared statements; database.direct_url is empty",
            "name the server itself in database.direct_url of the processes that migrate or back up (serve --migrate, queue maintenance)",
        ),
        Ok(false) => Finding::bad(
            what,
            "statements that a client prepared are not there in its next transaction, or are somebody else's",
            "use PgBouncer 1.21 or newer with max_prepared_statements = 200, or a pooler that follows prepared statements likewise",
        ),
        Err(error) => Finding::bad(what, root(&error), "the message is the pooler's; its log says more"),
    }
}
