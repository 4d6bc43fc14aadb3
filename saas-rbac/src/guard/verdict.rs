//! The decision, apart from how a request comes to it.

use saas_core::{Code, Problem};
use saas_tenancy::{Admission, Scope};

use crate::Decision;

/// Finds the scope to decide about.
pub(super) fn scope(admission: Option<&Admission>) -> Result<&Scope, Problem> {
    match admission {
        Some(Admission::Admitted(scope)) => Ok(scope),
        Some(_) => Err(Problem::new(Code::UNAUTHENTICATED)),
        // Without the layer nobody ever asked who is calling. That is a fault of the program, and
        // the answer to it is never yes.
        None => {
            tracing::error!("a guarded route needs the `AdmitLayer` around it");
            Err(Problem::new(Code::INTERNAL))
        }
    }
}

pub(super) fn answer(decision: Decision) -> Result<(), Problem> {
    match decision {
        Decision::Allow => Ok(()),
        Decision::Deny => Err(Problem::new(Code::FORBIDDEN)),
    }
}
