//! How an enforcer is made, and which way it decides.

use super::{
    Enforcer, Model, Policy, PolicyError, functions,
    interpreted::{Comparison, Matching},
};
use crate::Error;

/// Which way a matcher is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Path {
    /// By tables, in a time that does not depend on the number of rules.
    Compiled,
    /// By casbin, rule by rule.
    Interpreted {
        /// Why it is not compiled.
        because: String,
    },
}

/// How the names of roles, or of domains, are compared when they are patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoleMatch {
    /// As `keyMatch` does.
    KeyMatch,
    /// As `keyMatch2` does.
    KeyMatch2,
    /// As `keyMatch3` does.
    KeyMatch3,
    /// As `keyMatch4` does.
    KeyMatch4,
    /// As `keyMatch5` does.
    KeyMatch5,
    /// As `regexMatch` does.
    Regex,
    /// As `globMatch` does.
    Glob,
}

impl RoleMatch {
    fn function(self) -> &'static str {
        match self {
            Self::KeyMatch => "keyMatch",
            Self::KeyMatch2 => "keyMatch2",
            Self::KeyMatch3 => "keyMatch3",
            Self::KeyMatch4 => "keyMatch4",
            Self::KeyMatch5 => "keyMatch5",
            Self::Regex => "regexMatch",
            Self::Glob => "globMatch",
        }
    }

    pub(super) fn matches(self, name: &str, pattern: &str) -> bool {
        functions::matches(self.function(), name, pattern).unwrap_or(false)
    }
}

/// Settings of an enforcer.
#[derive(Debug, Clone)]
#[must_use]
pub struct EnforcerBuilder {
    pub(super) model: Model,
    pub(super) matching: Matching,
    pub(super) interpreted: bool,
}

impl EnforcerBuilder {
    pub(super) fn new(model: Model) -> Self {
        Self {
            model,
            matching: Matching::new(),
            interpreted: false,
        }
    }

    /// Takes the names of a role definition, as `g`, for patterns.
    pub fn match_roles(mut self, definition: &str, with: RoleMatch) -> Self {
        self.comparison(definition).names = Some(with);
        self
    }

    /// Takes the domains of a role definition for patterns.
    pub fn match_domains(mut self, definition: &str, with: RoleMatch) -> Self {
        self.comparison(definition).domains = Some(with);
        self
    }

    /// Has casbin decide also what could be compiled.
    pub fn interpreted(mut self) -> Self {
        self.interpreted = true;
        self
    }

    /// Makes the enforcer.
    ///
    /// # Errors
    ///
    /// [`Error::Policy`] when the policy is one of another model, a pattern is none, or a role
    /// definition is unknown.
    pub fn build(self, policy: Policy) -> Result<Enforcer, Error> {
        Ok(Enforcer::build(self, policy)?)
    }

    fn comparison(&mut self, definition: &str) -> &mut Comparison {
        self.matching.entry(definition.to_owned()).or_default()
    }

    /// Checks that a rule has patterns where they are asked for.
    pub(super) fn check(&self, kind: &str, rule: &[&str]) -> Result<(), PolicyError> {
        let Some(Comparison { names, domains }) = self.matching.get(kind) else {
            return Ok(());
        };
        for (at, text) in rule.iter().enumerate() {
            if let Some(with) = if at < 2 { names } else { domains } {
                functions::check_pattern(with.function(), text)?;
            }
        }
        Ok(())
    }

    pub(super) fn check_all(&self, policy: &Policy) -> Result<(), PolicyError> {
        let roles = &self.model.definitions().roles;
        for (kind, comparison) in &self.matching {
            let Some(role) = roles.get(kind) else {
                return Err(PolicyError::new(format!(
                    "roles of type `{kind}` are not defined"
                )));
            };
            if comparison.domains.is_some() && !role.domain {
                return Err(PolicyError::new(format!(
                    "roles of type `{kind}` have no domain"
                )));
            }
            for rule in policy.ordered(kind) {
                self.check(kind, &rule)?;
            }
        }
        Ok(())
    }
}
