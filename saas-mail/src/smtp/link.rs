//! The connections.
//!
//! Why not the pool of lettre: a delivery that is dropped half way gives its connection back to it as it is,
//! in the middle of a mail, for the next one to go on with.

use std::time::Duration;

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use lettre::{
    Message,
    transport::smtp::{
        Error as SmtpError,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
        extension::ClientId,
    },
};

use crate::{Error, Security, SmtpConfig};

/// A connection that nobody used for so long is not used again: the server is about to close it.
const IDLE: Duration = Duration::from_secs(60);

/// How long a sign of life may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// One connection, signed in where the server asks for it.
pub(super) struct Link {
    connection: AsyncSmtpConnection,
    /// A mail was begun on it and not ended.
    busy: bool,
}

/// Opens connections.
pub(super) struct Connector {
    host: String,
    port: u16,
    security: Security,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    timeout: Duration,
    hello: ClientId,
}

impl Connector {
    pub(super) fn new(config: &SmtpConfig) -> Result<Self, Error> {
        let credentials = match (&config.user, &config.password) {
            (Some(user), Some(password)) => {
                Some(Credentials::new(user.clone(), password.expose().clone()))
            }
            (None, None) => None,
            (Some(_), None) => {
                return Err(Error::config("smtp.password", "is missing beside `user`"));
            }
            (None, Some(_)) => {
                return Err(Error::config("smtp.user", "is missing beside `password`"));
            }
        };
        let tls = match config.security {
            Security::None => None,
            Security::Tls | Security::StartTls => Some(tls(config)?),
        };
        Ok(Self {
            host: config.host.clone(),
            port: config.port.unwrap_or(config.security.port()),
            security: config.security,
            tls,
            credentials,
            timeout: config.timeout.into(),
            hello: ClientId::default(),
        })
    }
}

fn tls(config: &SmtpConfig) -> Result<TlsParameters, Error> {
    let mut tls = TlsParameters::builder(config.host.clone())
        .certificate_store(CertificateStore::WebpkiRoots);
    if let Some(path) = &config.ca {
        let wrong = |reason: String| Error::config("smtp.ca", reason);
        let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let trusted = Certificate::from_pem(&pem);
        tls = tls.add_root_certificate(trusted.map_err(|error| wrong(error.to_string()))?);
    }
    tls.build_rustls()
        .map_err(|error| Error::config("smtp", error.to_string()))
}

impl Manager for Connector {
    type Type = Link;
    type Error = SmtpError;

    async fn create(&self) -> Result<Link, SmtpError> {
        // To connect takes a large future, and whoever waits for a connection would carry it.
        let connection = Box::pin(self.connect()).await?;
        Ok(Link {
            connection,
            busy: false,
        })
    }

    async fn recycle(&self, link: &mut Link, metrics: &Metrics) -> RecycleResult<SmtpError> {
        if link.busy || link.connection.has_broken() || metrics.last_used() > IDLE {
            return Err(RecycleError::message("the connection cannot be used again"));
        }
        match tokio::time::timeout(PATIENCE, link.connection.test_connected()).await {
            Ok(true) => Ok(()),
            _ => Err(RecycleError::message(
                "the server has closed the connection",
            )),
        }
    }
}

impl Connector {
    async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let from_the_start = match self.security {
            Security::Tls => self.tls.clone(),
            Security::StartTls | Security::None => None,
        };
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (self.host.as_str(), self.port),
            Some(self.timeout),
            &self.hello,
            from_the_start,
            None,
        )
        .await?;
        if let (Security::StartTls, Some(tls)) = (self.security, &self.tls) {
            // It fails when the server does not offer it.
            connection.starttls(tls.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

impl Link {
    /// Sends a mail. When it is not waited for to the end, the connection is not used again.
    pub(super) async fn send(&mut self, message: &Message) -> Result<(), SmtpError> {
        self.busy = true;
        let bytes = message.formatted();
        self.connection.send(message.envelope(), &bytes).await?;
        self.busy = false;
        Ok(())
    }
}
