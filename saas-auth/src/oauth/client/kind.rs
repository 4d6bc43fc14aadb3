//! How clients come to tokens, and how they prove who they are.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident $word:literal)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them.
            #[cfg(feature = "axum")]
            pub(crate) const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// Gives the word of the protocol.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(()),
                }
            }
        }
    };
}

words! {
    /// A way to come to tokens (`grant_type`).
    GrantType {
        /// A person lets the program in (RFC 6749, section 4.1).
        AuthorizationCode "authorization_code"
        /// The program goes on without the person (RFC 6749, section 6). It is given refresh tokens.
        RefreshToken "refresh_token"
        /// The program acts for itself (RFC 6749, section 4.4).
        ClientCredentials "client_credentials"
        /// A person lets a device in that has no browser (RFC 8628).
        DeviceCode "urn:ietf:params:oauth:grant-type:device_code"
        /// The program is told the password of the person (RFC 6749, section 4.3). Only for our own that can do
        /// no better.
        Password "password"
    }
}

words! {
    /// How a client proves who it is at the endpoints that it calls itself
    /// (`token_endpoint_auth_method` of RFC 7591).
    AuthMethod {
        /// It does not: a public client.
        None "none"
        /// By its secret in the header `Authorization`.
        SecretBasic "client_secret_basic"
        /// By its secret in the form.
        SecretPost "client_secret_post"
        /// By a token that it signs (RFC 7523).
        PrivateKeyJwt "private_key_jwt"
    }
}

#[expect(
    clippy::derivable_impls,
    reason = "the macro gives no variant an attribute of its own"
)]
impl Default for AuthMethod {
    fn default() -> Self {
        Self::None
    }
}
