//! The host of a request, and the subdomain in it.

use std::net::{Ipv4Addr, Ipv6Addr};

use saas_core::{Code, Problem};

use super::{Authority, Name, ResolveConfig, unknown};
use crate::{Domain, Slug};

/// A DNS name is at most 253 characters (RFC 1035, section 2.3.4), and a port at most six more.
const MAX_AUTHORITY: usize = 260;

/// Gives the tenant that the host names, if it names one.
pub(super) fn read(config: &ResolveConfig, authority: &Authority) -> Result<Option<Name>, Problem> {
    let host = normalise(authority.as_str())?;
    if !config.reads_hosts() {
        return Ok(None);
    }
    let host = match host {
        Host::Ip => return Ok(None),
        Host::Name(name) => name,
    };
    if config
        .hosts
        .iter()
        .chain(&config.base_domains)
        .any(|known| known.eq_ignore_ascii_case(&host))
    {
        return Ok(None);
    }
    // Of two bases of which one lies under the other, the longer one is meant.
    let mut bases: Vec<&String> = config.base_domains.iter().collect();
    bases.sort_by_key(|base| std::cmp::Reverse(base.len()));
    for base in bases {
        // The dot is a part of the comparison: `evilapp.test` is not under `app.test`.
        let label = host
            .strip_suffix(base.to_ascii_lowercase().as_str())
            .and_then(|rest| rest.strip_suffix('.'));
        if let Some(label) = label {
            // A label with dots in it is no slug, so `a.acme.app.test` names nothing.
            let slug: Result<Slug, _> = label.parse();
            return slug
                .map(|slug| Some(Name::Slug(slug)))
                .map_err(|_| unknown());
        }
    }
    match host.parse::<Domain>() {
        Ok(domain) if config.custom_domains => Ok(Some(Name::Domain(domain))),
        _ => Err(unknown()),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Host {
    Ip,
    Name(String),
}

/// Brings a host to its one form: lower case, without port and without a trailing dot.
fn normalise(authority: &str) -> Result<Host, Problem> {
    let wrong = || Problem::new(Code::HOST_INVALID);
    if authority.is_empty() || authority.len() > MAX_AUTHORITY {
        return Err(wrong());
    }
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, port) = rest.split_once(']').ok_or_else(wrong)?;
        address.parse::<Ipv6Addr>().map_err(|_| wrong())?;
        return match port.strip_prefix(':') {
            Some(port) => check_port(port).map(|()| Host::Ip),
            None if port.is_empty() => Ok(Host::Ip),
            None => Err(wrong()),
        };
    }
    let host = match authority.split_once(':') {
        Some((host, port)) => {
            check_port(port)?;
            host
        }
        None => authority,
    };
    if host.parse::<Ipv4Addr>().is_ok() {
        return Ok(Host::Ip);
    }
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let label_ok = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if host.len() <= 253 && host.split('.').all(label_ok) {
        Ok(Host::Name(host))
    } else {
        Err(wrong())
    }
}

