//! The rows of the registry.

use saas_core::{TenantId, Timestamp};

use super::{Change, ResolveTenant, watch::TOPIC};
use crate::{
    Column as _, Database, Domain, Error, Row, Slug, Status, SystemScope, SystemTx, Tenant, Value,
    error::Cause,
};

const BY_SLUG: &str = "SELECT id, slug, name, status, created_at FROM saas_tenants WHERE slug = $1";
const BY_ID: &str = "SELECT id, slug, name, status, created_at FROM saas_tenants WHERE id = $1";
const BY_DOMAIN: &str = "SELECT t.id, t.slug, t.name, t.status, t.created_at FROM saas_domains d \
                         JOIN saas_tenants t ON t.id = d.tenant_id WHERE d.domain = $1 AND d.verified_at IS NOT NULL";
const LIST: &str = "SELECT id, slug, name, status, created_at FROM saas_tenants WHERE id > $1 ORDER BY id LIMIT 1000";
const INSERT: &str = "INSERT INTO saas_tenants (id, slug, name, status, created_at, updated_at) \
                      VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (slug) DO NOTHING";
const SET_STATUS: &str = "UPDATE saas_tenants SET status = $2, updated_at = $3 WHERE id = $1";

pub(super) async fn by_slug(database: &Database, slug: &Slug) -> Result<Option<Tenant>, Error> {
    one(database, BY_SLUG, Value::Text(slug.as_str().to_owned())).await
}

pub(super) async fn by_domain(
    database: &Database,
    domain: &Domain,
) -> Result<Option<Tenant>, Error> {
    one(database, BY_DOMAIN, Value::Text(domain.to_string())).await
}

/// Tells the other instances, when the transaction is committed.
pub(super) async fn announce(tx: &mut SystemTx, change: &Change) -> Result<(), Error> {
    let message = serde_json::to_string(change);
    let message = message.map_err(|error| Error::InvalidValue(Cause::new(error)))?;
    tx.signal(TOPIC, message).await
}

pub(super) async fn by_id(database: &Database, id: TenantId) -> Result<Option<Tenant>, Error> {
    one(database, BY_ID, id.to_value()).await
}

async fn one(database: &Database, sql: &'static str, key: Value) -> Result<Option<Tenant>, Error> {
    let mut tx = database.system_read(&SystemScope::<ResolveTenant>::enter());
    let row = tx.fetch_optional(sql, &[key]).await?;
    row.as_ref().map(read).transpose()
}

pub(super) async fn list(tx: &mut SystemTx, after: Option<TenantId>) -> Result<Vec<Tenant>, Error> {
    let after = after.unwrap_or_else(|| TenantId::from_uuid(Default::default()));
    let rows = tx.fetch_all(LIST, &[after.to_value()]).await?;
    rows.iter().map(read).collect()
}

pub(super) async fn insert(tx: &mut SystemTx, tenant: &Tenant) -> Result<(), Error> {
    let values = [
        tenant.id().to_value(),
        Value::Text(tenant.slug().as_str().to_owned()),
        Value::Text(tenant.name().to_owned()),
        tenant.status().to_value(),
        Value::Timestamp(tenant.created_at()),
    ];
    // Two sign-ups for one slug at once: the second waits for the first and then inserts nothing.
    match tx.execute(INSERT, &values).await? {
        0 => Err(Error::SlugTaken(tenant.slug().clone())),
        _ => Ok(()),
    }
}

pub(super) async fn set_status(
    tx: &mut SystemTx,
    id: TenantId,
    status: Status,
) -> Result<(), Error> {
    let now = tx.database().clock().now();
    match tx
        .execute(
            SET_STATUS,
            &[id.to_value(), status.to_value(), Value::Timestamp(now)],
        )
        .await?
    {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}

fn read(row: &Row) -> Result<Tenant, Error> {
    let slug: String = row.get(1)?;
    Ok(Tenant::new(
        row.get(0)?,
        Slug::stored(&slug)?,
        row.get(2)?,
        row.get(3)?,
        row.get::<Timestamp>(4)?,
    ))
}

impl crate::Column for Status {
    const KIND: crate::Kind = crate::Kind::Text;

    fn to_value(&self) -> Value {
        let text = match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        };
        Value::Text(text.to_owned())
    }

    fn from_value(value: Value) -> Result<Self, Error> {
        match String::from_value(value)?.as_str() {
            "active" => Ok(Self::Active),
            "suspended" => Ok(Self::Suspended),
            _ => Err(Error::decode("a status of a tenant")),
        }
    }
}
