//! Answers that are no answers.

use std::time::Duration;

use saas_auth::{
    Device, Error,
    mfa::{PasskeyAnswer, PasskeyProof},
};
use saas_core::limit::Quota;
use saas_tenancy::Dialect;
use serde_json::{Value, json};

use super::{
    ANN, ASKER, ORIGIN, alone,
    authenticator::{Authenticator, Cbor, answer, bytes, text},
    enrol, person, world,
};
use crate::{second::scope, world::World};

#[tokio::test]
async fn mfa_19_a_holder_who_was_not_there_or_not_verified_is_refused() {
    let world = world().await;
    world.person(&world.acme, ANN).await;
    for (present, verified) in [(false, true), (true, false), (false, false)] {
        let mut device = Authenticator::new(ORIGIN);
        (device.present, device.verified) = (present, verified);
        let refused = enrol(&world, &mut device, ANN).await;
        assert!(matches!(refused, Err(Error::Passkey)), "{refused:?}");
    }
    let mut device = Authenticator::new(ORIGIN);
    enrol(&world, &mut device, ANN).await.unwrap();
    for (present, verified) in [(false, true), (true, false), (false, false)] {
        (device.present, device.verified) = (present, verified);
        let refused = alone(&world, &world.acme, |options| device.get(options)).await;
        assert!(matches!(refused, Err(Error::Credentials)), "{refused:?}");
    }
}

#[tokio::test]
async fn mfa_19_a_key_of_another_algorithm_is_refused() {
    let world = world().await;
    world.person(&world.acme, ANN).await;
    // RS256, EdDSA, ES256K, ES384 with a key of P-256, and none at all.
    for algorithm in [-257, -8, -47, -35, 0, 7, i64::from(i32::MIN), -65535] {
        let mut device = Authenticator::new(ORIGIN);
        device.algorithm = algorithm;
        let refused = enrol(&world, &mut device, ANN).await;
        assert!(
            matches!(refused, Err(Error::Passkey)),
            "{algorithm}: {refused:?}"
        );
    }
}

/// Changes the bytes of one part of an answer.
fn with(made: &Value, part: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Value {
    let mut made = made.clone();
    let old = bytes(&made["response"][part]);
    made["response"][part] = json!(text(&change(old)));
    made
}

#[tokio::test]
async fn mfa_19_cbor_that_is_cut_off_deep_or_long_is_refused() {
    let world = world().await;
    world.person(&world.acme, ANN).await;
    let factors = world.identity.second_factors();
    let scope = scope(&world, &world.acme, ANN).await;
    let who = factors.stepped_up(&scope).await.unwrap();
    let mut device = Authenticator::new(ORIGIN);
    let begun = factors.enrol_passkey(&who, "phone").await.unwrap();
    let made = device.create(begun.options());
    let object = bytes(&made["response"]["attestationObject"]);
    let mut wrong: Vec<_> = (0..object.len())
        .map(|length| {
            with(&made, "attestationObject", |object| {
                object[..length].to_vec()
            })
        })
        .collect();
    let attestation = |object: Vec<u8>| with(&made, "attestationObject", |_| object);
    // Arrays in arrays, maps in maps, tags on tags.
    wrong.extend([0x81, 0xa1, 0xc1, 0x9f, 0xbf].map(|head| attestation(vec![head; 8000])));
    let statement = |inner: &[u8]| {
        let mut object = Cbor::default();
        object.head(5, 3).text("fmt").text("none").text("attStmt");
        object.0.extend(inner);
        object.text("authData").bytes(&[0; 37]);
        attestation(object.0)
    };
    wrong.push(statement(&[0x81; 4000]));
    // A length of which nothing follows.
    for head in [0x9b, 0xbb, 0x5b, 0x7b] {
        wrong.push(attestation([&[head][..], &[0xff; 8]].concat()));
        wrong.push(attestation(
            [&[head][..], &[0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]].concat(),
        ));
    }
    for format in [
        "packed",
        "tpm",
        "fido-u2f",
        "android-key",
        "android-safetynet",
        "apple",
        "x",
    ] {
        let mut object = Cbor::default();
        object
            .head(5, 3)
            .text("fmt")
            .text(format)
            .text("attStmt")
            .head(5, 0)
            .text("authData")
            .bytes(&[0x45; 200]);
        wrong.push(attestation(object.0));
    }
    wrong.push(with(&made, "clientDataJSON", |data| {
        data[..data.len() - 1].to_vec()
    }));
    wrong.push(with(&made, "clientDataJSON", |_| {
        "[".repeat(4000).into_bytes()
    }));
    wrong.push(with(&made, "clientDataJSON", |data| {
        [data, vec![b' '; 5000]].concat()
    }));
    for (name, value) in [
        ("type", json!("password")),
        ("type", Value::Null),
        ("response", json!([])),
        ("response", json!({})),
        ("rawId", json!("%")),
        ("id", json!(1)),
    ] {
        let mut other = made.clone();
        other[name] = value;
        wrong.push(other);
    }
    for wrong in wrong {
        let refused = factors
            .confirm_passkey(&who, begun.factor(), &answer(&wrong))
            .await;
        assert!(
            matches!(refused, Err(Error::Passkey)),
            "{refused:?}: {wrong}"
        );
    }
    let large = with(&made, "attestationObject", |object| {
        [object, vec![0; 1 << 20]].concat()
    });
    let large = large.to_string().parse::<PasskeyAnswer>();
    assert!(matches!(large, Err(Error::Passkey)), "{large:?}");
    // None of it has ended the enrolment.
    let codes = factors
        .confirm_passkey(&who, begun.factor(), &answer(&made))
        .await;
    assert!(codes.unwrap().is_some());
}

#[tokio::test]
async fn mfa_19_no_bit_of_an_answer_can_be_changed() {
    let world = World::with(Dialect::Sqlite, |config| {
        super::here(config);
        let many = Quota::new(100_000, Duration::from_millis(1));
        config.limits.account = many;
        config.limits.tenant = many;
    })
    .await;
    let device = person(&world, ANN).await;
    let doors = world.identity.sign_ins();
    let asked = doors
        .passkey_challenge(&world.acme, ASKER)
        .await
        .unwrap()
        .unwrap();
    let made = device.get(asked.options());
    let mut wrong = Vec::new();
    for part in ["authenticatorData", "clientDataJSON", "signature"] {
        for at in 0..bytes(&made["response"][part]).len() {
            wrong.push(with(&made, part, |mut bytes| {
                bytes[at] ^= 1 << (at % 8);
                bytes
            }));
        }
        wrong.push(with(&made, part, |_| Vec::new()));
        wrong.push(with(&made, part, |bytes| [bytes, vec![0]].concat()));
    }
    for wrong in wrong {
        let proof = PasskeyProof::new(asked.token().clone(), answer(&wrong));
        let entry = doors
            .by_passkey(&world.acme, ASKER, &proof, &Device::default())
            .await;
        assert!(
            matches!(entry, Err(Error::Credentials)),
            "{entry:?}: {wrong}"
        );
    }
    let proof = PasskeyProof::new(asked.token().clone(), answer(&made));
    let entry = doors
        .by_passkey(&world.acme, ASKER, &proof, &Device::default())
        .await;
    entry.unwrap().authenticated().unwrap();
}
