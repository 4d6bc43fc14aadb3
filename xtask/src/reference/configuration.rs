//! The chapter about the configuration: the keys from the types, the defaults from the starter.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::DocumentMut;

use super::{links, row, sources::Sources, starter::Starter, walk::Walk};
use crate::run;

const HEAD: &str = include_str!("configuration.md");
const CONFIG: &str = "examples/starter/src/config.rs";
const ROOT: &str = "StarterConfig";

pub(super) fn page(starter: &Starter) -> Result<String, String> {
    let source = std::fs::read_to_string(run::root().join(CONFIG));
    let source = source.map_err(|error| format!("{CONFIG}: {error}"))?;
    let own = source
        .split("r#\"")
        .nth(1)
        .and_then(|rest| rest.split("\"#").next());
    let sources = Sources::read()?;
    let mut walk = Walk {
        sources: &sources,
        printed: parsed(&starter.print("config", "")?)?,
        probed: None,
        own: parsed(own.ok_or_else(|| format!("{CONFIG} has no defaults"))?)?,
        sections: Vec::new(),
        names: sources.names.clone(),
        probe: String::new(),
        problems: BTreeSet::new(),
    };
    walk.section("examples/starter", ROOT, "", "")?;
    walk.probed = Some(parsed(&starter.print("config", &walk.probe)?)?);
    walk.sections.clear();
    walk.section("examples/starter", ROOT, "", "")?;
    if !walk.problems.is_empty() {
        let problems: Vec<String> = walk.problems.into_iter().collect();
        return Err(format!("configuration:\n  {}", problems.join("\n  ")));
    }
    let short = short(&source);
    let mut page = HEAD.to_owned();
    page.push_str("| variable | key |\n|---|---|\n");
    for (key, variable) in &short {
        row(&mut page, &[&format!("`{variable}`"), &format!("`{key}`")]);
    }
    for section in &walk.sections {
        match section.key.split('.').count() {
            _ if section.key.is_empty() => page.push_str("\n## On top\n"),
            1 => page.push_str(&format!("\n## `{}`\n", section.key)),
            _ => page.push_str(&format!("\n### `{}`\n", section.key)),
        }
        if !section.doc.is_empty() {
            let doc = links::resolve(&section.doc, &walk.names);
            page.push_str(&format!("\n{doc}\n"));
        }
        if !section.rows.is_empty() {
            page.push_str("\n| key | what it is | default | |\n|---|---|---|---|\n");
        }
        for one in &section.rows {
            let mut doc = links::resolve(&one.doc, &walk.names);
            if let Some(variable) = short.get(&one.key) {
                let end = if doc.contains("<br>") { "<br>" } else { " " };
                doc.push_str(&format!("{end}Also `{variable}`."));
            }
            row(
                &mut page,
                &[&format!("`{}`", one.key), &one.of, &one.default, &doc],
            );
        }
    }
    Ok(page)
}

fn parsed(toml: &str) -> Result<DocumentMut, String> {
    toml.parse().map_err(|error| format!("{error}"))
}

/// Finds the short variables, by their keys.
fn short(source: &str) -> BTreeMap<String, String> {
    let calls = source.split(".short(").skip(1);
    let pairs = calls.filter_map(|call| {
        let mut texts = call.split('"').skip(1).step_by(2);
        let (variable, key) = (texts.next()?, texts.next()?);
        Some((key.to_owned(), variable.to_owned()))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn short_variables_are_found_by_their_keys() {
        let source = "x.short(\"BIND\", \"server.bind\")\n.short(\"A\", \"b\")";
        let pairs = [("server.bind", "BIND"), ("b", "A")];
        let pairs = pairs.map(|(key, name)| (key.to_owned(), name.to_owned()));
        assert_eq!(super::short(source), pairs.into());
    }
}
