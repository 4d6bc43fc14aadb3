//! What people call their factors.

use saas_core::Id;
use saas_tenancy::AuditEvent;

use super::{Factor, SecondFactors, SteppedUp, enrolling::check_name, store};
use crate::Error;

impl SecondFactors {
    /// Gives a factor another name. Tells whether there was one.
    ///
    /// # Errors
    ///
    /// [`Error::Factor`] when the name cannot be; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either it is renamed or not.
    pub async fn rename(
        &self,
        who: &SteppedUp,
        factor: Id<Factor>,
        name: &str,
    ) -> Result<bool, Error> {
        check_name(name)?;
        let mut tx = self.write();
        if !store::rename(&mut tx, who.user(), factor, name).await? {
            return Ok(false);
        }
        let mut tx = tx.into_scope(who.scope()).await?;
        let event = AuditEvent::new("second-factor.renamed", format!("user:{}", who.user()));
        tx.record(event).await?;
        tx.commit().await?;
        Ok(true)
    }
}
