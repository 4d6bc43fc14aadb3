//! What a password may be.
//!
//! It is long enough (NIST SP 800-63B, section 3.1.1.2), hard to guess ([`strength`](super::strength)) and
//! not known from a break-in elsewhere ([`breached`](super::breached)). The form in which a password is hashed is that of the OpaqueString profile (RFC 8265,
//! section 4.2): spaces of other scripts become the plain space, the text is composed (NFC), and
//! control characters are refused. Two keyboards that write the same letters sign in alike. Case and
//! width are kept, as the profile demands; nothing is cut.

use saas_core::Secret;
use unicode_normalization::UnicodeNormalization as _;

const MIN_CHARACTERS: usize = 8;
const MAX_CHARACTERS: usize = 1024;

/// A password that may be chosen, in the form in which it is hashed; see
/// [`Passwords::check`](crate::Passwords::check).
#[derive(Debug, Clone)]
pub struct NewPassword(Secret<String>);

impl NewPassword {
    /// Takes a password of which everything but its length has been checked elsewhere.
    pub(super) fn long_enough(prepared: Secret<String>) -> Result<Self, InvalidPassword> {
        if prepared.expose().chars().count() < MIN_CHARACTERS {
            return Err(InvalidPassword::Short);
        }
        Ok(Self(prepared))
    }

    pub(super) const fn expose(&self) -> &Secret<String> {
        &self.0
    }
}

/// Says why a password cannot be chosen, in words that continue "the field …" and tell its holder
/// what to do.
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
    #[error(
        "is one of the first that are guessed; choose several words that do not belong together"
    )]
    Common,
    /// It is made of words that stand for its holder or the service.
    #[error(
        "is made of a name or an address that others know; choose words that have nothing to do with it"
    )]
    Personal,
    /// It takes too few guesses.
    #[error("is easy to guess; add a word or two that do not belong to the rest")]
    Weak,
    /// It became known when somebody broke in elsewhere.
    #[error("has become known from another service; choose one that you have used nowhere else")]
    Breached,
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
        NewPassword::long_enough(prepare(&Secret::from(text))?)
            .map(|password| password.expose().expose().clone())
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
        // Composed, these are seven.
        assert_eq!(choose("pa\u{308}sswor"), Err(InvalidPassword::Short));
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
    fn the_reason_repeats_nothing_and_says_what_to_do() {
        for reason in [
            InvalidPassword::Common,
            InvalidPassword::Personal,
            InvalidPassword::Weak,
            InvalidPassword::Breached,
        ] {
            let text = reason.to_string();
            assert!(
                text.contains("; choose") || text.contains("; add"),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn pwd_04_nothing_is_cut_from_a_password(text in "\\PC{1,1024}", more in "[a-z]{1,8}") {
            // Letters that combine with nothing change every form they are added to.
            let (short, long) = (form(&text), form(&format!("{text}{more}")));
            if let (Some(short), Some(long)) = (short, long) {
                prop_assert_eq!(long, format!("{short}{more}"));
            }
        }

        #[test]
        fn pwd_05_a_password_with_a_nul_is_no_password_and_never_the_one_before_it(
            before in "\\PC{8,40}",
            after in "\\PC{0,40}",
        ) {
            prop_assert_eq!(form(&format!("{before}\0{after}")), None);
        }

        #[test]
        fn pwd_06_composed_and_decomposed_are_one(text in "[a-zäöüßéñçåøœ가-힣が-ごά-ώА-я ]{1,60}") {
            let composed: String = text.nfc().collect();
            let decomposed: String = text.nfd().collect();
            prop_assert_eq!(form(&composed), form(&decomposed));
            prop_assert_eq!(form(&text), Some(composed));
        }

        #[test]
        fn pwd_06_different_letters_stay_different(one in "[a-zA-Z0-9ａ-ｚａé! ]{1,20}", two in "[a-zA-Z0-9ａ-ｚé! ]{1,20}") {
            let same = one.nfc().eq(two.nfc());
            prop_assert_eq!(form(&one) == form(&two), same);
        }

        #[test]
        fn the_form_of_a_form_is_itself(text in "\\PC{1,40}") {
            if let Some(once) = form(&text) {
                prop_assert_eq!(form(&once), Some(once.clone()));
            }
        }
    }
}
