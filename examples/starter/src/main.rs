//! A running multi-tenant SaaS, to copy and to start from.
//!
//! `starter` serves; `starter --help` lists the other commands. How a request travels is in `app`.

mod account;
mod api_keys;
mod app;
mod audit;
mod boot;
mod clients;
mod command;
mod config;
mod devices;
mod events;
mod files;
mod groups;
mod invitations;
mod me;
mod members;
mod mfa;
mod once;
mod openapi;
mod operations;
mod passkeys;
mod password;
mod permission;
#[cfg(test)]
mod probe;
mod projects;
mod roles;
mod seed;
mod sessions;
mod settings;
mod signup;
mod state;
mod tasks;
mod validate;

use std::process::ExitCode;

/// Much is allocated for each request, by several threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("the runtime cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(command::run()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}
