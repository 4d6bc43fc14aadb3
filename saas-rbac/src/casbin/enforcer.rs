//! The decision.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;

use super::{
    Attribute, EnforceContext, EnforcerBuilder, Model, Path, Policy, PolicyError,
    compiled::{Compiled, Plan},
    error::short,
    interpreted::Interpreted,
    limits,
    model::{Effect, Matcher},
};
use crate::Error;

/// Decides by a model and a policy; cheap to clone, and all clones see a change.
///
/// A decision takes no lock: it reads the tables that are current when it begins. A change makes new
/// ones.
#[derive(Debug, Clone)]
pub struct Enforcer {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: EnforcerBuilder,
    /// By matcher and effect.
    paths: BTreeMap<(String, String), Path>,
    plans: BTreeMap<String, Plan>,
    deciders: ArcSwap<Deciders>,
    policy: Mutex<Policy>,
}

/// What decides, by the name of the matcher.
#[derive(Debug, Clone, Default)]
struct Deciders {
    compiled: BTreeMap<String, Compiled>,
    interpreted: BTreeMap<String, Arc<Interpreted>>,
}

impl Enforcer {
    /// Makes an enforcer.
    ///
    /// # Errors
    ///
    /// As [`EnforcerBuilder::build`].
    pub fn new(model: Model, policy: Policy) -> Result<Self, Error> {
        Self::builder(model).build(policy)
    }

    /// Begins an enforcer with settings.
    pub fn builder(model: Model) -> EnforcerBuilder {
        EnforcerBuilder::new(model)
    }

    pub(super) fn build(options: EnforcerBuilder, policy: Policy) -> Result<Self, PolicyError> {
        if !std::ptr::eq(options.model.definitions(), policy.model().definitions()) {
            return Err(PolicyError::new("the policy is one of another model"));
        }
        options.check_all(&policy)?;
        let definitions = options.model.definitions();
        let (mut paths, mut plans) = (BTreeMap::new(), BTreeMap::new());
        for (name, matcher) in &definitions.matchers {
            let plan = plan(matcher, &options);
            for (effect, kind) in &definitions.effects {
                let because = match &plan {
                    Ok(_) if compilable(*kind) => None,
                    Ok(_) => Some(format!("the order of the rules matters to `{effect}`")),
                    Err(because) => Some(because.clone()),
                };
                let path = because.map_or(Path::Compiled, |because| Path::Interpreted { because });
                paths.insert((name.clone(), effect.clone()), path);
            }
            plans.extend(plan.ok().map(|plan| (name.clone(), plan)));
        }
        let mut inner = Inner {
            options,
            paths,
            plans,
            deciders: ArcSwap::default(),
            policy: Mutex::new(Policy::new(policy.model())),
        };
        inner.deciders = ArcSwap::from_pointee(inner.compile(&policy)?);
        inner.policy = Mutex::new(policy);
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Says which way requests are decided, by `m`.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.path_of(&EnforceContext::default())
            .unwrap_or(&Path::Compiled)
    }

    /// Says which way requests are decided by other definitions; `None` when there is no such
    /// matcher or effect.
    #[must_use]
    pub fn path_of(&self, sections: &EnforceContext) -> Option<&Path> {
        let key = (sections.matcher.clone(), sections.effect.clone());
        self.inner.paths.get(&key)
    }

    /// Decides a request, by `r`, `p`, `e` and `m`.
    ///
    /// # Errors
    ///
    /// [`Error::Policy`] when the request has not the values that the model says, or the matcher
    /// cannot be evaluated for them. That is never an allow.
    pub fn enforce<V: Attribute>(&self, request: &[V]) -> Result<bool, Error> {
        Ok(self.decide("m", "e", request)?)
    }

    /// Decides a request by other definitions.
    ///
    /// # Errors
    ///
    /// As [`Enforcer::enforce`], and when the definitions do not exist.
    pub fn enforce_by<V: Attribute>(
        &self,
        sections: &EnforceContext,
        request: &[V],
    ) -> Result<bool, Error> {
        Ok(self.decide(&sections.matcher, &sections.effect, request)?)
    }

    /// Adds a rule at the end, of type `p` or `g`, and gives whether it is new.
    ///
    /// # Errors
    ///
    /// As [`Policy::insert`]; the enforcer then decides as before.
    pub fn add(&self, kind: &str, rule: &[&str]) -> Result<bool, Error> {
        self.inner.options.check(kind, rule)?;
        Ok(self.inner.change(kind, rule, true)?)
    }

