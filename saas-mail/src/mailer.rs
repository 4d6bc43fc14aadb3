//! Which mailer a configuration asks for.

use std::sync::Arc;

use saas_core::mail::Mailer;

use crate::{Error, FolderMailer, MailConfig, Templates, Transport};

/// Opens the mailer that the configuration asks for.
///
/// # Errors
///
/// [`Error::Config`], for one when `mail.transport` is missing, or asks for a server that is not named.
pub fn open_mailer(config: &MailConfig, templates: Templates) -> Result<Arc<dyn Mailer>, Error> {
    match config.transport {
        #[cfg(feature = "smtp")]
        Some(Transport::Smtp) => Ok(Arc::new(crate::SmtpMailer::open(config, templates)?)),
        Some(Transport::Folder) => Ok(Arc::new(FolderMailer::open(config, templates)?)),
        None => Err(Error::config("transport", CHOICES)),
    }
}

#[cfg(feature = "smtp")]
const CHOICES: &str = "is required: `smtp`, or `folder` for development";
#[cfg(not(feature = "smtp"))]
const CHOICES: &str = "is required: `folder`; for `smtp` turn on the feature of this name";
