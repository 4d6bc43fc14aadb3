//! The decision, apart from how a request comes to it.

use saas_core::{Code, Problem};
use saas_tenancy::{Admission, Scope};

use crate::{Access, Decision};

/// Finds the scope to decide about.
pub(crate) fn scope(admission: Option<&Admission>) -> Result<&Scope, Problem> {
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

pub(crate) fn answer(decision: Decision) -> Result<(), Problem> {
    match decision {
        Decision::Allow => Ok(()),
        Decision::StepUp => Err(Problem::new(Code::STEP_UP_REQUIRED)),
        Decision::Deny => Err(Problem::new(Code::FORBIDDEN)),
    }
}

/// Says it as the route wants it said.
pub(crate) fn refuse(problem: Problem, access: &Access) -> Problem {
    if problem.code() == Code::FORBIDDEN && access.hidden {
        return Problem::new(Code::NOT_FOUND);
    }
    if problem.code() == Code::STEP_UP_REQUIRED {
        return Problem::step_up(access.level, access.fresh);
    }
    problem
}
