//! Registering clients, and finding them.

use std::{collections::HashMap, fmt, sync::Arc};

use saas_core::{Id, Secret};
use saas_tenancy::{AuditEvent, Database, Tenant, TenantTx};

use super::{
    Client, ClientPatch, NewClient,
    row::{ClientRow, ClientRowPatch, NewClientRow, Rows as _},
    secret,
};
use crate::{
    ClientConfig, Error, Sessions,
    oauth::{Scopes, consent},
    session::{self, Statements as _},
};

/// How many clients a tenant may register.
const MAX: usize = 200;

/// The clients; cheap to clone.
///
/// ```
/// use saas_auth::{Error, oauth::{Clients, GrantType, NewClient, Registered}};
/// use saas_tenancy::{Tenant, TenantTx};
///
/// async fn register(clients: &Clients, tx: &mut TenantTx) -> Result<Registered, Error> {
///     let mut new = NewClient::new("Reports");
///     new.redirect_uris = vec!["https://reports.example/callback".to_owned()];
///     new.grants = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
///     new.scopes = vec!["projects:read".to_owned()];
///     // The secret in it, if it has one, is shown this once.
///     clients.create(tx, new).await
/// }
///
/// async fn name(clients: &Clients, tenant: &Tenant, client_id: &str) -> Result<Option<String>, Error> {
///     Ok(clients.find(Some(tenant), client_id).await?.map(|client| client.name))
/// }
/// # let _ = (register, name);
/// ```
#[derive(Debug, Clone)]
pub struct Clients {
    sessions: Sessions,
    configured: Arc<HashMap<String, Client>>,
    scopes: Scopes,
}

/// A client with its secret, which is shown this once.
#[derive(Clone)]
pub struct Registered {
    client: Client,
    secret: Option<Secret<String>>,
}

impl Registered {
    /// Gives the client.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Gives the secret; none for a client that needs none.
    #[must_use]
    pub const fn secret(&self) -> Option<&Secret<String>> {
        self.secret.as_ref()
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered")
            .field("client", &self.client.id)
            .finish_non_exhaustive()
    }
}

impl Clients {
    /// Reads the clients of the configuration.
    ///
    /// # Errors
    ///
    /// [`Error::Client`] when one of them may not be as it is, or two have the same id.
    pub fn new(sessions: Sessions, configured: &[ClientConfig]) -> Result<Self, Error> {
        let mut clients = HashMap::new();
        for config in configured {
            let client = Client::configured(config)?;
            if clients.insert(client.id.clone(), client).is_some() {
                return Err(Error::Client {
                    field: "id",
                    message: "belongs to two clients of the configuration",
                });
            }
        }
        Ok(Self {
            sessions,
            configured: Arc::new(clients),
            scopes: Scopes::default(),
        })
    }

    /// Says which scopes there are.
    #[must_use]
    pub(crate) fn with_scopes(mut self, scopes: Scopes) -> Self {
        self.scopes = scopes;
        self
    }

