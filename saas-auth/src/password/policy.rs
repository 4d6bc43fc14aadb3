//! What a password may be.
//!
//! Length is what counts; there are no rules about kinds of characters (NIST SP 800-63B, section
//! 3.1.1.2). The form in which a password is hashed is that of the OpaqueString profile (RFC 8265,
//! section 4.2): spaces of other scripts become the plain space, the text is composed (NFC), and
//! control characters are refused. Two keyboards that write the same letters sign in alike. Case and
//! width are kept, as the profile demands; nothing is cut.

use saas_core::Secret;
use unicode_normalization::UnicodeNormalization as _;

const MIN_CHARACTERS: usize = 8;
const MAX_CHARACTERS: usize = 1024;

/// Passwords that guessers try first, one a line, in lower case. The list is short, because the
/// least length rules out most of the usual ones; it is no check against breached passwords.
const COMMON: &str = include_str!("common.txt");

/// A password that may be chosen, in the form in which it is hashed; see
/// [`Passwords::check`](crate::Passwords::check).
#[derive(Debug, Clone)]
pub struct NewPassword(Secret<String>);

impl NewPassword {
    pub(super) fn choose(password: &Secret<String>) -> Result<Self, InvalidPassword> {
        let prepared = prepare(password)?;
        if prepared.expose().chars().count() < MIN_CHARACTERS {
            return Err(InvalidPassword::Short);
        }
        let lower = Secret::new(prepared.expose().to_lowercase());
        if COMMON.lines().any(|common| common == lower.expose()) {
            return Err(InvalidPassword::Common);
        }
        Ok(Self(prepared))
    }

    pub(super) const fn expose(&self) -> &Secret<String> {
        &self.0
    }
}

/// Says why a password cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPassword {
    /// It is too short.
    #[error("has fewer than {MIN_CHARACTERS} characters")]
    Short,
    /// It is too long.
    #[error("has more than {MAX_CHARACTERS} characters")]
    Long,
    /// It holds a control character.
    #[error("holds a control character")]
    Control,
    /// Guessers try it first.
    #[error("is one of the first that are guessed")]
    Common,
}

/// Brings a password to the form in which it is hashed. Its length is checked before anything else
/// is done with it.
pub(super) fn prepare(password: &Secret<String>) -> Result<Secret<String>, InvalidPassword> {
    let text = password.expose();
    if text.is_empty() {
        return Err(InvalidPassword::Short);
    }
    // A character has at most four bytes.
    if text.len() > 4 * MAX_CHARACTERS || text.chars().count() > MAX_CHARACTERS {
        return Err(InvalidPassword::Long);
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidPassword::Control);
    }
    Ok(Secret::new(text.chars().map(plain_space).nfc().collect()))
}

/// Maps the spaces of other scripts (general category Zs) to the plain one.
const fn plain_space(c: char) -> char {
    match c {
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            ' '
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn choose(text: &str) -> Result<String, InvalidPassword> {
        NewPassword::choose(&Secret::from(text)).map(|password| password.expose().expose().clone())
    }

    fn form(text: &str) -> Option<String> {
        prepare(&Secret::from(text))
            .ok()
            .map(|password| password.expose().clone())
    }

    #[test]
    fn pwd_04_a_password_has_8_to_1024_characters_and_is_never_cut() {
        assert_eq!(choose(""), Err(InvalidPassword::Short));
        assert_eq!(choose("1234567"), Err(InvalidPassword::Short));
        assert_eq!(choose(&"x".repeat(1025)), Err(InvalidPassword::Long));
        assert_eq!(choose(&"x".repeat(1 << 20)), Err(InvalidPassword::Long));
        for text in ["🦀".repeat(8), "🦀".repeat(1024), "x".repeat(1024)] {
            assert_eq!(choose(&text), Ok(text.clone()));
        }
        let differing = |last: char| format!("{}{last}", "x".repeat(90));
        assert_ne!(choose(&differing('1')), choose(&differing('2')));
    }

    #[test]
    fn pwd_05_control_characters_are_refused() {
        for text in [
            "abcdefgh\0ijk",
            "abcdefgh\n",
            "\u{7f}abcdefgh",
            "abcdefgh\u{85}",
        ] {
            assert_eq!(choose(text), Err(InvalidPassword::Control), "{text:?}");
            assert_eq!(form(text), None, "{text:?}");
        }
    }

    #[test]
    fn pwd_06_both_forms_of_a_letter_are_one_and_width_and_case_are_kept() {
        assert_eq!(form("pässwörter"), form("pa\u{308}sswo\u{308}rter"));
        assert_eq!(form("a\u{3000}b\u{a0}c"), form("a b c"));
        assert_ne!(form("ｐａｓｓ"), form("pass"));
        assert_ne!(form("PASS"), form("pass"));
        assert_eq!(form("סיסמה ארוכה").as_deref(), Some("סיסמה ארוכה"));
    }

    #[test]
    fn pwd_08_what_is_guessed_first_cannot_be_chosen_in_any_case() {
        for text in ["password", "PassWord123", "qwertyuiop", "11111111"] {
            assert_eq!(choose(text), Err(InvalidPassword::Common), "{text}");
        }
        assert!(choose("no composition rules").is_ok());
        // A line that is too short or not in lower case would never be found.
        for line in COMMON.lines() {
            assert!(line.chars().count() >= MIN_CHARACTERS, "{line}");
            assert_eq!(line, line.to_lowercase());
        }
        assert!(COMMON.lines().count() >= 100);
    }

    proptest! {
        #[test]
        fn the_form_of_a_form_is_itself(text in "\\PC{1,40}") {
            if let Some(once) = form(&text) {
                prop_assert_eq!(form(&once), Some(once.clone()));
            }
        }
    }
}
