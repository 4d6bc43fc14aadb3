//! What a password may be.
//!
//! Length is what counts; there are no rules about kinds of characters (NIST SP 800-63B, section
//! 3.1.1.2). A password is compared in Unicode's composed form, so that two keyboards that write the
//! same letters sign in alike (RFC 8265, section 4.2, with NFC).

use saas_core::Secret;
use unicode_normalization::UnicodeNormalization as _;

const MIN_CHARACTERS: usize = 8;
const MAX_BYTES: usize = 1024;

/// Passwords that guessers try first. Short, because length rules out most of the usual lists.
const COMMON: &[&str] = &[
    "12345678",
    "123456789",
    "1234567890",
    "11111111",
    "00000000",
    "87654321",
    "password",
    "password1",
    "password123",
    "passw0rd",
    "p@ssw0rd",
    "iloveyou",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "superman",
    "trustno1",
    "qwertyuiop",
    "qwerty123",
    "qwerty12",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "asdfghjkl",
    "zxcvbnm1",
    "letmein1",
    "welcome1",
    "welcome123",
    "admin123",
    "administrator",
    "changeme",
    "changeme123",
    "secret123",
    "whatever",
    "starwars",
    "computer",
    "michelle",
    "jennifer",
    "corvette",
    "mercedes",
    "internet",
    "dragon123",
    "monkey123",
    "abcd1234",
    "abc12345",
    "a1b2c3d4",
    "aa123456",
    "q1w2e3r4",
    "default1",
    "test1234",
    "testtest",
    "correcthorsebatterystaple",
];

/// Says why a password cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPassword {
    /// It is too short.
    #[error("has fewer than {MIN_CHARACTERS} characters")]
    Short,
    /// It is too long.
    #[error("has more than {MAX_BYTES} bytes")]
    Long,
    /// It holds a control character.
    #[error("holds a control character")]
    Control,
    /// Guessers try it first.
    #[error("is one of the first that are guessed")]
    Common,
}

/// Brings a password to the form in which it is hashed; `None` when no password has that form.
pub(super) fn prepare(password: &Secret<String>) -> Option<Secret<String>> {
    let text = password.expose();
    if text.is_empty() || text.len() > MAX_BYTES || text.chars().any(char::is_control) {
        return None;
    }
    Some(Secret::new(text.nfc().collect()))
}

pub(super) fn prepare_new(password: &Secret<String>) -> Result<Secret<String>, InvalidPassword> {
    if password.expose().len() > MAX_BYTES {
        return Err(InvalidPassword::Long);
    }
    let too_short = || password.expose().chars().count() < MIN_CHARACTERS;
    let prepared = match prepare(password) {
        Some(prepared) => prepared,
        None if too_short() => return Err(InvalidPassword::Short),
        None => return Err(InvalidPassword::Control),
    };
    if prepared.expose().chars().count() < MIN_CHARACTERS {
        return Err(InvalidPassword::Short);
    }
    let lower = Secret::new(prepared.expose().to_lowercase());
    if COMMON.contains(&lower.expose().as_str()) {
        Err(InvalidPassword::Common)
    } else {
        Ok(prepared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pwd_04_05_08_what_may_be_chosen() {
        let check =
            |text: &str| prepare_new(&Secret::from(text)).map(|password| password.expose().clone());
        assert_eq!(check("short"), Err(InvalidPassword::Short));
        assert_eq!(check(&"x".repeat(1025)), Err(InvalidPassword::Long));
        assert_eq!(check("abcdefgh\0ijk"), Err(InvalidPassword::Control));
        assert_eq!(check("PassWord123"), Err(InvalidPassword::Common));
        assert_eq!(
            check("🦀🦀🦀🦀🦀🦀🦀🦀").map(|text| text.chars().count()),
            Ok(8)
        );
        // Nothing is cut: two passwords that differ far behind stay different.
        let (one, two) = (
            format!("{}1", "x".repeat(90)),
            format!("{}2", "x".repeat(90)),
        );
        assert_ne!(check(&one), check(&two));
    }

    #[test]
    fn pwd_06_both_forms_of_a_letter_are_one() {
        let form =
            |text: &str| prepare(&Secret::from(text)).map(|password| password.expose().clone());
        assert_eq!(form("pässwörter"), form("pa\u{308}sswo\u{308}rter"));
    }
}
