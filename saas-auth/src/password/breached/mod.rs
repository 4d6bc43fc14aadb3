//! Passwords that became known when somebody broke in elsewhere.
//!
//! They are what is tried first on every other service (credential stuffing), however strong they
//! look. Lists of them are large and live outside of this crate: a file, a service, a database of
//! one's own. So [`BreachedPasswords`] is a trait, and [`BreachedFile`] the implementation that needs no
//! network.
//!
//! Lists name passwords by their SHA-1. That digest is as good as the password to whoever guesses at a
//! thousand million a second, so an implementation gets it as a [`Sha1Digest`], which shows nothing by
//! accident and knows what may leave the machine: five hexadecimal digits, which a thousand listed
//! passwords have in common (k-anonymity, as in the range query of Have I Been Pwned).

mod file;

use std::fmt;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use saas_core::Secret;

pub use file::BreachedFile;

/// Knows passwords that became known elsewhere.
///
/// # Contract
///
/// - The digest does not leave the machine, is not logged and not kept. Over a network goes
///   [`Sha1Digest::prefix`] alone, and [`Sha1Digest::is_in_range`] reads the answer; ask for answers
///   that are padded to one size.
/// - It does not block the thread it is called on.
/// - It may be dropped at any await, and is when it takes longer than
///   [`PasswordConfig::breached_timeout`](crate::PasswordConfig::breached_timeout).
/// - What it cannot find out is an error and never `false`:
///   [`PasswordConfig::breached_unavailable`](crate::PasswordConfig::breached_unavailable) says what
///   becomes of it.
///
/// # Examples
///
/// ```
/// use saas_auth::{BreachedError, BreachedPasswords, Sha1Digest};
///
/// /// Asks a mirror of the range API.
/// #[derive(Debug)]
/// struct Mirror;
///
/// # async fn get(url: &str) -> Result<String, std::io::Error> { Ok(String::new()) }
/// #[async_trait::async_trait]
/// impl BreachedPasswords for Mirror {
///     async fn contains(&self, digest: &Sha1Digest) -> Result<bool, BreachedError> {
///         let url = format!("https://mirror.internal/range/{}", digest.prefix());
///         let answer = get(&url).await.map_err(BreachedError::new)?;
///         Ok(digest.is_in_range(&answer))
///     }
/// }
/// ```
#[async_trait]
pub trait BreachedPasswords: fmt::Debug + Send + Sync + 'static {
    /// Tells whether the password with this digest is known.
    ///
    /// # Errors
    ///
    /// [`BreachedError`] when that cannot be found out.
    async fn contains(&self, digest: &Sha1Digest) -> Result<bool, BreachedError>;
}

/// Says why nobody knows whether a password is known.
#[derive(Debug, thiserror::Error)]
#[error("the list of breached passwords does not answer")]
#[non_exhaustive]
pub struct BreachedError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl BreachedError {
    /// Takes the reason, for the log.
    #[must_use]
    pub fn new(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }
}

/// The SHA-1 of a password. It is not printed, and wiped when it is dropped.
pub struct Sha1Digest(Secret<[u8; 20]>);

impl Sha1Digest {
    pub(super) fn of(password: &Secret<String>) -> Self {
        let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.expose().as_bytes());
        let mut bytes = [0; 20];
        for (to, from) in bytes.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Self(Secret::new(bytes))
    }

    /// Shows the digest, for a list that is kept on this machine.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 20] {
        self.0.expose()
    }

    /// Gives the first five hexadecimal digits, which may be sent to somebody.
    #[must_use]
    pub fn prefix(&self) -> String {
        let mut hex = self.hex();
        hex.truncate(PREFIX);
        hex
    }

    /// Tells whether the answer to a range query lists the digest: lines of the other 35 digits, a
    /// colon and a number. Lines with the number 0 are padding.
    #[must_use]
    pub fn is_in_range(&self, answer: &str) -> bool {
        let hex = Secret::new(self.hex());
        let Some(suffix) = hex.expose().get(PREFIX..) else {
            return false;
        };
        answer.lines().any(|line| {
            let (listed, count) = line.trim().split_once(':').unwrap_or((line.trim(), "1"));
            listed.eq_ignore_ascii_case(suffix) && count.trim() != "0"
        })
    }

    fn hex(&self) -> String {
        let digits = self.expose().iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits
            .filter_map(|digit| char::from_digit(digit.into(), 16))
            .map(|digit| digit.to_ascii_uppercase())
            .collect()
    }
}

const PREFIX: usize = 5;

impl fmt::Debug for Sha1Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha1Digest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_lists_the_rest_of_the_digest() {
        // `printf password | sha1sum`
        let digest = Sha1Digest::of(&Secret::from("password"));
        assert_eq!(digest.prefix(), "5BAA6");
        let suffix = "1E4C9B93F3F0682250B6CF8331B7EE68FD8";
        let range = |line: &str| digest.is_in_range(&format!("{}:3\r\n{line}\r\n", "0".repeat(35)));
        assert!(range(&format!("{suffix}:9545824")));
        assert!(range(&suffix.to_lowercase()));
        for other in [
            format!("{suffix}:0"),
            suffix.replacen('1', "", 1),
            format!("0{suffix}:1"),
            String::new(),
        ] {
            assert!(!range(&other), "{other}");
        }
        assert_eq!(format!("{digest:?}"), "Sha1Digest(…)");
    }
}
