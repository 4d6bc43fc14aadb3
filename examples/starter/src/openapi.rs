//! The OpenAPI document, made from the handlers and the table of routes, and a page that shows it.

mod examples;
mod headers;
mod identity;
mod page;
mod problems;

use saas_core::{Code, Problem};
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

pub(crate) use self::page::{json, page, style};
use crate::{
    account, api_keys, app, audit, clients, devices, files, groups, invitations, me, members, mfa,
    operations, passkeys, password, projects, roles, sessions, settings, signup, tasks,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Starter", description = "A multi-tenant SaaS to start from."),
    paths(
        me::show,
        mfa::list,
        mfa::enrol,
        mfa::confirm,
        mfa::remove,
        mfa::renew_codes,
        mfa::reset,
        mfa::rules,
        mfa::set_rules,
        passkeys::list,
        passkeys::begin,
        passkeys::finish,
        passkeys::rename,
        passkeys::remove,
        password::change,
        password::forgot,
        password::reset,
        account::verify,
        account::change_email,
        account::confirm,
        account::deactivate,
        account::delete,
        sessions::list,
        sessions::end,
        sessions::end_everywhere,
        devices::list,
        devices::forget,
        api_keys::list,
        api_keys::create,
        api_keys::revoke,
        settings::show,
        settings::set_networks,
        projects::list,
        projects::create,
        projects::show,
        projects::update,
        projects::delete,
        tasks::list,
        tasks::create,
        tasks::show,
        tasks::update,
        tasks::delete,
        files::list,
        files::fetch,
        files::store,
        files::store_form,
        files::store_form_at_root,
        files::delete,
        files::batch_delete,
        files::sign,
        files::fetch_signed,
        files::store_signed,
        files::begin,
        files::go_on,
        files::end,
        files::give,
        files::grants,
        files::take_back,
        files::shared,
        files::fetch_shared,
        files::fetch_link,
        members::list,
        members::add,
        members::show,
        members::update,
        members::remove,
        members::explain,
        invitations::list,
        invitations::invite,
        invitations::show,
        invitations::revoke,
        invitations::resend,
        invitations::accept,
        roles::list,
        roles::create,
        roles::show,
        roles::update,
        roles::preview,
        roles::delete,
        roles::permissions,
        groups::list,
        groups::create,
        groups::show,
        groups::update,
        groups::delete,
        groups::join,
        groups::leave,
        clients::list,
        clients::create,
        clients::show,
        clients::update,
        clients::rotate_secret,
        clients::delete,
        audit::list,
        signup::sign_up,
        operations::health::live,
        operations::health::health,
        operations::health::database,
        operations::metrics::metrics,
    ),
    components(schemas(Problem))
)]
struct Document;

/// The document: what the handlers say, and what each route needs.
pub(crate) fn document() -> Value {
    let mut document = serde_json::to_value(Document::openapi()).unwrap_or_default();
    for (method, path, operation) in identity::operations() {
        add(&mut document, path, &method, operation);
    }
    add(
        &mut document,
        "/health/ready",
        "get",
        plain("As `/health`.", "operations"),
    );
    add(
        &mut document,
        "/openapi.json",
        "get",
        plain("This document.", "operations"),
    );
    add(
        &mut document,
        "/docs",
        "get",
        plain("This document as a page.", "operations"),
    );
    add(
        &mut document,
        "/docs/docs.css",
        "get",
        plain("The style of the page.", "operations"),
    );
    add(
        &mut document,
        "/api/v1/files/{path}",
        "head",
        head_operation(&["path"]),
    );
    add(
        &mut document,
        "/signed/{tenant_id}/{path}",
        "head",
        head_operation(&["tenant_id", "path"]),
    );
    add(
        &mut document,
        "/api/v1/uploads/{id}",
        "head",
        head_operation(&["id"]),
    );
    add(
        &mut document,
        "/api/v1/uploads/{id}",
        "post",
        json!({
            "tags": ["files"], "summary": "As the protocol tus has it: another method, which `X-HTTP-Method-Override` names.",
            "parameters": [path_parameter("id")],
            "responses": { "204": { "description": "As of that method." } }
        }),
    );
    add(
        &mut document,
        "/api/v1/uploads",
        "options",
        json!({
            "tags": ["files"], "summary": "What the server can do of the protocol tus.",
            "responses": { "204": { "description": "Says so in its headers." } }
        }),
    );
    if let Some(components) = document
        .get_mut("components")
        .and_then(Value::as_object_mut)
    {
        let schemes = json!({
            "bearer": {
                "type": "http", "scheme": "bearer",
                "description": "A token of a session or of a client, or an API key."
            },
            "client": {
                "type": "http", "scheme": "basic",
                "description": "The id of a client and its secret (RFC 6749, section 2.3.1). A client may show them in the form instead, or sign \
                                a token for itself (RFC 7523); one without a secret names its id there."
            },
        });
        components.insert("securitySchemes".to_owned(), schemes);
        components.insert("headers".to_owned(), headers::all());
    }
    let schemas = document.pointer("/components/schemas").cloned();
    let schemas = schemas.unwrap_or_default();
    for route in app::routes().table().rows() {
        // A wildcard is `{*path}` to the router and `{path}` to OpenAPI.
        let pointer = format!(
            "/paths/{}/{}",
            escape(&route.path.replace("{*", "{")),
            route.method.to_lowercase()
        );
        let Some(operation) = document
            .pointer_mut(&pointer)
            .and_then(Value::as_object_mut)
        else {
            continue;
        };
        // Which is no resource of a tenant, and asks for its token by itself.
        if route.tenant_scoped || route.path == "/oauth/userinfo" {
            operation.insert("security".to_owned(), json!([{ "bearer": [] }]));
        }
        if identity::knows_clients(route) {
            operation.insert("security".to_owned(), json!([{ "client": [] }, {}]));
        }
        operation.insert("x-permission".to_owned(), json!(route.permission));
        operation.insert("x-auth".to_owned(), json!(route.auth));
        if route.tenant_scoped && ["POST", "PATCH"].contains(&route.method.as_str()) {
            let parameters = operation.entry("parameters").or_insert(json!([]));
            if let Some(parameters) = parameters.as_array_mut() {
                parameters.push(idempotency_key());
            }
        }
        let_fields_reduce(operation);
        problems::add(operation, &route.method, route.tenant_scoped);
        headers::add(operation);
        examples::add(operation, &schemas);
    }
    document.as_object_mut().map(|document| {
        let codes: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        document.insert("x-problem-codes".to_owned(), json!(codes))
    });
    document
}

