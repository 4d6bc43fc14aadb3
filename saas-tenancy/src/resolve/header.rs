//! The header that names a tenant.

use http::request::Parts;
use saas_core::{Code, Problem};

use super::{Name, ResolveConfig};

/// Gives the tenant that the header names, by id or by slug.
pub(super) fn read(config: &ResolveConfig, parts: &Parts) -> Result<Option<Name>, Problem> {
    if config.header.is_empty() {
        return Ok(None);
    }
    let wrong =
        |message: &str| Problem::new(Code::HEADER_INVALID).field(config.header.clone(), message);
    let mut values = parts.headers.get_all(config.header.as_str()).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value,
        (Some(_), Some(_)) => return Err(wrong("appears more than once")),
    };
    // A slug is shorter than an id, and both are plain ASCII; anything else is not looked at.
    let text = value
        .to_str()
        .map_err(|_| wrong("holds characters that no tenant has"))?;
    if let Ok(id) = text.parse() {
        return Ok(Some(Name::Id(id)));
    }
    text.parse()
        .map(|slug| Some(Name::Slug(slug)))
        .map_err(|_| wrong("is neither a slug nor an id of a tenant"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_17_only_a_slug_or_an_id_is_a_tenant() {
        let resolve = |value: &[u8]| {
            let value = http::HeaderValue::from_bytes(value).unwrap();
            let (parts, ()) = http::Request::builder()
                .header("x-tenant", value)
                .body(())
                .unwrap()
                .into_parts();
            read(&ResolveConfig::default(), &parts)
        };
        assert!(matches!(resolve(b"acme"), Ok(Some(Name::Slug(_)))));
        assert!(matches!(
            resolve(b"01890a5d-ac96-774b-bcce-b302099a8057"),
            Ok(Some(Name::Id(_)))
        ));
        for wrong in [
            &b"acme,beta"[..],
            b" acme",
            b"ACME",
            b"",
            b"\xff",
            b"acme/..",
            &[b'a'; 100_000],
        ] {
            assert_eq!(resolve(wrong).unwrap_err().code(), Code::HEADER_INVALID);
        }
    }

    #[test]
    fn ten_17_two_headers_are_refused() {
        let request = http::Request::builder()
            .header("x-tenant", "acme")
            .header("x-tenant", "acme");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        assert_eq!(
            read(&ResolveConfig::default(), &parts).unwrap_err().code(),
            Code::HEADER_INVALID
        );
    }
}
