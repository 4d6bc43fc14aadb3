//! Who is calling, once that has been proven.

use std::{fmt, sync::Arc};

use crate::{Level, SessionId, TenantId, Timestamp, UserId};

/// The proven identity behind a request.
///
/// It is where authentication and authorization meet without knowing each other. A principal is
/// made by whoever verified a credential, through [`Principal::assert_verified`]; it cannot be
/// deserialized or defaulted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    kind: PrincipalKind,
    subject: UserId,
    tenant: TenantId,
    authenticated_at: Timestamp,
    expires_at: Timestamp,
    // Shared, because a principal is cloned for every request that its credential makes.
    methods: Arc<[String]>,
    session: Option<SessionId>,
    granted: Granted,
}

/// What a credential was given for. What its holder may do is asked of permissions; this can only make it
/// less.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Granted {
    /// Everything that its holder may do.
    All,
    /// These scopes (RFC 6749, section 3.3) and nothing else.
    Only(Arc<[String]>),
}

impl Granted {
    /// Tells whether the credential may be used for a permission.
    #[must_use]
    pub fn covers(&self, permission: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(scopes) => scopes.iter().any(|scope| scope == permission),
        }
    }
}

/// What kind of thing a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PrincipalKind {
    /// A person who signed in.
    User,
    /// A program with a credential of its own.
    ServiceAccount,
}

impl PrincipalKind {
    /// Gives its name: `user` or `service`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ServiceAccount => "service",
        }
    }
}

/// As [`PrincipalKind::as_str`].
impl fmt::Display for PrincipalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a verifier asserts about a caller; see [`Principal::assert_verified`].
#[derive(Debug, Clone)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a verifier must state every fact, so a new one has to break the build"
)]
pub struct VerifiedFacts {
    /// The kind of the caller.
    pub kind: PrincipalKind,
    /// The caller.
    pub subject: UserId,
    /// The one tenant that the credential is good for.
    pub tenant: TenantId,
    /// When the caller last proved who they are (`auth_time` of OpenID Connect Core, section 2).
    pub authenticated_at: Timestamp,
    /// When the credential stops being valid.
    pub expires_at: Timestamp,
    /// How they proved it, as authentication method references (RFC 8176).
    pub methods: Vec<String>,
    /// The sign-in that the credential comes from, where there is one.
    pub session: Option<SessionId>,
    /// What the credential was given for.
    pub granted: Granted,
}

impl Principal {
    /// Makes a principal from facts that the caller of this function has just verified
    /// cryptographically or against the database.
    ///
    /// Every use is an origin of trust. `clippy.toml` forbids the function, and each of its few
    /// uses says why it may.
    #[must_use]
    pub fn assert_verified(facts: VerifiedFacts) -> Self {
        let VerifiedFacts {
            kind,
            subject,
            tenant,
            authenticated_at,
            expires_at,
            methods,
            session,
            granted,
        } = facts;
        Self {
            kind,
            subject,
            tenant,
            authenticated_at,
            expires_at,
            methods: methods.into(),
            session,
            granted,
        }
    }

    /// Gives the kind of the caller.
    #[must_use]
    pub const fn kind(&self) -> PrincipalKind {
        self.kind
    }

    /// Gives the caller.
    #[must_use]
    pub const fn subject(&self) -> UserId {
        self.subject
    }

    /// Gives the one tenant that the credential is good for.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Gives the time at which the caller last proved who they are.
    #[must_use]
    pub const fn authenticated_at(&self) -> Timestamp {
        self.authenticated_at
    }

    /// Gives the time at which the credential stops being valid.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Gives the ways in which the caller proved who they are, as authentication method
    /// references (RFC 8176), such as `pwd`.
    #[must_use]
    pub fn methods(&self) -> &[String] {
        &self.methods
    }

    /// Gives how surely the caller proved who they are, by the ways of the proof.
    #[must_use]
    pub fn level(&self) -> Level {
        Level::of(&self.methods)
    }

    /// Gives the sign-in that the credential comes from; none for a program that signs in by itself.
    #[must_use]
    pub const fn session(&self) -> Option<SessionId> {
        self.session
    }

    /// Gives what the credential was given for.
    #[must_use]
    pub const fn granted(&self) -> &Granted {
        &self.granted
    }
}
