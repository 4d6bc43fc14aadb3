//! Letters, and who delivers them.
//!
//! A crate that has something to say to a person declares a [`MailTemplate`], writes a [`Letter`] with it and
//! hands that to a [`Mailer`]. It knows neither how the words of a tenant differ from its own nor by what
//! road the mail goes.
//!
//! ```
//! use saas_core::{
//!     Secret, TenantId,
//!     mail::{Letter, MailError, MailTemplate, MailTenant, Mailer},
//! };
//!
//! const RESET: MailTemplate = MailTemplate::new("auth/reset-password")
//!     .values(&["name"])
//!     .secrets(&["link"])
//!     .subject("Your password at {{ tenant.name }}")
//!     .text("Hello {{ name }},\n\nchoose a new password here: {{ link }}\n")
//!     .html("<p>Hello {{ name }},</p><p><a href=\"{{ link }}\">Choose a new password</a></p>");
//!
//! async fn forgot(mailer: &dyn Mailer, tenant: MailTenant, link: Secret<String>) -> Result<(), MailError> {
//!     // The key is that of the cause: when the same is delivered twice, readers see it once.
//!     let letter = Letter::to("ann@example.com", RESET, tenant, "reset/0193b0c4")
//!         .value("name", "Ann")
//!         .secret("link", link)
//!         .finish()?;
//!     mailer.deliver(&letter).await
//! }
//! ```

use std::{collections::BTreeMap, fmt};

use async_trait::async_trait;

use crate::{Secret, TenantId};

/// Delivers letters; implemented by whoever has a road for them.
///
/// # Contract
///
/// - **Acceptance.** `Ok` says that the next one on the road has the mail: it can be gone for good afterwards,
///   but not by a crash of this process.
/// - **At least once.** After an error, and after a future that was dropped, the mail may have been sent all
///   the same, so a letter may arrive twice. Two deliveries of a letter with the same [`key`](Letter::key) have
///   the same Message-ID.
/// - **Cancellation.** The future may be dropped at any point. What it had begun has no influence on any other
///   letter.
/// - **Bounded.** It ends, with an error if need be, within a time that is configured.
/// - **Errors.** [`MailError::retryable`] tells whether the same letter may be accepted later. The text names no
///   address, no secret and no value of the letter, nor does any log.
/// - **Whose.** Nothing of one tenant, be it words or values, is in a letter of another.
#[async_trait]
pub trait Mailer: fmt::Debug + Send + Sync + 'static {
    /// Renders the letter and sends it off.
    async fn deliver(&self, letter: &Letter) -> Result<(), MailError>;
}

/// Says why a letter was not delivered. No text of it holds an address or a value of the letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// The letter cannot be one; the text says what is wrong with it.
    #[error("not a letter: {0}")]
    Letter(&'static str),
    /// The template does not yield a mail.
    #[error("the template `{template}` cannot be rendered: {reason}")]
    Template {
        /// The name of the template.
        template: &'static str,
        /// The part, the line, and what is wrong there.
        reason: String,
    },
    /// The mail was refused, and will be again.
    #[error("the mail was refused: {0}")]
    Refused(String),
    /// The mail could not be handed over now.
    #[error("the mail could not be handed over: {0}")]
    Unavailable(String),
}

impl MailError {
    /// Tells whether the same letter may be accepted later.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// What a letter says, before names and links are filled in, in the syntax of minijinja.
///
/// Besides the declared values, `tenant.name`, `tenant.slug` and `locale` (empty where none is asked for) are
/// there. A tenant may have words of its own in place of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct MailTemplate {
    name: &'static str,
    subject: &'static str,
    text: &'static str,
    html: &'static str,
    values: &'static [&'static str],
    secrets: &'static [&'static str],
}

impl MailTemplate {
    /// Names the template, such as `auth/reset-password`.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            subject: "",
            text: "",
            html: "",
            values: &[],
            secrets: &[],
        }
    }

    /// Sets the subject. Secrets do not belong there: it shows on locked screens, and in the logs of servers.
    pub const fn subject(mut self, source: &'static str) -> Self {
        self.subject = source;
        self
    }

    /// Sets the plain text.
    pub const fn text(mut self, source: &'static str) -> Self {
        self.text = source;
        self
    }

    /// Sets the HTML. Values are escaped in it.
    pub const fn html(mut self, source: &'static str) -> Self {
        self.html = source;
        self
    }

    /// Names the values that every letter gives.
    pub const fn values(mut self, names: &'static [&'static str]) -> Self {
        self.values = names;
        self
    }

    /// Names the values that only the reader of the letter may know, such as a link that signs in. They can
    /// be put into the text and into an `href` as a whole, and nothing else can be done with them.
    pub const fn secrets(mut self, names: &'static [&'static str]) -> Self {
        self.secrets = names;
        self
    }

    /// Gives the name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Gives the source of the subject.
    #[must_use]
    pub const fn subject_source(&self) -> &'static str {
        self.subject
    }

    /// Gives the source of the plain text.
    #[must_use]
    pub const fn text_source(&self) -> &'static str {
        self.text
    }

    /// Gives the source of the HTML.
    #[must_use]
    pub const fn html_source(&self) -> &'static str {
        self.html
    }

    /// Gives the names of the values that are no secrets.
    #[must_use]
    pub const fn value_names(&self) -> &'static [&'static str] {
        self.values
    }

    /// Gives the names of the secrets.
    #[must_use]
    pub const fn secret_names(&self) -> &'static [&'static str] {
        self.secrets
    }
}

