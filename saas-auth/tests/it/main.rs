//! Who is it, from outside: signing in, tokens, and what an attacker tries on them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    missing_docs,
    reason = "tests fail by panicking"
)]

mod accounts;
mod addresses;
mod api_keys;
mod authorize;
mod client_auth;
mod clients;
mod closures;
mod codes;
mod confusion;
mod consent;
mod cors;
mod desk;
mod devices;
mod discovery;
mod enrolling;
mod flow;
mod flows;
mod forge;
mod guessing;
mod introspection;
mod invitations;
mod jwt;
mod jwt_random;
mod keys;
mod layer;
mod mailed;
mod oidc;
mod once;
mod pages;
#[cfg(feature = "passkeys")]
mod passkeys;
mod passwords;
mod post;
mod programs;
mod refresh;
mod remembered;
mod resets;
mod second;
mod sessions;
mod sign_in;
mod signing_out;
mod switching;
mod token_endpoint;
mod ui;
mod userinfo;
mod world;
