//! What has to hold of the addresses of requests.

use http::{HeaderName, HeaderValue, Uri, header, request::Parts};

use super::{Address, Name, PathPrefix, ResolveConfig, read};

const BASES: [&str; 2] = ["app.test", "eu.app.test"];
const HOSTS: [&str; 1] = ["www.other.test"];

/// What a request says of where it goes.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever tests writes it as a literal"
)]
pub struct Sent<'a> {
    /// The target of the request line.
    pub target: &'a str,
    /// `Host`.
    pub host: &'a str,
    /// `X-Forwarded-Host`; empty for none, as in the following.
    pub forwarded_host: &'a str,
    /// `Forwarded`.
    pub forwarded: &'a str,
    /// The header that names a tenant.
    pub tenant: &'a str,
}

/// A host names a tenant only as one label before one of our base domains, or a domain that is none of ours.
///
/// What was forwarded counts from a proxy alone, and as if it were the host; and what a path gives away is put
/// together again from its parts.
///
/// # Panics
///
/// When it does not hold.
pub fn address(sent: &Sent<'_>) {
    let mut config = ResolveConfig {
        base_domains: BASES.map(str::to_owned).into(),
        hosts: HOSTS.map(str::to_owned).into(),
        ..ResolveConfig::default()
    };
    config
        .trusted_proxies
        .extend("10.0.0.0/8".parse::<ipnet::IpNet>());
    let (proxy, stranger) = ("10.1.2.3".parse().ok(), "192.0.2.1".parse().ok());
    let Some(parts) = request(sent) else {
        return;
    };
    // Of a stranger nothing that was forwarded is looked at.
    let plain = Sent {
        forwarded_host: "",
        forwarded: "",
        ..*sent
    };
    let from_stranger = read(&config, &parts, stranger).ok();
    let unforwarded = request(&plain).and_then(|parts| read(&config, &parts, stranger).ok());
    assert_eq!(from_stranger, unforwarded, "{sent:?}");
    if let Some(address) = &from_stranger {
        let authority = parts.uri.authority().map(http::uri::Authority::as_str);
        check(address, authority.unwrap_or(sent.host), sent, &parts);
    }
    if let Ok(address) = read(&config, &parts, proxy)
        && sent.forwarded.is_empty()
        && !sent.forwarded_host.is_empty()
    {
        check(&address, sent.forwarded_host.trim(), sent, &parts);
    }
}

/// Holds what was found against an own reading of the host.
fn check(address: &Address, host: &str, sent: &Sent<'_>, parts: &Parts) {
    let host = host.to_ascii_lowercase();
    let bare = host.rsplit_once(':').map_or(&*host, |(bare, _)| bare);
    let bare = bare.strip_suffix('.').unwrap_or(bare);
    let mut names = address.names.iter().peekable();
    let by_path = address.uri.is_some();
    let by_header = !sent.tenant.is_empty();
    let found = address.names.len() - usize::from(by_path) - usize::from(by_header);
    assert!(found <= 1, "{address:?}");
    let under = |name: &str| {
        let mut bases = BASES.iter();
        bases.any(|base| name == *base || name.ends_with(&format!(".{base}")))
    };
    if found == 1 {
        match names.next() {
            Some(Name::Slug(slug)) => {
                let mut bases = BASES.iter();
                let known = bases.any(|base| bare == format!("{slug}.{base}"));
                assert!(known, "{bare:?} is not {slug} below a base");
            }
            Some(Name::Domain(domain)) => {
                assert_eq!(bare.parse().as_ref(), Ok(domain));
                assert!(!under(domain.as_str()) && !HOSTS.contains(&domain.as_str()));
            }
            other => assert!(other.is_none(), "a host is no id: {other:?}"),
        }
    } else {
        let address = bare.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        let literal = address.is_ok() || host.starts_with('[');
        let ours = BASES.iter().chain(&HOSTS).any(|known| *known == bare);
        assert!(literal || ours, "{bare:?} is none of ours");
    }
    if by_header {
        match names.next() {
            Some(Name::Slug(slug)) => assert_eq!(slug.as_str(), sent.tenant),
            Some(Name::Id(id)) => assert_eq!(sent.tenant.parse().as_ref(), Ok(id)),
            other => assert!(other.is_none(), "a header is no domain: {other:?}"),
        }
    }
    if let (Some(routed), Some(Name::Slug(slug))) = (&address.uri, names.next()) {
        let prefix = PathPrefix::taken(&parts.uri, routed);
        assert_eq!(prefix.as_str(), format!("/t/{slug}"), "{:?}", parts.uri);
        let (sent, routed_path) = (parts.uri.path(), routed.path());
        let whole = [
            format!("{}{routed_path}", prefix.as_str()),
            format!("{routed_path}{}", prefix.as_str()),
        ];
        let bare = format!("{sent}/");
        assert!(
            whole.contains(&sent.to_owned()) || whole.contains(&bare),
            "{sent:?}"
        );
        assert_eq!(routed.query(), parts.uri.query());
    }
}

fn request(sent: &Sent<'_>) -> Option<Parts> {
    let uri: Uri = sent.target.parse().ok()?;
    let mut parts = http::Request::new(()).into_parts().0;
    parts.uri = uri;
    for (name, value) in [
        (header::HOST, sent.host),
        (
            HeaderName::from_static("x-forwarded-host"),
            sent.forwarded_host,
        ),
        (header::FORWARDED, sent.forwarded),
        (HeaderName::from_static("x-tenant"), sent.tenant),
    ] {
        if !value.is_empty() {
            parts
                .headers
                .insert(name, HeaderValue::from_str(value).ok()?);
        }
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ten_02_03_04_10_15_a_request_names_whom_its_address_says(
            host in "[ -~]{0,40}|(ACME\\.|a\\.|[a-zA-Z0-9-]{1,8}\\.){0,3}((eu\\.)?app\\.test|www\\.other\\.test|evil\\.example)\\.{0,2}(:[0-9a-z]{0,6})?|\\[[0-9a-f:]{0,9}\\](:80)?",
            forwarded_host in "|[ -~]{0,20}|(acme\\.|beta\\.)?app\\.test(, b)?",
            forwarded in "|(host=\"?(acme\\.app\\.test|a)\"?|for=x|;|,| ){0,4}",
            tenant in "|acme|ACME|[ -~]{0,12}",
            target in "/[ -~]{0,20}|(/t|/acme|//|/\\.\\.|/%61cme|/\\.well-known|/x){0,4}(\\?x=/t/b)?|http://(acme\\.)?app\\.test(/t/b)?",
        ) {
            address(&Sent { target: &target, host: &host, forwarded_host: &forwarded_host, forwarded: &forwarded, tenant: &tenant });
        }
    }
}
