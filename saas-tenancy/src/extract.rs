//! What axum handlers take as arguments.

use axum::extract::FromRequestParts;
use http::request::Parts;
use saas_core::{Code, Problem};

use crate::{
    Admission, Error, PageQuery, Scope, Tenant, TenantEntity, TenantTx,
    transaction::RequestTransaction,
};

/// Takes the tenant that the address names. A request that names none is refused with
/// `tenant-required`.
impl<S: Sync> FromRequestParts<S> for Tenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::new(Code::TENANT_REQUIRED))
    }
}

/// Takes the scope of the caller. A request without a caller is refused with `unauthenticated`.
impl<S: Sync> FromRequestParts<S> for Scope {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Admission>() {
            Some(Admission::Admitted(scope)) => Ok(scope.clone()),
            Some(Admission::Anonymous) => Err(Problem::new(Code::UNAUTHENTICATED)),
            None => Err(Problem::from(Error::Misuse(
                "a route that takes a scope needs the `AdmitLayer` around it",
            ))),
        }
    }
}

/// Takes the transaction of the request, in the caller's tenant. It is read-only in `GET` and `HEAD`
/// requests, and ends with the answer.
impl<S: Sync> FromRequestParts<S> for TenantTx {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let scope = Scope::from_request_parts(parts, state).await?;
        match parts.extensions.get::<RequestTransaction>() {
            Some(RequestTransaction {
                database,
                access,
                slot,
            }) => Ok(Self::for_request(
                database.clone(),
                scope,
                *access,
                slot.clone(),
            )?),
            None => Err(Problem::from(Error::Misuse(
                "a route that takes a transaction needs the `TransactionLayer` around it",
            ))),
        }
    }
}

/// Reads filter, order and position of a list from the query string.
impl<E: TenantEntity, S: Sync> FromRequestParts<S> for PageQuery<E> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::parse(parts.uri.query().unwrap_or(""))?)
    }
}
