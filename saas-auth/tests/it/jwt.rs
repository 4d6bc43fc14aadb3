//! Access tokens: what is accepted, and everything that is not.

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use saas_auth::{AuthConfig, Error, Identity, TokenError};
use saas_core::{Id, PrincipalKind};
use serde_json::{Value, json};

use crate::forge::Forge;

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

#[tokio::test]
async fn a_good_token_gives_its_holder() {
    let forge = Forge::new().await;
    for _ in 0..2 {
        let principal = forge
            .world
            .identity
            .verifier()
            .verify(&forge.good())
            .unwrap();
        assert_eq!(principal.kind(), PrincipalKind::User);
        assert_eq!(principal.subject(), forge.user);
        assert_eq!(principal.tenant(), forge.tenant);
        assert_eq!(principal.methods(), ["pwd"]);
        let now = forge.world.db.now().as_secs();
        assert_eq!(principal.authenticated_at().as_secs(), now);
        assert_eq!(principal.expires_at().as_secs(), now + 600);
    }
    // One audience in a list is one audience; a claim that we do not know is let through.
    let audience = json!([forge.world.identity.config().token.audience]);
    for claims in [
        forge.claims_with("aud", audience),
        forge.claims_with("scope", json!("x")),
    ] {
        assert_eq!(forge.refusal(&forge.sign(&forge.header(), &claims)), None);
    }
}

#[tokio::test]
async fn jwt_01_a_token_without_signature_is_refused() {
    let forge = Forge::new().await;
    for alg in ["none", "None", "nOnE", "NONE", "", "EdDSA"] {
        let header = forge.header_with("alg", json!(alg));
        let unsigned = format!("{}.{}", part(&header), part(&forge.claims()));
        for token in [
            unsigned.clone(),
            format!("{unsigned}."),
            format!("{unsigned}.AA"),
        ] {
            assert!(forge.refusal(&token).is_some(), "{token}");
        }
        if alg != "EdDSA" {
            // A good signature does not help: the algorithm is not up to the token.
            let signed = forge.sign(&header, &forge.claims());
            assert_eq!(forge.refusal(&signed), Some(TokenError::Malformed), "{alg}");
        }
    }
}

#[tokio::test]
async fn jwt_02_the_public_key_is_no_secret_to_sign_with() {
    let forge = Forge::new().await;
    let jwk = forge.world.identity.keys().public().keys.remove(0);
    let raw = URL_SAFE_NO_PAD.decode(&jwk.x).unwrap();
    // RFC 8410, section 10.1: the DER form of the key, and its PEM form with and without the last line end.
    let der = [
        &[
            0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
        ][..],
        &raw,
    ]
    .concat();
    let base64 = base64::engine::general_purpose::STANDARD.encode(&der);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n");
    let json = serde_json::to_vec(&jwk).unwrap();
    let secrets: [&[u8]; 6] = [
        &raw,
        &der,
        pem.as_bytes(),
        pem.trim_end().as_bytes(),
        jwk.x.as_bytes(),
        &json,
    ];
    for secret in secrets {
        for (alg, algorithm) in [
            ("HS256", Algorithm::HS256),
            ("HS384", Algorithm::HS384),
            ("HS512", Algorithm::HS512),
            ("EdDSA", Algorithm::HS256),
        ] {
            let header = forge.header_with("alg", json!(alg));
            let signed = format!("{}.{}", part(&header), part(&forge.claims()));
            let key = EncodingKey::from_secret(secret);
            let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, algorithm).unwrap();
            assert!(forge.refusal(&format!("{signed}.{signature}")).is_some());
        }
    }
}

#[tokio::test]
async fn jwt_03_a_key_is_used_with_its_own_algorithm_only() {
    let forge = Forge::new().await;
    for alg in [
        json!("HS256"),
        json!("RS256"),
        json!("ES256"),
        json!("PS256"),
        json!("Ed25519"),
        json!("eddsa"),
        json!("EdDSA "),
        json!(["EdDSA"]),
        json!(1),
        json!({}),
    ] {
        let token = forge.sign(&forge.header_with("alg", alg.clone()), &forge.claims());
        assert_eq!(forge.refusal(&token), Some(TokenError::Malformed), "{alg}");
    }
}

