//! Numbers of a service, as Prometheus reads them.
//!
//! What counts says so by [`Metrics`], and one page puts all together:
//!
//! ```
//! use saas_core::metrics::{Kind, Metrics, MetricsText};
//!
//! struct Letters {
//!     sent: u64,
//! }
//!
//! impl Metrics for Letters {
//!     fn write(&self, text: &mut MetricsText) {
//!         let mut sent = text.family("letters_total", "Letters that were sent.", Kind::Counter);
//!         sent.count(&[("to", "members")], self.sent);
//!     }
//! }
//!
//! let text = MetricsText::default().with(&Letters { sent: 3 });
//! assert_eq!(
//!     text.as_str(),
//!     "# HELP letters_total Letters that were sent.\n# TYPE letters_total counter\nletters_total{to=\"members\"} 3\n"
//! );
//! ```
//!
//! A label takes few values: a series that there is for each tenant or each id fills the memory of whoever collects it.

use std::{
    fmt::{Display, Write as _},
    time::Duration,
};

/// What is sent to who collects numbers.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4";

/// Something that counts.
///
/// # Contract
///
/// It asks nobody for its numbers: they are read from memory, without waiting. They may be shown to anybody, so they name no
/// tenant and no secret. The families that it writes are written by nothing else on the page.
pub trait Metrics {
    /// Writes the numbers as they are now.
    fn write(&self, text: &mut MetricsText);
}

/// Whether a number only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the format has no others that are one number"
)]
pub enum Kind {
    /// It grows, and begins anew with the process. Its name ends in `_total`.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// A page in the [text format](https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format) of Prometheus. As
/// an answer it has the media type of that (with the feature `edge`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricsText(String);

impl MetricsText {
    /// Adds what something counts.
    #[must_use]
    pub fn with(mut self, metrics: &(impl Metrics + ?Sized)) -> Self {
        metrics.write(&mut self);
        self
    }

    /// Gives the page.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Begins the series of one name.
    pub fn family<'a>(&'a mut self, name: &'a str, help: &str, kind: Kind) -> Family<'a> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        self.head(name, help, kind);
        Family { text: self, name }
    }

    /// Writes one number that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Into<i64>) {
        self.family(name, help, Kind::Gauge).line(&[], value.into());
    }

    /// Writes how long things took: for each limit how many took at most so long, in ascending order, the last of which is
    /// [`Duration::MAX`] and counts all, and the time of all together.
    pub fn histogram(&mut self, name: &str, help: &str, times: &[(Duration, u64)], sum: Duration) {
        self.head(name, help, "histogram");
        let mut all = 0;
        for (limit, count) in times {
            let limit = match *limit {
                Duration::MAX => "+Inf".to_owned(),
                limit => limit.as_secs_f64().to_string(),
            };
            let bucket = format!("{name}_bucket");
            self.line(&bucket, &[("le", &limit)], count);
            all = *count;
        }
        self.line(&format!("{name}_sum"), &[], sum.as_secs_f64());
        self.line(&format!("{name}_count"), &[], all);
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        self.push(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (number, (label, text)) in labels.iter().enumerate() {
            let before = if number == 0 { '{' } else { ',' };
            let text = text
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            self.push(format_args!("{before}{label}=\"{text}\""));
        }
        let after = if labels.is_empty() { "" } else { "}" };
        self.push(format_args!("{after} {value}\n"));
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // A string takes all.
        let _ = self.0.write_fmt(text);
    }
}

/// The series of one name.
#[derive(Debug)]
pub struct Family<'a> {
    text: &'a mut MetricsText,
    name: &'a str,
}

impl Family<'_> {
    /// Writes how often something happened.
    pub fn count(&mut self, labels: &[(&str, &str)], value: u64) {
        self.line(labels, value);
    }

    /// Writes how long something took, in seconds.
    pub fn seconds(&mut self, labels: &[(&str, &str)], value: Duration) {
        self.line(labels, value.as_secs_f64());
    }

    fn line(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.text.line(self.name, labels, value);
    }
}

#[cfg(feature = "edge")]
impl axum::response::IntoResponse for MetricsText {
    fn into_response(self) -> axum::response::Response {
        ([(http::header::CONTENT_TYPE, MEDIA_TYPE)], self.0).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_leave_their_place() {
        let mut text = MetricsText::default();
        let mut family = text.family("a_total", "one\nline \\", Kind::Counter);
        family.count(&[("b", "\"} 1\nc 2"), ("d", "\\")], 3);
        family.seconds(&[], Duration::from_millis(1500));
        let lines: Vec<_> = text.as_str().lines().collect();
        let expected = [
            "# HELP a_total one\\nline \\\\",
            "# TYPE a_total counter",
            "a_total{b=\"\\\"} 1\\nc 2\",d=\"\\\\\"} 3",
            "a_total 1.5",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_histogram_ends_with_all() {
        let mut text = MetricsText::default();
        let times = [(Duration::from_millis(10), 2), (Duration::MAX, 3)];
        text.histogram("t_seconds", "Time.", &times, Duration::from_secs(4));
        let lines: Vec<_> = text.as_str().lines().skip(2).collect();
        let expected = [
            "t_seconds_bucket{le=\"0.01\"} 2",
            "t_seconds_bucket{le=\"+Inf\"} 3",
            "t_seconds_sum 4",
            "t_seconds_count 3",
        ];
        assert_eq!(lines, expected);
    }
}