/// The tenant in whose name a letter is written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailTenant {
    /// Its id.
    pub id: TenantId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: String,
}

impl MailTenant {
    /// Takes the id and the two names.
    #[must_use]
    pub fn new(id: TenantId, slug: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id,
            slug: slug.into(),
            name: name.into(),
        }
    }
}

/// A letter to one person, checked and bounded. Its `Debug` shows neither the recipient nor a value.
#[derive(Clone)]
pub struct Letter {
    template: MailTemplate,
    tenant: MailTenant,
    recipient: String,
    locale: Option<String>,
    values: BTreeMap<&'static str, Text>,
    key: String,
}

#[derive(Clone)]
enum Text {
    Plain(String),
    Secret(Secret<String>),
}

/// A letter that is being written; see [`Letter::to`].
#[derive(Debug, Clone)]
#[must_use = "a draft becomes a letter by `finish`"]
pub struct Draft {
    letter: Letter,
}

impl Letter {
    /// The longest value, in bytes.
    pub const MAX_VALUE: usize = 4_096;
    /// The longest address (RFC 5321, section 4.5.3.1.3, less the brackets), in bytes.
    pub const MAX_ADDRESS: usize = 254;
    /// The longest key, in bytes.
    pub const MAX_KEY: usize = 200;

    /// Begins a letter. The key names its cause, such as `reset/` and the id of the request, and is the same
    /// whenever the same letter is delivered again.
    pub fn to(
        recipient: impl Into<String>,
        template: MailTemplate,
        tenant: MailTenant,
        key: impl Into<String>,
    ) -> Draft {
        Draft {
            letter: Self {
                template,
                tenant,
                recipient: recipient.into(),
                locale: None,
                values: BTreeMap::new(),
                key: key.into(),
            },
        }
    }

    /// Gives the template.
    pub const fn template(&self) -> &MailTemplate {
        &self.template
    }

    /// Gives the tenant.
    #[must_use]
    pub const fn tenant(&self) -> &MailTenant {
        &self.tenant
    }

    /// Gives the address that it goes to. It has no control character, no space and one `@`.
    #[must_use]
    pub fn recipient(&self) -> &str {
        &self.recipient
    }

    /// Gives the language that the recipient asked for, such as `de` or `de-ch`, in lower case.
    #[must_use]
    pub fn locale(&self) -> Option<&str> {
        self.locale.as_deref()
    }

    /// Gives the key, which is the same when the same letter is delivered again.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Gives the values that are no secrets: all that the template names.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.values.iter().filter_map(|(name, value)| match value {
            Text::Plain(text) => Some((*name, text.as_str())),
            Text::Secret(_) => None,
        })
    }

    /// Gives the secrets: all that the template names.
    pub fn secrets(&self) -> impl Iterator<Item = (&'static str, &Secret<String>)> {
        self.values.iter().filter_map(|(name, value)| match value {
            Text::Plain(_) => None,
            Text::Secret(secret) => Some((*name, secret)),
        })
    }

    fn check(&self) -> Result<(), &'static str> {
        if !is_template_name(self.template.name) {
            return Err("its template has a name of letters, digits, `-` and `/`");
        }
        if !is_address(&self.recipient) {
            return Err("its recipient is an e-mail address of up to 254 bytes");
        }
        if self.key.is_empty()
            || self.key.len() > Self::MAX_KEY
            || !self.key.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err("its key has 1 to 200 printable characters");
        }
        if self.locale.as_deref().is_some_and(|text| !is_locale(text)) {
            return Err("its locale is a language tag such as `de` or `de-ch`");
        }
        let tenant = [&self.tenant.slug, &self.tenant.name];
        if tenant.iter().any(|name| name.len() > Self::MAX_VALUE) {
            return Err("the names of its tenant have up to 4096 bytes");
        }
        for name in self.template.values.iter().chain(self.template.secrets) {
            if ["tenant", "locale"].contains(name) {
                return Err("`tenant` and `locale` are there already, so no value is named so");
            }
            let secret = self.template.secrets.contains(name);
            match self.values.get(name) {
                None => return Err("it gives every value that its template names"),
                Some(value) if value.len() > Self::MAX_VALUE => {
                    return Err("a value has up to 4096 bytes");
                }
                Some(value) if matches!(value, Text::Secret(_)) != secret => {
                    return Err(
                        "what its template names a secret is given as one, and nothing else",
                    );
                }
                Some(_) => {}
            }
        }
        // Names that the template does not have, or has twice.
        if self.values.len() != self.template.values.len() + self.template.secrets.len() {
            return Err("it gives no value that its template does not name");
        }
        Ok(())
    }
}

impl Draft {
    /// Fills in a value.
    pub fn value(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.letter.values.insert(name, Text::Plain(text.into()));
        self
    }

