//! The files of the tenant.

mod listing;
mod manage;
mod open;
mod routes;
mod settings;
mod share;
mod sign;
mod uploads;
mod view;
mod visitor;

pub(crate) use self::{
    listing::{__path_list, list},
    manage::{__path_batch_delete, __path_delete, batch_delete, delete},
    open::open,
    routes::{
        __path_fetch, __path_store, __path_store_form, __path_store_form_at_root, fetch, store,
        store_form, store_form_at_root,
    },
    settings::FilesSettings,
    share::{
        __path_fetch_link, __path_fetch_shared, __path_give, __path_list as __path_grants,
        __path_shared, __path_take_back, fetch_link, fetch_shared, give, list as grants, shared,
        take_back,
    },
    sign::{
        __path_fetch_signed, __path_sign, __path_store_signed, fetch_signed, sign, store_signed,
    },
    uploads::{__path_begin, __path_end, __path_go_on, begin, discovery, end, go_on},
};

use http::Uri;
use saas_core::Problem;
use saas_storage::Key;

/// Takes the key out of the path as it was sent, before anything decodes it.
fn key(uri: &Uri) -> Result<Key, Problem> {
    const MOUNT: &str = "/api/v1/files/";
    Ok(Key::from_encoded(
        uri.path().strip_prefix(MOUNT).unwrap_or_default(),
    )?)
}
