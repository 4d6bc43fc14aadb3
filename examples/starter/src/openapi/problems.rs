//! What an operation is refused with, by status.

use std::collections::BTreeMap;

use saas_core::{Code, Problem};
use serde_json::{Map, Value, json};

/// What of an operation decides about how it may be refused.
struct Asked<'a> {
    tag: &'a str,
    scoped: bool,
    writes: bool,
    /// A preflight, which is a method that there is not for whoever asks no other origin.
    asks_ahead: bool,
    operation: &'a Map<String, Value>,
}

/// Adds an answer for each status, with the codes that it may have. Whoever says himself what all others are, as the OAuth server
/// does, says enough.
pub(super) fn add(operation: &mut Map<String, Value>, method: &str, scoped: bool) {
    let tag = operation.get("tags").and_then(|tags| tags.get(0)?.as_str());
    let asked = Asked {
        tag: tag.unwrap_or_default(),
        scoped,
        writes: !["GET", "HEAD", "OPTIONS"].contains(&method),
        asks_ahead: method == "OPTIONS",
        operation,
    };
    let mut statuses: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for code in Code::ALL.iter().filter(|code| asked.may(**code)) {
        let codes = statuses.entry(code.status().as_u16()).or_default();
        codes.push(code.name());
    }
    let responses = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut)
        .filter(|responses| !responses.contains_key("default"));
    let Some(responses) = responses else { return };
    for (status, codes) in statuses {
        let named: Vec<_> = codes.iter().map(|code| format!("`{code}`")).collect();
        let response = responses.entry(status.to_string()).or_insert_with(|| {
            json!({
                "description": format!("A problem (RFC 9457): {}.", named.join(", ")),
                "content": { Problem::MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } } }
            })
        });
        if let Some(response) = response.as_object_mut() {
            response.insert("x-problem-codes".to_owned(), json!(codes));
        }
    }
}

impl Asked<'_> {
    fn has(&self, parameter: &str) -> bool {
        let parameters = self.operation.get("parameters").and_then(Value::as_array);
        let mut names = parameters.into_iter().flatten().map(|one| &one["name"]);
        names.any(|name| name == parameter)
    }

    fn may(&self, code: Code) -> bool {
        let people = ["identity", "members", "clients"].contains(&self.tag);
        match code {
            // Of whatever is asked; a token that is shown where none is wanted has to be good, too.
            Code::TOKEN_INVALID
            | Code::TENANT_FOREIGN
            | Code::BAD_REQUEST
            | Code::HEADER_INVALID
            | Code::HOST_INVALID
            | Code::QUERY_INVALID
            | Code::NOT_FOUND
            | Code::URI_TOO_LONG
            | Code::HEADERS_TOO_LARGE
            | Code::TRANSFER_CODING
            | Code::TENANT_UNKNOWN
            | Code::TENANT_CONFLICT
            | Code::TENANT_SUSPENDED
            | Code::NETWORK_REFUSED
            | Code::RATE_LIMITED
            | Code::OVERLOADED
            | Code::UNAVAILABLE
            | Code::INTERNAL => true,
            // Of whoever has to be somebody.
            Code::UNAUTHENTICATED
            | Code::STEP_UP_REQUIRED
            | Code::FORBIDDEN
            | Code::TENANT_REQUIRED
            | Code::MFA_ENROLMENT_REQUIRED
            | Code::PASSWORD_PROVISIONAL => self.scoped,
            // Of what has a body.
            Code::JSON_SYNTAX
            | Code::JSON_TYPE
            | Code::VALIDATION
            | Code::BODY_TOO_LARGE
            | Code::BODY_INCOMPLETE
            | Code::MEDIA_TYPE
            | Code::TIMEOUT
            | Code::CONFLICT
            | Code::REFERENCE_INVALID => self.writes,
            Code::CURSOR_INVALID | Code::FILTER_UNKNOWN | Code::SORT_UNKNOWN => self.has("after"),
            Code::VERSION_MISMATCH => self.has("If-Match") || self.tag == "files",
            Code::VERSION_REQUIRED => self.has("If-Match"),
            Code::IDEMPOTENCY_KEY_INVALID
            | Code::IDEMPOTENCY_KEY_REUSED
            | Code::IDEMPOTENCY_IN_FLIGHT
            | Code::IDEMPOTENCY_ANSWER_LOST => self.has("Idempotency-Key"),
            Code::FILE_KEY_INVALID
            | Code::FILE_REFUSED
            | Code::RANGE_INVALID
            | Code::STORAGE_LIMIT
            | Code::CHECKSUM_MISMATCH => self.tag == "files",
            Code::UPLOAD_OFFSET | Code::UPLOAD_VERSION => self.has("Tus-Resumable"),
            Code::METHOD_NOT_ALLOWED => self.has("Tus-Resumable") || self.asks_ahead,
            // Domains of tenants have no routes here.
            Code::DOMAIN_TAKEN | Code::DOMAIN_UNPROVEN | Code::DOMAIN_LIMIT => false,
            // What is left is about accounts, members and what they may do.
            _ => people && self.writes,
        }
    }
}
