//! What has to hold of the codes of devices.

use super::code::{DeviceCode, UserCode};

/// What a person types is one code, however it is written, and a device has one spelling of its own.
///
/// # Panics
///
/// When it does not hold.
pub fn device_code(text: &str) {
    if let Some(code) = UserCode::parse(text) {
        let written = code.write();
        let again = UserCode::parse(&written).map(|code| code.write());
        assert_eq!(again.as_ref(), Some(&written));
        let letters = |text: &str| -> String {
            let letters = text.chars().filter(char::is_ascii_alphabetic);
            letters.map(|c| c.to_ascii_uppercase()).collect()
        };
        assert_eq!(letters(text), letters(&written));
        assert!(text.is_ascii() && written.len() == 9, "{text:?}");
    }
    if let Some(code) = DeviceCode::parse(text) {
        assert_eq!(code.write().expose(), text);
        assert!(code.matches(&code.hash()));
        assert!(DeviceCode::generate().is_ok_and(|other| !code.matches(&other.hash())));
    }
}
