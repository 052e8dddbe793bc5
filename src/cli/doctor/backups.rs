//! Whether there are backups worth the name, and what the next one needs.

use std::sync::Arc;

use super::Finding;
use crate::{
    backup::{self, BackupEngine, LogicalDump, Site, pitr::PgBackRest},
    clock::Clock,
    config::Config,
    random::Random,
    store::Store,
    telemetry::Causes,
};

const RECOVERY: &str = "deploy/RECOVERY.md says what to type";

pub(super) async fn look(config: &Config, clock: &Clock) -> Vec<Finding> {
    let config = &Arc::new(config.clone());
    // What is wrong with the database is said elsewhere.
    let Ok(store) = Store::open(&config.database) else { return Vec::new() };
    if !store.is_current().await.unwrap_or(false) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    match backup::observe(&store, config, clock.now()).await {
        Err(error) => findings.push(Finding::bad("backups", Causes(&error).to_string(), RECOVERY)),
        Ok(health) if !health.alarms.is_empty() => {
            findings.extend(health.alarms.into_iter().map(|alarm| Finding::bad("backups", alarm, RECOVERY)));
        }
        Ok(health) if health.configured => findings.push(Finding::ok(
            "backups",
            format!("a verified one is there; any moment can be restored by: {}", health.pitr),
        )),
        Ok(_) => findings.push(Finding::warning(
            "backups",
            "not configured (backup.url)",
            "set it, or see to it that somebody else backs the database up and restores it to see",
        )),
    }
    for engine in engines(config, &store, clock, &mut findings) {
        match engine.preflight().await {
            Ok(all) => findings.extend(all.into_iter().map(|found| {
                if found.ok {
                    Finding::ok(found.what, found.says)
                } else {
                    Finding::bad(found.what, found.says, RECOVERY)
                }
            })),
            Err(error) => findings.push(Finding::bad(engine.name(), error.to_string(), RECOVERY)),
        }
    }
    store.close().await;
    findings
}

fn engines(
    config: &Arc<Config>,
    store: &Store,
    clock: &Clock,
    findings: &mut Vec<Finding>,
) -> Vec<Box<dyn BackupEngine>> {
    let random = Random::system();
    let mut engines: Vec<Box<dyn BackupEngine>> = Vec::new();
    match Site::open(Arc::clone(config), clock.clone(), random.clone()) {
        Ok(Some(site)) => engines.push(Box::new(LogicalDump::new(site, store.clone()))),
        Ok(None) => {}
        Err(error) => findings.push(Finding::bad("backup place", error.to_string(), "mend backup.url")),
    }
    match PgBackRest::open(Arc::clone(config), store.clone(), clock.clone(), random) {
        Ok(Some(engine)) => engines.push(Box::new(engine)),
        Ok(None) => {}
        Err(error) => findings.push(Finding::bad("pitr repository", error.to_string(), "mend pitr.cluster")),
    }
    engines
}
