//! The crates as they would be published: what each has to say about itself, what has to be in its package, and
//! whether Cargo makes it.

use serde_json::Value;

use crate::run;

/// What is in every package beside its sources.
const FILES: &[&str] = &["LICENSE-APACHE", "LICENSE-MIT", "README.md"];
/// As many keywords as a registry takes.
const KEYWORDS: usize = 5;

/// `cargo xtask package [--verify]`
pub(crate) fn package(arguments: &[String]) -> Result<(), String> {
    let verify = match arguments {
        [] => false,
        [word] if word == "--verify" => true,
        _ => return Err("`package` takes `--verify` and nothing else".to_owned()),
    };
    println!("\n== what is published");
    let mut problems = Vec::new();
    let mut selected = Vec::new();
    for package in members()? {
        let name = text(&package, "name");
        let published = package.get("publish").is_none_or(Value::is_null);
        if published != name.starts_with("saas-") {
            problems.push(format!(
                "`{name}`: the crates `saas-…` say `publish = true`, and no other does"
            ));
        }
        if published {
            problems.extend(unsaid(&package).map(|what| format!("`{name}` has no {what}")));
            problems.extend(missing(name)?.map(|file| format!("`{name}`: {file} is not packed")));
            selected.extend(["-p".to_owned(), name.to_owned()]);
        }
    }
    if !problems.is_empty() {
        return Err(format!("package:\n  {}", problems.join("\n  ")));
    }
    // Together, so that each finds the others, which no registry has; Cargo puts them in order.
    let mut cargo = run::cargo(&["package", "--locked", "--allow-dirty"]);
    cargo.args(selected);
    // There are no default features, and saas-tenancy without a database does not compile. `cargo publish` needs the same.
    cargo.arg(if verify {
        "--all-features"
    } else {
        "--no-verify"
    });
    run::step("packages", &mut cargo)
}

/// Names the crates that are published.
pub(crate) fn published() -> Result<Vec<String>, String> {
    let names = members()?;
    let names = names.iter().map(|package| text(package, "name").to_owned());
    Ok(names.filter(|name| name.starts_with("saas-")).collect())
}

fn members() -> Result<Vec<Value>, String> {
    let arguments = ["metadata", "--locked", "--no-deps", "--format-version", "1"];
    let metadata = run::output(&mut run::cargo(&arguments))?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    let packages = metadata.get("packages").and_then(Value::as_array);
    Ok(packages.cloned().unwrap_or_default())
}

/// Names what a manifest leaves out, or has too much of.
fn unsaid(package: &Value) -> impl Iterator<Item = &'static str> {
    let said = |key| !text(package, key).is_empty();
    let count = |key| {
        package
            .get(key)
            .and_then(Value::as_array)
            .map_or(0, Vec::len)
    };
    let documented = package.pointer("/metadata/docs/rs/all-features") == Some(&Value::Bool(true));
    [
        (said("description"), "description"),
        (said("license"), "license"),
        (said("readme"), "readme"),
        (said("rust_version"), "rust-version"),
        (
            (1..=KEYWORDS).contains(&count("keywords")),
            "keywords, or more than five",
        ),
        (count("categories") > 0, "categories"),
        (documented, "`all-features` for docs.rs"),
    ]
    .into_iter()
    .filter_map(|(said, what)| (!said).then_some(what))
}

/// Names the files that a package should have and has not.
fn missing(name: &str) -> Result<impl Iterator<Item = &'static str>, String> {
    let arguments = ["package", "--locked", "--allow-dirty", "--list", "-p", name];
    let listed = run::output(&mut run::cargo(&arguments))?;
    Ok(FILES
        .iter()
        .copied()
        .filter(move |file| !listed.lines().any(|line| line == *file)))
}

fn text<'a>(package: &'a Value, key: &str) -> &'a str {
    package.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn names_what_a_manifest_leaves_out() {
        let mut package = json!({
            "description": "a", "license": "b", "readme": "c", "rust_version": "1", "keywords": ["d"], "categories": ["e"],
            "metadata": { "docs": { "rs": { "all-features": true } } },
        });
        assert_eq!(super::unsaid(&package).count(), 0);
        package["keywords"] = json!(["1", "2", "3", "4", "5", "6"]);
        package["license"] = json!(null);
        let unsaid: Vec<_> = super::unsaid(&package).collect();
        assert_eq!(unsaid, ["license", "keywords, or more than five"]);
    }
}
