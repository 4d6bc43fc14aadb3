//! The model: what requests and rules look like, and when they match.

mod check;
mod conf;
mod effect;
mod matcher;

use std::{collections::BTreeMap, sync::Arc};

pub(super) use check::rule_expression;
pub(super) use effect::Effect;
pub(super) use matcher::Matcher;

use super::{PolicyError, error::short, limits};
use crate::Error;

/// A Casbin model, checked; cheap to clone.
#[derive(Debug, Clone)]
pub struct Model {
    inner: Arc<Definitions>,
}

/// What the sections of a model say, by the names of the definitions: `r`, `r2`.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    pub(super) requests: BTreeMap<String, Vec<String>>,
    pub(super) policies: BTreeMap<String, PolicyDefinition>,
    pub(super) roles: BTreeMap<String, RoleDefinition>,
    pub(super) effects: BTreeMap<String, Effect>,
    pub(super) matchers: BTreeMap<String, Matcher>,
}

/// The fields of the rules of one type.
#[derive(Debug, Default)]
pub(super) struct PolicyDefinition {
    pub(super) fields: Vec<String>,
    /// The matchers that evaluate a field as an expression.
    pub(super) expressions: Vec<(usize, String)>,
    /// The functions that read a field as a pattern.
    pub(super) patterns: Vec<(usize, &'static str)>,
}

/// The links of one kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoleDefinition {
    pub(super) domain: bool,
}

impl PolicyDefinition {
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field == name)
    }
}

impl RoleDefinition {
    pub(super) fn arity(self) -> usize {
        2 + usize::from(self.domain)
    }
}

impl Model {
    /// Reads the text of a `model.conf`.
    ///
    /// # Errors
    ///
    /// [`Error::Policy`] naming the line and the definition when a section is unknown, missing or
    /// given twice, when a matcher uses what is not defined, or when it, or an effect, is nothing
    /// that can be evaluated as Casbin does.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Ok(Self::read(text)?)
    }

    fn read(text: &str) -> Result<Self, PolicyError> {
        if text.len() > limits::MODEL_BYTES {
            let max = limits::MODEL_BYTES;
            return Err(PolicyError::new(format!("a model has at most {max} bytes")));
        }
        let mut model = Definitions::default();
        let entries = conf::read(text)?;
        let mut matchers = Vec::new();
        for entry in &entries {
            let place = |error: PolicyError| error.of(&format!("`{}`", entry.key)).on(entry.line);
            match entry.section {
                conf::REQUEST => {
                    let fields = fields(&entry.value).map_err(place)?;
                    model.requests.insert(entry.key.clone(), fields);
                }
                conf::POLICY => {
                    let fields = fields(&entry.value).map_err(place)?;
                    let definition = PolicyDefinition {
                        fields,
                        ..PolicyDefinition::default()
                    };
                    model.policies.insert(entry.key.clone(), definition);
                }
                conf::ROLE => {
                    let role = role(&entry.value).map_err(place)?;
                    model.roles.insert(entry.key.clone(), role);
                }
                conf::EFFECT => {
                    let effect = Effect::parse(&entry.value).map_err(place)?;
                    model.effects.insert(entry.key.clone(), effect);
                }
                _ => matchers.push(entry),
            }
        }
        for entry in matchers {
            let matcher = Matcher::parse(&entry.key, &entry.value, &mut model)
                .map_err(|error| error.of(&format!("`{}`", entry.key)).on(entry.line))?;
            model.matchers.insert(entry.key.clone(), matcher);
        }
        check::effects(&model)?;
        Ok(Self {
            inner: Arc::new(model),
        })
    }

    pub(super) fn definitions(&self) -> &Definitions {
        &self.inner
    }

    /// Gives how many fields the rules of a type have.
    pub(super) fn width(&self, kind: &str) -> Option<usize> {
        let policy = self.inner.policies.get(kind);
        let policy = policy.map(|policy| policy.fields.len());
        policy.or_else(|| Some(self.inner.roles.get(kind)?.arity()))
    }

    /// Tells whether the rules of a type are about roles.
    pub(super) fn is_role(&self, kind: &str) -> bool {
        self.inner.roles.contains_key(kind)
    }
}

/// Reads `sub, obj, act`.
fn fields(text: &str) -> Result<Vec<String>, PolicyError> {
    let mut fields: Vec<String> = Vec::new();
    for field in text.split(',').map(str::trim) {
        let starts = field.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let goes_on = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !starts || !field.chars().all(goes_on) {
            let field = short(field);
            return Err(PolicyError::new(format!(
                "`{field}` is not the name of a field"
            )));
        }
        if fields.iter().any(|other| other == field) {
            return Err(PolicyError::new(format!(
                "the field `{field}` is given twice"
            )));
        }
        fields.push(field.to_owned());
    }
    if fields.len() > limits::DEFINITIONS {
        let max = limits::DEFINITIONS;
        return Err(PolicyError::new(format!("there are at most {max} fields")));
    }
    Ok(fields)
}

/// Reads `_, _` or `_, _, _`.
fn role(text: &str) -> Result<RoleDefinition, PolicyError> {
    let places: Vec<&str> = text.split(',').map(str::trim).collect();
    match places.as_slice() {
        ["_", "_"] => Ok(RoleDefinition { domain: false }),
        ["_", "_", "_"] => Ok(RoleDefinition { domain: true }),
        _ => {
            let text = short(text);
            Err(PolicyError::new(format!(
                "a role is `_, _` or, with a domain, `_, _, _`, and not `{text}`"
            )))
        }
    }
}
