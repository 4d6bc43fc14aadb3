//! The list of system scopes: every reason for which the service reaches data on its own account, and
//! every place that does.

use std::collections::BTreeMap;

use crate::{house, run};

const PAGE: &str = "docs/system-scopes.md";
const HEAD: &str = "# System scopes

Every reason for which the service reaches data on its own account, and where. Written by `cargo xtask scopes --write`; CI
compares, so that each new place shows in review.

| reason | why | type | entered in |
|---|---|---|---|
";

/// `cargo xtask scopes [--write]`
pub(crate) fn check(write: bool) -> Result<(), String> {
    println!("\n== system scopes");
    let page = page()?;
    let path = run::root().join(PAGE);
    if write {
        return std::fs::write(&path, page).map_err(|error| format!("{PAGE}: {error}"));
    }
    if std::fs::read_to_string(&path).unwrap_or_default() == page {
        Ok(())
    } else {
        Err(format!(
            "{PAGE} does not say what the sources do; look at the change and run `cargo xtask scopes --write`"
        ))
    }
}

fn page() -> Result<String, String> {
    let mut reasons: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut uses: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    // This tool speaks about scopes and enters none.
    for package in house::packages()?
        .into_iter()
        .filter(|package| !package.ends_with("xtask"))
    {
        let mut files = Vec::new();
        house::sources(&package.join("src"), &mut files);
        for file in files {
            let text = std::fs::read_to_string(&file)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            let shown = file
                .strip_prefix(run::root())
                .unwrap_or(&file)
                .display()
                .to_string();
            // Examples in doc comments enter nothing.
            let code: String = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .flat_map(|line| [line, "\n"])
                .collect();
            reasons.extend(declared(&code));
            for name in entered(&code) {
                *uses
                    .entry(name)
                    .or_default()
                    .entry(shown.clone())
                    .or_default() += 1;
            }
        }
    }
    let mut page = String::from(HEAD);
    for (name, (reason, why)) in &reasons {
        let places = uses.remove(name).unwrap_or_default();
        let places: Vec<_> = places
            .iter()
            .map(|(file, count)| format!("`{file}` ({count})"))
            .collect();
        page.push_str(&format!(
            "| `{reason}` | {why} | `{name}` | {} |\n",
            places.join(", ")
        ));
    }
    Ok(page)
}

/// Finds `impl Reason for X { const NAME: … = "…"; const WHY: … = "…"; }`.
fn declared(code: &str) -> Vec<(String, (String, String))> {
    let value = |block: &str, name: &str| {
        let rest = block.split(name).nth(1)?;
        // A text may go on in the next line.
        let lines = rest.split('"').nth(1)?.split("\\\n");
        Some(lines.map(str::trim_start).collect())
    };
    code.split("impl Reason for ")
        .skip(1)
        .filter_map(|block| {
            let name = block.split_whitespace().next()?.to_owned();
            Some((
                name,
                (value(block, "const NAME")?, value(block, "const WHY")?),
            ))
        })
        .collect()
}

/// Finds `SystemScope::<X>::enter`.
fn entered(code: &str) -> Vec<String> {
    code.split("SystemScope::<")
        .skip(1)
        .filter_map(|rest| rest.split_once(">::enter").map(|(name, _)| name.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn finds_declarations_and_uses() {
        let code = "impl Reason for A {\n const NAME: &'static str = \"a\";\n const WHY: &'static str = \"b \\\n   c\";\n}\n SystemScope::<A>::enter()";
        assert_eq!(
            super::declared(code),
            [("A".to_owned(), ("a".to_owned(), "b c".to_owned()))]
        );
        assert_eq!(super::entered(code), ["A"]);
    }
}
