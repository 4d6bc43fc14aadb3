//! Links: grants to whoever has the address.
//!
//! ```text
//! {base}/{tenant}/{grant}?signature={name of the key, form, tag}
//! ```
//!
//! The signature stands in the query, which the log does not have.

use saas_core::{Id, Purpose, TenantId};
use saas_tenancy::{Reason, Scope, Status, SystemScope, Tenant};

use super::{
    Grant, GrantTo, Grants, Pass,
    row::{GrantRow, LINK},
};
use crate::{Error, Key};

const PURPOSE: Purpose = Purpose::new("saas-storage/link/1");
const PARAMETER: &str = "signature=";

/// What a link says beside tenant and grant. Everything else stands in the row.
const FORM: &[u8] = &[1];

/// Reads a file for whoever has a link to it.
#[derive(Debug)]
#[non_exhaustive]
pub struct LinkAccess;

impl Reason for LinkAccess {
    const NAME: &'static str = "link-access";
    const WHY: &'static str = "who has a link to a file need not be signed in; its signature names tenant and grant, and the row of the grant the file";
    const ROUTINE: bool = true;
}

/// A link whose signature is right. Whether it is still good [`Grants::open_link`] says. Only
/// [`Grants::verify_link`] makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShareLink {
    tenant: TenantId,
    grant: Id<Grant>,
}

impl ShareLink {
    /// Gives the tenant whose file it is.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
}

impl Grants {
    /// Gives the address of a grant that is a link. Whoever has it has the file.
    #[must_use]
    pub fn address(&self, scope: &Scope, grant: &Grant) -> Option<String> {
        let tenant = scope.tenant().id();
        let (base, id) = (&self.base, grant.id);
        let sealed = self.keys.seal(PURPOSE, &[&context(tenant, id)], FORM);
        (grant.to == GrantTo::Link).then(|| format!("{base}/{tenant}/{id}?{PARAMETER}{sealed}"))
    }

    /// Judges the address of a link: the end of its path behind the base, and its query as they were sent.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] for everything that was not signed here.
    pub fn verify_link(&self, path: &str, query: Option<&str>) -> Result<ShareLink, Error> {
        let (tenant, grant) = path.split_once('/').ok_or(Error::Refused)?;
        let tenant: TenantId = tenant.parse().map_err(|_| Error::Refused)?;
        let grant: Id<Grant> = grant.parse().map_err(|_| Error::Refused)?;
        let sealed = query.and_then(|query| query.strip_prefix(PARAMETER));
        let sealed = sealed.ok_or(Error::Refused)?;
        let opened = self.keys.open(PURPOSE, &[&context(tenant, grant)], sealed);
        match opened {
            Ok(form) if form == FORM => Ok(ShareLink { tenant, grant }),
            _ => Err(Error::Refused),
        }
    }

    /// Lets whoever has a link in to its file, in the tenant that the registry knows by
    /// [`ShareLink::tenant`].
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when the link was taken back, has ended, or was used as often as it may be, when the
    /// file is gone, and when it is another tenant, or one that is not active.
    pub async fn open_link(&self, link: &ShareLink, tenant: &Tenant) -> Result<Pass, Error> {
        if tenant.id() != link.tenant || tenant.status() != Status::Active {
            return Err(Error::Refused);
        }
        let scope = SystemScope::<LinkAccess>::enter().within(tenant);
        let mut tx = self.files.database().write(&scope);
        let id: Id<GrantRow> = Id::from_uuid(link.grant.as_uuid());
        let grant = tx.repo::<GrantRow>().find(id).await?;
        let grant = grant.filter(|grant| grant.kind == LINK);
        let grant = grant.ok_or(Error::Refused)?;
        let key: Key = grant.path.parse().map_err(|_| Error::Refused)?;
        match self.pass(&mut tx, &grant, &key).await {
            Ok(true) => {}
            Ok(false) | Err(Error::NotFound) => return Err(Error::Refused),
            Err(error) => return Err(error),
        }
        tx.commit().await?;
        Ok(Pass {
            scope,
            key,
            grant: link.grant,
        })
    }
}

/// Gives the bytes of both, each of a fixed length.
fn context(tenant: TenantId, grant: Id<Grant>) -> [u8; 32] {
    let (tenant, grant) = (tenant.as_uuid().as_u128(), grant.as_uuid().as_u128());
    let mut bytes = [0; 32];
    let both = tenant.to_be_bytes().into_iter().chain(grant.to_be_bytes());
    bytes.iter_mut().zip(both).for_each(|(to, from)| *to = from);
    bytes
}
