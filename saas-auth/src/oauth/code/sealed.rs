//! A code, as the client holds it.

use std::time::Duration;

use saas_core::{Id, KeyRing, Purpose, SessionId, TenantId, UserId};
use serde::{Deserialize, Serialize};

use super::UsedCodeRow;
use crate::{
    Error,
    oauth::{authorize::Micros, envelope},
};

const PURPOSE: Purpose = Purpose::new("saas-auth/authorization-code/1");
/// Begins every code, so that people and scanners for leaked secrets know what it is.
const PREFIX: &str = "sac_";

/// How long a code is good.
pub(in crate::oauth) const LIFETIME: Duration = Duration::from_secs(60);

/// What a code is good for, and to whom.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::oauth) struct AuthorizationCode {
    pub(in crate::oauth) id: Id<UsedCodeRow>,
    pub(in crate::oauth) user: UserId,
    /// The session in which the person was when it was given.
    pub(in crate::oauth) session: SessionId,
    pub(in crate::oauth) client: String,
    pub(in crate::oauth) redirect_uri: String,
    pub(in crate::oauth) challenge: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::oauth) nonce: Option<String>,
    pub(in crate::oauth) scopes: Vec<String>,
    pub(in crate::oauth) expires_at: Micros,
}

impl AuthorizationCode {
    pub(in crate::oauth) fn write(
        &self,
        keys: &KeyRing,
        tenant: TenantId,
    ) -> Result<String, Error> {
        let sealed = envelope::seal(keys, PURPOSE, tenant, self)?;
        Ok(format!("{PREFIX}{sealed}"))
    }

    pub(super) fn read(keys: &KeyRing, text: &str) -> Option<(TenantId, Self)> {
        envelope::open(keys, PURPOSE, text.strip_prefix(PREFIX)?)
    }
}