    /// Gives the scopes that there are.
    #[must_use]
    pub const fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// Finds a client by its `client_id`. One that another tenant has registered is as unknown as one that
    /// never existed; where no tenant is named, only those of the configuration are known.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn find(
        &self,
        tenant: Option<&Tenant>,
        client_id: &str,
    ) -> Result<Option<Client>, Error> {
        if let Some(client) = self.configured.get(client_id) {
            return Ok(Some(client.clone()));
        }
        let (Some(tenant), Ok(id)) = (tenant, client_id.parse::<Id<ClientRow>>()) else {
            return Ok(None);
        };
        // Ids are compared letter by letter elsewhere, so there is one spelling.
        if id.to_string() != client_id {
            return Ok(None);
        }
        let mut tx = self.database().read_primary(&session::entering(tenant));
        let row = tx.repo::<ClientRow>().find(id).await?;
        Ok(row.map(Client::from))
    }

    /// Gives the clients of the configuration.
    #[cfg(feature = "axum")]
    pub(in crate::oauth) fn configured(&self) -> impl Iterator<Item = &Client> {
        self.configured.values()
    }

    /// Registers a client in the tenant of the transaction.
    ///
    /// # Errors
    ///
    /// [`Error::Client`] names the field that is wrong; [`Error::TooManyClients`], [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn create(&self, tx: &mut TenantTx, new: NewClient) -> Result<Registered, Error> {
        let id = Id::generate();
        let client = Client::registering(id, new, &self.scopes)?;
        tx.lock("saas_clients").await?;
        if tx.clients().await?.len() >= MAX {
            return Err(Error::TooManyClients);
        }
        let secret = match client.has_secret() {
            true => Some(secret::generate()?),
            false => None,
        };
        let row = NewClientRow {
            redirect_uris: client.redirect_uris.join(" "),
            post_logout_redirect_uris: client.post_logout_redirect_uris.join(" "),
            grants: join(&client),
            scopes: client.scopes.join(" "),
            auth_method: client.auth_method.to_string(),
            secret_hash: secret.as_ref().map(|secret| secret::hash(secret.expose())),
            jwks: keys(&client),
            name: client.name,
            native: client.native,
        };
        let row = tx
            .repo::<ClientRow>()
            .insert_as(ClientRow::id_of(id), row)
            .await?;
        let client = Client::from(row);
        tx.record(event("client.created", &client).after(&client)?)
            .await?;
        Ok(Registered { client, secret })
    }

    /// Lists the clients of the tenant of the transaction, in the order of their registration.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn list(&self, tx: &mut TenantTx) -> Result<Vec<Client>, Error> {
        let rows = tx.clients().await?;
        Ok(rows.into_iter().map(Client::from).collect())
    }

    /// Gives a client of the tenant of the transaction.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`], which says whether there is none.
    pub async fn get(&self, tx: &mut TenantTx, id: Id<Client>) -> Result<Client, Error> {
        let row = tx.repo::<ClientRow>().get(ClientRow::id_of(id)).await?;
        Ok(row.into())
    }

    /// Changes a client. What it may be given less from now on is taken from its tokens when they are
    /// refreshed. With a new address to send people to, they are asked once more.
    ///
    /// Whoever can change how a client proves itself can act as it. That the caller may do what the client may, as
    /// [`Client::service_account`] or for those who let it in, is for the application to check, here and in
    /// [`Clients::rotate_secret`].
    ///
    /// # Errors
    ///
    /// As [`Clients::create`]; [`Error::Storage`] when there is none, or it has another version than the
    /// expected one.
    ///
    /// # Cancel safety
    ///
    /// As [`Clients::create`].
    pub async fn update(
        &self,
        tx: &mut TenantTx,
        id: Id<Client>,
        expected: Option<i64>,
        patch: ClientPatch,
    ) -> Result<Client, Error> {
        let before = self.get(tx, id).await?;
        let client = before.clone().changed(patch, &self.scopes)?;
        // What people have allowed a program to hear at one address it may not hear at another.
        if client
            .redirect_uris
            .iter()
            .any(|uri| !before.redirect_uris.contains(uri))
        {
            consent::forget_client(tx, &before.id).await?;
        }
        let patch = ClientRowPatch {
            redirect_uris: Some(client.redirect_uris.join(" ")),
            post_logout_redirect_uris: Some(client.post_logout_redirect_uris.join(" ")),
            grants: Some(join(&client)),
            scopes: Some(client.scopes.join(" ")),
            jwks: Some(keys(&client)),
            name: Some(client.name),
            ..ClientRowPatch::default()
        };
        let id = ClientRow::id_of(id);
        let row = tx.repo::<ClientRow>().update(id, expected, patch).await?;
        let client = Client::from(row);
        let event = event("client.updated", &client)
            .before(&before)?
            .after(&client)?;
        tx.record(event).await?;
        Ok(client)
    }

    /// Gives a client a new secret in the place of the old one, which proves nothing from then on.
    ///
    /// # Errors
    ///
    /// [`Error::Client`] when it needs none; [`Error::Storage`], which says whether there is none.
    ///
    /// # Cancel safety
    ///
    /// As [`Clients::create`].
    pub async fn rotate_secret(
        &self,
        tx: &mut TenantTx,
        id: Id<Client>,
    ) -> Result<Registered, Error> {
        let client = self.get(tx, id).await?;
        if !client.has_secret() {
            return Err(Error::Client {
                field: "auth_method",
                message: "is one without a secret",
            });
        }
        let secret = secret::generate()?;
        let patch = ClientRowPatch {
            secret_hash: Some(Some(secret::hash(secret.expose()))),
            ..ClientRowPatch::default()
        };
        let id = ClientRow::id_of(id);
        let row = tx.repo::<ClientRow>().update(id, None, patch).await?;
        let client = Client::from(row);
        tx.record(event("client.secret-rotated", &client)).await?;
        Ok(Registered {
            client,
            secret: Some(secret),
        })
    }

    /// Deletes a client, with everything that it was given: its tokens end at once.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`], which says whether there is none, or it has another version than the expected one.
    ///
    /// # Cancel safety
    ///
    /// As [`Clients::create`].
    pub async fn delete(
        &self,
        tx: &mut TenantTx,
        id: Id<Client>,
        expected: Option<i64>,
    ) -> Result<(), Error> {
        let client = self.get(tx, id).await?;
        let row = ClientRow::id_of(id);
        tx.repo::<ClientRow>().delete(row, expected).await?;
        consent::forget_client(tx, &client.id).await?;
        tx.end_sessions_of_client(client.id.clone()).await?;
        self.sessions.revocations().revoke(tx, id.as_uuid()).await?;
        tx.record(event("client.deleted", &client).before(&client)?)
            .await?;
        Ok(())
    }

    pub(in crate::oauth) fn database(&self) -> &Database {
        self.sessions.database()
    }
}

fn event(action: &'static str, client: &Client) -> AuditEvent {
    AuditEvent::new(action, format!("client:{}", client.id))
}

fn join(client: &Client) -> String {
    let grants: Vec<_> = client.grants.iter().map(|grant| grant.as_str()).collect();
    grants.join(" ")
}

fn keys(client: &Client) -> Option<String> {
    (!client.keys.is_empty()).then(|| client.keys.write().to_string())
}
