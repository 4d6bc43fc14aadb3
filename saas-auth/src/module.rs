//! What this crate brings to the database.

use saas_tenancy::{EntityTable, Migration, Module, Reason, SharedTable};

use crate::{
    Membership,
    api_key::ApiKeyRow,
    mfa::RuleRow,
    oauth::{ClientRow, ConsentRow, DeviceRow, TryRow, UsedCodeRow},
    proof::ProofRow,
    refresh::RefreshRow,
    revocation::Revocation,
    session::SessionRow,
    theme::ThemeRow,
};

/// The tables of this crate.
pub const MODULE: Module = Module::new("saas_auth")
    .migrations(&[
        Migration::new(
            1,
            "identity",
            include_str!("../migrations/sqlite/0001_identity.sql"),
            include_str!("../migrations/postgres/0001_identity.sql"),
        ),
        Migration::postgres(
            2,
            "guards",
            include_str!("../migrations/postgres/0002_guards.sql"),
        ),
    ])
    .entities(&[
        EntityTable::new::<Membership>().own_rows("id"),
        EntityTable::new::<SessionRow>(),
        EntityTable::new::<RefreshRow>(),
        EntityTable::new::<ApiKeyRow>(),
        EntityTable::new::<Revocation>().system_reads(),
        EntityTable::new::<ClientRow>(),
        EntityTable::new::<ConsentRow>(),
        EntityTable::new::<UsedCodeRow>(),
        EntityTable::new::<DeviceRow>(),
        EntityTable::new::<TryRow>(),
        EntityTable::new::<ProofRow>().own_rows("account_id"),
        EntityTable::new::<ThemeRow>(),
        EntityTable::new::<RuleRow>(),
    ])
    .shared(&[
        SharedTable::new("saas_accounts"),
        SharedTable::new("saas_signing_keys"),
        SharedTable::new("saas_client_assertions"),
        SharedTable::new("saas_factors"),
        SharedTable::new("saas_recovery_codes"),
        SharedTable::new("saas_factor_tries"),
        SharedTable::new("saas_mailed_codes"),
        SharedTable::new("saas_used_challenges"),
        SharedTable::new("saas_remembered_devices"),
    ]);

/// Finds the account of somebody who signs in.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignIn;

impl Reason for SignIn {
    const NAME: &'static str = "sign-in";
    const WHY: &'static str =
        "before sign-in there is no caller, and an account belongs to no tenant";
    const ROUTINE: bool = true;
}

/// Loads and rotates the keys that sign tokens.
#[derive(Debug)]
#[non_exhaustive]
pub struct SigningKeys;

impl Reason for SigningKeys {
    const NAME: &'static str = "signing-keys";
    const WHY: &'static str = "the keys that sign tokens belong to the service and to no tenant";
}

/// Changes and ends accounts for whoever proves to hold them.
#[derive(Debug)]
#[non_exhaustive]
pub struct AccountLife;

impl Reason for AccountLife {
    const NAME: &'static str = "account-life";
    const WHY: &'static str = "who holds an account, by password or by a letter, changes or ends it, and it belongs to no tenant";
    const ROUTINE: bool = true;
}

/// Learns which tokens have ended before their time.
#[derive(Debug)]
#[non_exhaustive]
pub struct EndTokens;

impl Reason for EndTokens {
    const NAME: &'static str = "end-tokens";
    const WHY: &'static str = "every instance refuses tokens of every tenant that have ended, without asking at each request";
    const ROUTINE: bool = true;
}
