//! The programs that ask for tokens.
//!
//! Some stand in the configuration and exist in every tenant: our own front ends, as a rule. Others are
//! registered by a tenant and exist in it alone. One of those has a UUIDv7 as its `client_id`, which is its
//! subject too when it acts for itself (`client_credentials`), so a token whose `sub` is its `client_id` is a
//! program's.

#[cfg(feature = "axum")]
mod assertion;
#[cfg(feature = "axum")]
mod authenticate;
mod draft;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod jwks;
mod kind;
mod registry;
mod row;
mod secret;
#[cfg(test)]
mod vectors;

use saas_core::{Granted, Id, Timestamp, UserId};
use serde::Serialize;
use subtle::ConstantTimeEq as _;

#[cfg(feature = "axum")]
pub(in crate::oauth) use authenticate::Caller;
#[cfg(feature = "axum")]
pub(crate) use authenticate::ENDPOINTS;
pub use draft::{ClientPatch, NewClient};
pub(crate) use jwks::ClientKeys;
pub use kind::{AuthMethod, GrantType};
pub use registry::{Clients, Registered};
pub(crate) use row::ClientRow;

use super::{redirect_uri, scope};

/// A program that may ask for tokens, wherever it was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// What people are shown.
    pub name: String,
    /// Whether it is our own: people are not asked for their consent, and it may do all that they may.
    pub first_party: bool,
    /// Whether it runs on the devices of people (RFC 8252), and may be reached by a port of the loopback
    /// interface or a scheme of its own.
    pub native: bool,
    /// Where people are sent back to, letter by letter.
    pub redirect_uris: Vec<String>,
    /// Where people may be sent after they have signed out (OpenID Connect RP-Initiated Logout).
    pub post_logout_redirect_uris: Vec<String>,
    /// How it may come to tokens.
    pub grants: Vec<GrantType>,
    /// The permissions that it may be given. One of our own may be given any.
    pub scopes: Vec<String>,
    /// How it proves who it is.
    pub auth_method: AuthMethod,
    /// Counts the changes; 0 for one of the configuration.
    pub version: i64,
    /// When it was registered; nothing for one of the configuration.
    pub created_at: Option<Timestamp>,
    /// Which row it is, for one that a tenant has registered.
    #[serde(skip)]
    registered: Option<Id<Client>>,
    #[serde(skip)]
    secret_hash: Option<Vec<u8>>,
    #[serde(skip)]
    keys: ClientKeys,
}

impl Client {
    /// Gives the id under which a tenant has registered it; none for one of the configuration.
    #[must_use]
    pub const fn registered(&self) -> Option<Id<Self>> {
        self.registered
    }

    /// Gives the subject of its tokens when it acts for itself, which only one that a tenant has registered can.
    #[must_use]
    pub fn service_account(&self) -> Option<UserId> {
        self.registered.map(|id| UserId::from_uuid(id.as_uuid()))
    }

    /// Tells whether it may come to tokens in that way.
    #[must_use]
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grants.contains(&grant)
    }

    /// Tells whether it can keep a secret, and therefore proves who it is (RFC 6749, section 2.1).
    #[must_use]
    pub fn is_confidential(&self) -> bool {
        self.auth_method != AuthMethod::None
    }

    /// Tells whether people may be sent to an address of it.
    #[must_use]
    pub fn redirects_to(&self, uri: &str) -> bool {
        let any_port = self.native && !self.is_confidential();
        self.redirect_uris
            .iter()
            .any(|known| redirect_uri::matches(known, uri, any_port))
    }

    /// Tells whether it may be given a scope.
    #[must_use]
    pub fn may_have(&self, scope: &str) -> bool {
        match scope {
            // What it cannot use is nothing to ask people for (OpenID Connect Core, section 11).
            scope::OFFLINE => self.may_use(GrantType::RefreshToken),
            _ if scope::is_openid(scope) => true,
            _ => self.first_party || self.scopes.iter().any(|own| own == scope),
        }
    }

    /// Gives what it is granted of what it asks for: those scopes that it may have. One of our own that asks
    /// for no permission in particular may do all that the person may.
    #[must_use]
    pub fn grant(&self, asked: &[String]) -> Granted {
        if self.first_party && asked.iter().all(|scope| scope::is_openid(scope)) {
            return Granted::All;
        }
        let given = asked.iter().filter(|scope| self.may_have(scope));
        Granted::Only(given.cloned().collect())
    }

    /// Gives what is left of a grant, by what the client may have now.
    #[must_use]
    pub fn narrow(&self, granted: &Granted) -> Granted {
        match granted {
            Granted::Only(scopes) => {
                let kept = scopes.iter().filter(|scope| self.may_have(scope));
                Granted::Only(kept.cloned().collect())
            }
            // Also for one that is our own no longer.
            _ if self.first_party => Granted::All,
            _ => Granted::Only([].into()),
        }
    }

    /// Compares a secret in constant time, also where there is none to compare with.
    #[cfg_attr(not(feature = "axum"), expect(dead_code, reason = "the endpoints ask"))]
    fn knows(&self, text: &str) -> bool {
        // No text is known that has this hash.
        const NONE: [u8; 32] = [0; 32];
        let kept = self.secret_hash.as_deref().unwrap_or(&NONE);
        let same = secret::hash(text).ct_eq(kept);
        self.secret_hash.is_some() & bool::from(same)
    }
}
