//! A request that waits: for a sign-in, or for the person's consent.

use std::time::Duration;

use saas_core::{Granted, Id, Purpose, SessionId, Timestamp};
use saas_tenancy::{Tenant, resolve::PathPrefix};
use serde::{Deserialize, Serialize};

use super::{
    asked::{Asked, Micros},
    destination::Destination,
    fault::{Fault, Refused},
};
use crate::{
    Error, Identity, Session,
    oauth::{
        ScopeInfo,
        client::Client,
        code::{AuthorizationCode, LIFETIME},
        consent, envelope,
    },
    session,
};

const PURPOSE: Purpose = Purpose::new("saas-auth/pending-authorization/1");

/// How long somebody may take to sign in and to consent.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// The longest that travels in an address, whose limit is 8 KiB by default.
const MAX_SEALED: usize = 7 << 10;

/// A request as it travels with the browser.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    pub(super) asked: Asked,
    /// The session that was asked, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
}

impl Waiting {
    pub(super) const fn for_sign_in(asked: Asked) -> Self {
        Self {
            asked,
            session: None,
        }
    }

    pub(super) fn for_consent(asked: Asked, session: &Session) -> Self {
        Self {
            asked,
            session: Some(session.id),
        }
    }

    pub(super) fn seal(&self, identity: &Identity, tenant: &Tenant) -> Result<String, Refused> {
        let keys = identity.database().keys();
        let text = envelope::seal(keys, PURPOSE, tenant.id(), self)?;
        if text.len() > MAX_SEALED {
            return Err(self
                .asked
                .refused(Fault::request("the request is too long")));
        }
        Ok(text)
    }

    pub(super) fn open(identity: &Identity, tenant: &Tenant, text: &str) -> Option<Self> {
        let (of, waiting): (_, Self) = envelope::open(identity.database().keys(), PURPOSE, text)?;
        let now = identity.database().clock().now();
        let begun = waiting.asked.at.time();
        let in_time = now < begun.saturating_add(PATIENCE);
        (of == tenant.id() && in_time).then_some(waiting)
    }
}

/// A scope that a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AskedScope {
    /// The scope, with words for people.
    pub scope: ScopeInfo,
    /// Whether the person has not allowed it before.
    pub is_new: bool,
}

/// A client that waits for a person's consent.
///
/// The page behind `/consent?request=…` opens it, shows it, and answers it when its form comes back. The form has
/// to carry the [`FormToken`](crate::FormToken) of the session, and the page must not be framed.
///
/// ```
/// use axum::response::{IntoResponse, Response};
/// use saas_auth::{Error, Identity, Session, oauth::PendingConsent};
/// use saas_tenancy::{Tenant, resolve::PathPrefix};
///
/// /// Answers the form, whose token has been checked.
/// async fn answer(
///     identity: &Identity,
///     tenant: &Tenant,
///     prefix: Option<&PathPrefix>,
///     session: &Session,
///     request: &str,
///     allowed: bool,
/// ) -> Result<Response, Error> {
///     let pending = PendingConsent::open(identity, tenant, session, request).await?;
///     let destination = match allowed {
///         true => pending.allow(identity, prefix).await?,
///         false => pending.deny(identity, prefix),
///     };
///     Ok(destination.into_response())
/// }
/// # let _ = answer;
/// ```
#[derive(Debug)]
pub struct PendingConsent {
    client: Client,
    scopes: Vec<AskedScope>,
    asked: Asked,
    session: Session,
    tenant: Tenant,
}

