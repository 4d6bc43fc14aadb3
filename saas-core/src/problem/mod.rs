//! Errors as a client sees them: problem details for HTTP APIs (RFC 9457).
//!
//! A crate of the family has one error enum that says what failed, and a `problem` module that
//! turns it into a [`Problem`]. The split keeps HTTP out of errors, and keeps what only the log may
//! know out of answers: a problem holds nothing but its [`Code`], a sentence written for the
//! client, and the fields that were wrong.

mod code;
#[cfg(feature = "edge")]
mod respond;

use std::{borrow::Cow, fmt, time::Duration};

use serde::{Serialize, Serializer, ser::SerializeMap};

pub use code::Code;

use crate::Level;

/// An error for a client; see the [module](self).
///
/// # Examples
///
/// ```
/// use saas_core::{Code, Problem};
///
/// let problem = Problem::new(Code::VALIDATION).field("name", "is longer than 200 characters");
/// let json = serde_json::to_value(&problem)?;
/// assert_eq!(json["status"], 422);
/// assert_eq!(json["code"], "validation");
/// assert_eq!(json["errors"][0]["field"], "name");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a problem does nothing until it is returned"]
pub struct Problem {
    code: Code,
    detail: Option<Cow<'static, str>>,
    fields: Vec<FieldError>,
    request_id: Option<String>,
    retry_after: Option<u32>,
    challenge: Option<Cow<'static, str>>,
}

/// One field of the input that was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FieldError {
    /// Where: the path in a JSON body (`owner.email`), or the name of a query parameter or header.
    pub field: String,
    /// What is wrong with it, in words that continue "the field …".
    pub message: String,
}

impl FieldError {
    /// Says what is wrong with a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

impl Problem {
    /// The media type of a problem (RFC 9457, section 6.1).
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// Makes a problem of the given kind.
    pub const fn new(code: Code) -> Self {
        Self {
            code,
            detail: None,
            fields: Vec::new(),
            request_id: None,
            retry_after: None,
            challenge: None,
        }
    }

    /// The longest text that a problem repeats, in characters. What is longer is cut, because texts
    /// often quote what a client sent.
    pub const MAX_TEXT: usize = 500;

    /// Explains this occurrence to the client, in up to [`Problem::MAX_TEXT`] characters. The text must
    /// hold nothing that the client did not send or may not know.
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(match detail.into() {
            Cow::Owned(text) => shortened(text).into(),
            text => text,
        });
        self
    }

    /// Names a wrong field, and says what is wrong in up to [`Problem::MAX_TEXT`] characters.
    pub fn field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.fields.push(FieldError {
            field: shortened(field.into()),
            message: shortened(message.into()),
        });
        self
    }

    /// Asks the client to try again after so many seconds (RFC 9110, section 10.2.3).
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Makes the problem of a caller who has to sign in anew, or more surely, and says what is wanted with the
    /// challenge of RFC 9470, section 3: the level, and how long ago the sign-in may be.
    pub fn step_up(level: Level, max_age: Option<Duration>) -> Self {
        let mut challenge = "Bearer error=\"insufficient_user_authentication\", \
             error_description=\"a stronger or more recent authentication is required\""
            .to_owned();
        if level > Level::Aal1 {
            challenge.push_str(&format!(", acr_values=\"{level}\""));
        }
        if let Some(age) = max_age {
            challenge.push_str(&format!(", max_age=\"{}\"", age.as_secs()));
        }
        Self::new(Code::STEP_UP_REQUIRED).challenge(challenge)
    }

    /// Sets the challenge (RFC 9110, section 11.6.1), as a rule that of a 401, which says `Bearer` without it.
    pub fn challenge(mut self, challenge: impl Into<Cow<'static, str>>) -> Self {
        self.challenge = Some(challenge.into());
        self
    }

    /// Notes the request in which the problem occurred; the edge does it for every answer.
    pub fn request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = Some(request_id.into());
        self
    }

    /// Gives the kind of the problem.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Gives the explanation of this occurrence.
    #[must_use]
    pub fn detail_text(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// Gives the fields that were wrong.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.fields
    }

    #[cfg(feature = "edge")]
    pub(crate) const fn retry_after_seconds(&self) -> Option<u32> {
        self.retry_after
    }

    #[cfg(feature = "edge")]
    pub(crate) fn challenge_text(&self) -> Option<&str> {
        self.challenge.as_deref()
    }
}

impl From<std::convert::Infallible> for Problem {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.name())?;
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &self.code.type_uri())?;
        map.serialize_entry("title", self.code.title())?;
        map.serialize_entry("status", &self.code.status().as_u16())?;
        map.serialize_entry("code", self.code.name())?;
        if let Some(detail) = &self.detail {
            map.serialize_entry("detail", detail)?;
        }
        if !self.fields.is_empty() {
            map.serialize_entry("errors", &self.fields)?;
        }
        if let Some(request_id) = &self.request_id {
            map.serialize_entry("request_id", request_id)?;
        }
        map.end()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Problem {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Type};

        let text = || ObjectBuilder::new().schema_type(Type::String);
        let field = ObjectBuilder::new()
            .property("field", text())
            .property("message", text())
            .required("field")
            .required("message");
        ObjectBuilder::new()
            .property("type", text().description(Some("The kind, as a URI.")))
            .property("title", text().description(Some("The kind, in words.")))
            .property("status", ObjectBuilder::new().schema_type(Type::Integer))
            .property(
                "code",
                text()
                    .description(Some("The kind, as a stable word for programs."))
                    .enum_values(Some(Code::ALL.iter().map(|code| code.name()))),
            )
            .property(
                "detail",
                text().description(Some("What happened this time.")),
            )
            .property("errors", ArrayBuilder::new().items(field))
            .property("request_id", text())
            .required("type")
            .required("title")
            .required("status")
            .required("code")
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Problem {}
fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(Problem::MAX_TEXT) {
        text.truncate(end);
        text.push('…');
    }
    text
}
