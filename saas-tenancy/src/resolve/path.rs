//! The path prefix that names a tenant.

use http::{HeaderValue, Response, Uri, header::LOCATION, uri::PathAndQuery};
use saas_core::{Code, Problem};

use super::ResolveConfig;
use crate::Slug;

/// What was taken off the path of a request, such as `/t/acme`.
///
/// [`TenantLayer`](crate::TenantLayer) leaves it in the request's extensions when the path names the tenant. Links
/// to other pages of the service begin with it. The layer itself puts it before the `Location` of what a handler has
/// made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPrefix(String);

impl PathPrefix {
    pub(crate) fn taken(sent: &Uri, routed: &Uri) -> Self {
        let sent = sent.path();
        let behind = || sent.strip_prefix(routed.path());
        // Of `/t/acme`, which is routed as `/`, nothing is left to take off.
        let prefix = sent
            .strip_suffix(routed.path())
            .or_else(|| behind().filter(|prefix| prefix.starts_with('/')))
            .unwrap_or(sent);
        Self(prefix.to_owned())
    }

    /// Says where that is what a handler has made, to a client who knows the service by its prefix. Only an answer of
    /// success says so (RFC 9110, section 10.2.2); where a redirect leads is up to who wrote it.
    pub(crate) fn put_before_location<B>(&self, response: &mut Response<B>) {
        if !response.status().is_success() {
            return;
        }
        let Some(location) = response.headers_mut().get_mut(LOCATION) else {
            return;
        };
        let path = location.to_str().unwrap_or_default();
        let has_host = path.starts_with("//");
        let has_prefix = path
            .strip_prefix(&self.0)
            .is_some_and(|rest| rest.starts_with('/'));
        if path.starts_with('/')
            && !has_host
            && !has_prefix
            && let Ok(whole) = HeaderValue::try_from(format!("{}{path}", self.0))
        {
            *location = whole;
        }
    }

    /// Gives the text, without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where the documents of a service stand, before the path of the service (RFC 8615; RFC 8414, section 3.1):
/// what describes `https://app.example/t/acme` is found at `/.well-known/<name>/t/acme`.
const WELL_KNOWN: &str = "/.well-known/";

/// Gives the tenant that the path names, and the address without it.
///
/// The segment is compared as it was sent. A slug has no character that would have to be encoded, so
/// an encoded one is not another spelling of the same tenant but a mistake or an attempt.
pub(super) fn read(config: &ResolveConfig, uri: &Uri) -> Result<Option<(Slug, Uri)>, Problem> {
    let prefix = config.path_prefix.as_str();
    let (document, path) = well_known(uri.path());
    let rest = match path
        .strip_prefix('/')
        .and_then(|path| path.strip_prefix(prefix))
    {
        Some(rest) if !prefix.is_empty() => rest,
        _ => return Ok(None),
    };
    // `/today` begins with `t` too.
    let Some(rest) = rest.strip_prefix('/') else {
        return Ok(None);
    };
    let (slug, path) = match document {
        "" => {
            let (slug, rest) = rest.split_once('/').unwrap_or((rest, ""));
            (slug, format!("/{rest}"))
        }
        // Nothing stands behind the path of the service.
        document => (rest, document.to_owned()),
    };
    let slug = slug.parse().map_err(|_| wrong())?;
    let routed = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(routed).map_err(|_| wrong())?);
    Ok(Some((slug, Uri::from_parts(parts).map_err(|_| wrong())?)))
}

/// Splits `/.well-known/<name>` off a path that goes on.
fn well_known(path: &str) -> (&str, &str) {
    let name = path.strip_prefix(WELL_KNOWN);
    let end = name.and_then(|name| Some(WELL_KNOWN.len() + name.find('/')?));
    end.and_then(|end| path.split_at_checked(end))
        .unwrap_or(("", path))
}

