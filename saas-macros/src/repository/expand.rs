//! The code of a repository: a trait, and its implementation by the transaction.

use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::{ItemTrait, Type, spanned::Spanned as _};

use super::{
    check::Statement,
    model::{Argument, Method, Model, Shape},
};
use crate::names;

pub(super) fn expand(item: &ItemTrait, model: &Model, statements: &[Statement]) -> TokenStream {
    let private = names::tenancy(model.krate.as_ref());
    let ident = &item.ident;
    let definition = definition(item, model);
    let bodies = model
        .methods
        .iter()
        .zip(statements)
        .map(|(method, statement)| {
            let head = head(method, true);
            let body = body(&private, method, statement);
            quote!(#head { #body })
        });
    quote! {
        #definition

        #[allow(clippy::needless_question_mark, reason = "the error of a method may be another type")]
        impl #ident for #private::TenantTx {
            #(#bodies)*
        }
    }
}

/// What stands in for a repository with mistakes.
pub(super) fn fallback(item: &ItemTrait, model: &Model) -> TokenStream {
    let private = names::tenancy(model.krate.as_ref());
    let ident = &item.ident;
    let definition = definition(item, model);
    let bodies = model.methods.iter().map(|method| {
        let head = head(method, true);
        let unused = method.arguments.iter().map(|argument| &argument.ident);
        quote!(#head { #(let _ = #unused;)* ::core::unreachable!() })
    });
    quote! {
        #definition

        impl #ident for #private::TenantTx {
            #(#bodies)*
        }
    }
}

fn definition(item: &ItemTrait, model: &Model) -> TokenStream {
    let (attributes, vis, ident) = (&item.attrs, &item.vis, &item.ident);
    let heads = model.methods.iter().map(|method| {
        let (docs, head) = (&method.docs, head(method, false));
        quote!(#(#docs)* #head;)
    });
    quote! {
        #(#attributes)*
        #vis trait #ident {
            #(#heads)*
        }
    }
}

/// `fn name(&mut self, …) -> impl Future<…> + Send` in the trait, `async fn` in its implementation.
fn head(method: &Method, implementation: bool) -> TokenStream {
    let (ident, result) = (&method.signature.ident, &method.output.result);
    let arguments = method
        .arguments
        .iter()
        .map(|Argument { ident, ty }| quote!(#ident: #ty));
    if implementation {
        quote!(async fn #ident(&mut self, #(#arguments),*) -> #result)
    } else {
        quote!(fn #ident(&mut self, #(#arguments),*) -> impl ::core::future::Future<Output = #result> + ::core::marker::Send)
    }
}

fn body(private: &TokenStream, method: &Method, statement: &Statement) -> TokenStream {
    let sql = Literal::string(&statement.sql);
    let values = statement.order.iter().filter_map(|name| {
        let argument = method
            .arguments
            .iter()
            .find(|argument| argument.ident == *name)?;
        Some(value(private, argument))
    });
    let values = quote!(::std::vec![#(#values),*]);
    let call = match &method.output.shape {
        Shape::Many(ty) => {
            quote_spanned!(ty.span()=> #private::fetch_all::<#ty>(self, #sql, #values).await?)
        }
        Shape::Maybe(ty) => {
            quote_spanned!(ty.span()=> #private::fetch_optional::<#ty>(self, #sql, #values).await?)
        }
        Shape::One(ty) => {
            quote_spanned!(ty.span()=> #private::fetch_one::<#ty>(self, #sql, #values).await?)
        }
        Shape::Count => quote!(#private::execute(self, #sql, #values).await?),
        Shape::Nothing => quote!({ #private::execute(self, #sql, #values).await?; }),
    };
    quote!(::core::result::Result::Ok(#call))
}

fn value(private: &TokenStream, argument: &Argument) -> TokenStream {
    let (ident, ty) = (&argument.ident, &argument.ty);
    match ty {
        Type::Reference(reference) => match &*reference.elem {
            Type::Path(path) if path.path.is_ident("str") => {
                quote!(#private::Value::Text(::std::borrow::ToOwned::to_owned(#ident)))
            }
            elem => quote_spanned!(ty.span()=> <#elem as #private::Column>::to_value(#ident)),
        },
        ty => quote_spanned!(ty.span()=> <#ty as #private::Column>::to_value(&#ident)),
    }
}
