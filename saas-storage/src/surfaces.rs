//! What reaches files of a tenant takes its scope: programs that leave it out do not compile.
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::put
//! storage.put(key, body).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::put_with
//! storage.put_with(key, body, PutOptions::default()).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::stat
//! storage.stat(key).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::get
//! storage.get(key, None).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::delete
//! storage.delete(key).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::list
//! storage.list(prefix, None, 10).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use http::{HeaderMap, Method};
//! # use saas_storage::{Key, Storage};
//! # async fn example(storage: &Storage, key: &Key, method: &Method, headers: &HeaderMap) {
//! // surface: download
//! saas_storage::download(storage, key, method, headers).await;
//! # }
//! ```
