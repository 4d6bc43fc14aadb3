//! From a rendered mail to the bytes that travel (RFC 5322, RFC 2046).

use std::time::{Duration, SystemTime};

use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use saas_core::{
    Timestamp,
    mail::{Letter, MailError},
};
use sha2::{Digest as _, Sha256};

use crate::{Error, Mail};

/// Nobody is there to read an answer of a machine (RFC 3834, section 5).
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// Reads the configured sender.
pub(crate) fn sender(from: &str) -> Result<Mailbox, Error> {
    from.parse()
        .map_err(|_| Error::config("from", "is an address, or `Name <address>`"))
}

/// Puts the parts together. Every header is encoded, so no value begins a header of its own.
pub(crate) fn build(
    mail: &Mail,
    letter: &Letter,
    from: &Mailbox,
    now: Timestamp,
) -> Result<Message, MailError> {
    let to: Address = letter
        .recipient()
        .parse()
        .map_err(|_| MailError::Letter("its recipient is an address that mail can be sent to"))?;
    let since_epoch = Duration::from_micros(u64::try_from(now.as_micros()).unwrap_or(0));
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(mail.subject())
        .date(SystemTime::UNIX_EPOCH + since_epoch)
        .message_id(Some(message_id(letter, from.email.domain())))
        .raw_header(HeaderValue::new(
            AUTO_SUBMITTED,
            "auto-generated".to_owned(),
        ))
        .multipart(MultiPart::alternative_plain_html(
            mail.text().to_owned(),
            mail.html().to_owned(),
        ))
        .map_err(|_| MailError::Letter("it can be put into the form of a mail"))
}

/// The same for the same letter, so that what arrives twice is shown once.
fn message_id(letter: &Letter, domain: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(letter.tenant().id.as_uuid().as_bytes());
    for part in [letter.template().name(), letter.recipient(), letter.key()] {
        // None of them has a NUL.
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let hash = hash.finalize();
    let name: String = hash
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("<{name}@{domain}>")
}
