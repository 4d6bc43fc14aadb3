//! The repository, as understood.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Attribute, FnArg, GenericArgument, Ident, ItemTrait, LitStr, Pat, Path, PathArguments,
    PathSegment, ReturnType, TraitItem, TraitItemFn, Type, ext::IdentExt as _,
};

use super::attr;
use crate::{errors::Errors, names};

pub(super) struct Model {
    pub(super) item: ItemTrait,
    pub(super) entity: Option<Path>,
    pub(super) private: TokenStream,
    pub(super) methods: Vec<Method>,
}

pub(super) struct Method {
    pub(super) function: TraitItemFn,
    /// The attributes beside `#[sql]`.
    pub(super) attributes: Vec<Attribute>,
    pub(super) sql: Option<LitStr>,
    pub(super) arguments: Vec<Argument>,
    /// The return type with its error.
    pub(super) result: TokenStream,
    pub(super) shape: Option<Shape>,
}

pub(super) struct Argument {
    pub(super) ident: Ident,
    pub(super) ty: Type,
    /// Whether the argument is written as a plain name.
    pub(super) plain: bool,
}

impl Argument {
    /// The name that the statement uses.
    pub(super) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }
}

/// What a method gives back.
pub(super) enum Shape {
    Many(Type),
    Maybe(Type),
    One(Type),
    /// The number of rows changed.
    Count,
    Nothing,
}

pub(super) fn read(arguments: TokenStream, item: ItemTrait, errors: &mut Errors) -> Model {
    let attr = attr::on_trait(arguments, errors);
    let private = names::tenancy(attr.krate.as_ref());
    let functions = item.items.iter().filter_map(|member| match member {
        TraitItem::Fn(function) => Some(function),
        _ => None,
    });
    let methods = functions
        .map(|function| method(&private, function, errors))
        .collect();
    Model {
        item,
        entity: attr.entity,
        private,
        methods,
    }
}

fn method(private: &TokenStream, function: &TraitItemFn, errors: &mut Errors) -> Method {
    let (sql, attributes) = attr::on_method(function, errors);
    let (result, shape) = output(private, &function.sig.output);
    let arguments =
        function
            .sig
            .inputs
            .iter()
            .enumerate()
            .filter_map(|(number, input)| match input {
                FnArg::Receiver(_) => None,
                FnArg::Typed(typed) => Some(argument(number, &typed.pat, &typed.ty)),
            });
    Method {
        arguments: arguments.collect(),
        function: function.clone(),
        attributes,
        sql,
        result,
        shape,
    }
}

fn argument(number: usize, pattern: &Pat, ty: &Type) -> Argument {
    let ident = match pattern {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => {
            Some(pattern.ident.clone())
        }
        _ => None,
    };
    Argument {
        plain: ident.is_some(),
        ident: ident.unwrap_or_else(|| format_ident!("argument_{number}")),
        ty: ty.clone(),
    }
}

/// Reads `Result<X>` or `Result<X, E>`.
fn output(private: &TokenStream, output: &ReturnType) -> (TokenStream, Option<Shape>) {
    let ReturnType::Type(_, ty) = output else {
        return (quote!(()), None);
    };
    let arguments = match &**ty {
        Type::Path(path) => match path.path.segments.last() {
            Some(segment) if segment.ident == "Result" => types(segment),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    match arguments.as_slice() {
        [value] => (
            quote!(::core::result::Result<#value, #private::Error>),
            Some(shape(value)),
        ),
        [value, error] => (
            quote!(::core::result::Result<#value, #error>),
            Some(shape(value)),
        ),
        _ => (quote!(#ty), None),
    }
}

fn shape(value: &Type) -> Shape {
    if matches!(value, Type::Tuple(tuple) if tuple.elems.is_empty()) {
        return Shape::Nothing;
    }
    let Some(segment) = last_segment(value) else {
        return Shape::One(value.clone());
    };
    match (
        segment.ident.to_string().as_str(),
        types(segment).as_slice(),
    ) {
        ("Vec", [inner]) => Shape::Many(inner.clone()),
        ("Option", [inner]) => Shape::Maybe(inner.clone()),
        ("u64", []) => Shape::Count,
        _ => Shape::One(value.clone()),
    }
}

pub(super) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// The types between the angle brackets.
pub(super) fn types(segment: &PathSegment) -> Vec<Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    });
    types.collect()
}
