//! The functions of matchers.
//!
//! Those of casbin panic on some inputs (a path that is not ASCII, a pattern that is no regular
//! expression, an address that is none) and take what a rule says for part of a regular expression.
//! These stand in their place. What cannot be evaluated is the unit value, which no operator takes,
//! so that the whole matcher fails and nothing is allowed.

mod operator;
mod path;
mod pattern;

use casbin::{
    CoreApi, Enforcer,
    function_map::OperatorFunction::{Arg2, Arg3},
    rhai::Dynamic,
};

pub(super) use operator::to_dynamic;
pub(super) use pattern::{check as check_pattern, matches};

type Unary = fn(Dynamic) -> Dynamic;
type Binary = fn(Dynamic, Dynamic) -> Dynamic;

/// A function that a matcher may call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) arity: usize,
    /// Whether the second argument is a pattern.
    pub(super) pattern: bool,
}

const fn function(name: &'static str, arity: usize) -> Function {
    Function {
        name,
        arity,
        pattern: true,
    }
}

const FUNCTIONS: [Function; 11] = [
    function("keyMatch", 2),
    function("keyMatch2", 2),
    function("keyMatch3", 2),
    function("keyMatch4", 2),
    function("keyMatch5", 2),
    function("keyGet", 2),
    function("keyGet2", 3),
    function("keyGet3", 3),
    function("regexMatch", 2),
    function("ipMatch", 2),
    function("globMatch", 2),
];

impl Function {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        FUNCTIONS.iter().find(|function| function.name == name)
    }
}

/// Gives casbin the functions.
pub(super) fn register(enforcer: &mut Enforcer) {
    let two: [(&str, Binary); 8] = [
        ("keyMatch", |a, b| matched("keyMatch", &a, &b)),
        ("keyMatch2", |a, b| matched("keyMatch2", &a, &b)),
        ("keyMatch3", |a, b| matched("keyMatch3", &a, &b)),
        ("keyMatch4", |a, b| matched("keyMatch4", &a, &b)),
        ("keyMatch5", |a, b| matched("keyMatch5", &a, &b)),
        ("regexMatch", |a, b| matched("regexMatch", &a, &b)),
        ("ipMatch", |a, b| matched("ipMatch", &a, &b)),
        ("globMatch", |a, b| matched("globMatch", &a, &b)),
    ];
    for (name, function) in two {
        enforcer.add_function(name, Arg2(function));
    }
    enforcer.add_function("keyGet", Arg2(|a, b| part("keyGet", &a, &b, &"".into())));
    enforcer.add_function("keyGet2", Arg3(|a, b, c| part("keyGet2", &a, &b, &c)));
    enforcer.add_function("keyGet3", Arg3(|a, b, c| part("keyGet3", &a, &b, &c)));
    operator::register(enforcer);
}

fn text(value: &Dynamic) -> Option<String> {
    Some(value.clone().into_immutable_string().ok()?.into_owned())
}

fn matched(name: &'static str, subject: &Dynamic, pattern: &Dynamic) -> Dynamic {
    text(subject)
        .zip(text(pattern))
        .and_then(|(subject, pattern)| matches(name, &subject, &pattern))
        .map_or(Dynamic::UNIT, Dynamic::from)
}

fn part(name: &'static str, subject: &Dynamic, pattern: &Dynamic, part: &Dynamic) -> Dynamic {
    let (Some(subject), Some(pattern), Some(part)) = (text(subject), text(pattern), text(part))
    else {
        return Dynamic::UNIT;
    };
    pattern::part(name, &subject, &pattern, &part).map_or(Dynamic::UNIT, Dynamic::from)
}
