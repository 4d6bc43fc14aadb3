//! Times on pages.

use saas_core::Timestamp;

/// A time for programs, and to the minute for people.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) exact: String,
    pub(super) shown: String,
}

impl From<Timestamp> for Moment {
    fn from(time: Timestamp) -> Self {
        let exact = time.to_string();
        let minute = exact.get(..16).unwrap_or(&exact);
        Self {
            shown: format!("{} UTC", minute.replace('T', " ")),
            exact,
        }
    }
}
