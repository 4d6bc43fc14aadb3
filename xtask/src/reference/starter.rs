//! The starter, as it was built last, in an empty folder with an empty environment.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use crate::run;

/// The program, and a folder of its own, which goes when this is dropped.
pub(super) struct Starter {
    program: PathBuf,
    folder: PathBuf,
}

/// One that serves. It ends when this is dropped.
pub(super) struct Serving {
    process: Child,
    address: String,
}

impl Starter {
    pub(super) fn find() -> Result<Self, String> {
        let program = run::root().join("target/debug/starter");
        if !program.is_file() {
            return Err("the starter is not built: `cargo build -p starter --all-features`".into());
        }
        let name = format!("saas-reference-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Self { program, folder })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().current_dir(&self.folder);
        command
    }

    /// Gives what a command prints, with this text as `starter.toml`.
    pub(super) fn print(&self, command: &str, toml: &str) -> Result<String, String> {
        let file = self.folder.join("starter.toml");
        std::fs::write(&file, toml).map_err(|error| error.to_string())?;
        let printed = run::output(self.command().arg(command));
        std::fs::remove_file(file).map_err(|error| error.to_string())?;
        printed
    }

    /// Lets it serve, and waits until it listens.
    pub(super) fn serve(&self, variables: &[(&str, &str)]) -> Result<Serving, String> {
        let mut command = self.command();
        command.envs(variables.iter().copied());
        command.envs([("BIND", "127.0.0.1:0"), ("LOG_FORMAT", "json")]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().map_err(|error| error.to_string())?;
        let log = process.stdout.take();
        let mut serving = Serving {
            process,
            address: String::new(),
        };
        let mut lines = BufReader::new(log.ok_or("the starter has no log")?).lines();
        while let Some(Ok(line)) = lines.next() {
            let line: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            let text = |key| line.get(key).and_then(serde_json::Value::as_str);
            if text("message") == Some("listening") {
                text("address")
                    .unwrap_or_default()
                    .clone_into(&mut serving.address);
                // Else it would wait at a full pipe.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(serving);
            }
        }
        Err("the starter has ended without listening".into())
    }
}

impl Serving {
    /// Gives the body of an answer.
    pub(super) fn get(&self, path: &str, headers: &str) -> Result<String, String> {
        let address = &self.address;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}\r\n");
        let mut answer = String::new();
        TcpStream::connect(address)
            .and_then(|mut stream| {
                stream.write_all(request.as_bytes())?;
                stream.read_to_string(&mut answer)
            })
            .map_err(|error| format!("GET {path}: {error}"))?;
        let (_, body) = answer.split_once("\r\n\r\n").ok_or("half an answer")?;
        Ok(body.to_owned())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Starter {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
