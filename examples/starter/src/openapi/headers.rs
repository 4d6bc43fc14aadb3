//! Which headers an answer has.

use serde_json::{Map, Value, json};

/// Those that more than one operation has, under the names by which answers refer to them.
pub(super) fn all() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "X-Request-Id": {
            "required": true, "schema": text,
            "description": "Names the request in what the service logs: the caller's own name for it, or a new one."
        },
        "RateLimit-Policy": { "schema": text, "description": "The limits that count the request, with quota and window in seconds (IETF draft RateLimit header fields)." },
        "RateLimit": { "schema": text, "description": "What is left of them, and for how many seconds (the same draft)." },
        "Retry-After": {
            "required": true, "schema": { "type": "integer", "minimum": 0 },
            "description": "Seconds to wait before it is worth another try (RFC 9110, section 10.2.3)."
        },
        "WWW-Authenticate": { "required": true, "schema": text, "description": "How to show who one is (RFC 9110, section 11.6.1)." },
        "Link": { "schema": text, "description": "The pages beside this one, as `next` and `prev` (RFC 8288)." },
        "Idempotent-Replayed": {
            "schema": { "type": "string", "const": "true" },
            "description": "The answer is that of an earlier request with the same `Idempotency-Key`."
        },
    })
}

/// Adds to each answer what it has besides what the handler says of it. What the handler says is always there.
pub(super) fn add(operation: &mut Map<String, Value>) {
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let names = parameters.into_iter().flatten();
    let names: Vec<_> = names.filter_map(|one| one["name"].as_str()).collect();
    let (in_pages, once) = (names.contains(&"after"), names.contains(&"Idempotency-Key"));
    let responses = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut);
    for (status, response) in responses.into_iter().flatten() {
        let Some(response) = response.as_object_mut() else {
            continue;
        };
        let headers = response.entry("headers").or_insert(json!({}));
        let Some(headers) = headers.as_object_mut() else {
            continue;
        };
        for (_, header) in headers.iter_mut() {
            header["required"] = true.into();
        }
        let mut more = vec!["X-Request-Id", "RateLimit-Policy", "RateLimit"];
        match status.as_str() {
            "401" => more.push("WWW-Authenticate"),
            "429" | "503" => more.push("Retry-After"),
            "200" if in_pages => more.push("Link"),
            _ => {}
        }
        if once && status.starts_with('2') {
            more.push("Idempotent-Replayed");
        }
        for name in more {
            let reference = json!({ "$ref": format!("#/components/headers/{name}") });
            headers.insert(name.to_owned(), reference);
        }
    }
}
