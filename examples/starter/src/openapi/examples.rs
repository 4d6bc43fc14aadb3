//! An example of each body, made from its schema.

use serde_json::{Map, Value, json};

/// As deep as the schemas are nested.
const DEEPEST: usize = 8;

/// What is shown of a text, by the name of its member.
const TEXTS: &[(&str, &str)] = &[
    ("code", "123456"),
    ("color", "#336699"),
    ("email", "ann@example.com"),
    ("name", "Ann"),
    ("password", "correct horse battery staple"),
    ("path", "reports/2026.pdf"),
    ("slug", "acme"),
    ("timezone", "Europe/Berlin"),
    ("locale", "en"),
];

/// Adds examples to bodies of JSON that have none.
pub(super) fn add(operation: &mut Map<String, Value>, schemas: &Value) {
    if let Some(body) = operation.get_mut("requestBody") {
        show(body, schemas);
    }
    let responses = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut);
    for (status, response) in responses.into_iter().flatten() {
        if status.starts_with('2') {
            show(response, schemas);
        }
    }
}

fn show(body: &mut Value, schemas: &Value) {
    let Some(json) = body.pointer_mut("/content/application~1json") else {
        return;
    };
    let Some(json) = json.as_object_mut() else {
        return;
    };
    if let (Some(schema), false) = (json.get("schema"), json.contains_key("example")) {
        let example = of(schema, "", schemas, DEEPEST);
        json.insert("example".to_owned(), example);
    }
}

fn of(schema: &Value, name: &str, schemas: &Value, depth: usize) -> Value {
    if let Some(given) = schema.get("example").or_else(|| schema.get("const")) {
        return given.clone();
    }
    let first = |member: &str| schema.get(member).and_then(|all| all.as_array()?.first());
    if let Some(one) = first("examples").or_else(|| first("enum")) {
        return one.clone();
    }
    let Some(depth) = depth.checked_sub(1) else {
        return Value::Null;
    };
    let inner = |schema: &Value| of(schema, name, schemas, depth);
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let named = reference.rsplit('/').next().unwrap_or_default();
        return schemas.get(named).map_or(Value::Null, inner);
    }
    if let Some(all) = schema.get("allOf").and_then(Value::as_array) {
        let parts = all.iter().map(inner).filter_map(|part| match part {
            Value::Object(members) => Some(members),
            _ => None,
        });
        return Value::Object(parts.flatten().collect());
    }
    let is_null = |schema: &&Value| schema.get("type").is_none_or(|kind| kind != "null");
    for any in ["oneOf", "anyOf"] {
        let mut among = schema
            .get(any)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        if let Some(one) = among.find(is_null) {
            return inner(one);
        }
    }
    match kind(schema) {
        "object" => {
            let members = schema.get("properties").and_then(Value::as_object);
            let members = members.into_iter().flatten();
            let shown =
                members.map(|(name, schema)| (name.clone(), of(schema, name, schemas, depth)));
            Value::Object(shown.collect())
        }
        "array" => match schema.get("items") {
            Some(items) => json!([inner(items)]),
            None => json!([]),
        },
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => json!(true),
        "string" => text(schema, name),
        _ => Value::Null,
    }
}

/// The first kind that is not null.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or_default(),
        _ => "",
    }
}

fn text(schema: &Value, name: &str) -> Value {
    let format = schema.get("format").and_then(Value::as_str);
    let known = TEXTS.iter().find(|(known, _)| *known == name);
    json!(match (format, known) {
        (Some("uuid"), _) => "0192f0c1-2f6a-7cc4-9d0e-3a5b8c7d6e5f",
        (Some("date-time"), _) => "2026-01-31T12:00:00Z",
        (Some("uri"), _) => "https://app.example/",
        (Some("email"), _) => "ann@example.com",
        (_, Some((_, text))) => *text,
        _ if name == "id" || name.ends_with("_id") => "0192f0c1-2f6a-7cc4-9d0e-3a5b8c7d6e5f",
        _ if name.ends_with("_at") => "2026-01-31T12:00:00Z",
        _ => "text",
    })
}
