//! Names of files.
//!
//! A key is refused rather than repaired: whatever some backend, proxy or file system could read as
//! another path than the one that was checked is no key. Among that are segments `.` and `..`, which
//! object stores keep and URLs then collapse; backslashes, drive letters and control characters;
//! percent signs before hexadecimal digits, which somebody may decode once more; text that is not in
//! Unicode's composed form (NFC), of which there would be two spellings; and characters that change
//! the direction or vanish, which make a name look like another.

use std::{fmt, str::FromStr};

use saas_core::TenantId;
use unicode_normalization::is_nfc;

/// The name of a file inside its tenant's space: segments joined by `/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// A folder to list, or everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prefix(Option<Key>);

/// Says why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// It is empty or longer than 1024 bytes, or a segment is longer than 255.
    #[error("a path has 1 to 1024 bytes, and each segment at most 255")]
    Length,
    /// A segment is empty, `.` or `..`, or ends with a dot or a space.
    #[error("a segment of the path is empty, `.` or `..`, or ends with a dot or a space")]
    Segment,
    /// It holds a character that no name may have.
    #[error("the path holds a character that no file name may have")]
    Character,
    /// It is not in Unicode's composed form.
    #[error("the path is not in Unicode's composed form (NFC)")]
    Form,
}

const MAX_LENGTH: usize = 1024;
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
    /// # Errors
    ///
    /// [`InvalidKey`] says what is wrong.
    pub fn from_encoded(path: &str) -> Result<Self, InvalidKey> {
        let lower = path.to_ascii_lowercase();
        if ["%2f", "%5c", "%2e", "%00", "%25"]
            .iter()
            .any(|escape| lower.contains(escape))
        {
            return Err(InvalidKey::Character);
        }
        let decoded = percent_encoding::percent_decode_str(path).decode_utf8();
        decoded.map_err(|_| InvalidKey::Character)?.parse()
    }

    /// Gives the last segment.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0
            .rsplit_once('/')
            .map_or(self.0.as_str(), |(_, name)| name)
    }

    /// Gives the path of the object. The id is a whole segment of fixed length, so no tenant's space
    /// begins another's.
    pub(crate) fn object(&self, tenant: TenantId) -> String {
        format!("{}{}", space(tenant), self.0)
    }
}

/// Gives the folder of a tenant.
pub(crate) fn space(tenant: TenantId) -> String {
    format!("tenants/{tenant}/")
}

impl FromStr for Key {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        if text.is_empty() || text.len() > MAX_LENGTH {
            return Err(InvalidKey::Length);
        }
        if text.chars().any(is_forbidden) || has_escape(text) {
            return Err(InvalidKey::Character);
        }
        for segment in text.split('/') {
            if segment.len() > MAX_SEGMENT {
                return Err(InvalidKey::Length);
            }
            if segment.is_empty() || segment.ends_with(['.', ' ']) || segment.starts_with(' ') {
                return Err(InvalidKey::Segment);
            }
        }
        if is_nfc(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidKey::Form)
        }
    }
}

fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
        // Zero width, direction, separators, variation selectors, byte order mark, tags, specials.
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}'
            | '\u{e0000}'..='\u{e0fff}')
        // Full-width and division forms of what separates paths.
        || matches!(c, '\u{2044}' | '\u{2215}' | '\u{ff0f}' | '\u{ff3c}' | '\u{29f8}' | '\u{29f9}')
}

fn has_escape(text: &str) -> bool {
    text.as_bytes()
        .windows(3)
        .any(|w| matches!(w, [b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl serde::Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl Prefix {
    pub(crate) fn object(&self, tenant: TenantId) -> String {
        match &self.0 {
            Some(folder) => format!("{}/", folder.object(tenant)),
            None => space(tenant),
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sto_01_02_04_05_06_refuses_every_way_out() {
        let long = "a".repeat(1025);
        let segment = "a".repeat(256);
        for wrong in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "../a",
            "a/..",
            "a/../b",
            "a/./b",
            "...",
            "a/.../b",
            "a.",
            "a ",
            " a",
            "a\\b",
            "..\\a",
            "C:",
            "C:/a",
            "a:b",
            "a%2fb",
            "%2e%2e/a",
            "%252e/a",
            "a%00",
            "a\0b",
            "a\nb",
            "a\rb",
            "a\tb",
            "\u{7f}",
            "\u{85}",
            "a\u{202e}b",
            "a\u{200b}b",
            "\u{feff}a",
            "a\u{2215}b",
            "a\u{ff0f}b",
            "e\u{301}",
            "file://a",
            "//host/share",
            "a|b",
            "a*",
            &long,
            &segment,
            ".staging.",
            "~/.",
        ] {
            assert!(wrong.parse::<Key>().is_err(), "{wrong:?}");
        }
        for right in [
            "a",
            "a/b.txt",
            ".hidden",
            "100% sure",
            "ünï/cödé",
            "日本/語.pdf",
            "a b/c d",
            "tenants/x",
            "😀",
        ] {
            assert!(right.parse::<Key>().is_ok(), "{right:?}");
        }
    }

    proptest! {
        #[test]
        fn no_key_of_one_tenant_is_in_the_space_of_another(text in "\\PC{0,40}|[./a%2\\\\]{0,12}") {
            let (ours, theirs) = (TenantId::generate(), TenantId::generate());
            if let Ok(key) = text.parse::<Key>() {
                let object = key.object(ours);
                prop_assert!(object.starts_with(&space(ours)));
                // Neither as it is, nor as a file system or a URL would read it.
                let url = object.split('/').fold(Vec::new(), |mut path: Vec<&str>, part| {
                    match part { ".." => drop(path.pop()), "." => {}, part => path.push(part) }
                    path
                }).join("/");
                prop_assert_eq!(&url, &object);
                prop_assert!(!url.starts_with(&space(theirs)));
            }
        }
    }
}
