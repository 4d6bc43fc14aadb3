//! What a link in a mail proves: that somebody reads mail to an address.
//!
//! A row says that there is such a proof. The token in the link is kept nowhere: it is the id of the row, sealed
//! with the keys of the service for the kind, the tenant and the address, so a dump of the database gives nobody
//! a token, and whoever sends the letter later can still write it.
//!
//! A proof counts once, until it expires, and as long as it is the last of its kind that its account was given
//! and neither password, address nor status of the account have changed since. All but the first of these are
//! seen in what is there anyway, so nothing has to be voided in the other tenants of a person.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod row;
mod token;

use std::time::Duration;

use saas_core::{Id, Secret, Timestamp, UserId};
use saas_tenancy::{Column as _, Database, Scope, SystemScope, SystemTx, Tenant, TenantTx, Value};

pub(crate) use row::{Kind, NewProofRow, ProofRow, Proofs as Statements};
use token::Token;

use crate::{Account, AccountLife, Email, Error, account::store};

const NEWER: &str =
    "SELECT id FROM saas_proofs WHERE account_id = $1 AND kind = $2 AND id > $3 LIMIT 1";
const SINCE: &str =
    "SELECT count(*) FROM saas_proofs WHERE account_id = $1 AND kind = $2 AND created_at > $3";

/// How long a row is kept after it has expired: longer than an event is delivered again.
const KEPT: Duration = Duration::from_secs(3 * 86_400);

/// Makes proofs and finds them by their tokens; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Proofs {
    database: Database,
}

/// A proof of an account, with the account as it was read.
#[derive(Debug)]
pub(crate) struct OfAccount {
    pub(crate) row: ProofRow,
    pub(crate) account: Account,
}

/// What became of the wish to give an account a proof.
#[derive(Debug)]
pub(crate) enum Given {
    /// It is there, for the first time or again.
    Proof(ProofRow),
    /// It has been used, has expired, or the account was given as many as it may.
    Nothing,
}

impl Proofs {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.database.clock().now()
    }

    /// Writes the token of a row.
    pub(crate) fn token(&self, row: &ProofRow) -> Secret<String> {
        Token::write(self.database.keys(), row)
    }

    /// Finds an unused proof by its token.
    ///
    /// # Errors
    ///
    /// [`Error::Link`].
    pub(crate) async fn open(
        &self,
        tenant: &Tenant,
        kinds: &[Kind],
        token: &Secret<String>,
    ) -> Result<ProofRow, Error> {
        let id = Token::row(token).ok_or(Error::Link)?;
        // Of the primary: what was just used must not be seen as unused.
        let mut tx = self.database.read_snapshot(&scope(tenant));
        let row = tx.repo::<ProofRow>().find(id).await?;
        let now = self.now();
        row.filter(|row| {
            Token::matches(self.database.keys(), row, token)
                && kinds.contains(&row.kind)
                && row.used_at.is_none()
                && now < row.expires_at
        })
        .ok_or(Error::Link)
    }

    /// Finds the proof of an account by its token, while it counts.
    ///
    /// # Errors
    ///
    /// [`Error::Link`].
    pub(crate) async fn open_of_account(
        &self,
        tenant: &Tenant,
        kinds: &[Kind],
        token: &Secret<String>,
    ) -> Result<OfAccount, Error> {
        let row = self.open(tenant, kinds, token).await?;
        let user = row.account_id.ok_or(Error::Link)?;
        let mut tx = self.system_read().for_user(user);
        let account = store::by_id(&mut tx, user).await?;
        let account = account
            .filter(|account| account.generation() == row.generation)
            .ok_or(Error::Link)?;
        let values = [user.to_value(), row.kind.to_value(), row.id.to_value()];
        if tx.fetch_optional(NEWER, &values).await?.is_some() {
            return Err(Error::Link);
        }
        Ok(OfAccount { row, account })
    }

    /// Gives an account a proof, whose id is that of the event that asks for it: so an event that is delivered
    /// twice makes one. `most` is how many the account is given in an hour.
    pub(crate) async fn give(
        &self,
        scope: &Scope,
        id: Id<ProofRow>,
        new: NewProofRow,
        most: u32,
    ) -> Result<Given, Error> {
        let Some(user) = new.account_id else {
            return Ok(Given::Nothing);
        };
        let now = self.now();
        let open = |row: ProofRow| match row.used_at.is_none() && now < row.expires_at {
            true => Given::Proof(row),
            false => Given::Nothing,
        };
        let mut tx = self.database.write(scope);
        if let Some(row) = tx.repo::<ProofRow>().find(id).await? {
            return Ok(open(row));
        }
        drop(tx);
        if now >= new.expires_at
            || self.given_lately(user, new.kind, now).await? >= i64::from(most.max(1))
        {
            return Ok(Given::Nothing);
        }
        let mut tx = self.database.write(scope);
        let event = saas_tenancy::AuditEvent::new(new.kind.asked(), format!("user:{user}"));
        self.forget_old(&mut tx).await?;
        let row = match tx.repo::<ProofRow>().insert_as(id, new).await {
            Ok(row) => row,
            // Another instance delivers the same event, and sends its letter.
            Err(saas_tenancy::Error::Unique(_)) => return Ok(Given::Nothing),
            Err(error) => return Err(error.into()),
        };
        tx.record(event).await?;
        tx.commit().await?;
        Ok(open(row))
    }

    async fn given_lately(&self, user: UserId, kind: Kind, now: Timestamp) -> Result<i64, Error> {
        let since = now.saturating_sub(Duration::from_secs(3600));
        let mut tx = self.system_read().for_user(user);
        let values = [user.to_value(), kind.to_value(), Value::Timestamp(since)];
        let row = tx.fetch_optional(SINCE, &values).await?;
        Ok(row.map_or(Ok(0), |row| row.get(0))?)
    }

    /// Removes rows that have expired long ago.
    pub(crate) async fn forget_old(&self, tx: &mut TenantTx) -> Result<(), Error> {
        tx.forget_proofs(self.now().saturating_sub(KEPT)).await?;
        Ok(())
    }

    fn system_read(&self) -> SystemTx {
        self.database
            .system_read(&SystemScope::<AccountLife>::enter())
    }

    /// Opens a transaction of the service for what a letter proves.
    pub(crate) fn system_write(&self) -> SystemTx {
        self.database
            .system_write(&SystemScope::<AccountLife>::enter())
    }
}

/// Uses a proof up, inside the caller's transaction. Of many at once it lets one pass.
///
/// # Errors
///
/// [`Error::Link`] when it was used, revoked or has expired meanwhile. The transaction is to be given up then.
pub(crate) async fn use_up(tx: &mut TenantTx, row: &ProofRow) -> Result<(), Error> {
    let now = tx.database().clock().now();
    match tx.use_proof(now, row.id).await? {
        1 => Ok(()),
        _ => Err(Error::Link),
    }
}

/// Gives the scope of somebody who has received a letter of a tenant.
pub(crate) fn scope(tenant: &Tenant) -> Scope {
    SystemScope::<AccountLife>::enter().within(tenant)
}

/// Writes the row of a proof that is to be given to an account.
pub(crate) fn of_account(
    account: &Account,
    kind: Kind,
    email: &Email,
    made_by: &str,
    expires_at: Timestamp,
) -> NewProofRow {
    NewProofRow {
        kind,
        account_id: Some(account.id()),
        generation: account.generation(),
        email: email.as_str().to_owned(),
        email_key: email.key().to_owned(),
        roles: None,
        made_by: made_by.to_owned(),
        expires_at,
        used_at: None,
    }
}
