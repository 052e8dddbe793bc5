//! `career-worker doctor`

use std::process::ExitCode;

use serde::Serialize;

use super::{Globals, failure, read_schedules};
use crate::{config::Config, queue::Transport, store::Store, telemetry::Causes};

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

async fn database(config: &Config) -> Vec<Finding> {
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
    findings
}
