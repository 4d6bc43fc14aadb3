//! The keys of a configuration, from the types that it is read into.

use std::collections::{BTreeMap, BTreeSet};

use syn::{GenericArgument, PathArguments, Type};
use toml_edit::{DocumentMut, Item};

use super::sources::{Shape, Sources};

/// A part of the page: a section with its keys.
pub(super) struct Section {
    pub(super) key: String,
    pub(super) doc: String,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    pub(super) key: String,
    /// What can be said, in words.
    pub(super) of: String,
    pub(super) default: String,
    pub(super) doc: String,
}

pub(super) struct Walk<'a> {
    pub(super) sources: &'a Sources,
    /// What is printed when nothing is said.
    pub(super) printed: DocumentMut,
    /// What is printed when the sections that are not there by themselves are asked for.
    pub(super) probed: Option<DocumentMut>,
    /// The defaults that the program brings, which stand where a secret is masked.
    pub(super) own: DocumentMut,
    pub(super) sections: Vec<Section>,
    /// What `Type::field` is called.
    pub(super) names: BTreeMap<String, String>,
    /// A configuration that says what has to be said, so that the rest is printed.
    pub(super) probe: String,
    pub(super) problems: BTreeSet<String>,
}

impl Walk<'_> {
    /// Adds a section, and those in it after it.
    pub(super) fn section(
        &mut self,
        of: &str,
        name: &str,
        key: &str,
        said: &str,
    ) -> Result<(), String> {
        let sources = self.sources;
        let Some((of, Shape::Section { doc, fields })) = sources.find(of, name) else {
            return Err(format!(
                "`{key}`: no struct `{name}` can be read from a configuration"
            ));
        };
        let place = self.sections.len();
        let doc = if said.is_empty() { doc } else { said };
        self.sections.push(Section {
            key: key.to_owned(),
            doc: if key.is_empty() {
                String::new()
            } else {
                doc.to_owned()
            },
            rows: Vec::new(),
        });
        for field in fields {
            let key = [key, &field.name].map(ToOwned::to_owned).join(".");
            let key = key.trim_matches('.');
            self.names
                .insert(format!("{name}::{}", field.name), key.to_owned());
            let found = self.key(of, key, &field.of, &field.doc, field.required)?;
            if let Some(found) = found
                && let Some(section) = self.sections.get_mut(place)
            {
                section.rows.push(found);
            }
        }
        Ok(())
    }

    /// Gives the row of a key, unless it is a section.
    fn key(
        &mut self,
        of: &str,
        key: &str,
        read: &Type,
        doc: &str,
        required: bool,
    ) -> Result<Option<Row>, String> {
        let (name, inner) = name(read).ok_or_else(|| format!("`{key}`: not a named type"))?;
        let sources = self.sources;
        let about = inner.last().copied().unwrap_or(read);
        let about_name = self::name(about).map(|(name, _)| name).unwrap_or_default();
        let shape = sources.find(of, &about_name);
        let section = matches!(shape, Some((_, Shape::Section { .. })));
        if section {
            let wanted = self.wanted(of, &about_name)?;
            let own = look(self.own.as_item(), key).map(shown);
            let own = own.map_or(String::new(), |own| {
                format!(" The starter begins with `{own}`.")
            });
            let (inside, note) = match name.as_str() {
                "Option" => {
                    self.probe.push_str(&format!("[{key}]\n{wanted}"));
                    (
                        key.to_owned(),
                        " The section is not there unless it is named.".to_owned(),
                    )
                }
                "Vec" => {
                    self.probe.push_str(&format!("[[{key}]]\n{wanted}"));
                    (
                        format!("{key}[]"),
                        format!(" A list of tables, only in the file.{own}"),
                    )
                }
                "BTreeMap" => {
                    self.probe.push_str(&format!("[{key}.name]\n{wanted}"));
                    (format!("{key}.<name>"), format!(" By names.{own}"))
                }
                // The defaults of such a section stand for it as a whole.
                _ if !wanted.is_empty() => {
                    let note = " Whoever says one of these says all of them";
                    let keys = wanted.lines().filter_map(|line| line.split(' ').next());
                    let keys: Vec<String> = keys.map(|key| format!("`{key}`")).collect();
                    (key.to_owned(), format!("{note}: {}.", keys.join(", ")))
                }
                _ => (key.to_owned(), String::new()),
            };
            let doc = if note.is_empty() {
                doc.to_owned()
            } else {
                format!("{doc}{note}")
            };
            self.section(of, &about_name, &inside, doc.trim())?;
            return Ok(None);
        }
        if doc.is_empty() {
            let problem = format!("`{key}` has no description: its field needs a doc comment");
            self.problems.insert(problem);
        }
        let mut doc = doc.to_owned();
        let mut words = match shape {
            Some((_, Shape::Choice(choices))) => {
                for (word, means) in choices {
                    let colon = if means.is_empty() { "" } else { ": " };
                    doc.push_str(&format!("<br>`{word}`{colon}{means}"));
                }
                "one of these words".to_owned()
            }
            _ => leaf(&about_name)
                .ok_or_else(|| format!("`{key}`: `{about_name}` is not known"))?
                .to_owned(),
        };
        let key = match name.as_str() {
            "Vec" => {
                words = format!("a list: {words}");
                key.to_owned()
            }
            "BTreeMap" => format!("{key}.<name>"),
            _ => key.to_owned(),
        };
        let default = match self.default(&key, required) {
            Some(default) => format!("`{default}`"),
            None if required => "has to be said".to_owned(),
            None if name == "Option" || name == "BTreeMap" => "not set".to_owned(),
            // The second look has it.
            None if self.probed.is_none() => String::new(),
            None => {
                let problem = format!("`{key}`: `starter config` prints no default");
                self.problems.insert(problem);
                String::new()
            }
        };
        Ok(Some(Row {
            key,
            of: words,
            default,
            doc,
        }))
    }

    /// Gives a section in which nothing stands but what has to be said.
    fn wanted(&self, of: &str, section: &str) -> Result<String, String> {
        let Some((_, Shape::Section { fields, .. })) = self.sources.find(of, section) else {
            return Ok(String::new());
        };
        let wanted = fields.iter().filter(|field| field.required);
        let said = wanted.map(|field| {
            let value = match name(&field.of).and_then(|(name, _)| leaf(&name)) {
                Some("a text" | "a path") => "\"x\"",
                Some("a whole number") => "1",
                Some("a span of time") => "\"1s\"",
                _ => return Err(format!("`{section}.{}` cannot be made up", field.name)),
            };
            Ok(format!("{} = {value}\n", field.name))
        });
        said.collect()
    }

    /// Gives what a key is when nobody says it.
    fn default(&self, key: &str, required: bool) -> Option<String> {
        // Of the entries of a list, the first says something of itself.
        let printed = look(self.printed.as_item(), key).filter(|_| !key.contains("[]"));
        let probed = || look(self.probed.as_ref()?.as_item(), key).filter(|_| !required);
        let found = printed.or_else(probed)?;
        match found.as_str() {
            Some("***") => look(self.own.as_item(), key).map(shown),
            _ => Some(shown(found)),
        }
    }
}

