//! A proof as it is kept.

use saas_core::{Id, TenantId, Timestamp, UserId};
use saas_tenancy::{Column, Error, TenantEntity, Value, tenant_repository};

/// What is proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Invitation,
    Verification,
    Reset,
    EmailChange,
}

impl Kind {
    /// Gives the name, which is part of what a token is sealed for.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Verification => "verification",
            Self::Reset => "reset",
            Self::EmailChange => "email-change",
        }
    }

    /// Gives the action under which the audit log has that somebody asked for one.
    pub(super) const fn asked(self) -> &'static str {
        match self {
            Self::Invitation => "invitation.created",
            Self::Verification => "email.verification-asked",
            Self::Reset => "password.reset-asked",
            Self::EmailChange => "email.change-asked",
        }
    }
}

impl Column for Kind {
    const KIND: saas_tenancy::Kind = saas_tenancy::Kind::Text;

    fn to_value(&self) -> Value {
        Value::Text(self.name().to_owned())
    }

    fn from_value(value: Value) -> Result<Self, Error> {
        let kinds = [
            Self::Invitation,
            Self::Verification,
            Self::Reset,
            Self::EmailChange,
        ];
        let name = String::from_value(value)?;
        let mut kinds = kinds.into_iter();
        kinds
            .find(|kind| kind.name() == name)
            .ok_or_else(|| Error::decode("a kind of proof"))
    }
}

/// The row of a proof.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_proofs", new = "NewProofRow")]
pub(crate) struct ProofRow {
    #[entity(id)]
    pub(crate) id: Id<ProofRow>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    pub(crate) kind: Kind,
    /// None for an invitation, which may be for somebody without an account.
    pub(crate) account_id: Option<UserId>,
    /// That of the account when the proof was made.
    pub(crate) generation: i64,
    /// The address that the letter goes to.
    pub(crate) email: String,
    pub(crate) email_key: String,
    /// The roles of an invitation, as JSON.
    pub(crate) roles: Option<String>,
    /// Who asked for it, as in the audit log.
    pub(crate) made_by: String,
    #[entity(created)]
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

/// The statements over proofs.
#[tenant_repository(entity = ProofRow)]
pub(crate) trait Proofs {
    #[sql(
        "UPDATE saas_proofs SET used_at = :now WHERE {tenant} AND id = :id AND used_at IS NULL AND expires_at > :now"
    )]
    async fn use_proof(&mut self, now: Timestamp, id: Id<ProofRow>) -> Result<u64>;

    #[sql("DELETE FROM saas_proofs WHERE {tenant} AND expires_at <= :before")]
    async fn forget_proofs(&mut self, before: Timestamp) -> Result<u64>;

    #[sql("DELETE FROM saas_proofs WHERE {tenant} AND account_id = :account")]
    async fn forget_proofs_of(&mut self, account: UserId) -> Result<u64>;

    #[sql(
        "SELECT * FROM saas_proofs WHERE {tenant} AND kind = 'invitation' AND used_at IS NULL AND expires_at > :now ORDER BY id DESC LIMIT 1000"
    )]
    async fn open_invitations(&mut self, now: Timestamp) -> Result<Vec<ProofRow>>;

    #[sql(
        "SELECT count(*) FROM saas_proofs WHERE {tenant} AND kind = 'invitation' AND used_at IS NULL AND expires_at > :now"
    )]
    async fn count_open_invitations(&mut self, now: Timestamp) -> Result<(i64,)>;

    #[sql(
        "SELECT count(*) FROM saas_proofs WHERE {tenant} AND kind = 'invitation' AND email_key = :email AND created_at > :since"
    )]
    async fn invitations_since(&mut self, email: &str, since: Timestamp) -> Result<(i64,)>;

    #[sql(
        "UPDATE saas_proofs SET expires_at = :now WHERE {tenant} AND kind = 'invitation' AND used_at IS NULL AND expires_at > :now AND email_key = :email"
    )]
    async fn revoke_invitations_to(&mut self, now: Timestamp, email: &str) -> Result<u64>;

    #[sql(
        "UPDATE saas_proofs SET expires_at = :now WHERE {tenant} AND kind = 'invitation' AND used_at IS NULL AND expires_at > :now AND id = :id"
    )]
    async fn revoke_invitation(&mut self, now: Timestamp, id: Id<ProofRow>) -> Result<u64>;
}
