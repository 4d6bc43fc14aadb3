//! Who the client is (RFC 6749, section 2.3).
//!
//! A client proves itself in the one way that it is registered with; whoever has a secret may send it in the header
//! as well, which RFC 6749, section 2.3.1, wants for all of them, and which is what libraries do at some of the
//! endpoints whatever the client is registered with. Everything that is wrong, an unknown client
//! as well as a wrong secret, is answered alike: `invalid_client`.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use saas_core::Secret;
use saas_tenancy::Tenant;

use super::{
    AuthMethod, Client, Clients,
    assertion::{Assertion, Audiences},
};
use crate::oauth::{
    error::{OAuthError, Refusal},
    form::{self, Form},
};

/// The endpoints that clients call themselves, at which a client may prove who it is.
pub(crate) const ENDPOINTS: [&str; 5] = [
    "/oauth/token",
    "/oauth/par",
    "/oauth/introspect",
    "/oauth/revoke",
    "/oauth/device",
];

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest header that is read.
const MAX_BASIC: usize = 2 << 10;

/// Where a request of a client arrives.
#[derive(Debug)]
pub(in crate::oauth) struct Caller<'a> {
    pub(in crate::oauth) headers: &'a HeaderMap,
    /// The tenant that the address names.
    pub(in crate::oauth) tenant: Option<&'a Tenant>,
    /// The issuer as the client knows it.
    pub(in crate::oauth) issuer: &'a str,
    /// How far the clocks of the two may differ.
    pub(in crate::oauth) leeway: Duration,
}

/// How a request says who its client is.
#[derive(Debug)]
pub(super) enum Proof<'a> {
    None,
    Secret(AuthMethod, Secret<String>),
    Signed(Box<Assertion<'a>>),
}

impl AuthMethod {
    /// Tells whether a client that is registered with this one may send its secret in that way. The other way
    /// round, a secret that belongs into the header is not taken from a form.
    fn accepts(self, sent: Self) -> bool {
        self == sent || (self, sent) == (Self::SecretPost, Self::SecretBasic)
    }
}

impl Clients {
    /// Finds out which client a request is from. A public client only says so; any other one has to prove it in
    /// the way that it is registered with.
    pub(in crate::oauth) async fn authenticate(
        &self,
        caller: &Caller<'_>,
        form: &Form,
    ) -> Result<Client, Refusal> {
        let (id, proof) = read(caller.headers, form)?;
        let client = self.find(caller.tenant, &id).await?;
        let leeway = caller.leeway;
        let proven = match (&client, &proof) {
            (Some(client), Proof::None) => client.auth_method == AuthMethod::None,
            (Some(client), Proof::Secret(method, secret)) => {
                // Compared in any case, so that the time does not tell which part was wrong.
                let known = client.knows(secret.expose());
                known && client.auth_method.accepts(*method)
            }
            (Some(client), Proof::Signed(assertion)) => {
                let audiences = Audiences::new(caller.issuer.to_owned());
                let now = self.database().clock().now();
                client.auth_method == AuthMethod::PrivateKeyJwt
                    && assertion.is_of(client, &audiences, now, leeway)
                    && assertion.use_once(self.database(), leeway).await?
            }
            (None, Proof::Secret(_, secret)) => {
                let _ = super::secret::hash(secret.expose());
                false
            }
            (None, _) => false,
        };
        match client {
            Some(client) if proven => Ok(client),
            _ => Err(OAuthError::invalid_client().into()),
        }
    }
}

/// Reads the id of the client and its proof, of which there may be one.
pub(super) fn read<'a>(
    headers: &HeaderMap,
    form: &'a Form,
) -> Result<(String, Proof<'a>), OAuthError> {
    let twice = OAuthError::invalid_request("a client proves who it is in one way");
    let named = form.get("client_id").map(Secret::expose);
    let posted = form.get("client_secret");
    let assertion = (
        form.get("client_assertion"),
        form.get("client_assertion_type"),
    );
    let mut authorization = headers.get_all(header::AUTHORIZATION).iter();
    let basic = match (authorization.next(), authorization.next()) {
        (None, _) => None,
        (Some(_), Some(_)) => return Err(twice),
        (Some(value), None) => Some(read_basic(value.as_bytes())?),
    };
    let (id, proof) = match (basic, posted, assertion) {
        (Some((id, secret)), None, (None, None)) => {
            (id, Proof::Secret(AuthMethod::SecretBasic, secret))
        }
        (None, Some(secret), (None, None)) => (
            required(named)?.to_owned(),
            Proof::Secret(AuthMethod::SecretPost, secret.clone()),
        ),
        (None, None, (Some(text), Some(kind))) => {
            if kind.expose() != ASSERTION_TYPE {
                return Err(OAuthError::invalid_request(
                    "`client_assertion_type` is not supported",
                ));
            }
            let assertion = Assertion::read(text.expose()).ok_or(OAuthError::invalid_client())?;
            (
                assertion.client_id().to_owned(),
                Proof::Signed(Box::new(assertion)),
            )
        }
        (None, None, (None, None)) => (required(named)?.to_owned(), Proof::None),
        (None, None, _) => {
            return Err(OAuthError::invalid_request(
                "`client_assertion` and `client_assertion_type` belong together",
            ));
        }
        _ => return Err(twice),
    };
    if named.is_some_and(|named| *named != id) {
        return Err(OAuthError::invalid_request(
            "`client_id` names another client than the one that proves itself",
        ));
    }
    Ok((id, proof))
}

