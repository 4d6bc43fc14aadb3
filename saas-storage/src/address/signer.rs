//! Signing addresses, and judging those that come back.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use saas_core::{Clock, KeyRing, Purpose, TenantId, Timestamp, config::Period};
use saas_tenancy::{Reason, Scope, Status, SystemScope, Tenant};
use serde::{Deserialize, Serialize};

use super::{SignRequest, SignedMethod, SignedUrl, claim::Claim};
use crate::{ByteStream, Error, Existing, FileInfo, Key, PutOptions, Storage};

const PURPOSE: Purpose = Purpose::new("saas-storage/address/1");
const PARAMETER: &str = "signature=";

/// Two machines of one service may differ so far about the time.
const LEEWAY: Duration = Duration::from_secs(60);

/// Characters that need no escape in a segment of a path (RFC 3986, section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Reads or writes a file for whoever has its signed address.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedAccess;

impl Reason for SignedAccess {
    const NAME: &'static str = "signed-access";
    const WHY: &'static str = "who has a signed address of a file need not be signed in; the signature names tenant, file and method";
    const ROUTINE: bool = true;
}

/// Configures signed addresses.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SignConfig {
    /// Where the service answers for addresses that it signed itself, such as
    /// `https://app.example.com/signed`.
    pub base: String,
    /// How long an address may be good at most; longer ones are cut.
    pub longest: Period,
}

impl Default for SignConfig {
    fn default() -> Self {
        Self {
            base: "/signed".to_owned(),
            longest: Duration::from_secs(15 * 60).into(),
        }
    }
}

/// Signs addresses of files, and judges those that come back; cheap to clone.
///
/// Who may sign for whom is for the caller to decide: a signed address carries the rights of the scope
/// that it was signed in, and keeps them when its signer loses his.
#[derive(Clone)]
pub struct UrlSigner {
    storage: Arc<dyn Storage>,
    keys: KeyRing,
    clock: Arc<dyn Clock>,
    base: Arc<str>,
    longest: Duration,
}

/// A file that somebody may reach, because its address was signed here and is good still. Only
/// [`UrlSigner::verify`] makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedFile {
    tenant: TenantId,
    key: Key,
    claim: Claim,
}

impl UrlSigner {
    /// Makes a signer for the files of a storage.
    #[must_use]
    pub fn new(
        storage: Arc<dyn Storage>,
        keys: KeyRing,
        clock: Arc<dyn Clock>,
        config: &SignConfig,
    ) -> Self {
        Self {
            storage,
            keys,
            clock,
            base: config.base.trim_end_matches('/').into(),
            longest: config.longest.into(),
        }
    }

    /// Signs an address of a file, whether there is one or not.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] when the object store cannot be made to sign.
    pub async fn sign(
        &self,
        scope: &Scope,
        key: &Key,
        request: &SignRequest,
    ) -> Result<SignedUrl, Error> {
        let now = self.clock.now();
        // Whole seconds, as the services have it; never longer than was asked for.
        let seconds = request.expires_in.min(self.longest).as_secs();
        let request = SignRequest {
            expires_in: Duration::from_secs(seconds),
            ..request.clone()
        };
        let expires_at = now.saturating_add(request.expires_in);
        if request.method == SignedMethod::Get || request.direct {
            let presigned = self.storage.presign(scope, key, &request).await?;
            if let Some(presigned) = presigned {
                return Ok(SignedUrl {
                    url: presigned.url,
                    method: request.method,
                    headers: presigned.headers,
                    expires_at,
                });
            }
        }
        let content_type = request.content_type;
        let headers = content_type
            .iter()
            .map(|kind| ("content-type".to_owned(), kind.clone()));
        let headers: BTreeMap<_, _> = headers.collect();
        let claim = Claim {
            method: request.method,
            keep: request.keep,
            expires_at,
            max_size: request.max_size,
            sha256: request.sha256,
            content_type,
        };
        let tenant = scope.tenant().id();
        let id = tenant.as_uuid();
        let context = [id.as_bytes().as_slice(), key.as_str().as_bytes()];
        let sealed = self.keys.seal(PURPOSE, &context, &claim.to_bytes());
        let segments: Vec<_> = key
            .segments()
            .map(|segment| utf8_percent_encode(segment, SEGMENT).to_string())
            .collect();
        let path = segments.join("/");
        Ok(SignedUrl {
            url: format!("{}/{tenant}/{path}?{PARAMETER}{sealed}", self.base),
            method: request.method,
            headers,
            expires_at,
        })
    }

