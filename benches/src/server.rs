//! The servers, each a process whose processor time can be read.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use saas_testkit::TestDatabase;
use serde_json::Value;

pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn bare(database: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut process = command
            .args(["bare", database])
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

    pub(crate) fn processor_seconds(&self) -> f64 {
        processor_seconds(self.process.id())
    }
}

/// The seconds of user and system time of a process, from `/proc/<pid>/stat` (proc(5), fields 14 and 15).
pub(crate) fn processor_seconds(process: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = text
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    // Linux counts a hundred ticks a second everywhere that matters.
    ticks / 100.0
}

impl Drop for Server {
    fn drop(&mut self) {
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
        command.env(format!("SAAS__LIMITS__{quota}__PERIOD"), "0s");
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

/// The superuser's URL for the database that the other URL names.
pub(crate) fn superuser(service: &str) -> String {
    let admin = std::env::var("TEST_DATABASE_URL").unwrap();
    let name = service.rsplit_once('/').unwrap().1;
    format!("{}/{name}", admin.rsplit_once('/').unwrap().0)
}
