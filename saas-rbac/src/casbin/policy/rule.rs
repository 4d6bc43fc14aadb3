//! Whether the fields of a rule are what the model takes them for.

use crate::casbin::{Model, PolicyError, error::short, functions, limits, model::rule_expression};

/// The field that says whether a rule allows or denies.
pub(in crate::casbin) const EFFECT: &str = "eft";
/// The effect of a rule that counts for nothing. Casbin takes every unknown word for it.
pub(in crate::casbin) const INDETERMINATE: &str = "indeterminate";
/// The field that says which rule comes first.
pub(in crate::casbin) const PRIORITY: &str = "priority";

pub(super) fn check(model: &Model, kind: &str, rule: &[&str]) -> Result<(), PolicyError> {
    for field in rule {
        if field.len() > limits::FIELD_BYTES {
            let (field, max) = (short(field), limits::FIELD_BYTES);
            return Err(PolicyError::new(format!(
                "the field `{field}` has more than {max} bytes"
            )));
        }
    }
    let definitions = model.definitions();
    let Some(policy) = definitions.policies.get(kind) else {
        return Ok(());
    };
    for (name, field) in policy.fields.iter().zip(rule) {
        if name == EFFECT && !["allow", "deny", INDETERMINATE].contains(field) {
            let field = short(field);
            return Err(PolicyError::new(format!(
                "the effect of a rule is `allow`, `deny` or `{INDETERMINATE}`, not `{field}`"
            )));
        }
        if name == PRIORITY && field.parse::<i64>().is_err() {
            let field = short(field);
            return Err(PolicyError::new(format!(
                "the priority `{field}` is not a number"
            )));
        }
    }
    for (at, function) in &policy.patterns {
        if let Some(pattern) = rule.get(*at) {
            functions::check_pattern(function, pattern)?;
        }
    }
    for (at, matcher) in &policy.expressions {
        if let (Some(text), Some(matcher)) = (rule.get(*at), definitions.matchers.get(matcher)) {
            rule_expression(text, matcher, definitions)
                .map_err(|error| error.of(&format!("`{}`", short(text))))?;
        }
    }
    Ok(())
}
