//! The database: can it be reached, is it the right one, and does anybody work on what is in it?

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Finding, State,
    beside::{pooler, replica},
    work,
};
use crate::{
    clock::Clock,
    config::{Config, Pooler},
    store::{Refusal, SchemaFacts, ServerFacts, Store, StoreError},
};

/// Oldest version of the server.
const OLDEST: i32 = 130_000;
/// Clocks may differ by this much.
const SKEW: TimeDelta = TimeDelta::seconds(5);
/// A transaction that is open for longer keeps old rows from being removed, seconds.
const LONG_TRANSACTION: f64 = 3600.0;
/// Connections to the server that are not the pool's: renewals, migrations, people.
const RESERVED: i64 = 2;

pub(super) async fn look(config: &Config, clock: &Clock) -> Vec<Finding> {
    let store = match Store::open(&config.database) {
        Ok(store) => store,
        Err(error) => {
            let says = format!("{error}: {}", root(&error));
            return vec![Finding::bad("database", says, "mend the address in the settings")];
        }
    };
    let begin = Instant::now();
    let server = match store.examine_server().await {
        Ok(server) => server,
        Err(error) => return vec![refused(&error)],
    };
    let mut findings = judge_server(&server, config, clock.now(), begin.elapsed());
    if config.database.pooler == Pooler::Transaction {
        let pooler = pooler(store.keeps_prepared().await, config);
        let unfit = pooler.state == State::Bad;
        findings.push(pooler);
        if unfit {
            return findings;
        }
    }
    if let Some(finding) = replica(store.examine_replica().await, config.database.read_lag) {
        findings.push(finding);
    }
    match store.examine_schema().await {
        Ok(schema) => {
            findings.extend(judge_schema(&schema));
            if schema.missing.is_empty() {
                findings.extend(work::look(&store, &server).await);
            }
        }
        Err(error) => findings.push(Finding::bad(
            "migrations",
            root(&error),
            "let the role read the catalogues and public._sqlx_migrations",
        )),
    }
    store.close().await;
    findings
}

fn refused(error: &StoreError) -> Finding {
    let remedy = match error.refusal() {
        Refusal::Unreachable => {
            "start PostgreSQL, or mend host and port in database.url; look at firewalls and listen_addresses"
        }
        Refusal::Login => "mend user and password in database.url, and pg_hba.conf of the server",
        Refusal::NoDatabase => "make the database (createdb), or mend its name in database.url",
        Refusal::Full => {
            "the server has no connection left: raise its max_connections or lower database.max_connections"
        }
        Refusal::NotYet => "the server starts or stops: try again in a moment",
        Refusal::Pooler => {
            "a pooler is in between, which keeps no settings of clients: set database.pooler = \"transaction\", and database.direct_url"
        }
        Refusal::Other => "the message is the server's; its log says more",
    };
    Finding::bad("database", root(error), remedy)
}

/// What the server or the system said; what is around it says no more.
pub(super) fn root(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(cause) = error.source() {
        error = cause;
    }
    error.to_string()
}

