//! Who may read one file, beside those who may read all: persons, roles, and whoever has a link.
//!
//! A grant is a row. It follows its file through versions and new names, and ends with it: a file that gets the
//! name later is another one. The address of a link is signed, so nobody finds one by trying, and its row decides
//! whether it is still good: links are taken back one by one by removing their rows, and all at once with the key
//! that signed them. Each use of a grant is counted and recorded, in one transaction, before the first byte goes.
//!
//! What roles somebody has is for the caller to say, who asks whatever decides about permissions.

mod link;
mod pass;
mod row;

use std::time::Duration;

use saas_core::{Id, KeyRing, Timestamp, UserId, config::Period};
use saas_tenancy::{AuditEvent, Scope, TenantTx};
use serde::{Deserialize, Serialize};

use self::row::{LINK, NewGrantRow, ROLE, USER};
pub use self::{
    link::{LinkAccess, ShareLink},
    pass::Pass,
};
use crate::{Error, File, Files, Key, object::LOCK};
pub(crate) use row::{GrantRow, GrantRows};

/// A file has at most so many grants.
const MOST: usize = 500;

/// Configures grants.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct GrantsConfig {
    /// Where the service answers for links, such as `https://app.example.com/shared`.
    pub base: String,
    /// How long a link may be good at most; longer ones are cut.
    pub longest_link: Period,
}

impl Default for GrantsConfig {
    fn default() -> Self {
        Self {
            base: "/shared".to_owned(),
            longest_link: Duration::from_secs(30 * 24 * 3600).into(),
        }
    }
}

/// To whom a grant is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "subject", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GrantTo {
    /// A person, or a program with an id.
    User(UserId),
    /// Everybody in the tenant who holds a role.
    Role(String),
    /// Whoever has the address.
    Link,
}

impl GrantTo {
    fn columns(&self) -> (&'static str, String) {
        match self {
            Self::User(id) => (USER, id.to_string()),
            Self::Role(name) => (ROLE, name.clone()),
            Self::Link => (LINK, String::new()),
        }
    }
}

/// A grant to read one file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Grant {
    /// Its id.
    pub id: Id<Grant>,
    /// The file.
    pub path: Key,
    /// To whom.
    pub to: GrantTo,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// How often it was used.
    pub uses: u64,
    /// How often it may be used.
    pub max_uses: Option<u64>,
    /// Who gave it: `user:` and an id.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// Says which grant to give.
///
/// ```
/// use std::time::Duration;
/// use saas_storage::{GrantTo, NewGrant};
///
/// let week = NewGrant::to(GrantTo::Link).expires_in(Duration::from_secs(7 * 86_400)).max_uses(10);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGrant {
    to: GrantTo,
    expires_in: Option<Duration>,
    max_uses: Option<u64>,
}

impl NewGrant {
    /// Gives a grant without an end; that of a link is as far away as the configuration allows.
    #[must_use]
    pub const fn to(to: GrantTo) -> Self {
        Self {
            to,
            expires_in: None,
            max_uses: None,
        }
    }

    /// Lets it end after a while.
    #[must_use]
    pub const fn expires_in(mut self, after: Duration) -> Self {
        self.expires_in = Some(after);
        self
    }

    /// Lets it be used so often.
    #[must_use]
    pub const fn max_uses(mut self, uses: u64) -> Self {
        self.max_uses = Some(uses);
        self
    }
}

/// Gives grants for single files, and judges those who come with one; cheap to clone.
///
/// Who may give and take grants is for the caller to decide.
///
/// ```
/// use saas_storage::{Error, GrantTo, Grants, Key, NewGrant, Pass};
/// use saas_tenancy::Scope;
///
/// async fn share(grants: &Grants, scope: &Scope, key: &Key) -> Result<String, Error> {
///     let grant = grants.give(scope, key, NewGrant::to(GrantTo::Link)).await?;
///     Ok(grants.address(scope, &grant).unwrap_or_default())
/// }
///
/// async fn open(grants: &Grants, scope: &Scope, key: &Key, roles: &[String]) -> Result<Pass, Error> {
///     grants.enter(scope, key, roles).await
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Grants {
    files: Files,
    keys: KeyRing,
    base: std::sync::Arc<str>,
    longest_link: Duration,
}

impl Grants {
    /// Gives grants for the files with rows, and signs links with a key ring.
    #[must_use]
    pub fn new(files: Files, keys: KeyRing, config: &GrantsConfig) -> Self {
        Self {
            files,
            keys,
            base: config.base.trim_end_matches('/').into(),
            longest_link: config.longest_link.into(),
        }
    }

