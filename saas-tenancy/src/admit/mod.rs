//! Where tenant and caller meet: the only way from a request to a [`Scope`].

use saas_core::{Principal, Problem};

use crate::{Registry, Scope};

mod layer;
mod service;
mod verdict;

pub use layer::AdmitLayer;
pub use service::AdmitService;
pub use verdict::Admission;
use verdict::admit;

impl Registry {
    /// Admits a verified caller to the tenant that its credential is good for, outside of the layers: for a
    /// socket that lives on, a tool, a test.
    ///
    /// # Errors
    ///
    /// `token-invalid` when the tenant is gone, `tenant-suspended`, `unavailable`.
    pub async fn admit(&self, principal: Principal) -> Result<Scope, Problem> {
        let home = self.by_id(principal.tenant()).await?;
        admit(verdict::Source::Token, None, principal, home)
    }
}
