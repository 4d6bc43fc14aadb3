//! The listings of the book, compiled.
//!
//! There is a module for each page with Rust in it, and `cargo test --doc -p book` compiles what stands there. The book
//! itself is made of this folder by mdBook; see `docs/book.toml`.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

#[cfg(doctest)]
#[doc = include_str!("src/tutorial/01-empty-folder.md")]
mod tutorial_01_empty_folder {}

#[cfg(doctest)]
#[doc = include_str!("src/tutorial/02-rows.md")]
mod tutorial_02_rows {}

#[cfg(doctest)]
#[doc = include_str!("src/tutorial/03-routes.md")]
mod tutorial_03_routes {}

#[cfg(doctest)]
#[doc = include_str!("src/tutorial/04-service.md")]
mod tutorial_04_service {}

#[cfg(doctest)]
#[doc = include_str!("src/tutorial/05-sign-up.md")]
mod tutorial_05_sign_up {}

#[cfg(doctest)]
#[doc = include_str!("src/tutorial/06-roles.md")]
mod tutorial_06_roles {}

#[cfg(doctest)]
#[doc = include_str!("src/tutorial/07-files.md")]
mod tutorial_07_files {}

#[cfg(doctest)]
#[doc = include_str!("src/tutorial/08-second-factors.md")]
mod tutorial_08_second_factors {}

#[cfg(doctest)]
#[doc = include_str!("src/tutorial/09-tests.md")]
mod tutorial_09_tests {}

#[cfg(doctest)]
#[doc = include_str!("src/tutorial/10-postgres.md")]
mod tutorial_10_postgres {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/placement.md")]
mod guides_placement {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/entity.md")]
mod guides_entity {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/raw-sql.md")]
mod guides_raw_sql {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/permissions.md")]
mod guides_permissions {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/casbin-model.md")]
mod guides_casbin_model {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/oauth-clients.md")]
mod guides_oauth_clients {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/passkeys.md")]
mod guides_passkeys {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/sso.md")]
mod guides_sso {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/storage.md")]
mod guides_storage {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/mail.md")]
mod guides_mail {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/around.md")]
mod guides_around {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/limits.md")]
mod guides_limits {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/settings.md")]
mod guides_settings {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/errors.md")]
mod guides_errors {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/testing-for-leaks.md")]
mod guides_testing_for_leaks {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/replicas.md")]
mod guides_replicas {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/key-rotation.md")]
mod guides_key_rotation {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/migrations.md")]
mod guides_migrations {}

#[cfg(doctest)]
#[doc = include_str!("src/guides/moving-a-tenant.md")]
mod guides_moving_a_tenant {}

#[cfg(doctest)]
#[doc = include_str!("src/coming-from/fastapi.md")]
mod coming_from_fastapi {}

#[cfg(doctest)]
#[doc = include_str!("src/coming-from/django.md")]
mod coming_from_django {}

#[cfg(doctest)]
#[doc = include_str!("src/coming-from/rails.md")]
mod coming_from_rails {}

#[cfg(doctest)]
#[doc = include_str!("src/coming-from/laravel.md")]
mod coming_from_laravel {}

#[cfg(doctest)]
#[doc = include_str!("src/coming-from/abp.md")]
mod coming_from_abp {}
