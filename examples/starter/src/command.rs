//! The commands of the binary.

use std::{error::Error, process::ExitCode};

use clap::{Parser, Subcommand};
use saas_core::{failpoint::Failpoint, telemetry};
use saas_tenancy::{Dialect, Severity, verify};

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
    #[command(subcommand)]
    command: Option<Command>,
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
    let arguments = Arguments::parse();
    match arguments.command.unwrap_or(Command::Serve) {
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
            let config = StarterConfig::load()?;
            telemetry::init(config.log.format, &config.log.filter)?;
            #[cfg(feature = "failpoints")]
            let _armed = Failpoint::arm()?;
            operations::serve(config).await?;
        }
        Command::Migrate => {
            let config = quiet()?;
            boot::migrate_now(&config).await?;
            print("the database has the current schema");
        }
        Command::Verify => {
            let config = quiet()?;
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
            let config = quiet()?;
            let unknown = permission::unknown(&boot::connect(&config).await?, &config).await?;
            if !unknown.is_empty() {
                print(&unknown.join("\n"));
                return Ok(ExitCode::FAILURE);
            }
            print("every role names permissions that there are");
        }
        Command::Seed { tenants } => {
            let config = quiet()?;
            let planted = seed::plant(&config, tenants).await?;
            print(&serde_json::to_string_pretty(&planted)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Loads the configuration of a command whose output somebody reads: its log is for errors.
fn quiet() -> Result<StarterConfig, Box<dyn Error>> {
    let config = StarterConfig::load()?;
    telemetry::init(config.log.format, "warn")?;
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
