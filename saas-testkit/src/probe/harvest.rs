//! What a tenant can read about itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
};

use axum::{body::Body, response::Response};
use http::{Request, header};
use serde_json::Value;
use tower::Service;

use super::{
    ProbeTenant,
    compare::{Send, Token},
    document::{Document, Place},
    sample::is_id,
};

/// Reading goes on with what was read, so many times.
const ROUNDS: usize = 3;

/// Longer texts name nothing.
const MAX_TEXT: usize = 512;

/// Members under which a list gives its cursors.
const CURSORS: &[&str] = &["next", "prev", "cursor", "after", "before"];

/// The values that a tenant knows, by the names of their members, and what it read where.
#[derive(Debug, Clone, Default)]
pub(super) struct Harvest {
    values: BTreeMap<String, BTreeSet<String>>,
    answers: BTreeMap<String, String>,
    /// The `ETag` of what was read, by its address.
    validators: BTreeMap<String, String>,
    /// How often it was answered with which status.
    statuses: BTreeMap<u16, usize>,
}

impl Harvest {
    /// Calls everything that reads, first what needs no value, then what the values lead to.
    pub(super) async fn gather<S>(
        send: &mut Send<S>,
        document: &Document,
        tenant: &ProbeTenant,
    ) -> Self
    where
        S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone,
    {
        let mut harvest = Self::default();
        for _ in 0..ROUNDS {
            let mut calls = Vec::new();
            for operation in document
                .operations
                .iter()
                .filter(|operation| operation.reads() && operation.secured)
            {
                for call in operation.calls(&harvest) {
                    // A page of one row has a cursor.
                    let mut small = call.clone();
                    small.ask("limit", "1");
                    let lists = operation
                        .parameters
                        .iter()
                        .any(|parameter| parameter.place == Place::Query);
                    calls.push(call);
                    calls.extend(lists.then_some(small));
                }
            }
            calls.retain(|call| !harvest.answers.contains_key(&call.address()));
            if calls.is_empty() {
                break;
            }
            for call in calls {
                let answer = send.call(&call, tenant, Token::Own, &[]).await;
                *harvest.statuses.entry(answer.status.as_u16()).or_default() += 1;
                if !answer.status.is_success() {
                    continue;
                }
                let address = call.address();
                if let Some(validator) = answer.header(&header::ETAG) {
                    let validator = validator.to_owned();
                    harvest.validators.insert(address.clone(), validator);
                }
                if let Some(body) = answer.json() {
                    harvest.learn("", &body);
                }
                harvest.answers.insert(address, answer.text().to_owned());
            }
        }
        harvest
    }

    fn learn(&mut self, name: &str, value: &Value) {
        match value {
            Value::String(text) if !text.is_empty() && text.len() <= MAX_TEXT => {
                self.values
                    .entry(name.to_owned())
                    .or_default()
                    .insert(text.clone());
            }
            Value::Array(values) => values.iter().for_each(|value| self.learn(name, value)),
            Value::Object(members) => {
                for (name, value) in members {
                    self.learn(name, value);
                }
            }
            _ => {}
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.values().all(BTreeSet::is_empty)
    }

    /// Says how the reading was answered.
    pub(super) fn outcome(&self) -> String {
        let counted = self.statuses.iter();
        let counted: Vec<_> = counted
            .map(|(status, n)| format!("{n} of {status}"))
            .collect();
        counted.join(", ")
    }

    /// Whether nobody is known behind the token.
    pub(super) fn is_nobodys(&self) -> bool {
        !self.statuses.is_empty() && self.statuses.keys().all(|status| *status == 401)
    }

    /// The `ETag` of what was read at an address.
    pub(super) fn validator(&self, address: &str) -> Option<&str> {
        self.validators.get(address).map(String::as_str)
    }

    /// Takes out what another tenant knows as well.
    pub(super) fn without(&self, other: &Self) -> Self {
        let known: BTreeSet<&String> = other.values.values().flatten().collect();
        let mut own = self.clone();
        for values in own.values.values_mut() {
            values.retain(|value| !known.contains(value));
        }
        own
    }

    /// The values that fit a parameter: ids where ids are wanted or the name ends in `id`, cursors where a
    /// list goes on, and otherwise what members of that name hold.
    pub(super) fn values(&self, name: &str, schema: &Value) -> Vec<String> {
        let lower = name.to_ascii_lowercase();
        let wants_id = schema.get("format").and_then(Value::as_str) == Some("uuid")
            || lower == "id"
            || lower.ends_with("_id")
            || lower.ends_with("id]");
        if wants_id {
            return self.ids().into_iter().collect();
        }
        let inner = lower
            .rsplit_once('[')
            .map_or(lower.as_str(), |(_, inner)| inner.trim_end_matches(']'));
        let members = if CURSORS.contains(&inner) {
            CURSORS
        } else {
            &[inner]
        };
        let values = members.iter().filter_map(|member| self.values.get(*member));
        values.flatten().cloned().collect()
    }

    /// All ids.
    pub(super) fn ids(&self) -> BTreeSet<String> {
        let values = self.values.values().flatten();
        values.filter(|value| is_id(value)).cloned().collect()
    }

    /// The values of the same kind as this one: ids for an id.
    pub(super) fn alike(&self, value: &str) -> Vec<String> {
        if is_id(value) {
            self.ids().into_iter().collect()
        } else {
            Vec::new()
        }
    }

    /// The ids of members that say whose something is.
    pub(super) fn tenants(&self) -> Vec<String> {
        let named = ["tenant_id", "tenant"]
            .into_iter()
            .filter_map(|name| self.values.get(name));
        let named: Vec<String> = named
            .flatten()
            .filter(|value| is_id(value))
            .cloned()
            .collect();
        if named.is_empty() {
            self.ids().into_iter().take(4).collect()
        } else {
            named
        }
    }

    /// The addresses at which something else is read now.
    pub(super) fn changed(&self, after: &Self) -> Vec<String> {
        // A cursor is sealed anew each time it is given.
        let plain = |text: &String| match serde_json::from_str::<Value>(text) {
            Ok(mut body) => {
                if let Some(body) = body.as_object_mut() {
                    CURSORS.iter().for_each(|cursor| drop(body.remove(*cursor)));
                }
                body.to_string()
            }
            Err(_) => text.clone(),
        };
        let answers = self.answers.iter();
        let changed = answers.filter(|(address, before)| {
            let cursor = address.contains("after=") || address.contains("before=");
            !cursor && after.answers.get(*address).map(plain) != Some(plain(before))
        });
        changed
            .map(|(address, _)| format!("GET {address}"))
            .collect()
    }
}
