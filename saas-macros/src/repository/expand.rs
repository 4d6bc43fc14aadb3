//! The code of a repository: a trait, and its implementation by the transaction.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{ItemTrait, Type};

use super::{
    check::Statement,
    model::{Argument, Method, Model, Shape, last_segment, types},
};
use crate::names;

pub(super) fn expand(model: &Model, statements: &[Statement]) -> TokenStream {
    let private = &model.private;
    let ident = &model.item.ident;
    let definition = definition(model);
    let entity = model.entity.as_ref().map(|entity| {
        quote_spanned! {names::place(entity)=>
            const _: fn() = || {
                fn is_entity<E: #private::TenantEntity>() {}
                is_entity::<#entity>();
            };
        }
    });
    let methods = model
        .methods
        .iter()
        .zip(statements)
        .map(|(method, statement)| {
            let body = body(private, method, statement);
            implementation(method, &body)
        });
    quote! {
        #definition

        #entity

        #[automatically_derived]
        #[allow(clippy::needless_question_mark, reason = "the error of a method may be another type")]
        impl #ident for #private::TenantTx {
            #(#methods)*
        }
    }
}

/// The trait, with methods that give a future which can be sent between threads.
pub(super) fn definition(model: &Model) -> TokenStream {
    let ItemTrait {
        attrs,
        vis,
        ident,
        colon_token,
        supertraits,
        ..
    } = &model.item;
    let methods = model.methods.iter().map(|method| {
        let (attributes, ident, result) = (
            &method.attributes,
            &method.function.sig.ident,
            &method.result,
        );
        let arguments = arguments(method);
        quote! {
            #(#attributes)*
            fn #ident(
                &mut self,
                #arguments
            ) -> impl ::core::future::Future<Output = #result> + ::core::marker::Send;
        }
    });
    quote! {
        #(#attrs)*
        #vis trait #ident #colon_token #supertraits {
            #(#methods)*
        }
    }
}

/// A method of the implementation.
pub(super) fn implementation(method: &Method, body: &TokenStream) -> TokenStream {
    let (ident, result) = (&method.function.sig.ident, &method.result);
    let cfgs = method
        .attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"));
    let arguments = arguments(method);
    quote! {
        #(#cfgs)*
        async fn #ident(&mut self, #arguments) -> #result {
            #body
        }
    }
}

fn arguments(method: &Method) -> TokenStream {
    let arguments = method
        .arguments
        .iter()
        .map(|Argument { ident, ty, .. }| quote!(#ident: #ty));
    quote!(#(#arguments),*)
}

fn body(private: &TokenStream, method: &Method, statement: &Statement) -> TokenStream {
    let sql = &statement.sql;
    let arguments = statement
        .order
        .iter()
        .filter_map(|index| method.arguments.get(*index));
    let values = arguments.map(|argument| value(private, argument));
    let values = quote!(::std::vec![#(#values),*]);
    let rows = |function: TokenStream, ty: &Type| quote_spanned!(names::place(ty)=> #private::#function::<#ty>(self, #sql, #values).await?);
    let execute = quote!(#private::execute(self, #sql, #values).await?);
    // Bound to a name, because `Ok(…?)` would be a finding of clippy in the user's crate.
    let call = match &method.shape {
        Some(Shape::Many(ty)) => rows(quote!(fetch_all), ty),
        Some(Shape::Maybe(ty)) => rows(quote!(fetch_optional), ty),
        Some(Shape::One(ty)) => rows(quote!(fetch_one), ty),
        Some(Shape::Count) => execute,
        Some(Shape::Nothing) | None => {
            return quote! {
                #execute;
                ::core::result::Result::Ok(())
            };
        }
    };
    quote! {
        let answer = #call;
        ::core::result::Result::Ok(answer)
    }
}

fn value(private: &TokenStream, argument: &Argument) -> TokenStream {
    let (ident, ty) = (&argument.ident, &argument.ty);
    let place = names::place(ty);
    if let Type::Reference(reference) = ty {
        let inner = &reference.elem;
        return match &**inner {
            Type::Path(path) if path.path.is_ident("str") => {
                quote!(#private::Value::Text(::std::borrow::ToOwned::to_owned(#ident)))
            }
            Type::Slice(_) => {
                quote!(#private::Value::Bytes(::std::borrow::ToOwned::to_owned(#ident)))
            }
            _ => quote_spanned!(place=> <#inner as #private::Column>::to_value(#ident)),
        };
    }
    if is_optional_str(ty) {
        let owned = quote!(::core::option::Option::map(#ident, ::std::borrow::ToOwned::to_owned));
        return quote! {
            <::core::option::Option<::std::string::String> as #private::Column>::to_value(&#owned)
        };
    }
    quote_spanned!(place=> <#ty as #private::Column>::to_value(&#ident))
}

/// Whether the type is written as `Option<&str>`.
fn is_optional_str(ty: &Type) -> bool {
    let Some(segment) = last_segment(ty).filter(|segment| segment.ident == "Option") else {
        return false;
    };
    matches!(types(segment).as_slice(), [Type::Reference(inner)]
        if matches!(&*inner.elem, Type::Path(path) if path.path.is_ident("str")))
}
