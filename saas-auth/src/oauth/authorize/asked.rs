//! What a client asks a person for.

use saas_core::{Level, Timestamp, UserId};
use saas_tenancy::Tenant;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fault::{Fault, Refused};
use crate::{
    Identity,
    oauth::{
        client::{Client, GrantType},
        form::Form,
        pkce,
    },
};

const MAX_STATE: usize = 4 << 10;
const MAX_NONCE: usize = 512;
const MAX_LOGIN_HINT: usize = 320;

/// A request for authorization that has been checked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::oauth) struct Asked {
    pub(super) client: String,
    pub(super) redirect_uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<String>,
    pub(super) scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) nonce: Option<String>,
    pub(super) challenge: String,
    pub(super) prompt: Prompt,
    /// How long ago the person may have signed in, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max_age: Option<u64>,
    /// The least that is to be proven, when the client asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) level: Option<Level>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) login_hint: Option<String>,
    /// The person whom the client expects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) person: Option<UserId>,
    /// When it was asked. Whoever signs in afterwards has signed in for it.
    pub(super) at: Micros,
    /// Which pushed request it was. It gives tokens once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pushed: Option<Uuid>,
}

/// What the person is to be asked (OpenID Connect Core, section 3.1.2.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Prompt {
    /// Nothing at all.
    pub(super) none: bool,
    /// To sign in, though there is a session.
    pub(super) login: bool,
    /// To consent, though that was done before.
    pub(super) consent: bool,
}

/// A time to the microsecond, as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(in crate::oauth) struct Micros(i64);

impl Micros {
    pub(in crate::oauth) const fn of(time: Timestamp) -> Self {
        Self(time.as_micros())
    }

