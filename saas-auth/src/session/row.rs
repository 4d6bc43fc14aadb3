//! A session as it is kept.

use saas_core::{Granted, Id, SessionId, TenantId, Timestamp, UserId};
use saas_tenancy::{TenantEntity, tenant_repository};

use super::{Session, SessionInfo};

/// The row of a session. A browser's has the hash of a secret; a program's has a client, and refresh tokens.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_sessions", new = "NewSessionRow")]
pub(crate) struct SessionRow {
    #[entity(id)]
    pub(crate) id: Id<SessionRow>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    pub(crate) account_id: UserId,
    pub(crate) client: Option<String>,
    /// The session of the browser in which a person let the program in.
    pub(crate) origin_id: Option<SessionId>,
    pub(crate) secret_hash: Option<Vec<u8>>,
    /// What it was given for (RFC 6749, section 3.3); nothing when it is good for everything.
    pub(crate) scope: Option<String>,
    /// How the person signed in (RFC 8176), separated by spaces.
    pub(crate) methods: String,
    pub(crate) authenticated_at: Timestamp,
    pub(crate) device: String,
    pub(crate) address: String,
    #[entity(created)]
    pub(crate) created_at: Timestamp,
    pub(crate) seen_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl SessionRow {
    pub(crate) const fn id_of(session: SessionId) -> Id<Self> {
        Id::from_uuid(session.as_uuid())
    }
}

/// The statements over sessions.
#[tenant_repository(entity = SessionRow)]
pub(crate) trait Sessions {
    #[sql(
        "SELECT * FROM saas_sessions WHERE {tenant} AND account_id = :account AND expires_at > :now ORDER BY seen_at DESC LIMIT 100"
    )]
    async fn sessions_of(&mut self, account: UserId, now: Timestamp) -> Result<Vec<SessionRow>>;

    #[sql("SELECT * FROM saas_sessions WHERE {tenant} AND account_id = :account")]
    async fn all_sessions_of(&mut self, account: UserId) -> Result<Vec<SessionRow>>;

    #[sql("UPDATE saas_sessions SET seen_at = :now WHERE {tenant} AND id = :id")]
    async fn seen(&mut self, now: Timestamp, id: Id<SessionRow>) -> Result<u64>;

    #[sql(
        "UPDATE saas_sessions SET seen_at = :now WHERE {tenant} AND id = :id AND seen_at <= :before"
    )]
    async fn seen_again(
        &mut self,
        now: Timestamp,
        id: Id<SessionRow>,
        before: Timestamp,
    ) -> Result<u64>;

    #[sql(
        "SELECT * FROM saas_sessions WHERE {tenant} AND account_id = :account ORDER BY seen_at DESC, id LIMIT 1000 OFFSET :many"
    )]
    async fn sessions_beyond(&mut self, account: UserId, many: i64) -> Result<Vec<SessionRow>>;

    #[sql("DELETE FROM saas_sessions WHERE {tenant} AND id = :id")]
    async fn end_session(&mut self, id: Id<SessionRow>) -> Result<u64>;

    #[sql(
        "SELECT * FROM saas_sessions WHERE {tenant} AND account_id = :account AND client = :client"
    )]
    async fn sessions_of_client(
        &mut self,
        account: UserId,
        client: String,
    ) -> Result<Vec<SessionRow>>;

    #[sql("DELETE FROM saas_sessions WHERE {tenant} AND client = :client")]
    async fn end_sessions_of_client(&mut self, client: String) -> Result<u64>;

    #[sql(
        "DELETE FROM saas_sessions WHERE {tenant} AND account_id = :account AND expires_at <= :now"
    )]
    async fn remove_expired(&mut self, account: UserId, now: Timestamp) -> Result<u64>;
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self(row.into())
    }
}

impl From<SessionRow> for SessionInfo {
    fn from(row: SessionRow) -> Self {
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        Self {
            id: SessionId::from_uuid(row.id.as_uuid()),
            user: row.account_id,
            tenant: row.tenant_id,
            client: row.client,
            granted: match &row.scope {
                None => Granted::All,
                Some(scope) => Granted::Only(words(scope).into()),
            },
            methods: words(&row.methods),
            authenticated_at: row.authenticated_at,
            device: row.device,
            address: row.address,
            created_at: row.created_at,
            seen_at: row.seen_at,
            expires_at: row.expires_at,
        }
    }
}
