//! Which matchers can be compiled, and into what.

use crate::casbin::{
    expr::{Expr, Field, Op, Side},
    model::{Definitions, Matcher},
};

/// How many fields of a rule a compiled matcher compares.
pub(super) const SLOTS: usize = 6;

/// A matcher as look-ups.
#[derive(Debug, Clone)]
pub(in crate::casbin) struct Plan {
    pub(super) slots: Vec<Slot>,
    /// Requests that match every rule: the position of a value, and what it is.
    pub(super) superusers: Vec<(usize, String)>,
    /// Where a rule says whether it allows.
    pub(super) effect: Option<usize>,
    pub(super) policy: String,
}

/// What a field of a rule is compared with.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    /// The position in a rule.
    pub(super) field: usize,
    /// The position in a request.
    pub(super) value: usize,
    pub(super) role: Option<Role>,
}

/// The value has the field as a role, and need not be it.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) definition: String,
    /// The position of the domain in a request.
    pub(super) domain: Option<usize>,
}

impl Plan {
    /// Compiles a matcher, or says why that is not possible.
    pub(in crate::casbin) fn of(matcher: &Matcher, model: &Definitions) -> Result<Self, String> {
        let alternatives = match &matcher.expr {
            Expr::Or(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut superusers = Vec::new();
        let mut rule = None;
        for expr in alternatives {
            match superuser(expr, matcher, model) {
                Some(user) => superusers.push(user),
                None if rule.is_none() => rule = Some(expr),
                None => return Err("the matcher has more than one way to match a rule".to_owned()),
            }
        }
        let parts = match rule {
            Some(Expr::And(items)) => items.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        let mut slots: Vec<Slot> = Vec::new();
        for part in parts {
            let slot = slot(part, matcher, model)?;
            if slots.iter().any(|other| other.field == slot.field) {
                return Err("the matcher compares a field of the rule twice".to_owned());
            }
            slots.push(slot);
        }
        if slots.is_empty() {
            return Err("the matcher does not look at the rule".to_owned());
        }
        if slots.len() > SLOTS {
            return Err(format!(
                "the matcher compares more than {SLOTS} fields of the rule"
            ));
        }
        let policy = model.policies.get(&matcher.policy);
        Ok(Self {
            slots,
            superusers,
            effect: policy.and_then(|policy| policy.position(crate::casbin::policy::EFFECT)),
            policy: matcher.policy.clone(),
        })
    }

    /// Gives the names of the role definitions that it uses.
    pub(in crate::casbin) fn roles(&self) -> impl Iterator<Item = &str> {
        let roles = self.slots.iter().filter_map(|slot| slot.role.as_ref());
        roles.map(|role| role.definition.as_str())
    }
}

fn value(field: &Field, matcher: &Matcher, model: &Definitions) -> Option<usize> {
    let fields = model.requests.get(&matcher.request)?;
    let at = || fields.iter().position(|name| *name == field.name);
    (field.side == Side::Request).then(at)?
}

fn field(field: &Field, matcher: &Matcher, model: &Definitions) -> Option<usize> {
    let at = || model.policies.get(&matcher.policy)?.position(&field.name);
    (field.side == Side::Policy).then(at)?
}

fn superuser(expr: &Expr, matcher: &Matcher, model: &Definitions) -> Option<(usize, String)> {
    let Expr::Binary(Op::Equal, left, right) = expr else {
        return None;
    };
    match (&**left, &**right) {
        (Expr::Field(user), Expr::Text(name)) | (Expr::Text(name), Expr::Field(user)) => {
            Some((value(user, matcher, model)?, name.clone()))
        }
        _ => None,
    }
}

fn slot(expr: &Expr, matcher: &Matcher, model: &Definitions) -> Result<Slot, String> {
    let other = || "the matcher does more than to compare fields and to look up roles".to_owned();
    match expr {
        Expr::Binary(Op::Equal, left, right) => {
            let (Expr::Field(left), Expr::Field(right)) = (&**left, &**right) else {
                return Err(other());
            };
            let (request, rule) = if left.side == Side::Request {
                (left, right)
            } else {
                (right, left)
            };
            Ok(Slot {
                field: field(rule, matcher, model).ok_or_else(other)?,
                value: value(request, matcher, model).ok_or_else(other)?,
                role: None,
            })
        }
        Expr::Call(name, args) if model.roles.contains_key(name) => {
            let [Expr::Field(request), Expr::Field(rule), domain @ ..] = args.as_slice() else {
                return Err(other());
            };
            let domain = match domain {
                [] => None,
                [Expr::Field(domain)] => Some(value(domain, matcher, model).ok_or_else(|| {
                    format!("the domain of `{name}` is not a value of the request")
                })?),
                _ => {
                    return Err(format!(
                        "the domain of `{name}` is not a value of the request"
                    ));
                }
            };
            Ok(Slot {
                field: field(rule, matcher, model).ok_or_else(other)?,
                value: value(request, matcher, model).ok_or_else(other)?,
                role: Some(Role {
                    definition: name.clone(),
                    domain,
                }),
            })
        }
        Expr::Call(name, _) => Err(format!("the matcher calls `{name}`")),
        _ => Err(other()),
    }
}
