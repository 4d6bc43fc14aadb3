//! The layer that finds out who is calling.

use tower_layer::Layer;

use crate::{ApiKeys, AuthService, Sessions, Verifier, scheme::Stored};

/// Verifies the credential of a request and puts its [`Principal`](saas_core::Principal) into the extensions.
///
/// A credential is an access token, or, where they are given, a [key](AuthLayer::api_keys) or the cookie of a
/// browser's [session](AuthLayer::sessions).
///
/// A request without a credential goes on without; one with a credential that is not good is refused with 401,
/// but for a cookie whose session has ended, which is as good as none.
///
/// ```
/// use axum::{Router, routing::get};
/// use saas_auth::{ApiKeys, AuthLayer, Sessions, SignedIn, Verifier};
///
/// fn routes(verifier: &Verifier, sessions: &Sessions, keys: &ApiKeys) -> Router {
///     let whoami = async |SignedIn(who): SignedIn| who.subject().to_string();
///     let layer = AuthLayer::new(verifier.clone())
///         .sessions(sessions.clone())
///         .api_keys(keys.clone());
///     Router::new().route("/whoami", get(whoami)).layer(layer)
/// }
/// # let _ = routes;
/// ```
///
/// [`Identity::layer`](crate::Identity::layer) puts it together. It stands inside of the
/// [`TenantLayer`](saas_tenancy::TenantLayer), by which it knows whose cookie to look for.
#[derive(Debug, Clone)]
pub struct AuthLayer {
    verifier: Verifier,
    stored: Stored,
}

impl AuthLayer {
    /// Makes the layer.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        Self {
            verifier,
            stored: Stored::default(),
        }
    }

    /// Takes the sessions of browsers too. Requests that change something need the
    /// [`FormToken`](crate::FormToken) of the session then.
    #[must_use]
    pub fn sessions(mut self, sessions: Sessions) -> Self {
        self.stored.sessions = Some(sessions);
        self
    }

    /// Takes the keys of programs too, as bearer tokens.
    #[must_use]
    pub fn api_keys(mut self, keys: ApiKeys) -> Self {
        self.stored.api_keys = Some(keys);
        self
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService::new(inner, self.verifier.clone(), self.stored.clone())
    }
}