impl PendingConsent {
    /// Opens the request that a page was given.
    ///
    /// # Errors
    ///
    /// [`Error::Authorization`] when it was made for another session or tenant, is too old, or the client is not
    /// what it was; [`Error::Storage`].
    pub async fn open(
        identity: &Identity,
        tenant: &Tenant,
        session: &Session,
        request: &str,
    ) -> Result<Self, Error> {
        let waiting = Waiting::open(identity, tenant, request)
            .filter(|waiting| waiting.session == Some(session.id))
            .ok_or(Error::Authorization)?;
        let asked = waiting.asked;
        let client = identity.clients().find(Some(tenant), &asked.client).await?;
        let client = client
            .filter(|client| asked.is_for(client))
            .ok_or(Error::Authorization)?;
        let mut tx = identity.database().read(&session::entering(tenant));
        let allowed = consent::find(&mut tx, session.user, &client.id).await?;
        drop(tx);
        let allowed = allowed.unwrap_or_default();
        let known = identity.clients().scopes();
        let scopes = asked.scopes.iter().filter_map(|name| {
            Some(AskedScope {
                scope: known.find(name)?.clone(),
                is_new: !allowed.contains(name),
            })
        });
        Ok(Self {
            scopes: scopes.collect(),
            client,
            asked,
            session: session.clone(),
            tenant: tenant.clone(),
        })
    }

    /// Gives the client.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Gives what it asks for.
    #[must_use]
    pub fn scopes(&self) -> &[AskedScope] {
        &self.scopes
    }

    /// Gives the address to which the person is sent back.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.asked.redirect_uri
    }

    /// Keeps the consent and gives the way back to the client, with a code.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when the person has left the tenant, [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// The consent is kept or not.
    pub async fn allow(
        &self,
        identity: &Identity,
        prefix: Option<&PathPrefix>,
    ) -> Result<Destination, Error> {
        let mut tx = identity.database().write(&session::entering(&self.tenant));
        let (user, client) = (self.session.user, &self.client.id);
        consent::add(&mut tx, user, client, &self.asked.scopes).await?;
        tx.commit().await?;
        self.asked
            .answer(identity, &self.tenant, prefix, &self.session)
    }

    /// Gives the way back to the client, without anything.
    #[must_use]
    pub fn deny(&self, identity: &Identity, prefix: Option<&PathPrefix>) -> Destination {
        self.asked.deny(identity, prefix)
    }
}

impl Asked {
    /// Gives the way back to the client, with a code.
    pub(super) fn answer(
        &self,
        identity: &Identity,
        tenant: &Tenant,
        prefix: Option<&PathPrefix>,
        session: &Session,
    ) -> Result<Destination, Error> {
        let now: Timestamp = identity.database().clock().now();
        let code = AuthorizationCode {
            // All codes of a pushed request are one, so that it gives tokens once.
            id: self.pushed.map_or_else(Id::generate, Id::from_uuid),
            user: session.user,
            session: session.id,
            client: self.client.clone(),
            redirect_uri: self.redirect_uri.clone(),
            challenge: self.challenge.clone(),
            nonce: self.nonce.clone(),
            scopes: self.scopes.clone(),
            expires_at: Micros::of(now.saturating_add(LIFETIME)),
        };
        let code = code.write(identity.database().keys(), tenant.id())?;
        Ok(self.back(identity, prefix, &[("code", &code)]))
    }

    fn deny(&self, identity: &Identity, prefix: Option<&PathPrefix>) -> Destination {
        let Fault { error, description } = Fault::DENIED;
        let answer = [("error", error), ("error_description", description)];
        self.back(identity, prefix, &answer)
    }

    fn back(
        &self,
        identity: &Identity,
        prefix: Option<&PathPrefix>,
        answer: &[(&str, &str)],
    ) -> Destination {
        let issuer = identity.config().token.issuer_at(prefix);
        Destination::back(&self.redirect_uri, &issuer, self.state.as_deref(), answer)
    }

    /// Tells whether the person has allowed the client all of it, or need not be asked.
    pub(super) async fn is_allowed(
        &self,
        identity: &Identity,
        tenant: &Tenant,
        client: &Client,
        session: &Session,
    ) -> Result<bool, Error> {
        if client.first_party {
            return Ok(true);
        }
        let mut tx = identity.database().read(&session::entering(tenant));
        let allowed = consent::find(&mut tx, session.user, &client.id).await?;
        let asked = Granted::Only(self.scopes.clone().into());
        Ok(consent::covers(allowed.as_deref(), &asked))
    }
}
