//! The operators, as Casbin for Go has them: numbers are floats, and what is not of one kind is not
//! equal.

use std::cmp::Ordering;

use casbin::{
    CoreApi, Enforcer,
    function_map::OperatorFunction::{Arg1, Arg2},
    rhai::{Array, Dynamic},
};
use serde_json::Value as Json;

use super::{Binary, Unary, text};
use crate::casbin::Value;

/// A value of a request for casbin. Texts and truths are the evaluator's own.
pub(in crate::casbin) fn to_dynamic(value: Value) -> Dynamic {
    match value {
        Value::Text(text) => text.into(),
        Value::Bool(truth) => truth.into(),
        other => Dynamic::from(other),
    }
}

pub(super) fn register(enforcer: &mut Enforcer) {
    let one: [(&str, Unary); 3] = [
        ("_text", |a| text(&a).map_or(Dynamic::UNIT, Dynamic::from)),
        ("_number", |a| {
            text(&a)
                .and_then(|text| text.parse().ok())
                .map_or(Dynamic::UNIT, number)
        }),
        ("_negative", |a| match value(&a) {
            Some(Value::Number(a)) => number(-a),
            _ => Dynamic::UNIT,
        }),
    ];
    for (name, function) in one {
        enforcer.add_function(name, Arg1(function));
    }
    let two: [(&str, Binary); 14] = [
        ("_domain", |a, b| {
            text(&a)
                .zip(text(&b))
                .map_or(Dynamic::UNIT, |(kind, domain)| {
                    format!("{kind}:{domain}").into()
                })
        }),
        ("_member", |a, b| member(&a, &b).unwrap_or(Dynamic::UNIT)),
        ("_equal", |a, b| {
            equal(&a, &b).map_or(Dynamic::UNIT, Dynamic::from)
        }),
        ("_unequal", |a, b| {
            equal(&a, &b).map_or(Dynamic::UNIT, |equal| (!equal).into())
        }),
        ("_less", |a, b| compare(&a, &b, Ordering::is_lt)),
        ("_less_or_equal", |a, b| compare(&a, &b, Ordering::is_le)),
        ("_greater", |a, b| compare(&a, &b, Ordering::is_gt)),
        ("_greater_or_equal", |a, b| compare(&a, &b, Ordering::is_ge)),
        ("_in", |a, b| {
            is_in(&a, &b).map_or(Dynamic::UNIT, Dynamic::from)
        }),
        ("_add", |a, b| add(&a, &b).unwrap_or(Dynamic::UNIT)),
        ("_subtract", |a, b| arithmetic(&a, &b, |a, b| a - b)),
        ("_multiply", |a, b| arithmetic(&a, &b, |a, b| a * b)),
        ("_divide", |a, b| arithmetic(&a, &b, |a, b| a / b)),
        ("_remainder", |a, b| arithmetic(&a, &b, |a, b| a % b)),
    ];
    for (name, function) in two {
        enforcer.add_function(name, Arg2(function));
    }
}

fn number(number: f64) -> Dynamic {
    Dynamic::from(Value::Number(number))
}

fn value(dynamic: &Dynamic) -> Option<Value> {
    if let Some(text) = text(dynamic) {
        return Some(Value::Text(text));
    }
    match dynamic.as_bool() {
        Ok(truth) => Some(Value::Bool(truth)),
        Err(_) => dynamic.clone().try_cast::<Value>(),
    }
}

fn member(of: &Dynamic, name: &Dynamic) -> Option<Dynamic> {
    let (Some(Value::Object(Json::Object(object))), Some(name)) = (value(of), text(name)) else {
        return None;
    };
    Some(to_dynamic(object.get(&name)?.clone().into()))
}

fn equal(a: &Dynamic, b: &Dynamic) -> Option<bool> {
    Some(value(a)? == value(b)?)
}

fn compare(a: &Dynamic, b: &Dynamic, is: fn(Ordering) -> bool) -> Dynamic {
    let ordering = match (value(a), value(b)) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => a.partial_cmp(&b),
        (Some(Value::Text(a)), Some(Value::Text(b))) => Some(a.cmp(&b)),
        _ => None,
    };
    ordering.map_or(Dynamic::UNIT, |ordering| is(ordering).into())
}

fn is_in(item: &Dynamic, list: &Dynamic) -> Option<bool> {
    let item = value(item)?;
    if let Some(list) = list.clone().try_cast::<Array>() {
        let items: Option<Vec<Value>> = list.iter().map(value).collect();
        return Some(items?.contains(&item));
    }
    match value(list)? {
        Value::Object(Json::Array(items)) => {
            Some(items.into_iter().any(|other| Value::from(other) == item))
        }
        _ => None,
    }
}

fn add(a: &Dynamic, b: &Dynamic) -> Option<Dynamic> {
    let plain = |value: &Value| match value {
        Value::Text(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Object(_) => None,
    };
    match (value(a)?, value(b)?) {
        (Value::Number(a), Value::Number(b)) => Some(number(a + b)),
        (a @ Value::Text(_), b) | (a, b @ Value::Text(_)) => {
            Some(format!("{}{}", plain(&a)?, plain(&b)?).into())
        }
        _ => None,
    }
}

fn arithmetic(a: &Dynamic, b: &Dynamic, of: fn(f64, f64) -> f64) -> Dynamic {
    match (value(a), value(b)) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => number(of(a, b)),
        _ => Dynamic::UNIT,
    }
}
