//! Passkeys: enrolled, after a password, instead of one, and refused.

pub(crate) mod authenticator;
mod bounds;
mod doors;
mod enrolment;
mod programs;
mod replay;
mod whose;

use saas_auth::{
    AuthConfig, Authenticated, Device, Entry, Error,
    mfa::{Factor, PasskeyProof, Pending, RecoveryCodes},
};
use saas_core::{Granted, Id, Secret};
use saas_tenancy::{AuditRecord, Dialect, PageQuery, Scope, Tenant};
use serde_json::Value;

use crate::{
    second::{pending, scope},
    world::{CLIENT, World},
};
use authenticator::{Authenticator, answer};

pub(crate) const ANN: &str = "ann@acme.test";
pub(crate) const ORIGIN: &str = "https://app.example";
/// Who asks for a passkey where nobody is known.
const ASKER: &str = "browser";

fn here(config: &mut AuthConfig) {
    config.token.issuer = ORIGIN.to_owned();
}

/// Worlds whose pages have an address that browsers know passkeys for.
pub(crate) async fn worlds() -> [World; 2] {
    [
        World::with(Dialect::Sqlite, here).await,
        World::with(Dialect::Postgres, here).await,
    ]
}

pub(crate) async fn world() -> World {
    World::with(Dialect::Sqlite, here).await
}

/// Enrols a passkey of somebody who signs in with a password now.
pub(crate) async fn enrol(
    world: &World,
    device: &mut Authenticator,
    email: &str,
) -> Result<(Id<Factor>, Option<RecoveryCodes>), Error> {
    let factors = world.identity.second_factors();
    let scope = scope(world, &world.acme, email).await;
    let who = factors.stepped_up(&scope).await?;
    let begun = factors.enrol_passkey(&who, "phone").await?;
    let made = answer(&device.create(begun.options()));
    let codes = factors.confirm_passkey(&who, begun.factor(), &made).await?;
    Ok((begun.factor(), codes))
}

/// Makes a person with a passkey.
pub(crate) async fn person(world: &World, email: &str) -> Authenticator {
    world.person(&world.acme, email).await;
    let mut device = Authenticator::new(ORIGIN);
    enrol(world, &mut device, email).await.unwrap();
    device
}

/// Somebody whose password was right.
async fn waiting(world: &World, tenant: &Tenant, email: &str) -> (Secret<String>, Pending) {
    let token = Secret::new(pending(world, tenant, email).await);
    let doors = world.identity.sign_ins();
    let pending = doors.waiting(tenant, &token).await.unwrap();
    (token, pending)
}

/// Proves a passkey after a password.
async fn second(
    world: &World,
    tenant: &Tenant,
    email: &str,
    get: impl FnOnce(&str) -> Value,
) -> Result<Authenticated, Error> {
    let (token, pending) = waiting(world, tenant, email).await;
    let doors = world.identity.sign_ins();
    let asked = doors
        .second_passkey_challenge(&pending)
        .await
        .unwrap()
        .unwrap();
    let proof = PasskeyProof::new(asked.token().clone(), answer(&get(asked.options())));
    let device = Device::default();
    let entry = doors.by_second_passkey(tenant, &token, &proof, &device);
    entry.await?.authenticated()
}

/// Proves a passkey and nothing else.
pub(crate) async fn alone(
    world: &World,
    tenant: &Tenant,
    get: impl FnOnce(&str) -> Value,
) -> Result<Authenticated, Error> {
    let doors = world.identity.sign_ins();
    let asked = doors
        .passkey_challenge(tenant, ASKER)
        .await
        .unwrap()
        .unwrap();
    let proof = PasskeyProof::new(asked.token().clone(), answer(&get(asked.options())));
    let device = Device::default();
    let entry: Entry = doors.by_passkey(tenant, ASKER, &proof, &device).await?;
    entry.authenticated()
}

/// The scope of somebody who has just come in.
async fn scope_of(world: &World, who: &Authenticated) -> Scope {
    let tokens = world.identity.refresh_tokens();
    let issued = tokens.begin(who, CLIENT, &Granted::All).await.unwrap();
    let issuer = world.identity.issuer();
    let token = issuer.issue(issued.session(), ORIGIN).unwrap();
    let principal = world.identity.verifier().verify(token.expose()).unwrap();
    world.db.registry().admit(principal).await.unwrap()
}

/// What the audit log of a tenant has.
async fn actions(world: &World, tenant: &Tenant) -> Vec<String> {
    let mut tx = world.db.database().write(&world.db.scope(tenant));
    let mut records = tx.repo::<AuditRecord>();
    let page = records.list(PageQuery::new()).await.unwrap();
    page.items.into_iter().map(|record| record.action).collect()
}
