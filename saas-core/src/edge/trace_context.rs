//! The trace that a request belongs to (W3C Trace Context, Level 2).

use http::HeaderMap;
use tracing::Span;

const HEADER: &str = "traceparent";

/// The trace of a caller, and the part of it that called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parent {
    trace: u128,
    span: u64,
}

/// Lets the span of a request go on with the trace of its caller, and names the trace in it. What is no context of the
/// version that we know is as if it were not there (section 4.3).
pub(super) fn join(span: &Span, headers: &HeaderMap) {
    let parent = parent(headers);
    #[cfg(feature = "otlp")]
    if let Some(trace) = exported(span, parent) {
        span.record("trace_id", tracing::field::display(trace));
        return;
    }
    if let Some(Parent { trace, .. }) = parent {
        span.record(
            "trace_id",
            tracing::field::display(format_args!("{trace:032x}")),
        );
    }
}

/// Sets the parent of a span that is exported. Gives its trace.
#[cfg(feature = "otlp")]
fn exported(span: &Span, parent: Option<Parent>) -> Option<opentelemetry::TraceId> {
    use opentelemetry::{
        SpanId, TraceFlags, TraceId,
        trace::{SpanContext, TraceContextExt as _, TraceState},
    };
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;

    if let Some(Parent { trace, span: id }) = parent {
        // Whether it is sampled is decided here, by its id.
        let context = SpanContext::new(
            TraceId::from(trace),
            SpanId::from(id),
            TraceFlags::NOT_SAMPLED,
            true,
            TraceState::NONE,
        );
        let context = opentelemetry::Context::new().with_remote_span_context(context);
        let _ = span.set_parent(context);
    }
    let context = span.context();
    let trace = context.span().span_context().trace_id();
    (trace != TraceId::INVALID).then_some(trace)
}

/// Notes on a span that is exported how its request was answered.
#[cfg(feature = "otlp")]
pub(super) fn answered(span: &Span, status: u16) {
    use opentelemetry::trace::Status;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;

    span.set_attribute("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.set_status(Status::error(""));
    }
}

fn parent(headers: &HeaderMap) -> Option<Parent> {
    let mut values = headers.get_all(HEADER).iter();
    let (value, None) = (values.next()?.to_str().ok()?, values.next()) else {
        return None;
    };
    let mut parts = value.split('-');
    let [version, trace, span, flags] = [(); 4].map(|()| parts.next().unwrap_or_default());
    // A later version may say more after what this one says.
    let longer = parts.next().is_some();
    let known = hex(version, 2)? != 255 && (version != "00" || !longer);
    let _flags = hex(flags, 2)?;
    let parent = Parent {
        trace: hex(trace, 32)?,
        span: u64::try_from(hex(span, 16)?).ok()?,
    };
    (known && parent.trace != 0 && parent.span != 0).then_some(parent)
}

/// Reads so many lower-case hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != digits || !text.bytes().all(is_digit) {
        return None;
    }
    u128::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Option<Parent> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, value.parse().unwrap());
        }
        parent(&headers)
    }

    #[test]
    fn a_context_is_read_as_the_standard_says_and_nothing_else_is_one() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let parent = Parent {
            trace: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
            span: 0x00f0_67aa_0ba9_02b7,
        };
        for (value, expected) in [
            (format!("00-{trace}-00f067aa0ba902b7-01"), Some(parent)),
            (format!("00-{trace}-00f067aa0ba902b7-00"), Some(parent)),
            (
                format!("cc-{trace}-00f067aa0ba902b7-01-later"),
                Some(parent),
            ),
            (format!("00-{trace}-00f067aa0ba902b7-01-later"), None),
            (format!("ff-{trace}-00f067aa0ba902b7-01"), None),
            (format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)), None),
            (format!("00-{trace}-0000000000000000-01"), None),
            (
                format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()),
                None,
            ),
            (format!("00-{trace}-00f067aa0ba902b7"), None),
            (format!("00-{trace}-00f067aa0ba902b7-1"), None),
            (format!("00-{trace}-+0f067aa0ba902b7-01"), None),
            ("x".repeat(10_000), None),
            (String::new(), None),
        ] {
            assert_eq!(of(&[&value]), expected, "{value}");
        }
        let one = format!("00-{trace}-00f067aa0ba902b7-01");
        assert_eq!(of(&[&one, &one]), None);
        assert_eq!(of(&[]), None);
    }
}
