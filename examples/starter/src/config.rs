//! The configuration of the starter: `starter.toml`, then the environment, then the command line.

use std::{
    ffi::OsString,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use saas_auth::AuthConfig;
use saas_core::{
    KeyRing, Secret,
    config::{Config, ConfigError, Period, masked},
    edge::{EdgeConfig, ServeConfig},
    task::TaskConfig,
    telemetry::TelemetryConfig,
};
use saas_edge::{
    CacheConfig, LimitsConfig, RedisConfig, idempotency::IdempotencyConfig, network::Networks,
};
use saas_mail::{MailConfig, Transport};
use saas_rbac::RbacConfig;
use saas_storage::StorageConfig;
use saas_tenancy::{DatabaseConfig, RegistryConfig, outbox::OutboxConfig, resolve::ResolveConfig};
use serde::{Deserialize, Serialize};

use crate::files::FilesSettings;

/// Where this program differs from the defaults of the crates.
const DEFAULTS: &str = r#"
[database]
url = "sqlite://data/starter.db"

[auth]
password_grant = true

[auth.token]
# The address that it listens on.
issuer = ""

[auth.mfa]
# Whoever wants that is not asked for a second factor on the same browser.
remember = "30d"

[limits.classes]
# Of routes that send mail to whom the caller names.
letters = { burst = 200, period = "10s" }

[mail]
# Not in production, where nobody would read them.
transport = "folder"

[[auth.clients]]
id = "starter-web"
first_party = true
grants = ["authorization_code", "refresh_token", "password"]
"#;

/// Everything that can be set. Keys of the environment are `SAAS__SECTION__KEY`.
#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StarterConfig {
    /// `development` or `production`. In production nothing is made up: keys must be given, and no
    /// demo tenant is seeded.
    pub(crate) environment: Environment,
    /// Where a development server keeps what it makes up.
    pub(crate) data_dir: PathBuf,
    pub(crate) server: ServerConfig,
    pub(crate) keys: KeysConfig,
    /// What is logged, and what leaves the process.
    pub(crate) log: TelemetryConfig,
    pub(crate) metrics: MetricsConfig,
    pub(crate) database: DatabaseConfig,
    pub(crate) migrate: MigrateConfig,
    pub(crate) storage: StorageConfig,
    pub(crate) files: FilesSettings,
    pub(crate) tenancy: TenancyConfig,
    pub(crate) auth: AuthConfig,
    pub(crate) rbac: RbacConfig,
    pub(crate) mail: MailConfig,
    pub(crate) outbox: OutboxConfig,
    pub(crate) edge: EdgeConfig,
    pub(crate) idempotency: IdempotencyConfig,
    /// How much traffic is let through.
    pub(crate) limits: LimitsConfig,
    /// From which networks the service is used. Each tenant can name its own.
    pub(crate) networks: Networks,
    /// What is kept of settings of tenants.
    pub(crate) cache: CacheConfig,
    /// How what runs beside the requests is begun again.
    pub(crate) tasks: TaskConfig,
    /// What several instances count in. Without `redis.url`, each counts by itself.
    pub(crate) redis: RedisConfig,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Environment {
    #[default]
    Development,
    Production,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ServerConfig {
    /// The address and port that it listens on; port 0 for any that is free.
    pub(crate) bind: String,
    pub(crate) connection: ServeConfig,
    /// How long it goes on after the order to stop, not being ready any more: as long as whoever sends it requests
    /// takes to notice.
    pub(crate) notice: Period,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct KeysConfig {
    /// 32 random bytes, in hexadecimal or base64url.
    #[serde(serialize_with = "masked")]
    pub(crate) master: Option<Secret<String>>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MetricsConfig {
    /// Whoever sends `X-Metrics-Token: <token>` sees the busiest tenants by their ids in `/metrics`. Without it
    /// nobody does.
    #[serde(serialize_with = "masked")]
    pub(crate) token: Option<Secret<String>>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MigrateConfig {
    /// The URL of the owner of the tables (PostgreSQL).
    #[serde(serialize_with = "masked")]
    pub(crate) url: Option<Secret<String>>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TenancyConfig {
    pub(crate) registry: RegistryConfig,
    pub(crate) resolve: ResolveConfig,
}

impl Default for StarterConfig {
    fn default() -> Self {
        Self {
            environment: Environment::Development,
            data_dir: PathBuf::from("data"),
            server: ServerConfig::default(),
            keys: KeysConfig::default(),
            log: TelemetryConfig::default(),
            metrics: MetricsConfig::default(),
            database: DatabaseConfig::default(),
            migrate: MigrateConfig::default(),
            storage: StorageConfig::default(),
            files: FilesSettings::default(),
            tenancy: TenancyConfig::default(),
            auth: AuthConfig::default(),
            rbac: RbacConfig::default(),
            mail: MailConfig::default(),
            outbox: OutboxConfig::default(),
            edge: EdgeConfig::default(),
            idempotency: IdempotencyConfig::default(),
            limits: LimitsConfig::default(),
            networks: Networks::default(),
            cache: CacheConfig::default(),
            tasks: TaskConfig::default(),
            redis: RedisConfig::default(),
        }
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            bind: "127.0.0.1:8080".to_owned(),
            connection: ServeConfig::default(),
            notice: Duration::ZERO.into(),
        }
    }
}

impl StarterConfig {
    /// Reads the file, the environment, and keys of the command line.
    pub(crate) fn load(arguments: &[(String, String)]) -> Result<Self, ConfigError> {
        Self::load_with(std::env::vars_os(), arguments)
    }

    /// Reads the file, these variables and these keys.
    pub(crate) fn load_with(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        arguments: &[(String, String)],
    ) -> Result<Self, ConfigError> {
        Config::new()
            .defaults(DEFAULTS)
            .file("starter.toml")
            .environment("SAAS", variables)
            .short("ENVIRONMENT", "environment")
            .short("BIND", "server.bind")
            .short("DATABASE_URL", "database.url")
            .short("MIGRATE_DATABASE_URL", "migrate.url")
            .short("STORAGE_URL", "storage.url")
            .short("REDIS_URL", "redis.url")
            .short("LOG_FORMAT", "log.format")
            .short("RUST_LOG", "log.filter")
            .arguments(arguments.iter().cloned())
            .load()
    }

    /// Writes it down as it is, defaults included, without secrets.
    pub(crate) fn printed(&self) -> Result<String, Box<dyn std::error::Error>> {
        Ok(toml::to_string_pretty(self)?)
    }

    /// Gives how people sign in. A development server without an issuer is the one at the address that it listens on.
    pub(crate) fn auth(&self) -> Result<AuthConfig, ConfigError> {
        let mut auth = self.auth.clone();
        if auth.token.issuer.is_empty() {
            if self.environment == Environment::Production {
                return Err(ConfigError::value(
                    "auth.token.issuer",
                    "is required in production: the address of the service, such as `https://app.example`",
                ));
            }
            auth.token.issuer = self.server.url();
        }
        Ok(auth)
    }

    /// Gives how mail is sent: in production by a server.
    pub(crate) fn mail(&self) -> Result<&MailConfig, ConfigError> {
        if self.environment == Environment::Production
            && self.mail.transport != Some(Transport::Smtp)
        {
            return Err(ConfigError::value(
                "mail.transport",
                "is `smtp` in production, with the server in `mail.smtp.host`: letters in a folder reach nobody, and \
                 their links are good for whoever finds them",
            ));
        }
        Ok(&self.mail)
    }

    /// Gives the master key. A development server makes one the first time and keeps it.
    pub(crate) fn master_key(&self) -> Result<KeyRing, ConfigError> {
        let wrong = |error: String| ConfigError::value("keys.master", error);
        if let Some(text) = &self.keys.master {
            return KeyRing::from_text(text).map_err(|error| wrong(error.to_string()));
        }
        if self.environment == Environment::Production {
            return Err(wrong(
                "is required in production; make one with `openssl rand -hex 32`".to_owned(),
            ));
        }
        let path = self.data_dir.join("master.key");
        let failed =
            |error: std::io::Error| wrong(format!("cannot be kept in {}: {error}", path.display()));
        std::fs::create_dir_all(&self.data_dir).map_err(failed)?;
        if !path.exists() {
            keep_new_key(&path).map_err(failed)?;
        }
        let text = Secret::new(std::fs::read_to_string(&path).map_err(failed)?);
        KeyRing::from_text(&text).map_err(|error| wrong(format!("in {}: {error}", path.display())))
    }
}

impl ServerConfig {
    /// Gives the address that it listens on, as a browser on this machine would type it.
    pub(crate) fn url(&self) -> String {
        let scheme = match self.connection.tls {
            Some(_) => "https",
            None => "http",
        };
        match self.bind.parse::<SocketAddr>() {
            Ok(mut address) if address.ip().is_unspecified() => {
                address.set_ip(match address {
                    SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                    SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
                });
                format!("{scheme}://{address}")
            }
            _ => format!("{scheme}://{}", self.bind),
        }
    }
}

/// Writes a new key that only its owner can read. When two processes start at once, one wins.
fn keep_new_key(path: &std::path::Path) -> std::io::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};

    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| std::io::Error::other(error.to_string()))?;
    let text: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let temporary = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let kept = std::fs::hard_link(&temporary, path);
    std::fs::remove_file(&temporary)?;
    match kept {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_one_that_a_browser_on_this_machine_can_open() {
        for (bind, url) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            ("[::]:8080", "http://[::1]:8080"),
            ("192.0.2.1:1", "http://192.0.2.1:1"),
        ] {
            let server = ServerConfig {
                bind: bind.to_owned(),
                ..ServerConfig::default()
            };
            assert_eq!(server.url(), url);
        }
    }
}
