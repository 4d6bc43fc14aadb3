//! When a rule matches a request.

use super::{Definitions, check};
use crate::casbin::{
    PolicyError,
    expr::{self, Expr, Side},
};

/// A matcher, checked against the definitions that it uses.
#[derive(Debug)]
pub(in crate::casbin) struct Matcher {
    pub(in crate::casbin) expr: Expr,
    /// The name of the request that it is about.
    pub(in crate::casbin) request: String,
    /// The name of the rules that it is about.
    pub(in crate::casbin) policy: String,
    /// Whether it looks at a rule at all. One that does not is evaluated once, whatever the rules.
    pub(in crate::casbin) reads_policy: bool,
}

impl Matcher {
    /// Reads a matcher, and notes with the rules which fields it takes for patterns or expressions.
    pub(super) fn parse(
        key: &str,
        text: &str,
        model: &mut Definitions,
    ) -> Result<Self, PolicyError> {
        let expr = expr::parse(text)?;
        let number = key.trim_start_matches('m');
        let request = side(&expr, Side::Request)?;
        let policy = side(&expr, Side::Policy)?;
        let named = |letter: char, known: &dyn Fn(&str) -> bool| {
            let same = format!("{letter}{number}");
            if known(&same) {
                same
            } else {
                letter.to_string()
            }
        };
        let matcher = Self {
            reads_policy: policy.is_some(),
            request: request
                .unwrap_or_else(|| named('r', &|name| model.requests.contains_key(name))),
            policy: policy.unwrap_or_else(|| named('p', &|name| model.policies.contains_key(name))),
            expr,
        };
        check::matcher(key, &matcher, model)?;
        Ok(matcher)
    }
}

/// Finds the one section of a side that an expression uses.
fn side(expr: &Expr, side: Side) -> Result<Option<String>, PolicyError> {
    let mut found: Option<&str> = None;
    let mut other = None;
    expr.visit(&mut |expr| {
        if let Expr::Field(field) = expr
            && field.side == side
        {
            let section = *found.get_or_insert(&field.section);
            if section != field.section {
                other = Some((section, field.section.as_str()));
            }
        }
    });
    match other {
        Some((one, two)) => Err(PolicyError::new(format!(
            "a matcher is about one request and one kind of rule, not about `{one}` and `{two}`"
        ))),
        None => Ok(found.map(ToOwned::to_owned)),
    }
}