fn wrong() -> Problem {
    Problem::new(Code::BAD_REQUEST).detail("the path names no tenant")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(path: &str) -> Result<Option<(String, String)>, Problem> {
        let read = read(&ResolveConfig::default(), &path.parse().unwrap())?;
        Ok(read.map(|(slug, uri)| (slug.to_string(), uri.to_string())))
    }

    #[test]
    fn takes_the_prefix_off() {
        let found = |slug: &str, uri: &str| Ok(Some((slug.to_owned(), uri.to_owned())));
        assert_eq!(
            resolve("/t/acme/api/v1/me?x=1"),
            found("acme", "/api/v1/me?x=1")
        );
        assert_eq!(resolve("/t/acme"), found("acme", "/"));
        assert_eq!(resolve("/t/acme/"), found("acme", "/"));
        // What is left is routed as it is; the router knows no `..`.
        assert_eq!(resolve("/t/acme/../beta/"), found("acme", "/../beta/"));
        for other in ["/", "/api/v1/me", "/today/acme", "/t", "//t//acme/"] {
            assert_eq!(resolve(other), Ok(None), "{other}");
        }
    }

    #[test]
    fn oau_41_what_describes_a_tenant_stands_before_its_path() {
        let found = |slug: &str, uri: &str| Ok(Some((slug.to_owned(), uri.to_owned())));
        let document = "/.well-known/oauth-authorization-server";
        assert_eq!(
            resolve(&format!("{document}/t/acme")),
            found("acme", document)
        );
        assert_eq!(
            resolve(&format!("{document}/t/acme?x=1")),
            found("acme", "/.well-known/oauth-authorization-server?x=1")
        );
        assert_eq!(
            resolve(&format!("/t/acme{document}")),
            found("acme", document)
        );
        for other in ["", "/", "/x/acme", "/today/acme", "/t"] {
            assert_eq!(resolve(&format!("{document}{other}")), Ok(None), "{other}");
        }
        for wrong in ["/t/acme/", "/t/acme/x", "/t/ACME", "/t/"] {
            let answer = resolve(&format!("{document}{wrong}"));
            assert_eq!(answer.unwrap_err().code(), Code::BAD_REQUEST, "{wrong}");
        }
    }

    #[test]
    fn what_was_taken_off_is_known() {
        for path in [
            "/t/acme/api/v1/me?x=1",
            "/t/acme",
            "/t/acme/",
            "/.well-known/openid-configuration/t/acme",
            "/t/acme/.well-known/openid-configuration",
        ] {
            let sent: Uri = path.parse().unwrap();
            let (_, routed) = read(&ResolveConfig::default(), &sent).unwrap().unwrap();
            assert_eq!(
                PathPrefix::taken(&sent, &routed).as_str(),
                "/t/acme",
                "{path}"
            );
        }
    }

    #[test]
    fn ten_18_a_segment_has_one_spelling() {
        for path in [
            "/t/%61cme/",
            "/t/ACME/",
            "/t/acme;x=1/",
            "/t/acme%2f..%2fbeta",
            "/t//acme",
            "/t/../beta",
            "/t/",
        ] {
            assert_eq!(
                resolve(path).unwrap_err().code(),
                Code::BAD_REQUEST,
                "{path}"
            );
        }
    }

    #[test]
    fn where_something_was_made_is_said_with_the_prefix() {
        let prefix = PathPrefix("/t/acme".to_owned());
        let said = |status: u16, location: &str| {
            let response = Response::builder().status(status);
            let mut response = response.header(LOCATION, location).body(()).unwrap();
            prefix.put_before_location(&mut response);
            response.headers()[LOCATION].to_str().unwrap().to_owned()
        };
        assert_eq!(said(201, "/api/v1/x/1?a=%2F"), "/t/acme/api/v1/x/1?a=%2F");
        assert_eq!(said(201, "/t/acmeter/1"), "/t/acme/t/acmeter/1");
        for other in [
            "/t/acme/api/v1/x/1",
            "//other.example/x",
            "https://other.example/x",
            "x/1",
        ] {
            assert_eq!(said(201, other), other);
        }
        assert_eq!(said(303, "/login"), "/login");
    }
}
