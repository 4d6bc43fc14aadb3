//! Tokens that nobody thought of.

use std::cell::OnceCell;

use proptest::{prelude::*, test_runner::TestRunner};

use crate::forge::Forge;

/// Runs a property against one forge: making one for each case would take most of the time.
async fn with_forge<S: Strategy>(
    strategy: S,
    property: impl Fn(&Forge, S::Value) -> Result<(), TestCaseError>,
) {
    let forge = OnceCell::from(Forge::new().await);
    let mut runner = TestRunner::new(ProptestConfig::with_cases(2000));
    let done = runner.run(&strategy, |value| {
        property(forge.get().expect("made above"), value)
    });
    if let Err(error) = done {
        panic!("{error}");
    }
}

fn refused(forge: &Forge, token: &str) -> Result<(), TestCaseError> {
    prop_assert!(
        forge.world.identity.verifier().verify(token).is_err(),
        "{}",
        token
    );
    Ok(())
}

#[tokio::test]
async fn random_text_is_refused() {
    with_forge("\\PC{0,300}", |forge, text| refused(forge, &text)).await;
}

#[tokio::test]
async fn random_parts_are_refused() {
    let part = "[A-Za-z0-9_=-]{0,100}";
    with_forge((part, part, part), |forge, (a, b, c)| {
        refused(forge, &format!("{a}.{b}.{c}"))
    })
    .await;
}

#[tokio::test]
async fn a_token_with_one_byte_changed_is_refused() {
    with_forge(
        (any::<prop::sample::Index>(), 0x20u8..0x7f),
        |forge, (at, byte)| {
            let token = forge.good();
            let mut bytes = token.clone().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let changed = String::from_utf8(bytes).expect("ASCII");
            if changed == token {
                return Ok(());
            }
            refused(forge, &changed)
        },
    )
    .await;
}

#[tokio::test]
async fn a_token_cut_spliced_or_doubled_is_refused() {
    let at = any::<prop::sample::Index>;
    with_forge((at(), at()), |forge, (one, two)| {
        let (a, b) = (forge.good(), forge.good());
        let (one, two) = (one.index(a.len()), two.index(b.len()));
        for changed in [
            a[..one].to_owned(),
            a[one + 1..].to_owned(),
            format!("{}{}", &a[..one], &b[two..]),
            format!("{}{}", &a[..one], &a[one.min(two)..]),
        ] {
            if changed != a && changed != b {
                refused(forge, &changed)?;
            }
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn signed_random_json_makes_nobody() {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>().prop_map(|value| value.to_string()),
        "\"[a-z]{0,8}\"".prop_map(|value| value),
    ];
    let json = leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(("\"(exp|sub|tid|iss|aud|x)\"", inner), 0..6).prop_map(|items| {
                let items: Vec<_> = items.iter().map(|(k, v)| format!("{k}:{v}")).collect();
                format!("{{{}}}", items.join(","))
            }),
        ]
    });
    with_forge((json, any::<bool>()), |forge, (json, as_header)| {
        let (header, claims) = (forge.header().to_string(), forge.claims().to_string());
        let token = match as_header {
            true => forge.sign_text(&json, &claims),
            false => forge.sign_text(&header, &json),
        };
        refused(forge, &token)
    })
    .await;
}
