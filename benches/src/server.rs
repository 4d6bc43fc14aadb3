//! The servers, each a process whose processor time can be read.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use saas_testkit::TestDatabase;
use serde_json::Value;

pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
}

impl Server {
    /// One of this program.
    pub(crate) fn by_hand(arguments: &[&str]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut process = command
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            process,
            url: format!("http://{}", line.trim()),
        }
    }

    pub(crate) fn starter(program: &Path, folder: &Path, database: Option<&TestDatabase>) -> Self {
        let mut command = starter(program, folder, database);
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = loop {
            let event: Value =
                serde_json::from_str(&lines.next().expect("the starter starts").unwrap()).unwrap();
            if event["message"] == "listening" {
                break format!("http://{}", event["address"].as_str().unwrap());
            }
        };
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url }
    }

    pub(crate) async fn sign_in(&self, planted: &Value) -> String {
        let user = &planted["users"][0];
        let text = |name: &str| user[name].as_str().unwrap();
        let form = [
            ("grant_type", "password"),
            ("client_id", "starter-web"),
            ("username", text("email")),
            ("password", text("password")),
        ];
        let request = reqwest::Client::new()
            .post(format!("{}/oauth/token", self.url))
            .form(&form);
        let request = request.header("x-tenant", planted["slug"].as_str().unwrap());
        let tokens: Value = request.send().await.unwrap().json().await.unwrap();
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    /// Waits until it answers at all.
    async fn answers(&self) {
        let begun = Instant::now();
        while reqwest::get(format!("{}/projects", self.url))
            .await
            .is_err()
        {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "it does not start"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Politely, because gunicorn has to end its workers.
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").arg(pid).status();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(3) {
            if let Ok(Some(_)) = self.process.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn starter(program: &Path, folder: &Path, database: Option<&TestDatabase>) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env_clear()
        .env("BIND", "127.0.0.1:0")
        .env("LOG_FORMAT", "json");
    // What the bare server does not do either: a log line for each request.
    command.env("RUST_LOG", "warn,starter=info");
    // One address, one caller and one tenant make all the load. It is counted as in production, and never refused.
    for quota in ["ADDRESS", "PRINCIPAL", "TENANT"] {
        command.env(format!("SAAS__LIMITS__{quota}__BURST"), "4294967295");
        command.env(format!("SAAS__LIMITS__{quota}__PERIOD"), "1ms");
    }
    if let Some(database) = database {
        command
            .env("DATABASE_URL", database.service_url())
            .env("MIGRATE_DATABASE_URL", database.owner_url());
    }
    command
}

/// Plants a tenant and gives what was planted.
pub(crate) fn seed(program: &Path, folder: &Path, database: Option<&TestDatabase>) -> Value {
    let output = starter(program, folder, database)
        .args(["seed", "--tenants", "1"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let planted: Value = serde_json::from_slice(&output.stdout).unwrap();
    planted[0].clone()
}

/// What teams use in Python, each with the name that it has in the tables; none where there is no Python.
pub(crate) async fn peers(url: &str, secret: &str, member: &str) -> Vec<(&'static str, Server)> {
    let (Some(python), Some(folder)) = (
        std::env::var_os("BENCH_PYTHON"),
        std::env::var_os("BENCH_PEERS"),
    ) else {
        println!("Python: not measured, BENCH_PYTHON and BENCH_PEERS are not set");
        return Vec::new();
    };
    let mut servers = Vec::new();
    for (name, program, permissions, policies) in [
        (
            "FastAPI + SQLAlchemy + PyJWT, permissions in a dict",
            "fastapi_app.py",
            "dict",
            "0",
        ),
        (
            "FastAPI + SQLAlchemy + PyJWT + pycasbin, 1,000 rules",
            "fastapi_app.py",
            "casbin",
            "1000",
        ),
        (
            "FastAPI + SQLAlchemy + PyJWT + pycasbin, 10,000 rules",
            "fastapi_app.py",
            "casbin",
            "10000",
        ),
        (
            "Flask + SQLAlchemy + joserfc, permissions in a dict",
            "flask_app.py",
            "dict",
            "0",
        ),
    ] {
        let port = {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap().port()
        };
        let mut command = Command::new(&python);
        command
            .arg(Path::new(&folder).join(program))
            .env_clear()
            .env("BIND", format!("127.0.0.1:{port}"))
            .env("DATABASE_URL", url)
            .env("JWT_SECRET", secret)
            .env("MEMBERS", member)
            .env("PERMISSIONS", permissions)
            .env("POLICIES", policies)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        let server = Server {
            process: command.spawn().unwrap(),
            url: format!("http://127.0.0.1:{port}"),
        };
        server.answers().await;
        servers.push((name, server));
    }
    servers
}
