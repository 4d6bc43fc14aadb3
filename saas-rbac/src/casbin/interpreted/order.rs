//! In which order casbin gets the rules.

use std::cmp::Reverse;

use crate::casbin::{
    model::Effect,
    policy::{PRIORITY, Policy},
};

/// Gives the rules of one type, sorted as the model has it: by the place of the subject in the
/// hierarchy, then by the priority that a rule gives itself, else as they came.
pub(super) fn ordered<'a>(kind: &str, policy: &'a Policy) -> Vec<Vec<&'a str>> {
    let definitions = policy.model().definitions();
    let mut rules = policy.ordered(kind);
    let Some(definition) = definitions.policies.get(kind) else {
        return rules;
    };
    if definitions.effects.get("e") == Some(&Effect::SubjectPriority)
        && let Some(subject) = definition.position("sub")
        && let Some(hierarchy) = policy.hierarchy("g")
    {
        let domains = definitions.roles.get("g").is_some_and(|role| role.domain);
        let domain = definition.position("dom").filter(|_| domains);
        let id = |rule: &[&str], at: usize| policy.symbols().id(rule.get(at)?);
        rules.sort_by_cached_key(|rule| {
            let domain = domain.and_then(|at| id(rule, at));
            let depth = id(rule, subject).map(|subject| hierarchy.depth((domain, subject)));
            Reverse(depth.unwrap_or_default())
        });
    }
    if let Some(priority) = definition.position(PRIORITY) {
        rules.sort_by_cached_key(|rule| {
            let number = rule
                .get(priority)
                .and_then(|number| number.parse::<i64>().ok());
            number.unwrap_or(i64::MAX)
        });
    }
    rules
}
