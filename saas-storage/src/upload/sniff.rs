//! What a file is, told from its bytes and not from what its sender says.

/// How many bytes at the start are looked at.
pub(crate) const HEAD: usize = 8 * 1024;

/// Gives the media type that the first bytes of a file speak for.
pub(crate) fn media_type(head: &[u8]) -> &'static str {
    if let Some(found) = infer::get(head) {
        return found.mime_type();
    }
    match std::str::from_utf8(head) {
        // The last character may be cut in two by the end of what is looked at.
        Err(error) if error.error_len().is_some() || head.len() < HEAD => {
            "application/octet-stream"
        }
        _ if head.contains(&0) => "application/octet-stream",
        _ if looks_like_markup(head) => "text/html",
        _ => "text/plain",
    }
}

/// Tells text in which a browser could find something to run. SVG is among it.
fn looks_like_markup(head: &[u8]) -> bool {
    let start = head.iter().position(|byte| !byte.is_ascii_whitespace());
    start.and_then(|at| head.get(at)) == Some(&b'<')
}

/// Tells whether a type is on a list of types and of groups such as `image/*`. An empty list has all.
pub(crate) fn is_allowed(kind: &str, allowed: &[String]) -> bool {
    let fits = |entry: &String| match entry.strip_suffix("/*") {
        Some(group) => kind.split_once('/').is_some_and(|(of, _)| of == group),
        None => entry == kind,
    };
    allowed.is_empty() || allowed.iter().any(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_told_from_the_bytes() {
        for (head, wanted) in [
            (&b"\x89PNG\r\n\x1a\n0000"[..], "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"%PDF-1.7", "application/pdf"),
            (b"PK\x03\x04", "application/zip"),
            (b"<!DOCTYPE html><p>", "text/html"),
            (b"\n <svg onload=alert(1)>", "text/html"),
            (b"hello", "text/plain"),
            ("märz".as_bytes(), "text/plain"),
            (b"", "text/plain"),
            (b"a\0b", "application/octet-stream"),
            (b"\xc3", "application/octet-stream"),
            (b"MZ\x90\0", "application/vnd.microsoft.portable-executable"),
        ] {
            assert_eq!(media_type(head), wanted, "{head:?}");
        }
        let mut cut = "é".repeat(HEAD / 2 + 1).into_bytes();
        cut.insert(0, b'x');
        assert_eq!(media_type(&cut[..HEAD]), "text/plain");
    }

    #[test]
    fn a_list_names_types_and_groups() {
        let list = ["image/*".to_owned(), "application/pdf".to_owned()];
        for kind in ["image/png", "image/gif", "application/pdf"] {
            assert!(is_allowed(kind, &list), "{kind}");
        }
        for kind in ["text/html", "imagex/png", "application/pdfx", "image", ""] {
            assert!(!is_allowed(kind, &list), "{kind}");
        }
        assert!(is_allowed("text/html", &[]));
    }
}
