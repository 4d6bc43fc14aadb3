//! The surfaces that reach data of a tenant, each with the case that shows that it cannot be used without
//! one.
//!
//! A surface is a public function of a library crate that takes a `Scope` or a `TenantTx`. Its case is a
//! program that leaves it out and must not compile: a file of `tests/ui` or a `compile_fail` example, with
//! the comment `// surface: Type::function` over the call.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::{house, run};

const PAGE: &str = "docs/tenant-surfaces.md";
const HEAD: &str = "# Tenant surfaces

Every public function that reaches data of a tenant, and the program that must not compile because it leaves the tenant
out. Written by `cargo xtask surfaces --write`; CI compares, and fails for a surface without such a program.

| surface | declared in | shown by |
|---|---|---|
";

/// Traits whose methods callers use. Those of other traits are called by the framework.
const TRAITS: &[&str] = &["Storage"];

const MARK: &str = "// surface: ";

/// `cargo xtask surfaces [--write]`
pub(crate) fn check(write: bool) -> Result<(), String> {
    println!("\n== tenant surfaces");
    let (mut surfaces, mut cases) = (BTreeMap::new(), BTreeMap::new());
    for package in house::packages()? {
        let library = package.join("src/lib.rs").exists() && !package.ends_with("saas-testkit");
        if !library {
            continue;
        }
        for folder in ["src", "tests/ui"] {
            let mut files = Vec::new();
            house::sources(&package.join(folder), &mut files);
            for file in files {
                let text = std::fs::read_to_string(&file)
                    .map_err(|error| format!("{}: {error}", file.display()))?;
                let shown = shown(&file);
                if folder == "src" {
                    surfaces.extend(
                        declared(&text)
                            .into_iter()
                            .map(|name| (name, shown.clone())),
                    );
                }
                cases.extend(marked(&text).into_iter().map(|name| (name, shown.clone())));
            }
        }
    }
    let missing: BTreeSet<_> = surfaces
        .keys()
        .filter(|name| !cases.contains_key(*name))
        .collect();
    if !missing.is_empty() {
        return Err(format!(
            "no program shows that these cannot be used without a tenant; write one, with `{MARK}…` over the call: {missing:?}"
        ));
    }
    let unknown: BTreeSet<_> = cases
        .keys()
        .filter(|name| !surfaces.contains_key(*name))
        .collect();
    if !unknown.is_empty() {
        return Err(format!("these cases are of no surface: {unknown:?}"));
    }
    let mut page = String::from(HEAD);
    for (name, place) in &surfaces {
        let case = cases.get(name).map(String::as_str).unwrap_or_default();
        page.push_str(&format!("| `{name}` | `{place}` | `{case}` |\n"));
    }
    let path = run::root().join(PAGE);
    if write {
        return std::fs::write(&path, page).map_err(|error| format!("{PAGE}: {error}"));
    }
    if std::fs::read_to_string(&path).unwrap_or_default() == page {
        Ok(())
    } else {
        Err(format!(
            "{PAGE} does not say what the sources do; look at the change and run `cargo xtask surfaces --write`"
        ))
    }
}

fn shown(file: &Path) -> String {
    let file = file.strip_prefix(run::root()).unwrap_or(file);
    file.display().to_string()
}

/// Finds `Type::function` of public functions that take a scope or a transaction, and bare functions.
fn declared(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut owner, mut of_trait) = (None, false);
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("impl") || line.starts_with("pub trait ") {
            owner = owner_of(line);
            let name = owner.as_deref().unwrap_or_default();
            of_trait = line.starts_with("pub trait ") && TRAITS.contains(&name);
            continue;
        }
        if line == "}" {
            (owner, of_trait) = (None, false);
            continue;
        }
        let code = line.trim_start();
        let public = code.strip_prefix("pub ").or(of_trait.then_some(code));
        let Some(rest) = public.and_then(|code| {
            code.strip_prefix("async fn ")
                .or_else(|| code.strip_prefix("fn "))
                .or_else(|| code.strip_prefix("const fn "))
        }) else {
            continue;
        };
        let Some(end) = rest.find(['(', '<']) else {
            continue;
        };
        let (name, rest) = rest.split_at(end);
        // A long signature goes on over the next lines.
        let mut signature = rest.to_owned();
        while !signature.contains('{') && !signature.contains(';') {
            match lines.next() {
                Some(line) => signature.push_str(line.trim_start()),
                None => break,
            }
        }
        let takes = ["scope: &Scope", "tx: &mut TenantTx"];
        if takes.iter().any(|taken| signature.contains(taken)) {
            found.push(match &owner {
                Some(owner) => format!("{owner}::{name}"),
                None => name.to_owned(),
            });
        }
    }
    found
}

/// Takes `Type` out of `impl<…> Type<…> {` and of `impl Trait for Type {`.
fn owner_of(line: &str) -> Option<String> {
    let line = line
        .trim_start_matches("pub trait ")
        .trim_start_matches("impl");
    let line = match line.strip_prefix('<') {
        Some(generic) => generic.split_once("> ")?.1,
        None => line,
    };
    let line = line.split_once(" for ").map_or(line, |(_, target)| target);
    let name: String = line
        .trim_start()
        .chars()
        .take_while(|character| character.is_alphanumeric() || *character == '_')
        .collect();
    (!name.is_empty()).then_some(name)
}

/// Finds the marks, each of which stands over a call of what it names.
fn marked(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let pairs = lines.windows(2).filter_map(|pair| {
        let [mark, call] = pair else {
            return None;
        };
        let (_, name) = mark.split_once(MARK)?;
        let function = name.rsplit("::").next()?;
        let calls = ["(", "::<"].map(|next| format!("{function}{next}"));
        let called = calls.iter().any(|next| call.contains(next));
        called.then(|| name.trim().to_owned())
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_that_take_a_scope_are_found_with_their_type() {
        let text = "impl<S> Files<S> {\n    pub async fn get(\n        &self,\n        scope: &Scope,\n    ) -> Bytes {\n    }\n    \
                    pub fn size(&self) -> u64 {\n    }\n}\n\npub async fn send(scope: &Scope) {\n}\n";
        assert_eq!(declared(text), ["Files::get", "send"]);
        let text = "pub trait Storage {\n    async fn get(&self, scope: &Scope);\n}\npub trait Other {\n    fn on(scope: &Scope);\n}\n";
        assert_eq!(declared(text), ["Storage::get"]);
        assert_eq!(
            marked(
                "// surface: Files::get\nfiles.get(key)\n// surface: Files::put\nfiles.get(key)"
            ),
            ["Files::get"]
        );
    }
}
