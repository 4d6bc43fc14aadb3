//! Which mailer a configuration asks for.

use std::sync::Arc;

use saas_core::mail::Mailer;

use crate::{Error, FolderMailer, MailConfig, Templates};

/// Opens the mailer that the configuration asks for: the server where a host is given, and otherwise the folder.
///
/// # Errors
///
/// [`Error::Config`].
pub fn open_mailer(config: &MailConfig, templates: Templates) -> Result<Arc<dyn Mailer>, Error> {
    #[cfg(feature = "smtp")]
    if !config.smtp.host.is_empty() {
        return Ok(Arc::new(crate::SmtpMailer::open(config, templates)?));
    }
    Ok(Arc::new(FolderMailer::open(config, templates)?))
}