fn judge_server(server: &ServerFacts, config: &Config, here: DateTime<Utc>, took: Duration) -> Vec<Finding> {
    let ServerFacts { version, encoding, timezone, .. } = server;
    let mut findings = vec![if server.version_number < OLDEST {
        Finding::bad("database", format!("PostgreSQL {version}, expected 13 or newer"), "update the server")
    } else {
        Finding::ok("database", format!("answers in {} ms, PostgreSQL {version}", took.as_millis()))
    }];
    if server.standby {
        findings.push(Finding::bad(
            "database role",
            "a standby, which refuses writes",
            "let database.url lead to the primary (target_session_attrs=read-write)",
        ));
    }
    findings.push(if encoding == "UTF8" {
        Finding::ok("database encoding", encoding.clone())
    } else {
        Finding::bad(
            "database encoding",
            encoding.clone(),
            "make the database anew with ENCODING 'UTF8': postings are in every script",
        )
    });
    let asked = format!("{}", config.database.statement_timeout.as_millis());
    let given: String = server.statement_timeout.chars().filter(char::is_ascii_digit).collect();
    let limited = given != "0" || asked == "0";
    if timezone == "UTC" && !limited && config.database.pooler == Pooler::Transaction {
        findings.push(Finding::warning(
            "database session",
            "statements have no limit in the server (statement_timeout 0): they are given up here, and go on there",
            format!(
                "ALTER ROLE (that of database.url) SET statement_timeout = {asked}; ALTER ROLE ... SET idle_in_transaction_session_timeout = '60s'"
            ),
        ));
    } else if timezone != "UTC" || !limited {
        findings.push(Finding::bad(
            "database session",
            format!("time zone {timezone}, statement_timeout {}: what a session asks for is not granted", server.statement_timeout),
            "a pooler in between drops start-up options: let it pass them (pgbouncer: session pooling), or connect past it",
        ));
    }
    if !server.careless.is_empty() {
        findings.push(Finding::warning(
            "database durability",
            format!("{} off", server.careless.join(", ")),
            "switch it on: what is committed may be lost in a crash",
        ));
    }
    // A pooler takes as many as it is given, for all.
    if config.database.pooler == Pooler::None {
        findings.push(connections(server, config));
    }
    let middle = here - TimeDelta::from_std(took / 2).unwrap_or_default();
    let skew = (server.now - middle).abs();
    findings.push(if skew > SKEW {
        Finding::warning(
            "clocks",
            format!("this machine and the database differ by {} s", skew.num_seconds()),
            "let both follow a time server; runs are timed by the database, tokens and requests by this machine",
        )
    } else {
        Finding::ok("clocks", format!("differ by less than {} ms", skew.num_milliseconds().abs() + 1))
    });
    if server.oldest_transaction > LONG_TRANSACTION {
        findings.push(Finding::warning(
            "database transactions",
            format!("one has been open for {:.0} minutes", server.oldest_transaction / 60.0),
            "end it (pg_stat_activity shows whose it is): old rows cannot be removed meanwhile, and tables swell",
        ));
    }
    findings
}

fn connections(server: &ServerFacts, config: &Config) -> Finding {
    let what = "database connections";
    let wanted = i64::from(config.database.max_connections) + RESERVED;
    let foreign = server.used_connections - server.own_connections;
    let free = server.max_connections - foreign;
    let says = format!(
        "a process may take {wanted}, the server has {} and others use {foreign}",
        server.max_connections
    );
    if wanted > free {
        let remedy = "lower database.max_connections, or raise max_connections of the server";
        Finding::bad(what, says, remedy)
    } else if wanted * 2 > free {
        let remedy = "a second process would not fit: lower database.max_connections, or raise max_connections of the server";
        Finding::warning(what, says, remedy)
    } else {
        Finding::ok(what, says)
    }
}

