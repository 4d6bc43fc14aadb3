//! The end of all files of a tenant.

use saas_tenancy::{Filter, Scope};

use super::{Files, row::FileRow};
use crate::{
    Error, Prefix,
    grant::GrantRow,
    object::LOCK,
    resume::{PartRow, UploadRow},
};

impl Files {
    /// Erases everything that a tenant has here: files and older versions, what is being received, parts of
    /// uploads, and grants. Gives how many objects there were. What the audit says about files stays, and
    /// the keys of the tenant are for [`TenantKeys::destroy`](crate::TenantKeys::destroy).
    ///
    /// Whoever erases a tenant suspends it first: what is put meanwhile may stay, for the next call.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`], [`Error::Database`]: some may be there still, and to do it again is right.
    ///
    /// # Cancel safety
    ///
    /// To begin again is always right.
    pub async fn erase(&self, scope: &Scope) -> Result<u64, Error> {
        // Nobody finishes what has no row, so the rows go first; objects without one are removed here, and by a
        // sweep if this is cut off.
        let mut tx = self.database().write(scope);
        tx.lock(LOCK).await?;
        tx.repo::<GrantRow>().delete_where(Filter::all([])).await?;
        tx.repo::<PartRow>().delete_where(Filter::all([])).await?;
        tx.repo::<UploadRow>().delete_where(Filter::all([])).await?;
        tx.repo::<FileRow>().delete_where(Filter::all([])).await?;
        tx.commit().await?;
        self.storage().delete_all(scope, &Prefix::default()).await
    }
}