    /// Lets somebody read a file. It is recorded.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such file; [`Error::TooLarge`] when it has 500 grants.
    pub async fn give(&self, scope: &Scope, key: &Key, new: NewGrant) -> Result<Grant, Error> {
        let NewGrant {
            to,
            expires_in,
            max_uses,
        } = new;
        let database = self.files.database();
        let now = database.clock().now();
        let (kind, subject) = to.columns();
        let expires_in = match to {
            GrantTo::Link => {
                Some(expires_in.map_or(self.longest_link, |after| after.min(self.longest_link)))
            }
            _ => expires_in,
        };
        let new = NewGrantRow {
            path: key.to_string(),
            kind: kind.to_owned(),
            subject,
            expires_at: expires_in.map(|after| now.saturating_add(after)),
            uses: 0,
            max_uses: max_uses.map(|uses| i64::try_from(uses).unwrap_or(i64::MAX)),
            created_by: scope.actor().to_string(),
        };
        let mut tx = database.write(scope);
        // So that the file is there still when the grant is.
        tx.lock(LOCK).await?;
        self.files.named_in(&mut tx, key).await?;
        if tx.grants_of(key.as_str()).await?.len() >= MOST {
            return Err(Error::TooLarge { limit: MOST as u64 });
        }
        let grant = tx.repo::<GrantRow>().insert(new).await?.grant()?;
        let event = AuditEvent::new("file.shared", format!("file:{key}")).after(&grant)?;
        tx.record(event).await?;
        tx.commit().await?;
        Ok(grant)
    }

    /// Lists the grants of a file, those included that have ended and were not removed.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn list(&self, scope: &Scope, key: &Key) -> Result<Vec<Grant>, Error> {
        let mut tx = self.files.database().read(scope);
        let rows = tx.grants_of(key.as_str()).await?;
        rows.into_iter().map(GrantRow::grant).collect()
    }

    /// Takes a grant back. Gives whether there was one. It is recorded.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn take_back(&self, scope: &Scope, id: Id<Grant>) -> Result<bool, Error> {
        let id: Id<GrantRow> = Id::from_uuid(id.as_uuid());
        let mut tx = self.files.database().write(scope);
        let Some(row) = tx.repo::<GrantRow>().find(id).await? else {
            return Ok(false);
        };
        match tx.repo::<GrantRow>().purge(id, None).await {
            Ok(()) => {}
            // Somebody else was faster, and has recorded it.
            Err(saas_tenancy::Error::NotFound) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let grant = row.grant()?;
        let event = AuditEvent::new("file.unshared", format!("file:{}", grant.path));
        tx.record(event.before(&grant)?).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes back every grant to somebody, in the transaction in which a person leaves or a role ends: whoever comes
    /// back, or a role that gets the name, is let in to nothing. Gives how many there were; that there were any is
    /// recorded.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn take_back_from(&self, tx: &mut TenantTx, to: &GrantTo) -> Result<u64, Error> {
        let (kind, subject) = to.columns();
        let ended = tx.end_grants_to(kind, &subject).await?;
        if ended > 0 {
            let event = AuditEvent::new("file.unshared", format!("{kind}:{subject}"));
            tx.record(event.after(&serde_json::json!({ "ended": ended }))?)
                .await?;
        }
        Ok(ended)
    }

    /// Lists the files that the caller may read by a grant, to the person or to one of these roles, by name:
    /// 1000 at most, behind a name.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn shared_with(
        &self,
        scope: &Scope,
        roles: &[String],
        after: Option<&str>,
    ) -> Result<Vec<File>, Error> {
        let mut tx = self.files.database().read(scope);
        let now = tx.database().clock().now();
        let mut paths = std::collections::BTreeSet::new();
        let after = after.unwrap_or_default();
        for (kind, subject) in subjects(scope, roles) {
            let grants = tx.grants_to(kind, &subject, now, after).await?;
            paths.extend(grants.into_iter().map(|grant| grant.path));
        }
        let mut files = Vec::new();
        for path in paths.into_iter().take(crate::MAX_PAGE) {
            let Ok(key) = path.parse::<Key>() else {
                continue;
            };
            match self.files.named_in(&mut tx, &key).await {
                Ok(file) => files.push(file),
                Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(files)
    }
}

/// Gives what a grant to the caller can be to.
fn subjects(scope: &Scope, roles: &[String]) -> Vec<(&'static str, String)> {
    let person = scope
        .principal()
        .map(|caller| (USER, caller.subject().to_string()));
    let roles = roles.iter().map(|role| (ROLE, role.clone()));
    person.into_iter().chain(roles).collect()
}
