//! The polls of a device (RFC 8628, sections 3.4 and 3.5).

use saas_tenancy::{SystemScope, Tenant};

use super::{
    DeviceRow, Devices,
    code::DeviceCode,
    row::{ALLOWED, DENIED, Devices as _},
};
use crate::{
    Device, Error, Identity, SignIn,
    oauth::{
        client::{Client, GrantType},
        consent,
        grant::{Given, Introduced},
    },
    session,
};

/// By how many seconds a device that polls too often has to wait longer.
const SLOWER: i64 = 5;

/// What a poll comes to.
pub(in crate::oauth) enum Poll {
    /// The person has let it in; the answer is given once.
    Allowed(Box<Given>),
    /// Nobody has answered yet.
    Pending,
    /// It asks too often.
    TooSoon,
    /// The person has refused.
    Denied,
    /// Nobody has answered in time.
    Expired,
    /// There is no such code, or it belongs to another client, or was used.
    Unknown,
}

impl Devices {
    /// Tells a device what has become of its question.
    ///
    /// # Cancel safety
    ///
    /// Either the code is used up and the session exists, or neither.
    pub(in crate::oauth) async fn poll(
        &self,
        identity: &Identity,
        tenant: &Tenant,
        client: &Client,
        text: &str,
        device: &Device,
    ) -> Result<Poll, Error> {
        let Some(code) = DeviceCode::parse(text) else {
            return Ok(Poll::Unknown);
        };
        let scope = session::entering(tenant);
        let mut tx = self.database().read_primary(&scope);
        let row = tx.repo::<DeviceRow>().find(code.row).await?;
        drop(tx);
        let row = row.filter(|row| code.matches(&row.secret_hash) && row.client == client.id);
        let Some(row) = row else {
            return Ok(Poll::Unknown);
        };
        let now = self.database().clock().now();
        if now >= row.expires_at {
            return Ok(Poll::Expired);
        }
        match row.state.as_str() {
            ALLOWED => self.let_in(identity, tenant, client, row, device).await,
            DENIED => Ok(Poll::Denied),
            _ => {
                // RFC 8628, section 3.5: whoever asks too often waits longer from then on.
                let pause = std::time::Duration::from_secs(row.pause.unsigned_abs());
                let hurried = row
                    .polled_at
                    .is_some_and(|polled| now < polled.saturating_add(pause));
                let pause = row.pause + if hurried { SLOWER } else { 0 };
                let mut tx = self.database().write(&scope);
                tx.polled(now, pause, row.id).await?;
                tx.commit().await?;
                Ok(if hurried {
                    Poll::TooSoon
                } else {
                    Poll::Pending
                })
            }
        }
    }

    async fn let_in(
        &self,
        identity: &Identity,
        tenant: &Tenant,
        client: &Client,
        row: DeviceRow,
        device: &Device,
    ) -> Result<Poll, Error> {
        let (Some(user), Some(session)) = (row.account_id, row.session_id) else {
            return Ok(Poll::Unknown);
        };
        let mut tx = self
            .database()
            .system_write(&SystemScope::<SignIn>::enter());
        if !identity.accounts().is_active(&mut tx, user).await? {
            return Err(Error::Credentials);
        }
        let mut tx = tx.into_scope(&session::entering(tenant)).await?;
        // What the person has signed out of lets no device in.
        let held = identity.sessions().held(&mut tx, session, user).await?;
        let doors = identity.sign_ins();
        let who = held.and_then(|held| doors.by_session(tenant, &held, device));
        let who = who.ok_or(Error::Credentials)?;
        let scopes: Vec<_> = row.scopes.split_whitespace().map(str::to_owned).collect();
        // Of many polls at once one removes the row.
        if tx.let_in_once(row.id).await? == 0 {
            return Ok(Poll::Unknown);
        }
        let granted = client.grant(&scopes);
        // What the person has taken back meanwhile.
        let allowed = consent::find(&mut tx, user, &client.id).await?;
        if !client.first_party && !consent::covers(allowed.as_deref(), &granted) {
            return Err(Error::Credentials);
        }
        // A client that may not go on without the person has a session that ends with its access token.
        let (session, refresh_token) = if client.may_use(GrantType::RefreshToken) {
            let tokens = identity.refresh_tokens();
            let issued = tokens.begin_in(&mut tx, &who, &client.id, &granted).await?;
            (issued.session().clone(), Some(issued.expose().to_owned()))
        } else {
            let lifetime = identity.config().token.access_lifetime.into();
            let sessions = identity.sessions();
            let session = sessions.insert_for_client(&mut tx, &who, &client.id, &granted, lifetime);
            (session.await?, None)
        };
        tx.commit().await?;
        Ok(Poll::Allowed(Box::new(Given {
            session,
            refresh_token,
            introduced: Introduced::of(&scopes),
        })))
    }
}
