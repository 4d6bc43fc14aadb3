//! The credentials of which the database has to be asked.

use http::{header::AUTHORIZATION, request::Parts};
use saas_core::{Code, Problem, Secret};

use super::{Outcome, bearer, cookie};
use crate::{ApiKeys, Sessions, api_key::PREFIX};

/// Those that are taken besides access tokens.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stored {
    pub(crate) sessions: Option<Sessions>,
    pub(crate) api_keys: Option<ApiKeys>,
}

impl Stored {
    /// Tells whether a request carries one of them. Where it names a credential in its header, no cookie is
    /// looked at.
    pub(crate) fn knows(&self, parts: &Parts) -> bool {
        if parts.headers.contains_key(AUTHORIZATION) {
            self.api_keys.is_some()
                && matches!(bearer::text(parts), Ok(Some(text)) if text.starts_with(PREFIX))
        } else {
            self.sessions.is_some() && cookie::carries_session(parts)
        }
    }

    pub(crate) async fn verify(&self, parts: &mut Parts) -> Outcome {
        let key = match bearer::text(parts) {
            Ok(text) => text.map(|text| Secret::new(text.to_owned())),
            Err(problem) => return Outcome::Refused(problem),
        };
        match (key, &self.api_keys, &self.sessions) {
            (Some(key), Some(keys), _) => match keys.verify(&key).await {
                Ok(Some(principal)) => Outcome::Verified(principal),
                Ok(None) => bearer::refused(),
                Err(error) => Outcome::Refused(error.into()),
            },
            (None, _, Some(sessions)) => cookie::session(sessions, parts).await,
            // What is asked here is what `knows` has found.
            _ => Outcome::Refused(Problem::new(Code::INTERNAL)),
        }
    }
}
