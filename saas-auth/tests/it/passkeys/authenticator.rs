//! A device with passkeys, and the browser around it, in software. It does as WebAuthn says, or lies where a test asks
//! it to.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use saas_auth::mfa::PasskeyAnswer;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

/// A device with at most one passkey, in a browser.
pub(crate) struct Authenticator {
    /// Where the page is that asks.
    pub(crate) origin: String,
    /// The id that it signs for, when it is not that of the options.
    pub(crate) rp_id: Option<String>,
    /// The kind of ceremony that it says to be in, when it is not the one it is in.
    pub(crate) kind: Option<&'static str>,
    pub(crate) present: bool,
    pub(crate) verified: bool,
    /// What the counter shows next; it stands still at zero.
    pub(crate) counter: u32,
    /// Whose it says to be, when that is not who was named at the enrolment.
    pub(crate) user: Option<Vec<u8>>,
    /// The algorithm that it says the key is for (RFC 9053).
    pub(crate) algorithm: i64,
    pub(crate) cross_origin: bool,
    id: Vec<u8>,
    key: EcdsaKeyPair,
    enrolled_for: Vec<u8>,
}

impl Authenticator {
    pub(crate) fn new(origin: &str) -> Self {
        let mut id = vec![0; 32];
        getrandom::fill(&mut id).unwrap();
        Self {
            origin: origin.to_owned(),
            rp_id: None,
            kind: None,
            present: true,
            verified: true,
            counter: 0,
            user: None,
            algorithm: -7,
            cross_origin: false,
            id,
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            enrolled_for: Vec::new(),
        }
    }

    pub(crate) fn id(&self) -> &[u8] {
        &self.id
    }

    /// Answers `navigator.credentials.create`.
    pub(crate) fn create(&mut self, options: &str) -> Value {
        let options: Value = serde_json::from_str(options).unwrap();
        self.enrolled_for = bytes(&options["user"]["id"]);
        let public = self.key.public_key().as_ref();
        let (x, y) = public[1..].split_at(32);
        let mut key = Cbor::default();
        key.head(5, 5)
            .number(1)
            .number(2)
            .number(3)
            .number(self.algorithm)
            .number(-1)
            .number(1)
            .number(-2)
            .bytes(x)
            .number(-3)
            .bytes(y);
        let mut data = self.data(options["rp"]["id"].as_str().unwrap(), ATTESTED);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        data.extend(&key.0);
        let mut object = Cbor::default();
        object
            .head(5, 3)
            .text("fmt")
            .text("none")
            .text("attStmt")
            .head(5, 0)
            .text("authData")
            .bytes(&data);
        json!({
            "id": text(&self.id),
            "rawId": text(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": {
                "attestationObject": text(&object.0),
                "clientDataJSON": text(&self.client_data("webauthn.create", &options)),
                "transports": ["internal", "hybrid"],
            },
        })
    }

    /// Answers `navigator.credentials.get`.
    pub(crate) fn get(&self, options: &str) -> Value {
        let options: Value = serde_json::from_str(options).unwrap();
        assert_eq!(options["userVerification"], "required", "{options}");
        let data = self.data(options["rpId"].as_str().unwrap(), 0);
        let client_data = self.client_data("webauthn.get", &options);
        let signed = [&data[..], &Sha256::digest(&client_data)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        let user = self.user.as_ref().unwrap_or(&self.enrolled_for);
        json!({
            "id": text(&self.id),
            "rawId": text(&self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "authenticatorData": text(&data),
                "clientDataJSON": text(&client_data),
                "signature": text(signature.as_ref()),
                "userHandle": text(user),
            },
        })
    }

    fn data(&self, rp_id: &str, more: u8) -> Vec<u8> {
        let rp_id = self.rp_id.as_deref().unwrap_or(rp_id);
        let mut flags = more;
        if self.present {
            flags |= PRESENT;
        }
        if self.verified {
            flags |= VERIFIED;
        }
        let mut data = Sha256::digest(rp_id).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let data = json!({
            "type": self.kind.unwrap_or(kind),
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": self.cross_origin,
        });
        data.to_string().into_bytes()
    }
}

pub(crate) fn answer(value: &Value) -> PasskeyAnswer {
    value.to_string().parse().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn bytes(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

/// As much of CBOR (RFC 8949) as such a device writes.
#[derive(Default)]
pub(crate) struct Cbor(pub(crate) Vec<u8>);

impl Cbor {
    /// A kind, and a number or the length of what follows.
    pub(crate) fn head(&mut self, kind: u8, value: u64) -> &mut Self {
        let kind = kind << 5;
        match value {
            0..24 => self.0.push(kind | u8::try_from(value).unwrap()),
            24..256 => self.0.extend([kind | 24, u8::try_from(value).unwrap()]),
            65_536.. => {
                self.0.push(kind | 26);
                self.0.extend(u32::try_from(value).unwrap().to_be_bytes());
            }
            _ => {
                self.0.push(kind | 25);
                self.0.extend(u16::try_from(value).unwrap().to_be_bytes());
            }
        }
        self
    }

    pub(crate) fn number(&mut self, value: i64) -> &mut Self {
        match u64::try_from(value) {
            Ok(value) => self.head(0, value),
            Err(_) => self.head(1, (-1 - value).unsigned_abs()),
        }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.head(2, bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.head(3, text.len() as u64);
        self.0.extend(text.as_bytes());
        self
    }
}