fn judge_schema(schema: &SchemaFacts) -> Vec<Finding> {
    let SchemaFacts { role, missing, unknown, broken, forbidden, .. } = schema;
    let list = |versions: &[i64]| versions.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    let mut findings = Vec::new();
    findings.push(if !broken.is_empty() {
        Finding::bad(
            "migrations",
            format!("{} began and did not end", list(broken)),
            "look at what it left, delete its row from public._sqlx_migrations, and run career-worker db migrate",
        )
    } else if !missing.is_empty() {
        let remedy = if schema.may_create {
            "run career-worker db migrate"
        } else {
            "run career-worker db migrate as a role that may create schemas in this database; this one may not"
        };
        Finding::bad("migrations", format!("{} missing", list(missing)), remedy)
    } else if !unknown.is_empty() {
        Finding::warning(
            "migrations",
            format!("all of this program, and {} of a newer one", list(unknown)),
            "update this program; until then both work side by side",
        )
    } else {
        Finding::ok("migrations", "all applied, none unknown")
    });
    findings.push(if forbidden.is_empty() {
        Finding::ok("database rights", format!("{role} may do what the program does"))
    } else {
        Finding::bad(
            "database rights",
            format!("{role} may not read or write {}", forbidden.join(", ")),
            format!("as their owner: GRANT SELECT, INSERT, UPDATE, DELETE ON ... TO {role}, and USAGE on the schema worker"),
        )
    });
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> ServerFacts {
        ServerFacts {
            version_number: 150_004,
            version: "15.4".to_owned(),
            encoding: "UTF8".to_owned(),
            timezone: "UTC".to_owned(),
            statement_timeout: "30s".to_owned(),
            standby: false,
            careless: Vec::new(),
            max_connections: 97,
            used_connections: 10,
            own_connections: 4,
            now: DateTime::UNIX_EPOCH,
            oldest_transaction: 0.0,
        }
    }

    fn found(server: &ServerFacts, here: DateTime<Utc>) -> Vec<(&'static str, State)> {
        let config = Config::load(None, &[]).unwrap();
        let findings = judge_server(server, &config, here, Duration::from_millis(2));
        findings.iter().filter(|finding| finding.state != State::Ok).map(|f| (f.what, f.state)).collect()
    }

    #[test]
    fn what_is_wrong_with_a_server_is_named() {
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(found(&server(), now), []);
        let with = |change: fn(&mut ServerFacts)| {
            let mut server = server();
            change(&mut server);
            found(&server, now)
        };
        assert_eq!(with(|s| s.version_number = 120_000), [("database", State::Bad)]);
        assert_eq!(with(|s| s.standby = true), [("database role", State::Bad)]);
        assert_eq!(with(|s| s.encoding = "SQL_ASCII".to_owned()), [("database encoding", State::Bad)]);
        assert_eq!(with(|s| s.timezone = "Europe/Berlin".to_owned()), [("database session", State::Bad)]);
        assert_eq!(with(|s| s.statement_timeout = "0".to_owned()), [("database session", State::Bad)]);
        assert_eq!(
            with(|s| s.careless = vec!["fsync".to_owned()]),
            [("database durability", State::Warning)]
        );
        assert_eq!(with(|s| s.max_connections = 20), [("database connections", State::Bad)]);
        assert_eq!(with(|s| s.max_connections = 40), [("database connections", State::Warning)]);
        assert_eq!(with(|s| s.oldest_transaction = 7200.0), [("database transactions", State::Warning)]);
        assert_eq!(found(&server(), now + TimeDelta::minutes(1)), [("clocks", State::Warning)]);
    }

    #[test]
    fn what_is_wrong_with_a_schema_is_named() {
        let whole = SchemaFacts {
            role: "career".to_owned(),
            may_create: true,
            forbidden: Vec::new(),
            missing: Vec::new(),
            unknown: Vec::new(),
            broken: Vec::new(),
        };
        let states =
            |schema: &SchemaFacts| -> Vec<State> { judge_schema(schema).iter().map(|f| f.state).collect() };
        assert_eq!(states(&whole), [State::Ok, State::Ok]);
        assert_eq!(states(&SchemaFacts { missing: vec![9], ..whole.clone() }), [State::Bad, State::Ok]);
        assert_eq!(states(&SchemaFacts { unknown: vec![99], ..whole.clone() }), [State::Warning, State::Ok]);
        assert_eq!(
            states(&SchemaFacts { broken: vec![9], missing: vec![9], ..whole.clone() }),
            [State::Bad, State::Ok]
        );
        let forbidden = SchemaFacts { forbidden: vec!["worker.runs".to_owned()], ..whole.clone() };
        assert_eq!(states(&forbidden), [State::Ok, State::Bad]);
        let helpless = SchemaFacts { missing: vec![9], may_create: false, ..whole };
        assert!(
            judge_schema(&helpless)[0].remedy.as_ref().unwrap().contains("as a role that may create schemas")
        );
    }
}
