//! Domains of tenants' own.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A domain in its one form: lower case, without a trailing dot, in ASCII (RFC 5890, A-labels).
///
/// ```
/// use saas_tenancy::Domain;
///
/// let domain: Domain = "Shop.Bücher.Example.".parse()?;
/// assert_eq!(domain.as_str(), "shop.xn--bcher-kva.example");
/// for wrong in ["example", "192.0.2.1", "a..example", "*.example.com", "xn--acme-.example"] {
///     assert!(wrong.parse::<Domain>().is_err(), "{wrong}");
/// }
/// # Ok::<(), saas_tenancy::InvalidDomain>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Domain(Box<str>);

/// Says that a text is not the domain of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a domain has at least two labels of a-z, 0-9 and inner hyphens, and 253 characters at most"
)]
#[non_exhaustive]
pub struct InvalidDomain;

impl Domain {
    /// The longest domain, in bytes (RFC 1035, section 2.3.4).
    pub const MAX_LENGTH: usize = 253;

    /// Gives the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Domain {
    type Err = InvalidDomain;

    fn from_str(text: &str) -> Result<Self, InvalidDomain> {
        // Unicode is longer than its ASCII form by a small factor at most.
        if text.len() > Self::MAX_LENGTH * 4 {
            return Err(InvalidDomain);
        }
        let text = text.strip_suffix('.').unwrap_or(text);
        // Strict: what decodes to plain ASCII, or is no label that anybody could register, is refused.
        let ascii = idna::domain_to_ascii_strict(text).map_err(|_| InvalidDomain)?;
        let (unicode, valid) = idna::domain_to_unicode(&ascii);
        let back = idna::domain_to_ascii_strict(&unicode);
        let labels = ascii.split('.').collect::<Vec<_>>();
        let last_is_number = labels
            .last()
            .is_none_or(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
        if valid.is_err()
            || back.ok().as_deref() != Some(ascii.as_str())
            || labels.len() < 2
            || last_is_number
            || ascii.len() > Self::MAX_LENGTH
        {
            return Err(InvalidDomain);
        }
        Ok(Self(ascii.into()))
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Domain {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ten_10_21_variants_are_one_domain_and_masks_are_none() {
        let domain = |text: &str| text.parse::<Domain>().map(|domain| domain.to_string());
        let acme = Ok("www.acme.example".to_owned());
        for variant in [
            "www.acme.example",
            "WWW.Acme.Example",
            "www.acme.example.",
            "ｗｗｗ.acme.example",
        ] {
            assert_eq!(domain(variant), acme, "{variant}");
        }
        for mask in [
            "xn--acme-.example",
            "acme.xn--",
            "xn--.example",
            "xn--a.example",
            "acme.example..",
            "a_b.example",
        ] {
            assert_eq!(domain(mask), Err(InvalidDomain), "{mask}");
        }
    }

    proptest! {
        #[test]
        fn the_one_form_is_its_own(text in "\\PC{0,40}|[a-zß.Ü-]{1,20}\\.example") {
            crate::fuzzing::names(&text);
        }
    }
}
