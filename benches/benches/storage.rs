//! Files beside the ways to the same bytes without this framework: OpenDAL alone on a folder and on S3 over the
//! loopback, and the sealing alone for what is encrypted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark fails by panicking"
)]

use std::{hint::black_box, sync::Arc};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::{StreamExt as _, stream};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use object_store::{
    ObjectStore, ObjectStoreExt as _, aws::AmazonS3Builder, buffered::BufWriter,
    local::LocalFileSystem, path::Path,
};
use opendal::{HttpTransporter, OperationContext, Operator, services};
use opendal_http_transport_reqwest::ReqwestTransport;
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use saas_storage::{
    ByteStream, Encrypted, Files, FilesConfig, KEYS_MODULE, Key, LocalKeys, MODULE, Storage,
    StorageConfig, TenantKeys,
};
use saas_tenancy::Scope;
use saas_testkit::TestDatabase;
use tokio::{io::AsyncWriteExt as _, net::TcpListener, runtime::Runtime};

const SIZES: [(&str, usize); 2] = [("4KiB", 4 << 10), ("64MiB", 64 << 20)];
/// As a body arrives.
const PIECE: usize = 64 << 10;
/// As parts of an object are sent.
const PART: usize = 5 << 20;
const LARGEST: u64 = 1 << 30;
const ID: &str = "bench";
const SECRET: &str = "bench-secret";

fn body(bytes: &Bytes) -> ByteStream {
    let pieces: Vec<_> = bytes
        .chunks(PIECE)
        .map(|piece| Ok(bytes.slice_ref(piece)))
        .collect();
    Box::pin(stream::iter(pieces))
}

async fn drain(mut contents: ByteStream) -> usize {
    let mut size = 0;
    while let Some(piece) = contents.next().await {
        size += piece.unwrap().len();
    }
    size
}

/// Puts and gets files of each size.
fn ours(
    criterion: &mut Criterion,
    runtime: &Runtime,
    name: &str,
    storage: &dyn Storage,
    scope: &Scope,
) {
    let mut group = criterion.benchmark_group("storage");
    group.sample_size(10);
    for (label, size) in SIZES {
        let (bytes, key): (_, Key) = (
            Bytes::from(vec![7; size]),
            format!("bench-{label}").parse().unwrap(),
        );
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::new(format!("put/{name}"), label), |bench| {
            bench.to_async(runtime).iter(|| async {
                storage.put(scope, &key, body(&bytes)).await.unwrap();
            });
        });
        group.bench_function(BenchmarkId::new(format!("get/{name}"), label), |bench| {
            bench.to_async(runtime).iter(|| async {
                let (_, contents) = storage.get(scope, &key, None).await.unwrap();
                assert_eq!(drain(contents).await, size);
            });
        });
    }
}

/// The same with OpenDAL and nothing around it.
fn opendal(criterion: &mut Criterion, runtime: &Runtime, name: &str, operator: &Operator) {
    let mut group = criterion.benchmark_group("storage");
    group.sample_size(10);
    for (label, size) in SIZES {
        let (bytes, path) = (Bytes::from(vec![7; size]), format!("alone/{label}"));
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::new(format!("put/{name}"), label), |bench| {
            bench.to_async(runtime).iter(|| async {
                let writer = operator.writer_with(&path).chunk(PART);
                let mut writer = writer.await.unwrap();
                for piece in bytes.chunks(PIECE) {
                    writer.write(bytes.slice_ref(piece)).await.unwrap();
                }
                writer.close().await.unwrap();
            });
        });
        group.bench_function(BenchmarkId::new(format!("get/{name}"), label), |bench| {
            bench.to_async(runtime).iter(|| async {
                let reader = operator.reader(&path).await.unwrap();
                let mut contents = reader.into_bytes_stream(..).await.unwrap();
                let mut found = 0;
                while let Some(piece) = contents.next().await {
                    found += piece.unwrap().len();
                }
                assert_eq!(found, size);
            });
        });
    }
}

/// The same with `object_store`. On disk it does not wait until the bytes are there to stay (`fsync`), as the others do.
fn object_store(
    criterion: &mut Criterion,
    runtime: &Runtime,
    name: &str,
    store: &Arc<dyn ObjectStore>,
) {
    let mut group = criterion.benchmark_group("storage");
    group.sample_size(10);
    for (label, size) in SIZES {
        let bytes = Bytes::from(vec![7; size]);
        let path = Path::from(format!("other/{label}"));
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::new(format!("put/{name}"), label), |bench| {
            bench.to_async(runtime).iter(|| async {
                let mut writer = BufWriter::with_capacity(Arc::clone(store), path.clone(), PART);
                for piece in bytes.chunks(PIECE) {
                    writer.put(bytes.slice_ref(piece)).await.unwrap();
                }
                writer.shutdown().await.unwrap();
            });
        });
        group.bench_function(BenchmarkId::new(format!("get/{name}"), label), |bench| {
            bench.to_async(runtime).iter(|| async {
                let mut contents = store.get(&path).await.unwrap().into_stream();
                let mut found = 0;
                while let Some(piece) = contents.next().await {
                    found += piece.unwrap().len();
                }
                assert_eq!(found, size);
            });
        });
    }
}

