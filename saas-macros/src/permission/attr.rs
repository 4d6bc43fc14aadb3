//! The attributes, as written.

use syn::{
    Attribute, Expr, Ident, Lit, LitStr, Meta, Path, Token,
    parse::{Parse, ParseStream},
};

use crate::{errors::Errors, options};

/// What `#[permission(…)]` on the enum says.
#[derive(Default)]
pub(super) struct OnEnum {
    pub(super) krate: Option<Path>,
    /// The module for the variants as types.
    pub(super) types: Option<Ident>,
    /// The heading of all variants that have none of their own.
    pub(super) group: Option<LitStr>,
}

/// `#[permission(crate = "path", types = "module", group = "Heading")]` on the enum.
pub(super) fn on_enum(attributes: &[Attribute], errors: &mut Errors) -> OnEnum {
    let mut found = OnEnum::default();
    let known = ["crate", "types", "group"];
    options::of_attributes(attributes, "permission", &known, errors, |name, meta| {
        match name {
            "crate" => found.krate = Some(options::path(meta)?),
            "types" => {
                let text: LitStr =
                    options::value(meta, "the name of a module, such as `types = \"can\"`")?;
                found.types = Some(text.parse()?);
            }
            _ => {
                found.group = Some(options::value(
                    meta,
                    "a heading, such as `group = \"Projects\"`",
                )?)
            }
        }
        Ok(true)
    });
    found
}

/// What `#[permission(…)]` on a variant says.
pub(super) struct OnVariant {
    pub(super) name: LitStr,
    pub(super) group: Option<LitStr>,
}

impl Parse for OnVariant {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name = input.parse()?;
        let mut group = None;
        if input.peek(Token![,]) && input.peek2(syn::Ident) {
            input.parse::<Token![,]>()?;
            let option: Ident = input.parse()?;
            if option != "group" {
                return Err(syn::Error::new(
                    option.span(),
                    "a permission has a name and a `group`",
                ));
            }
            input.parse::<Token![=]>()?;
            group = Some(input.parse()?);
        }
        input.parse::<Option<Token![,]>>()?;
        Ok(Self { name, group })
    }
}

/// `#[permission("projects:read")]` on a variant.
pub(super) fn on_variant(variant: &syn::Variant, errors: &mut Errors) -> Option<OnVariant> {
    let mut attributes = variant
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("permission"));
    let Some(attribute) = attributes.next() else {
        errors.at(
            &variant.ident,
            "a permission has a name: put `#[permission(\"things:read\")]` before the variant",
        );
        return None;
    };
    for another in attributes {
        errors.at(another, "a permission has one name");
    }
    let found = match &attribute.meta {
        Meta::List(list) => match list.parse_args::<OnVariant>() {
            Ok(found) => Some(found),
            // Where there is a name, what is wrong is said where it is.
            Err(error) if list.parse_args_with(begins_with_a_name).unwrap_or(false) => {
                errors.push(error);
                return None;
            }
            Err(_) => None,
        },
        _ => None,
    };
    if found.is_none() {
        errors.at(
            attribute,
            "expected the name of the permission, such as `#[permission(\"things:read\")]`, and perhaps `group = \"Things\"`",
        );
    }
    found
}

fn begins_with_a_name(input: ParseStream<'_>) -> syn::Result<bool> {
    let name = input.peek(LitStr);
    input.step(|cursor| {
        let mut rest = *cursor;
        while let Some((_, next)) = rest.token_tree() {
            rest = next;
        }
        Ok(((), rest))
    })?;
    Ok(name)
}

/// The doc comment, in one line.
pub(super) fn description(attributes: &[Attribute]) -> String {
    let lines = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(text) => Some(text.value().trim().to_owned()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}
