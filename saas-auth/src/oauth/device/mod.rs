//! Devices without a browser (RFC 8628).
//!
//! A device asks for two codes, shows one of them, and polls with the other. The person types the first on a page
//! of this service, in a browser in which they are signed in, sees which program asks for what, and lets it in or
//! not. What the device is given then is a session of its own, as whom and how the person signed in.
//!
//! Somebody who guesses what another person is shown would let a foreign device in as himself, or refuse it; so
//! wrong codes are counted for each person, and few are allowed.

mod code;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
#[cfg(feature = "axum")]
mod poll;
mod row;

use std::time::Duration;

use saas_core::{Granted, Secret};
use saas_tenancy::{AuditEvent, Database, Tenant, TenantTx};
use serde_json::json;

use code::{DeviceCode, UserCode};
#[cfg(feature = "axum")]
pub(super) use poll::Poll;
use row::{ASKED, Devices as _, NewDeviceRow, NewTryRow, Tries as _};
pub(crate) use row::{DeviceRow, TryRow};

use super::{
    client::{Client, Clients},
    consent,
};
use crate::{Error, Session, session};

/// How long a device may wait for the person.
pub(super) const LIFETIME: Duration = Duration::from_secs(600);
/// How many seconds it has to wait between two polls, at first.
pub(super) const PAUSE: i64 = 5;
/// How many wrong codes a person may type within [`LIFETIME`].
const MAX_TRIES: usize = 10;

/// Devices that ask to be let in; cheap to clone.
///
/// The page on which people type their code looks it up, shows what it finds, and answers:
///
/// ```
/// use saas_auth::{Error, Identity, Session};
/// use saas_tenancy::Tenant;
///
/// async fn answer(
///     identity: &Identity,
///     tenant: &Tenant,
///     session: &Session,
///     typed: &str,
/// ) -> Result<(), Error> {
///     let devices = identity.devices();
///     if let Some(asking) = devices.find(tenant, session, typed).await? {
///         println!("{} asks for {:?}", asking.client.name, asking.scopes);
///         devices.allow(tenant, session, typed).await?;
///     }
///     Ok(())
/// }
/// # let _ = answer;
/// ```
#[derive(Debug, Clone)]
pub struct Devices {
    clients: Clients,
}

/// A device that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceRequest {
    /// The program on it.
    pub client: Client,
    /// What it asks for.
    pub scopes: Vec<String>,
}

/// What a device is told when it has asked (RFC 8628, section 3.2).
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) device_code: Secret<String>,
    pub(super) user_code: String,
}

impl Devices {
    pub(crate) const fn new(clients: Clients) -> Self {
        Self { clients }
    }

    /// Finds the device that shows a code, for somebody who is signed in and has typed it; none when there is no
    /// such code, or it was answered or has run out.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyTries`] when the person has typed too many wrong ones, [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// A try may be counted or not.
    pub async fn find(
        &self,
        tenant: &Tenant,
        held: &Session,
        typed: &str,
    ) -> Result<Option<DeviceRequest>, Error> {
        let mut tx = self.database().write(&session::entering(tenant));
        let found = self.typed(&mut tx, held, typed).await?;
        // Also that a try was wrong is to be kept.
        tx.commit().await?;
        Ok(found.map(|(_, request)| request))
    }

    /// Lets the device in that shows a code, as the person of the session; tells whether there was one.
    ///
    /// # Errors
    ///
    /// As [`Devices::find`].
    ///
    /// # Cancel safety
    ///
    /// Either the device is let in or it is not.
    pub async fn allow(&self, tenant: &Tenant, held: &Session, typed: &str) -> Result<bool, Error> {
        let mut tx = self.database().write(&session::entering(tenant));
        let found = self.typed(&mut tx, held, typed).await?;
        let mut allowed = false;
        if let Some((row, request)) = found {
            let answered = tx.allow_device(held.user, held.id, row.id).await?;
            allowed = answered == 1;
            if allowed {
                let client = &request.client;
                if !client.first_party {
                    consent::add(&mut tx, held.user, &client.id, &request.scopes).await?;
                }
                let event = AuditEvent::new("device.allowed", format!("user:{}", held.user));
                let event =
                    event.after(&json!({ "client": client.id, "scopes": request.scopes }))?;
                tx.record(event).await?;
            }
        }
        tx.commit().await?;
        Ok(allowed)
    }

