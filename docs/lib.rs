//! The listings of the book, compiled.
//!
//! There is a module for each page with Rust in it, and `cargo test --doc -p book` compiles what stands there. The book
//! itself is made of `docs/src` by mdBook; see `docs/book.toml`.

macro_rules! pages {
    ($($name:ident $path:literal)+) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!($path)]
            mod $name {}
        )+
    };
}

pages! {
    tutorial_01_empty_folder "src/tutorial/01-empty-folder.md"
    tutorial_02_rows "src/tutorial/02-rows.md"
    tutorial_03_http "src/tutorial/03-http.md"
    tutorial_04_sign_up "src/tutorial/04-sign-up.md"
    tutorial_05_roles "src/tutorial/05-roles.md"
    tutorial_06_files "src/tutorial/06-files.md"
    tutorial_07_second_factors "src/tutorial/07-second-factors.md"
    tutorial_08_tests "src/tutorial/08-tests.md"
    tutorial_09_postgres "src/tutorial/09-postgres.md"
    guides_placement "src/guides/placement.md"
    guides_entity "src/guides/entity.md"
    guides_raw_sql "src/guides/raw-sql.md"
    guides_permissions "src/guides/permissions.md"
    guides_casbin_model "src/guides/casbin-model.md"
    guides_oauth_clients "src/guides/oauth-clients.md"
    guides_passkeys "src/guides/passkeys.md"
    guides_storage "src/guides/storage.md"
    guides_mail "src/guides/mail.md"
    guides_limits "src/guides/limits.md"
    guides_errors "src/guides/errors.md"
    guides_testing_for_leaks "src/guides/testing-for-leaks.md"
    guides_replicas "src/guides/replicas.md"
    guides_key_rotation "src/guides/key-rotation.md"
    guides_migrations "src/guides/migrations.md"
    guides_moving_a_tenant "src/guides/moving-a-tenant.md"
    coming_from_fastapi "src/coming-from/fastapi.md"
    coming_from_django "src/coming-from/django.md"
    coming_from_rails "src/coming-from/rails.md"
    coming_from_laravel "src/coming-from/laravel.md"
    coming_from_abp "src/coming-from/abp.md"
}
