//! One database for one test.

use std::{fmt, sync::Arc, time::Duration};

use saas_core::{Clock, FixedClock, Id, KeyRing, Secret, Timestamp};
use saas_tenancy::{Database, DatabaseConfig, Dialect, Module, Registry, RegistryConfig, migrate};
#[expect(clippy::disallowed_types, reason = "the statements are those of tests")]
use sqlx::AssertSqlSafe;
use sqlx::{Connection as _, PgConnection, SqliteConnection};
use tempfile::TempDir;
use url::Url;

/// Many at once wait for one connection, on a machine that has other tests to run.
const PATIENCE: Duration = Duration::from_secs(60);

/// A migrated database, connected as the service is in production.
///
/// # Examples
///
/// ```
/// use saas_testkit::TestDatabase;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let world = TestDatabase::sqlite(&[&saas_tenancy::MODULE]).await;
/// let acme = world.tenant("acme").await;
/// let tx = world.database().read(&world.scope(&acme));
/// # drop(tx);
/// # }
/// ```
pub struct TestDatabase {
    service: Database,
    keys: KeyRing,
    clock: Arc<FixedClock>,
    place: Place,
}

enum Place {
    Sqlite {
        folder: TempDir,
    },
    Postgres {
        admin: Box<Url>,
        name: String,
        owner: Box<Url>,
        service: Box<Url>,
        /// Whether the service connects through a transaction pooler.
        pooler: bool,
    },
}

impl TestDatabase {
    /// Makes a database in each dialect and migrates it.
    ///
    /// # Panics
    ///
    /// When `TEST_DATABASE_URL` is not set or names no superuser of a PostgreSQL.
    pub async fn all(modules: &[&Module]) -> Vec<Self> {
        vec![Self::sqlite(modules).await, Self::postgres(modules).await]
    }

    /// Makes an SQLite database in a temporary folder.
    ///
    /// # Panics
    ///
    /// When the folder cannot be made or a migration fails.
    pub async fn sqlite(modules: &[&Module]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = Place::Sqlite { folder };
        Self::migrated(place, modules).await
    }

    /// Makes a PostgreSQL database with an owner and a service role of its own.
    ///
    /// # Panics
    ///
    /// When `TEST_DATABASE_URL` is not set or names no superuser of a PostgreSQL.
    pub async fn postgres(modules: &[&Module]) -> Self {
        Self::migrated(create(None).await, modules).await
    }

    /// Makes a PostgreSQL database that the service reaches through a transaction pooler, as
    /// [`DatabaseConfig::pooler`] says.
    ///
    /// # Panics
    ///
    /// As [`TestDatabase::postgres`]; when `TEST_POOLER_URL` is not set or names no pooler in front of that
    /// server.
    pub async fn pooled(modules: &[&Module]) -> Self {
        let pooler = url_of(
            "TEST_POOLER_URL",
            "PgBouncer: run `cargo xtask test`, or set TEST_POOLER_URL to the superuser's URL through one",
        );
        Self::migrated(create(Some(pooler)).await, modules).await
    }

    async fn migrated(place: Place, modules: &[&Module]) -> Self {
        let keys = KeyRing::generate().expect("random bytes");
        let clock = FixedClock::at("2026-11-21T12:00:00Z".parse().expect("a time"));
        let (owner, service) = place.urls();
        let role = place.service_role();
        let pooler = place.is_pooled();
        let connect = async |url: &str, connections: u32| {
            let mut config = DatabaseConfig::new(url);
            config.max_connections = connections;
            config.pooler = pooler && url == service;
            config.acquire_timeout = PATIENCE.into();
            Database::connect(&config, keys.clone(), clock.clone())
                .await
                .expect("the test database answers")
        };
        let as_owner = connect(&owner, 1).await;
        migrate(&as_owner, modules, role.as_deref())
            .await
            .expect("the migrations apply");
        as_owner.close().await;
        let service = connect(&service, 5).await;
        Self {
            service,
            keys,
            clock,
            place,
        }
    }

