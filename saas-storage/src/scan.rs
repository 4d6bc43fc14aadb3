//! Somebody who looks at each file before it can be seen.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use saas_core::TenantId;
use saas_tenancy::{AuditEvent, Scope};
use serde::Serialize;

use crate::{ByteStream, Error, Files, Key, upload::Seen};

/// Looks at files before they can be seen, such as for malware; implemented for a scanner.
///
/// # Contract
///
/// - It reads as much of the contents as it needs, and keeps none of it.
/// - It may be asked about the same bytes more than once, and be dropped while it looks: when its time is over, or
///   the sender has gone.
/// - A scanner that cannot answer gives an error, not a verdict: the file is then not kept, and the sender may try
///   again.
///
/// ```
/// use async_trait::async_trait;
/// use futures_util::TryStreamExt as _;
/// use saas_storage::{ByteStream, Error, Scan, ScanVerdict, Scanned};
///
/// /// Refuses what is larger than its sender's mailbox.
/// #[derive(Debug)]
/// struct Small;
///
/// #[async_trait]
/// impl Scan for Small {
///     async fn scan(&self, file: &Scanned, mut contents: ByteStream) -> Result<ScanVerdict, Error> {
///         while let Some(_piece) = contents.try_next().await.map_err(Error::Backend)? {}
///         Ok(match file.size {
///             0..10_000 => ScanVerdict::Clean,
///             _ => ScanVerdict::Refused("it is too large for the mailbox".to_owned()),
///         })
///     }
/// }
/// ```
#[async_trait]
pub trait Scan: fmt::Debug + Send + Sync + 'static {
    /// Looks at a file.
    async fn scan(&self, file: &Scanned, contents: ByteStream) -> Result<ScanVerdict, Error>;
}

/// What a scanner says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScanVerdict {
    /// The file may be seen.
    Clean,
    /// It is removed. The reason is told to its sender, and recorded.
    Refused(String),
}

/// What is known of a file that is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Scanned {
    /// Whose it is.
    pub tenant: TenantId,
    /// The name that it gets.
    pub path: Key,
    /// Its size in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// What its bytes look like.
    pub media_type: &'static str,
}

/// A scanner, and how long it may take.
#[derive(Debug, Clone)]
pub(crate) struct Scanner {
    scan: Arc<dyn Scan>,
    within: Duration,
}

impl Scanner {
    pub(crate) fn new(scan: Arc<dyn Scan>, within: Duration) -> Self {
        Self { scan, within }
    }

    /// Lets the scanner look at an object that nobody can see yet.
    pub(crate) async fn look(
        &self,
        files: &Files,
        scope: &Scope,
        key: &Key,
        object: &Key,
        seen: &Seen,
    ) -> Result<(), Error> {
        let file = Scanned {
            tenant: scope.tenant().id(),
            path: key.clone(),
            size: seen.size,
            sha256: seen
                .sha256
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            media_type: seen.media_type,
        };
        let looking = async {
            let (_, contents) = files.storage().get(scope, object, None).await?;
            self.scan.scan(&file, contents).await
        };
        let verdict = tokio::time::timeout(self.within, looking).await;
        let late = |_| Error::Backend("the scanner did not answer in time".into());
        match verdict.map_err(late)?? {
            ScanVerdict::Clean => Ok(()),
            ScanVerdict::Refused(reason) => {
                let mut tx = files.database().write(scope);
                let event = AuditEvent::new("file.refused", format!("file:{key}"));
                let what = serde_json::json!({ "file": file, "reason": reason });
                tx.record(event.after(&what)?).await?;
                tx.commit().await?;
                Err(Error::Unwanted(reason))
            }
        }
    }
}
