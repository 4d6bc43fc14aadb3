//! Each `tests/expand/<name>.rs` expands to `<name>.expanded.rs`. With `TRYBUILD=overwrite` in the
//! environment the expansions are written anew, for review.

use std::{fs, path::Path};

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Attribute, Item, Meta};

use crate::{entity, permission, repository};

#[test]
fn entities_expand_as_before() {
    expands("entity");
    expands("entity_of_another_path");
    expands("entity_without_types");
}

#[test]
fn repositories_expand_as_before() {
    expands("repository");
}

#[test]
fn permissions_expand_as_before() {
    expands("permission");
}

fn expands(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand");
    let source = fs::read_to_string(folder.join(name).with_extension("rs")).unwrap();
    let expanded = expand(&source);
    let golden = folder.join(name).with_extension("expanded.rs");
    if std::env::var_os("TRYBUILD").is_some_and(|mode| mode == "overwrite") {
        fs::write(golden, expanded).unwrap();
        return;
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert_eq!(expanded, expected, "{} is not up to date", golden.display());
}

/// Expands the macros of this crate in a file, as formatted code.
fn expand(source: &str) -> String {
    let file = syn::parse_file(source).unwrap();
    let code: TokenStream = file.items.into_iter().map(expand_item).collect();
    let code = syn::parse2(code).expect("the expansion is Rust");
    prettyplease::unparse(&code)
}

fn expand_item(item: Item) -> TokenStream {
    match item {
        Item::Struct(item) => entity::derive(item.into_token_stream()),
        Item::Enum(item) => permission::derive(item.into_token_stream()),
        Item::Trait(mut item) => {
            let is_macro = |attribute: &Attribute| attribute.path().is_ident("tenant_repository");
            let at = item.attrs.iter().position(is_macro).unwrap();
            let Meta::List(arguments) = item.attrs.remove(at).meta else {
                panic!("the attribute has arguments");
            };
            repository::expand(arguments.tokens, item.into_token_stream())
        }
        other => panic!("not expanded: {}", other.into_token_stream()),
    }
}
