//! Settings of servers that do not go together are refused with the key and what was expected, and none shows a password.

use career_worker::{
    config::Config,
    queue::{Topology, Transport},
};

fn refused(settings: &[(&str, &str)]) -> String {
    let given: Vec<_> = settings.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    Config::load(None, &given).unwrap_err().to_string()
}

#[test]
fn addresses_that_do_not_go_together_are_refused() {
    let same = "postgres://a@h/d";
    for (settings, part) in [
        (
            &[("database.url", same), ("database.read_url", same)][..],
            "database.read_url: the same as database.url, expected",
        ),
        (
            &[("database.url", same), ("database.direct_url", same), ("database.pooler", "transaction")],
            "database.direct_url: the same as database.url, expected",
        ),
        (
            &[("database.read_url", same), ("database.read_lag", "10ms")],
            "database.read_lag = 10ms, expected at least 1s",
        ),
        (
            &[("database.pooler", "statement")],
            "database.pooler: unknown variant: found `statement`, expected",
        ),
    ] {
        let message = refused(settings);
        assert!(message.contains(part), "{message}");
    }
    let config = Config::load(None, &[("database.pooler", "transaction".to_owned())]).unwrap();
    let message = config.database.session_url().unwrap_err().to_string();
    assert!(message.contains("database.direct_url: empty, expected"), "{message}");
}

#[tokio::test]
async fn addresses_of_redis_are_read_or_refused_without_their_password() {
    for (url, topology) in [
        ("redis://:pw@h/1", Topology::Single),
        ("redis-sentinel://u:pw@a,b:26380/1?master=m&sentinel=v:pw", Topology::Sentinel),
        ("rediss-cluster://u:pw@a,b:7001", Topology::Cluster),
    ] {
        let config = Config::load(None, &[("redis.url", url.to_owned())]).unwrap();
        assert_eq!(Transport::open(&config.redis).unwrap().topology(), Some(topology));
        let shown = Config::show(None, &[("redis.url", url.to_owned())]).unwrap();
        assert!(!shown.contains("pw") && shown.contains("hidden@"), "{shown}");
    }
    for (url, part) in [
        ("redis-sentinel://:pw@a,b", "redis.url: expected ?master=NAME"),
        ("redis-cluster://:pw@a/3", "redis.url: expected no database but 0"),
        ("http://pw", "redis.url: expected redis://"),
    ] {
        let config = Config::load(None, &[("redis.url", url.to_owned())]).unwrap();
        let message = Transport::open(&config.redis).unwrap_err().to_string();
        assert!(message.contains(part) && !message.contains("pw"), "{message}");
    }
}
