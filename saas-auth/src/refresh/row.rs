//! A refresh token as it is kept.

use saas_core::{Id, TenantId, Timestamp, UserId};
use saas_tenancy::{TenantEntity, TenantTx, tenant_repository};

use super::{Issued, RefreshTokens, text::Text};
use crate::Error;

/// The row of one token. The rows of a family have the id of its first row in common, and its end.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_refresh_tokens", new = "NewRefreshRow")]
pub(crate) struct RefreshRow {
    #[entity(id)]
    pub(super) id: Id<RefreshRow>,
    #[entity(tenant)]
    pub(super) tenant_id: TenantId,
    pub(super) account_id: UserId,
    pub(super) family: Id<RefreshTokens>,
    pub(super) secret_hash: Vec<u8>,
    pub(super) client: String,
    /// How the person signed in (RFC 8176), separated by spaces.
    pub(super) methods: String,
    pub(super) authenticated_at: Timestamp,
    #[entity(created)]
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) used_at: Option<Timestamp>,
}

/// The statements over refresh tokens.
#[tenant_repository(entity = RefreshRow)]
pub(super) trait Families {
    #[sql("UPDATE saas_refresh_tokens SET family = family WHERE {tenant} AND id = :first")]
    async fn hold_family(&mut self, first: Id<RefreshTokens>) -> Result<u64>;

    #[sql(
        "UPDATE saas_refresh_tokens SET used_at = :now WHERE {tenant} AND id = :id AND used_at IS NULL"
    )]
    async fn use_once(&mut self, now: Timestamp, id: Id<RefreshRow>) -> Result<u64>;

    #[sql("DELETE FROM saas_refresh_tokens WHERE {tenant} AND family = :family")]
    async fn end_family(&mut self, family: Id<RefreshTokens>) -> Result<u64>;

    #[sql("DELETE FROM saas_refresh_tokens WHERE {tenant} AND account_id = :account")]
    async fn end_all_of(&mut self, account: UserId) -> Result<u64>;

    #[sql(
        "DELETE FROM saas_refresh_tokens WHERE {tenant} AND account_id = :account AND expires_at <= :now"
    )]
    async fn remove_expired(&mut self, account: UserId, now: Timestamp) -> Result<u64>;
}

/// Inserts a token: the first of a family, or the next after one that was just used.
pub(super) async fn insert(
    tx: &mut TenantTx,
    id: Id<RefreshRow>,
    token: NewRefreshToken,
) -> Result<Issued, Error> {
    let tenant = tx.scope().tenant().id();
    let text = Text::generate(tenant, id)?;
    let methods = token.methods;
    let row = NewRefreshRow {
        account_id: token.user,
        family: token.family,
        secret_hash: text.hash(),
        client: token.client,
        methods: methods.clone(),
        authenticated_at: token.authenticated_at,
        expires_at: token.expires_at,
        used_at: None,
    };
    match tx.repo::<RefreshRow>().insert_as(id, row).await {
        Ok(_) => {}
        // The membership ended while the token was being made.
        Err(saas_tenancy::Error::Reference(_)) => return Err(Error::Credentials),
        Err(error) => return Err(error.into()),
    }
    Ok(Issued {
        text: text.write(),
        user: token.user,
        tenant,
        authenticated_at: token.authenticated_at,
        methods: methods.split(' ').map(str::to_owned).collect(),
    })
}

/// What a new row says, besides its secret.
pub(super) struct NewRefreshToken {
    pub(super) user: UserId,
    pub(super) family: Id<RefreshTokens>,
    pub(super) client: String,
    pub(super) methods: String,
    pub(super) authenticated_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl From<RefreshRow> for NewRefreshToken {
    /// The next token of the same family says the same.
    fn from(row: RefreshRow) -> Self {
        Self {
            user: row.account_id,
            family: row.family,
            client: row.client,
            methods: row.methods,
            authenticated_at: row.authenticated_at,
            expires_at: row.expires_at,
        }
    }
}
