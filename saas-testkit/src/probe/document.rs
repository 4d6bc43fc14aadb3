//! The operations of an OpenAPI document, and calls of them.

use std::fmt;

use http::{Method, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{harvest::Harvest, sample};

const IN_ADDRESS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

/// The operations, with every reference in their schemas resolved as far as it is needed.
#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) operations: Vec<Operation>,
}

/// One method of one path.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) secured: bool,
    media_type: Option<String>,
    body: Option<Value>,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
}

#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) schema: Value,
    required: bool,
    /// A value that the document allows.
    sample: String,
}

/// One request to be.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    path: String,
    fillings: Vec<(String, String)>,
    query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) media_type: Option<String>,
    pub(super) body: Option<Value>,
}

impl Document {
    /// Reads the operations. What is not as OpenAPI says is left out.
    pub(super) fn read(document: &Value) -> Self {
        let empty = serde_json::Map::new();
        let paths = document
            .get("paths")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let mut operations = Vec::new();
        for (path, item) in paths {
            let Some(item) = item.as_object() else {
                continue;
            };
            for (method, operation) in item {
                let Ok(method) = method.to_ascii_uppercase().parse::<Method>() else {
                    continue;
                };
                if operation.get("responses").is_none() {
                    continue;
                }
                operations.push(read_operation(
                    document,
                    method,
                    path,
                    item.get("parameters"),
                    operation,
                ));
            }
        }
        // Reading first, so that what a write destroys has been read.
        operations.sort_by_key(|operation| !operation.method.is_safe());
        Self { operations }
    }
}

fn read_operation(
    document: &Value,
    method: Method,
    path: &str,
    shared: Option<&Value>,
    operation: &Value,
) -> Operation {
    let own = operation.get("parameters");
    let parameters = [shared, own]
        .into_iter()
        .flatten()
        .filter_map(Value::as_array);
    let parameters = parameters.flatten().filter_map(|parameter| {
        let parameter = sample::resolve(document, parameter);
        let place = match parameter.get("in")?.as_str()? {
            "path" => Place::Path,
            "query" => Place::Query,
            "header" => Place::Header,
            _ => return None,
        };
        let schema = parameter.get("schema").unwrap_or(&Value::Null);
        Some(Parameter {
            name: parameter.get("name")?.as_str()?.to_owned(),
            place,
            schema: schema.clone(),
            sample: match sample::parameter(document, parameter, schema) {
                Some(sample) => sample,
                // What most services write, of a first version.
                None if is_condition(parameter.get("name")?.as_str()?) => "\"1\"".to_owned(),
                None => sample::written(&sample::instance(document, schema)),
            },
            required: parameter
                .get("required")
                .and_then(Value::as_bool)
                .unwrap_or(false),
        })
    });
    let content = operation
        .pointer("/requestBody/content")
        .and_then(Value::as_object);
    let content = content.and_then(|content| {
        let json = content.iter().find(|(name, _)| name.contains("json"));
        json.or_else(|| content.iter().next())
    });
    let global = document.get("security");
    let security = operation
        .get("security")
        .or(global)
        .and_then(Value::as_array);
    Operation {
        method,
        path: path.to_owned(),
        parameters: parameters.collect(),
        secured: security.is_some_and(|schemes| !schemes.is_empty()),
        media_type: content.map(|(name, _)| name.clone()),
        body: content.map(|(_, media)| {
            let schema = media.get("schema").cloned().unwrap_or(Value::Null);
            sample::instance(document, &schema)
        }),
    }
}

impl Operation {
    /// Fills the operation in with a tenant's values; none when it needs one that the tenant has not.
    pub(super) fn call(&self, values: &Harvest) -> Option<Call> {
        let mut call = Call {
            method: self.method.clone(),
            path: self.path.clone(),
            fillings: Vec::new(),
            query: Vec::new(),
            headers: Vec::new(),
            media_type: self.media_type.clone(),
            body: self.body.clone(),
        };
        for parameter in self
            .parameters
            .iter()
            .filter(|parameter| parameter.required)
        {
            let value = values
                .values(&parameter.name, &parameter.schema)
                .into_iter()
                .next();
            let value = match value {
                Some(value) => value,
                None if parameter.place == Place::Path => return None,
                None => parameter.sample.clone(),
            };
            call.set(parameter, &value);
        }
        call.expect(values);
        Some(call)
    }

    /// Every way to fill in the path with a tenant's values, within bounds.
    pub(super) fn calls(&self, values: &Harvest) -> Vec<Call> {
        let mut calls: Vec<Call> = self.call(values).into_iter().collect();
        for parameter in self
            .parameters
            .iter()
            .filter(|parameter| parameter.place == Place::Path)
        {
            let values = values.values(&parameter.name, &parameter.schema);
            let filled = calls.iter().flat_map(|call| {
                values.iter().take(super::MAX_VALUES).map(|value| {
                    let mut call = call.clone();
                    call.set(parameter, value);
                    call
                })
            });
            calls = filled.take(super::MAX_VALUES * 4).collect();
        }
        calls
    }

    /// Whether the same question may be asked again and again.
    pub(super) fn reads(&self) -> bool {
        self.method == Method::GET
    }
}

impl Call {
    /// Bases a change on what was read at its address, where it asks for that (RFC 9110, section 13.1.1).
    pub(super) fn expect(&mut self, values: &Harvest) {
        let address = self.address();
        let conditions = self
            .headers
            .iter_mut()
            .filter(|(name, _)| is_condition(name));
        for (_, value) in conditions {
            if let Some(validator) = values.validator(&address) {
                validator.clone_into(value);
            }
        }
    }

    pub(super) fn set(&mut self, parameter: &Parameter, value: &str) {
        let list = match parameter.place {
            Place::Path => &mut self.fillings,
            Place::Query => &mut self.query,
            Place::Header => &mut self.headers,
        };
        list.retain(|(name, _)| *name != parameter.name);
        list.push((parameter.name.clone(), value.to_owned()));
    }

    /// Adds a parameter of the query.
    pub(super) fn ask(&mut self, name: &str, value: &str) {
        self.query.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn address(&self) -> String {
        let mut address = self.path.clone();
        for (name, value) in &self.fillings {
            address = address.replace(&format!("{{{name}}}"), &encode(value));
        }
        for (number, (name, value)) in self.query.iter().enumerate() {
            address.push(if number == 0 { '?' } else { '&' });
            address.push_str(&format!(
                "{}={}",
                encode(name),
                encode(value).replace('/', "%2F")
            ));
        }
        address
    }

    /// Whether a value stands in the path.
    pub(super) fn path_holds(&self, value: &str) -> bool {
        self.fillings.iter().any(|(_, filling)| filling == value)
    }

    /// The values that the request itself holds.
    pub(super) fn sent(&self) -> Vec<String> {
        let lists = [&self.fillings, &self.query, &self.headers];
        let mut sent: Vec<String> = lists
            .into_iter()
            .flatten()
            .map(|(_, value)| value.clone())
            .collect();
        sent.extend(self.body.as_ref().map(Value::to_string));
        sent
    }
}

fn is_condition(name: &str) -> bool {
    name.eq_ignore_ascii_case(header::IF_MATCH.as_str())
}

/// Encodes a value for a path, in which slashes stay.
pub(super) fn encode(value: &str) -> String {
    utf8_percent_encode(value, IN_ADDRESS).to_string()
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.address())?;
        match &self.body {
            Some(body) => write!(f, " {body}"),
            None => Ok(()),
        }
    }
}
