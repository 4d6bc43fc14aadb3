//! A matcher as casbin evaluates it.
//!
//! Each has an evaluator of its own, in which its sections are `r`, `p` and `m`: casbin looks for
//! the effect of a rule in `p_eft` only, whichever rules it reads. All the effects of the model are
//! there under their names.

mod order;
mod roles;

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use casbin::{
    CoreApi as _, DefaultModel, EnforceArgs, EnforceContext, Enforcer, Model as _, rhai::Dynamic,
};

use parking_lot::RwLock;
use roles::Roles;
pub(super) use roles::{Comparison, Matching};

use super::{
    PolicyError, Value,
    error::short,
    expr, functions,
    model::{Definitions, rule_expression},
    policy::Policy,
};

pub(super) struct Interpreted {
    enforcer: Enforcer,
    matcher: String,
}

impl std::fmt::Debug for Interpreted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interpreted")
            .field("matcher", &self.matcher)
            .finish_non_exhaustive()
    }
}

/// The values of a request, in order.
struct Request(Vec<Dynamic>);

impl EnforceArgs for Request {
    fn try_into_vec(self) -> casbin::Result<Vec<Dynamic>> {
        Ok(self.0)
    }

    fn cache_key(&self) -> u64 {
        // Only the caching enforcer asks, which compares nothing but this; it is not used.
        0
    }
}

impl Interpreted {
    pub(super) fn new(
        name: &str,
        policy: &Policy,
        matching: &Matching,
    ) -> Result<Self, PolicyError> {
        let definitions = policy.model().definitions();
        let model = model(name, policy, definitions)?;
        let refused = |error: casbin::Error| {
            PolicyError::new(format!("casbin refuses the matcher `{name}`: {error}"))
        };
        let mut enforcer = now(Enforcer::new_raw(model, ()))
            .ok_or_else(|| PolicyError::new("casbin waits"))?
            .map_err(refused)?;
        functions::register(&mut enforcer);
        enforcer.enable_auto_build_role_links(false);
        enforcer
            .set_role_manager(Arc::new(RwLock::new(Roles::new(policy, matching))))
            .map_err(refused)?;
        Ok(Self {
            enforcer,
            matcher: name.to_owned(),
        })
    }

    pub(super) fn decide(
        &self,
        effect: &str,
        request: impl Iterator<Item = Value>,
    ) -> Result<bool, PolicyError> {
        let values = request.map(functions::to_dynamic);
        let context = EnforceContext {
            r_type: "r".to_owned(),
            p_type: "p".to_owned(),
            e_type: effect.to_owned(),
            m_type: "m".to_owned(),
        };
        self.enforcer
            .enforce_with_context(context, Request(values.collect()))
            .map_err(|error| {
                let (matcher, error) = (&self.matcher, short(&error.to_string()));
                PolicyError::new(format!(
                    "the matcher `{matcher}` cannot be evaluated for the request: {error}"
                ))
            })
    }
}

/// Writes the model with one matcher, and the rules that it reads.
fn model(
    name: &str,
    policy: &Policy,
    definitions: &Definitions,
) -> Result<DefaultModel, PolicyError> {
    let missing = || PolicyError::new(format!("`{name}` is not complete"));
    let matcher = definitions.matchers.get(name).ok_or_else(missing)?;
    let request = definitions
        .requests
        .get(&matcher.request)
        .ok_or_else(missing)?;
    let rules = definitions
        .policies
        .get(&matcher.policy)
        .ok_or_else(missing)?;
    let mut model = DefaultModel::default();
    model.add_def("r", "r", &request.join(","));
    model.add_def("p", "p", &rules.fields.join(","));
    model.add_def("m", "m", &expr::emit(&matcher.expr));
    for (name, effect) in &definitions.effects {
        model.add_def("e", name, effect.casbin());
    }
    for name in definitions.roles.keys() {
        // The third place is the definition and the domain, for all of them.
        model.add_def("g", name, "_,_,_");
    }
    if !matcher.reads_policy {
        // Evaluated once, as without any rule.
        return Ok(model);
    }
    let evaluated = |at: usize| {
        let mut expressions = rules.expressions.iter();
        expressions.any(|(field, by)| *field == at && by == name)
    };
    for rule in order::ordered(&matcher.policy, policy) {
        let mut fields = Vec::with_capacity(rule.len());
        for (at, field) in rule.into_iter().enumerate() {
            fields.push(if evaluated(at) {
                expr::emit(&rule_expression(field, matcher, definitions)?)
            } else {
                field.to_owned()
            });
        }
        model.add_policy("p", "p", fields);
    }
    Ok(model)
}

/// Gives what a future gives at once: casbin waits for nothing when rules come from memory.
fn now<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
