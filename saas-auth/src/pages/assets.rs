//! What pages load: our own style, the colour of the tenant, and the one script.

use std::sync::LazyLock;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Uri, header};
use saas_core::{Code, Problem, edge::Query};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::Accent;

pub(super) const STYLE: &str = "/account/assets/style.css";
pub(super) const THEME: &str = "/account/theme.css";
pub(super) const PASSKEY: &str = "/account/assets/passkey.js";

const CSS: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("passkey.js");

/// Names what is in the style, so that browsers may keep it for ever.
pub(super) static VERSION: LazyLock<String> = LazyLock::new(|| version(CSS));
/// Names what is in the script.
pub(super) static SCRIPT_VERSION: LazyLock<String> = LazyLock::new(|| version(SCRIPT));

fn version(text: &str) -> String {
    let hash = Sha256::digest(text);
    hash.iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// `GET /account/assets/style.css?v=…`
pub(super) async fn style(uri: Uri) -> Response {
    file(CSS.to_owned(), STYLES, names(&uri, &VERSION))
}

/// `GET /account/assets/passkey.js?v=…`
pub(super) async fn script(uri: Uri) -> Response {
    file(SCRIPT.to_owned(), SCRIPTS, names(&uri, &SCRIPT_VERSION))
}

fn names(uri: &Uri, version: &str) -> bool {
    uri.query().and_then(|query| query.strip_prefix("v=")) == Some(version)
}

#[derive(Debug, Deserialize)]
pub(super) struct Themed {
    accent: String,
}

/// `GET /account/theme.css?accent=…`, in which nothing is but the colour of the address.
pub(super) async fn theme(Query(Themed { accent }): Query<Themed>) -> Result<Response, Problem> {
    let accent: Accent = format!("#{accent}")
        .parse()
        .map_err(|_| Problem::new(Code::NOT_FOUND))?;
    let text = accent.text();
    let text = format!(":root {{ --accent: {accent}; --on-accent: {text}; }}\n");
    Ok(file(text, STYLES, true))
}

const STYLES: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");
const SCRIPTS: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");

fn file(text: String, kind: HeaderValue, for_ever: bool) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    let kept = HeaderValue::from_static(match for_ever {
        true => "public, max-age=31536000, immutable",
        // The page is of another version of the service.
        false => "public, max-age=60",
    });
    headers.insert(header::CACHE_CONTROL, kept);
    response
}
