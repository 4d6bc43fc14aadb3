//! Signing and opening tokens of any kind (RFC 7515, compact serialization).
//!
//! The order matters: size, then shape, then the signature with the algorithm that *our* key has. Nothing in a
//! token chooses the algorithm, a place to fetch a key from, or a way to read it; and a token of one type opens
//! as no other.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use saas_core::{Secret, Timestamp};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Algorithm, TokenError,
    claims::{self, Header},
    keys::KeySet,
};
use crate::Error;

/// The longest token, in bytes.
pub(super) const MAX_LENGTH: usize = 8 << 10;

/// Writes a token.
pub(super) fn sign(
    keys: &KeySet,
    algorithm: Algorithm,
    typ: &str,
    claims: &impl Serialize,
) -> Result<Secret<String>, Error> {
    let key = keys.signing(algorithm)?;
    let header = Header::new(algorithm.as_str(), typ, &key.kid);
    let signed = format!("{}.{}", written(&header)?, written(claims)?);
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key.key, algorithm.primitive())
        .map_err(|_| Error::Crypto("a token could not be signed"))?;
    Ok(Secret::new(format!("{signed}.{signature}")))
}

/// Gives what a token of that type says, and the name of the key that signed it.
pub(super) fn open<T: DeserializeOwned>(
    keys: &KeySet,
    typ: &str,
    token: &str,
    now: Timestamp,
) -> Result<(T, String), TokenError> {
    if token.len() > MAX_LENGTH {
        return Err(TokenError::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
    let header: Header = read(header)?;
    if header.typ != typ {
        return Err(TokenError::Malformed);
    }
    let key = keys
        .verifying(&header.kid, now)
        .ok_or(TokenError::Signature)?;
    if header.alg != key.algorithm.as_str() {
        return Err(TokenError::Malformed);
    }
    let algorithm = key.algorithm.primitive();
    match jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key.key, algorithm) {
        Ok(true) => Ok((read(payload)?, header.kid)),
        Ok(false) | Err(_) => Err(TokenError::Signature),
    }
}

fn written(part: &impl Serialize) -> Result<String, Error> {
    let json = serde_json::to_vec(part);
    let json = json.map_err(|_| Error::Crypto("a token could not be written"))?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, TokenError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| TokenError::Malformed)?;
    claims::read(&bytes).map_err(|_| TokenError::Malformed)
}