    /// Refuses the device that shows a code; tells whether there was one.
    ///
    /// # Errors
    ///
    /// As [`Devices::find`].
    ///
    /// # Cancel safety
    ///
    /// Either the device is refused or it is not.
    pub async fn deny(&self, tenant: &Tenant, held: &Session, typed: &str) -> Result<bool, Error> {
        let mut tx = self.database().write(&session::entering(tenant));
        let found = self.typed(&mut tx, held, typed).await?;
        let mut denied = false;
        if let Some((row, request)) = found {
            denied = tx.deny_device(held.user, row.id).await? == 1;
            if denied {
                let event = AuditEvent::new("device.denied", format!("user:{}", held.user));
                let event = event.after(&json!({ "client": request.client.id }))?;
                tx.record(event).await?;
            }
        }
        tx.commit().await?;
        Ok(denied)
    }

    /// Takes in a device that asks.
    pub(super) async fn ask(
        &self,
        tenant: &Tenant,
        client: &Client,
        scopes: &[String],
    ) -> Result<Asked, Error> {
        let database = self.database();
        let now = database.clock().now();
        let (device, user) = (DeviceCode::generate()?, UserCode::generate()?);
        let row = NewDeviceRow {
            secret_hash: device.hash(),
            user_code_hash: user.hash(database.keys(), tenant.id())?,
            client: client.id.clone(),
            scopes: scopes.join(" "),
            state: ASKED.to_owned(),
            account_id: None,
            session_id: None,
            pause: PAUSE,
            polled_at: None,
            expires_at: now.saturating_add(LIFETIME),
        };
        let mut tx = database.write(&session::entering(tenant));
        tx.forget_devices(now).await?;
        tx.repo::<DeviceRow>().insert_as(device.row, row).await?;
        tx.commit().await?;
        Ok(Asked {
            device_code: device.write(),
            user_code: user.write(),
        })
    }

    /// Finds a device by what was typed, or counts a wrong try.
    async fn typed(
        &self,
        tx: &mut TenantTx,
        held: &Session,
        typed: &str,
    ) -> Result<Option<(DeviceRow, DeviceRequest)>, Error> {
        let database = self.database();
        let (tenant, now) = (tx.scope().tenant().clone(), database.clock().now());
        if held.tenant != tenant.id() {
            return Ok(None);
        }
        // Many tries at once count like one after the other.
        tx.lock("saas_device_tries").await?;
        tx.forget_tries(now.saturating_sub(LIFETIME)).await?;
        if tx.tries_of(held.user).await?.len() >= MAX_TRIES {
            return Err(Error::TooManyTries);
        }
        let row = match UserCode::parse(typed) {
            Some(code) => {
                let hash = code.hash(database.keys(), tenant.id())?;
                tx.typed(hash).await?
            }
            None => None,
        };
        let row = row.filter(|row| row.state == ASKED && now < row.expires_at);
        let client = match &row {
            Some(row) => self.clients.find(Some(&tenant), &row.client).await?,
            None => None,
        };
        let (Some(row), Some(client)) = (row, client) else {
            let new = NewTryRow {
                account_id: held.user,
            };
            tx.repo::<TryRow>().insert(new).await?;
            return Ok(None);
        };
        let scopes = row.scopes.split_whitespace().map(str::to_owned).collect();
        let request = DeviceRequest { client, scopes };
        Ok(Some((row, request)))
    }

    pub(super) fn database(&self) -> &Database {
        self.clients.database()
    }
}

impl DeviceRequest {
    /// Gives what the device would be good for.
    #[must_use]
    pub fn granted(&self) -> Granted {
        self.client.grant(&self.scopes)
    }
}
