//! A second factor, as its holder sees it.

use std::{fmt, time::Duration};

use saas_core::{Id, Secret, Timestamp};
use serde::Serialize;

/// Something that proves its holder besides a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Factor {
    /// The id.
    pub id: Id<Factor>,
    /// What it is.
    pub kind: FactorKind,
    /// What its holder calls it.
    pub name: String,
    /// When its enrolment began.
    pub created_at: Timestamp,
    /// When its holder has shown that it works; until then it counts for nothing.
    pub confirmed_at: Option<Timestamp>,
    /// When it was last used.
    pub seen_at: Option<Timestamp>,
}

/// What a second factor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FactorKind {
    /// Codes by time (RFC 6238), of an app.
    Totp,
    /// A passkey (WebAuthn).
    Passkey,
}

impl FactorKind {
    /// Gives the name: `totp` or `passkey`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        let mut all = [Self::Totp, Self::Passkey].into_iter();
        all.find(|kind| kind.name() == name)
    }
}

/// What an app for codes is told, once: it can be asked for no second time.
#[derive(Clone)]
pub struct TotpEnrolment {
    pub(super) factor: Id<Factor>,
    pub(super) told: super::totp::Enrolment,
}

impl TotpEnrolment {
    /// How long it waits to be confirmed.
    pub const LIFETIME: Duration = Duration::from_secs(900);

    /// Gives the id of the factor, to confirm it.
    #[must_use]
    pub const fn factor(&self) -> Id<Factor> {
        self.factor
    }

    /// Gives the address for a QR code, which the app reads (`otpauth://totp/…`).
    #[must_use]
    pub const fn uri(&self) -> &Secret<String> {
        &self.told.uri
    }

    /// Gives the secret in base32 (RFC 4648, section 6), for typing.
    #[must_use]
    pub const fn secret(&self) -> &Secret<String> {
        &self.told.secret
    }
}

impl fmt::Debug for TotpEnrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TotpEnrolment")
            .field("factor", &self.factor)
            .finish_non_exhaustive()
    }
}
