//! What reaches files of a tenant takes its scope: programs that leave it out do not compile.
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &dyn Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::put
//! storage.put(key, body).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &dyn Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::put_with
//! storage.put_with(key, body, PutOptions::default()).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &dyn Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::stat
//! storage.stat(key).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &dyn Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::get
//! storage.get(key, None).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &dyn Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::delete
//! storage.delete(key).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &dyn Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::list
//! storage.list(prefix, None, 10).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &dyn Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::exists
//! storage.exists(key).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &dyn Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::copy
//! storage.copy(key, key, PutOptions::default()).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &dyn Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::rename
//! storage.rename(key, key, PutOptions::default()).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &dyn Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::put_many
//! storage.put_many(vec![], PutOptions::default()).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &dyn Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::delete_many
//! storage.delete_many(&[]).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Key, Prefix, PutOptions, Storage};
//! # async fn example(storage: &dyn Storage, key: &Key, prefix: &Prefix, body: ByteStream) {
//! // surface: Storage::delete_all
//! storage.delete_all(prefix).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{Key, SignRequest, Storage};
//! # async fn example(storage: &dyn Storage, key: &Key, request: &SignRequest) {
//! // surface: Storage::presign
//! storage.presign(key, request).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{Key, SignRequest, UrlSigner};
//! # async fn example(signer: &UrlSigner, key: &Key, request: &SignRequest) {
//! // surface: UrlSigner::sign
//! signer.sign(key, request).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Files, Key};
//! # async fn example(files: &Files, key: &Key, body: ByteStream) {
//! // surface: Files::put_file
//! files.put_file(key, body, Default::default(), Default::default()).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Files, Key};
//! # async fn example(files: &Files, key: &Key, body: ByteStream) {
//! // surface: Files::describe
//! files.describe(key).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Files, Key};
//! # async fn example(files: &Files, key: &Key, body: ByteStream) {
//! // surface: Files::usage
//! files.usage().await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{ByteStream, Files, Key};
//! # async fn example(files: &Files, key: &Key, body: ByteStream) {
//! // surface: Files::sweep
//! files.sweep().await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::TenantKeys;
//! # async fn example(keys: &TenantKeys) {
//! // surface: TenantKeys::rotate
//! keys.rotate().await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::TenantKeys;
//! # async fn example(keys: &TenantKeys) {
//! // surface: TenantKeys::rewrap
//! keys.rewrap().await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::TenantKeys;
//! # async fn example(keys: &TenantKeys) {
//! // surface: TenantKeys::destroy
//! keys.destroy().await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use http::{HeaderMap, Method};
//! # use saas_storage::{Key, Storage};
//! # async fn example(storage: &dyn Storage, key: &Key, method: &Method, headers: &HeaderMap) {
//! // surface: download
//! saas_storage::download(storage, key, method, headers).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{Files, Key};
//! # async fn example(files: &Files, key: &Key) {
//! // surface: Files::delete_file
//! files.delete_file(key, None).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{Files, Prefix};
//! # async fn example(files: &Files, prefix: &Prefix) {
//! // surface: Files::list_files
//! files.list_files(prefix, None, 10).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{Files, Prefix};
//! # async fn example(files: &Files, prefix: &Prefix) {
//! // surface: Files::list_folder
//! files.list_folder(prefix, None, 10).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::Files;
//! # async fn example(files: &Files) {
//! // surface: Files::erase
//! files.erase().await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{Key, Uploads};
//! # async fn example(uploads: &Uploads, key: &Key) {
//! // surface: Uploads::create
//! uploads.create(key, 1, Default::default(), "").await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_core::Id;
//! # use saas_storage::{Upload, Uploads};
//! # async fn example(uploads: &Uploads, id: Id<Upload>) {
//! // surface: Uploads::find
//! uploads.find(id).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_core::Id;
//! # use saas_storage::{ByteStream, Upload, Uploads};
//! # async fn example(uploads: &Uploads, id: Id<Upload>, body: ByteStream) {
//! // surface: Uploads::append
//! uploads.append(id, 0, body).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_core::Id;
//! # use saas_storage::{Upload, Uploads};
//! # async fn example(uploads: &Uploads, id: Id<Upload>) {
//! // surface: Uploads::cancel
//! uploads.cancel(id).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use axum::extract::Request;
//! # use saas_storage::Uploads;
//! # async fn example(uploads: &Uploads, request: Request) {
//! // surface: tus
//! saas_storage::tus(uploads, request).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{Grants, Key, NewGrant};
//! # async fn example(grants: &Grants, key: &Key, new: NewGrant) {
//! // surface: Grants::give
//! grants.give(key, new).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{Grants, Key};
//! # async fn example(grants: &Grants, key: &Key) {
//! // surface: Grants::list
//! grants.list(key).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_core::Id;
//! # use saas_storage::{Grant, Grants};
//! # async fn example(grants: &Grants, id: Id<Grant>) {
//! // surface: Grants::take_back
//! grants.take_back(id).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{GrantTo, Grants};
//! # async fn example(grants: &Grants, to: &GrantTo) {
//! // surface: Grants::take_back_from
//! grants.take_back_from(to).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::Grants;
//! # async fn example(grants: &Grants) {
//! // surface: Grants::shared_with
//! grants.shared_with(&[], None).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{Grants, Key};
//! # async fn example(grants: &Grants, key: &Key) {
//! // surface: Grants::enter
//! grants.enter(key, &[]).await;
//! # }
//! ```
//!
//! ```compile_fail,E0061
//! # use saas_storage::{Grant, Grants};
//! # async fn example(grants: &Grants, grant: &Grant) {
//! // surface: Grants::address
//! grants.address(grant);
//! # }
//! ```