/// Says of an operation with the parameter `fields` that its answers may have less.
fn let_fields_reduce(operation: &mut Map<String, Value>) {
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let reduces = parameters.is_some_and(|all| all.iter().any(|one| one["name"] == "fields"));
    let schema = operation
        .get_mut("responses")
        .and_then(|responses| responses.pointer_mut("/200/content/application~1json/schema"));
    if let (true, Some(schema)) = (reduces, schema) {
        let whole = schema.take();
        let reduced = json!({ "type": "object", "description": "With `fields`: only those." });
        *schema = json!({ "anyOf": [whole, reduced] });
    }
}

fn add(document: &mut Value, path: &str, method: &str, operation: Value) {
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(method.to_owned(), operation);
        }
    }
}

fn escape(path: &str) -> String {
    path.replace('~', "~0").replace('/', "~1")
}

fn plain(summary: &str, tag: &str) -> Value {
    json!({ "tags": [tag], "summary": summary, "responses": { "200": { "description": summary } } })
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!#-+\\--:<-\\[\\]-~]+$" },
        "description": "A request that is sent again with the same key within a day is done once, and answered alike."
    })
}

fn path_parameter(name: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
}

fn head_operation(parameters: &[&str]) -> Value {
    let parameters: Vec<_> = parameters.iter().copied().map(path_parameter).collect();
    let mut operation = plain("What `GET` would answer, without the file.", "files");
    if let Some(operation) = operation.as_object_mut() {
        operation.insert("parameters".to_owned(), parameters.into());
    }
    operation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_in_the_document_and_nothing_else() {
        let document = document();
        let mut documented = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(
                    operation.get("x-auth").is_some(),
                    "{method} {path} is documented and is no route"
                );
                documented.push((path.clone(), method.to_uppercase()));
            }
        }
        let mut routes: Vec<_> = app::routes()
            .table()
            .rows()
            .iter()
            .map(|row| (row.path.replace("{*", "{"), row.method.clone()))
            .collect();
        routes.sort();
        documented.sort();
        assert_eq!(documented, routes);
        assert_eq!(
            document["openapi"]
                .as_str()
                .map(|version| version.starts_with("3.1")),
            Some(true)
        );
    }

    #[test]
    fn every_operation_says_how_it_refuses_and_shows_what_it_takes() {
        let document = document();
        let paths = document["paths"].as_object().unwrap().iter();
        let operations = paths.flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
        });
        let mut bodies = 0;
        for (name, operation) in operations {
            let responses = operation["responses"].as_object().unwrap();
            for (status, response) in responses {
                let id = response["headers"]["X-Request-Id"]["$ref"].as_str();
                let id = id.unwrap_or_else(|| panic!("{name}: {status}"));
                assert!(
                    document.pointer(id.trim_start_matches('#')).is_some(),
                    "{id}"
                );
            }
            if !responses.contains_key("default") {
                let codes = &responses["429"]["x-problem-codes"];
                assert_eq!(codes, &json!(["rate-limited"]), "{name}");
                let members_only = operation.get("security").is_some();
                assert!(!members_only || responses.contains_key("401"), "{name}");
            }
            let body = &operation["requestBody"]["content"]["application/json"];
            let Some(schema) = body["schema"]["$ref"].as_str() else {
                continue;
            };
            let schema = document.pointer(schema.strip_prefix('#').unwrap()).unwrap();
            for member in schema["required"].as_array().into_iter().flatten() {
                let shown = &body["example"][member.as_str().unwrap()];
                assert!(!shown.is_null(), "{name}: {member}");
            }
            bodies += 1;
        }
        assert!(bodies > 20, "{bodies}");
    }
}
