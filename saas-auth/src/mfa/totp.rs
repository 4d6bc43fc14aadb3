//! Codes by time (RFC 6238): what is checked, and what an authenticator is told.

use saas_core::{Secret, Timestamp};
use totp_rs::{Algorithm, Builder, Totp as Codes};

use crate::Error;

/// The length of a secret, in bytes (RFC 4226, section 4, R6).
pub(crate) const SECRET: usize = 20;
/// How many seconds a step lasts. Authenticators know no other.
const STEP: u64 = 30;
const DIGITS: usize = 6;

/// The secret that an authenticator shares with us.
#[derive(Debug, Clone)]
pub(crate) struct Totp(Secret<Vec<u8>>);

impl Totp {
    pub(crate) fn generate() -> Result<Self, Error> {
        let mut secret = vec![0; SECRET];
        getrandom::fill(&mut secret).map_err(|_| Error::Crypto("no random bytes"))?;
        Ok(Self(Secret::new(secret)))
    }

    pub(crate) fn stored(secret: Vec<u8>) -> Self {
        Self(Secret::new(secret))
    }

    pub(crate) fn secret(&self) -> &[u8] {
        self.0.expose()
    }

    /// Gives the step of a code that is right now, one step ago or in one: a clock may be half a minute off. That the
    /// step is a later one than that of the last code is for the caller to see to (RFC 6238, section 5.2).
    pub(crate) fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        if code.len() != DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let now = u64::try_from(now.as_secs()).ok()?;
        let step = self.codes("", "").ok()?.check(code, now)?;
        i64::try_from(step).ok()
    }

    /// Gives the address that an authenticator reads, and the secret for typing (Key URI Format of Google Authenticator).
    pub(crate) fn enrolment(&self, issuer: &str, account: &str) -> Result<Enrolment, Error> {
        // A colon would end the name of the issuer.
        let (issuer, account) = (issuer.replace(':', " "), account.replace(':', " "));
        let codes = self.codes(&issuer, &account)?;
        let uri = codes.to_url().map_err(|_| UNUSABLE)?;
        Ok(Enrolment {
            uri: Secret::new(uri),
            secret: Secret::new(codes.secret().to_base32()),
        })
    }

    fn codes(&self, issuer: &str, account: &str) -> Result<Codes, Error> {
        let issuer = Some(issuer).filter(|issuer| !issuer.is_empty());
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_secret(self.0.expose().clone())
            .with_step_duration(STEP)
            .with_skew(1)
            .with_issuer(issuer)
            .with_account_name(account)
            .build()
            .map_err(|_| UNUSABLE)
    }
}

const UNUSABLE: Error = Error::Crypto("a secret for codes cannot be used");

/// What an authenticator is told, once.
#[derive(Debug, Clone)]
pub(crate) struct Enrolment {
    pub(crate) uri: Secret<String>,
    pub(crate) secret: Secret<String>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds).unwrap()
    }

    /// RFC 6238, appendix B, and RFC 4226, appendix D, which use this secret.
    fn known() -> Totp {
        Totp::stored(b"12345678901234567890".to_vec())
    }

    #[test]
    fn mfa_01_the_vectors_of_rfc_4226_appendix_d() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        for (counter, code) in (0..).zip(codes) {
            assert_eq!(
                known().step_of(code, at(counter * 30)),
                Some(counter),
                "{code}"
            );
        }
    }

    #[test]
    fn mfa_01_the_vectors_of_rfc_6238_appendix_b() {
        // Of eight digits there; the last six are the code of six.
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(known().step_of(code, at(time)), Some(time / 30), "{code}");
        }
    }

    #[test]
    fn mfa_04_a_code_counts_in_its_step_and_in_those_beside_it() {
        let step = 37_037_037;
        for (steps, counts) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let now = at((step + steps) * 30);
            let found = known().step_of("050471", now);
            assert_eq!(found, counts.then_some(step), "{steps}");
        }
    }

    #[test]
    fn mfa_07_only_six_digits_are_a_code() {
        let now = at(1_234_567_890);
        assert!(known().step_of("005924", now).is_some());
        for wrong in [
            "",
            "5924",
            "00005924",
            "005924 ",
            " 005924",
            "005 924",
            "٠٠٥٩٢٤",
            "+05924",
            "0x5924",
            "005924\0",
            "-05924",
        ] {
            assert_eq!(known().step_of(wrong, now), None, "{wrong:?}");
        }
    }

    #[test]
    fn an_authenticator_is_told_everything_it_needs() {
        let told = known().enrolment("Acme: Inc", "ann@acme.test").unwrap();
        let uri = url::Url::parse(told.uri.expose()).unwrap();
        assert_eq!((uri.scheme(), uri.host_str()), ("otpauth", Some("totp")));
        let find = |name: &str| uri.query_pairs().find(|pair| pair.0 == name).unwrap().1;
        assert_eq!(find("secret"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(told.secret.expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(find("issuer"), "Acme  Inc");
        assert!(!format!("{told:?}").contains("GEZDG"));
    }

    proptest! {
        #[test]
        fn mfa_07_any_text_is_refused_or_a_code(text in "\\PC{0,12}|[0-9]{0,9}", time in 0..4_000_000_000_i64) {
            if let Some(step) = known().step_of(&text, at(time)) {
                prop_assert!((time / 30 - step).abs() <= 1);
                prop_assert_eq!(text.len(), 6);
            }
        }
    }
}
