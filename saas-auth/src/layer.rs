//! The layer that finds out who is calling.

use tower_layer::Layer;

use crate::{AuthService, Sessions, Verifier};

/// Verifies the credential of a request and puts its [`Principal`](saas_core::Principal) into the request's
/// extensions: a bearer token, or, where [sessions](AuthLayer::sessions) are given, the cookie of a browser.
///
/// A request without a credential goes on without; one with a credential that is not good is refused with 401,
/// but for a cookie whose session has ended, which is as good as none.
#[derive(Debug, Clone)]
pub struct AuthLayer {
    verifier: Verifier,
    sessions: Option<Sessions>,
}

impl AuthLayer {
    /// Makes the layer.
    #[must_use]
    pub const fn new(verifier: Verifier) -> Self {
        Self {
            verifier,
            sessions: None,
        }
    }

    /// Takes the sessions of browsers too. Requests that change something need the
    /// [`FormToken`](crate::FormToken) of the session then.
    #[must_use]
    pub fn sessions(mut self, sessions: Sessions) -> Self {
        self.sessions = Some(sessions);
        self
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService::new(inner, self.verifier.clone(), self.sessions.clone())
    }
}
