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
mod closures;
mod flows;
mod forge;
mod invitations;
mod jwt;
mod jwt_random;
mod keys;
mod layer;
mod passwords;
mod post;
mod refresh;
mod resets;
mod sessions;
mod sign_in;
mod token_endpoint;
mod world;
