//! The chapter about permissions.

use syn::{Item, LitStr};

use super::{attributes, row, starter::Starter};
use crate::run;

const ROUTES: &str = "examples/starter/tests/routes.txt";
const SOURCE: &str = "examples/starter/src/permission.rs";
const HEAD: &str = "# Permissions

What can be allowed in the starter, which of the roles that every tenant begins with may do it, and which routes ask for it. A tenant makes
roles of its own beside these, which cannot be changed; the owner may do everything. Written by `cargo xtask reference --write` from `examples/starter/src/permission.rs`, `starter permissions` and
`examples/starter/tests/routes.txt`; CI compares.

| permission | allows to | roles |
|---|---|---|
";
const ALSO: &str = "
Beside a permission stand what else a route asks for: `fresh 3600s`, that the caller has signed in or proven a second factor within so many seconds; `rate letters`, the quota of a
class (`limits.classes`); `&`, another permission.
";

pub(super) fn page(starter: &Starter) -> Result<String, String> {
    let listed = starter.print("permissions", "")?;
    let routes = std::fs::read_to_string(run::root().join(ROUTES));
    let routes = routes.map_err(|error| format!("{ROUTES}: {error}"))?;
    let (mut page, mut sections) = (HEAD.to_owned(), String::from(ALSO));
    let permissions = declared()?;
    for (name, doc) in &permissions {
        let line = listed.lines().find_map(|line| line.strip_prefix(name));
        let roles = line.and_then(|line| line.trim_start().strip_prefix(doc.as_str()));
        let roles = roles.ok_or_else(|| format!("`starter permissions` does not list `{name}`"))?;
        row(&mut page, &[&format!("`{name}`"), doc, roles.trim()]);
        sections.push_str(&format!("\n## `{name}`\n\n{doc}\n\n"));
        let asking = routes.lines().filter(|line| needs(line, name));
        let asking: Vec<String> = asking.filter_map(shown).collect();
        match asking.is_empty() {
            true => sections.push_str("No route asks for it.\n"),
            false => {
                sections.push_str("| route | asks for |\n|---|---|\n");
                sections.push_str(&asking.concat());
            }
        }
    }
    sections.push_str(
        "\n## Without a permission\n\n`member` is whoever is signed in to the tenant and has a role there, `person` a person who has signed in, and no program.\n\n\
         | route | asks for |\n|---|---|\n",
    );
    let word = |line: &str, word| needs(line, word);
    let known = |line: &&str| permissions.iter().any(|(name, _)| word(line, name));
    let others = routes
        .lines()
        .filter(|line| !known(line) && !word(line, "public"));
    sections.extend(others.filter_map(shown));
    sections.push_str(
        "\nAll other routes are public: they do not ask who calls, or see to it themselves.\n",
    );
    Ok(page + &sections)
}

/// Finds the permissions with their descriptions.
fn declared() -> Result<Vec<(String, String)>, String> {
    let text = std::fs::read_to_string(run::root().join(SOURCE));
    let text = text.map_err(|error| format!("{SOURCE}: {error}"))?;
    let file = syn::parse_file(&text).map_err(|error| format!("{SOURCE}: {error}"))?;
    let enums = file.items.into_iter().filter_map(|item| match item {
        Item::Enum(item) => Some(item.variants),
        _ => None,
    });
    let variants = enums.flatten().filter_map(|variant| {
        let mut attributes = variant.attrs.iter();
        let named = attributes.find(|one| one.path().is_ident("permission"))?;
        let name = named.parse_args::<LitStr>().ok()?.value();
        Some((name, attributes::doc(&variant.attrs, false)))
    });
    let found: Vec<_> = variants.collect();
    match found.is_empty() {
        true => Err(format!("{SOURCE} has no permissions")),
        false => Ok(found),
    }
}

/// Tells whether a line of the routes asks for a thing.
fn needs(line: &str, name: &str) -> bool {
    let words = line.split_whitespace().skip(2);
    words
        .map(|word| word.trim_matches(','))
        .any(|word| word == name)
}

fn shown(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?, words.next()?);
    let needs: Vec<&str> = words.collect();
    let mut text = String::new();
    row(
        &mut text,
        &[
            &format!("`{method} {path}`"),
            &format!("`{}`", needs.join(" ")),
        ],
    );
    Some(text)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_route_asks_for_what_stands_behind_its_path() {
        let line = "POST /roles:read  members:write & roles:read, rate letters";
        for (name, asked) in [
            ("members:write", true),
            ("roles:read", true),
            ("roles", false),
        ] {
            assert_eq!(super::needs(line, name), asked, "{name}");
        }
    }
}
