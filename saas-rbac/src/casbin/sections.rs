//! Which of several definitions a request is decided by.

/// The matcher and the effect that decide. The matcher says which request and which rules it is
/// about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnforceContext {
    pub(super) matcher: String,
    pub(super) effect: String,
}

impl Default for EnforceContext {
    fn default() -> Self {
        Self::new("m", "e")
    }
}

impl EnforceContext {
    /// Names the matcher and the effect: `m2` and `e`.
    #[must_use]
    pub fn new(matcher: &str, effect: &str) -> Self {
        Self {
            matcher: matcher.to_owned(),
            effect: effect.to_owned(),
        }
    }

    /// Takes those of one number: `m2` and `e2`.
    #[must_use]
    pub fn numbered(number: u16) -> Self {
        match number {
            0 | 1 => Self::default(),
            _ => Self::new(&format!("m{number}"), &format!("e{number}")),
        }
    }
}
