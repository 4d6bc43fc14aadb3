//! Values that fit a schema, and values that look like others.

use saas_core::Id;
use serde_json::{Map, Value, json};

/// A schema that refers to itself is followed this far.
const MAX_DEPTH: usize = 12;

/// Follows a reference into the document.
pub(super) fn resolve<'a>(document: &'a Value, mut value: &'a Value) -> &'a Value {
    for _ in 0..MAX_DEPTH {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
            break;
        };
        let target = reference
            .strip_prefix('#')
            .and_then(|pointer| document.pointer(pointer));
        match target {
            Some(target) => value = target,
            None => break,
        }
    }
    value
}

/// Gives a small value that the schema allows, as far as it says so.
pub(super) fn instance(document: &Value, schema: &Value) -> Value {
    instance_at(document, schema, 0)
}

fn instance_at(document: &Value, schema: &Value, depth: usize) -> Value {
    let schema = resolve(document, schema);
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    for given in ["const", "example", "default"] {
        if let Some(value) = schema.get(given) {
            return value.clone();
        }
    }
    let first = |name: &str| {
        schema
            .get(name)
            .and_then(Value::as_array)
            .and_then(|list| list.first())
    };
    if let Some(value) = first("examples").or_else(|| first("enum")) {
        return value.clone();
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let mut all = Map::new();
        for part in parts {
            if let Value::Object(members) = instance_at(document, part, depth + 1) {
                all.extend(members);
            }
        }
        return Value::Object(all);
    }
    for choice in ["oneOf", "anyOf"] {
        let options = schema.get(choice).and_then(Value::as_array);
        let some = options.and_then(|options| {
            options
                .iter()
                .find(|option| option.get("type").and_then(Value::as_str) != Some("null"))
        });
        if let Some(option) = some {
            return instance_at(document, option, depth + 1);
        }
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null"),
        Some(kind) => kind.as_str(),
        None => schema.get("properties").map(|_| "object"),
    };
    match kind {
        Some("object") => {
            let mut members = Map::new();
            for (name, schema) in schema
                .get("properties")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                members.insert(name.clone(), instance_at(document, schema, depth + 1));
            }
            Value::Object(members)
        }
        Some("array") => match schema.get("items") {
            Some(items) => json!([instance_at(document, items, depth + 1)]),
            None => json!([]),
        },
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some("null") => Value::Null,
        _ => Value::from(text(schema)),
    }
}

/// Writes a value as a parameter: of a list its first.
pub(super) fn written(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.first().map(written).unwrap_or_default(),
        value => value.to_string(),
    }
}

/// Gives a text that a parameter may be, if the document says one.
pub(super) fn parameter(document: &Value, parameter: &Value, schema: &Value) -> Option<String> {
    let examples = parameter.get("examples").and_then(Value::as_object);
    let first = examples.and_then(|examples| examples.values().next()?.get("value"));
    let schema = resolve(document, schema);
    let is_given = ["const", "example", "examples", "default", "enum"]
        .iter()
        .any(|given| schema.get(given).is_some());
    let value = match parameter.get("example").or(first) {
        Some(value) => value.clone(),
        None if is_given => instance(document, schema),
        None => return None,
    };
    Some(written(&value))
}

/// Gives a text that the schema of a string allows.
fn text(schema: &Value) -> String {
    match schema.get("format").and_then(Value::as_str) {
        Some("uuid") => Id::<()>::generate().to_string(),
        Some("email") => "somebody@example.com".to_owned(),
        Some("date-time") => "2026-01-01T00:00:00Z".to_owned(),
        Some("date") => "2026-01-01".to_owned(),
        Some("uri") => "https://example.com/".to_owned(),
        _ => {
            let length = schema.get("minLength").and_then(Value::as_u64).unwrap_or(0);
            "sample text".repeat(1 + usize::try_from(length).unwrap_or(0) / 11)
        }
    }
}

/// Tells whether a text is an id as the services of this family write them.
pub(super) fn is_id(text: &str) -> bool {
    text.parse::<Id<()>>().is_ok()
}

/// Gives a value that nobody has and that looks like this one: of the same length, with letters where it has
/// letters, and the same separators.
pub(super) fn like(value: &str) -> String {
    if is_id(value) {
        return Id::<()>::generate().to_string();
    }
    // The random bits of ids are good enough to be unlike anything.
    let mut noise = std::iter::repeat_with(|| {
        let id = Id::<()>::generate().to_string();
        id.chars().skip(24).collect::<Vec<_>>()
    })
    .flatten();
    // What follows the last dot says what kind of file it is.
    let stem = value.rfind('.').unwrap_or(value.len());
    let replaced = value.char_indices().map(|(place, character)| {
        if place >= stem || !character.is_ascii_alphanumeric() {
            return character;
        }
        let digit = noise
            .next()
            .and_then(|digit| digit.to_digit(16))
            .unwrap_or(0);
        let (first, range) = match character {
            '0'..='9' => (b'0', 10),
            'A'..='Z' => (b'A', 26),
            _ => (b'a', 26),
        };
        char::from(first + u8::try_from(digit % range).unwrap_or(0))
    });
    replaced.collect()
}

/// Gives the pointers to all texts in a body.
pub(super) fn places(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, String::new(), &mut found);
    found
}

fn collect(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(pointer),
        Value::Array(values) => {
            for (number, value) in values.iter().enumerate() {
                collect(value, format!("{pointer}/{number}"), found);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(value, format!("{pointer}/{name}"), found);
            }
        }
        _ => {}
    }
}
