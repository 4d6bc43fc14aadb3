//! Printing without secrets.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::Secret;

/// Writes `***` in the place of a secret, for `#[serde(serialize_with = "masked")]`. A [`Secret`] itself cannot be
/// written. Of a text only what stands before the `@` of an address is hidden.
///
/// ```
/// use saas_core::{Secret, config::masked};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Mail {
///     host: String,
///     #[serde(serialize_with = "masked")]
///     password: Option<Secret<String>>,
/// }
///
/// let mail = Mail { host: "mail.example".to_owned(), password: Some(Secret::from("hush")) };
/// assert_eq!(serde_json::to_string(&mail)?, r#"{"host":"mail.example","password":"***"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
///
/// Those of the serializer.
pub fn masked<T: Masked, S: Serializer>(secret: &T, serializer: S) -> Result<S::Ok, S::Error> {
    secret.mask().serialize(serializer)
}

mod sealed {
    /// What holds secrets.
    #[expect(unnameable_types, reason = "nobody else implements it")]
    pub trait Masked {
        /// What may be seen of it.
        type Mask: serde::Serialize;

        /// Gives what may be seen of it.
        fn mask(&self) -> Self::Mask;
    }
}

use sealed::Masked;

const MASK: &str = "***";

impl<T: zeroize::Zeroize> Masked for Secret<T> {
    type Mask = &'static str;

    fn mask(&self) -> Self::Mask {
        MASK
    }
}

impl Masked for String {
    type Mask = Self;

    fn mask(&self) -> Self::Mask {
        let Some((scheme, rest)) = self.split_once("://") else {
            return self.clone();
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        match authority.rfind('@').and_then(|at| rest.get(at..)) {
            Some(host) => format!("{scheme}://{MASK}{host}"),
            None => self.clone(),
        }
    }
}

impl<T: Masked> Masked for Option<T> {
    type Mask = Option<T::Mask>;

    fn mask(&self) -> Self::Mask {
        self.as_ref().map(Masked::mask)
    }
}

impl<T: Masked> Masked for BTreeMap<String, T> {
    type Mask = BTreeMap<String, T::Mask>;

    fn mask(&self) -> Self::Mask {
        let entries = self.iter();
        entries
            .map(|(name, secret)| (name.clone(), secret.mask()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_printed_without_who_signs_in_to_it() {
        for (address, printed) in [
            (
                "https://me:hush@collector:4318/v1",
                "https://***@collector:4318/v1",
            ),
            ("https://me:h@sh@collector", "https://***@collector"),
            ("https://collector/@me", "https://collector/@me"),
            ("s3://files/staging", "s3://files/staging"),
            ("no address", "no address"),
        ] {
            assert_eq!(address.to_owned().mask(), printed);
        }
    }
}
