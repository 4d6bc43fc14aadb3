//! Servers that end when we do.
//!
//! A server belongs to a small shell script, the keeper, which reads from a pipe that only we hold open.
//! When the pipe closes, because we are done, were interrupted or were killed, the keeper stops the
//! server and removes its folder. So nothing stays, whatever happens to us.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader, Read as _},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use crate::run;

/// A keeper with its server. The server stops when this is dropped.
pub(crate) struct Keeper(Child);

impl Keeper {
    /// Starts a script with arguments and a port as the last of them, and waits until it prints
    /// `ready`; gives what stands behind it. It finds the secret in `$SECRET`. The script ignores the signals of a terminal, so that the
    /// server outlives the tests that use it.
    pub(crate) fn start(
        script: &str,
        arguments: &[&OsStr],
        secret: &str,
        port: u16,
    ) -> Result<(Self, String), String> {
        Self::start_in(unprivileged()?, script, arguments, secret, port)
    }

    /// The same for a server that does not mind who runs it.
    pub(crate) fn start_as_us(
        script: &str,
        arguments: &[&OsStr],
        secret: &str,
        port: u16,
    ) -> Result<(Self, String), String> {
        Self::start_in(Command::new("sh"), script, arguments, secret, port)
    }

    fn start_in(
        mut command: Command,
        script: &str,
        arguments: &[&OsStr],
        secret: &str,
        port: u16,
    ) -> Result<(Self, String), String> {
        command
            .arg("-c")
            .arg(format!("trap '' INT TERM HUP\n{script}"))
            .arg("keeper")
            .args(arguments)
            .arg(port.to_string())
            // Arguments are there for everybody to see.
            .env("SECRET", secret);
        // A group of its own: Ctrl-C is meant for the tests.
        command
            .process_group(0)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut keeper = command
            .spawn()
            .map_err(|error| format!("the keeper cannot be started: {error}"))?;
        let mut lines = BufReader::new(keeper.stdout.take().ok_or("the keeper has no output")?);
        let mut line = String::new();
        lines
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
        if let Some(rest) = line.trim().strip_prefix("ready") {
            return Ok((Self(keeper), rest.trim().to_owned()));
        }
        let mut rest = String::new();
        let _ = lines.read_to_string(&mut rest);
        let _ = keeper.wait();
        Err(format!("{line}{rest}"))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// The folder of a server.
pub(crate) fn folder(name: &str, port: u16) -> PathBuf {
    std::env::temp_dir().join(format!("xtask-{name}-{}-{port}", std::process::id()))
}

pub(crate) fn free_port() -> Result<u16, String> {
    let listener =
        TcpListener::bind("127.0.0.1:0").map_err(|error| format!("no free port: {error}"))?;
    listener
        .local_addr()
        .map(|address| address.port())
        .map_err(|error| error.to_string())
}

/// A shell that is not root: the servers refuse to run as root.
fn unprivileged() -> Result<Command, String> {
    let id = run::output(Command::new("id").arg("-u"))?;
    if id.trim() != "0" {
        return Ok(Command::new("sh"));
    }
    let users = ["postgres", "nobody"];
    let user = users.into_iter().find(|user| {
        Command::new("id")
            .arg(user)
            .output()
            .is_ok_and(|found| found.status.success())
    });
    let user = user.ok_or(
        "the servers refuse to run as root, and there is no user `postgres` or `nobody` to run them",
    )?;
    if run::exists("setpriv") {
        let mut command = Command::new("setpriv");
        let group = run::output(Command::new("id").args(["-g", user]))?;
        command.args([
            "--reuid",
            user,
            "--regid",
            group.trim(),
            "--clear-groups",
            "sh",
        ]);
        return Ok(command);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--", "sh"]);
    Ok(command)
}
