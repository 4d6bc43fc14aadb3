//! The name under which a file is saved.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Characters that need no escape in RFC 8187, section 3.2.1.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Names the file for whoever saves it (RFC 6266): a plain form for old programs, and the exact one.
pub(crate) fn attachment(name: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || " ._-()".contains(c);
    let plain: String = name
        .chars()
        .map(|c| if harmless(c) { c } else { '_' })
        .collect();
    format!(
        "attachment; filename=\"{plain}\"; filename*=UTF-8''{}",
        utf8_percent_encode(name, ATTRIBUTE)
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::fuzzing, *};

    #[test]
    fn a_name_is_given_in_both_forms() {
        assert_eq!(
            attachment("märz (1).pdf"),
            "attachment; filename=\"m_rz (1).pdf\"; filename*=UTF-8''m%C3%A4rz%20%281%29.pdf"
        );
    }

    proptest! {
        /// Keys hold none of the worst of these; this holds for any text all the same.
        #[test]
        fn sto_14_a_name_cannot_split_a_header(name in prop_oneof![Just("a\"\r\nSet-Cookie: x\u{1f600}.txt".to_owned()), ".{0,40}"]) {
            fuzzing::disposition(&name);
        }
    }
}