/// The sealing alone, in chunks as `Encrypted` has them.
fn sealing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("storage");
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[9; 32]).unwrap());
    for (label, size) in SIZES {
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(BenchmarkId::new("seal/aead", label), |bench| {
            let plain = vec![7; size];
            bench.iter(|| {
                for (number, chunk) in plain.chunks(PIECE).enumerate() {
                    let mut nonce = [0; 12];
                    nonce[..8].copy_from_slice(&(number as u64).to_be_bytes());
                    let (nonce, mut chunk) = (Nonce::assume_unique_for_key(nonce), chunk.to_vec());
                    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut chunk)
                        .unwrap();
                    black_box(&chunk);
                }
            });
        });
    }
}

/// Serves a folder as S3, and gives the address.
async fn s3(folder: &std::path::Path) -> String {
    std::fs::create_dir_all(folder.join("files")).unwrap();
    let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder).unwrap());
    builder.set_auth(SimpleAuth::from_single(ID, SECRET));
    let service = builder.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let connection =
                http1::Builder::new().serve_connection(TokioIo::new(socket), service.clone());
            tokio::spawn(connection);
        }
    });
    format!("http://{address}")
}

fn open(url: String, endpoint: Option<&str>) -> Arc<dyn Storage> {
    let mut config = StorageConfig::default();
    config.url = url;
    config.max_file_size = LARGEST;
    if let Some(endpoint) = endpoint {
        config.endpoint = Some(endpoint.to_owned());
        config.access_key = Some(ID.to_owned());
        config.secret_key = Some(SECRET.into());
    }
    saas_storage::open(&config).unwrap()
}

fn storage(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let modules = [&saas_tenancy::MODULE, &MODULE, &KEYS_MODULE];
    let db = runtime.block_on(TestDatabase::sqlite(&modules));
    let tenant = runtime.block_on(db.tenant("acme"));
    let scope = db.scope(&tenant);
    let endpoint = runtime.block_on(s3(&folder.path().join("s3")));

    let root = folder.path().join("alone");
    let alone = services::Fs::default().root(root.to_str().unwrap());
    opendal(
        criterion,
        &runtime,
        "fs/opendal",
        &Operator::new(alone).unwrap(),
    );
    let alone = services::S3::default()
        .bucket("files")
        .region("us-east-1")
        .endpoint(&endpoint)
        .access_key_id(ID)
        .secret_access_key(SECRET)
        .disable_config_load()
        .disable_ec2_metadata();
    let transport = HttpTransporter::new(ReqwestTransport::new(reqwest::Client::new()));
    let context = OperationContext::new().with_http_transport(transport);
    let alone = Operator::new(alone).unwrap().with_context(context);
    opendal(criterion, &runtime, "s3/opendal", &alone);
    let other = LocalFileSystem::new_with_prefix(&root).unwrap();
    object_store(
        criterion,
        &runtime,
        "fs/object_store",
        &(Arc::new(other) as _),
    );
    let other = AmazonS3Builder::new()
        .with_bucket_name("files")
        .with_region("us-east-1")
        .with_endpoint(&endpoint)
        .with_allow_http(true)
        .with_access_key_id(ID)
        .with_secret_access_key(SECRET);
    object_store(
        criterion,
        &runtime,
        "s3/object_store",
        &(Arc::new(other.build().unwrap()) as _),
    );
    sealing(criterion);

    let disk = open(format!("fs://{}/ours", folder.path().display()), None);
    let bucket = open("s3://files/ours".to_owned(), Some(&endpoint));
    for (name, store) in [("fs", disk), ("s3", bucket)] {
        ours(
            criterion,
            &runtime,
            &format!("{name}/storage"),
            &*store,
            &scope,
        );
        let provider = Arc::new(LocalKeys::new(db.keys().clone()));
        let keys = TenantKeys::new(db.database().clone(), provider);
        let sealed = Encrypted::new(Arc::clone(&store), keys, LARGEST);
        ours(
            criterion,
            &runtime,
            &format!("{name}/encrypted"),
            &sealed,
            &scope,
        );
    }
    for (name, store) in [
        (
            "fs",
            open(format!("fs://{}/rows", folder.path().display()), None),
        ),
        ("s3", open("s3://files/rows".to_owned(), Some(&endpoint))),
    ] {
        let files = Files::new(store, db.database().clone(), &FilesConfig::default());
        ours(
            criterion,
            &runtime,
            &format!("{name}/files"),
            &files,
            &scope,
        );
    }
}

criterion_group!(benches, storage);
criterion_main!(benches);
