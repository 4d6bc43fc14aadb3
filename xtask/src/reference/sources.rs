//! What the sources say about the types of a configuration.

use std::{collections::BTreeMap, path::Path};

use syn::{Fields, ImplItem, Item};

use super::attributes::{cased, derives, doc, serde, value, words};
use crate::{house, run};

/// The types of the workspace that can be read, by their names, with their crates.
pub(super) struct Sources {
    types: BTreeMap<String, Vec<(String, Shape)>>,
    /// What `Type::CONSTANT` and `Type::Variant` are called in a configuration.
    pub(super) names: BTreeMap<String, String>,
}

pub(super) enum Shape {
    Section {
        doc: String,
        fields: Vec<Field>,
    },
    /// Words with what they mean.
    Choice(Vec<(String, String)>),
    /// It is read as another type.
    As(String),
}

pub(super) struct Field {
    pub(super) name: String,
    pub(super) doc: String,
    pub(super) of: syn::Type,
    /// Whether it has to be said.
    pub(super) required: bool,
}

impl Sources {
    pub(super) fn read() -> Result<Self, String> {
        let mut sources = Self {
            types: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        for (file, parsed) in files()? {
            let of = file.split("/src/").next().unwrap_or_default();
            for item in parsed.items {
                sources
                    .item(of, item)
                    .map_err(|error| format!("{file}: {error}"))?;
            }
        }
        Ok(sources)
    }

    fn item(&mut self, of: &str, item: Item) -> syn::Result<()> {
        let (name, shape) = match item {
            Item::Struct(item) if derives(&item.attrs) => {
                let serde = serde(&item.attrs)?;
                let shape = match serde.get("from") {
                    Some(other) => Shape::As(other.clone()),
                    None => Shape::Section {
                        doc: doc(&item.attrs, true),
                        fields: fields(item.fields, serde.contains_key("default"))?,
                    },
                };
                (item.ident, shape)
            }
            Item::Enum(item) if derives(&item.attrs) => {
                let all = serde(&item.attrs)?;
                let mut words = Vec::new();
                for variant in item.variants {
                    let name = variant.ident.to_string();
                    let word = match serde(&variant.attrs)?.get("rename") {
                        Some(word) => word.clone(),
                        None => cased(&name, all.get("rename_all")),
                    };
                    self.names
                        .insert(format!("{}::{name}", item.ident), word.clone());
                    words.push((word, doc(&variant.attrs, true)));
                }
                (item.ident, Shape::Choice(words))
            }
            Item::Macro(item) if item.mac.path.is_ident("words") => {
                let (name, words) = item.mac.parse_body_with(words)?;
                (name, Shape::Choice(words))
            }
            Item::Impl(item) => {
                let syn::Type::Path(of) = &*item.self_ty else {
                    return Ok(());
                };
                let of = of.path.segments.last().map(|last| last.ident.to_string());
                for item in item.items {
                    if let (ImplItem::Const(item), Some(of)) = (item, &of)
                        && let Some(value) = value(&item.expr)
                    {
                        self.names.insert(format!("{of}::{}", item.ident), value);
                    }
                }
                return Ok(());
            }
            _ => return Ok(()),
        };
        let found = self.types.entry(name.to_string()).or_default();
        found.push((of.to_owned(), shape));
        Ok(())
    }

    /// Finds a type by its name: that of the crate, or the only one.
    pub(super) fn find(&self, of: &str, name: &str) -> Option<(&str, &Shape)> {
        let found = self.types.get(name)?;
        let own = found.iter().find(|(found, _)| found == of);
        let (of, shape) = own.or((found.len() == 1).then(|| found.first()).flatten())?;
        match shape {
            Shape::As(other) => self.find(of, other),
            shape => Some((of, shape)),
        }
    }
}

/// Parses the sources of the crates and of the starter.
pub(super) fn files() -> Result<Vec<(String, syn::File)>, String> {
    let mut found = Vec::new();
    for package in house::packages()? {
        let name = package.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name == "starter" || name.starts_with("saas-")) {
            house::sources(&package.join("src"), &mut found);
        }
    }
    let shown = |path: &Path| {
        let path = path.strip_prefix(run::root()).unwrap_or(path);
        path.display().to_string()
    };
    let parse = |path: &std::path::PathBuf| {
        let wrong = |error: String| format!("{}: {error}", shown(path));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let parsed = syn::parse_file(&text).map_err(|error| wrong(error.to_string()))?;
        Ok((shown(path), parsed))
    };
    found.iter().map(parse).collect()
}

fn fields(fields: Fields, all_default: bool) -> syn::Result<Vec<Field>> {
    let mut found = Vec::new();
    for field in fields {
        let (Some(name), serde) = (&field.ident, serde(&field.attrs)?) else {
            continue;
        };
        if serde.contains_key("skip") || serde.contains_key("skip_deserializing") {
            continue;
        }
        let flat = serde.contains_key("flatten").then(String::new);
        let name = name.to_string();
        found.push(Field {
            name: flat.or(serde.get("rename").cloned()).unwrap_or(name),
            doc: doc(&field.attrs, false),
            of: field.ty,
            required: !all_default && !serde.contains_key("default"),
        });
    }
    Ok(found)
}
