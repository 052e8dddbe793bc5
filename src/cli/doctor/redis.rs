//! Redis: does it answer, and does it keep what it is told?

use super::Finding;
use crate::{
    config::Config,
    queue::{RedisFacts, Topology, Transport},
};

/// Oldest version on which the queues are tried.
const OLDEST: (u32, u32) = (6, 0);

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let transport = match Transport::open(&config.redis) {
        Ok(transport) => transport,
        Err(error) => {
            return vec![Finding::bad("redis", error.to_string(), "mend redis.url or REDIS_URL")];
        }
    };
    match transport.examine().await {
        Ok(all) => judge_all(&all),
        Err(error) => {
            let lower = error.to_lowercase();
            let remedy = if ["noauth", "wrongpass", "authentication"].iter().any(|word| lower.contains(word))
            {
                "put the right user and password into redis.url (redis://user:password@host)"
            } else {
                "start Redis or mend redis.url; until then work goes on, but idle workers find it by polling only"
            };
            vec![Finding::bad("redis", error, remedy)]
        }
    }
}

/// The worst of each kind, with how many servers there are.
fn judge_all(all: &[RedisFacts]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for finding in all.iter().flat_map(judge) {
        match findings.iter_mut().find(|known| known.what == finding.what) {
            Some(known) if (known.state as u8) < finding.state as u8 => *known = finding,
            Some(_) => {}
            None => findings.push(finding),
        }
    }
    if let Some(topology) = all.first().and_then(|facts| facts.topology) {
        findings.push(match topology {
            Topology::Single if all.iter().any(|facts| facts.cluster == Some(true)) => Finding::bad(
                "redis topology",
                "redis.url names one server, which is part of a cluster and refuses what is kept elsewhere",
                "write redis-cluster://user:password@host:port,host:port into redis.url",
            ),
            Topology::Single => Finding::ok("redis topology", "one server"),
            Topology::Sentinel => Finding::ok("redis topology", "the master that the sentinels name"),
            Topology::Cluster => Finding::ok("redis topology", format!("a cluster of {} masters", all.len())),
        });
    }
    findings
}

fn judge(facts: &RedisFacts) -> Vec<Finding> {
    let version = facts.version.clone().unwrap_or_else(|| "unknown version".to_owned());
    let mut findings = vec![if is_old(&version) {
        Finding::warning(
            "redis version",
            format!("{version}, expected {}.{} or newer", OLDEST.0, OLDEST.1),
            "update Redis: the queues are tried on newer ones only",
        )
    } else {
        Finding::ok("redis", format!("answers, {version}"))
    }];
    if facts.role.as_deref() == Some("slave") {
        findings.push(Finding::bad(
            "redis role",
            "a replica, which refuses writes",
            "let redis.url lead to the primary",
        ));
    }
    if facts.append_only == Some(false) {
        findings.push(Finding::warning(
            "redis persistence",
            "writes are not kept (appendonly no)",
            "set appendonly yes: what other services push there is lost with a restart; the program's own work is not",
        ));
    }
    let evicts = facts.eviction.as_deref().is_some_and(|policy| policy != "noeviction");
    if evicts && facts.most_memory != Some(0) {
        findings.push(Finding::warning(
            "redis memory",
            format!("maxmemory-policy {}", facts.eviction.as_deref().unwrap_or_default()),
            "set maxmemory-policy noeviction, so that a full Redis refuses messages rather than forget them",
        ));
    }
    findings
}

fn is_old(version: &str) -> bool {
    let mut parts = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let (Some(major), minor) = (parts.next(), parts.next().unwrap_or(0)) else { return false };
    (major, minor) < OLDEST
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    #[test]
    fn a_redis_that_forgets_is_warned_of() {
        let good = RedisFacts {
            version: Some("7.0.15".to_owned()),
            append_only: Some(true),
            eviction: Some("noeviction".to_owned()),
            most_memory: Some(1 << 28),
            role: Some("master".to_owned()),
            cluster: Some(false),
            topology: Some(Topology::Single),
        };
        let worst =
            |facts: &RedisFacts| judge(facts).iter().map(|finding| finding.state).max_by_key(|s| *s as u8);
        assert_eq!(worst(&good), Some(State::Ok));
        assert_eq!(
            worst(&RedisFacts::default()),
            Some(State::Ok),
            "what it does not say is not held against it"
        );
        let evicts = RedisFacts { eviction: Some("allkeys-lru".to_owned()), ..good.clone() };
        assert_eq!(worst(&evicts), Some(State::Warning));
        assert_eq!(
            worst(&RedisFacts { most_memory: Some(0), ..evicts }),
            Some(State::Ok),
            "there is no limit"
        );
        assert_eq!(worst(&RedisFacts { append_only: Some(false), ..good.clone() }), Some(State::Warning));
        assert_eq!(
            worst(&RedisFacts { version: Some("5.0.7".to_owned()), ..good.clone() }),
            Some(State::Warning)
        );
        assert_eq!(worst(&RedisFacts { role: Some("slave".to_owned()), ..good }), Some(State::Bad));
    }
}
