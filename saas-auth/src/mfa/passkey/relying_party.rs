//! Who passkeys are for: the id that devices bind them to, and the origins of pages that may use them.

use saas_tenancy::Tenant;
use url::{Host, Url};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use crate::{AuthConfig, Error, PasskeyConfig};

/// The relying party (WebAuthn, section 1.2.1): one for the whole installation.
///
/// One for each tenant would make the factors of a person differ from tenant to tenant: a password alone would then be
/// enough to enrol another at the most lenient of them. Instead the id may be the parent of all hosts, and the origin
/// has to be that of the very tenant: a page of another tenant is below the same id, and its answers count nowhere else.
#[derive(Debug, Clone)]
pub(crate) struct RelyingParty {
    id: String,
    /// Where the pages of a tenant begin, with `{tenant}` for its name.
    pages: String,
    /// Origins of other pages of ours.
    more: Vec<Url>,
}

const ID: &str = "auth.passkeys.rp_id";
const ORIGINS: &str = "auth.passkeys.origins";

impl RelyingParty {
    /// Reads the configuration. None where browsers know no passkeys: for an address in digits, without https, or where
    /// each tenant has a host of its own and nothing says what they have in common.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when what is configured cannot be.
    pub(crate) fn of(config: &AuthConfig) -> Result<Option<Self>, Error> {
        let PasskeyConfig { rp_id, origins } = &config.passkeys;
        let pages = config.link.pages.replace("{issuer}", &config.token.issuer);
        let here = |tenant| Url::parse(&pages.replace("{tenant}", tenant)).ok();
        // Two names, to see whether the host is that of the tenant.
        let hosts = (here("a"), here("b"));
        let id = match hosts {
            (Some(one), Some(other)) if is_secure(&one) => match rp_id.as_str() {
                "" if one.host_str() == other.host_str() => one.domain().map(str::to_owned),
                "" => None,
                configured if covers(configured, &one) => Some(configured.to_owned()),
                _ => {
                    return Err(unusable(
                        ID,
                        "has to be the host of the pages, or a parent of it",
                    ));
                }
            },
            _ if rp_id.is_empty() => None,
            _ => return Err(unusable(ID, "needs pages with https, or on localhost")),
        };
        let Some(id) = id else {
            if !origins.is_empty() {
                return Err(unusable(
                    ORIGINS,
                    "means nothing without `auth.passkeys.rp_id`",
                ));
            }
            tracing::info!(
                "there are no passkeys: the pages have no https, or no host of their own"
            );
            return Ok(None);
        };
        let more = origins.iter().map(|origin| {
            let url = Url::parse(origin).ok();
            let exact = url.filter(|url| {
                url.origin().ascii_serialization() == *origin && is_secure(url) && covers(&id, url)
            });
            exact.ok_or(unusable(
                ORIGINS,
                "has origins such as `https://app.example`, at or below the host of `auth.passkeys.rp_id`",
            ))
        });
        let more = more.collect::<Result<_, _>>()?;
        Ok(Some(Self { id, pages, more }))
    }

    /// Gives the origins from which a passkey may be used in a tenant, as browsers write them.
    pub(super) fn origins(&self, tenant: &Tenant) -> Vec<String> {
        self.urls(tenant)
            .iter()
            .map(|url| url.origin().ascii_serialization())
            .collect()
    }

    fn urls(&self, tenant: &Tenant) -> Vec<Url> {
        let pages = self.pages.replace("{tenant}", tenant.slug().as_str());
        let own = Url::parse(&pages).ok();
        own.into_iter().chain(self.more.iter().cloned()).collect()
    }

    /// Gives the protocol, as it is in a tenant.
    pub(super) fn protocol(&self, tenant: &Tenant) -> Result<Webauthn, Error> {
        let urls = self.urls(tenant);
        let (first, rest) = urls.split_first().ok_or(NO_PROTOCOL)?;
        let builder = WebauthnBuilder::new(&self.id, first).map_err(|_| NO_PROTOCOL)?;
        rest.iter()
            .fold(builder, WebauthnBuilder::append_allowed_origin)
            .rp_name(tenant.name())
            .build()
            .map_err(|_| NO_PROTOCOL)
    }
}

const NO_PROTOCOL: Error = Error::Crypto("the relying party of passkeys cannot be used");

