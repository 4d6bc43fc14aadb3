//! What has to hold whatever somebody sends. Property tests ask it of texts that look like something, and the
//! targets under `fuzz/` of any others; it panics when it does not hold.

use crate::{Domain, Slug};
pub use crate::{repository::fuzzing::*, resolve::fuzzing::*};

/// A name in addresses is one label of a host that everybody reads alike, a domain has one form, and nothing is
/// both of them or the id of a tenant.
///
/// # Panics
///
/// When it does not hold.
pub fn names(text: &str) {
    if let Ok(slug) = text.parse::<Slug>() {
        assert_eq!(slug.as_str(), text);
        assert!(Slug::stored(text).is_ok_and(|stored| stored == slug));
        // As a label it is what an international domain is written as (RFC 5891), and no other.
        let ascii = idna::domain_to_ascii_strict(text).ok();
        assert_eq!(ascii.as_deref(), Some(text));
        assert!(text.parse::<saas_core::TenantId>().is_err());
        assert!(text.parse::<Domain>().is_err());
        assert!(text.parse::<std::net::IpAddr>().is_err());
    }
    let Ok(domain) = text.parse::<Domain>() else {
        return;
    };
    let form = domain.as_str();
    assert_eq!(form.parse(), Ok(domain.clone()));
    assert_eq!(form.to_ascii_uppercase().parse(), Ok(domain.clone()));
    assert_eq!(format!("{form}.").parse(), Ok(domain.clone()));
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    assert!(form.len() <= 253 && form.split('.').all(label), "{form:?}");
    // Nobody takes it for an address of a machine.
    assert!(form.parse::<std::net::IpAddr>().is_err());
    let unicode = idna::domain_to_unicode(form).0;
    assert_eq!(unicode.parse(), Ok(domain), "{unicode:?}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ten_10_11_a_name_is_read_in_one_way(text in "\\PC{0,40}|[a-z0-9-]{1,12}|(xn--)?[a-z0-9-]{1,10}(\\.[a-z0-9ßé-]{1,8}){0,2}\\.?") {
            names(&text);
        }
    }
}
