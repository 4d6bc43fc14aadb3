//! What has to hold whatever somebody sends. Property tests ask it of texts that look like something, and the
//! targets under `fuzz/` of any others; it panics when it does not hold.

use std::sync::OnceLock;

use saas_core::{Id, KeyRing, TenantId};
use uuid::Uuid;

#[cfg(feature = "passkeys")]
pub use crate::mfa::passkey::fuzzing::*;
#[cfg(feature = "pages")]
pub use crate::pages::fuzzing::*;
use crate::{
    Email,
    opaque::{Kind, Opaque},
    refresh::RefreshRow,
};
pub use crate::{oauth::fuzzing::*, proof::fuzzing::*, session::fuzzing::*, token::fuzzing::*};

/// Gives keys that are the same in every run, so that what was sealed once is a seed.
pub(crate) fn keys() -> &'static KeyRing {
    static KEYS: OnceLock<KeyRing> = OnceLock::new();
    KEYS.get_or_init(|| {
        let bytes = std::array::from_fn(|at| u8::try_from(at * 37 % 251).unwrap_or_default());
        #[expect(clippy::expect_used, reason = "the bytes stand in the line above")]
        KeyRing::from_bytes(bytes).expect("keys that look random")
    })
}

/// Gives a tenant that is the same in every run.
pub(crate) fn tenant(number: u8) -> TenantId {
    Id::from_uuid(Uuid::from_bytes([number; 16]))
}

/// A refresh token has one spelling, and what was made up is none that was given out.
///
/// # Panics
///
/// When it does not hold.
pub fn opaque(text: &str) {
    type Text = Opaque<RefreshRow>;
    let Some(token) = Text::parse(text) else {
        return;
    };
    assert_eq!(token.write().expose(), text);
    assert!(text.starts_with(RefreshRow::PREFIX) && text.is_ascii());
    assert!(token.matches(&token.hash()));
    assert!(!format!("{token:?}").contains(text));
    let given = Text::generate(token.tenant);
    assert!(given.is_ok_and(|given| !token.matches(&given.hash())));
    let next = token.next(keys(), token.row);
    assert!(next.is_ok_and(|next| !token.matches(&next.hash())));
}

/// An address is one mailbox, whoever writes it, and stays in the header in which it stands.
///
/// # Panics
///
/// When it does not hold.
pub fn email(text: &str) {
    let Ok(email) = text.parse::<Email>() else {
        return;
    };
    for form in [email.as_str(), email.key()] {
        let again = form.parse::<Email>();
        let same = again.is_ok_and(|again| again.key() == email.key());
        assert!(same, "{form:?} is another mailbox than {text:?}");
        let breaks = |c: char| c.is_control() || c.is_whitespace() || "<>()[],;:\\\"".contains(c);
        assert!(
            !form.contains(breaks) && form.len() <= Email::MAX_LENGTH,
            "{form:?}"
        );
        assert_eq!(form.matches('@').count(), 1, "{form:?}");
    }
    let (_, domain) = email.as_str().split_once('@').unwrap_or_default();
    assert!(domain.is_ascii() && domain.contains('.'), "{domain:?}");
}
