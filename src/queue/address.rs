//! What `redis.url` says: one server, sentinels that know the master, or the nodes of a cluster.
//!
//! Reading is pure. It does not connect, and what it refuses it names without the secret in it. To add a topology: a scheme here, its
//! connection in [`super::wire`].

/// Where Redis is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// The server at this address.
    Single(String),
    /// The master of this name, which the sentinels at these addresses know.
    Sentinel { sentinels: Vec<String>, master: String, node: Node },
    /// A cluster, of which these are some nodes.
    Cluster(Vec<String>),
}

/// What leads to any node once its host is known.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Node {
    scheme: &'static str,
    /// `user:password@`, or nothing.
    user: String,
    database: String,
}

impl Node {
    /// The address of the node at `host:port`.
    pub(super) fn at(&self, host: &str) -> String {
        format!("{}://{}{host}/{}", self.scheme, self.user, self.database)
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

impl Address {
    /// Reads an address. One server is taken as it is.
    ///
    /// # Errors
    /// What was expected, without what was given.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once("://") else { return Ok(Self::Single(text.to_owned())) };
        let (kind, scheme) = match scheme {
            "redis-sentinel" => ("sentinel", "redis"),
            "rediss-sentinel" => ("sentinel", "rediss"),
            "redis-cluster" => ("cluster", "redis"),
            "rediss-cluster" => ("cluster", "rediss"),
            _ => return Ok(Self::Single(text.to_owned())),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let user = if user.is_empty() { String::new() } else { format!("{user}@") };
        if !database.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("expected a number as the database, after the hosts and a slash".to_owned());
        }
        let (mut master, mut own) = (String::new(), String::new());
        for (key, value) in query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        {
            match (kind, key) {
                ("sentinel", "master") => value.clone_into(&mut master),
                ("sentinel", "sentinel") => own = format!("{value}@"),
                ("sentinel", _) => {
                    return Err(
                        "expected no other keys than master and sentinel after the question mark".to_owned()
                    );
                }
                _ => {
                    return Err(
                        "expected nothing after a question mark in the address of a cluster".to_owned()
                    );
                }
            }
        }
        let node = Node { scheme, user, database: database.to_owned() };
        if kind == "cluster" {
            if !["", "0"].contains(&database) {
                return Err("expected no database but 0: a cluster has one".to_owned());
            }
            let hosts = hosts_of(hosts, 6379)?;
            return Ok(Self::Cluster(hosts.iter().map(|host| node.at(host)).collect()));
        }
        if master.is_empty() {
            return Err(
                "expected ?master=NAME, the name under which the sentinels watch the master".to_owned()
            );
        }
        let sentinels =
            hosts_of(hosts, 26379)?.iter().map(|host| format!("{scheme}://{own}{host}")).collect();
        Ok(Self::Sentinel { sentinels, master, node })
    }
}

fn hosts_of(hosts: &str, port: u16) -> Result<Vec<String>, String> {
    hosts.split(',').map(|host| host_of(host, port)).collect::<Option<Vec<_>>>().ok_or_else(|| {
        format!("expected host:port,host:port,... (port {port} where none is given; addresses of IPv6 in brackets)")
    })
}

fn host_of(host: &str, port: u16) -> Option<String> {
    let (name, given) = match host.rsplit_once(':') {
        Some((name, given)) if !given.contains(']') => (name, given.parse().ok()?),
        _ => (host, port),
    };
    let bare = name.strip_prefix('[').map_or(Some(name), |name| name.strip_suffix(']'))?;
    let fits =
        bare.chars().all(|c| c.is_alphanumeric() || "-._".contains(c) || name.starts_with('[') && c == ':');
    (!bare.is_empty() && fits && given > 0).then(|| format!("{name}:{given}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_an_address_or_refused_without_its_secret(
            scheme in "(rediss?-(sentinel|cluster)://)?", user in "(u:S3CRET@)?", rest in ".{0,40}"
        ) {
            if let Err(error) = Address::parse(&format!("{scheme}{user}{rest}")) {
                prop_assert!(!error.contains("S3CRET"), "{error}");
            }
        }

        #[test]
        fn hosts_and_ports_are_kept(hosts in proptest::collection::vec(("[a-z][a-z0-9.-]{0,8}", 1_u16..), 1..5)) {
            let hosts: Vec<_> = hosts.into_iter().map(|(host, port)| format!("{host}:{port}")).collect();
            let expected = hosts.iter().map(|host| format!("redis://:p@{host}/")).collect();
            prop_assert_eq!(Address::parse(&format!("redis-cluster://:p@{}", hosts.join(","))), Ok(Address::Cluster(expected)));
        }
    }

    #[test]
    fn sentinels_and_master_have_credentials_of_their_own() {
        let read =
            Address::parse("rediss-sentinel://ann:pw@a,[::1]:5,c:26380/2?master=career&sentinel=eve:no")
                .unwrap();
        let Address::Sentinel { sentinels, master, node } = read else { panic!("expected sentinels") };
        assert_eq!(
            sentinels,
            ["rediss://eve:no@a:26379", "rediss://eve:no@[::1]:5", "rediss://eve:no@c:26380"]
        );
        assert_eq!(
            (master.as_str(), node.at("10.0.0.7:6379").as_str()),
            ("career", "rediss://ann:pw@10.0.0.7:6379/2")
        );
        assert!(!format!("{node:?}").contains("pw"));
    }

    #[test]
    fn one_server_is_left_as_it_is() {
        for text in ["redis://127.0.0.1:6379", "rediss://u:p@h/3", "unix:///run/redis.sock", "nonsense"] {
            assert_eq!(Address::parse(text), Ok(Address::Single(text.to_owned())));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, part) in [
            ("redis-sentinel://a,b", "?master=NAME"),
            ("redis-sentinel://a,b?master=", "?master=NAME"),
            ("redis-sentinel://a?master=m&slave=s", "master and sentinel"),
            ("redis-sentinel://a/x?master=m", "number as the database"),
            ("redis-cluster://", "host:port"),
            ("redis-cluster://a,,b", "host:port"),
            ("redis-cluster://a:99999", "host:port"),
            ("redis-cluster://a/1", "no database but 0"),
            ("redis-cluster://a?master=m", "cluster"),
        ] {
            assert!(Address::parse(text).unwrap_err().contains(part), "{text}");
        }
    }
}
