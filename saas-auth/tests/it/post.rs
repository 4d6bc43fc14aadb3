//! The letters that a service sends.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use saas_auth::{Device, Messages};
use saas_core::{
    Secret,
    mail::{Letter, MailError, Mailer},
};
use saas_tenancy::{
    Scope, Tenant,
    outbox::{Delivered, Event, EventHandler, Failed, Outbox, OutboxConfig},
};

use crate::world::World;

/// Collects letters, and delivers the events that call for them.
pub(crate) struct Post {
    outbox: Outbox,
    handler: Handler,
    letterbox: Arc<Letterbox>,
}

/// A letter that was sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sent {
    pub to: String,
    pub template: &'static str,
    pub tenant: String,
    pub key: String,
    pub values: Vec<String>,
    pub link: Option<String>,
    pub code: Option<String>,
}

impl Sent {
    /// The token of the link.
    #[track_caller]
    pub(crate) fn token(&self) -> Secret<String> {
        let link = self.link.as_deref();
        let token = link.and_then(|link| link.split_once("?token="));
        Secret::from(token.unwrap_or_else(|| panic!("no token: {self:?}")).1)
    }
}

#[derive(Debug, Default)]
struct Letterbox {
    letters: Mutex<Vec<Sent>>,
    closed: AtomicBool,
}

#[async_trait]
impl Mailer for Letterbox {
    async fn deliver(&self, letter: &Letter) -> Result<(), MailError> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(MailError::Unavailable("closed".to_owned()));
        }
        let secrets: Vec<_> = letter.secrets().collect();
        assert!(secrets.len() <= 1);
        let secret = |wanted| {
            let secret = secrets.iter().find(|(name, _)| *name == wanted);
            secret.map(|(_, secret)| secret.expose().clone())
        };
        let (link, code) = (secret("link"), secret("code"));
        assert_eq!(secrets.is_empty(), link.is_none() && code.is_none());
        let sent = Sent {
            to: letter.recipient().to_owned(),
            template: letter.template().name(),
            tenant: letter.tenant().slug.clone(),
            key: letter.key().to_owned(),
            values: letter
                .values()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
            link,
            code,
        };
        self.letters.lock().unwrap().push(sent);
        Ok(())
    }
}

struct Handler(Messages);

#[async_trait]
impl EventHandler for Handler {
    async fn handle(&self, scope: &Scope, event: &Event) -> Result<(), Failed> {
        if self.0.handle(scope, event).await? {
            return Ok(());
        }
        Err(format!("`{}` is unknown", event.kind()).into())
    }
}

impl Post {
    pub(crate) fn of(world: &World) -> Self {
        let letterbox = Arc::<Letterbox>::default();
        let config = OutboxConfig::default();
        Self {
            outbox: Outbox::new(world.db.database().clone(), world.db.registry(), config),
            handler: Handler(Messages::new(&world.identity, letterbox.clone())),
            letterbox,
        }
    }

    /// Delivers what is due, and tells how it went.
    pub(crate) async fn try_deliver(&self) -> Delivered {
        self.outbox.deliver(&self.handler).await.unwrap()
    }

    /// Lets no letter through, or lets them through again.
    pub(crate) fn close(&self, closed: bool) {
        self.letterbox.closed.store(closed, Ordering::Relaxed);
    }

    /// Delivers everything, and gives the letters that came of it.
    pub(crate) async fn deliver(&self) -> Vec<Sent> {
        loop {
            let round = self.try_deliver().await;
            assert_eq!((round.failed, round.given_up), (0, 0));
            if round == Delivered::default() {
                return std::mem::take(&mut *self.letterbox.letters.lock().unwrap());
            }
        }
    }

    /// Delivers everything, and gives the one letter that came of it.
    #[track_caller]
    pub(crate) fn one(&self) -> impl Future<Output = Sent> {
        let caller = std::panic::Location::caller();
        async move {
            let mut letters = self.deliver().await;
            assert_eq!(letters.len(), 1, "{caller}: {letters:?}");
            letters.remove(0)
        }
    }

    /// Asks for a link to set a password, and gives its token.
    pub(crate) async fn reset_token(
        &self,
        world: &World,
        tenant: &Tenant,
        email: &str,
    ) -> Secret<String> {
        let changes = world.identity.password_changes();
        let (email_address, device) = (email.parse().unwrap(), Device::default());
        changes.ask(tenant, &email_address, &device).await.unwrap();
        let letter = self.one().await;
        assert_eq!(
            (letter.template, &*letter.to),
            ("auth/reset-password", email)
        );
        letter.token()
    }
}
