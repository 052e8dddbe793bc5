use ipnet::IpNet;
use proptest::prelude::*;

use super::*;

fn refused(url: &str) -> Option<Rule> {
    vet(&Url::parse(url).unwrap()).err()
}

#[test]
fn refuses_every_way_to_write_a_private_address() {
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "%31%32%37.0.0.1",
        "0",
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2002:c0a8:101::1]",
        "[2001::1]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[fec0::1]",
        "[ff02::1]",
    ] {
        for scheme in ["http", "https"] {
            let rule = refused(&format!("{scheme}://{host}/x"));
            assert!(matches!(rule, Some(Rule::Private(_))), "{scheme}://{host}: {rule:?}");
        }
    }
}

#[test]
fn refuses_names_of_this_machine_and_network() {
    for host in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "printer.local",
        "metadata.google.internal",
        "redis",
        "router.home.arpa",
    ] {
        let rule = refused(&format!("http://{host}/"));
        assert!(matches!(rule, Some(Rule::LocalName(_))), "{host}: {rule:?}");
    }
}

#[test]
fn refuses_other_schemes_ports_and_credentials() {
    assert_eq!(refused("ftp://example.com/"), Some(Rule::Scheme("ftp".to_owned())));
    assert_eq!(refused("file:///etc/passwd"), Some(Rule::Scheme("file".to_owned())));
    assert_eq!(refused("gopher://example.com:80/"), Some(Rule::Scheme("gopher".to_owned())));
    assert_eq!(refused("http://example.com:6379/"), Some(Rule::Port(6379)));
    assert_eq!(refused("https://example.com:80/"), Some(Rule::Port(80)));
    assert_eq!(refused("https://user@example.com/"), Some(Rule::Userinfo));
    assert_eq!(refused("https://:pass@example.com/"), Some(Rule::Userinfo));
}

#[test]
fn allows_public_addresses() {
    for url in [
        "https://example.com/",
        "https://example.com:443/",
        "http://example.com:80/",
        "https://example.com./",
        "https://1.1.1.1/",
        "https://172.32.0.1/",
        "https://[2606:4700::1111]/",
        "https://[64:ff9b::1.1.1.1]/",
        "https://[2002:101:101::1]/",
        "https://jobs.bücher.example/",
    ] {
        assert_eq!(refused(url), None, "{url}");
    }
}

#[tokio::test]
async fn the_resolver_keeps_names_away_from_this_machine() {
    let error = Vetting.resolve("localhost".parse().unwrap()).await.err().unwrap();
    assert!(matches!(error.downcast_ref::<Rule>(), Some(Rule::Private(ip)) if ip.is_loopback()), "{error}");
}

/// A name that answers with a public address first and with one of ours later, or with both at once, is judged by each answer alone.
#[test]
fn a_name_that_changes_its_answer_gains_nothing() {
    let all =
        |list: &[&str]| list.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect::<Vec<_>>();
    let private = |ip: &str| Err(Some(Rule::Private(ip.parse().unwrap())));
    assert_eq!(public_of(&all(&["1.1.1.1"])), Ok(all(&["1.1.1.1"])));
    assert_eq!(public_of(&all(&["127.0.0.1"])), private("127.0.0.1"));
    assert_eq!(public_of(&all(&["10.0.0.1", "1.1.1.1", "::ffff:127.0.0.1"])), Ok(all(&["1.1.1.1"])));
    assert_eq!(public_of(&all(&["64:ff9b::a9fe:a9fe", "fd00:ec2::254"])), private("64:ff9b::a9fe:a9fe"));
    assert_eq!(public_of(&[]), Err(None));
}

/// The special-purpose registries as lists of networks, written down apart from the code under test.
fn special() -> Vec<IpNet> {
    let v4 = "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 \
              192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4";
    let v6 = "2001::/23 2001:db8::/32 3fff::/20";
    v4.split_whitespace().chain(v6.split_whitespace()).map(|net| net.parse().unwrap()).collect()
}

fn inside(ip: Ipv6Addr) -> IpAddr {
    let bits = u128::from(ip);
    let v4 = |shift: u32| IpAddr::V4(Ipv4Addr::from(u32::try_from((bits >> shift) & 0xffff_ffff).unwrap()));
    if bits >> 32 == 0xffff || bits >> 32 == 0x0064_ff9b_0000_0000_0000_0000 {
        v4(0)
    } else if bits >> 112 == 0x2002 {
        v4(80)
    } else {
        IpAddr::V6(ip)
    }
}

fn some_ip() -> impl Strategy<Value = IpAddr> {
    let nets = special();
    let near = (0..nets.len(), any::<u128>()).prop_map(move |(index, bits)| match nets[index] {
        IpNet::V4(net) => {
            let low = u32::try_from(bits & 0xffff_ffff).unwrap();
            let keep = !(u32::from(net.hostmask()) >> 1);
            IpAddr::V4(Ipv4Addr::from((u32::from(net.network()) & keep) | (low & !keep)))
        }
        IpNet::V6(net) => {
            IpAddr::V6(Ipv6Addr::from(u128::from(net.network()) | (bits & u128::from(net.hostmask()))))
        }
    });
    let wrapped = (any::<u32>(), 0..3_u8, any::<u64>()).prop_map(|(v4, kind, rest)| {
        let v4 = u128::from(v4);
        IpAddr::V6(Ipv6Addr::from(match kind {
            0 => (0xffff << 32) | v4,
            1 => (0x0064_ff9b_u128 << 96) | v4,
            _ => (0x2002_u128 << 112) | (v4 << 80) | u128::from(rest),
        }))
    });
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
        any::<u128>().prop_map(|bits| IpAddr::V6(bits.into())),
        near,
        wrapped,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn only_global_unicast_is_allowed(ip in some_ip()) {
        let real = match ip { IpAddr::V6(ip) => inside(ip), v4 @ IpAddr::V4(_) => v4 };
        let unicast = match real {
            IpAddr::V4(_) => true,
            IpAddr::V6(ip) => u128::from(ip) >> 125 == 1,
        };
        let expected = unicast && !special().iter().any(|net| net.contains(&real));
        prop_assert_eq!(is_global(ip), expected, "{} stands for {}", ip, real);
    }

    #[test]
    fn vetting_never_panics_and_agrees_with_the_literal(text in "\\PC{0,40}", ip in some_ip()) {
        if let Ok(url) = Url::parse(&format!("http://{text}/")) {
            let _ = vet(&url);
        }
        let host = match ip { IpAddr::V4(ip) => ip.to_string(), IpAddr::V6(ip) => format!("[{ip}]") };
        let url = Url::parse(&format!("https://{host}/")).unwrap();
        prop_assert_eq!(vet(&url).is_ok(), is_global(ip));
    }
}
