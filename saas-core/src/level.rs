//! How sure it is who is calling.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How surely a caller proved who they are, from the least to the most.
///
/// It is derived from the ways of the proof and from nothing else, so that nobody can have a level without the
/// factors for it. In tokens it is the claim `acr` (OpenID Connect Core, section 2).
///
/// ```
/// use saas_core::Level;
///
/// assert_eq!(Level::of(&["pwd"]), Level::Aal1);
/// assert_eq!(Level::of(&["pwd", "otp"]), Level::Aal2);
/// assert_eq!(Level::of(&["pop", "uv"]), Level::PhishingResistant);
/// // A word that only says so is no factor.
/// assert_eq!(Level::of(&["pwd", "mfa"]), Level::Aal1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Level {
    /// One factor (NIST SP 800-63B, section 2.1): `aal1`.
    Aal1,
    /// Two factors (NIST SP 800-63B, section 2.2): `aal2`.
    Aal2,
    /// Two factors, one of them a key that answers nobody but us, such as a passkey (OpenID Connect EAP ACR Values,
    /// section 2): `phr`.
    #[serde(rename = "phr")]
    PhishingResistant,
}

impl Level {
    /// Every level, from the least to the most.
    pub const ALL: [Self; 3] = [Self::Aal1, Self::Aal2, Self::PhishingResistant];

    /// Gives the level that is reached by these ways (RFC 8176): `pwd` a password, `otp` a code by time, `recovery` a
    /// recovery code, `pop` a passkey, and `uv` that the passkey's device has verified its holder.
    pub fn of<S: AsRef<str>>(methods: &[S]) -> Self {
        let has = |name: &str| methods.iter().any(|method| method.as_ref() == name);
        if has("pop") && (has("pwd") || has("uv")) {
            Self::PhishingResistant
        } else if has("pwd") && (has("otp") || has("recovery")) {
            Self::Aal2
        } else {
            Self::Aal1
        }
    }

    /// Gives the value of `acr`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aal1 => "aal1",
            Self::Aal2 => "aal2",
            Self::PhishingResistant => "phr",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Says that a text names no level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a level is `aal1`, `aal2` or `phr`")]
#[non_exhaustive]
pub struct InvalidLevel;

impl FromStr for Level {
    type Err = InvalidLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|level| level.as_str() == text).ok_or(InvalidLevel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_needs_its_factors_whatever_the_order() {
        use Level::{Aal1, Aal2, PhishingResistant};
        for (methods, level) in [
            (&[][..], Aal1),
            (&["otp"], Aal1),
            (&["otp", "recovery"], Aal1),
            (&["pop"], Aal1),
            (&["uv"], Aal1),
            (&["pwd", "uv"], Aal1),
            (&["pwd", "mfa", "aal2", "PWD"], Aal1),
            (&["otp", "pwd"], Aal2),
            (&["pwd", "recovery"], Aal2),
            (&["pop", "otp"], Aal1),
            (&["pop", "pwd"], PhishingResistant),
            (&["uv", "pop"], PhishingResistant),
        ] {
            assert_eq!(Level::of(methods), level, "{methods:?}");
        }
    }

    #[test]
    fn a_level_is_read_as_it_is_written() {
        for level in Level::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        assert_eq!("AAL2".parse::<Level>(), Err(InvalidLevel));
    }
}
