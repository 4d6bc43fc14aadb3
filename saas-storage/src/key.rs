//! Names of files.
//!
//! A key is refused rather than repaired: whatever some backend, proxy or file system could read as
//! another path than the one that was checked is no key. Among that are segments `.` and `..`, which
//! object stores keep and URLs then collapse; backslashes, drive letters and control characters;
//! percent signs before hexadecimal digits, which somebody may decode once more; spaces of any kind
//! at the end of a segment, which OpenDAL and Windows cut off; and characters that change the
//! direction or vanish, which make a name look like another.
//!
//! Text has to be in Unicode's composed form (NFC), or there would be two spellings of `é` and, by
//! backend, one file or two. It is not composed here: a client that writes one name and lists
//! another would not find its file again. Clients on macOS, whose file dialogs give the decomposed
//! form, compose before they send (`String.prototype.normalize` in a browser).

use std::{fmt, str::FromStr};

use saas_core::TenantId;
use saas_tenancy::Scope;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

/// The name of a file inside its tenant's space: segments joined by `/`.
///
/// Keys are ordered by their bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// A folder to list, or everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prefix(Option<Key>);

/// Says why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// It is empty, longer than 900 bytes or deeper than 32 segments, or a segment is longer than 255
    /// bytes.
    #[error("a path has 1 to 900 bytes in at most 32 segments, and each of those at most 255")]
    Length,
    /// A segment is empty, begins with a space, or ends with a space or a dot, as `.` and `..` do.
    #[error(
        "a segment of the path is empty, `.` or `..`, begins or ends with a space, or ends with a dot"
    )]
    Segment,
    /// It holds a character that no name may have.
    #[error("the path holds a character that no file name may have")]
    Character,
    /// It is not in Unicode's composed form.
    #[error("the path is not in Unicode's composed form (NFC)")]
    Form,
}

/// Object stores take 1024 bytes, and before a key stand the folder of the tenant and one of the operator.
const MAX_LENGTH: usize = 900;
/// An object store is asked about each folder of a file.
const MAX_SEGMENTS: usize = 32;
/// What is left for the folder of the operator.
#[cfg(any(feature = "s3", feature = "azblob", feature = "gcs"))]
pub(crate) const MAX_ROOT: usize = 1024 - MAX_LENGTH - "tenants/".len() - 37;
const MAX_SEGMENT: usize = 255;

impl Key {
    /// Gives the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a key from the path of an address, as it was sent. What is encoded there may be any
    /// letter, but neither a separator nor a dot nor a NUL: between a proxy that decodes and one that
    /// does not, those mean two different files.
    ///
    /// An encoded percent sign is let through, because a key never has one before two hexadecimal
    /// digits: to decode it once more changes nothing.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] says what is wrong.
    pub fn from_encoded(path: &str) -> Result<Self, InvalidKey> {
        let lower = path.to_ascii_lowercase();
        if ["%2f", "%5c", "%2e", "%00"]
            .iter()
            .any(|escape| lower.contains(escape))
        {
            return Err(InvalidKey::Character);
        }
        let decoded = percent_encoding::percent_decode_str(path).decode_utf8();
        decoded.map_err(|_| InvalidKey::Character)?.parse()
    }

    /// Gives the segments; there is at least one.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// Gives the last segment.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0
            .rsplit_once('/')
            .map_or(self.0.as_str(), |(_, name)| name)
    }

    /// Gives the folders that the file is in, without a slash at their end, the innermost first.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &str> {
        let mut path = self.0.as_str();
        std::iter::from_fn(move || {
            (path, _) = path.rsplit_once('/')?;
            Some(path)
        })
    }
}

/// Gives the path of the object that has a name in a tenant's space. This is the one place where
/// such paths are made.
pub(crate) fn object(scope: &Scope, name: &str) -> String {
    format!("{}{name}", space(scope))
}

/// Gives the folder of a tenant.
pub(crate) fn space(scope: &Scope) -> String {
    space_of(scope.tenant().id())
}

/// The id is a whole segment of fixed length, so no tenant's space begins another's.
pub(crate) fn space_of(tenant: TenantId) -> String {
    format!("tenants/{tenant}/")
}

impl FromStr for Key {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let segments = text.split('/').count();
        if text.is_empty() || text.len() > MAX_LENGTH || segments > MAX_SEGMENTS {
            return Err(InvalidKey::Length);
        }
        if text.chars().any(is_forbidden) || has_escape(text) {
            return Err(InvalidKey::Character);
        }
        for segment in text.split('/') {
            if segment.len() > MAX_SEGMENT {
                return Err(InvalidKey::Length);
            }
            if segment.is_empty()
                || segment.ends_with('.')
                || segment.starts_with(char::is_whitespace)
                || segment.ends_with(char::is_whitespace)
                || is_dots(segment.split(';').next().unwrap_or_default())
            {
                return Err(InvalidKey::Segment);
            }
        }
        if !text.is_ascii() {
            if !is_nfc(text) {
                return Err(InvalidKey::Form);
            }
            if hides_a_path(text) {
                return Err(InvalidKey::Character);
            }
        }
        Ok(Self(text.to_owned()))
    }
}

/// Tells `..` also where some servers cut a path parameter off (`..;x`, RFC 3986, section 3.3).
fn is_dots(segment: &str) -> bool {
    !segment.is_empty() && segment.chars().all(|c| c == '.')
}

fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
        || is_invisible(c)
        // What looks like a separator and does not decompose to one.
        || matches!(c, '\u{2044}' | '\u{2215}' | '\u{29f8}' | '\u{29f9}')
}

/// Tells characters that are ignored when shown or only steer how others are (Unicode's
/// `Default_Ignorable_Code_Point` and general category `Cf`), line separators, and what is no
/// character at all.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
        | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}' | '\u{110bd}' | '\u{110cd}'
        | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Tells a percent sign that somebody could decode, in the form of RFC 3986 or with a `u` and four
/// digits.
fn has_escape(text: &str) -> bool {
    let (bytes, hex) = (text.as_bytes(), u8::is_ascii_hexdigit);
    let plain = |w: &[u8]| matches!(w, [b'%', rest @ ..] if rest.iter().all(hex));
    let wide = |w: &[u8]| matches!(w, [b'%', b'u' | b'U', rest @ ..] if rest.iter().all(hex));
    bytes.windows(3).any(plain) || bytes.windows(6).any(wide)
}

/// Tells text that becomes another path where full-width and other compatibility forms are replaced
/// by plain ones (NFKC), as some file systems, proxies and code pages do.
fn hides_a_path(text: &str) -> bool {
    let plain: String = text.nfkc().collect();
    plain.split('/').count() != text.split('/').count()
        || plain.contains(['\\', ':'])
        || has_escape(&plain)
        || plain
            .split('/')
            .any(|segment| segment.chars().all(|c| c == '.' || c == ' '))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl From<Key> for Prefix {
    fn from(folder: Key) -> Self {
        Self(Some(folder))
    }
}

impl FromStr for Prefix {
    type Err = InvalidKey;

    /// Reads a folder, with or without a slash at its end; the empty text is everything.
    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let folder = text.strip_suffix('/').unwrap_or(text);
        if text.is_empty() {
            Ok(Self(None))
        } else {
            folder.parse().map(|key| Self(Some(key)))
        }
    }
}

impl fmt::Display for Prefix {
    /// Writes the folder with a slash at its end, and nothing for everything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(folder) => write!(f, "{folder}/"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
