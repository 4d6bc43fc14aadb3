//! What follows from a request after it: for now, mail.

use std::error::Error;

use async_trait::async_trait;
use saas_auth::{Identity, Messages};
use saas_mail::{MailConfig, Templates, open_mailer};
use saas_tenancy::{
    Scope,
    outbox::{Event, EventHandler, Failed},
};

/// The one handler of all events. Whatever else is to follow from one belongs here.
#[derive(Debug)]
pub(crate) struct Events {
    messages: Messages,
}

impl Events {
    pub(crate) fn open(identity: &Identity, config: &MailConfig) -> Result<Self, Box<dyn Error>> {
        let (database, registry) = (identity.database().clone(), identity.registry().clone());
        let templates = Templates::new(database, registry, Messages::TEMPLATES)?;
        let mailer = open_mailer(config, templates)?;
        Ok(Self {
            messages: Messages::new(identity, mailer),
        })
    }
}

#[async_trait]
impl EventHandler for Events {
    async fn handle(&self, scope: &Scope, event: &Event) -> Result<(), Failed> {
        if self.messages.handle(scope, event).await? {
            return Ok(());
        }
        Err(format!("events of kind `{}` are unknown", event.kind()).into())
    }
}
