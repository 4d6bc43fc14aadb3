//! Words that mean something to the reader of statements, or may not stand in one.

use super::sql::Kind;

/// Tells why a word or a name may not stand in a statement.
pub(super) fn forbidden(kind: &Kind) -> Option<String> {
    let reason = |list: &[(&str, &'static str)], name: &str| {
        let entry = list
            .iter()
            .find(|(word, _)| name.eq_ignore_ascii_case(word));
        entry.map(|(_, reason)| *reason)
    };
    let (Kind::Word(name) | Kind::Name(name)) = kind else {
        return None;
    };
    if let Some(reason) = reason(FUNCTIONS, name) {
        return Some(format!("`{name}` may not be called: {reason}"));
    }
    match kind {
        Kind::Word(word) => reason(KEYWORDS, word)
            .map(|reason| format!("{} may not stand here: {reason}", word.to_uppercase())),
        _ => None,
    }
}

/// Tells whether a text is about the settings by which the policies of the database know who is
/// asking.
pub(super) fn names_a_setting(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    SETTINGS.iter().any(|setting| text.contains(setting))
}

/// Words that divide a statement into its parts. A name that is one of them could be taken for it.
pub(super) const STRUCTURE: &[&str] = &[
    "and",
    "between",
    "case",
    "delete",
    "distinct",
    "do",
    "end",
    "except",
    "fetch",
    "for",
    "from",
    "group",
    "having",
    "in",
    "insert",
    "intersect",
    "into",
    "is",
    "join",
    "limit",
    "offset",
    "on",
    "or",
    "order",
    "returning",
    "select",
    "set",
    "union",
    "update",
    "using",
    "values",
    "where",
    "window",
    "with",
];

const SETTINGS: &[&str] = &[
    "set_config",
    "app.tenant_id",
    "app.user_id",
    "app.system_scope",
];

const WHO: &str = "who is asking is set by the transaction alone";
const RUNS_TEXT: &str = "it runs text as SQL, which cannot be checked";

/// Functions that may not be called, each with the reason.
const FUNCTIONS: &[(&str, &str)] = &[
    ("current_setting", WHO),
    ("dblink", RUNS_TEXT),
    ("query_to_xml", RUNS_TEXT),
    ("query_to_xmlschema", RUNS_TEXT),
    ("set_config", WHO),
    ("ts_stat", RUNS_TEXT),
];

const CONNECTION: &str = "it concerns the connection, which other tenants use too";
const TRANSACTION: &str = "the transaction is begun and ended in Rust";

/// Keywords that may not stand anywhere, each with the reason.
const KEYWORDS: &[(&str, &str)] = &[
    ("attach", CONNECTION),
    ("begin", TRANSACTION),
    ("call", "what a procedure does cannot be seen"),
    ("commit", TRANSACTION),
    ("copy", "it reaches every tenant"),
    ("detach", CONNECTION),
    ("execute", CONNECTION),
    (
        "full",
        "its ON clause would not hold back the joined tables; write two statements",
    ),
    ("lateral", "SQLite does not know it"),
    ("listen", CONNECTION),
    (
        "merge",
        "SQLite does not know it; write INSERT … ON CONFLICT",
    ),
    (
        "natural",
        "it joins by whatever columns happen to have the same name; write JOIN … ON",
    ),
    ("notify", CONNECTION),
    ("pragma", CONNECTION),
    ("prepare", CONNECTION),
    (
        "right",
        "its ON clause would not hold back the joined table; turn it into a LEFT JOIN",
    ),
    ("rollback", TRANSACTION),
    ("savepoint", TRANSACTION),
    (
        "table",
        "it reaches every tenant; write SELECT … WHERE {tenant}",
    ),
    (
        "truncate",
        "it reaches every tenant; write DELETE … WHERE {tenant}",
    ),
    ("vacuum", CONNECTION),
];