    /// Gives the time; the beginning of time for one that cannot be.
    pub(in crate::oauth) fn time(self) -> Timestamp {
        Timestamp::from_micros(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl Asked {
    /// Reads the parameters of a request, with the client that they name. A client that proves who it is gives
    /// itself.
    pub(in crate::oauth) async fn read(
        identity: &Identity,
        tenant: &Tenant,
        form: &Form,
        proven: Option<Client>,
    ) -> Result<(Self, Client), Refused> {
        let text = |name: &str| form.get(name).map(|value| value.expose().clone());
        let client = match proven {
            Some(client) => client,
            None => {
                let id = text("client_id").unwrap_or_default();
                find(identity, tenant, &id).await?
            }
        };
        let redirect_uri = text("redirect_uri")
            .filter(|uri| client.redirects_to(uri))
            .ok_or_else(|| {
                Refused::here("`redirect_uri` is missing, or not registered for the application")
            })?;
        let state = text("state");
        let asked = Self::check(identity, &client, form, redirect_uri.clone());
        match asked.and_then(|asked| asked.of_hinted(identity, tenant, form)) {
            Ok(asked) => Ok((asked, client)),
            Err(fault) => Err(Refused::Back {
                redirect_uri,
                state: state.filter(|state| state.len() <= MAX_STATE),
                fault,
            }),
        }
    }

    /// Checks everything by which nobody can be sent to a wrong place.
    fn check(
        identity: &Identity,
        client: &Client,
        form: &Form,
        redirect_uri: String,
    ) -> Result<Self, Fault> {
        let text = |name: &str| form.get(name).map(|value| value.expose().as_str());
        let bounded = |name: &str, limit: usize, message: &'static str| match text(name) {
            Some(value) if value.len() > limit => Err(Fault::request(message)),
            value => Ok(value.map(str::to_owned)),
        };
        let state = bounded("state", MAX_STATE, "`state` is longer than 4096 bytes")?;
        for (name, error) in [
            ("request", "request_not_supported"),
            ("request_uri", "request_uri_not_supported"),
            ("registration", "registration_not_supported"),
        ] {
            if text(name).is_some() {
                return Err(Fault::new(error, "a parameter is not supported"));
            }
        }
        match text("response_type") {
            Some("code") => {}
            Some(_) => {
                return Err(Fault::new(
                    "unsupported_response_type",
                    "the only `response_type` is `code`",
                ));
            }
            None => return Err(Fault::request("`response_type` is missing")),
        }
        if text("response_mode").is_some_and(|mode| mode != "query") {
            return Err(Fault::request("the only `response_mode` is `query`"));
        }
        if !client.may_use(GrantType::AuthorizationCode) {
            return Err(Fault::new(
                "unauthorized_client",
                "the client may not ask for a code",
            ));
        }
        let challenge = match (text("code_challenge"), text("code_challenge_method")) {
            (None, _) => return Err(Fault::request("`code_challenge` is missing (RFC 7636)")),
            (Some(challenge), Some("S256")) if pkce::is_challenge(challenge) => challenge,
            (Some(_), Some("S256")) => {
                return Err(Fault::request(
                    "`code_challenge` is no SHA-256 in base64url",
                ));
            }
            (Some(_), _) => {
                return Err(Fault::request("`code_challenge_method` has to be `S256`"));
            }
        };
        let scopes = identity.clients().scopes();
        let scopes = scopes
            .parse(text("scope").unwrap_or_default())
            .map_err(|_| Fault::new("invalid_scope", "a scope is unknown"))?;
        let scopes = scopes
            .into_iter()
            .filter(|scope| client.may_have(scope))
            .collect();
        let max_age = text("max_age").map(str::parse).transpose();
        Ok(Self {
            client: client.id.clone(),
            redirect_uri,
            state,
            scopes,
            nonce: bounded("nonce", MAX_NONCE, "`nonce` is longer than 512 bytes")?,
            challenge: challenge.to_owned(),
            prompt: Prompt::parse(text("prompt").unwrap_or_default())?,
            max_age: max_age.map_err(|_| Fault::request("`max_age` is no number of seconds"))?,
            level: level(text("acr_values").unwrap_or_default()),
            login_hint: bounded(
                "login_hint",
                MAX_LOGIN_HINT,
                "`login_hint` is longer than 320 bytes",
            )?,
            person: None,
            at: Micros::of(identity.database().clock().now()),
            pushed: None,
        })
    }

    /// Notes whom the client expects, by an id token that it was once given (OpenID Connect Core, section
    /// 3.1.2.1). That it has expired does not matter.
    fn of_hinted(
        mut self,
        identity: &Identity,
        tenant: &Tenant,
        form: &Form,
    ) -> Result<Self, Fault> {
        if let Some(token) = form.get("id_token_hint") {
            let hint = identity.verifier().hint(token.expose()).ok();
            let hint = hint.filter(|hint| hint.tenant == tenant.id() && hint.client == self.client);
            let hint = hint.ok_or(Fault::request("`id_token_hint` is not valid"))?;
            self.person = Some(hint.user);
        }
        Ok(self)
    }

    /// Tells the client what is wrong.
    pub(super) fn refused(&self, fault: Fault) -> Refused {
        Refused::Back {
            redirect_uri: self.redirect_uri.clone(),
            state: self.state.clone(),
            fault,
        }
    }

    /// Finds the client again, as it is now.
    pub(super) async fn client(
        &self,
        identity: &Identity,
        tenant: &Tenant,
    ) -> Result<Client, Refused> {
        let client = find(identity, tenant, &self.client).await?;
        if self.is_for(&client) {
            Ok(client)
        } else {
            Err(Refused::here(
                "the application is not what it was; begin again there",
            ))
        }
    }

    /// Tells whether a client may still ask like this.
    pub(super) fn is_for(&self, client: &Client) -> bool {
        client.redirects_to(&self.redirect_uri) && client.may_use(GrantType::AuthorizationCode)
    }
}

/// Reads the levels of which the client takes any (OpenID Connect Core, section 3.1.2.1). Words that are not ours
/// ask for nothing.
fn level(text: &str) -> Option<Level> {
    text.split(' ').filter_map(|word| word.parse().ok()).min()
}

async fn find(identity: &Identity, tenant: &Tenant, id: &str) -> Result<Client, Refused> {
    let client = identity.clients().find(Some(tenant), id).await?;
    client.ok_or_else(|| {
        Refused::here("`client_id` is missing, or names no application of this tenant")
    })
}

impl Prompt {
    fn parse(text: &str) -> Result<Self, Fault> {
        let mut prompt = Self::default();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            match word {
                "none" => prompt.none = true,
                // There is one account in a session, so choosing another is signing in.
                "login" | "select_account" => prompt.login = true,
                "consent" => prompt.consent = true,
                _ => return Err(Fault::request("`prompt` is unknown")),
            }
        }
        if prompt.none && (prompt.login || prompt.consent) {
            return Err(Fault::request(
                "`prompt` cannot be `none` and something else",
            ));
        }
        Ok(prompt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_of_the_levels_that_are_asked_for_is_enough() {
        for (text, expected) in [
            ("", None),
            ("1 2", None),
            ("AAL2", None),
            ("aal2", Some(Level::Aal2)),
            ("phr aal2", Some(Level::Aal2)),
            ("urn:x phr", Some(Level::PhishingResistant)),
            ("aal1 aal2 phr", Some(Level::Aal1)),
        ] {
            assert_eq!(level(text), expected, "{text:?}");
        }
    }

    #[test]
    fn oau_19_a_prompt_is_read_strictly() {
        let read = |text: &str| {
            let prompt = Prompt::parse(text).ok()?;
            Some((prompt.none, prompt.login, prompt.consent))
        };
        for (text, expected) in [
            ("", Some((false, false, false))),
            ("none", Some((true, false, false))),
            ("login", Some((false, true, false))),
            ("select_account", Some((false, true, false))),
            ("consent login", Some((false, true, true))),
            ("none login", None),
            ("none consent", None),
            ("none select_account", None),
            ("None", None),
            ("create", None),
            ("login\tconsent", None),
        ] {
            assert_eq!(read(text), expected, "{text:?}");
        }
    }
}
