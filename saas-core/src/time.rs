//! Instants, and the clock they come from.
//!
//! Whatever expires asks a [`Clock`], so that a test moves time instead of waiting for it. This
//! file is the only one that may read the real clock; `clippy.toml` forbids it elsewhere.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant in UTC with a precision of one microsecond.
///
/// Microseconds are what PostgreSQL keeps in `TIMESTAMPTZ`; on SQLite the same number is stored as
/// an integer. A value therefore comes back from both databases as it went in, and sorts rightly
/// in both. The text form is RFC 3339 with the offset `Z`.
///
/// # Examples
///
/// ```
/// use saas_core::Timestamp;
///
/// let t: Timestamp = "2026-11-21T10:30:00+01:00".parse()?;
/// assert_eq!(t.to_string(), "2026-11-21T09:30:00Z");
/// # Ok::<(), saas_core::InvalidTimestamp>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Says that a text or a number is not an instant that can be represented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a time is written as in RFC 3339, such as 2026-11-21T09:30:00Z, between the years 1 and 9999"
)]
#[non_exhaustive]
pub struct InvalidTimestamp;

impl Timestamp {
    /// The start of Unix time, 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(0);

    // From the year 1 to 9999-12-30T21:59:59Z: what RFC 3339 can write and jiff can hold.
    const MIN_MICROS: i64 = -62_135_596_800_000_000;
    const MAX_MICROS: i64 = 253_402_207_199_999_999;

    /// Takes microseconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    ///
    /// When the instant lies outside the years 1 to 9999.
    pub fn from_micros(micros: i64) -> Result<Self, InvalidTimestamp> {
        if (Self::MIN_MICROS..=Self::MAX_MICROS).contains(&micros) {
            Ok(Self(micros))
        } else {
            Err(InvalidTimestamp)
        }
    }

    /// Takes whole seconds since 1970-01-01T00:00:00Z, as JSON Web Tokens carry them (RFC 7519,
    /// section 2).
    ///
    /// # Errors
    ///
    /// When the instant lies outside the years 1 to 9999.
    pub fn from_secs(seconds: i64) -> Result<Self, InvalidTimestamp> {
        seconds
            .checked_mul(1_000_000)
            .ok_or(InvalidTimestamp)
            .and_then(Self::from_micros)
    }

    /// Gives microseconds since 1970-01-01T00:00:00Z, negative before it.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Gives whole seconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Gives the instant `by` later, at most the end of the year 9999.
    #[must_use]
    pub fn saturating_add(self, by: Duration) -> Self {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(by).min(Self::MAX_MICROS))
    }

    /// Gives the instant `by` earlier, at least the start of the year 1.
    #[must_use]
    pub fn saturating_sub(self, by: Duration) -> Self {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(by).max(Self::MIN_MICROS))
    }

    /// Gives the time from `earlier` to `self`, zero when `earlier` is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(instant) => fmt::Display::fmt(&instant, f),
            // INVARIANT: both constructors keep the value inside the range of jiff.
            Err(_) => write!(f, "{} µs", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let instant: jiff::Timestamp = text.parse().map_err(|_| InvalidTimestamp)?;
        Self::from_micros(instant.as_microsecond())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(
                utoipa::openapi::KnownFormat::DateTime,
            )))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Timestamp {}

/// Tells the time.
///
/// # Contract
///
/// `now` neither blocks nor fails. It may go backwards when the machine's clock is set back;
/// callers that compare instants must bear that.
pub trait Clock: Send + Sync + fmt::Debug + 'static {
    /// Gives the current time.
    fn now(&self) -> Timestamp;

    /// Gives a time that is a few milliseconds old at most, for whoever asks very often.
    fn recent(&self) -> Timestamp {
        self.now()
    }
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl SystemClock {
    /// Makes a shared clock of the machine, the form most constructors take.
    #[must_use]
    pub fn shared() -> Arc<dyn Clock> {
        Arc::new(Self)
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the clock"
    )]
    fn now(&self) -> Timestamp {
        let now = jiff::Timestamp::now().as_microsecond();
        Timestamp(now.clamp(Timestamp::MIN_MICROS, Timestamp::MAX_MICROS))
    }

    /// The time of the last tick of the kernel (`clock_gettime(2)`, `CLOCK_REALTIME_COARSE`).
    #[cfg(target_os = "linux")]
    fn recent(&self) -> Timestamp {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
        let micros = time.tv_sec.saturating_mul(1_000_000);
        let micros = micros.saturating_add(time.tv_nsec / 1_000);
        Timestamp(micros.clamp(Timestamp::MIN_MICROS, Timestamp::MAX_MICROS))
    }
}

/// A clock that stands still until it is moved, for tests.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use saas_core::{Clock, FixedClock, Timestamp};
///
/// let clock = FixedClock::at(Timestamp::UNIX_EPOCH);
/// clock.advance(Duration::from_secs(90));
/// assert_eq!(clock.now().as_secs(), 90);
/// ```
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// Makes a clock that shows `start`.
    #[must_use]
    pub fn at(start: Timestamp) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(start.0)))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.set(self.now().saturating_add(by));
    }

    /// Sets the clock, forward or back.
    pub fn set(&self, to: Timestamp) {
        self.0.store(to.0, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_comes_back() {
        for micros in [
            0,
            1,
            -1,
            1_795_000_000_123_456,
            Timestamp::MIN_MICROS,
            Timestamp::MAX_MICROS,
        ] {
            let t = Timestamp::from_micros(micros).unwrap();
            assert_eq!(t.to_string().parse(), Ok(t), "{micros}");
        }
    }

    #[test]
    fn refuses_what_rfc_3339_cannot_write() {
        assert_eq!(Timestamp::from_micros(i64::MAX), Err(InvalidTimestamp));
        assert_eq!(Timestamp::from_secs(i64::MAX), Err(InvalidTimestamp));
        for wrong in [
            "",
            "now",
            "2026-11-21",
            "2026-11-21T09:30:00",
            "-000001-01-01T00:00:00Z",
        ] {
            assert_eq!(
                wrong.parse::<Timestamp>(),
                Err(InvalidTimestamp),
                "{wrong:?}"
            );
        }
    }
}
