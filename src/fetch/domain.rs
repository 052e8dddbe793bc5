//! Which hosts share one rate: those of one registrable domain, since tenants of one system usually share its servers.

use url::{Host, Url};

/// Systems that give each tenant servers of its own: the whole host counts.
const BY_HOST: [&str; 4] = ["myworkdayjobs.com", "oraclecloud.com", "icims.com", "eightfold.ai"];

/// What the rate of an address is counted on: registrable domain, full host, or IP address, in lower case.
pub fn rate_domain(url: &Url) -> String {
    match url.host() {
        None => String::new(),
        Some(Host::Ipv4(ip)) => ip.to_string(),
        Some(Host::Ipv6(ip)) => ip.to_string(),
        Some(Host::Domain(host)) => {
            let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
            match psl::domain_str(&host) {
                Some(domain) if !BY_HOST.contains(&domain) => domain.to_owned(),
                _ => host,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenants_share_a_domain_unless_they_have_their_own_servers() {
        for (url, domain) in [
            ("https://boards-api.greenhouse.io/v1", "greenhouse.io"),
            ("https://Acme.Recruitee.com/api/offers", "recruitee.com"),
            ("https://acme.jobs.personio.de/xml", "personio.de"),
            ("https://www.example.co.uk./x", "example.co.uk"),
            ("https://acme.wd3.myworkdayjobs.com/wday", "acme.wd3.myworkdayjobs.com"),
            ("https://careers-acme.icims.com/", "careers-acme.icims.com"),
            ("https://1.1.1.1/", "1.1.1.1"),
            ("https://[2606:4700::1111]/", "2606:4700::1111"),
        ] {
            assert_eq!(rate_domain(&Url::parse(url).unwrap()), domain, "{url}");
        }
    }
}
