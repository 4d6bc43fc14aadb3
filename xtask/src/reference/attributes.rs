//! What stands in and over an item: doc comments, attributes, words, constants.

use std::collections::BTreeMap;

use syn::{
    Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Token,
    parse::{Parse as _, ParseStream},
};

/// Gives a doc comment as one line: all of it, or its first paragraph.
pub(super) fn doc(attributes: &[Attribute], first: bool) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(meta) = &attribute.meta else {
            return None;
        };
        match &meta.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) if meta.path.is_ident("doc") => Some(text.value().trim().to_owned()),
            _ => None,
        }
    });
    let lines: Vec<String> = lines
        .take_while(|line| !first || !line.is_empty())
        .collect();
    lines.join(" ").trim().to_owned()
}

pub(super) fn derives(attributes: &[Attribute]) -> bool {
    let mut found = false;
    for attribute in attributes
        .iter()
        .filter(|one| one.path().is_ident("derive"))
    {
        let _ = attribute.parse_nested_meta(|meta| {
            found |= meta
                .path
                .segments
                .last()
                .is_some_and(|last| last.ident == "Deserialize");
            Ok(())
        });
    }
    found
}

/// Reads `#[serde(…)]`.
pub(super) fn serde(attributes: &[Attribute]) -> syn::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for attribute in attributes.iter().filter(|one| one.path().is_ident("serde")) {
        attribute.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(ToString::to_string);
            let value = match meta.input.peek(Token![=]) {
                true => meta.value()?.parse::<LitStr>()?.value(),
                // `rename(serialize = "…")` and `bound(…)` are of no configuration.
                false if meta.input.peek(syn::token::Paren) => {
                    let inner;
                    syn::parenthesized!(inner in meta.input);
                    inner.parse_terminated(Meta::parse, Token![,])?;
                    String::new()
                }
                false => String::new(),
            };
            found.insert(name.unwrap_or_default(), value);
            Ok(())
        })?;
    }
    Ok(found)
}

/// Reads `Name { /// Doc. Variant "word" … }`, as `words!` in `saas-auth` has it.
pub(super) fn words(input: ParseStream<'_>) -> syn::Result<(Ident, Vec<(String, String)>)> {
    input.call(Attribute::parse_outer)?;
    let (name, mut found) = (input.parse::<Ident>()?, Vec::new());
    let inner;
    syn::braced!(inner in input);
    while !inner.is_empty() {
        let doc = doc(&inner.call(Attribute::parse_outer)?, true);
        inner.parse::<Ident>()?;
        found.push((inner.parse::<LitStr>()?.value(), doc));
    }
    Ok((name, found))
}

pub(super) fn cased(name: &str, rule: Option<&String>) -> String {
    let between = match rule.map(String::as_str) {
        Some("kebab-case") => "-",
        Some("snake_case") => "_",
        Some("lowercase") => "",
        _ => return name.to_owned(),
    };
    let mut word = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !word.is_empty() {
            word.push_str(between);
        }
        word.extend(letter.to_lowercase());
    }
    word
}

/// Gives the value of a number, or of `Duration::from_secs(…)`.
pub(super) fn value(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => Some(number.base10_digits().to_owned()),
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else {
                return None;
            };
            let seconds = path.path.segments.last()?.ident == "from_secs";
            let number = value(call.args.first()?).filter(|_| seconds)?;
            Some(format!("{number}s"))
        }
        _ => None,
    }
}
