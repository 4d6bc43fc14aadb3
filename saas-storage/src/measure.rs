//! What a storage does, in numbers.
//!
//! The labels are the operations, so there are as many series as there are of those, whatever is asked for.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures_util::StreamExt as _;
use saas_core::metrics::{Kind, Metrics, MetricsText};
use saas_tenancy::Scope;

use crate::{
    ByteStream, Error, FileInfo, FilePage, Key, Prefix, Presigned, PutOptions, SignRequest, Storage,
};

/// What is done with files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// A file is written.
    Put,
    /// A file is read. Its time ends when the bytes begin to come.
    Get,
    /// A file is described.
    Stat,
    /// Files are listed.
    List,
    /// Files are deleted.
    Delete,
    /// A file is copied, or gets another name.
    Copy,
    /// An address is signed by the service.
    Presign,
}

impl Operation {
    const ALL: [Self; 7] = [
        Self::Put,
        Self::Get,
        Self::Stat,
        Self::List,
        Self::Delete,
        Self::Copy,
        Self::Presign,
    ];

    /// Gives the name, as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Get => "get",
            Self::Stat => "stat",
            Self::List => "list",
            Self::Delete => "delete",
            Self::Copy => "copy",
            Self::Presign => "presign",
        }
    }
}

/// How often something was done, with what and for how long, since the process began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationCounts {
    /// What was done.
    pub operation: Operation,
    /// How often, failures included.
    pub count: u64,
    /// How often the store failed. An answer such as that there is no such file is no failure.
    pub errors: u64,
    /// The bytes that were written or read.
    pub bytes: u64,
    /// The time that it took, all together.
    pub time: Duration,
}

#[derive(Debug, Default)]
struct Counters {
    count: AtomicU64,
    errors: AtomicU64,
    bytes: AtomicU64,
    micros: AtomicU64,
}

/// The numbers of a storage; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct StorageMetrics(Arc<[Counters; Operation::ALL.len()]>);

impl Metrics for StorageMetrics {
    fn write(&self, text: &mut MetricsText) {
        type Read = fn(&OperationCounts) -> u64;
        let series: [(&str, &str, Read); 3] = [
            ("operations", "Calls of the store.", |counts| counts.count),
            ("errors", "Calls in which the store failed.", |counts| {
                counts.errors
            }),
            ("bytes", "Bytes written or read.", |counts| counts.bytes),
        ];
        let counts = self.counts();
        for (name, help, read) in series {
            let name = format!("saas_storage_{name}_total");
            let mut family = text.family(&name, help, Kind::Counter);
            for counts in &counts {
                family.count(&[("operation", counts.operation.as_str())], read(counts));
            }
        }
        let help = "Time in the store.";
        let mut family = text.family("saas_storage_seconds_total", help, Kind::Counter);
        for counts in &counts {
            family.seconds(&[("operation", counts.operation.as_str())], counts.time);
        }
    }
}

impl StorageMetrics {
    /// Gives the numbers as they are now.
    #[must_use]
    pub fn counts(&self) -> Vec<OperationCounts> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let all = Operation::ALL.into_iter().zip(self.0.iter());
        all.map(|(operation, counters)| OperationCounts {
            operation,
            count: read(&counters.count),
            errors: read(&counters.errors),
            bytes: read(&counters.bytes),
            time: Duration::from_micros(read(&counters.micros)),
        })
        .collect()
    }

    fn of(&self, operation: Operation, change: impl FnOnce(&Counters)) {
        let mut all = Operation::ALL.into_iter().zip(self.0.iter());
        if let Some((_, counters)) = all.find(|(found, _)| *found == operation) {
            change(counters);
        }
    }

    async fn measure<T>(
        &self,
        operation: Operation,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let started = Instant::now();
        let result = work.await;
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let failed = matches!(
            result,
            Err(Error::Backend(_) | Error::Database(_) | Error::Sealed | Error::Config(_))
        );
        self.of(operation, |counters| {
            counters.count.fetch_add(1, Ordering::Relaxed);
            counters.micros.fetch_add(micros, Ordering::Relaxed);
            counters
                .errors
                .fetch_add(u64::from(failed), Ordering::Relaxed);
        });
        result
    }

    /// Counts the bytes that pass.
    fn count(&self, operation: Operation, body: ByteStream) -> ByteStream {
        let metrics = self.clone();
        Box::pin(body.inspect(move |piece| {
            metrics.of(operation, |counters| match piece {
                Ok(piece) => {
                    counters
                        .bytes
                        .fetch_add(piece.len() as u64, Ordering::Relaxed);
                }
                // Of a body that is received, the sender has failed and not the store.
                Err(_) if operation == Operation::Put => {}
                Err(_) => {
                    counters.errors.fetch_add(1, Ordering::Relaxed);
                }
            });
        }))
    }
}

