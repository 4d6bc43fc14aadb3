//! The layer.

use std::sync::Arc;

use tower_layer::Layer;

use super::GuardService;
use crate::{Access, Authorizer};

/// Lets a request through only when its caller has the access that the route declares. It stands inside of
/// `saas_tenancy::AdmitLayer`.
#[derive(Debug, Clone)]
pub struct GuardLayer {
    authorizer: Authorizer,
    access: Arc<Access>,
}

impl GuardLayer {
    /// Makes the layer.
    #[must_use]
    pub fn new(authorizer: Authorizer, access: Access) -> Self {
        Self {
            authorizer,
            access: Arc::new(access),
        }
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = GuardService<S>;

    fn layer(&self, inner: S) -> GuardService<S> {
        GuardService::new(inner, self.authorizer.clone(), Arc::clone(&self.access))
    }
}
