//! People, and the tenants they belong to.

mod address;
mod closure;
mod email;
mod holder;
mod member;
mod password;
pub(crate) mod store;

use saas_core::{TenantId, UserId};
use saas_tenancy::{Database, SystemScope, SystemTx};

pub use address::{Addresses, Confirmed};
pub use closure::{Closures, Leave};
pub use email::{Email, InvalidEmail};
use holder::Holders;
pub use member::{Members, Membership, MembershipPatch, NewMembership};
pub use password::PasswordChanges;
use store::NewAccount;

use crate::{Error, PasswordHash, SignIn};

/// A person who can sign in.
#[derive(Debug, Clone)]
pub struct Account {
    id: UserId,
    email: String,
    hash: PasswordHash,
    status: Status,
    provisional: bool,
    verified: bool,
    generation: i64,
}

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Active,
    /// Its holder wants no sign-in until they have proven themselves by mail.
    Deactivated,
    /// The service wants none.
    Disabled,
}

impl Account {
    /// Gives the id.
    #[must_use]
    pub const fn id(&self) -> UserId {
        self.id
    }

    /// Gives the address as the person wrote it.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.email
    }

    /// Gives the hash of the password.
    #[must_use]
    pub const fn password(&self) -> &PasswordHash {
        &self.hash
    }

    /// Tells whether somebody else chose the password, who therefore knows it. Such a password opens the
    /// tenant in which it was given, and must not open another.
    #[must_use]
    pub const fn is_provisional(&self) -> bool {
        self.provisional
    }

    /// Tells whether the holder has proven to read the mail of the address.
    #[must_use]
    pub const fn is_verified(&self) -> bool {
        self.verified
    }

    /// Tells whether the account may be used.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.status, Status::Active)
    }

    pub(crate) const fn status(&self) -> Status {
        self.status
    }

    /// Gives how often password, address or status were changed. A link that was made for one generation is
    /// worth nothing in the next.
    pub(crate) const fn generation(&self) -> i64 {
        self.generation
    }
}

/// How an account comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// Its holder says which address is theirs.
    Holder,
    /// Somebody else says so, and knows the password.
    SomebodyElse,
    /// Its holder has received a letter at the address.
    Letter,
}

/// The accounts, over all tenants.
#[derive(Debug, Clone)]
pub struct Accounts {
    database: Database,
}

impl Accounts {
    /// Opens the accounts of a database.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }

    /// Finds the account with an address, on behalf of somebody who signs in or up.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn by_email(&self, email: &Email) -> Result<Option<Account>, Error> {
        let mut tx = self.database.system_read(&SystemScope::<SignIn>::enter());
        Ok(store::by_email(&mut tx, email).await?)
    }

    /// Finds an account by its id, on behalf of its holder.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn by_id(&self, user: UserId) -> Result<Option<Account>, Error> {
        let mut tx = self.database.system_read(&SystemScope::<SignIn>::enter());
        Ok(store::by_id(&mut tx, user).await?)
    }

    /// Makes sure that an account may be used and has not changed since it was read, and that it does not until the
    /// transaction ends: a password that was looked at a moment ago may be the old one by now.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when it has changed; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn unchanged(&self, tx: &mut SystemTx, account: &Account) -> Result<(), Error> {
        match store::stands(tx, account.id, account.generation).await? {
            true => Ok(()),
            false => Err(Error::Credentials),
        }
    }

    /// Creates an account inside the caller's transaction, with a password that its holder chose.
    ///
    /// # Errors
    ///
    /// [`Error::EmailTaken`] when an account has the address. The transaction can go on.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn create(
        &self,
        tx: &mut SystemTx,
        email: &Email,
        hash: &PasswordHash,
    ) -> Result<UserId, Error> {
        self.insert(tx, email, hash, Origin::Holder).await
    }

    /// Creates an account inside the caller's transaction, with a password that somebody else chose; see
    /// [`Account::is_provisional`].
    ///
    /// # Errors
    ///
    /// As [`Accounts::create`].
    ///
    /// # Cancel safety
    ///
    /// As [`Accounts::create`].
    pub async fn create_provisional(
        &self,
        tx: &mut SystemTx,
        email: &Email,
        hash: &PasswordHash,
    ) -> Result<UserId, Error> {
        self.insert(tx, email, hash, Origin::SomebodyElse).await
    }

    /// Creates the account of somebody who has proven to read mail to the address.
    pub(crate) async fn create_verified(
        &self,
        tx: &mut SystemTx,
        email: &Email,
        hash: &PasswordHash,
    ) -> Result<UserId, Error> {
        self.insert(tx, email, hash, Origin::Letter).await
    }

    async fn insert(
        &self,
        tx: &mut SystemTx,
        email: &Email,
        hash: &PasswordHash,
        origin: Origin,
    ) -> Result<UserId, Error> {
        let new = NewAccount {
            id: UserId::generate(),
            email,
            hash,
            provisional: origin == Origin::SomebodyElse,
            verified: origin == Origin::Letter,
        };
        if store::insert(tx, &new).await? {
            Ok(new.id)
        } else {
            Err(Error::EmailTaken)
        }
    }

    /// Keeps a stronger hash of the same password, unless the password was changed meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn rehash(&self, account: &Account, hash: &PasswordHash) -> Result<(), Error> {
        let mut tx = self.database.system_write(&SystemScope::<SignIn>::enter());
        store::replace_hash(&mut tx, account, hash).await?;
        Ok(tx.commit().await?)
    }

    /// Tells whether an account exists and may be used, inside the caller's transaction.
    pub(crate) async fn is_active(&self, tx: &mut SystemTx, user: UserId) -> Result<bool, Error> {
        Ok(store::is_active(tx, user).await?)
    }

    /// Gives the tenants that a person belongs to.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn tenants_of(&self, user: UserId) -> Result<Vec<TenantId>, Error> {
        let mut tx = self
            .database
            .system_read(&SystemScope::<SignIn>::enter())
            .for_user(user);
        Ok(store::tenants_of(&mut tx, user).await?)
    }
}
