//! What has happened, as the outbox carries it.

use saas_core::{Id, UserId};
use serde::{Deserialize, Serialize};

use crate::{Invitation, mfa::MailedCode};

/// Somebody says that the password of an address is forgotten. It says nothing of an account, because there
/// may be none.
#[derive(Serialize, Deserialize)]
pub(crate) struct ResetAsked {
    pub(crate) email: String,
}

impl ResetAsked {
    pub(crate) const KIND: &'static str = "auth.reset-asked";
}

/// The address of an account is to be verified.
#[derive(Serialize, Deserialize)]
pub(crate) struct VerificationAsked {
    pub(crate) account: UserId,
}

impl VerificationAsked {
    pub(crate) const KIND: &'static str = "auth.verification-asked";
}

/// The holder of an account wants another address.
#[derive(Serialize, Deserialize)]
pub(crate) struct AddressChangeAsked {
    pub(crate) account: UserId,
    pub(crate) generation: i64,
    pub(crate) email: String,
}

impl AddressChangeAsked {
    pub(crate) const KIND: &'static str = "auth.email-change-asked";
}

/// Somebody is invited.
#[derive(Serialize, Deserialize)]
pub(crate) struct Invited {
    pub(crate) invitation: Id<Invitation>,
}

impl Invited {
    pub(crate) const KIND: &'static str = "auth.invited";
}

/// The second factors of an account have changed.
#[derive(Serialize, Deserialize)]
pub(crate) struct FactorsChanged {
    pub(crate) account: UserId,
    /// `totp`, `passkey`, `recovery`, `removed` or `reset`.
    pub(crate) what: String,
}

impl FactorsChanged {
    pub(crate) const KIND: &'static str = "auth.factors-changed";
}

/// Somebody who knows the password of an account has guessed at its second factors until no try is left for a day.
#[derive(Serialize, Deserialize)]
pub(crate) struct FactorsGuessed {
    pub(crate) account: UserId,
}

impl FactorsGuessed {
    pub(crate) const KIND: &'static str = "auth.factors-guessed";
}

/// Somebody who knows the password of an account is to enter a code that its holder is sent.
#[derive(Serialize, Deserialize)]
pub(crate) struct SignInCodeAsked {
    pub(crate) account: UserId,
    pub(crate) generation: i64,
    pub(crate) code: Id<MailedCode>,
}

impl SignInCodeAsked {
    pub(crate) const KIND: &'static str = "auth.sign-in-code-asked";
}

/// An account has a new password.
#[derive(Serialize, Deserialize)]
pub(crate) struct PasswordChanged {
    pub(crate) account: UserId,
}

impl PasswordChanged {
    pub(crate) const KIND: &'static str = "auth.password-changed";
}

/// An account has a new address.
#[derive(Serialize, Deserialize)]
pub(crate) struct AddressChanged {
    pub(crate) account: UserId,
    /// The one it had.
    pub(crate) old: String,
}

impl AddressChanged {
    pub(crate) const KIND: &'static str = "auth.email-changed";
}

/// An account was deactivated.
#[derive(Serialize, Deserialize)]
pub(crate) struct Deactivated {
    pub(crate) account: UserId,
}

impl Deactivated {
    pub(crate) const KIND: &'static str = "auth.account-deactivated";
}

/// An account was deleted. Its address is nowhere else any more.
#[derive(Serialize, Deserialize)]
pub(crate) struct Deleted {
    pub(crate) email: String,
}

impl Deleted {
    pub(crate) const KIND: &'static str = "auth.account-deleted";
}
