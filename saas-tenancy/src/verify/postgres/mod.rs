//! The catalogue of PostgreSQL: who we are, what there is, what guards it.
//!
//! Each question is one message without parameters, so that it gets its answer behind a pooler too.

mod keys;
mod objects;
mod policies;
mod role;
mod tables;

use sqlx::PgConnection;

use super::{Declared, Finding, FindingCode, Key};
use crate::Error;

pub(super) async fn read(
    connection: &mut PgConnection,
    declared: &Declared,
) -> Result<Vec<Finding>, Error> {
    let roles = role::roles(connection).await?;
    let mut findings = role::read(connection, &roles).await?;
    findings.extend(tables::read(connection, declared, &roles).await?);
    findings.extend(policies::read(connection, declared).await?);
    findings.extend(keys::read(connection, declared).await?);
    findings.extend(objects::read(connection, declared).await?);
    Ok(findings)
}
