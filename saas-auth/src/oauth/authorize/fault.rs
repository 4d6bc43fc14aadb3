//! What can be wrong with a request for authorization.

use saas_core::{Code, Problem};

/// An error that the client is told, by way of the browser (RFC 6749, section 4.1.2.1, and OpenID Connect Core,
/// section 3.1.2.6). The text is ours; nothing of the request comes back in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::oauth) struct Fault {
    pub(in crate::oauth) error: &'static str,
    pub(in crate::oauth) description: &'static str,
}

impl Fault {
    pub(super) const fn new(error: &'static str, description: &'static str) -> Self {
        Self { error, description }
    }

    pub(super) const fn request(description: &'static str) -> Self {
        Self::new("invalid_request", description)
    }

    pub(super) const LOGIN_REQUIRED: Self = Self::new(
        "login_required",
        "the person has to sign in, and the request forbids to ask",
    );
    /// OpenID Connect Core Unmet Authentication Requirements 1.0; RFC 9470, section 5.
    pub(super) const UNMET: Self = Self::new(
        "unmet_authentication_requirements",
        "the person has signed in, and not in a way that reaches what `acr_values` asks for",
    );
    pub(super) const CONSENT_REQUIRED: Self = Self::new(
        "consent_required",
        "the person has to consent, and the request forbids to ask",
    );
    pub(super) const DENIED: Self = Self::new("access_denied", "the person has not consented");
}

/// Why a request for authorization is not followed.
#[derive(Debug)]
pub(in crate::oauth) enum Refused {
    /// It cannot be known that the client asks, so nobody is sent anywhere: the person sees a page.
    Here(Problem),
    /// The client is told.
    Back {
        redirect_uri: String,
        state: Option<String>,
        fault: Fault,
    },
}

impl Refused {
    pub(super) fn here(detail: &'static str) -> Self {
        Self::Here(Problem::new(Code::BAD_REQUEST).detail(detail))
    }
}

impl From<crate::Error> for Refused {
    fn from(error: crate::Error) -> Self {
        Self::Here(error.into())
    }
}
