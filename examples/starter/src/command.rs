//! The commands of the binary.

use std::{error::Error, process::ExitCode};

use clap::{Parser, Subcommand};
use saas_core::{
    edge,
    failpoint::Failpoint,
    telemetry::{self, TelemetryConfig},
};
use saas_tenancy::{Dialect, Severity, Slug, verify};

use crate::{
    app,
    boot::{self, MODULES},
    config::StarterConfig,
    openapi, operations, permission, seed,
};

/// A running multi-tenant SaaS.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Sets a key of the configuration, such as `--set server.bind=127.0.0.1:9000`. It wins over the file and the
    /// environment.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair, global = true)]
    set: Vec<(String, String)>,
    #[command(subcommand)]
    command: Option<Command>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("has to be `key=value`")?;
    Ok((key.to_owned(), value.to_owned()))
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves requests until it is told to stop (the default).
    Serve,
    /// Brings the database to the current schema.
    Migrate,
    /// Checks that the live database is guarded as declared; exits with 1 when it is not.
    Verify,
    /// Prints the tables, indexes and guards of this service's entities, as text for a migration.
    Ddl {
        /// For which database.
        #[arg(long, value_enum, default_value_t = Sql::Postgres)]
        dialect: Sql,
    },
    /// Lists the routes with what each needs.
    Routes {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Lists what can be allowed; with `--check`, the roles of tenants that name what the service does not have
    /// any more, and exits with 1 when there are any.
    Permissions {
        /// Looks into the database.
        #[arg(long)]
        check: bool,
    },
    /// Prints the configuration as it is in force, defaults included and secrets left out.
    Config,
    /// Lets a tenant send so many times as much traffic as others.
    Weigh {
        /// Its slug.
        tenant: Slug,
        /// From 1 to 1000.
        times: u32,
    },
    /// Fills the database with tenants for tests, each with a canary in every text, and prints them.
    Seed {
        /// How many tenants.
        #[arg(long, default_value_t = 2)]
        tenants: u32,
    },
    /// Prints the OpenAPI document.
    Openapi,
    /// Lists the places at which tests can let the service die, hang or wait (`FAILPOINTS`), when it is built with the
    /// feature `failpoints`.
    Failpoints,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Sql {
    Sqlite,
    Postgres,
}

pub(crate) async fn run() -> Result<ExitCode, Box<dyn Error>> {
    let Arguments { set, command } = Arguments::parse();
    match command.unwrap_or(Command::Serve) {
        Command::Routes { json } => {
            let table = app::routes().table();
            if json {
                print(&serde_json::to_string_pretty(&table)?);
            } else {
                print(&table.to_string());
            }
        }
        Command::Ddl { dialect } => print(&boot::STARTER.ddl(match dialect {
            Sql::Sqlite => Dialect::Sqlite,
            Sql::Postgres => Dialect::Postgres,
        })),
        Command::Failpoints => failpoints(),
        Command::Openapi => print(&serde_json::to_string_pretty(&openapi::document())?),
        Command::Serve => {
            let config = StarterConfig::load(&set)?;
            let telemetry = telemetry::init(&config.log)?;
            #[cfg(feature = "failpoints")]
            let _armed = Failpoint::arm()?;
            Box::pin(operations::serve(config, &set, &telemetry)).await?;
            tokio::task::spawn_blocking(move || telemetry.shutdown()).await?;
        }
        Command::Migrate => {
            let config = quiet(&set)?;
            let stop = edge::stop_signal()?;
            tokio::select! {
                migrated = boot::migrate_now(&config) => migrated?,
                () = stop => return Err("stopped; what was begun is not kept, and the next run goes on".into()),
            }
            print("the database has the current schema");
        }
        Command::Verify => {
            let config = quiet(&set)?;
            let database = boot::connect(&config).await?;
            let findings = verify(&database, MODULES).await?;
            for finding in &findings {
                print(&finding.to_string());
            }
            let leaks = |code: saas_tenancy::FindingCode| code.severity() == Severity::Leak;
            if findings.iter().any(|finding| leaks(finding.code)) {
                return Ok(ExitCode::FAILURE);
            }
            print("the database keeps the tenants apart");
        }
        Command::Permissions { check: false } => print(&permission::listed()),
        Command::Permissions { check: true } => {
            let config = quiet(&set)?;
            let unknown = permission::unknown(&boot::connect(&config).await?, &config).await?;
            if !unknown.is_empty() {
                print(&unknown.join("\n"));
                return Ok(ExitCode::FAILURE);
            }
            print("every role names permissions that there are");
        }
        Command::Config => print(&StarterConfig::load(&set)?.printed()?),
        Command::Weigh { tenant, times } => {
            let config = quiet(&set)?;
            operations::weigh(&config, &tenant, times).await?;
            print(&format!(
                "{tenant} may send {times} times as much traffic as others"
            ));
        }
        Command::Seed { tenants } => {
            let config = quiet(&set)?;
            let planted = seed::plant(&config, tenants).await?;
            print(&serde_json::to_string_pretty(&planted)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Loads the configuration of a command whose output somebody reads: its log is for errors.
fn quiet(set: &[(String, String)]) -> Result<StarterConfig, Box<dyn Error>> {
    let config = StarterConfig::load(set)?;
    let mut log = TelemetryConfig::default();
    (log.format, log.filter) = (config.log.format, "warn".to_owned());
    let _ = telemetry::init(&log)?;
    Ok(config)
}

#[expect(clippy::print_stdout, reason = "this is what the commands are for")]
fn print(text: &str) {
    println!("{text}");
}

fn failpoints() {
    for point in Failpoint::ALL {
        print(point.name());
    }
    if !cfg!(feature = "failpoints") {
        eprintln!("none of them acts: this was built without the feature `failpoints`");
    }
}
