//! What has to hold of access tokens.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Algorithm, Verifier};

/// Stands in the header of a token for the name of the key, which differs from run to run.
const KID: &str = "KID";

/// A token that none of our keys has signed is nobody's.
///
/// # Panics
///
/// When it does not hold.
pub fn access_token(verifier: &Verifier, text: &str) {
    if let Ok(known) = verifier.known(text) {
        let (signed, signature) = text.rsplit_once('.').unwrap_or_default();
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        let keys = verifier.keys().public().keys;
        let verified = keys.iter().any(|key| {
            let (x, y) = (decode(&key.x), key.y.as_deref().map(decode));
            let (algorithm, public): (&dyn VerificationAlgorithm, _) = match y {
                Some(y) => (&ECDSA_P256_SHA256_FIXED, [vec![4], x, y].concat()),
                None => (&ED25519, x),
            };
            let public = UnparsedPublicKey::new(algorithm, public);
            public.verify(signed.as_bytes(), &decode(signature)).is_ok()
        });
        assert!(
            verified,
            "not signed by us: {text:?} for {:?}",
            known.principal
        );
    }
}

/// A token that one of our keys has signed is that of whom it names, in the tenant that it names, now, and to
/// nobody else.
///
/// # Panics
///
/// When it does not hold.
pub fn signed_token(verifier: &Verifier, header: &str, claims: &str) {
    let keys = verifier.keys().current();
    let Ok(key) = keys.signing(Algorithm::EdDsa) else {
        return assert!(header.is_empty(), "no key");
    };
    let header = header.replace(KID, &key.kid);
    let [encoded, payload] = [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    let signed = format!("{encoded}.{payload}");
    let algorithm = Algorithm::EdDsa.primitive();
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key.key, algorithm);
    let token = format!("{signed}.{}", signature.unwrap_or_default());
    let first = verifier.verify(&token);
    assert_eq!(
        verifier.verify(&token),
        first,
        "remembered as somebody else"
    );
    let Ok(holder) = first else {
        return;
    };
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let (header, claims) = (read(&header), read(claims));
    let said = json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": key.kid });
    for (name, value) in said.as_object().into_iter().flatten() {
        assert_eq!(header.get(name), Some(value), "{header}");
    }
    assert!(
        ["crit", "zip", "b64"]
            .iter()
            .all(|name| header.get(name).is_none())
    );
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let time = |name: &str| claims.get(name).and_then(Value::as_i64);
    assert_eq!(
        text("sub").map(str::parse),
        Some(Ok(holder.subject())),
        "{claims}"
    );
    assert_eq!(
        text("tid").map(str::parse),
        Some(Ok(holder.tenant())),
        "{claims}"
    );
    assert_eq!(
        text("sid").map(str::parse),
        holder.session().map(Ok),
        "{claims}"
    );
    let config = verifier.config();
    assert!(text("iss").is_some_and(|issuer| config.issues_as(issuer)));
    let audience = json!(config.audience);
    let audiences =
        [Some(&audience), Some(&json!([config.audience]))].map(Option::<&Value>::cloned);
    assert!(audiences.contains(&claims.get("aud").cloned()), "{claims}");
    let leeway = std::time::Duration::from(config.leeway).as_secs();
    let (now, leeway) = (
        verifier.clock().now().as_secs(),
        i64::try_from(leeway).unwrap_or_default(),
    );
    // What is good for longer than tokens are is so for as long as they are.
    let longest = std::time::Duration::from(config.access_lifetime).as_secs();
    let longest = i64::try_from(longest).unwrap_or(i64::MAX);
    let end = time("exp")
        .zip(time("iat"))
        .map(|(exp, iat)| exp.min(iat.saturating_add(longest)));
    assert_eq!(end, Some(holder.expires_at().as_secs()), "{claims}");
    assert!(
        time("exp").is_some_and(|end| end.saturating_add(leeway) > now),
        "{claims}"
    );
    for name in ["iat", "nbf"] {
        assert!(
            time(name).is_some_and(|from| from <= now + leeway),
            "{name} in {claims}"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::{prelude::*, test_runner::TestRunner};
    use saas_testkit::TestDatabase;

    use super::*;
    use crate::{Keys, MODULE, Revocations, TokenConfig};

    async fn verifier(db: &TestDatabase) -> Verifier {
        let config = TokenConfig::default();
        let database = db.database();
        let keys = Keys::load_or_create(database, config.longest());
        let revocations = Revocations::load(database, config.longest());
        let (keys, revocations) = (keys.await.unwrap(), revocations.await.unwrap());
        Verifier::new(keys, revocations, config, Arc::clone(database.clock())).unwrap()
    }

    fn claims(config: &TokenConfig, now: i64) -> Value {
        json!({
            "iss": config.issuer, "aud": config.audience, "sub": saas_core::UserId::generate(),
            "tid": saas_core::TenantId::generate(), "iat": now, "nbf": now, "exp": now + 600,
            "auth_time": now, "jti": saas_core::Id::<()>::generate(), "client_id": "web",
            "acr": "aal1", "amr": ["pwd"],
        })
    }

    #[tokio::test]
    async fn jwt_08_16_29_what_a_signed_token_says_is_what_it_is_taken_for() {
        let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE, &MODULE]).await;
        let verifier = verifier(&db).await;
        let now = db.now().as_secs();
        let good = claims(verifier.config(), now);
        let names: Vec<_> = good.as_object().unwrap().keys().cloned().collect();
        let value = prop_oneof![
            Just("null".to_owned()),
            Just("[\"starter\"]".to_owned()),
            Just("\"http://127.0.0.1:8080/t/acme\"".to_owned()),
            (-700_i64..700).prop_map(|by| (by + 1_795_262_400).to_string()),
            any::<f64>().prop_map(|number| number.to_string()),
            "\"[ -!#-~]{0,6}\"",
        ];
        let header = prop_oneof![
            Just("{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\",\"kid\":\"KID\"}"),
            Just("{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"KID\"}"),
            Just("{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"KID\"}"),
        ];
        let mut runner = TestRunner::new(ProptestConfig::with_cases(1000));
        let changes = (header, prop::sample::select(names), value, any::<bool>());
        let done = runner.run(&changes, |(header, name, value, twice)| {
            let mut claims = good.clone();
            if !twice {
                claims.as_object_mut().unwrap().remove(&name);
            }
            let text = claims.to_string();
            let text = format!("{},\"{name}\":{value}}}", text.strip_suffix('}').unwrap());
            signed_token(&verifier, header, &text);
            access_token(&verifier, &text);
            Ok(())
        });
        done.unwrap();
    }
}
