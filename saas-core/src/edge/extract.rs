//! The extractors of axum, with problems as rejections.

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, Request, header, request::Parts};
use http_body_util::BodyExt as _;
use serde::{
    Serialize,
    de::{DeserializeOwned, Deserializer, Visitor},
};

use super::BodyFault;
use crate::{Code, Problem};

/// A JSON body, in and out.
///
/// Refuses with `media-type`, `json-syntax` (not JSON, cut short, not UTF-8), `json-type` (a member
/// is missing, unknown or of another type; it is named), `body-too-large`, `body-incomplete` or
/// `timeout`.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "handlers take it apart in their arguments"
)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _: &S) -> Result<Self, Problem> {
        check_json(request.headers())?;
        let bytes = read_body(request.into_body()).await?;
        parse(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Types that are written in JSON and mean something else, such as patches (RFC 7396, RFC 6902), are not taken for it.
fn check_json(headers: &HeaderMap) -> Result<(), Problem> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (value, other) = (values.next(), values.next());
    if other.is_some() {
        let problem = Problem::new(Code::HEADER_INVALID);
        return Err(problem.field("content-type", "appears more than once"));
    }
    let value = value.and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = value.split(';').next().unwrap_or("").trim();
    match essence.eq_ignore_ascii_case("application/json") {
        true => Ok(()),
        false => {
            Err(Problem::new(Code::MEDIA_TYPE).detail("the body has to be `application/json`"))
        }
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(Named(&mut deserializer)).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => {
                let reason = reason(&inner);
                let path = if path == "." { String::new() } else { path };
                Problem::new(Code::JSON_TYPE).field(with_missing(path, &reason), reason)
            }
            _ => syntax(&inner),
        }
    })?;
    deserializer.end().map_err(|error| syntax(&error))?;
    Ok(value)
}

/// Reads the struct that a body is from an object only: serde would take an array of its members, too, of which nobody has said
/// the order. Those inside of it are read as serde does.
struct Named<'a, R>(&'a mut serde_json::Deserializer<R>);

impl<'de, R: serde_json::de::Read<'de>> Deserializer<'de> for Named<'_, R> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_map(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        self.0.deserialize_option(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        // Such as `RawValue`, which is known by its name.
        if name.starts_with("$serde_json::private::") {
            return self.0.deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// Adds the member that is missing or stands there twice, which serde names in its text only.
fn with_missing(path: String, reason: &str) -> String {
    let missing = reason
        .strip_prefix("missing field `")
        .or_else(|| reason.strip_prefix("duplicate field `"))
        .and_then(|rest| rest.split_once('`'));
    match missing {
        Some((name, _)) if path.is_empty() => name.to_owned(),
        Some((name, _)) => format!("{path}.{name}"),
        None => path,
    }
}

fn syntax(error: &serde_json::Error) -> Problem {
    let place = format!("at line {}, column {}", error.line(), error.column());
    Problem::new(Code::JSON_SYNTAX).detail(place)
}

/// What was wrong with a member, without the place, which serde appends.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ")
        .map_or(text.as_str(), |(reason, _)| reason)
        .chars()
        .take(200)
        .collect()
}

/// Reads a whole body, within the bounds of the request.
///
/// # Errors
///
/// The problem of a [`BodyFault`].
pub async fn read_body(body: Body) -> Result<Bytes, Problem> {
    match body.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) => Err(BodyFault::of(&error).problem()),
    }
}

/// Parameters of the path. A parameter that cannot be read, such as an id that is none, is answered
/// like one that does not exist: `not-found`.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    reason = "handlers take it apart in their arguments"
)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(_) => Err(Problem::new(Code::NOT_FOUND)),
        }
    }
}

/// Parameters of the query string. Unknown ones are refused when `T` says so
/// (`#[serde(deny_unknown_fields)]`), repeated ones always: `query-invalid`.
#[derive(Debug, Clone, Copy)]
#[expect(
    clippy::exhaustive_structs,
    reason = "handlers take it apart in their arguments"
)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let text = rejection.body_text();
                let reason = text
                    .rsplit_once(": ")
                    .map_or(text.as_str(), |(_, reason)| reason);
                Err(Problem::new(Code::QUERY_INVALID)
                    .detail(reason.chars().take(200).collect::<String>()))
            }
        }
    }
}
