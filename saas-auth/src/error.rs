//! What can fail around identity.

/// Says what failed in this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database could not be reached or refused.
    #[error("the accounts could not be reached")]
    Storage(#[from] saas_tenancy::Error),
    /// No account of the tenant has these credentials. Which part is wrong is not said.
    #[error("the credentials are not valid")]
    Credentials,
    /// The refresh token is unknown, used, expired, or of another tenant or client.
    #[error("the refresh token is not valid")]
    RefreshToken,
    /// It was tried too often.
    #[error(transparent)]
    Limited(#[from] saas_core::limit::Limited),
    /// Too many passwords wait to be hashed.
    #[error("too many sign-ins at once")]
    Busy,
    /// An account with this address exists.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// A key of a program cannot be made like that.
    #[error("the field `{field}` {message}")]
    InvalidApiKey {
        /// The field.
        field: &'static str,
        /// What is wrong with it.
        message: &'static str,
    },
    /// The person has as many keys as they may have.
    #[error("there are too many keys")]
    TooManyApiKeys,
    /// The password cannot be chosen.
    #[error("the password {0}")]
    InvalidPassword(#[from] crate::InvalidPassword),
    /// The list of breached passwords cannot be read, or did not answer.
    #[error("new passwords cannot be looked up among breached ones")]
    BreachedPasswords(#[source] crate::BreachedError),
    /// Somebody has guessed too often.
    #[error("too many wrong tries")]
    TooManyTries,
    /// More has to be proven first, or anew.
    #[error("a proof of level {level} is required")]
    StepUp {
        /// Up to which level.
        level: saas_core::Level,
        /// How long ago the proof may be, where that counts.
        max_age: Option<std::time::Duration>,
    },
    /// A second factor has to be enrolled first.
    #[error("a second factor has to be enrolled, for level {0}")]
    EnrolmentRequired(saas_core::Level),
    /// The code of the second factor is wrong, or was used.
    #[error("the second factor is not valid")]
    SecondFactor,
    /// What a browser has given is no answer to the options of an enrolment.
    #[error("the passkey is not valid")]
    Passkey,
    /// A second factor cannot be enrolled, renewed or removed like this.
    #[error("{message}")]
    Factor {
        /// Why not.
        message: &'static str,
    },
    /// A rule about second factors cannot be set.
    #[error("{message}")]
    MfaRule {
        /// Why not.
        message: &'static str,
    },
    /// Which roles a member has could not be found out.
    #[error("the roles of a member could not be read")]
    Roles(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The password of the account was chosen by somebody else, so it proves nothing here.
    #[error("the password was chosen by somebody else")]
    Provisional,
    /// The token of a link was not given out here and for this, was used, has expired, or is not the last
    /// one. Which of them is not said.
    #[error("the link is not valid")]
    Link,
    /// The person is a member of the tenant already.
    #[error("the person is a member already")]
    AlreadyMember,
    /// The tenant has as many open invitations as it may have.
    #[error("a tenant has at most {0} open invitations")]
    TooManyInvitations(u32),
    /// The address was sent as many letters as it may get within an hour.
    #[error("too many letters to one address")]
    TooManyLetters,
    /// A key or a hash could not be made or read.
    #[error("cryptography failed: {0}")]
    Crypto(&'static str),
    /// What a client asked a person for cannot be answered any more: it is too old, or was for another session.
    #[error("the request of the application is not valid any more")]
    Authorization,
    /// A client may not be registered like this.
    #[error("the field `{field}` of a client {message}")]
    Client {
        /// The field.
        field: &'static str,
        /// What is wrong with it, in words that continue "the field …".
        message: &'static str,
    },
    /// The tenant has as many clients as it may have.
    #[error("there are too many clients")]
    TooManyClients,
    /// The configuration cannot be used.
    #[error("`{key}`: {message}")]
    Config {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        message: &'static str,
    },
}
