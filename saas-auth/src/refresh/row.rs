//! A refresh token as it is kept.

use std::time::Duration;

use saas_core::{Id, SessionId, TenantId, Timestamp};
use saas_tenancy::{TenantEntity, TenantTx, tenant_repository};

use crate::{
    Error, Session,
    opaque::{Kind, Opaque},
};

/// A refresh token as the client holds it.
pub(super) type Text = Opaque<RefreshRow>;

impl Kind for RefreshRow {
    const PREFIX: &'static str = "srt_";
}

/// The row of one token. Those of a session follow one another.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_refresh_tokens", new = "NewRefreshRow")]
pub(crate) struct RefreshRow {
    #[entity(id)]
    pub(super) id: Id<RefreshRow>,
    #[entity(tenant)]
    pub(super) tenant_id: TenantId,
    pub(super) session_id: SessionId,
    pub(super) secret_hash: Vec<u8>,
    #[entity(created)]
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) used_at: Option<Timestamp>,
    /// The token that came after it.
    pub(super) next_id: Option<Id<RefreshRow>>,
}

/// The statements over refresh tokens.
#[tenant_repository(entity = RefreshRow)]
pub(super) trait Tokens {
    #[sql(
        "UPDATE saas_refresh_tokens SET used_at = :now, next_id = :next WHERE {tenant} AND id = :id AND used_at IS NULL"
    )]
    async fn use_once(
        &mut self,
        now: Timestamp,
        next: Id<RefreshRow>,
        id: Id<RefreshRow>,
    ) -> Result<u64>;
}

/// Inserts a token of a session, which ends with it, or earlier when it is not used.
pub(super) async fn insert(
    tx: &mut TenantTx,
    text: &Text,
    session: &Session,
    idle: Duration,
) -> Result<(), Error> {
    let now = tx.database().clock().now();
    let row = NewRefreshRow {
        session_id: session.id,
        secret_hash: text.hash(),
        expires_at: now.saturating_add(idle).min(session.expires_at),
        used_at: None,
        next_id: None,
    };
    match tx.repo::<RefreshRow>().insert_as(text.row, row).await {
        Ok(_) => Ok(()),
        // The session ended while the token was being made.
        Err(saas_tenancy::Error::Reference(_)) => Err(Error::RefreshToken),
        Err(error) => Err(error.into()),
    }
}