    /// Gives the database as the service sees it.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.service
    }

    /// Gives a registry that remembers nothing, so that changes show at once.
    #[must_use]
    pub fn registry(&self) -> Registry {
        let mut config = RegistryConfig::default();
        config.cache_entries = 0;
        Registry::new(self.service.clone(), &config)
    }

    /// Gives the clock that the database stamps rows with. It stands still until it is moved.
    #[must_use]
    pub fn clock(&self) -> &Arc<FixedClock> {
        &self.clock
    }

    /// Gives the keys of the database.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// Tells which SQL the database speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.service.dialect()
    }

    /// Gives the URL that the service connects with.
    #[must_use]
    pub fn service_url(&self) -> String {
        self.place.urls().1
    }

    /// Gives the URL of the owner of the tables.
    #[must_use]
    pub fn owner_url(&self) -> String {
        self.place.urls().0
    }

    /// Runs statements as the owner of the tables (PostgreSQL), to plant a fault.
    ///
    /// # Panics
    ///
    /// When a statement fails.
    pub async fn as_owner(&self, statements: &str) {
        match &self.place {
            Place::Sqlite { .. } => run_sqlite(&self.owner_url(), statements).await,
            Place::Postgres { .. } => run(&self.owner_url(), statements).await,
        }
    }

    /// Runs statements as the superuser, in the test's database (PostgreSQL), to plant a fault.
    ///
    /// # Panics
    ///
    /// When a statement fails.
    pub async fn as_superuser(&self, statements: &str) {
        run(&self.superuser_url(), statements).await;
    }

    /// Gives the URL of the superuser in the test's database (PostgreSQL).
    ///
    /// # Panics
    ///
    /// On SQLite, which has no roles.
    #[must_use]
    pub fn superuser_url(&self) -> String {
        let Place::Postgres { admin, name, .. } = &self.place else {
            panic!("only PostgreSQL has a superuser")
        };
        let mut url = Url::clone(admin);
        url.set_path(name);
        url.into()
    }

    /// Gives the names of the service's and the owner's role (PostgreSQL).
    ///
    /// # Panics
    ///
    /// On SQLite, which has no roles.
    #[must_use]
    pub fn roles(&self) -> (String, String) {
        let Place::Postgres { name, .. } = &self.place else {
            panic!("only PostgreSQL has roles")
        };
        (format!("{name}_service"), format!("{name}_owner"))
    }

    /// Opens another handle on the same database, as a second instance of the service has it.
    ///
    /// # Panics
    ///
    /// When the database does not answer.
    pub async fn another_instance(&self, connections: u32) -> Database {
        let mut config = DatabaseConfig::new(self.service_url());
        config.max_connections = connections;
        config.pooler = self.place.is_pooled();
        config.acquire_timeout = PATIENCE.into();
        Database::connect(&config, self.keys.clone(), self.clock.clone())
            .await
            .expect("the test database answers")
    }

    /// Gives the time that the test's clock shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

impl fmt::Debug for TestDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TestDatabase({:?})", self.dialect())
    }
}

impl Place {
    /// The URLs of the owner and of the service.
    fn urls(&self) -> (String, String) {
        match self {
            Self::Sqlite { folder } => {
                let url = format!("sqlite://{}/test.db", folder.path().display());
                (url.clone(), url)
            }
            Self::Postgres { owner, service, .. } => (owner.to_string(), service.to_string()),
        }
    }

    fn is_pooled(&self) -> bool {
        matches!(self, Self::Postgres { pooler: true, .. })
    }

    fn service_role(&self) -> Option<String> {
        match self {
            Self::Sqlite { .. } => None,
            Self::Postgres { service, .. } => Some(service.username().to_owned()),
        }
    }
}

async fn create(pooler: Option<Url>) -> Place {
    let admin = url_of(
        "TEST_DATABASE_URL",
        "PostgreSQL: run `cargo xtask test`, or set TEST_DATABASE_URL to a superuser's URL",
    );
    let name = format!("test_{}", Id::<()>::generate().as_uuid().simple());
    let password = KeyRing::generate()
        .ok()
        .and_then(|keys| keys.sealing(saas_core::Purpose::new("test/password")))
        .map(|(_, key): (u8, Secret<[u8; 32]>)| {
            key.expose()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        })
        .expect("random bytes");
    let url = |role: &str| {
        let mut url = admin.clone();
        url.set_path(&name);
        url.set_username(&format!("{name}_{role}"))
            .and_then(|()| url.set_password(Some(&password)))
            .expect("a URL");
        url
    };
    let (owner, mut service) = (url("owner"), url("service"));
    if let Some(pooler) = &pooler {
        service
            .set_host(pooler.host_str())
            .and_then(|()| {
                service
                    .set_port(pooler.port())
                    .map_err(|()| url::ParseError::InvalidPort)
            })
            .expect("a URL");
    }
    for statement in [
        format!("CREATE ROLE {name}_owner LOGIN PASSWORD '{password}'"),
        format!("CREATE ROLE {name}_service LOGIN PASSWORD '{password}'"),
        format!("CREATE DATABASE {name} OWNER {name}_owner"),
        format!("REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC"),
    ] {
        run(admin.as_str(), &statement).await;
    }
    Place::Postgres {
        admin: Box::new(admin),
        name,
        owner: Box::new(owner),
        service: Box::new(service),
        pooler: pooler.is_some(),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the variables are how `cargo xtask test` names its servers"
)]
fn url_of(variable: &str, needed: &str) -> Url {
    let Ok(url) = std::env::var(variable) else {
        panic!("this test needs {needed}");
    };
    url.parse().expect("the variable holds a URL")
}

async fn run(url: &str, statements: &str) {
    let mut connection = PgConnection::connect(url)
        .await
        .expect("PostgreSQL answers");
    if let Err(error) = sqlx::raw_sql(AssertSqlSafe(statements))
        .execute(&mut connection)
        .await
    {
        panic!("`{statements}` fails: {error}");
    }
    let _ = connection.close().await;
}

async fn run_sqlite(url: &str, statements: &str) {
    let mut connection = SqliteConnection::connect(url)
        .await
        .expect("the file can be opened");
    if let Err(error) = sqlx::raw_sql(AssertSqlSafe(statements))
        .execute(&mut connection)
        .await
    {
        panic!("`{statements}` fails: {error}");
    }
    let _ = connection.close().await;
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Place::Postgres { admin, name, .. } = &self.place else {
            return;
        };
        let (admin, name) = (admin.to_string(), name.clone());
        // Dropping cannot await, and the runtime of the test may be ending: the clean-up brings its own.
        let cleaner = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                run(
                    &admin,
                    &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
                )
                .await;
                run(
                    &admin,
                    &format!("DROP ROLE IF EXISTS {name}_service, {name}_owner"),
                )
                .await;
            });
        });
        let _ = cleaner.join();
    }
}
