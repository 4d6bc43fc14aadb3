//! A registered client as it is kept.

use saas_core::{Id, TenantId, Timestamp};
use saas_tenancy::{TenantEntity, tenant_repository};

use super::{AuthMethod, Client, ClientKeys};

/// The row of a client. Lists are separated by spaces, which none of their parts can hold.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_clients", new = "NewClientRow", patch = "ClientRowPatch")]
pub(crate) struct ClientRow {
    #[entity(id)]
    pub(super) id: Id<ClientRow>,
    #[entity(tenant)]
    pub(super) tenant_id: TenantId,
    pub(super) name: String,
    #[entity(fixed)]
    pub(super) native: bool,
    pub(super) redirect_uris: String,
    pub(super) post_logout_redirect_uris: String,
    pub(super) grants: String,
    pub(super) scopes: String,
    #[entity(fixed)]
    pub(super) auth_method: String,
    pub(super) secret_hash: Option<Vec<u8>>,
    /// The public keys (RFC 7517).
    pub(super) jwks: Option<String>,
    #[entity(version)]
    pub(super) version: i64,
    #[entity(created)]
    pub(super) created_at: Timestamp,
    #[entity(updated)]
    pub(super) updated_at: Timestamp,
}

impl ClientRow {
    pub(super) const fn id_of(client: Id<Client>) -> Id<Self> {
        Id::from_uuid(client.as_uuid())
    }
}

/// The statements over clients.
#[tenant_repository(entity = ClientRow)]
pub(super) trait Rows {
    #[sql("SELECT * FROM saas_clients WHERE {tenant} ORDER BY created_at, id LIMIT 1000")]
    async fn clients(&mut self) -> Result<Vec<ClientRow>>;
}

impl From<ClientRow> for Client {
    fn from(row: ClientRow) -> Self {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Self {
            id: row.id.to_string(),
            name: row.name,
            first_party: false,
            native: row.native,
            redirect_uris: words(&row.redirect_uris),
            post_logout_redirect_uris: words(&row.post_logout_redirect_uris),
            grants: row
                .grants
                .split_whitespace()
                .filter_map(|grant| grant.parse().ok())
                .collect(),
            scopes: words(&row.scopes),
            // INVARIANT: only words of the enum are written. One that a later version wrote proves nothing,
            // as there is nothing to compare with.
            auth_method: row.auth_method.parse().unwrap_or(AuthMethod::PrivateKeyJwt),
            version: row.version,
            created_at: Some(row.created_at),
            registered: Some(Id::from_uuid(row.id.as_uuid())),
            secret_hash: row.secret_hash,
            keys: row
                .jwks
                .and_then(|text| ClientKeys::stored(&text))
                .unwrap_or_default(),
        }
    }
}
