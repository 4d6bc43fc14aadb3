//! Whether an expression uses only what there is, as it is meant to be used.

use super::{Definitions, Effect, Matcher};
use crate::casbin::{
    PolicyError,
    expr::{self, Expr, Field, Side},
    functions::{self, Function},
};

/// Checks a matcher.
pub(super) fn matcher(
    key: &str,
    matcher: &Matcher,
    model: &mut Definitions,
) -> Result<(), PolicyError> {
    expression(&matcher.expr, matcher, model, true)?;
    let mut patterns = Vec::new();
    let mut expressions = Vec::new();
    matcher.expr.visit(&mut |expr| {
        if let Expr::Call(name, args) = expr {
            if let (Some(function), Some(Expr::Field(field))) = (Function::named(name), args.get(1))
                && function.pattern
                && field.side == Side::Policy
            {
                patterns.push((field, function.name));
            }
            if let ("eval", [Expr::Field(field)]) = (name.as_str(), args.as_slice()) {
                expressions.push(field);
            }
        }
    });
    for evaluated in &expressions {
        let mut uses = 0_usize;
        matcher.expr.visit(&mut |expr| {
            uses += usize::from(matches!(expr, Expr::Field(field) if field == *evaluated));
        });
        if uses > 1 {
            let (section, name) = (&evaluated.section, &evaluated.name);
            return Err(PolicyError::new(format!(
                "`{section}.{name}` is evaluated, and used besides"
            )));
        }
    }
    if let Some(policy) = model.policies.get_mut(&matcher.policy) {
        for (field, function) in patterns {
            let position = policy.position(&field.name);
            policy.patterns.extend(position.map(|at| (at, function)));
        }
        for field in expressions {
            let position = policy.position(&field.name);
            policy
                .expressions
                .extend(position.map(|at| (at, key.to_owned())));
        }
    }
    Ok(())
}

/// Checks that subjects have a hierarchy when they are sorted by it.
pub(super) fn effects(model: &Definitions) -> Result<(), PolicyError> {
    for (name, effect) in &model.effects {
        if *effect != Effect::SubjectPriority {
            continue;
        }
        let subjects = model
            .policies
            .get("p")
            .is_some_and(|policy| policy.position("sub").is_some());
        if name != "e" || !subjects || !model.roles.contains_key("g") {
            return Err(PolicyError::new(format!(
                "`{name}`: rules are sorted by their subject for `e` only, with `p.sub` and `g`"
            )));
        }
    }
    Ok(())
}

/// Reads the expression in a rule, which has the fields of the matcher that evaluates it.
pub(in crate::casbin) fn rule_expression(
    text: &str,
    matcher: &Matcher,
    model: &Definitions,
) -> Result<Expr, PolicyError> {
    let expr = expr::parse(text)?;
    expression(&expr, matcher, model, false)?;
    Ok(expr)
}

fn expression(
    expr: &Expr,
    matcher: &Matcher,
    model: &Definitions,
    eval: bool,
) -> Result<(), PolicyError> {
    let mut result = Ok(());
    expr.visit(&mut |expr| {
        if result.is_ok() {
            result = match expr {
                Expr::Field(field) => defined(field, matcher, model),
                Expr::Member(of, name) => member(of, name),
                Expr::Call(name, args) => call(name, args, model, eval),
                _ => Ok(()),
            };
        }
    });
    result
}

fn defined(field: &Field, matcher: &Matcher, model: &Definitions) -> Result<(), PolicyError> {
    let (section, known) = match field.side {
        Side::Request => (&matcher.request, model.requests.get(&matcher.request)),
        Side::Policy => (
            &matcher.policy,
            model
                .policies
                .get(&matcher.policy)
                .map(|policy| &policy.fields),
        ),
    };
    let fields = known.filter(|_| *section == field.section);
    match fields {
        Some(fields) if fields.contains(&field.name) => Ok(()),
        _ => Err(PolicyError::new(format!(
            "`{}.{}` is not defined",
            field.section, field.name
        ))),
    }
}

fn member(of: &Expr, name: &str) -> Result<(), PolicyError> {
    match of {
        Expr::Field(field) if field.side == Side::Policy => Err(PolicyError::new(format!(
            "`{}.{}` is a text, which has no `{name}`",
            field.section, field.name
        ))),
        _ => Ok(()),
    }
}

fn call(name: &str, args: &[Expr], model: &Definitions, eval: bool) -> Result<(), PolicyError> {
    let needs = |count: usize| {
        if args.len() == count {
            return Ok(());
        }
        let got = args.len();
        Err(PolicyError::new(format!(
            "`{name}` takes {count} arguments and is given {got}"
        )))
    };
    if let Some(role) = model.roles.get(name) {
        return needs(role.arity());
    }
    if name == "eval" {
        return match args {
            _ if !eval => Err(PolicyError::new("`eval` in a rule that is evaluated")),
            [Expr::Field(field)] if field.side == Side::Policy => Ok(()),
            _ => Err(PolicyError::new(
                "`eval` takes a field of a rule, as `p.rule`",
            )),
        };
    }
    let Some(function) = Function::named(name) else {
        return Err(PolicyError::new(format!(
            "`{name}` is neither a function nor a role definition"
        )));
    };
    needs(function.arity)?;
    match args.get(1) {
        Some(Expr::Text(pattern)) if function.pattern => {
            functions::check_pattern(function.name, pattern)
        }
        _ => Ok(()),
    }
}
