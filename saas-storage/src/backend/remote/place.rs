//! Buckets and what is asked of them.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use moka::sync::Cache;
use opendal::{
    HttpTransporter, OperationContext, Operator,
    layers::{ConcurrentLimitLayer, RetryLayer, TimeoutLayer, TracingLayer},
};
use opendal_http_transport_reqwest::ReqwestTransport;
use reqwest::{Client, redirect::Policy};
use saas_tenancy::Scope;

#[cfg(any(feature = "s3", feature = "gcs"))]
use super::sign::native;
use crate::{
    Error, Key, Placement, Presigned, SignRequest, StorageConfig,
    key::{MAX_ROOT, object},
};

/// A bucket, and the folder in it that is ours.
#[derive(Debug, Clone, Copy)]
pub(in crate::backend) struct Place<'a> {
    pub(in crate::backend) bucket: &'a str,
    pub(in crate::backend) root: &'a str,
}

/// What is different from service to service.
pub(in crate::backend) struct Service {
    pub(in crate::backend) build: fn(&Place<'_>, &StorageConfig) -> opendal::Result<Operator>,
    pub(in crate::backend) signing: Signing,
}

/// Who signs addresses.
#[derive(Clone, Copy)]
pub(in crate::backend) enum Signing {
    /// OpenDAL, as the service says.
    #[cfg(any(feature = "s3", feature = "gcs"))]
    Native,
    /// A function of ours, which may be unable to.
    #[cfg(feature = "azblob")]
    Own(Sign),
}

#[cfg(feature = "azblob")]
type Sign = fn(&Place<'_>, &StorageConfig, &str, &SignRequest) -> Option<Presigned>;

/// Tenants whose buckets are known at the same time. Another is prepared again, which asks nobody.
const KNOWN: u64 = 4096;

/// A retry waits this long at least, twice as long each time, and this long at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Opens the bucket of a tenant.
#[derive(Clone)]
pub(super) struct Places {
    maker: Arc<Maker>,
    known: Known,
}

#[derive(Clone)]
enum Known {
    One(Operator),
    /// By the name of the bucket.
    PerTenant(Cache<String, Operator>),
}

struct Maker {
    service: &'static Service,
    bucket: String,
    root: String,
    config: StorageConfig,
    context: OperationContext,
    limit: ConcurrentLimitLayer,
}

impl Places {
    pub(super) fn open(
        service: &'static Service,
        place: &str,
        config: &StorageConfig,
    ) -> Result<Self, Error> {
        let wrong = |message: &str| Error::Config(message.to_owned());
        let (bucket, root) = place.split_once('/').unwrap_or((place, ""));
        let root = root.trim_matches('/');
        // It must say for itself where it leads, as a key does.
        if root.len() >= MAX_ROOT || !(root.is_empty() || root.parse::<crate::Key>().is_ok()) {
            return Err(wrong("the folder in `storage.url` cannot be one"));
        }
        let longest = match config.placement {
            Placement::Prefix => 63,
            // A dash and 32 digits follow.
            Placement::Bucket => 30,
        };
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
        if !(1..=longest).contains(&bucket.len()) || !bucket.chars().all(fits) {
            return Err(wrong(
                "`storage.url` names no bucket, or one with too long a name",
            ));
        }
        let client = Client::builder()
            .connect_timeout(config.timeout.into())
            // A store that sends its client elsewhere has another address than the configuration says.
            .redirect(Policy::none())
            .build()
            .map_err(|_| wrong("the client for HTTP cannot be made"))?;
        let transport = HttpTransporter::new(ReqwestTransport::new(client));
        let maker = Maker {
            context: OperationContext::new().with_http_transport(transport),
            service,
            bucket: bucket.to_owned(),
            root: format!("/{root}"),
            config: config.clone(),
            limit: ConcurrentLimitLayer::new(config.concurrency.max(1)),
        };
        // Also where each tenant has its own, so that a wrong setting is seen at the start.
        let one = maker.make(bucket)?;
        Ok(Self {
            maker: Arc::new(maker),
            known: match config.placement {
                Placement::Prefix => Known::One(one),
                Placement::Bucket => Known::PerTenant(Cache::new(KNOWN)),
            },
        })
    }

    /// Gives the bucket of a tenant.
    pub(super) fn of(&self, scope: &Scope) -> Result<Operator, Error> {
        let known = match &self.known {
            Known::One(operator) => return Ok(operator.clone()),
            Known::PerTenant(known) => known,
        };
        let bucket = self.bucket(scope);
        if let Some(operator) = known.get(&*bucket) {
            return Ok(operator);
        }
        let operator = self.maker.make(&bucket)?;
        known.insert(bucket.into_owned(), operator.clone());
        Ok(operator)
    }

    fn bucket(&self, scope: &Scope) -> Cow<'_, str> {
        let base = &self.maker.bucket;
        match self.known {
            Known::One(_) => base.into(),
            Known::PerTenant(_) => {
                format!("{base}-{}", scope.tenant().id().as_uuid().simple()).into()
            }
        }
    }

    /// Signs an address; gives none where nobody can.
    pub(super) async fn sign(
        &self,
        scope: &Scope,
        key: &Key,
        request: &SignRequest,
    ) -> Result<Option<Presigned>, Error> {
        let object = object(scope, key.as_str());
        match self.maker.service.signing {
            #[cfg(any(feature = "s3", feature = "gcs"))]
            Signing::Native => native(&self.of(scope)?, &object, request).await,
            #[cfg(feature = "azblob")]
            Signing::Own(sign) => {
                let place = Place {
                    bucket: &self.bucket(scope),
                    root: &self.maker.root,
                };
                Ok(sign(&place, &self.maker.config, &object, request))
            }
        }
    }
}

impl Maker {
    fn make(&self, bucket: &str) -> Result<Operator, Error> {
        let place = Place {
            bucket,
            root: &self.root,
        };
        // The text of an error can repeat a setting; its kind cannot.
        let operator = (self.service.build)(&place, &self.config).map_err(|error| {
            Error::Config(format!("the object store cannot be used: {}", error.kind()))
        })?;
        let timeout = Duration::from(self.config.timeout);
        // The first is the innermost: each attempt has its own time, and all count as one request.
        Ok(operator
            .with_context(self.context.clone())
            .layer(
                TimeoutLayer::new()
                    .with_timeout(timeout)
                    .with_io_timeout(timeout),
            )
            .layer(
                RetryLayer::new()
                    .with_jitter()
                    .with_min_delay(PAUSE.0)
                    .with_max_delay(PAUSE.1)
                    .with_max_times(self.config.retries),
            )
            .layer(TracingLayer::new())
            .layer(self.limit.clone()))
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Places")
            .field("bucket", &self.maker.bucket)
            .field("placement", &self.maker.config.placement)
            .finish_non_exhaustive()
    }
}
