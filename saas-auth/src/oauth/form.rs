//! The form of a token request (RFC 6749, section 3.2).

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use saas_core::Secret;

use super::error::OAuthError;

/// A token request is small; more than this is not one.
pub(crate) const MAX_FORM: u64 = 16 << 10;
const MAX_PARAMETERS: usize = 32;

/// The parameters, each at most once. Values may be secrets, so they are kept as such.
#[derive(Debug)]
pub(crate) struct Form(HashMap<String, Secret<String>>);

impl Form {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, OAuthError> {
        let text = std::str::from_utf8(body)
            .map_err(|_| OAuthError::invalid_request("the form is not UTF-8"))?;
        let mut parameters = HashMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, Secret::new(decode(value)?));
            if parameters.len() == MAX_PARAMETERS {
                return Err(OAuthError::invalid_request(
                    "the form has too many parameters",
                ));
            }
            if parameters.insert(name, value).is_some() {
                return Err(OAuthError::invalid_request("a parameter appears twice"));
            }
        }
        Ok(Self(parameters))
    }

    /// Gives the parameters that have a value.
    #[cfg(feature = "pages")]
    pub(crate) fn filled(&self) -> impl Iterator<Item = (&str, &Secret<String>)> {
        let all = self.0.iter().map(|(name, value)| (name.as_str(), value));
        all.filter(|(_, value)| !value.expose().is_empty())
    }

    /// Gives a parameter. One without a value is as good as absent (RFC 6749, section 3.2).
    pub(crate) fn get(&self, name: &str) -> Option<&Secret<String>> {
        self.0.get(name).filter(|value| !value.expose().is_empty())
    }

    pub(super) fn required(
        &self,
        name: &str,
        message: &'static str,
    ) -> Result<&Secret<String>, OAuthError> {
        self.get(name).ok_or(OAuthError::invalid_request(message))
    }
}

pub(super) fn decode(text: &str) -> Result<String, OAuthError> {
    // The copy may hold a password.
    let spaced = Secret::new(text.replace('+', " "));
    let decoded = percent_decode_str(spaced.expose()).decode_utf8();
    decoded
        .map(String::from)
        .map_err(|_| OAuthError::invalid_request("the form is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::fuzzing, *};

    #[test]
    fn a_form_is_decoded_once() {
        let form = Form::parse(b"a=1+2%2B3&b=%2541&c=x=y&d=&e&%66=%C3%A4&g=100%&h=%zz").unwrap();
        let get = |name: &str| form.get(name).map(|value| value.expose().as_str());
        for (name, value) in [
            ("a", Some("1 2+3")),
            ("b", Some("%41")),
            ("c", Some("x=y")),
            ("d", None),
            ("e", None),
            ("f", Some("ä")),
            ("g", Some("100%")),
            ("h", Some("%zz")),
            ("A", None),
        ] {
            assert_eq!(get(name), value, "{name}");
        }
    }

    #[test]
    fn a_form_is_not_printed() {
        let form = Form::parse(b"password=hunter2").unwrap();
        assert!(!format!("{form:?}").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..400)) {
            fuzzing::form(&body);
        }

        #[test]
        fn a_form_says_the_same_to_every_reader(body in "([a-c%+=&ä]|%[0-9a-f]{2}){0,20}") {
            fuzzing::form(body.as_bytes());
        }

        #[test]
        fn what_a_client_encodes_comes_back(value in "\\PC{1,60}") {
            let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let form = Form::parse(format!("x={encoded}").as_bytes()).unwrap();
            prop_assert_eq!(form.get("x").map(|value| value.expose().clone()), Some(value));
        }
    }
}
