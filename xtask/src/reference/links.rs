//! Links of doc comments, which lead nowhere in the book.

use std::collections::BTreeMap;

/// Puts the name of what a link leads to in its place, or what it is called in a configuration.
pub(super) fn resolve(text: &str, names: &BTreeMap<String, String>) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("[`") {
        let Some((name, after)) = after.split_once("`]") else {
            break;
        };
        out.push_str(before);
        let name = names.get(name).map_or(name, String::as_str);
        out.push_str(&format!("`{name}`"));
        rest = match after.strip_prefix('(') {
            Some(path) => path.split_once(')').map_or("", |(_, after)| after),
            None => after,
        };
    }
    out + rest
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_link_becomes_the_key_that_it_means() {
        let names = [("A::b".to_owned(), "a.b".to_owned())].into();
        let resolved = super::resolve("As [`A::b`](x::A), or [`C`], [not].", &names);
        assert_eq!(resolved, "As `a.b`, or `C`, [not].");
    }
}
