//! Shared access signatures for one blob ("Create a service SAS" in the reference of Azure Storage).
//!
//! OpenDAL can sign too, and gives every address the rights to read, add, create, write and delete
//! (`sp=racwd`). Who was sent a link to read could delete the file then. Here an address to read has the
//! right to read, and one to write those to create and to write.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use saas_core::{Clock as _, Secret, SystemClock, Timestamp};
use sha2::Sha256;

use crate::{Presigned, SignRequest, SignedMethod, disposition::attachment};

/// The version of the rules of the signature.
const VERSION: &str = "2020-12-06";

const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const PATH: &AsciiSet = &VALUE.remove(b'/');

/// Who signs.
pub(super) struct Account<'a> {
    pub(super) endpoint: &'a str,
    pub(super) name: &'a str,
    pub(super) key: &'a Secret<String>,
}

/// Signs an address, which the clock of this machine says when it ends.
pub(super) fn sign(
    account: &Account<'_>,
    container: &str,
    blob: &str,
    request: &SignRequest,
) -> Option<Presigned> {
    let now = SystemClock::default().now();
    let end = now.saturating_add(request.expires_in);
    sign_until(account, container, blob, request, end)
}

fn sign_until(
    account: &Account<'_>,
    container: &str,
    blob: &str,
    request: &SignRequest,
    end: Timestamp,
) -> Option<Presigned> {
    let end = Timestamp::from_secs(end.as_secs()).ok()?.to_string();
    let (rights, disposition) = match request.method {
        SignedMethod::Get => {
            let name = request.file_name.as_deref();
            let name = name.unwrap_or_else(|| blob.rsplit('/').next().unwrap_or(blob));
            ("r", attachment(name))
        }
        SignedMethod::Put => ("cw", String::new()),
    };
    let protocol = if account.endpoint.starts_with("https://") {
        "https"
    } else {
        "https,http"
    };
    let resource = format!("/blob/{}/{container}/{blob}", account.name);
    let text = [
        rights,
        "", // no start: the clocks need not agree about it
        &end,
        &resource,
        "", // no stored policy
        "", // any address
        protocol,
        VERSION,
        "b", // one blob
        "",  // not a snapshot
        "",  // no encryption scope
        "",  // Cache-Control
        &disposition,
        "", // Content-Encoding
        "", // Content-Language
        "", // Content-Type
    ]
    .join("\n");
    let key = STANDARD.decode(account.key.expose()).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(text.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let mut query = vec![
        ("sv", VERSION),
        ("se", &end),
        ("sr", "b"),
        ("sp", rights),
        ("spr", protocol),
        ("sig", &signature),
    ];
    if !disposition.is_empty() {
        query.push(("rscd", &disposition));
    }
    let query: Vec<_> = query
        .into_iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, VALUE)))
        .collect();
    let endpoint = account.endpoint.trim_end_matches('/');
    let path = utf8_percent_encode(blob, PATH);
    let url = format!("{endpoint}/{container}/{path}?{}", query.join("&"));
    let mut headers = BTreeMap::new();
    if request.method == SignedMethod::Put {
        headers.insert("x-ms-blob-type".to_owned(), "BlockBlob".to_owned());
        let kind = request.content_type.iter();
        headers.extend(kind.map(|kind| ("content-type".to_owned(), kind.clone())));
    }
    Some(Presigned::new(url, headers))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn signed(request: &SignRequest) -> String {
        let key = Secret::from("a2V5");
        let account = Account {
            endpoint: "https://acme.blob.core.windows.net",
            name: "acme",
            key: &key,
        };
        let end = Timestamp::from_micros(1_795_000_000_900_000).unwrap();
        sign_until(&account, "files", "a/b c.txt", request, end)
            .unwrap()
            .url
    }

    #[test]
    fn an_address_has_the_rights_that_it_is_for() {
        let get = signed(&SignRequest::get(Duration::ZERO));
        assert!(
            get.starts_with(
                "https://acme.blob.core.windows.net/files/a/b%20c.txt?sv=2020-12-06&se=2026-"
            ),
            "{get}"
        );
        assert!(
            get.contains("&sp=r&spr=https&") && get.contains("&rscd=attachment%3B"),
            "{get}"
        );
        let put = signed(&SignRequest::put(Duration::ZERO));
        assert!(
            put.contains("&sp=cw&spr=https&") && !put.contains("rscd"),
            "{put}"
        );
    }
}