    /// Judges a request for an address below the base: its method, and its path and query as they
    /// were sent. `HEAD` is as good as `GET`.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] for everything that was not signed here just so, or is not good any more.
    pub fn verify(
        &self,
        method: &str,
        path: &str,
        query: Option<&str>,
    ) -> Result<SignedFile, Error> {
        let (tenant, key) = self.read_path(path).ok_or(Error::Refused)?;
        let sealed = query.and_then(|query| query.strip_prefix(PARAMETER));
        let sealed = sealed.ok_or(Error::Refused)?;
        let id = tenant.as_uuid();
        let context = [id.as_bytes().as_slice(), key.as_str().as_bytes()];
        let opened = self.keys.open(PURPOSE, &context, sealed);
        let claim = Claim::from_bytes(&opened.map_err(|_| Error::Refused)?);
        let claim = claim.ok_or(Error::Refused)?;
        let meant = match claim.method {
            SignedMethod::Get => matches!(method, "GET" | "HEAD"),
            SignedMethod::Put => method == "PUT",
        };
        if !meant || !self.is_good(claim.expires_at) {
            return Err(Error::Refused);
        }
        Ok(SignedFile { tenant, key, claim })
    }

    /// An end that is further away than any that is signed comes from a clock that was wrong.
    fn is_good(&self, until: Timestamp) -> bool {
        let now = self.clock.now();
        now < until && until <= now.saturating_add(self.longest).saturating_add(LEEWAY)
    }

    fn read_path(&self, path: &str) -> Option<(TenantId, Key)> {
        // Of the base, which may be a whole address, only the path comes back.
        let base = self
            .base
            .split_once("://")
            .map_or(&*self.base, |(_, rest)| {
                rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("")
            });
        let rest = path.strip_prefix(base)?.strip_prefix('/')?;
        let (tenant, key) = rest.split_once('/')?;
        Some((tenant.parse().ok()?, Key::from_encoded(key).ok()?))
    }
}

impl SignedFile {
    /// Gives the tenant whose file it is.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Gives the name of the file.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// Gives what it is good for.
    #[must_use]
    pub const fn method(&self) -> SignedMethod {
        self.claim.method
    }

    /// Enters the tenant, which the registry knows by the id of [`tenant`](Self::tenant).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when it is another tenant, or one that is not active.
    pub fn scope(&self, tenant: &Tenant) -> Result<Scope, Error> {
        if tenant.id() != self.tenant || tenant.status() != Status::Active {
            return Err(Error::Refused);
        }
        Ok(SystemScope::<SignedAccess>::enter().within(tenant))
    }

    /// Writes the file within the bounds that were signed.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when the address is not for writing, or the `Content-Type` of the request is
    /// not the one that was signed; those of [`Storage::put_with`].
    ///
    /// # Cancel safety
    ///
    /// That of [`Storage::put_with`].
    pub async fn put(
        &self,
        storage: &dyn Storage,
        tenant: &Tenant,
        content_type: Option<&str>,
        body: ByteStream,
    ) -> Result<FileInfo, Error> {
        let scope = self.scope(tenant)?;
        let kind = self.claim.content_type.as_deref();
        if self.claim.method != SignedMethod::Put || kind.is_some_and(|_| kind != content_type) {
            return Err(Error::Refused);
        }
        let mut options = PutOptions::default();
        if let Some(bytes) = self.claim.max_size {
            options = options.max_size(bytes);
        }
        if let Some(digest) = self.claim.sha256 {
            options = options.sha256(digest);
        }
        if self.claim.keep {
            options = options.existing(Existing::Keep);
        }
        storage.put_with(&scope, &self.key, body, options).await
    }
}

impl fmt::Debug for UrlSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UrlSigner")
            .field("storage", &self.storage)
            .field("base", &self.base)
            .field("longest", &self.longest)
            .finish_non_exhaustive()
    }
}
