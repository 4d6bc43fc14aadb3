//! The chapter about events: those of the audit log, and those that something follows from.

use std::collections::{BTreeMap, BTreeSet};

use syn::{Item, visit_mut::VisitMut as _};

use super::{
    attributes,
    calls::{self, Calls},
    links, row, sources,
};

const HEAD: &str = "# Events

Written by `cargo xtask reference --write` from the sources of the crates and of the starter; CI compares.

## In the audit log

What `/api/v1/audit` gives as `action`. A record is written in the transaction of what it tells of, by whoever did it, and nobody changes it. Add those of your own with
`AuditEvent::new` and `TenantTx::record`.

| action | written in |
|---|---|
";
const OUTBOX: &str = "
## In the outbox

What is published in the transaction of its cause, and handled after it, in the scope of its tenant, until it has succeeded or `outbox.max_attempts` is reached. The
starter's handler (`examples/starter/src/events.rs`) gives each of these to `saas_auth::Messages`, which sends a letter where one is due; a kind that it does not know is an error. Handle
those of your own there. The payload is between the versions of one crate, and no contract.

| kind | says | carries | published in |
|---|---|---|---|
";

pub(super) fn page() -> Result<String, String> {
    let mut files = sources::files()?;
    let mut page = HEAD.to_owned();
    for (action, places) in audited(&mut files)? {
        row(&mut page, &[&format!("`{action}`"), &shown(&places)]);
    }
    page.push_str(OUTBOX);
    for event in outbox(&files)? {
        row(&mut page, &event.each_ref().map(String::as_str));
    }
    Ok(page)
}

fn shown(places: &BTreeSet<String>) -> String {
    let places: Vec<_> = places.iter().map(|place| format!("`{place}`")).collect();
    places.join(", ")
}

/// Finds the actions of the audit log, each with where it is named.
fn audited(
    files: &mut [(String, syn::File)],
) -> Result<BTreeMap<String, BTreeSet<String>>, String> {
    let mut crates: BTreeMap<String, Calls> = BTreeMap::new();
    for (file, parsed) in files {
        let of = file.split("/src/").next().unwrap_or_default();
        let calls = crates.entry(of.to_owned()).or_default();
        calls.file.clone_from(file);
        calls.visit_file_mut(&mut parsed.clone());
    }
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for calls in crates.values() {
        for (place, origin) in &calls.audited {
            let names = calls.names(origin, place, &mut BTreeSet::new());
            if names.is_empty() {
                return Err(format!(
                    "{place}: nothing says the name of an audit event ({origin:?})"
                ));
            }
            for (name, place) in names {
                found.entry(name).or_default().insert(place);
            }
        }
    }
    Ok(found)
}

/// Finds the events with a `KIND`: what they say and carry, and where they are published.
fn outbox(files: &[(String, syn::File)]) -> Result<Vec<[String; 4]>, String> {
    let (mut about, mut kinds) = (BTreeMap::new(), BTreeMap::new());
    for (file, parsed) in files {
        let of = file.split("/src/").next().unwrap_or_default();
        for item in &parsed.items {
            match item {
                Item::Struct(item) => {
                    let fields = item.fields.iter().filter_map(|field| field.ident.as_ref());
                    let fields: Vec<_> = fields.map(|name| format!("`{name}`")).collect();
                    let said =
                        links::resolve(&attributes::doc(&item.attrs, false), &BTreeMap::new());
                    about.insert((of, item.ident.to_string()), (said, fields.join(", ")));
                }
                Item::Impl(item) if item.trait_.is_none() => {
                    if let Some((name, kind)) = calls::kind(item) {
                        kinds.insert(kind, (of, name));
                    }
                }
                _ => {}
            }
        }
    }
    let mut rows = Vec::new();
    for (kind, (of, name)) in kinds {
        let (said, fields) = about.get(&(of, name.clone())).cloned().unwrap_or_default();
        let (mut published, mut handled) = (BTreeSet::new(), false);
        let constant = format!("{name}::KIND");
        for (file, _) in files.iter().filter(|(file, _)| file.starts_with(of)) {
            let text = std::fs::read_to_string(crate::run::root().join(file));
            let text = text.map_err(|error| format!("{file}: {error}"))?;
            if text.contains(&format!("publish({constant}")) {
                published.insert(file.clone());
            }
            handled |= text.contains(&format!("{constant} =>"));
        }
        if published.is_empty() || !handled || said.is_empty() {
            return Err(format!(
                "events of the kind `{kind}` need a doc comment, somebody who publishes them and a handler"
            ));
        }
        rows.push([format!("`{kind}`"), said, fields, shown(&published)]);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_through_the_functions_that_take_them() {
        let text = "fn a() { AuditEvent::new(\"a.one\", 1); set(1, \"a.two\"); n(kind.asked()); }\n\
                    fn set(x: u8, action: &str) { tx.record(AuditEvent::new(action, x)) }\n\
                    fn n(action: &str) { set(1, action) }\n\
                    fn asked() -> &str { match 1 { 1 => \"a.three\", _ => \"none\" } }\n\
                    #[cfg(test)] mod tests { fn b() { AuditEvent::new(\"a.four\", 1); } }";
        let mut files = [("a/src/a.rs".to_owned(), syn::parse_file(text).unwrap())];
        let found: Vec<_> = audited(&mut files).unwrap().into_keys().collect();
        assert_eq!(found, ["a.one", "a.three", "a.two"]);
        let text = "fn a(x: X) { AuditEvent::new(x.y, 1); }";
        let mut files = [("a/src/a.rs".to_owned(), syn::parse_file(text).unwrap())];
        assert!(audited(&mut files).is_err());
    }
}
