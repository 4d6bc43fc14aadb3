//! The cookie of a browser's session (RFC 6265bis), and the guard against requests that other sites forge.

use http::{HeaderMap, HeaderValue, header};
use saas_core::{Secret, TenantId};

/// The cookie that carries a session.
///
/// Its name begins with `__Host-`, so a browser takes it only over TLS (or from the machine itself), for this
/// host alone, and never from a sibling domain. Each tenant has a cookie of its own: whoever works in two
/// tenants on one host, by `/t/<slug>/`, has two sessions.
///
/// ```
/// use http::{HeaderMap, header::COOKIE};
/// use saas_auth::SessionCookie;
/// use saas_core::{Id, Secret};
///
/// let cookie = SessionCookie::of(Id::generate());
/// let set = cookie.set(&Secret::from("s3cret")).expect("a header");
/// let set = set.to_str()?;
/// assert!(set.starts_with(&format!("{}=s3cret;", cookie.name())));
/// assert!(set.contains("Secure") && set.contains("HttpOnly"));
///
/// let mut headers = HeaderMap::new();
/// headers.insert(COOKIE, format!("theme=dark; {}=s3cret", cookie.name()).parse()?);
/// assert_eq!(cookie.read(&headers)?.expect("it is there").expose(), "s3cret");
/// // One that was planted beside it is not passed over.
/// headers.append(COOKIE, format!("{}=planted", cookie.name()).parse()?);
/// assert!(cookie.read(&headers).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SessionCookie {
    name: String,
}

impl SessionCookie {
    /// Names the cookie of a tenant.
    #[must_use]
    pub fn of(tenant: TenantId) -> Self {
        let id = tenant.as_uuid().simple().to_string();
        // The end of an id is random; its beginning is the time.
        let end = id.get(16..).unwrap_or(&id);
        Self {
            name: format!("__Host-session-{end}"),
        }
    }

    /// Names the cookie of a browser without a session, which the forms before the sign-in are bound to.
    #[cfg(feature = "pages")]
    pub(crate) fn of_visit() -> Self {
        Self {
            name: "__Host-visit".to_owned(),
        }
    }

    /// Names the cookie of a browser that is remembered in a tenant; see
    /// [`SecondFactors::remember`](crate::mfa::SecondFactors::remember).
    #[cfg(feature = "pages")]
    pub(crate) fn of_device(tenant: TenantId) -> Self {
        Self {
            name: Self::of(tenant).name.replace("session", "device"),
        }
    }

    /// Gives the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads the cookie of a request. `Err` when it appears more than once: one of them was planted.
    ///
    /// # Errors
    ///
    /// [`TwoCookies`].
    pub fn read(&self, headers: &HeaderMap) -> Result<Option<Secret<String>>, TwoCookies> {
        let mut found = None;
        // Cookies of others may have any bytes in them.
        let pairs = headers
            .get_all(header::COOKIE)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
            .filter_map(|pair| str::from_utf8(pair).ok());
        for pair in pairs {
            // No other space: browsers let any page of a neighbouring host set `\u{a0}__Host-…`.
            if let Some((name, value)) = pair.trim_matches([' ', '\t']).split_once('=')
                && name == self.name
                && found.replace(Secret::new(value.to_owned())).is_some()
            {
                return Err(TwoCookies);
            }
        }
        Ok(found)
    }

    /// Writes the header `Set-Cookie` that gives a browser its session, until the browser is closed or the
    /// session ends.
    #[must_use]
    pub fn set(&self, secret: &Secret<String>) -> Option<HeaderValue> {
        self.header(secret.expose(), "")
    }

    /// Writes the header `Set-Cookie` of a cookie that ends by itself.
    #[cfg(feature = "pages")]
    pub(crate) fn set_for(&self, secret: &Secret<String>, seconds: u32) -> Option<HeaderValue> {
        self.header(secret.expose(), &format!("; Max-Age={seconds}"))
    }

    /// Writes the header `Set-Cookie` that takes it away.
    #[must_use]
    pub fn clear(&self) -> Option<HeaderValue> {
        self.header("", "; Max-Age=0")
    }

    fn header(&self, value: &str, end: &str) -> Option<HeaderValue> {
        let text = format!(
            "{}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{end}",
            self.name
        );
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

/// Says that a request has two cookies of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("two cookies have the same name")]
#[non_exhaustive]
pub struct TwoCookies;