    /// Fills in a value that only the recipient may know.
    pub fn secret(mut self, name: &'static str, secret: impl Into<Secret<String>>) -> Self {
        self.letter.values.insert(name, Text::Secret(secret.into()));
        self
    }

    /// Asks for a language, as a tag such as `de` or `de-CH`, where the tenant has words in it.
    pub fn locale(mut self, tag: impl Into<String>) -> Self {
        let mut tag = tag.into();
        tag.make_ascii_lowercase();
        self.letter.locale = Some(tag);
        self
    }

    /// Checks the letter.
    ///
    /// # Errors
    ///
    /// [`MailError::Letter`] when the recipient is no address, when a value is missing, too many or too long,
    /// or when a secret is not given as one.
    pub fn finish(self) -> Result<Letter, MailError> {
        self.letter.check().map_err(MailError::Letter)?;
        Ok(self.letter)
    }
}

impl Text {
    fn len(&self) -> usize {
        match self {
            Self::Plain(text) => text.len(),
            Self::Secret(secret) => secret.expose().len(),
        }
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter")
            .field("template", &self.template.name)
            .field("tenant", &self.tenant.id)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Tells whether a text is a language tag in lower case (RFC 5646, section 2.1, loosely).
#[must_use]
pub fn is_locale(text: &str) -> bool {
    let part = |part: &str| {
        (1..=8).contains(&part.len())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.len() <= 35
        && text.split('-').all(part)
        && text
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_lowercase())
}

fn is_template_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    name.len() <= 100 && name.split('/').all(part)
}

/// Narrow on purpose: what could be taken for two addresses, or for another header, is none.
fn is_address(text: &str) -> bool {
    let odd = |c: char| c.is_control() || c.is_whitespace() || "<>()[]\\,;:\"".contains(c);
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    text.len() <= Letter::MAX_ADDRESS
        && !local.is_empty()
        && !domain.is_empty()
        && !domain.contains('@')
        && !text.contains(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESET: MailTemplate = MailTemplate::new("auth/reset")
        .values(&["name"])
        .secrets(&["link"]);

    fn draft(to: &str) -> Draft {
        let tenant = MailTenant::new(TenantId::generate(), "acme", "Acme");
        Letter::to(to, RESET, tenant, "reset/1")
            .value("name", "Ann")
            .secret("link", "https://x.example/s3cret")
    }

    #[test]
    fn lif_09_an_address_is_one_address_and_no_header() {
        assert!(draft("ann@example.com").finish().is_ok());
        assert!(draft("änn+x@example.com").finish().is_ok());
        let long = format!("{}@example.com", "a".repeat(250));
        for wrong in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@x@example.com",
            "ann@example.com\r\nBcc: eve@example.com",
            "ann@example.com\n",
            "ann\u{85}@example.com",
            "ann\u{2028}@example.com",
            "ann@example.com,eve@example.com",
            "ann@example.com; eve",
            "<ann@example.com>",
            "Ann <ann@example.com>",
            "\"a b\"@example.com",
            "ann @example.com",
            &long,
        ] {
            let refused = draft(wrong).finish().unwrap_err();
            assert!(!refused.retryable());
            assert!(!refused.to_string().contains("eve"), "{refused}");
        }
    }

    #[test]
    fn gives_what_its_template_names_and_nothing_else() {
        let letter = draft("ann@example.com").locale("de-CH").finish().unwrap();
        assert_eq!(letter.locale(), Some("de-ch"));
        assert_eq!(letter.values().collect::<Vec<_>>(), [("name", "Ann")]);
        assert_eq!(letter.secrets().count(), 1);
        let whole = || draft("ann@example.com");
        let huge = "x".repeat(Letter::MAX_VALUE + 1);
        let tenant = MailTenant::new(TenantId::generate(), "acme", "Acme");
        for wrong in [
            whole().value("other", "x"),
            whole().value("link", "not a secret"),
            whole().secret("name", "a secret"),
            whole().value("name", huge.clone()),
            whole().secret("link", huge),
            whole().locale("de\r\nX: y"),
            whole().locale(""),
            Letter::to("a@b.example", RESET, tenant.clone(), "k").value("name", "Ann"),
            Letter::to("a@b.example", MailTemplate::new("A b"), tenant.clone(), "k"),
            Letter::to("a@b.example", MailTemplate::new("a"), tenant.clone(), ""),
            Letter::to(
                "a@b.example",
                MailTemplate::new("a"),
                tenant.clone(),
                "a\nb",
            ),
            Letter::to(
                "a@b.example",
                MailTemplate::new("a"),
                tenant,
                "k".repeat(201),
            ),
        ] {
            let shown = format!("{wrong:?}");
            assert!(wrong.finish().is_err(), "{shown}");
        }
    }

    #[test]
    fn rel_33_neither_the_recipient_nor_a_value_is_shown() {
        let letter = draft("ann@example.com").finish().unwrap();
        let shown = format!("{letter:?} {:?}", draft("ann@example.com"));
        for hidden in ["s3cret", "Ann", "ann@"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
        assert!(shown.contains("auth/reset"), "{shown}");
    }
}
