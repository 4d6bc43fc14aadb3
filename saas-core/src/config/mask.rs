//! Printing without secrets.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::Secret;

/// Writes `***` in the place of a secret, for `#[serde(serialize_with = "masked")]`. A [`Secret`] itself cannot be
/// written.
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