/// Writes a value in one line, without comments.
fn shown(item: &Item) -> String {
    let text = item.to_string();
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.starts_with('#') && !line.is_empty());
    let text = lines.collect::<Vec<_>>().join(" ");
    text.replace("[ ", "[").replace(", ]", "]")
}

fn look<'i>(item: &'i Item, key: &str) -> Option<&'i Item> {
    key.split('.')
        .try_fold(item, |item, part| match part.strip_suffix("[]") {
            Some(list) => item.get(list)?.get(0),
            None if part == "<name>" => item.get("name"),
            None => item.get(part),
        })
}

/// Gives the name of a type, and what it is of, through what changes nothing about a key.
fn name(read: &Type) -> Option<(String, Vec<&Type>)> {
    let Type::Path(path) = read else {
        return None;
    };
    let last = path.path.segments.last()?;
    let mut inner = Vec::new();
    if let PathArguments::AngleBracketed(arguments) = &last.arguments {
        inner.extend(arguments.args.iter().filter_map(|argument| match argument {
            GenericArgument::Type(inner) => Some(inner),
            _ => None,
        }));
    }
    if last.ident == "Secret" {
        inner.clear();
    }
    Some((last.ident.to_string(), inner))
}

/// Says what a value of a type is.
fn leaf(name: &str) -> Option<&'static str> {
    Some(match name {
        "String" => "a text",
        "PathBuf" => "a path",
        "bool" => "`true` or `false`",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        "f64" => "a number",
        "Period" => "a span of time",
        "Secret" => "a secret",
        "IpNet" => "a network",
        "Value" => "a JSON document",
        _ => return None,
    })
}