#[tokio::test]
async fn jwt_04_24_an_unknown_kid_is_refused_without_asking_anybody() {
    let forge = Forge::new().await;
    // With the database gone, only what is in memory can answer.
    forge.world.db.database().close().await;
    let mut kids: Vec<_> = [
        "../../etc/passwd",
        "' OR 1=1 --",
        "\0",
        "",
        "https://attacker.test/key",
        "\u{202e}",
    ]
    .map(str::to_owned)
    .into();
    kids.push("k".repeat(5000));
    kids.push(forge.kid.to_uppercase());
    kids.push(format!("{} ", forge.kid));
    kids.extend((0..10_000).map(|n| n.to_string()));
    for kid in kids {
        let token = forge.sign(&forge.header_with("kid", json!(kid)), &forge.claims());
        let refusal = forge.world.identity.verifier().verify(&token).err();
        assert_eq!(refusal, Some(TokenError::Signature), "{kid}");
    }
    for kid in [json!(1), json!(["a"]), json!({}), json!(true), Value::Null] {
        let token = forge.sign(&forge.header_with("kid", kid), &forge.claims());
        assert_eq!(forge.refusal(&token), Some(TokenError::Malformed));
    }
    assert_eq!(forge.refusal(&forge.good()), None);
}

#[tokio::test]
async fn jwt_05_29_a_key_that_is_not_ours_signs_nothing() {
    let (ours, theirs) = (Forge::new().await, Forge::new().await);
    let claims = ours.claims();
    for header in [theirs.header(), ours.header()] {
        let token = theirs.sign(&header, &claims);
        assert_eq!(ours.refusal(&token), Some(TokenError::Signature));
    }
}

#[tokio::test]
async fn jwt_06_a_key_that_a_token_brings_along_is_not_looked_at() {
    let (ours, theirs) = (Forge::new().await, Forge::new().await);
    let jwk = serde_json::to_value(theirs.world.identity.keys().public().keys.remove(0)).unwrap();
    for (member, value) in [
        ("jku", json!("http://127.0.0.1:1/keys")),
        ("x5u", json!("http://127.0.0.1:1/cert")),
        ("x5c", json!(["MIIB"])),
        ("jwk", jwk),
    ] {
        let header = ours.header_with(member, value);
        let forged = theirs.sign(&header, &ours.claims());
        assert_eq!(
            ours.refusal(&forged),
            Some(TokenError::Signature),
            "{member}"
        );
        // Signed by us it says nothing either: it is ignored.
        assert_eq!(ours.refusal(&ours.sign(&header, &ours.claims())), None);
    }
}

#[tokio::test]
async fn jwt_08_times_are_whole_numbers_and_nothing_else() {
    let forge = Forge::new().await;
    let good = forge.claims()["exp"].as_i64().unwrap();
    for claim in ["exp", "iat", "nbf", "auth_time"] {
        for wrong in [
            "null".to_owned(),
            format!("\"{good}\""),
            format!("{good}.0"),
            format!("{good}.5"),
            format!("{good}e0"),
            "1e30".to_owned(),
            "1e999".to_owned(),
            "9223372036854775807".to_owned(),
            "18446744073709551615".to_owned(),
            "99999999999999999999999".to_owned(),
            "-9223372036854775808".to_owned(),
            "[1]".to_owned(),
            "{}".to_owned(),
            "true".to_owned(),
            "NaN".to_owned(),
        ] {
            let mut claims = forge.claims();
            claims[claim] = json!("REPLACED");
            let text = claims.to_string().replace("\"REPLACED\"", &wrong);
            let token = forge.sign_text(&forge.header().to_string(), &text);
            assert_eq!(
                forge.refusal(&token),
                Some(TokenError::Malformed),
                "{claim}: {wrong}"
            );
        }
        let missing = forge.claims_with(claim, Value::Null);
        let token = forge.sign(&forge.header(), &missing);
        assert_eq!(
            forge.refusal(&token),
            Some(TokenError::Malformed),
            "{claim}"
        );
    }
    for exp in [0, -1, 1] {
        let token = forge.sign(&forge.header(), &forge.claims_with("exp", json!(exp)));
        assert_eq!(forge.refusal(&token), Some(TokenError::Expired), "{exp}");
    }
}

#[tokio::test]
async fn jwt_09_10_25_a_token_from_the_future_is_refused_beyond_the_leeway() {
    let forge = Forge::new().await;
    let now = forge.world.db.now().as_secs();
    for claim in ["iat", "nbf"] {
        for (ahead, refusal) in [
            (5, None),
            (6, Some(TokenError::Premature)),
            (90, Some(TokenError::Premature)),
            (100_000, Some(TokenError::Premature)),
        ] {
            let claims = forge.claims_with(claim, json!(now + ahead));
            let token = forge.sign(&forge.header(), &claims);
            assert_eq!(forge.refusal(&token), refusal, "{claim} {ahead}");
        }
    }
}

