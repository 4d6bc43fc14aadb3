//! An object store on this machine, for as long as a test holds it.
//!
//! `s3s` speaks the protocol and verifies each signature; [`shelf::Shelf`] keeps the objects, and
//! [`faults::Faults`] may come in between.

pub(crate) mod faults;
mod s3;
pub(crate) mod shelf;

use std::{net::SocketAddr, sync::Arc};

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use saas_storage::StorageConfig;
use tokio::{net::TcpListener, task::AbortHandle};

use self::{faults::Faults, shelf::Shelf};

pub(crate) const BUCKET: &str = "files";
const KEY_ID: &str = "test-key";
pub(crate) const SECRET: &str = "canary-of-the-secret-key";

pub(crate) struct ObjectStore {
    address: SocketAddr,
    pub(crate) shelf: Shelf,
    pub(crate) faults: Arc<Faults>,
    server: AbortHandle,
}

impl ObjectStore {
    pub(crate) async fn start() -> Self {
        let shelf = Shelf::default();
        shelf.make_bucket(BUCKET);
        Self::serve(shelf.clone(), shelf).await
    }

    /// Serves another implementation of the same operations; the shelf stays empty then.
    pub(crate) async fn serve(objects: impl s3s::S3, shelf: Shelf) -> Self {
        let mut builder = S3ServiceBuilder::new(objects);
        builder.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let service = builder.build();
        let faults = Arc::new(Faults::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let between = Arc::clone(&faults);
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let service = faults::Between::new(service.clone(), Arc::clone(&between));
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(socket), service);
                tokio::spawn(connection);
            }
        });
        Self {
            address,
            shelf,
            faults,
            server: serving.abort_handle(),
        }
    }

    pub(crate) fn config(&self, limit: u64) -> StorageConfig {
        let mut config = StorageConfig::default();
        config.url = format!("s3://{BUCKET}/root");
        config.endpoint = Some(format!("http://{}", self.address));
        config.access_key = Some(KEY_ID.to_owned());
        config.secret_key = Some(SECRET.into());
        config.max_file_size = limit;
        config
    }
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        self.server.abort();
    }
}