fn check_port(port: &str) -> Result<(), Problem> {
    // `parse` alone would take a sign.
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse::<u16>() {
        Ok(_) if digits => Ok(()),
        _ => Err(Problem::new(Code::HOST_INVALID)),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use http::request::Parts;

    use super::*;
    use crate::resolve::authority;

    fn read(
        config: &ResolveConfig,
        parts: &Parts,
        peer: Option<IpAddr>,
    ) -> Result<Option<Name>, Problem> {
        let authority = authority::read(parts, config.trusts(peer))?;
        super::read(config, &authority)
    }

    fn config() -> ResolveConfig {
        ResolveConfig {
            base_domains: vec!["app.test".to_owned()],
            ..ResolveConfig::default()
        }
    }

    fn resolve(host: &str) -> Result<Option<String>, &'static str> {
        let (parts, ()) = http::Request::builder()
            .header("host", host)
            .body(())
            .unwrap()
            .into_parts();
        read(&config(), &parts, None)
            .map(|name| name.map(shown))
            .map_err(|problem| problem.code().name())
    }

    fn shown(name: Name) -> String {
        match name {
            Name::Slug(slug) => slug.to_string(),
            Name::Id(id) => id.to_string(),
            Name::Domain(domain) => format!("domain {domain}"),
        }
    }

    #[test]
    fn ten_08_09_a_forwarded_host_counts_from_a_trusted_proxy_only() {
        let mut config = config();
        config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let request = http::Request::builder()
            .header("host", "acme.app.test")
            .header("x-forwarded-host", "beta.app.test");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        for (peer, slug) in [
            (None, "acme"),
            (Some("192.0.2.1"), "acme"),
            (Some("11.0.0.1"), "acme"),
            (Some("10.1.2.3"), "beta"),
            (Some("::ffff:10.1.2.3"), "beta"),
            (Some("fd00::1"), "beta"),
        ] {
            let peer = peer.map(|peer| peer.parse().unwrap());
            let name = read(&config, &parts, peer).unwrap().map(shown);
            assert_eq!(name.as_deref(), Some(slug), "{peer:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_host_has_one_form_whatever_it_is(host in "[ -~]{0,40}|([a-zA-Z0-9-]{1,8}\\.){1,4}[a-zA-Z]{2,4}\\.?(:[0-9]{1,5})?") {
            if let Ok(Host::Name(name)) = normalise(&host) {
                // Its own form, and reached by the other spellings of it.
                proptest::prop_assert_eq!(normalise(&name), Ok(Host::Name(name.clone())));
                proptest::prop_assert_eq!(normalise(&name.to_ascii_uppercase()), Ok(Host::Name(name.clone())));
                proptest::prop_assert!(!name.ends_with('.') && !name.contains(':'));
            }
        }
    }

    #[test]
    fn ten_01_02_03_04_a_host_has_one_form() {
        let acme = Ok(Some("acme".to_owned()));
        for host in [
            "acme.app.test",
            "ACME.App.Test",
            "acme.app.test.",
            "acme.app.test:8443",
            "acme.app.test.:1",
        ] {
            assert_eq!(resolve(host), acme, "{host}");
        }
        for host in [
            "app.test",
            "127.0.0.1",
            "127.0.0.1:8080",
            "[::1]:80",
            "[::1]",
        ] {
            assert_eq!(resolve(host), Ok(None), "{host}");
        }
        for host in [
            "acme.app.test..",
            "acme.app.test:99999",
            "acme.app.test:abc",
            "acme.app.test:",
            "acme.app.test:+80",
            "",
            "a b",
            "[::1",
            "[acme]",
            "a,b",
            "acme..app.test",
            ".app.test",
            "acme.app.test:80:80",
        ] {
            assert_eq!(resolve(host), Err("host-invalid"), "{host:?}");
        }
    }

    #[test]
    fn the_longest_base_domain_is_meant() {
        let mut config = config();
        config.base_domains = vec!["app.test".to_owned(), "eu.app.test".to_owned()];
        let request = http::Request::builder().header("host", "acme.eu.app.test");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let name = read(&config, &parts, None).unwrap().map(shown);
        assert_eq!(name.as_deref(), Some("acme"));
    }

    #[test]
    fn a_malformed_host_is_refused_where_no_host_is_read_too() {
        let config = ResolveConfig::header_only("x-tenant");
        for (host, ok) in [("api.example.com", true), ("a, b", false), ("", false)] {
            let request = http::Request::builder().header("host", host);
            let (parts, ()) = request.body(()).unwrap().into_parts();
            assert_eq!(read(&config, &parts, None).is_ok(), ok, "{host:?}");
        }
    }

    #[test]
    fn ten_10_14_15_a_look_alike_names_nobody() {
        for host in [
            "a.acme.app.test",
            "xn--acme-.app.test",
            "acme.app.test.xn--",
            "www.app.test",
            "localhost",
            "-acme.app.test",
            "127.1",
            "2130706433",
        ] {
            assert_eq!(resolve(host), Err("tenant-unknown"), "{host}");
        }
        // Names of their own, which nobody has proven.
        for host in [
            "acme.app.test.evil.com",
            "evilapp.test",
            "acmeapp.test",
            "evil.com",
        ] {
            assert_eq!(resolve(host), Ok(Some(format!("domain {host}"))), "{host}");
        }
    }

    #[test]
    fn ten_05_07_two_hosts_are_refused() {
        let request = http::Request::builder()
            .header("host", "acme.app.test")
            .header("host", "acme.app.test");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(
            read(&config(), &parts, None).unwrap_err().code(),
            Code::HOST_INVALID
        );
        let request = http::Request::builder()
            .uri("http://beta.app.test/")
            .header("host", "acme.app.test");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(
            read(&config(), &parts, None).unwrap_err().code(),
            Code::HOST_INVALID
        );
        let (parts, ()) = http::Request::builder().body(()).unwrap().into_parts();
        assert_eq!(
            read(&config(), &parts, None).unwrap_err().code(),
            Code::HOST_INVALID
        );
    }
}