#[tokio::test]
async fn jwt_25_a_token_ends_at_its_end_and_the_leeway_also_when_it_is_remembered() {
    let forge = Forge::new().await;
    let (token, unseen) = (forge.good(), forge.good());
    for (seconds, refusal) in [
        (0, None),
        (604, None),
        (1, Some(TokenError::Expired)),
        (100_000, Some(TokenError::Expired)),
    ] {
        forge.world.db.clock().advance(Duration::from_secs(seconds));
        assert_eq!(
            forge.refusal(&token),
            refusal,
            "after {seconds} more seconds"
        );
    }
    assert_eq!(forge.refusal(&unseen), Some(TokenError::Expired));
}

#[tokio::test]
async fn jwt_25_a_leeway_of_more_than_a_minute_is_refused_at_the_start() {
    let forge = Forge::new().await;
    let config = |leeway: &str| {
        let text = format!(r#"{{"token":{{"leeway":"{leeway}"}}}}"#);
        let config: AuthConfig = serde_json::from_str(&text).unwrap();
        let db = &forge.world.db;
        async move { Identity::load(db.database(), &db.registry(), &config).await }
    };
    assert!(config("60s").await.is_ok());
    assert!(
        matches!(config("61s").await, Err(Error::Config { key, .. }) if key == "auth.token.leeway")
    );
}

#[tokio::test]
async fn jwt_11_13_issuer_and_audience_are_required_and_exactly_ours() {
    let forge = Forge::new().await;
    let token = &forge.world.identity.config().token;
    let issuer = |text: String| (json!(text), TokenError::Foreign);
    let cases = [
        (
            "iss",
            vec![
                (Value::Null, TokenError::Malformed),
                (json!([token.issuer]), TokenError::Malformed),
                issuer(String::new()),
                issuer(format!("{}/", token.issuer)),
                issuer(token.issuer.to_uppercase()),
                issuer("https://attacker.test".to_owned()),
            ],
        ),
        (
            "aud",
            vec![
                (Value::Null, TokenError::Malformed),
                (json!([]), TokenError::Malformed),
                (json!(["other", token.audience]), TokenError::Malformed),
                (json!([token.audience, "other"]), TokenError::Malformed),
                (json!({"starter": true}), TokenError::Malformed),
                (json!("other"), TokenError::Foreign),
                (json!(["other"]), TokenError::Foreign),
                (json!("STARTER"), TokenError::Foreign),
            ],
        ),
    ];
    for (claim, values) in cases {
        for (value, refusal) in values {
            let claims = forge.claims_with(claim, value.clone());
            let token = forge.sign(&forge.header(), &claims);
            assert_eq!(forge.refusal(&token), Some(refusal), "{claim}: {value}");
        }
    }
}

#[tokio::test]
async fn every_claim_that_a_principal_is_made_of_is_required_and_has_one_type() {
    let forge = Forge::new().await;
    let uuid = Id::<()>::generate().to_string();
    for claim in ["sub", "tid"] {
        for value in [
            Value::Null,
            json!(""),
            json!("acme"),
            json!(42),
            json!([uuid]),
            json!(uuid.replace('-', "")),
            json!(format!("{{{uuid}}}")),
            json!(format!("urn:uuid:{uuid}")),
        ] {
            let token = forge.sign(&forge.header(), &forge.claims_with(claim, value.clone()));
            let refusal = forge.refusal(&token);
            assert_eq!(refusal, Some(TokenError::Malformed), "{claim}: {value}");
        }
    }
    for claim in ["jti", "client_id", "acr", "amr"] {
        for value in [Value::Null, json!(1), json!({})] {
            let token = forge.sign(&forge.header(), &forge.claims_with(claim, value.clone()));
            let refusal = forge.refusal(&token);
            assert_eq!(refusal, Some(TokenError::Malformed), "{claim}: {value}");
        }
    }
}

#[tokio::test]
async fn jwt_14_a_signed_token_of_another_type_is_no_access_token() {
    let forge = Forge::new().await;
    for typ in [
        json!("JWT"),
        json!("jwt"),
        json!("AT+JWT"),
        json!("application/at+jwt"),
        json!("at+jwt;x"),
        json!("id+jwt"),
        json!("logout+jwt"),
        json!(["at+jwt"]),
        json!(""),
        Value::Null,
    ] {
        let token = forge.sign(&forge.header_with("typ", typ.clone()), &forge.claims());
        assert_eq!(forge.refusal(&token), Some(TokenError::Malformed), "{typ}");
    }
    // The other tokens of this service in the place of an access token, and the reverse.
    let world = &forge.world;
    world.person(&world.acme, "ann@acme.test").await;
    let answer = world
        .sign_in(&world.acme, "ann@acme.test", crate::world::PASSWORD)
        .await;
    let refresh = answer.field("refresh_token");
    assert_eq!(forge.refusal(&refresh), Some(TokenError::Malformed));
    let access = answer.field("access_token");
    let answer = world.exchange(None, &access).await;
    assert_eq!(answer.field("error"), "invalid_grant");
}

#[tokio::test]
async fn jwt_15_a_changed_claim_breaks_the_signature() {
    let forge = Forge::new().await;
    let token = forge.good();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let foreign = forge.claims_with("tid", json!(forge.world.beta.id()));
    let changed = format!("{header}.{}.{signature}", part(&foreign));
    assert_eq!(forge.refusal(&changed), Some(TokenError::Signature));
}

#[tokio::test]
async fn jwt_16_no_member_appears_twice_in_any_spelling() {
    let forge = Forge::new().await;
    let (header, claims) = (forge.header().to_string(), forge.claims().to_string());
    let twice = |object: &str, member: &str| {
        let inner = object.strip_suffix('}').unwrap();
        format!("{inner},{member}}}")
    };
    let beta = forge.world.beta.id();
    for member in [
        format!(r#""tid":"{beta}""#),
        format!(r#""tid":"{}""#, forge.tenant),
        format!(r#""t\u0069d":"{beta}""#),
        r#""exp":99999999999"#.to_owned(),
        r#""x":1,"x":2"#.to_owned(),
    ] {
        let token = forge.sign_text(&header, &twice(&claims, &member));
        assert_eq!(
            forge.refusal(&token),
            Some(TokenError::Malformed),
            "{member}"
        );
    }
    for member in [
        r#""alg":"none""#.to_owned(),
        r#""alg":"EdDSA""#.to_owned(),
        format!(r#""kid":"{}""#, forge.kid),
        r#""x":1,"x":1"#.to_owned(),
    ] {
        let token = forge.sign_text(&twice(&header, &member), &claims);
        assert_eq!(
            forge.refusal(&token),
            Some(TokenError::Malformed),
            "{member}"
        );
    }
}

#[tokio::test]
async fn jwt_17_a_huge_or_deep_token_costs_next_to_nothing() {
    let forge = Forge::new().await;
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let many: Vec<_> = (0..100_000).map(|n| format!("\"c{n}\":1")).collect();
    let header = forge.header().to_string();
    for (name, token) in [
        ("1 MB", "x".repeat(1 << 20)),
        ("a megabyte of dots", ".".repeat(1 << 20)),
        ("deep", forge.sign_text(&header, &deep)),
        (
            "many",
            forge.sign_text(&header, &format!("{{{}}}", many.join(","))),
        ),
    ] {
        // The best of a few, because the machine has other things to do.
        let took = (0..5).map(|_| {
            let begun = Instant::now();
            let refusal = forge.world.identity.verifier().verify(&token).err();
            assert_eq!(refusal, Some(TokenError::Malformed), "{name}");
            begun.elapsed()
        });
        let took = took.min().unwrap();
        assert!(took < Duration::from_millis(5), "{name} takes {took:?}");
    }
    // As deep and as many as the size allows.
    let deep = format!("{}{}", "[".repeat(2700), "]".repeat(2700));
    let mut claims = forge.claims();
    claims["x"] = json!("REPLACED");
    let text = claims.to_string().replace("\"REPLACED\"", &deep);
    let token = forge.sign_text(&header, &text);
    assert!(token.len() < 8192, "{}", token.len());
    assert_eq!(forge.refusal(&token), None);
    let longer = forge.sign_text(&header, &format!("{text}{}", " ".repeat(1000)));
    assert_eq!(forge.refusal(&longer), Some(TokenError::Malformed));
}

#[tokio::test]
async fn jwt_19_other_serialisations_are_refused() {
    let forge = Forge::new().await;
    let token = forge.good();
    let parts: Vec<_> = token.split('.').collect();
    let json = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]});
    let nested = URL_SAFE_NO_PAD.encode(&token);
    for wrong in [
        json.to_string(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{}", parts[2]),
        format!(
            "{}.{}.{}.{}.{}",
            parts[0], parts[1], parts[1], parts[1], parts[2]
        ),
        format!("{}..{}", parts[0], parts[2]),
        format!("{}.{nested}.{}", parts[0], parts[2]),
        format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
        format!("{}.{}.{}=", parts[0], parts[1], parts[2]),
        token.replace('.', ". "),
        format!("\u{feff}{token}"),
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
    ] {
        assert!(forge.refusal(&wrong).is_some(), "{wrong}");
    }
    for (member, value) in [
        ("zip", json!("DEF")),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("b64", json!(true)),
    ] {
        let token = forge.sign(&forge.header_with(member, value), &forge.claims());
        assert_eq!(
            forge.refusal(&token),
            Some(TokenError::Malformed),
            "{member}"
        );
    }
    // Text behind the object, and JSON that is none.
    let (header, claims) = (forge.header().to_string(), forge.claims().to_string());
    for (header, claims) in [
        (header.clone(), format!("{claims} {{}}")),
        (format!("{header},"), claims.clone()),
        (header.clone(), "null".to_owned()),
        (header.clone(), format!("[{claims}]")),
        (header.clone(), claims.replace('"', "'")),
        ("\"EdDSA\"".to_owned(), claims.clone()),
    ] {
        let token = forge.sign_text(&header, &claims);
        assert_eq!(forge.refusal(&token), Some(TokenError::Malformed));
    }
}

#[tokio::test]
async fn jwt_20_a_signature_has_one_form() {
    let forge = Forge::new().await;
    let token = forge.good();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert_eq!(bytes.len(), 64);
    let mut wrong = vec![
        Vec::new(),
        vec![0; 64],
        bytes[..63].to_vec(),
        [&bytes[..], &[0]].concat(),
        [&bytes[32..], &bytes[..32]].concat(),
        // R of small order (the neutral element) and S = 0: valid for a key of small order only.
        [&[1][..], &[0; 63]].concat(),
        // The same S plus the order of the group (RFC 8032, section 8.4).
        plus_group_order(&bytes),
    ];
    for bit in [0, 255, 256, 511] {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        wrong.push(flipped);
    }
    for signature in wrong {
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&signature));
        assert_eq!(forge.refusal(&token), Some(TokenError::Signature));
    }
    // The last character of 64 bytes carries four bits that say nothing; they have to be zero.
    let last = signature.chars().last().unwrap();
    for other in ('A'..='Z').chain('a'..='z').chain('0'..='9') {
        if other != last {
            let (rest, _) = signature.split_at(signature.len() - 1);
            assert!(forge.refusal(&format!("{signed}.{rest}{other}")).is_some());
        }
    }
}

fn plus_group_order(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut sum = signature[..32].to_vec();
    let mut carry = 0;
    for (s, order) in signature[32..].iter().zip(ORDER) {
        carry += u16::from(*s) + u16::from(order);
        sum.push(u8::try_from(carry & 0xff).unwrap());
        carry >>= 8;
    }
    sum
}

#[test]
fn rfc_8037_the_example_of_appendix_a_4_verifies() {
    let key = DecodingKey::from_ed_components("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    let signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let verify = |message: &str| {
        jsonwebtoken::crypto::verify(
            signature,
            message.as_bytes(),
            key.as_ref().unwrap(),
            Algorithm::EdDSA,
        )
    };
    assert!(verify(signed).unwrap());
    assert!(!verify(&format!("{signed}A")).unwrap());
}

#[tokio::test]
async fn an_issued_token_has_the_form_of_rfc_9068() {
    let forge = Forge::new().await;
    let world = &forge.world;
    let user = world.person(&world.acme, "ann@acme.test").await;
    let answer = world
        .sign_in(&world.acme, "ann@acme.test", crate::world::PASSWORD)
        .await;
    let token = answer.field("access_token");
    let json = |n: usize| -> Value {
        let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(n).unwrap());
        serde_json::from_slice(&bytes.unwrap()).unwrap()
    };
    assert_eq!(json(0), forge.header());
    let (claims, now) = (json(1), world.db.now().as_secs());
    let mut expected = forge.claims();
    expected["sub"] = json!(user);
    expected["jti"] = claims["jti"].clone();
    expected["sid"] = claims["sid"].clone();
    expected["exp"] = json!(now + 3600);
    assert_eq!(claims, expected);
    assert_eq!(answer.json()["expires_in"], 3600);
    let session = world.identity.verifier().verify(&token).unwrap().session();
    assert_eq!(claims["sid"], json!(session.unwrap()));
}
