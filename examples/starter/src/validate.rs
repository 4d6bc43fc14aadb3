//! JSON bodies whose values keep the rules that their types declare with garde.

use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use garde::Validate;
use saas_core::{Code, Problem, edge::Json};
use serde::de::DeserializeOwned;

/// A JSON body that was validated. A value that breaks a rule is refused with `validation`, which
/// names the field.
pub(crate) struct Valid<T>(pub(crate) T);

impl<T, S> FromRequest<S> for Valid<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, Problem> {
        let Json(value) = Json::<T>::from_request(request, state).await?;
        match value.validate() {
            Ok(()) => Ok(Self(value)),
            Err(report) => Err(report
                .iter()
                .fold(Problem::new(Code::VALIDATION), |problem, (path, error)| {
                    problem.field(path.to_string(), error.message())
                })),
        }
    }
}

/// Text without control characters, for garde.
pub(crate) fn plain(text: &str, (): &()) -> garde::Result {
    if text.chars().any(char::is_control) {
        Err(garde::Error::new("holds a control character"))
    } else {
        Ok(())
    }
}

/// Optional text without control characters, for garde.
pub(crate) fn plain_if_given(text: &Option<String>, context: &()) -> garde::Result {
    text.as_deref().map_or(Ok(()), |text| plain(text, context))
}
