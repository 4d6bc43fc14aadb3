//! `name` and `name = value` inside the parentheses of an attribute.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, LitStr, Path, Token,
    meta::ParseNestedMeta,
    parse::{Parse, ParseStream, Parser as _},
};

use crate::errors::Errors;

/// Reads the options of every `#[name(…)]`. `read` tells whether it knows the option, and takes its
/// value; one that it does not know is reported with those that there are.
pub(crate) fn of_attributes(
    attributes: &[Attribute],
    name: &str,
    known: &[&str],
    errors: &mut Errors,
    mut read: impl FnMut(&str, &ParseNestedMeta<'_>) -> syn::Result<bool>,
) {
    let mut seen = Vec::new();
    for attribute in attributes {
        if attribute.path().is_ident(name) {
            let result = attribute
                .parse_nested_meta(|meta| option(&meta, known, &mut seen, errors, &mut read));
            if let Err(error) = result {
                errors.push(error);
            }
        }
    }
}

/// Reads the options of an attribute macro, which come without their parentheses.
pub(crate) fn of_arguments(
    arguments: TokenStream,
    known: &[&str],
    errors: &mut Errors,
    mut read: impl FnMut(&str, &ParseNestedMeta<'_>) -> syn::Result<bool>,
) {
    let mut seen = Vec::new();
    let parser = syn::meta::parser(|meta| option(&meta, known, &mut seen, errors, &mut read));
    if let Err(error) = parser.parse2(arguments) {
        errors.push(error);
    }
}

fn option(
    meta: &ParseNestedMeta<'_>,
    known: &[&str],
    seen: &mut Vec<String>,
    errors: &mut Errors,
    read: &mut impl FnMut(&str, &ParseNestedMeta<'_>) -> syn::Result<bool>,
) -> syn::Result<()> {
    let name = meta
        .path
        .get_ident()
        .map(ToString::to_string)
        .unwrap_or_default();
    if seen.contains(&name) {
        errors.at(&meta.path, format!("`{name}` is given twice"));
        skip_value(meta.input)?;
    } else if known.contains(&name.as_str()) && read(&name, meta)? {
        seen.push(name);
    } else {
        errors.at(&meta.path, unknown(&name, known));
        skip_value(meta.input)?;
    }
    if !meta.input.is_empty() && !meta.input.peek(Token![,]) {
        errors.span(
            meta.input.span(),
            "options are separated by `,`, and only some have a value",
        );
        skip_value(meta.input)?;
    }
    Ok(())
}

/// Reads the value of an option, and says what it should be when it is something else.
pub(crate) fn value<T: Parse>(meta: &ParseNestedMeta<'_>, expected: &str) -> syn::Result<T> {
    let Ok(input) = meta.value() else {
        return Err(syn::Error::new_spanned(
            &meta.path,
            format!("this option has a value: {expected}"),
        ));
    };
    let span = input.span();
    input
        .parse()
        .map_err(|_| syn::Error::new(span, format!("expected {expected}")))
}

fn unknown(name: &str, known: &[&str]) -> String {
    let list = known
        .iter()
        .map(|known| format!("`{known}`"))
        .collect::<Vec<_>>()
        .join(", ");
    let near = known
        .iter()
        .find(|known| known.starts_with(name.get(..3).unwrap_or(name)) || name.starts_with(*known));
    match near {
        Some(near) if !name.is_empty() => {
            format!("`{name}` is unknown; did you mean `{near}`? There are {list}")
        }
        _ => format!("`{name}` is unknown; there are {list}"),
    }
}

/// Goes on to the next `,`, so that what follows is read too.
fn skip_value(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// Reads `crate = "path"`.
pub(crate) fn path(meta: &ParseNestedMeta<'_>) -> syn::Result<Path> {
    let expected = "the path of the crate, such as \"my_facade::tenancy\"";
    let text: LitStr = value(meta, expected)?;
    text.parse_with(Path::parse_mod_style)
        .map_err(|_| syn::Error::new(text.span(), format!("expected {expected}")))
}