/// Counts what is done with a storage.
///
/// ```
/// use std::sync::Arc;
/// use saas_storage::{Measured, Storage, StorageConfig};
///
/// # fn main() -> Result<(), saas_storage::Error> {
/// let mut config = StorageConfig::default();
/// config.url = "memory://".to_owned();
/// let measured = Measured::new(saas_storage::open(&config)?);
/// let metrics = measured.metrics();
/// let storage: Arc<dyn Storage> = Arc::new(measured);
/// for counts in metrics.counts() {
///     println!("storage_operations_total{{operation=\"{}\"}} {}", counts.operation.as_str(), counts.count);
/// }
/// # drop(storage);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Measured {
    inner: Arc<dyn Storage>,
    metrics: StorageMetrics,
}

impl Measured {
    /// Counts what is done with a storage from now on.
    #[must_use]
    pub fn new(inner: Arc<dyn Storage>) -> Self {
        Self {
            inner,
            metrics: StorageMetrics::default(),
        }
    }

    /// Gives the numbers.
    #[must_use]
    pub fn metrics(&self) -> StorageMetrics {
        self.metrics.clone()
    }
}

#[async_trait]
impl Storage for Measured {
    async fn put_with(
        &self,
        scope: &Scope,
        key: &Key,
        body: ByteStream,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        let body = self.metrics.count(Operation::Put, body);
        let put = self.inner.put_with(scope, key, body, options);
        self.metrics.measure(Operation::Put, put).await
    }

    async fn get(
        &self,
        scope: &Scope,
        key: &Key,
        range: Option<Range<u64>>,
    ) -> Result<(FileInfo, ByteStream), Error> {
        let get = self.inner.get(scope, key, range);
        let (info, contents) = self.metrics.measure(Operation::Get, get).await?;
        Ok((info, self.metrics.count(Operation::Get, contents)))
    }

    async fn stat(&self, scope: &Scope, key: &Key) -> Result<FileInfo, Error> {
        let stat = self.inner.stat(scope, key);
        self.metrics.measure(Operation::Stat, stat).await
    }

    async fn exists(&self, scope: &Scope, key: &Key) -> Result<bool, Error> {
        let exists = self.inner.exists(scope, key);
        self.metrics.measure(Operation::Stat, exists).await
    }

    async fn delete(&self, scope: &Scope, key: &Key) -> Result<bool, Error> {
        let delete = self.inner.delete(scope, key);
        self.metrics.measure(Operation::Delete, delete).await
    }

    async fn delete_many(&self, scope: &Scope, keys: &[Key]) -> Result<(), Error> {
        let delete = self.inner.delete_many(scope, keys);
        self.metrics.measure(Operation::Delete, delete).await
    }

    async fn delete_all(&self, scope: &Scope, prefix: &Prefix) -> Result<u64, Error> {
        let delete = self.inner.delete_all(scope, prefix);
        self.metrics.measure(Operation::Delete, delete).await
    }

    async fn list(
        &self,
        scope: &Scope,
        prefix: &Prefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<FilePage, Error> {
        let list = self.inner.list(scope, prefix, after, limit);
        self.metrics.measure(Operation::List, list).await
    }

    async fn copy(
        &self,
        scope: &Scope,
        from: &Key,
        to: &Key,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        let copy = self.inner.copy(scope, from, to, options);
        self.metrics.measure(Operation::Copy, copy).await
    }

    async fn rename(
        &self,
        scope: &Scope,
        from: &Key,
        to: &Key,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        let rename = self.inner.rename(scope, from, to, options);
        self.metrics.measure(Operation::Copy, rename).await
    }

    fn max_size(&self) -> u64 {
        self.inner.max_size()
    }

    async fn presign(
        &self,
        scope: &Scope,
        key: &Key,
        request: &SignRequest,
    ) -> Result<Option<Presigned>, Error> {
        let presign = self.inner.presign(scope, key, request);
        self.metrics.measure(Operation::Presign, presign).await
    }
}
