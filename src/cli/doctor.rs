//! `career-worker doctor`

use std::{process::ExitCode, sync::Arc};

use serde::Serialize;

use super::{Globals, failure, read_schedules};
use crate::{
    backup::{self, BackupEngine, LogicalDump, Site, pitr::PgBackRest},
    clock::Clock,
    config::Config,
    queue::Transport,
    random::Random,
    store::Store,
    telemetry::Causes,
};

#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    says: String,
}

/// Looks at everything the daemon needs and says what is missing and what to do.
pub(super) async fn run(globals: &Globals) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let mut findings = vec![Finding { what: "settings", ok: true, says: "can be used".to_owned() }];
    findings.push(match read_schedules(&config) {
        Ok(schedules) => Finding {
            what: "schedules",
            ok: true,
            says: format!("{} in {}", schedules.len(), config.jobs.dir.display()),
        },
        Err(error) => Finding { what: "schedules", ok: false, says: format!("{error:#}") },
    });
    let database = database(&config).await;
    let reachable = database.iter().all(|finding| finding.what != "database" || finding.ok);
    findings.extend(database);
    let up = match Transport::open(&config.redis) {
        Ok(transport) => transport.is_up().await,
        Err(error) => return Err(failure::Failure::new(failure::CONFIG, error.to_string()).into()),
    };
    findings.push(Finding {
        what: "redis",
        ok: up,
        says: if up {
            "answers".to_owned()
        } else {
            "does not answer: work goes on, but idle workers wake by polling only; check redis.url".to_owned()
        },
    });
    globals.output().rows(&["what", "state", "says"], &findings, |finding| {
        vec![finding.what.to_owned(), if finding.ok { "ok" } else { "bad" }.to_owned(), finding.says.clone()]
    })?;
    let code = match findings.iter().find(|finding| !finding.ok) {
        None => 0,
        Some(_) if !reachable || !up => failure::UNAVAILABLE,
        Some(_) => failure::CONFIG,
    };
    Ok(ExitCode::from(code))
}

async fn database(config: &Arc<Config>) -> Vec<Finding> {
    let store = match Store::open(&config.database) {
        Ok(store) => store,
        Err(error) => {
            return vec![Finding {
                what: "database",
                ok: false,
                says: format!("database.url: {}", Causes(&error)),
            }];
        }
    };
    let version = match store.server_version().await {
        Ok(version) => version,
        Err(error) => return vec![Finding { what: "database", ok: false, says: Causes(&error).to_string() }],
    };
    let major: u32 = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
    let mut findings = vec![Finding {
        what: "database",
        ok: major >= 13,
        says: format!("PostgreSQL {version}{}", if major >= 13 { "" } else { ", expected 13 or newer" }),
    }];
    findings.push(match store.list_migrations().await {
        Ok(all) => {
            let missing = all.iter().filter(|migration| !migration.applied).count();
            let says = if missing == 0 {
                format!("{} migrations, all applied", all.len())
            } else {
                format!("{missing} of {} migrations missing: run career-worker db migrate", all.len())
            };
            Finding { what: "migrations", ok: missing == 0, says }
        }
        Err(error) => Finding { what: "migrations", ok: false, says: Causes(&error).to_string() },
    });
    if findings.iter().all(|finding| finding.ok) {
        findings.extend(backups(config, &store).await);
    }
    findings
}

/// Whether there are backups worth the name, and what the next one needs.
async fn backups(config: &Arc<Config>, store: &Store) -> Vec<Finding> {
    let (clock, random) = (Clock::system(), Random::system());
    let mut findings = Vec::new();
    let bad = |what, says| Finding { what, ok: false, says };
    match backup::observe(store, config, clock.now()).await {
        Err(error) => findings.push(bad("backups", Causes(&error).to_string())),
        Ok(health) if !health.alarms.is_empty() => {
            findings.extend(health.alarms.into_iter().map(|alarm| bad("backups", alarm)));
        }
        Ok(health) => {
            let says = if health.configured {
                format!("a verified one is there; any moment can be restored by: {}", health.pitr)
            } else {
                "not configured (backup.url)".to_owned()
            };
            findings.push(Finding { what: "backups", ok: true, says });
        }
    }
    let mut engines: Vec<Box<dyn BackupEngine>> = Vec::new();
    match Site::open(Arc::clone(config), clock.clone(), random.clone()) {
        Ok(Some(site)) => engines.push(Box::new(LogicalDump::new(site, store.clone()))),
        Ok(None) => {}
        Err(error) => findings.push(bad("backup place", error.to_string())),
    }
    match PgBackRest::open(Arc::clone(config), store.clone(), clock, random) {
        Ok(Some(engine)) => engines.push(Box::new(engine)),
        Ok(None) => {}
        Err(error) => findings.push(bad("pitr repository", error.to_string())),
    }
    for engine in engines {
        match engine.preflight().await {
            Ok(all) => findings.extend(all.into_iter().map(|found| Finding {
                what: found.what,
                ok: found.ok,
                says: found.says,
            })),
            Err(error) => findings.push(bad(engine.name(), error.to_string())),
        }
    }
    findings
}
