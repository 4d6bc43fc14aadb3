//! Somebody who has our signing key and writes whatever he likes.
//!
//! A token with a good signature is the only way past the first wall, so the checks behind it are
//! tested with such tokens.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use jsonwebtoken::{Algorithm, EncodingKey};
use saas_core::{Id, Purpose, TenantId, UserId};
use saas_tenancy::{Dialect, SystemScope};
use saas_testkit::{TestDatabase, TestSetup};
use serde_json::{Value, json};

use crate::world::World;

pub(crate) struct Forge {
    pub world: World,
    pub kid: String,
    key: EncodingKey,
    pub tenant: TenantId,
    pub user: UserId,
}

impl Forge {
    pub(crate) async fn new() -> Self {
        let world = World::on(Dialect::Sqlite).await;
        let (kid, key) = active_key(&world.db).await;
        Self {
            tenant: world.acme.id(),
            user: Id::generate(),
            world,
            kid,
            key,
        }
    }

    /// The header of a good token.
    pub(crate) fn header(&self) -> Value {
        json!({"alg": "EdDSA", "typ": "at+jwt", "kid": self.kid})
    }

    /// The claims of a good token.
    pub(crate) fn claims(&self) -> Value {
        let now = self.world.db.now().as_secs();
        let token = &self.world.identity.config().token;
        json!({
            "iss": token.issuer, "aud": token.audience, "sub": self.user, "tid": self.tenant,
            "iat": now, "nbf": now, "exp": now + 600, "auth_time": now,
            "jti": Id::<()>::generate(), "client_id": "starter-web", "acr": "aal1", "amr": ["pwd"],
        })
    }

    /// The claims of a good token with one changed, or taken out by null.
    pub(crate) fn claims_with(&self, name: &str, value: Value) -> Value {
        with(self.claims(), name, value)
    }

    pub(crate) fn header_with(&self, name: &str, value: Value) -> Value {
        with(self.header(), name, value)
    }

    /// Signs two texts as they are, whether they are JSON or not.
    pub(crate) fn sign_text(&self, header: &str, claims: &str) -> String {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let signature =
            jsonwebtoken::crypto::sign(signed.as_bytes(), &self.key, Algorithm::EdDSA).unwrap();
        format!("{signed}.{signature}")
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// A token that passes.
    pub(crate) fn good(&self) -> String {
        self.sign(&self.header(), &self.claims())
    }

    /// Gives the refusal of a token, at both looks that the cache could tell apart.
    pub(crate) fn refusal(&self, token: &str) -> Option<saas_auth::TokenError> {
        let first = self.world.identity.verifier().verify(token).err();
        let second = self.world.identity.verifier().verify(token).err();
        assert_eq!(first, second, "a remembered token is judged otherwise");
        first
    }
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    match value {
        Value::Null => drop(object.as_object_mut().unwrap().remove(name)),
        value => object[name] = value,
    }
    object
}

/// Opens the active key as it is stored: the name of the master key, the nonce, the ciphertext.
async fn active_key(db: &TestDatabase) -> (String, EncodingKey) {
    let scope = SystemScope::<TestSetup>::enter();
    let mut tx = db.database().system_read(&scope);
    let row = tx
        .fetch_optional(
            "SELECT kid, private_key FROM saas_signing_keys WHERE state = 'active' AND algorithm = 'EdDSA'",
            &[],
        )
        .await
        .unwrap()
        .unwrap();
    let (kid, sealed): (String, Vec<u8>) = (row.get(0).unwrap(), row.get(1).unwrap());
    let purpose = Purpose::new("saas-auth/signing-key/1");
    let subkey = db.keys().opening(sealed[0], purpose).unwrap();
    let nonce: [u8; 24] = sealed[1..25].try_into().unwrap();
    let payload = Payload {
        msg: &sealed[25..],
        aad: kid.as_bytes(),
    };
    let private = XChaCha20Poly1305::new(subkey.expose().into())
        .decrypt(&XNonce::from(nonce), payload)
        .unwrap();
    (kid, EncodingKey::from_ed_der(&private))
}
