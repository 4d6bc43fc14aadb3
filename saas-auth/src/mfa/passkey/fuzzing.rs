//! What has to hold of whatever a browser answers.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use url::Url;
use uuid::Uuid;
use webauthn_rs::{
    Webauthn, WebauthnBuilder,
    prelude::{DiscoverableKey, Passkey},
};

use super::PasskeyAnswer;

const ORIGIN: &str = "https://app.example";
/// A passkey that is kept, of an id that is yet to be written.
const KEPT: &str = r#"{"cred":{"cred_id":"ID","cred":{"type_":"ES256","key":{"EC_EC2":{"curve":"SECP256R1",
"x":"UKjrAOC0TcLdjs-Rbisi7iFuOBKwyuN6YLF6skMV2ts","y":"w1NUzMUxchaeGkPBTOSJf1iYHr1JNFWb2UnHZp1NFn0"}}},"counter":0,
"transports":null,"user_verified":true,"backup_eligible":false,"backup_state":false,"registration_policy":"required",
"extensions":{"cred_protect":"Ignored","hmac_create_secret":"NotRequested","appid":"NotRequested","cred_props":"Ignored"},
"attestation":{"data":"None","metadata":"None"},"attestation_format":"none"}}"#;

/// No answer is one to a challenge that nobody was given, whatever is in it, and reading it takes no more than it is
/// long.
///
/// # Panics
///
/// When it does not hold.
pub fn passkey(text: &str) {
    let (Ok(answer), Some(protocol)) = (text.parse::<PasskeyAnswer>(), protocol()) else {
        return;
    };
    let origins = [ORIGIN.to_owned()];
    if let Some(read) = answer.registration(&origins) {
        let begun = protocol.start_passkey_registration(Uuid::nil(), "ann", "ann", None);
        let made = begun.map(|(_, state)| protocol.finish_passkey_registration(&read, &state));
        assert!(made.is_ok_and(|made| made.is_err()), "{text}");
    }
    if let Some(read) = answer.assertion(&origins) {
        let id = URL_SAFE_NO_PAD.encode(&read.raw_id);
        let kept = serde_json::from_str::<Passkey>(&KEPT.replace("ID", &id));
        let kept = kept.map(DiscoverableKey::from).ok();
        let asked = protocol.start_discoverable_authentication().ok();
        let proven = kept.zip(asked).map(|(kept, (_, state))| {
            protocol.finish_discoverable_authentication_v2(&read, state, kept)
        });
        assert!(proven.is_some_and(|proven| proven.is_err()), "{text}");
    }
}

fn protocol() -> Option<Webauthn> {
    let origin = Url::parse(ORIGIN).ok()?;
    WebauthnBuilder::new("app.example", &origin)
        .ok()?
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn client_data(kind: &str) -> String {
        let data = json!({ "type": kind, "challenge": "AAAA", "origin": ORIGIN });
        URL_SAFE_NO_PAD.encode(data.to_string())
    }

    proptest! {
        #[test]
        fn mfa_19_no_bytes_are_an_answer(object in prop::collection::vec(any::<u8>(), 0..300), near in any::<bool>()) {
            // Every other begins as one does.
            let begin: &[u8] = if near { b"\xa3cfmtdnonegattStmt\xa0hauthDataX\x90" } else { b"" };
            let bytes = URL_SAFE_NO_PAD.encode([begin, &object].concat());
            passkey(&json!({
                "id": "YQ", "rawId": "YQ", "type": "public-key",
                "response": { "clientDataJSON": client_data("webauthn.create"), "attestationObject": bytes },
            }).to_string());
            passkey(&json!({
                "id": "YQ", "rawId": "YQ", "type": "public-key",
                "response": {
                    "clientDataJSON": client_data("webauthn.get"), "authenticatorData": bytes, "signature": bytes,
                    "userHandle": null,
                },
            }).to_string());
        }
    }
}
