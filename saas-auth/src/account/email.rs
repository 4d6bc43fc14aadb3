//! E-mail addresses.

use std::{fmt, str::FromStr};

use unicode_normalization::UnicodeNormalization as _;

/// An e-mail address, with the form in which it is compared.
///
/// Two addresses are the same account when they agree after compatibility normalisation (NFKC) and
/// in lower case: `Ann@Example.com`, `ann@example.com` and its full-width look-alike are one, so that
/// nobody can take an account beside another's that reads the same. Nothing else is folded; dots and
/// `+tags` belong to the mailbox, and letters of other scripts that look alike stay different.
///
/// The syntax is narrower than that of RFC 5321: no quoted names, no comments, no address literals,
/// and a domain of at least two ASCII labels.
///
/// # Examples
///
/// ```
/// use saas_auth::Email;
///
/// let email: Email = "Ann@Example.com".parse()?;
/// assert_eq!(email.as_str(), "Ann@Example.com");
/// assert_eq!(email.key(), "ann@example.com");
/// # Ok::<(), saas_auth::InvalidEmail>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    written: String,
    key: String,
}

/// Says that a text is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address is a name, an `@` and a domain, with up to 254 characters")]
#[non_exhaustive]
pub struct InvalidEmail;

impl Email {
    /// The longest address (RFC 5321, section 4.5.3.1.3, less the brackets), in bytes.
    pub const MAX_LENGTH: usize = 254;

    /// Gives the address as it was written, normalised (NFKC).
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Gives the form in which addresses are compared.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        if text.len() > Self::MAX_LENGTH {
            return Err(InvalidEmail);
        }
        let written: String = text.nfkc().collect();
        let key: String = written
            .chars()
            .flat_map(char::to_lowercase)
            .nfkc()
            .collect();
        let (local, domain) = key.rsplit_once('@').ok_or(InvalidEmail)?;
        let local_ok = (1..=64).contains(&local.len())
            && local
                .chars()
                .all(|c| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c))
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // Domains of other scripts come in their ASCII form (`xn--…`).
        let domain_ok = domain.contains('.') && domain.split('.').all(label_ok);
        let long = key.len().max(written.len()) > Self::MAX_LENGTH;
        if local_ok && domain_ok && !long {
            Ok(Self { written, key })
        } else {
            Err(InvalidEmail)
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pwd_07_look_alikes_are_one_account() {
        let key = |text: &str| text.parse::<Email>().map(|email| email.key().to_owned());
        assert_eq!(key("Ann@Example.COM"), key("ann@example.com"));
        assert_eq!(key("ａｎｎ@example.com"), key("ann@example.com"));
        assert_eq!(key("oﬃce@example.com"), key("office@example.com"));
        assert_eq!(key("\u{212a}ate@example.com"), key("kate@example.com"));
        assert_ne!(key("ann+x@example.com"), key("ann@example.com"));
        // The dotless i is a letter of its own; the dotted capital one has no lower case of one character.
        assert_ne!(key("ıda@example.com"), key("ida@example.com"));
        assert_eq!(key("İda@example.com"), Err(InvalidEmail));
        let wide: Email = "Ａnn＠Example．com".parse().unwrap();
        assert_eq!(wide.as_str(), "Ann@Example.com");
    }

    #[test]
    fn refuses_what_is_no_address() {
        let long = format!("{}@example.com", "a".repeat(65));
        for wrong in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@localhost",
            "a b@example.com",
            "ann@exa mple.com",
            "ann@@example.com",
            "ann\0@example.com",
            "ann\r\nBcc: x@example.com",
            "ann@-example.com",
            "ann@example..com",
            ".ann@example.com",
            &long,
            "<ann@example.com>",
            "ann@bücher.example",
        ] {
            assert_eq!(wrong.parse::<Email>(), Err(InvalidEmail), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn pwd_07_an_address_is_one_mailbox(text in "[a-zA-ZäÖßİıﬁＡ.+-]{1,12}@[a-z]{1,5}\\.com|\\PC{1,6}@\\PC{1,3}\\.com|\\PC{0,20}") {
            crate::fuzzing::email(&text);
        }
    }
}
