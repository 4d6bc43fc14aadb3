//! The host that a proxy was asked for.

use http::{HeaderMap, header::FORWARDED};
use saas_core::{Code, Problem};

const X_FORWARDED_HOST: &str = "x-forwarded-host";

/// Gives the host that a trusted proxy forwards, if it does. More than one is refused: which of them the
/// proxy itself wrote cannot be told.
pub(super) fn host(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let plain = one(headers, X_FORWARDED_HOST)?.map(str::trim);
    if plain.is_some_and(|host| host.contains(',')) {
        return Err(wrong());
    }
    let standard = match one(headers, FORWARDED.as_str())? {
        Some(element) => standard_host(element)?,
        None => None,
    };
    match (plain, standard) {
        (Some(plain), Some(standard)) if !plain.eq_ignore_ascii_case(&standard) => Err(wrong()),
        (Some(host), _) => Ok(Some(host.to_owned())),
        (None, standard) => Ok(standard),
    }
}

/// Takes `host` out of one forwarded element (RFC 7239, section 4).
fn standard_host(element: &str) -> Result<Option<String>, Problem> {
    let mut host = None;
    let mut rest = element;
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or_else(wrong)?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or_else(wrong)?,
            None => after.split_at(after.find([';', ',']).unwrap_or(after.len())),
        };
        // A backslash would quote a character that no host has, and a comma begins the next hop.
        if value.contains('\\') || after.trim_start().starts_with(',') {
            return Err(wrong());
        }
        if name.trim().eq_ignore_ascii_case("host")
            && host.replace(value.trim().to_owned()).is_some()
        {
            return Err(wrong());
        }
        rest = match after.trim_start() {
            "" => "",
            after => after.strip_prefix(';').ok_or_else(wrong)?,
        };
    }
    Ok(host)
}

fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| wrong()),
        (Some(_), Some(_)) => Err(wrong()),
    }
}

fn wrong() -> Problem {
    Problem::new(Code::HOST_INVALID)
        .detail("the forwarded host is malformed, or there is more than one")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&'static str, &'static str)]) -> Result<Option<String>, &'static str> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        host(&map).map_err(|problem| problem.code().name())
    }

    #[test]
    fn ten_09_one_forwarded_host_counts_and_two_are_refused() {
        let acme = Ok(Some("acme.app.test".to_owned()));
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[("x-forwarded-host", "acme.app.test")]), acme);
        assert_eq!(
            read(&[("forwarded", "for=192.0.2.1;host=acme.app.test;proto=https")]),
            acme
        );
        assert_eq!(
            read(&[(
                "forwarded",
                "host=\"acme.app.test\"; for=\"[2001:db8::1]:80\""
            )]),
            acme
        );
        assert_eq!(read(&[("forwarded", "for=192.0.2.1")]), Ok(None));
        let both = [
            ("forwarded", "host=acme.app.test"),
            ("x-forwarded-host", "ACME.app.test"),
        ];
        assert!(read(&both).is_ok());
        for wrong in [
            vec![("x-forwarded-host", "a, b")],
            vec![("x-forwarded-host", "a"), ("x-forwarded-host", "b")],
            vec![("forwarded", "host=a, host=b")],
            vec![("forwarded", "host=a;host=b")],
            vec![("forwarded", "host=a"), ("x-forwarded-host", "b")],
            vec![("forwarded", "host=\"a")],
            vec![("forwarded", "host")],
            vec![("forwarded", "host=\"a\\\"b\"")],
        ] {
            assert_eq!(read(&wrong), Err("host-invalid"), "{wrong:?}");
        }
    }
}