    /// Removes a rule, and gives whether there was one.
    ///
    /// # Errors
    ///
    /// As [`Policy::remove`].
    pub fn remove(&self, kind: &str, rule: &[&str]) -> Result<bool, Error> {
        Ok(self.inner.change(kind, rule, false)?)
    }

    /// Gives a copy of the rules.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.inner.locked().clone()
    }

    fn decide<V: Attribute>(
        &self,
        matcher: &str,
        effect: &str,
        request: &[V],
    ) -> Result<bool, PolicyError> {
        let definitions = self.inner.options.model.definitions();
        let unknown = |name: &str| {
            let name = short(name);
            PolicyError::new(format!("`{name}` is not defined"))
        };
        let definition = definitions
            .matchers
            .get(matcher)
            .ok_or_else(|| unknown(matcher))?;
        let kind = definitions
            .effects
            .get(effect)
            .ok_or_else(|| unknown(effect))?;
        let wanted = definitions
            .requests
            .get(&definition.request)
            .map_or(0, Vec::len);
        if wanted != request.len() {
            let got = request.len();
            return Err(PolicyError::new(format!(
                "a request has {wanted} values and is given {got}"
            )));
        }
        let long = |value: &V| {
            let text = value.as_text();
            text.is_some_and(|text| text.len() > limits::FIELD_BYTES)
        };
        if request.iter().any(long) {
            let max = limits::FIELD_BYTES;
            return Err(PolicyError::new(format!(
                "a value has more than {max} bytes"
            )));
        }
        let deciders = self.inner.deciders.load();
        match (
            deciders.compiled.get(matcher),
            deciders.interpreted.get(matcher),
        ) {
            (Some(compiled), _) if compilable(*kind) => {
                compiled.decide(*kind, &|at| request.get(at)?.as_text())
            }
            (_, Some(interpreted)) => {
                interpreted.decide(effect, request.iter().map(Attribute::to_value))
            }
            _ => Err(unknown(matcher)),
        }
    }
}

impl Inner {
    fn locked(&self) -> std::sync::MutexGuard<'_, Policy> {
        self.policy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes everything anew.
    fn compile(&self, policy: &Policy) -> Result<Deciders, PolicyError> {
        let compiled = self
            .plans
            .iter()
            .map(|(name, plan)| (name.clone(), Compiled::new(plan.clone(), policy)));
        Ok(Deciders {
            compiled: compiled.collect(),
            interpreted: self.interpret(policy)?,
        })
    }

    fn interpret(
        &self,
        policy: &Policy,
    ) -> Result<BTreeMap<String, Arc<Interpreted>>, PolicyError> {
        let definitions = self.options.model.definitions();
        let ordered = definitions
            .effects
            .values()
            .any(|effect| !compilable(*effect));
        let mut interpreted = BTreeMap::new();
        for name in definitions.matchers.keys() {
            if ordered || !self.plans.contains_key(name) {
                let made = Interpreted::new(name, policy, &self.options.matching)?;
                interpreted.insert(name.clone(), Arc::new(made));
            }
        }
        Ok(interpreted)
    }

    fn change(&self, kind: &str, rule: &[&str], add: bool) -> Result<bool, PolicyError> {
        let mut policy = self.locked();
        let Some(ids) = policy.change(kind, rule, add)? else {
            return Ok(false);
        };
        // Texts that no rule has any more would grow without end.
        if policy.is_sparse() {
            *policy = policy.compact()?;
            self.deciders.store(Arc::new(self.compile(&policy)?));
            return Ok(true);
        }
        let mut next = Deciders::clone(&self.deciders.load());
        for compiled in next.compiled.values_mut() {
            compiled.follow(kind, &ids, &policy, add);
        }
        if !next.interpreted.is_empty() {
            match self.interpret(&policy) {
                Ok(interpreted) => next.interpreted = interpreted,
                Err(error) => {
                    policy.change(kind, rule, !add)?;
                    return Err(error);
                }
            }
        }
        self.deciders.store(Arc::new(next));
        Ok(true)
    }
}

/// Tells whether the effect does not depend on the order of the rules.
fn compilable(effect: Effect) -> bool {
    matches!(
        effect,
        Effect::AllowOverride | Effect::DenyOverride | Effect::AllowAndDeny
    )
}

fn plan(matcher: &Matcher, options: &EnforcerBuilder) -> Result<Plan, String> {
    if options.interpreted {
        return Err("it was asked for".to_owned());
    }
    let plan = Plan::of(matcher, options.model.definitions())?;
    if let Some(name) = plan
        .roles()
        .find(|name| options.matching.contains_key(*name))
    {
        return Err(format!("the roles of `{name}` are patterns"));
    }
    Ok(plan)
}
