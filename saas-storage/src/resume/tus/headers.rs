//! The headers of tus.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};
use saas_core::{Code, Problem};

use crate::{Key, upload::one};

/// A header of tus.
#[derive(Debug, Clone, Copy)]
pub(super) enum Name {
    Resumable,
    Version,
    Offset,
    Length,
    Metadata,
    Expires,
    Checksum,
    MethodOverride,
}

impl Name {
    const fn header(self) -> HeaderName {
        HeaderName::from_static(match self {
            Self::Resumable => "tus-resumable",
            Self::Version => "tus-version",
            Self::Offset => "upload-offset",
            Self::Length => "upload-length",
            Self::Metadata => "upload-metadata",
            Self::Expires => "upload-expires",
            Self::Checksum => "upload-checksum",
            Self::MethodOverride => "x-http-method-override",
        })
    }
}

/// Gives the text of a header that is there once.
pub(super) fn text(headers: &HeaderMap, name: Name) -> Result<Option<&str>, Problem> {
    one(headers, &name.header())
}

/// Gives a number of bytes.
pub(super) fn number(headers: &HeaderMap, name: Name) -> Result<Option<u64>, Problem> {
    let Some(text) = text(headers, name)? else {
        return Ok(None);
    };
    // `parse` takes a sign too.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<i64>() {
        Ok(number) if digits => Ok(u64::try_from(number).ok()),
        _ => Err(wrong(name, "is no number of bytes")),
    }
}

pub(super) fn missing(name: Name) -> Problem {
    wrong(name, "is missing")
}

pub(super) fn wrong(name: Name, what: &str) -> Problem {
    Problem::new(Code::HEADER_INVALID).detail(format!("`{}` {what}", name.header()))
}

pub(super) fn set(headers: &mut HeaderMap, name: Name, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name.header(), value);
    }
}

/// Reads the name of the file out of what its sender says about it: pairs of a key and a value in base64.
pub(super) fn path_of(metadata: &str) -> Result<Key, Problem> {
    let malformed = || wrong(Name::Metadata, "is no list of keys with values in base64");
    let (mut path, mut file_name) = (None, None);
    for pair in metadata.split(',') {
        let (key, value) = match pair.trim().split_once(' ') {
            Some((key, value)) => (key, value.trim()),
            None => (pair.trim(), ""),
        };
        let wanted = match key {
            "path" => &mut path,
            "filename" => &mut file_name,
            _ => continue,
        };
        let bytes = STANDARD.decode(value).map_err(|_| malformed())?;
        let text = String::from_utf8(bytes).map_err(|_| malformed())?;
        if wanted.replace(text).is_some() {
            return Err(malformed());
        }
    }
    let named = path.or(file_name);
    let named = named.ok_or_else(|| wrong(Name::Metadata, "names no `path` and no `filename`"))?;
    Ok(named.parse::<Key>()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sto_22_headers_of_uploads_are_read_or_refused(value in prop_oneof![
            "(sha1|sha256|md5) [A-Za-z0-9+/]{0,44}={0,2}",
            "sha-256=:[A-Za-z0-9+/]{40,44}={0,2}:",
            "((path|filename|x) [A-Za-z0-9+/]{0,12}={0,2},? ?){0,3}",
            "(W/)?\"[ -~]{0,20}\"",
            "[-+ ]?[0-9]{0,22}",
            "[ -~]{0,60}",
        ]) {
            super::super::fuzzing::upload_headers(value.as_bytes());
        }
    }

    #[test]
    fn a_path_is_read_from_what_the_sender_says() {
        for (metadata, wanted) in [
            ("path YS9iLnR4dA==", Some("a/b.txt")),
            ("filename Yi50eHQ=", Some("b.txt")),
            (
                "is_secret,filename Yi50eHQ=,path YS9iLnR4dA==",
                Some("a/b.txt"),
            ),
            (
                "filetype dGV4dC9wbGFpbg==, filename Yi50eHQ=",
                Some("b.txt"),
            ),
            ("", None),
            ("path", None),
            ("path ?", None),
            ("path /w==", None),
            ("path YQ==,path YQ==", None),
            // `../x`
            ("path Li4veA==", None),
        ] {
            let found = path_of(metadata).ok().map(|key| key.to_string());
            assert_eq!(found.as_deref(), wanted, "{metadata}");
        }
    }

    #[test]
    fn sto_22_a_number_of_bytes_is_digits_and_nothing_else() {
        for (text, wanted) in [
            ("0", Some(0)),
            ("9223372036854775807", Some(i64::MAX.unsigned_abs())),
            ("9223372036854775808", None),
            ("-1", None),
            ("+1", None),
            ("", None),
            ("1 ", None),
            ("0x1", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("upload-length", HeaderValue::from_str(text).unwrap());
            assert_eq!(
                number(&headers, Name::Length).ok().flatten(),
                wanted,
                "{text}"
            );
        }
    }
}