fn required(named: Option<&String>) -> Result<&String, OAuthError> {
    named.ok_or(OAuthError::invalid_request("`client_id` is missing"))
}

/// Reads the header `Authorization` of RFC 6749, section 2.3.1: both parts are encoded like those of a form, and
/// then the two as in RFC 7617.
fn read_basic(value: &[u8]) -> Result<(String, Secret<String>), OAuthError> {
    let read = || {
        let text = std::str::from_utf8(value)
            .ok()
            .filter(|text| text.len() <= MAX_BASIC)?;
        let (scheme, encoded) = text.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let bytes = Secret::new(STANDARD.decode(encoded.trim_start_matches(' ')).ok()?);
        let pair = std::str::from_utf8(bytes.expose()).ok()?;
        let (id, secret) = pair.split_once(':')?;
        let (id, secret) = (form::decode(id).ok()?, form::decode(secret).ok()?);
        Some((id, Secret::new(secret)))
    };
    read().ok_or(OAuthError::invalid_client())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::{super::fuzzing, *};

    fn ask(
        authorization: &[&str],
        body: &str,
    ) -> Result<(String, AuthMethod, String), &'static str> {
        let mut headers = HeaderMap::new();
        for value in authorization {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let form = Form::parse(body.as_bytes()).unwrap();
        match read(&headers, &form).map_err(|error| error.name())? {
            (id, Proof::None) => Ok((id, AuthMethod::None, String::new())),
            (id, Proof::Secret(method, secret)) => Ok((id, method, secret.expose().clone())),
            (id, Proof::Signed(_)) => Ok((id, AuthMethod::PrivateKeyJwt, String::new())),
        }
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    #[test]
    fn oau_28_a_client_proves_itself_in_one_way() {
        use AuthMethod::{None, SecretBasic, SecretPost};
        let good = |id: &str, method, secret: &str| Ok((id.to_owned(), method, secret.to_owned()));
        assert_eq!(ask(&[], "client_id=web"), good("web", None, ""));
        assert_eq!(
            ask(&[], "client_id=web&client_secret="),
            good("web", None, "")
        );
        assert_eq!(
            ask(&[], "client_id=web&client_secret=x"),
            good("web", SecretPost, "x")
        );
        for (pair, id, secret) in [
            ("web:x", "web", "x"),
            ("web:", "web", ""),
            ("web:a:b", "web", "a:b"),
            ("web:a%3Ab%25%2B+c", "web", "a:b%+ c"),
            ("w%3Ab:x", "w:b", "x"),
            ("web:%C3%A4%E2%82%AC", "web", "ä€"),
            ("web:ä€", "web", "ä€"),
        ] {
            assert_eq!(
                ask(&[&basic(pair)], ""),
                good(id, SecretBasic, secret),
                "{pair}"
            );
        }
        assert_eq!(
            ask(&[&basic("web:x").replace("Basic", "bAsIc")], ""),
            good("web", SecretBasic, "x")
        );
        assert_eq!(
            ask(&[&basic("web:x")], "client_id=web"),
            good("web", SecretBasic, "x")
        );
        for (authorization, body) in [
            (vec![basic("web:x")], "client_secret=x"),
            (vec![basic("web:x")], "client_id=web&client_secret=x"),
            (vec![basic("web:x")], "client_id=other"),
            (vec![basic("web:x"), basic("web:x")], ""),
            (
                vec![basic("web:x")],
                "client_assertion=x&client_assertion_type=y",
            ),
            (
                vec![],
                "client_id=web&client_secret=x&client_assertion=y&client_assertion_type=z",
            ),
            (vec![], "client_id=web&client_assertion=y"),
            (vec![], "client_id=web&client_assertion_type=y"),
            (
                vec![],
                "client_id=web&client_assertion=y&client_assertion_type=z",
            ),
            (vec![], "client_secret=x"),
            (vec![], ""),
        ] {
            let authorization: Vec<_> = authorization.iter().map(String::as_str).collect();
            assert_eq!(
                ask(&authorization, body),
                Err("invalid_request"),
                "{authorization:?} {body}"
            );
        }
        for wrong in [
            "Basic",
            "Basic ",
            "Basic x",
            "Basic d2Vi",
            "Basic /w==",
            "Digest d2ViOng=",
            "Basic d2ViOng",
            "x",
        ] {
            assert_eq!(
                ask(&[wrong], "client_id=web"),
                Err("invalid_client"),
                "{wrong}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_refused(value in "(?i:basic )?[ -~]{0,60}") {
            fuzzing::client_authentication(value.as_bytes(), b"client_id=web");
        }

        #[test]
        fn oau_28_of_several_proofs_none_counts(
            pair in "(web|%41|[a-z%+]{0,4}):[a-z%+:]{0,6}|",
            body in "(client_id=(web|a)&)?(client_secret=[a-z]{0,2}&)?(client_assertion=[a-z.]{0,3}&client_assertion_type=x)?",
        ) {
            let header = if pair.is_empty() { pair } else { basic(&pair) };
            fuzzing::client_authentication(header.as_bytes(), body.as_bytes());
        }

        #[test]
        fn what_a_client_encodes_comes_back(id in "\\PC{1,20}", secret in "\\PC{0,40}") {
            let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
            let pair = basic(&format!("{}:{}", encode(&id), encode(&secret)));
            prop_assert_eq!(ask(&[&pair], ""), Ok((id, AuthMethod::SecretBasic, secret)));
        }
    }
}
