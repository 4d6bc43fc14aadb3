//! TLS without a proxy (RFC 8446, RFC 5246; RFC 7301 for the choice of HTTP/2).

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use serde::{Deserialize, Serialize};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{self, ServerConfig, crypto::aws_lc_rs},
};

use crate::config::{ConfigError, Period};

/// Where the certificate is.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TlsConfig {
    /// The file with the certificate and those of its issuers, as PEM.
    pub certificate: PathBuf,
    /// The file with the private key, as PEM: PKCS #8, SEC 1 or PKCS #1.
    pub key: PathBuf,
    /// How often to look whether there are new ones. What cannot be used leaves the old ones in place.
    #[serde(default = "minute")]
    pub look_every: Period,
}

fn minute() -> Period {
    Duration::from_secs(60).into()
}

/// A certificate with its key, as they were found last.
#[derive(Debug)]
pub(super) struct Tls {
    config: TlsConfig,
    current: Mutex<Arc<ServerConfig>>,
}

impl Tls {
    pub(super) fn open(config: &TlsConfig) -> Result<Arc<Self>, ConfigError> {
        let current = Mutex::new(load(config)?);
        Ok(Arc::new(Self {
            config: config.clone(),
            current,
        }))
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&current))
    }

    /// Takes new files up, until it is dropped.
    pub(super) async fn follow(self: Arc<Self>) {
        let mut known = self.changed_at();
        loop {
            tokio::time::sleep(self.config.look_every.into()).await;
            let found = self.changed_at();
            if found == known {
                continue;
            }
            match load(&self.config) {
                Ok(new) => {
                    known = found;
                    *self.current.lock().unwrap_or_else(PoisonError::into_inner) = new;
                    tracing::info!("a new certificate is used");
                }
                // Perhaps only one of the two is there yet.
                Err(error) => tracing::error!(%error, "the new certificate cannot be used"),
            }
        }
    }

    fn changed_at(&self) -> [Option<SystemTime>; 2] {
        [&self.config.certificate, &self.config.key]
            .map(|path| fs::metadata(path).and_then(|file| file.modified()).ok())
    }
}

fn load(config: &TlsConfig) -> Result<Arc<ServerConfig>, ConfigError> {
    let certificate = |error: String| wrong("certificate", &config.certificate, &error);
    let chain = CertificateDer::pem_file_iter(&config.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| certificate(error.to_string()))?;
    if chain.is_empty() {
        return Err(certificate("there is no certificate in it".to_owned()));
    }
    let key = |error: String| wrong("key", &config.key, &error);
    let private =
        PrivateKeyDer::from_pem_file(&config.key).map_err(|error| key(error.to_string()))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(chain, private)
        })
        .map_err(|error: rustls::Error| key(error.to_string()))?;
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(tls))
}

fn wrong(key: &str, path: &Path, error: &str) -> ConfigError {
    let path = path.display();
    ConfigError::value(
        &format!("server.connection.tls.{key}"),
        format!("{path}: {error}"),
    )
}

impl From<ConfigError> for io::Error {
    fn from(error: ConfigError) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}
