//! Paths and names that expansions use.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Path, spanned::Spanned as _};

/// Where `saas-tenancy` keeps what expansions call.
pub(crate) fn tenancy(overridden: Option<&Path>) -> TokenStream {
    overridden.map_or_else(
        || quote!(::saas_tenancy::__private_0_1),
        |path| quote!(#path::__private_0_1),
    )
}

/// Where `saas-rbac` keeps what expansions call.
pub(crate) fn rbac(overridden: Option<&Path>) -> TokenStream {
    overridden.map_or_else(
        || quote!(::saas_rbac::__private_0_1),
        |path| quote!(#path::__private_0_1),
    )
}

/// The place of these tokens, for code whose mistakes belong there. Its names are still those of the
/// macro, also when the tokens come out of another macro.
pub(crate) fn place(tokens: &impl ToTokens) -> Span {
    Span::call_site().located_at(tokens.span())
}

/// Tells why a text cannot name a table or a column, if it cannot.
pub(crate) fn sql_name_problem(name: &str) -> Option<String> {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.starts_with(|first: char| !first.is_ascii_digit())
        && name.len() <= 63;
    if !plain {
        return Some(format!(
            "`{name}` is not a plain SQL name: a-z, 0-9 and `_`, not starting with a digit, at most 63 characters"
        ));
    }
    if is_reserved(name) {
        return Some(format!("`{name}` is a word of SQL; choose another name"));
    }
    let belongs_to_the_database =
        name.starts_with("pg_") || name.starts_with("sqlite_") || SYSTEM_COLUMNS.contains(&name);
    belongs_to_the_database
        .then(|| format!("`{name}` is a name of the database itself; choose another name"))
}

/// Tells whether a word needs quotes, in one of the dialects, to be a name.
pub(crate) fn is_reserved(word: &str) -> bool {
    RESERVED.split(' ').any(|reserved| reserved == word)
}

/// Columns that every table has without declaring them.
const SYSTEM_COLUMNS: &[&str] = &[
    "cmax", "cmin", "ctid", "oid", "rowid", "_rowid_", "tableoid", "xmax", "xmin",
];

/// The words that one of the databases keeps for itself.
const RESERVED: &str = "\
    add all alter analyse analyze and any array as asc asymmetric authorization autoincrement \
    between binary both by case cast check collate collation column commit concurrently \
    constraint create cross current_catalog current_date current_role current_schema \
    current_time current_timestamp current_user default deferrable delete desc distinct do \
    drop else end escape except exists false fetch for foreign freeze from full grant group \
    having if ilike in index initially inner insert intersect into is isnull join lateral \
    leading left like limit localtime localtimestamp natural not nothing notnull null offset \
    on only or order outer over overlaps placing primary references returning right rollback \
    select session_user set similar some symmetric table tablesample then to trailing \
    transaction true union unique update user using values variadic verbose when where window \
    with";
