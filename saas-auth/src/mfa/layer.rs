//! The layer that holds callers against the rules of their tenant.

use tower_layer::Layer;

use super::{MfaService, SecondFactors};

/// Refuses people whose sign-in is not enough for the [rules](super::MfaRule) of the tenant any more.
///
/// A rule may be newer than a session. It takes a second at most until it reaches everybody who is signed in, on every instance.
///
/// It stands inside of the [`AuthLayer`](crate::AuthLayer). Programs with a key of their own, and programs that act for
/// themselves, are asked nothing: who made the key was. A browser whose session is not enough is as one without, and
/// signs in anew; a program is told what is wanted by the challenge of RFC 9470, or by `mfa-enrolment-required`.
///
/// ```
/// use axum::Router;
/// use saas_auth::{Identity, mfa::MfaLayer};
///
/// fn guarded(identity: &Identity, routes: Router) -> Router {
///     let mfa = MfaLayer::new(identity.second_factors().clone());
///     // The last is the outermost.
///     routes.layer(mfa).layer(identity.layer())
/// }
/// # let _ = guarded;
/// ```
#[derive(Debug, Clone)]
pub struct MfaLayer {
    factors: SecondFactors,
}

impl MfaLayer {
    /// Makes the layer.
    #[must_use]
    pub const fn new(factors: SecondFactors) -> Self {
        Self { factors }
    }
}

impl<S> Layer<S> for MfaLayer {
    type Service = MfaService<S>;

    fn layer(&self, inner: S) -> MfaService<S> {
        MfaService::new(inner, self.factors.clone())
    }
}
