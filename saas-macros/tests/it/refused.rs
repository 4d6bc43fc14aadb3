//! Mistakes beside those of statements: all of one item are reported at once.

use quote::quote;

use crate::{entity, permission, repository, statement::messages};

#[test]
fn an_entity_with_many_mistakes_tells_them_all() {
    let found = messages(entity::derive(quote! {
        #[entity(tables = "Projects", new = "New Project", new = "X")]
        struct Project {
            #[entity(id, filter)]
            uid: i64,
            #[entity(id, filtre)]
            id: Id<Project>,
            #[entity(sort)]
            note: Option<String>,
            #[entity(version, created)]
            order: i64,
            #[entity(rename = "note", references = "no such")]
            other: String,
        }
    }));
    let expected = [
        "`tables` is unknown; did you mean `table`? There are `table`, `new`, `patch`, `crate`",
        "expected the name of the type to make, such as \"NewProject\"",
        "`filtre` is unknown; did you mean `filter`? There are `id`",
        "a tenant entity names its table: `#[entity(table = \"projects\")]`",
        "`order` is a word of SQL; choose another name, or keep the field and say `#[entity(rename = \"…\")]`",
        "there are two columns `note`",
        "`no such` is not a plain SQL name",
        "this column has to be called `id`",
        "a tenant entity needs a field marked `#[entity(tenant)]`: the column that says whose row it is",
        "another field is marked `#[entity(id)]` already",
        "the `id` column is an `Id<…>`",
        "`filter` has no meaning here: rows are always found by their id",
        "a list cannot be sorted by a column that may be missing",
        "this column is the `version` already and cannot be the `created` too",
    ];
    assert_each(&found, &expected);
}

#[test]
fn an_entity_is_a_plain_struct_with_named_fields() {
    for item in [
        quote!(
            enum Project {
                A,
            }
        ),
        quote!(
            struct Project(i64);
        ),
        quote!(union Project { a: u8 }),
    ] {
        let found = messages(entity::derive(item));
        assert_each(&found, &["a struct with a named field for each column"]);
    }
    let generic = messages(entity::derive(quote! {
        #[entity(table = "projects")]
        struct Project<T> { #[entity(id)] id: Id<T>, #[entity(tenant)] tenant_id: TenantId }
    }));
    assert_each(&generic, &["has no generic parameters"]);
}

#[test]
fn a_repository_with_many_mistakes_tells_them_all() {
    let found = messages(repository::expand(
        quote!(entities = Project, crate = 1),
        quote! {
            trait Projects<T> {
                const A: u8;
                #[sql("SELECT * FROM projects")]
                fn one(&self) -> Vec<Project>;
                #[sql(STATEMENT)]
                async fn two<'a>(self, (a, b): (u8, u8)) where u8: Copy { 1 }
                async fn three() -> Result<u64>;
            }
        },
    ));
    let expected = [
        "`entities` is unknown; did you mean `entity`?",
        "expected the path of the crate",
        "expected the statement as a literal",
        "a method of a tenant repository has a statement",
        "has no generic parameters",
        "has only methods with",
        "write `async fn`",
        "take `&mut self`",
        "return `Result<…>` of",
        "the table `projects` is open to every tenant",
        "end the method with `;`",
        "has no generic parameters",
        "has no conditions",
        "take `&mut self`",
        "an argument has a plain name",
        "return `Result<…>` of",
        "take `&mut self`",
    ];
    assert_each(&found, &expected);
}

#[test]
fn a_repository_is_a_trait() {
    let found = messages(repository::expand(
        quote!(),
        quote!(
            struct Projects;
        ),
    ));
    assert_each(&found, &["stands before a trait"]);
}

#[test]
fn permissions_with_many_mistakes_tell_them_all() {
    let found = messages(permission::derive(quote! {
        enum Can<T> {
            A,
            #[permission(read)]
            B,
            #[permission("projects:*")]
            C,
            #[permission("projects")]
            D,
            #[permission("a:b")]
            E(T),
            #[permission("a:b")]
            #[permission("a:c")]
            F,
        }
    }));
    let expected = [
        "a permission has a name",
        "expected the name of the permission",
        "a permission has one name",
        "has no generic parameters",
        "without `*`; what allows several is a role",
        "write `things:action`",
        "its variant holds no data",
        "another variant is named `a:b` already",
    ];
    assert_each(&found, &expected);
    for (item, message) in [
        (
            quote!(
                struct Can;
            ),
            "the variants of an enum",
        ),
        (
            quote!(
                enum Can {}
            ),
            "a variant for each permission",
        ),
    ] {
        assert_each(&messages(permission::derive(item)), &[message]);
    }
}

#[test]
fn names_of_permissions_are_plain_words_joined_by_colons() {
    let accepted = |name: &str| {
        let code = permission::derive(quote!(
            enum Can {
                #[permission(#name)]
                A,
            }
        ));
        messages(code).is_empty()
    };
    for name in ["projects:read", "a:b:c", "audit-log:read-all", "v2:x1"] {
        assert!(accepted(name), "{name}");
    }
    let long = format!("a:{}", "b".repeat(127));
    for name in [
        "", ":", "a", "a:", ":a", "A:b", "a:B", "a:b:", "a b:c", "a:b*", "*:*", "1a:b", "a:-b",
        "a:é", &long,
    ] {
        assert!(!accepted(name), "{name}");
    }
}

#[track_caller]
fn assert_each(found: &[String], expected: &[&str]) {
    let fits = found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(found, words)| found.contains(words));
    assert!(fits, "{found:#?}");
}
