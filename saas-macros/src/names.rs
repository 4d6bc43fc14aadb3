//! Paths and names that expansions use.

use proc_macro2::TokenStream;
use quote::quote;

/// Where `saas-tenancy` keeps what expansions call.
pub(crate) fn tenancy(overridden: Option<&syn::Path>) -> TokenStream {
    match overridden {
        Some(path) => quote!(#path::__private_0_1),
        None => quote!(::saas_tenancy::__private_0_1),
    }
}

/// Where `saas-rbac` keeps what expansions call.
pub(crate) fn rbac() -> TokenStream {
    quote!(::saas_rbac::__private_0_1)
}

/// Words that cannot be a table or a column without quotes in one of the dialects.
const RESERVED: &[&str] = &[
    "all",
    "alter",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "between",
    "both",
    "by",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "commit",
    "constraint",
    "create",
    "cross",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "delete",
    "desc",
    "distinct",
    "do",
    "drop",
    "else",
    "end",
    "escape",
    "except",
    "exists",
    "false",
    "fetch",
    "for",
    "foreign",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "if",
    "in",
    "index",
    "initially",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "over",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "rollback",
    "select",
    "session_user",
    "set",
    "some",
    "symmetric",
    "table",
    "then",
    "to",
    "trailing",
    "transaction",
    "true",
    "union",
    "unique",
    "update",
    "user",
    "using",
    "values",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
];

/// Tells why a text cannot name a table or a column, if it cannot.
pub(crate) fn sql_name_problem(name: &str) -> Option<String> {
    let mut bytes = name.bytes();
    let first = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let rest = bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !first || !rest || name.len() > 63 {
        return Some(format!(
            "`{name}` is not a plain SQL name: a-z, 0-9 and `_`, not starting with a digit, at most 63"
        ));
    }
    RESERVED
        .contains(&name)
        .then(|| format!("`{name}` is a word of SQL; choose another name"))
}
