//! What the targets share.
#![forbid(unsafe_code)]

/// Takes an input apart at the ends of lines, so that seeds are files that people read. The last part is the rest.
pub fn lines<const N: usize>(data: &[u8]) -> Option<[&str; N]> {
    let mut parts = str::from_utf8(data).ok()?.splitn(N, '\n');
    let mut lines = [""; N];
    for line in &mut lines {
        *line = parts.next().unwrap_or_default();
    }
    Some(lines)
}
