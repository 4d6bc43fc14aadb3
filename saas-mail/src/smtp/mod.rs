//! Mail handed to a server.

mod link;

use std::{
    error::Error as _,
    fmt,
    io::{self, ErrorKind},
    net::IpAddr,
    time::Duration,
};

use async_trait::async_trait;
use deadpool::managed::{Object, Pool, PoolError};
use lettre::{Message, message::Mailbox, transport::smtp::Error as SmtpError};
use saas_core::mail::{Letter, MailError, Mailer};

use crate::{Error, MailConfig, Security, Templates, message, smtp::link::Connector};

/// Hands mail to a server by SMTP (RFC 5321), over connections that are kept.
///
/// `Ok` says that the server has taken the mail on itself. An answer by which it refuses the mail for good is
/// [`MailError::Refused`]; everything else that fails is [`MailError::Unavailable`], also a password that the
/// server does not take: that is the fault of the service, and no letter is lost by it.
pub struct SmtpMailer {
    templates: Templates,
    from: Mailbox,
    pool: Pool<Connector>,
    host: String,
    timeout: Duration,
}

impl SmtpMailer {
    /// Prepares deliveries. The server is not asked yet.
    ///
    /// # Errors
    ///
    /// [`Error::Config`], for one when the connection would not be protected and leaves the machine.
    pub fn open(config: &MailConfig, templates: Templates) -> Result<Self, Error> {
        let from = message::sender(&config.from)?;
        let smtp = &config.smtp;
        if smtp.host.is_empty() {
            return Err(Error::config(
                "smtp.host",
                "is required: the name of the server that takes mail",
            ));
        }
        let here = is_loopback(&smtp.host);
        if smtp.security == Security::None && !here {
            let reason = "is `tls` or `starttls` for a server on another machine";
            return Err(Error::config("smtp.security", reason));
        }
        if !here && !from.email.domain().contains('.') {
            return Err(Error::config(
                "from",
                "is an address that mail can be sent to",
            ));
        }
        let timeout = Duration::from(smtp.timeout);
        if timeout.is_zero() {
            return Err(Error::config("smtp.timeout", "is longer than nothing"));
        }
        let pool = Pool::builder(Connector::new(smtp)?)
            .max_size(smtp.connections.max(1))
            .build()
            .map_err(|error| Error::config("smtp.connections", error.to_string()))?;
        Ok(Self {
            templates,
            from,
            pool,
            host: smtp.host.clone(),
            timeout,
        })
    }

    async fn hand_over(&self, message: &Message) -> Result<(), MailError> {
        let ascii = message
            .envelope()
            .to()
            .iter()
            .all(|to| AsRef::<str>::as_ref(to).is_ascii());
        let mut link = match self.pool.get().await {
            Ok(link) => link,
            Err(PoolError::Backend(error)) => return Err(fault(&error, Stage::Connect)),
            Err(_) => return Err(MailError::Unavailable("no connection is free".to_owned())),
        };
        match link.send(message).await {
            Ok(()) => Ok(()),
            Err(error) => {
                drop(Object::take(link));
                Err(fault(&error, Stage::Send { ascii }))
            }
        }
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn deliver(&self, letter: &Letter) -> Result<(), MailError> {
        let mail = self.templates.render(letter).await?;
        let message = message::build(&mail, letter, &self.from, self.templates.clock().now())?;
        // The waits of lettre are bounded only while it connects.
        match tokio::time::timeout(self.timeout, self.hand_over(&message)).await {
            Ok(handed_over) => handed_over?,
            Err(_) => {
                return Err(MailError::Unavailable(
                    "the server does not answer".to_owned(),
                ));
            }
        }
        let tenant = tracing::field::display(letter.tenant().id);
        let (template, key) = (letter.template().name(), letter.key());
        tracing::info!(target: "saas::mail", tenant, template, key, "mail sent");
        Ok(())
    }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer")
            .field("host", &self.host)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// How far it had come.
#[derive(Debug, Clone, Copy)]
enum Stage {
    /// Connecting, and signing in: nothing about a letter yet.
    Connect,
    Send {
        ascii: bool,
    },
}

/// Says what failed. A server likes to repeat the address in its answer, so the code is all that is kept of it.
fn fault(error: &SmtpError, stage: Stage) -> MailError {
    let text = match error.status() {
        Some(code) => format!("the server answers {code}"),
        None => if error.is_response() {
            "the server answers what is not SMTP"
        } else if error.is_client() {
            "the server does not offer what is needed"
        } else if error.is_tls() || io_kind(error) == Some(ErrorKind::InvalidData) {
            "TLS with the server fails"
        } else if error.is_timeout() {
            "the server does not answer"
        } else {
            "the server cannot be reached"
        }
        .to_owned(),
    };
    match stage {
        Stage::Send { .. } if error.is_permanent() => MailError::Refused(text),
        // An address with letters of other scripts needs a server that knows them.
        Stage::Send { ascii: false } if error.is_client() => MailError::Refused(text),
        _ => MailError::Unavailable(text),
    }
}

/// What failed in the connection. A handshake of TLS that fails is invalid data to tokio-rustls.
fn io_kind(error: &SmtpError) -> Option<ErrorKind> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(cause) = cause.downcast_ref::<io::Error>() {
            return Some(cause.kind());
        }
        source = cause.source();
    }
    None
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}
