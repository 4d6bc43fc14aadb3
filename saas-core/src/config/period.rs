//! Spans of time as people write them.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A span of time in a configuration: `30s`, `15m`, `1h`, `30d`, `250ms`, or a number of seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Period(Duration);

/// Says that a text is not a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a span of time is a number with `ms`, `s`, `m`, `h` or `d`, such as `15m`")]
#[non_exhaustive]
pub struct InvalidPeriod;

impl From<Duration> for Period {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl From<Period> for Duration {
    fn from(period: Period) -> Self {
        period.0
    }
}

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or(InvalidPeriod)?;
        let number: u64 = number.parse().map_err(|_| InvalidPeriod)?;
        let seconds = |factor: u64| number.checked_mul(factor).map(Duration::from_secs);
        let duration = match unit.trim_start() {
            "ms" => Some(Duration::from_millis(number)),
            "" | "s" => seconds(1),
            "m" => seconds(60),
            "h" => seconds(3_600),
            "d" => seconds(86_400),
            _ => None,
        };
        duration.map(Self).ok_or(InvalidPeriod)
    }
}

/// Reads a span of time or a number that is not zero, for `#[serde(deserialize_with = "positive")]`: where none at all would
/// mean that something is never done, or all the time.
///
/// # Errors
///
/// When it is zero, or no such value.
pub fn positive<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default + PartialEq,
{
    let value = T::deserialize(deserializer)?;
    if value == T::default() {
        return Err(de::Error::custom("zero is not enough"));
    }
    Ok(value)
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match self.0.subsec_millis() {
            0 if seconds > 0 && seconds.is_multiple_of(86_400) => {
                write!(f, "{}d", seconds / 86_400)
            }
            0 if seconds > 0 && seconds.is_multiple_of(3_600) => write!(f, "{}h", seconds / 3_600),
            0 if seconds > 0 && seconds.is_multiple_of(60) => write!(f, "{}m", seconds / 60),
            0 => write!(f, "{seconds}s"),
            _ => write!(f, "{}ms", self.0.as_millis()),
        }
    }
}

impl fmt::Debug for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Period;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a span of time such as `15m`, or a number of seconds")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Period, E> {
                text.parse()
                    .map_err(|_| E::invalid_value(de::Unexpected::Other("another text"), &self))
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Period, E> {
                Ok(Period(Duration::from_secs(seconds)))
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Period, E> {
                let seconds = u64::try_from(seconds).map_err(|_| {
                    E::invalid_value(de::Unexpected::Other("a negative number"), &self)
                })?;
                Ok(Period(Duration::from_secs(seconds)))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}
