//! Azurite, the emulator of Azure Blob Storage. `cargo xtask test` starts it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use saas_core::{Clock as _, Id, SystemClock};
use saas_storage::StorageConfig;
use sha2::Sha256;

const ADDRESS: &str = "TEST_AZURITE_URL";
const ACCOUNT: &str = "devstoreaccount1";
/// The key that every emulator has, from the documentation of Azure.
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
const VERSION: &str = "2021-12-02";

/// A container of one test. It ends with the emulator.
pub(crate) struct Container {
    address: String,
    name: String,
}

impl Container {
    /// Makes a container, where an emulator is running.
    pub(crate) async fn make() -> Option<Self> {
        let container = Self {
            address: address()?,
            name: format!("t-{}", Id::<()>::generate()),
        };
        let date = httpdate::fmt_http_date(
            std::time::UNIX_EPOCH
                + std::time::Duration::from_secs(SystemClock::default().now().as_secs() as u64),
        );
        let name = &container.name;
        // Shared Key: "Authorize with Shared Key" in the reference of Azure Storage.
        let text = format!(
            "PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:{VERSION}\n/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(KEY).unwrap()).unwrap();
        mac.update(text.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let made = reqwest::Client::new()
            .put(format!("{}/{name}?restype=container", container.address))
            .header("x-ms-date", date)
            .header("x-ms-version", VERSION)
            .header("authorization", format!("SharedKey {ACCOUNT}:{signature}"))
            .header("content-length", 0)
            .send()
            .await
            .unwrap();
        assert_eq!(made.status(), 201, "{}", made.text().await.unwrap());
        Some(container)
    }

    pub(crate) fn config(&self, limit: u64) -> StorageConfig {
        let mut config = StorageConfig::default();
        config.url = format!("azblob://{}/root", self.name);
        config.endpoint = Some(self.address.clone());
        config.access_key = Some(ACCOUNT.to_owned());
        config.secret_key = Some(KEY.into());
        config.max_file_size = limit;
        config
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the variable is how `cargo xtask test` names its server"
)]
fn address() -> Option<String> {
    std::env::var(ADDRESS).ok()
}

/// The other tests run on Azure too, where there is one; that there is one is said here, once.
#[tokio::test]
async fn azure_is_among_the_backends() {
    assert!(
        address().is_some(),
        "no test has run on Azure: run `cargo xtask test`, or set {ADDRESS} to `http://host:port/{ACCOUNT}` of an Azurite"
    );
}
