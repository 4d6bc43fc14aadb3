//! Casbin, with the rules of one tenant.

use casbin::{CoreApi as _, DefaultModel, Enforcer};
use saas_tenancy::{Database, Tenant};

use crate::{
    Error, Presets,
    policy::{TenantAdapter, model::MODEL},
};

pub(super) async fn enforcer(
    database: &Database,
    tenant: &Tenant,
    presets: &Presets,
) -> Result<Enforcer, Error> {
    let model = DefaultModel::from_str(MODEL).await.map_err(failed)?;
    let adapter = TenantAdapter::new(database.clone(), tenant, presets.clone());
    Enforcer::new(model, adapter).await.map_err(failed)
}

fn failed(error: casbin::Error) -> Error {
    // A database that does not answer must stay recognisable behind casbin's error.
    if let casbin::Error::AdapterError(casbin::error::AdapterError(inner)) = error {
        return match inner.downcast::<saas_tenancy::Error>() {
            Ok(error) => Error::Storage(*error),
            Err(other) => Error::Casbin(other.to_string()),
        };
    }
    Error::Casbin(error.to_string())
}