const fn unusable(key: &'static str, message: &'static str) -> Error {
    Error::Config { key, message }
}

/// Tells whether browsers know passkeys there (Secure Contexts, section 3.1).
fn is_secure(url: &Url) -> bool {
    match url.scheme() {
        "https" => true,
        "http" => url
            .domain()
            .is_some_and(|host| host == "localhost" || host.ends_with(".localhost")),
        _ => false,
    }
}

/// Tells whether a host is an id or below it. One with a `*` in it is a host to URLs and none to anybody else.
fn covers(id: &str, url: &Url) -> bool {
    // An id that is read as something else is none: it is compared with what browsers send, byte for byte.
    let is_domain = matches!(Host::parse(id), Ok(Host::Domain(read)) if read == id);
    is_domain
        && url.domain().is_some_and(|host| {
            let usual = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
            let before = host.strip_suffix(id).filter(|_| host.bytes().all(usual));
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(
        issuer: &str,
        pages: &str,
        rp_id: &str,
        origins: &[&str],
    ) -> Result<Option<String>, Error> {
        let mut config = AuthConfig::default();
        config.token.issuer = issuer.to_owned();
        config.link.pages = pages.to_owned();
        config.passkeys.rp_id = rp_id.to_owned();
        config.passkeys.origins = origins.iter().map(|&origin| origin.to_owned()).collect();
        Ok(RelyingParty::of(&config)?.map(|party| party.id))
    }

    const PATHS: &str = "{issuer}/t/{tenant}";
    const HOSTS: &str = "https://{tenant}.app.example";

    #[test]
    fn mfa_21_the_id_is_the_host_of_all_pages_or_what_is_configured() {
        for (issuer, pages, rp_id, id) in [
            ("https://app.example", PATHS, "", Some("app.example")),
            (
                "https://www.app.example:8443",
                PATHS,
                "app.example",
                Some("app.example"),
            ),
            ("http://localhost:8080", PATHS, "", Some("localhost")),
            (
                "https://app.example",
                HOSTS,
                "app.example",
                Some("app.example"),
            ),
            // Nobody says what the tenants have in common.
            ("https://app.example", HOSTS, "", None),
            ("http://app.example", PATHS, "", None),
            ("http://127.0.0.1:8080", PATHS, "", None),
            ("https://[::1]", PATHS, "", None),
        ] {
            let found = of(issuer, pages, rp_id, &[]).unwrap();
            assert_eq!(found.as_deref(), id, "{issuer} {pages} {rp_id}");
        }
    }

    #[test]
    fn mfa_16_an_id_that_is_not_above_the_pages_is_refused() {
        for (issuer, pages, rp_id) in [
            ("https://badexample.com", PATHS, "example.com"),
            ("https://example.com", PATHS, "www.example.com"),
            ("https://example.com", PATHS, "Example.com"),
            ("https://example.com", PATHS, ".example.com"),
            ("https://example.com", PATHS, "https://example.com"),
            ("https://10.0.0.1", PATHS, "10.0.0.1"),
            ("https://10.0.0.1", PATHS, "0.1"),
            ("http://example.com", PATHS, "example.com"),
            ("https://app.example", HOSTS, "acme.app.example"),
        ] {
            let found = of(issuer, pages, rp_id, &[]);
            assert!(
                matches!(found, Err(Error::Config { key: ID, .. })),
                "{issuer} {rp_id}: {found:?}"
            );
        }
    }

    #[test]
    fn mfa_16_an_origin_is_a_scheme_a_host_and_a_port_and_nothing_else() {
        let with = |origin: &str| of("https://app.example", PATHS, "", &[origin]);
        assert!(with("https://www.app.example:8443").is_ok());
        for wrong in [
            "https://www.app.example/",
            "https://www.app.example/path",
            "https://www.app.example:443",
            "https://WWW.app.example",
            "https://a@www.app.example",
            "https://badapp.example",
            "https://other.example",
            "http://www.app.example",
            "www.app.example",
            "null",
            "*",
            "https://*.app.example",
        ] {
            let found = with(wrong);
            assert!(
                matches!(found, Err(Error::Config { key: ORIGINS, .. })),
                "{wrong}: {found:?}"
            );
        }
        let without = of("http://10.0.0.1", PATHS, "", &["https://app.example"]);
        assert!(matches!(without, Err(Error::Config { key: ORIGINS, .. })));
    }
}
