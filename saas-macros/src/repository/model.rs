//! The repository, as understood.

use proc_macro2::TokenStream;
use syn::{
    Attribute, FnArg, GenericArgument, Ident, ItemTrait, LitStr, Pat, Path, PathArguments,
    ReceiverKind, ReturnType, Signature, TraitItem, Type,
    parse::{Parse, ParseStream},
};

use crate::errors::Errors;

pub(super) struct Model {
    pub(super) krate: Option<Path>,
    pub(super) methods: Vec<Method>,
}

pub(super) struct Method {
    pub(super) docs: Vec<Attribute>,
    pub(super) signature: Signature,
    pub(super) sql: LitStr,
    pub(super) arguments: Vec<Argument>,
    pub(super) output: Output,
}

pub(super) struct Argument {
    pub(super) ident: Ident,
    pub(super) ty: Type,
}

/// What a method gives back.
pub(super) struct Output {
    /// The whole return type with its error.
    pub(super) result: TokenStream,
    pub(super) shape: Shape,
}

pub(super) enum Shape {
    Many(Type),
    Maybe(Type),
    One(Type),
    Count,
    Nothing,
}

/// `entity = Project, crate = path`. The entity is named for the reader; the method says what it
/// returns.
struct Arguments {
    krate: Option<Path>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut krate = None;
        while !input.is_empty() {
            if input.peek(syn::Token![crate]) {
                input.parse::<syn::Token![crate]>()?;
                input.parse::<syn::Token![=]>()?;
                krate = Some(input.parse()?);
            } else {
                let name: Ident = input.parse()?;
                if name != "entity" {
                    return Err(syn::Error::new(
                        name.span(),
                        "unknown; a tenant repository has `entity` and `crate`",
                    ));
                }
                input.parse::<syn::Token![=]>()?;
                input.parse::<Path>()?;
            }
            if !input.is_empty() {
                input.parse::<syn::Token![,]>()?;
            }
        }
        Ok(Self { krate })
    }
}

pub(super) fn read(attributes: TokenStream, item: &ItemTrait, errors: &mut Errors) -> Model {
    let krate = match syn::parse2::<Arguments>(attributes) {
        Ok(arguments) => arguments.krate,
        Err(error) => {
            errors.push(error);
            None
        }
    };
    if !item.generics.params.is_empty() {
        errors.at(
            &item.generics,
            "a tenant repository has no generic parameters",
        );
    }
    let private = crate::names::tenancy(krate.as_ref());
    let mut methods = Vec::new();
    for member in &item.items {
        match member {
            TraitItem::Fn(function) => methods.extend(method(&private, function, errors)),
            other => errors.at(
                other,
                "a tenant repository has only methods with `#[sql(\"…\")]`",
            ),
        }
    }
    Model { krate, methods }
}

fn method(
    private: &TokenStream,
    function: &syn::TraitItemFn,
    errors: &mut Errors,
) -> Option<Method> {
    let signature = &function.sig;
    let mut sql = None;
    let mut docs = Vec::new();
    for attribute in &function.attrs {
        if attribute.path().is_ident("sql") {
            match attribute.parse_args::<LitStr>() {
                Ok(literal) => sql = Some(literal),
                Err(error) => errors.push(error),
            }
        } else {
            docs.push(attribute.clone());
        }
    }
    if signature.asyncness.is_none() {
        errors.at(
            signature.fn_token,
            "a method of a tenant repository is `async`",
        );
    }
    if let Some(body) = &function.default {
        errors.at(body, "the statement is the body; end the method with `;`");
    }
    if !signature.generics.params.is_empty() {
        errors.at(
            &signature.generics,
            "a method of a tenant repository has no generic parameters",
        );
    }
    let mut arguments = Vec::new();
    let mut receiver = false;
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(found) => {
                receiver = matches!(found.kind, ReceiverKind::Reference(_, _, Some(_)));
                if !receiver {
                    errors.at(
                        found,
                        "a statement runs on the transaction: take `&mut self`",
                    );
                }
            }
            FnArg::Typed(argument) => match &*argument.pat {
                Pat::Ident(pattern) => {
                    arguments.push(Argument {
                        ident: pattern.ident.clone(),
                        ty: (*argument.ty).clone(),
                    });
                }
                other => errors.at(
                    other,
                    "an argument has a plain name, which the statement uses as `:name`",
                ),
            },
        }
    }
    if !receiver
        && !signature
            .inputs
            .iter()
            .any(|input| matches!(input, FnArg::Receiver(_)))
    {
        errors.at(
            &signature.ident,
            "a statement runs on the transaction: take `&mut self`",
        );
    }
    let output = output(private, &signature.output, errors);
    let Some(sql) = sql else {
        errors.at(
            &signature.ident,
            "a method of a tenant repository has a statement: `#[sql(\"… {tenant} …\")]`",
        );
        return None;
    };
    Some(Method {
        docs,
        signature: signature.clone(),
        sql,
        arguments,
        output: output?,
    })
}

fn output(private: &TokenStream, output: &ReturnType, errors: &mut Errors) -> Option<Output> {
    let ReturnType::Type(_, ty) = output else {
        errors.at(output, "a statement can fail: return `Result<…>`");
        return None;
    };
    let arguments = match &**ty {
        Type::Path(path) => match path.path.segments.last() {
            Some(segment) if segment.ident == "Result" => generic_types(&segment.arguments),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let (value, result) = match arguments.as_slice() {
        [value] => (
            value,
            quote::quote!(::core::result::Result<#value, #private::Error>),
        ),
        [value, error] => (value, quote::quote!(::core::result::Result<#value, #error>)),
        _ => {
            errors.at(ty, "a statement can fail: return `Result<…>`");
            return None;
        }
    };
    Some(Output {
        result,
        shape: shape(value),
    })
}

fn shape(value: &Type) -> Shape {
    if let Type::Tuple(tuple) = value
        && tuple.elems.is_empty()
    {
        return Shape::Nothing;
    }
    if let Type::Path(path) = value
        && let Some(segment) = path.path.segments.last()
    {
        let inner = generic_types(&segment.arguments);
        match (segment.ident.to_string().as_str(), inner.into_iter().next()) {
            ("Vec", Some(inner)) => return Shape::Many(inner),
            ("Option", Some(inner)) => return Shape::Maybe(inner),
            ("u64", None) => return Shape::Count,
            _ => {}
        }
    }
    Shape::One(value.clone())
}

fn generic_types(arguments: &PathArguments) -> Vec<Type> {
    match arguments {
        PathArguments::AngleBracketed(arguments) => arguments
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty.clone()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}
